# SPDX-License-Identifier: GPL-2.0-only
# What `make bench` runs.

BENCH	:= $(B)/bench
BENCH_BIN := $(addprefix $(BENCH)/,evringd-sim drain)

# evringd's own objects; its device is the module in this process.
$(BENCH)/evringd-sim: tests/bench/sim/evringd_sim.c $(D_OBJ) $(LIB_OBJ) $(SIM)/kernel.o tests/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)objcopy --redefine-sym main=evringd_main $(B)/obj/user/evringd/main.o $(BENCH)/evringd_main.o
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/sim $(SIM_WRAP) -Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray \
		-o $@ $< $(filter-out %/evringd/main.o,$(filter %.o,$^)) $(BENCH)/evringd_main.o \
		-ljemalloc -lrdkafka -luring -ljansson -lpthread

$(BENCH)/drain: tests/bench/sim/drain.c $(LIB_OBJ) $(SIM)/kernel.o tests/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/sim $(SIM_WRAP) -o $@ $(filter %.c %.o,$^) -lpthread
