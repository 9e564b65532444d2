# SPDX-License-Identifier: GPL-2.0-only
# The programs of `make bench`; its scripts build those that need another compiler.

BENCH	:= $(B)/bench
BENCH_PARTS := uml sim bpf tracers publish kafka connect
BENCH_SIM := $(addprefix $(BENCH)/,drain encoder scaling filter redact)

# For each part: groups of scripts/setup, and targets of this build
SETUP_uml := uml
SETUP_sim :=
SETUP_bpf := vm bpf
SETUP_tracers := vm
SETUP_publish := vm
SETUP_kafka := kafka peers
SETUP_connect := kafka warehouse
NEEDS_uml :=
NEEDS_sim := $(BENCH_SIM)
NEEDS_bpf :=
NEEDS_publish := $(LIB) kmod
NEEDS_tracers := $(LIB) $(B)/bin/evring $(B)/bin/evring-nop
NEEDS_kafka := $(BENCH)/evringd-sim $(B)/bin/evring-mock-broker
NEEDS_connect := $(NEEDS_kafka)

bench:				## measure against others: a table, plots (half an hour)
	@scripts/setup build bench $(sort $(foreach part,$(BENCH_PARTS),$(SETUP_$(part))))
	@tests/bench/run $(BENCH_ARGS)

# A part alone. The first is there for `make help`.
bench-PART:			## one part of it: uml, sim, bpf, tracers, publish, kafka or connect
	@echo 'evring: the parts are $(BENCH_ALONE)' >&2; exit 2

BENCH_ALONE := $(addprefix bench-,$(BENCH_PARTS))
$(BENCH_ALONE): bench-%:
	@scripts/setup build bench $(SETUP_$*)
	@tests/bench/run $(BENCH_ARGS) $*

# Built before tests/bench/run starts
$(addprefix bench-needs-,$(BENCH_PARTS)): bench-needs-%:
	@$(if $(NEEDS_$*),$(MAKE) --no-print-directory $(JOBS) $(NEEDS_$*))

.PHONY: bench bench-PART $(BENCH_ALONE) $(addprefix bench-needs-,$(BENCH_PARTS))

# evringd's own objects; its device is the module in this process.
$(BENCH)/evringd-sim: tests/env/sim/evringd_sim.c tests/env/sim/host.c $(D_OBJ) $(LIB_OBJ) \
		$(SIM)/kernel.o tests/env/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(OBJCOPY) --redefine-sym main=evringd_main $(B)/obj/user/evringd/main.o $(BENCH)/evringd_main.o
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/env/sim $(SIM_WRAP) $(SIM_HOST) $(LDFLAGS) \
		-Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray -o $@ $< \
		$(filter-out %/evringd/main.o,$(filter %.o,$^)) $(BENCH)/evringd_main.o \
		$(D_LIBS) -lpthread

# It measures evringd's converters.
$(BENCH)/encoder: $(filter-out %/main.o,$(D_OBJ))
$(BENCH)/encoder: BENCH_LIBS = -Iuser/evringd $(filter-out -ljemalloc,$(D_LIBS))

$(BENCH_SIM): $(BENCH)/%: tests/bench/sim/%.c tests/bench/sim/bench.h tests/env/sim/host.c \
		$(LIB_OBJ) $(SIM)/kernel.o tests/env/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Itests/env/sim $(SIM_WRAP) $(SIM_HOST) $(LDFLAGS) -o $@ $< \
		$(filter %.o,$^) $(BENCH_LIBS) -lpthread
