# SPDX-License-Identifier: GPL-2.0-only
# evringd's view of the host, which is the module in the test's process.

SIM_TESTS += $(B)/tests/evringd/watch_test $(B)/tests/evringd/evringd-asan
SIM_WATCH_SRC := tests/evringd/watch_test.c user/evringd/watch.c \
		 $(addprefix user/common/,exposition.c file.c host_metrics.c memory.c \
		 names.c snapshot.c unread.c) \
		 $(wildcard user/libevring/*.c)

$(B)/tests/evringd/watch_test: $(SIM)/kernel-asan.o $(SIM_WATCH_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h user/evringd/*.h user/common/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) -Itests/env/sim -Iuser/evringd $(INCLUDES) $(CPPFLAGS) \
		$(SIM_WRAP) -Wl,--wrap=clock_gettime -o $@ $(SIM_WATCH_SRC) $< -lpthread

# Random types and events in each format, for formats.py
SIM_TESTS += $(B)/tests/evringd/values
$(B)/tests/evringd/values: tests/evringd/values.c $(B)/san/user/evring/typefile.o $(SAN_D) $(SAN_LIB) \
		$(SIM)/kernel-asan.o tests/env/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) -Itests/env/sim -Iuser/evringd -Iuser/evring $(INCLUDES) \
		$(CPPFLAGS) $(DEPS) $(SIM_WRAP) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) \
		$(filter-out -ljemalloc,$(D_LIBS)) -lpthread

# Hostile clients of its REST interface meet the sanitizers.
$(B)/tests/evringd/evringd-asan: $(SAN_D) $(SAN_LIB) $(B)/san/user/evringd/main.o
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(SAN) $(LDFLAGS) -o $@ $^ $(filter-out -ljemalloc,$(D_LIBS))

# ... and evringd on the module in its process, whose connectors run, meets them, too; so it
# does on a module whose ABI has grown.
SIM_EVRINGD := $(addprefix $(B)/tests/evringd/evringd-sim-,asan grown)
SIM_TESTS += $(SIM_EVRINGD)
$(SIM_EVRINGD): $(B)/tests/evringd/evringd-sim-%: tests/env/sim/evringd_sim.c tests/env/sim/host.c \
		$(SAN_D) $(SAN_LIB) $(B)/san/user/evringd/main.o $(SIM)/kernel-%.o tests/env/sim/sim.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(OBJCOPY) --redefine-sym main=evringd_main $(B)/san/user/evringd/main.o $@.main.o
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) -Itests/env/sim $(INCLUDES) $(CPPFLAGS) $(DEPS) $(SIM_WRAP) \
		$(SIM_HOST) $(LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=reallocarray -o $@ $< \
		$(filter-out %/evringd/main.o,$(filter %.o,$^)) $@.main.o \
		$(filter-out -ljemalloc,$(D_LIBS)) -lpthread
