# SPDX-License-Identifier: GPL-2.0-only
# What `make bench` runs; its scripts build what needs a compiler of its own.

BENCH	:= $(B)/bench
BENCH_BIN := $(addprefix $(BENCH)/,evringd-sim drain encoder scaling)

bench: all tests $(BENCH_BIN) $(B)/bin/evring-mock-broker $(B)/bin/evring-nop \
		| setup-bench setup-vm setup-kafka ## measure against others: a table, plots (half an hour)
	@tests/bench/run $(BENCH_ARGS)

.PHONY: bench

# evringd's own objects; its device is the module in this process.
$(BENCH)/evringd-sim: tests/bench/sim/evringd_sim.c $(D_OBJ) $(LIB_OBJ) $(SIM)/kernel.o tests/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)objcopy --redefine-sym main=evringd_main $(B)/obj/user/evringd/main.o $(BENCH)/evringd_main.o
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/sim $(SIM_WRAP) \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray -o $@ $< \
		$(filter-out %/evringd/main.o,$(filter %.o,$^)) $(BENCH)/evringd_main.o \
		-ljemalloc -lrdkafka -luring -ljansson -lpthread

$(addprefix $(BENCH)/,drain encoder scaling): $(BENCH)/%: tests/bench/sim/%.c tests/bench/sim/bench.h \
		$(LIB_OBJ) $(SIM)/kernel.o tests/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/sim $(SIM_WRAP) -o $@ $(filter %.c %.o,$^) -lpthread
