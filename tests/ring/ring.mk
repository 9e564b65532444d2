# SPDX-License-Identifier: GPL-2.0-only
# The ring's protocol: the files of an emit alone, or the whole module, in the test's process.

SIM_RING_TESTS := $(addprefix $(B)/tests/ring/,torture_asan_test torture_tsan_test torture_test nmi_test)
SIM_DEVICE_TESTS := $(addprefix $(B)/tests/ring/,device_asan_test device_tsan_test)
SIM_TESTS := $(SIM_RING_TESTS) $(SIM_DEVICE_TESTS)

$(B)/tests/ring/torture_asan_test: SIM_SAN := $(SAN_asan)
$(B)/tests/ring/torture_tsan_test: SIM_SAN := $(SAN_tsan)
$(SIM_RING_TESTS): SIM_MAIN := tests/ring/torture_test.c
$(B)/tests/ring/nmi_test: SIM_MAIN := tests/ring/nmi_test.c

$(SIM_RING_TESTS): $(SIM_DEPS) user/libevring/ring.c user/libevring/internal.h | $(SIM)/include
	$(call say,CC)
	@mkdir -p $(@D) $(SIM)/$(@F)
	@rm -f $@
	$(Q)for file in $(SIM_RING) tests/env/sim/sim; do \
		$(CC) $(SIM_CFLAGS) $(SIM_SAN) $(SIM_INCLUDES) -c $$file.c \
			-o $(SIM)/$(@F)/$$(basename $$file)_kernel.o || exit; \
	done
	$(Q)$(CC) $(SIM_CFLAGS) $(SIM_SAN) -Itests/env/sim $(INCLUDES) $(CPPFLAGS) -o $@ \
		$(SIM_MAIN) user/libevring/ring.c $(SIM)/$(@F)/*_kernel.o -lpthread

# libevring and the module in one process, played by a test and by random
# programs; their oracle is the fuzzers' (tests/fuzz).
SIM_DEVICE_SRC := $(wildcard tests/ring/device/*.c) tests/fuzz/play.c tests/fuzz/model.c \
		  $(wildcard user/libevring/*.c)

$(B)/tests/ring/device_asan_test: SIM_SAN := $(SAN_asan)
$(B)/tests/ring/device_tsan_test: SIM_SAN := $(SAN_tsan)
$(B)/tests/ring/device_%_test: $(SIM)/kernel-%.o $(SIM_DEVICE_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h tests/fuzz/*.h tests/ring/device/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SIM_SAN) -Itests/env/sim -Itests/fuzz $(INCLUDES) $(CPPFLAGS) $(SIM_WRAP) \
		-Wl,--wrap=clock_gettime -o $@ $(SIM_DEVICE_SRC) $< -lpthread

GROW_TESTS := $(B)/tests/ring/old_program_new_module_test \
	      $(B)/tests/ring/new_program_old_module_test
SIM_TESTS += $(GROW_TESTS)
$(B)/tests/ring/old_program_new_module_test: $(SIM)/kernel-grown.o
$(B)/tests/ring/new_program_old_module_test: $(SIM)/kernel-asan.o
$(B)/tests/ring/new_program_old_module_test: SIM_NEW := -I$(B)/grow/include/uapi -DLOST_GROWN=-16
$(B)/tests/ring/old_program_new_module_test: SIM_NEW := -DLOST_GROWN=16
$(GROW_TESTS): $(GROW) $(SIM_DEVICE_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h tests/fuzz/*.h tests/ring/device/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) $(SIM_NEW) -Itests/env/sim -Itests/fuzz $(INCLUDES) $(CPPFLAGS) $(SIM_WRAP) \
		-Wl,--wrap=clock_gettime -o $@ $(SIM_DEVICE_SRC) $(filter %.o,$^) -lpthread

# Events that applications publish
SIM_PUBLISH_SRC := tests/ring/publish_test.c $(wildcard user/libevring/*.c)

SIM_TESTS += $(B)/tests/ring/publish_test
$(B)/tests/ring/publish_test: $(SIM)/kernel-asan.o $(SIM_PUBLISH_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) -Itests/env/sim $(INCLUDES) $(CPPFLAGS) $(SIM_WRAP) \
		-o $@ $(SIM_PUBLISH_SRC) $< -lpthread

# It includes clock.c, with clocks of its own.
SIM_TESTS += $(B)/tests/ring/clock_test
$(B)/tests/ring/clock_test: tests/ring/clock_test.c kmod/clock.c $(SIM_DEPS) | $(SIM)/include
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) -fno-sanitize=null $(SIM_INCLUDES) -DSIM_KERNEL $(CPPFLAGS) -o $@ $< -lpthread
