# SPDX-License-Identifier: MIT
# The fuzzers, built by clang: make -f Makefile -f tests/fuzz/fuzz.mk fuzzers
# (tests/fuzz/run does). Each is built twice: to find errors and, as NAME-cov, to
# measure coverage.

FUZZ	:= $(B)/fuzz
FUZZERS	:= reader_fuzz group_fuzz config_fuzz frame_fuzz block_fuzz filter_fuzz redact_fuzz publish_fuzz
FUZZ_CC	:= clang
FUZZ_CFLAGS := $(CSTD) -Wall -Wextra -Werror -Wno-unused-parameter -g -O1 -fno-omit-frame-pointer
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_COV := -fprofile-instr-generate -fcoverage-mapping
FUZZ_INCLUDES := -Iinclude/uapi -Iuser/libevring -Iuser/common -Iuser/evringd -Itests/env/sim -Itests/fuzz

# Two files of libevring let others come between (hooked.h).
FUZZ_LIB := $(filter-out %/ring.c %/reader.c,$(wildcard user/libevring/*.c)) \
	    tests/fuzz/hooked_ring.c tests/fuzz/hooked_reader.c
FUZZ_SRC_reader := tests/fuzz/reader_fuzz.c tests/fuzz/hostile.c $(FUZZ_LIB)
FUZZ_SRC_group := tests/fuzz/group_fuzz.c tests/fuzz/play.c tests/fuzz/model.c $(FUZZ_LIB)
FUZZ_SRC_publish := tests/fuzz/publish_fuzz.c $(wildcard user/libevring/*.c)
# All of evringd: a list of the files of a configuration would miss the next one.
FUZZ_SRC_config := tests/fuzz/config_fuzz.c $(wildcard user/libevring/*.c) $(filter-out %/main.c,$(D_SRC))
FUZZ_SRC_frame := tests/fuzz/frame_fuzz.c $(wildcard user/libevring/*.c)
FUZZ_SRC_block := tests/fuzz/block_fuzz.c $(wildcard user/libevring/*.c)
FUZZ_SRC_filter := tests/fuzz/filter_fuzz.c $(wildcard user/libevring/*.c)
FUZZ_SRC_redact := tests/fuzz/redact_fuzz.c $(wildcard user/libevring/*.c)
# Its writer is no kernel: nobody writes to it.
FUZZ_LINK_reader := -Wl,--wrap=open,--wrap=close,--wrap=ioctl,--wrap=mmap,--wrap=munmap -Wl,--wrap=clock_gettime,--wrap=sched_yield -ljansson
FUZZ_LINK_publish := $(SIM_WRAP) -lpthread
FUZZ_LINK_group := $(SIM_WRAP) -Wl,--wrap=clock_gettime -lpthread
FUZZ_LINK_config := -ljansson -lpcre2-8 -lrdkafka -luring -lmicrohttpd -lcurl -lpthread \
	-Wl,--wrap=open
FUZZ_DEPS := $(wildcard user/*/*.[ch] kmod/filter/*.[ch] kmod/redact/*.[ch] tests/harness/*.h include/uapi/*/*.h tests/fuzz/*.[ch] tests/env/sim/*.h) \
	     tests/fuzz/fuzz.mk

.PHONY: fuzzers fuzzers-cov
fuzzers: $(addprefix $(FUZZ)/,$(FUZZERS))
fuzzers-cov: $(addsuffix -cov,$(addprefix $(FUZZ)/,$(FUZZERS)))

# As kernel.o of tests/env/sim/sim.mk: the two halves' names must not meet.
$(FUZZ)/kernel.o: FUZZ_HOW := $(FUZZ_SAN) -fno-sanitize=null
$(FUZZ)/kernel-cov.o: FUZZ_HOW := $(FUZZ_COV)
$(FUZZ)/kernel.o $(FUZZ)/kernel-cov.o: $(SIM_DEPS) tests/fuzz/fuzz.mk | $(SIM)/include
	$(call say,CC)
	@mkdir -p $@.d
	$(Q)for file in $(SIM_KERNEL); do \
		$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_HOW) -Wno-c2x-extensions $(SIM_INCLUDES) -DSIM_KERNEL -DCONFIG_X86_64 \
			-DCONFIG_UML -c $$file.c -o $@.d/$$(echo $$file | tr / _).o || exit; \
	done
	$(Q)$(LD) -r -o $@ $@.d/*.o && \
		$(OBJCOPY) -w --keep-global-symbol='sim_*' --keep-global-symbol='__wrap_*' \
			--keep-global-symbol='__llvm*' $@

$(FUZZ)/group_fuzz $(FUZZ)/publish_fuzz: $(FUZZ)/kernel.o
$(FUZZ)/group_fuzz-cov $(FUZZ)/publish_fuzz-cov: $(FUZZ)/kernel-cov.o

$(FUZZ)/%_fuzz: $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_SAN) $(FUZZ_INCLUDES) -fsanitize=fuzzer -o $@ \
		$(FUZZ_SRC_$*) $(filter %.o,$^) $(FUZZ_LINK_$*)

# libFuzzer's main() runs the files that it is given, without its coverage.
$(FUZZ)/%_fuzz-cov: $(FUZZ_DEPS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_COV) $(FUZZ_INCLUDES) -fsanitize=fuzzer -o $@ \
		$(FUZZ_SRC_$*) $(filter %.o,$^) $(FUZZ_LINK_$*)
