# SPDX-License-Identifier: GPL-2.0-only
# kmod/ring.c in user space (tests/sim/shim.h), under the sanitizers.

SIM	:= $(B)/sim
SIM_STUBS := linux/cache linux/irq_work linux/jump_label linux/list linux/log2 linux/mm_types \
	     linux/mutex linux/percpu linux/preempt linux/sched linux/spinlock linux/timekeeping \
	     linux/timer linux/wait linux/workqueue linux/build_bug linux/kernel linux/module \
	     asm/local
SIM_DEPS := kmod/ring.c kmod/evring.h include/linux/evring.h include/uapi/linux/evring.h \
	    tests/sim/sim.c tests/sim/sim.h tests/sim/shim.h user/libevring/ring.c \
	    user/libevring/internal.h
SIM_TESTS := $(addprefix $(B)/tests/unit/,sim_asan_test sim_tsan_test sim_test sim_nmi_test)

$(B)/tests/unit/sim_asan_test: SIM_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
# The reader's fence is for taps and followers, which this test has not.
$(B)/tests/unit/sim_tsan_test: SIM_SAN := -fsanitize=thread -Wno-tsan

# Every kernel header that the ring includes is the shim.
$(SIM)/include: tests/sim/sim.mk
	@mkdir -p $@/linux $@/asm
	@for stub in $(SIM_STUBS); do echo '#include "shim.h"' >$@/$$stub.h; done
	@touch $@

$(SIM_TESTS): SIM_MAIN := tests/sim/torture_test.c
$(B)/tests/unit/sim_nmi_test: SIM_MAIN := tests/sim/nmi_test.c

$(SIM_TESTS): tests/sim/torture_test.c tests/sim/nmi_test.c $(SIM_DEPS) | $(SIM)/include
	$(call say,CC)
	@mkdir -p $(@D) $(SIM)/$(@F)
	@rm -f $@
	$(Q)for file in kmod/ring tests/sim/sim; do \
		$(CC) $(CSTD) -Wall -Wextra -Werror -O2 -g $(SIM_SAN) -I$(SIM)/include -Itests/sim \
			-Iinclude -Iinclude/uapi -c $$file.c \
			-o $(SIM)/$(@F)/$$(basename $$file)_kernel.o || exit; \
	done
	$(Q)$(CC) $(CSTD) -Wall -Wextra -Werror -O2 -g $(SIM_SAN) -Itests/sim $(CPPFLAGS) -o $@ \
		$(SIM_MAIN) user/libevring/ring.c $(SIM)/$(@F)/*_kernel.o -lpthread
