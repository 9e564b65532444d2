# SPDX-License-Identifier: GPL-2.0-only
# The kernel's half in user space: the files of an emit alone, or the whole module but
# its hooks, as a device that libevring can open (tests/env/sim/sim.h).

SIM	:= $(B)/sim
SIM_STUBS := linux/atomic linux/irqflags linux/bitmap linux/cache linux/irq_work linux/jump_label linux/list linux/completion linux/log2 linux/mm_types \
	     linux/mutex linux/percpu linux/rcupdate linux/smp linux/jiffies linux/preempt linux/sched linux/spinlock linux/timekeeping \
	     linux/ktime linux/timer linux/wait linux/workqueue linux/build_bug linux/kernel linux/module \
	     asm/local linux/capability linux/clocksource linux/cpu linux/cpuhotplug linux/cred linux/ctype \
	     linux/delay linux/pvclock_gtod linux/timekeeper_internal \
	     linux/err linux/fs linux/init linux/io_uring linux/math64 linux/miscdevice linux/mm \
	     linux/moduleparam linux/nospec linux/pagemap linux/poll linux/slab linux/string linux/suspend linux/topology linux/uaccess \
	     linux/version linux/vmalloc uapi/linux/io_uring linux/compat linux/uio linux/uidgid \
	     linux/user_namespace \
	     linux/sched/signal
# Functions of the C library that the simulation replaces
SIM_WRAP := -Wl,--wrap=open,--wrap=close,--wrap=ioctl,--wrap=mmap,--wrap=munmap \
	    -Wl,--wrap=write,--wrap=writev
# The host's identity too, for programs that ask: the machine may have no machine-id.
SIM_HOST := -Wl,--wrap=evring_host tests/env/sim/host.c
# The kernel's own flags let parameters be unused.
SIM_CFLAGS := $(CSTD) -Wall -Wextra -Wno-unused-parameter $(WERR) -O2 -g
SIM_INCLUDES := -I$(SIM)/include -Itests/env/sim -Iinclude -Iinclude/uapi -DCONFIG_X86_64 -DCONFIG_UML \
		-DEVRING_HAVE_TIMER_DELETE_SYNC
SIM_KMOD := $(addprefix kmod/,main filter/gate filter/limit filter/eval filter/verify \
	    redact/stage redact/find redact/search redact/text redact/value redact/index redact/whole redact/copy redact/set redact/verify redact/build redact/default user parse app app_type room publish block type_desc type \
	    clock ring segment loss memory name lane cpu \
	    group owner wake ioctl device abi)
# For an emit, without a device
SIM_RING := kmod/ring kmod/segment kmod/loss
SIM_KERNEL := $(SIM_KMOD) $(addprefix tests/env/sim/,kernel boot device hooks producer)
SIM_DEPS := $(wildcard kmod/*.[ch] kmod/*/*.h kmod/filter/*.c kmod/redact/*.c include/*/*.h include/*/*/*.h tests/env/sim/*.[ch]) \
	    $(HARNESS) tests/env/sim/sim.mk

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
# libevring has some of these files, too. clang puts ASan's globals into groups by name, of
# which a link keeps one, so no group is left in the kernel's part.
define sim-kernel
	$(call say,CC)
	@mkdir -p $(SIM)/$(@F).d
	$(Q)for file in $(SIM_KERNEL); do \
		$(CC) $(SIM_CFLAGS) $(SIM_SAN) $(SIM_INCLUDES) \
			-DSIM_KERNEL -c $$file.c \
			-o $(SIM)/$(@F).d/$$(echo $$file | tr / _).o || exit; \
	done
	$(Q)$(LD) -r --force-group-allocation -o $@ $(SIM)/$(@F).d/*.o && \
		$(OBJCOPY) -w --keep-global-symbol='sim_*' --keep-global-symbol='__wrap_*' $@
endef
$(SIM)/kernel.o $(SIM)/kernel-asan.o $(SIM)/kernel-tsan.o: $(SIM_DEPS) | $(SIM)/include
	$(sim-kernel)

# The grown ABI (tests/env/grown.mk) in one half or the other
$(SIM)/kernel-grown.o: SIM_SAN := $(SAN_asan) -fno-sanitize=null
$(SIM)/kernel-grown.o: SIM_INCLUDES := -I$(B)/grow/include $(SIM_INCLUDES)
$(SIM)/kernel-grown.o: SIM_KERNEL := $(filter-out kmod/abi,$(SIM_KERNEL))
$(SIM)/kernel-grown.o: $(GROW) $(SIM_DEPS) | $(SIM)/include
	$(sim-kernel)
