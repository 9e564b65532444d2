# SPDX-License-Identifier: GPL-2.0-only
# The tests' programs. Unit tests and the code under test are built separately, with
# ASan and UBSan; the others run in a VM with the programs that users get.

CACHE	:= $(or $(EVRING_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/evring)
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

HARNESS	:= $(wildcard tests/harness/*.h)
KTESTS	:= $(patsubst tests/kernel/%.c,$(B)/tests/kernel/%,$(wildcard tests/kernel/*_test.c))
UTESTS	:= $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/*_test.c))
E2E	:= $(addprefix $(B)/bin/,evring-consume evring-mock-broker evring-burst evring-nop \
	   evring-clock evring-admin)
EXAMPLE	:= $(B)/bin/evring-tail-example $(B)/bin/evring-registration

SAN_LIB	:= $(patsubst %.c,$(B)/san/%.o,$(wildcard user/libevring/*.c))
SAN_D	:= $(patsubst %.c,$(B)/san/%.o,$(filter-out user/evringd/main.c,$(D_SRC)))

include tests/env/grown.mk
include tests/env/sim/sim.mk
include tests/ring/ring.mk
include tests/evringd/evringd.mk
include tests/bench/bench.mk

# Kept, though only a chain of rules makes them.
.SECONDARY: $(SAN_LIB) $(SAN_D)

# Build for the kernel that the guests boot, not for the running one.
FOR_GUEST = KREL="$$(basename "$$(scripts/fetch-kernel)")"
# As many as there are processors, if nobody said how many
JOBS	= $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

tests: user-tests $(GROWN_KO)	## build the tests' programs
# Those that need no kernel's headers
user-tests: $(KTESTS) $(UTESTS) $(SIM_TESTS) $(GROWN_TESTS) $(E2E) $(EXAMPLE) $(BENCH)/evringd-sim

.PHONY: user-tests

# A second make, as the installed packages decide what is built.
check:				## run all tests (half an hour)
	@scripts/setup build vm kafka registry consumer warehouse flink check kernels
	@$(MAKE) $(JOBS) $(FOR_GUEST) WERROR=1 all tests
	@tests/check

check-fresh:			## the README's commands in a minimal Debian 12 (root; half an hour)
	@scripts/check-fresh

check-packages:			## build packages, install, upgrade and remove them (root; 15 minutes)
	@scripts/setup build vm packages
	@$(MAKE) $(JOBS) $(FOR_GUEST) kmod user $(addprefix $(B)/bin/,evring-mock-broker evring-consume evring-burst evring-nop)
	@tests/check packages

# Debian has them in the kernel's source, from which scripts/setup takes them.
$(CACHE)/kselftest/kselftest_harness.h:
	@echo "evring: the kselftest headers are missing: run 'scripts/setup check'" >&2; exit 1

check-kernels:			## all kselftests on all kernels, user space on other Debians (hours)
	@scripts/setup build vm check kernels
	@$(MAKE) $(JOBS) $(FOR_GUEST) WERROR=1 all tests
	@tests/check-kernels

# For the stage kernels
kernel-tests: kmod user $(KTESTS)

.PHONY: check-kernels kernel-tests

# The harness's macros compare as they like.
$(B)/tests/kernel/%: tests/kernel/%.c $(wildcard tests/kernel/*.h) $(HARNESS) $(B)/lib/libevring.a \
		$(CACHE)/kselftest/kselftest_harness.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Wno-sign-compare -Wno-unused-parameter -Wno-missing-prototypes \
		-Itests/kernel -isystem $(CACHE)/kselftest $(LDFLAGS) -o $@ $< \
		$(B)/lib/libevring.a -luring

$(B)/san/%.o: %.c | $(B)/needs
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) $(INCLUDES) $(CPPFLAGS) $(D_CFLAGS) $(CLI_CFLAGS) \
		-MMD -MP -c $< -o $@

JSON_TESTS := $(addprefix $(B)/tests/unit/,json_test json_text_test json_bound_test)
$(JSON_TESTS): $(B)/tests/unit/%: tests/unit/%.c tests/unit/json.h $(HARNESS) \
	$(addprefix $(B)/san/user/libevring/,json.o block.o names.o page.o)
$(B)/tests/unit/copy_test: tests/unit/copy_test.c user/libevring/ring.c $(HARNESS) \
		$(wildcard user/libevring/*.h tests/fuzz/hooked*)
# They include redaction.c and program.c, to count their basic blocks.
WORK_TESTS := $(addprefix $(B)/tests/unit/,redact_work_test filter_work_test)
$(B)/tests/unit/redact_work_test: tests/unit/redact_work_test.c $(wildcard kmod/redact/*.[ch]) \
		$(filter-out %/redaction.o,$(SAN_LIB)) $(HARNESS)
$(B)/tests/unit/filter_work_test: tests/unit/filter_work_test.c $(wildcard kmod/filter/*.[ch]) \
		$(filter-out %/program.o,$(SAN_LIB)) $(HARNESS)
TABLE_TESTS := $(addprefix $(B)/tests/unit/,columns_test common_test line_test report_test connectors_test)
$(TABLE_TESTS): $(B)/san/user/common/table.o
$(TABLE_TESTS): UNIT_LIBS := -lsmartcols
$(addprefix $(B)/tests/unit/,common_test line_test): $(addprefix $(B)/san/user/evring/,line.o shortline.o user.o)
$(B)/tests/unit/common_test: $(B)/san/user/evring/payload.o
$(B)/tests/unit/ledger_test: $(addprefix $(B)/san/user/evring/,ledger.o spans.o)
$(B)/tests/unit/report_test: $(addprefix $(B)/san/user/evring/,verify_report.o ledger.o spans.o)
$(B)/tests/unit/connectors_test: $(addprefix $(B)/san/user/evring/,connectors.o rest.o util.o)
$(B)/tests/unit/arrival_test: $(addprefix $(B)/san/user/evring/,arrival.o arrival_json.o ledger.o spans.o)
# It has a module of its own.
$(B)/tests/unit/source_test: UNIT_LIBS := $(foreach name,types type type_by_name lane_name has attached \
	attach_with detach hook_state owners,-Wl,--wrap=evring_$(name))
# It has tasks, a loop and a clock of its own.
CONNECTOR_TEST := $(B)/tests/unit/connector_test
$(CONNECTOR_TEST): tests/unit/connector_test.c $(HARNESS) \
	$(addprefix $(B)/san/user/,evringd/connector.o evringd/delay.o evringd/stats.o common/log.o \
		common/memory.o common/text.o)
$(B)/tests/unit/%: tests/unit/%.c $(SAN_D) $(SAN_LIB) $(HARNESS)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) $(INCLUDES) $(CPPFLAGS) $(CLI_CFLAGS) -Iuser/evringd -Iuser/evring -o $@ $(filter %.c %.o,$^) \
		-lrdkafka -luring -ljansson -lmicrohttpd -lcurl -lpcre2-8 $(UNIT_LIBS)

$(JSON_TESTS):
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) $(INCLUDES) $(CPPFLAGS) -o $@ $(filter %.c %.o,$^) -ljansson

# It includes ring.c, with looks between the looks.
$(B)/tests/unit/copy_test:
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) $(INCLUDES) $(CPPFLAGS) -Itests/fuzz -o $@ $<

$(CONNECTOR_TEST):
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) $(INCLUDES) $(CPPFLAGS) -Iuser/evringd -Wl,--wrap=clock_gettime \
		-o $@ $(filter %.c %.o,$^) -ljansson

$(WORK_TESTS):
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(SAN) -fsanitize-coverage=trace-pc $(INCLUDES) $(CPPFLAGS) -o $@ \
		$< $(filter %.o,$^)

# It reads messages and accounts for them as evring verify does.
CONSUME	:= $(addprefix tests/e2e/,consume.c print.c summary.c) \
	   $(addprefix user/evring/,arrival.c arrival_json.c ledger.c spans.c) \
	   $(addprefix user/common/,log.c memory.c text.c)
$(B)/bin/evring-consume: $(CONSUME) tests/e2e/consume.h tests/e2e/summary.h $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) -Iuser/evring $(LDFLAGS) -o $@ $(filter %.c %.a,$^) -lrdkafka -ljansson

$(B)/bin/evring-mock-broker: tests/env/kafka/mock-broker.c
$(B)/bin/evring-admin: tests/e2e/admin.c
$(B)/bin/evring-mock-broker $(B)/bin/evring-admin:
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) $(LDFLAGS) -o $@ $< -lrdkafka

$(B)/bin/evring-burst $(B)/bin/evring-clock: $(B)/bin/evring-%: tests/e2e/%.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) $(LDFLAGS) -o $@ $<

# As little of a process as there can be.
$(B)/bin/evring-nop: tests/e2e/nop.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) -Wall -Wextra $(WERR) -Os -static -nostdlib -ffreestanding \
		-fno-stack-protector -fcf-protection=none -Wl,--build-id=none -o $@ $<

$(B)/bin/evring-tail-example: docs/examples/tail.c
$(B)/bin/evring-registration: samples/registration/registration.c
$(EXAMPLE): $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) $(DEPS) $(LDFLAGS) -o $@ $(filter %.c,$^) $(B)/lib/libevring.a

-include $(shell find $(B)/san -name '*.d' 2>/dev/null)
