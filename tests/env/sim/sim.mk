# SPDX-License-Identifier: GPL-2.0-only
# The kernel's half in user space: kmod/ring.c alone, or the whole module but
# its hooks, as a device that libevring can open (tests/env/sim/sim.h).

SIM	:= $(B)/sim
SIM_STUBS := linux/atomic linux/bitmap linux/cache linux/irq_work linux/jump_label linux/list linux/log2 linux/mm_types \
	     linux/mutex linux/percpu linux/preempt linux/sched linux/spinlock linux/timekeeping \
	     linux/timer linux/wait linux/workqueue linux/build_bug linux/kernel linux/module \
	     asm/local linux/capability linux/clocksource linux/cpu linux/cpuhotplug linux/cred linux/ctype \
	     linux/delay linux/pvclock_gtod linux/timekeeper_internal \
	     linux/err linux/fs linux/init linux/io_uring linux/math64 linux/miscdevice linux/mm \
	     linux/moduleparam linux/poll linux/slab linux/string linux/suspend linux/topology linux/uaccess \
	     linux/version linux/vmalloc uapi/linux/io_uring linux/compat linux/uio linux/rcupdate \
	     linux/uidgid linux/sched/signal
# Functions of the C library that the simulation replaces
SIM_WRAP := -Wl,--wrap=open,--wrap=close,--wrap=ioctl,--wrap=mmap,--wrap=munmap \
	    -Wl,--wrap=write,--wrap=writev
# The host's identity too, for programs that ask: the machine may have no machine-id.
SIM_HOST := -Wl,--wrap=evring_host tests/env/sim/host.c
# The kernel's own flags let parameters be unused.
SIM_CFLAGS := $(CSTD) -Wall -Wextra -Wno-unused-parameter $(WERR) -O2 -g
SIM_INCLUDES := -I$(SIM)/include -Itests/env/sim -Iinclude -Iinclude/uapi -DCONFIG_X86_64 -DCONFIG_UML \
		-DEVRING_HAVE_TIMER_DELETE_SYNC
SIM_KMOD := $(addprefix kmod/,main block type user app publish clock ring lane group wake ioctl device \
	    abi)
SIM_KERNEL := $(SIM_KMOD) $(addprefix tests/env/sim/,kernel boot device producer)
SIM_DEPS := $(wildcard kmod/*.[ch] kmod/*/*.h include/*/*.h include/*/*/*.h tests/env/sim/*.[ch]) \
	    $(HARNESS) tests/env/sim/sim.mk
SIM_RING_TESTS := $(addprefix $(B)/tests/ring/,torture_asan_test torture_tsan_test torture_test nmi_test)
SIM_DEVICE_TESTS := $(addprefix $(B)/tests/ring/,device_asan_test device_tsan_test)
SIM_TESTS := $(SIM_RING_TESTS) $(SIM_DEVICE_TESTS) $(B)/tests/evringd/watch_test

SAN_asan := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# The reader's fence is for taps and followers, which TSan's test has not.
SAN_tsan := -fsanitize=thread $(if $(findstring clang,$(CC)),,-Wno-tsan)

# Every kernel header that the module includes is one of ours.
$(SIM)/include: tests/env/sim/sim.mk
	@mkdir -p $@/linux/sched $@/asm $@/uapi/linux
	@for stub in $(SIM_STUBS); do echo '#include "shim.h"' >$@/$$stub.h; done
	@touch $@

# The module as one object. The module and the library both have an evring_meta, so
# all symbols but the simulation's own are hidden.
$(SIM)/kernel.o: SIM_SAN :=
# The kernel takes addresses of members of user pointers that may be NULL.
$(SIM)/kernel-asan.o: SIM_SAN := $(SAN_asan) -fno-sanitize=null
$(SIM)/kernel-tsan.o: SIM_SAN := $(SAN_tsan)
define sim-kernel
	$(call say,CC)
	@mkdir -p $(SIM)/$(@F).d
	$(Q)for file in $(SIM_KERNEL); do \
		$(CC) $(SIM_CFLAGS) $(SIM_SAN) $(SIM_INCLUDES) \
			-DSIM_KERNEL -c $$file.c \
			-o $(SIM)/$(@F).d/$$(echo $$file | tr / _).o || exit; \
	done
	$(Q)$(LD) -r -o $@ $(SIM)/$(@F).d/*.o && \
		$(OBJCOPY) -w --keep-global-symbol='sim_*' --keep-global-symbol='__wrap_*' $@
endef
$(SIM)/kernel.o $(SIM)/kernel-asan.o $(SIM)/kernel-tsan.o: $(SIM_DEPS) | $(SIM)/include
	$(sim-kernel)

$(B)/tests/ring/torture_asan_test: SIM_SAN := $(SAN_asan)
$(B)/tests/ring/torture_tsan_test: SIM_SAN := $(SAN_tsan)
$(SIM_RING_TESTS): SIM_MAIN := tests/ring/torture_test.c
$(B)/tests/ring/nmi_test: SIM_MAIN := tests/ring/nmi_test.c

$(SIM_RING_TESTS): $(SIM_DEPS) user/libevring/ring.c user/libevring/internal.h | $(SIM)/include
	$(call say,CC)
	@mkdir -p $(@D) $(SIM)/$(@F)
	@rm -f $@
	$(Q)for file in kmod/ring tests/env/sim/sim; do \
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

# The ABI, grown: a copy of its header where each structure that can grow has
# members more. The library and the test against it are a newer program, the
# module against it is a newer module; each must work with its older counterpart.
GROW	:= $(B)/grow/include/uapi/linux/evring.h
GROWS	:= describe clock clock_line lane_info group_info meta cursor ring_page meta_read \
	   ring_read join commit_entry commit arm hook drop register unregister publish \
	   block block_field block_names block_value
$(GROW): include/uapi/linux/evring.h tests/env/sim/sim.mk
	@mkdir -p $(@D)
	$(Q)sed -E "$(foreach s,$(GROWS),/^struct evring_$(s) \{$$/,/^\};/s/^\};/\t__u64 grown[2];\n};/;)" $< >$@
	@[ "$$(grep -c grown $@)" = "$(words $(GROWS))" ]

$(SIM)/kernel-grown.o: SIM_SAN := $(SAN_asan) -fno-sanitize=null
$(SIM)/kernel-grown.o: SIM_INCLUDES := -I$(B)/grow/include $(SIM_INCLUDES)
$(SIM)/kernel-grown.o: SIM_KERNEL := $(filter-out kmod/abi,$(SIM_KERNEL))
$(SIM)/kernel-grown.o: $(GROW) $(SIM_DEPS) | $(SIM)/include
	$(sim-kernel)

GROW_TESTS := $(B)/tests/ring/old_program_new_module_test \
	      $(B)/tests/ring/new_program_old_module_test
SIM_TESTS += $(GROW_TESTS)
$(B)/tests/ring/old_program_new_module_test: $(SIM)/kernel-grown.o
$(B)/tests/ring/new_program_old_module_test: $(SIM)/kernel-asan.o
$(B)/tests/ring/new_program_old_module_test: SIM_NEW := -I$(B)/grow/include/uapi
$(GROW_TESTS): $(GROW) $(SIM_DEVICE_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h tests/fuzz/*.h tests/ring/device/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) $(SIM_NEW) -Itests/env/sim -Itests/fuzz $(INCLUDES) $(CPPFLAGS) $(SIM_WRAP) \
		-Wl,--wrap=clock_gettime -o $@ $(SIM_DEVICE_SRC) $(filter %.o,$^) -lpthread

# What applications publish
SIM_PUBLISH_SRC := tests/ring/publish_test.c $(wildcard user/libevring/*.c)

SIM_TESTS += $(B)/tests/ring/publish_test
$(B)/tests/ring/publish_test: $(SIM)/kernel-asan.o $(SIM_PUBLISH_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) -Itests/env/sim $(INCLUDES) $(CPPFLAGS) $(SIM_WRAP) \
		-o $@ $(SIM_PUBLISH_SRC) $< -lpthread

# evringd's view of the host
SIM_WATCH_SRC := tests/evringd/watch_test.c user/evringd/watch.c \
		 $(addprefix user/common/,memory.c snapshot.c) \
		 $(wildcard user/libevring/*.c)

$(B)/tests/evringd/watch_test: $(SIM)/kernel-asan.o $(SIM_WATCH_SRC) $(SIM_DEPS) \
		$(wildcard user/libevring/*.h user/evringd/*.h user/common/*.h)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(SIM_CFLAGS) $(SAN_asan) -Itests/env/sim -Iuser/evringd $(INCLUDES) $(CPPFLAGS) \
		$(SIM_WRAP) -Wl,--wrap=clock_gettime -o $@ $(SIM_WATCH_SRC) $< -lpthread
