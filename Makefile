# SPDX-License-Identifier: GPL-2.0-only
# evring: the module, the library, the daemon, the command line, their tests.
# Everything that is made goes to build/.  `make help` lists the targets.

VERSION	:= 0.1.0
ABI	:= 0
KREL	?= $(shell scripts/kernel-release)
KDIR	?= /lib/modules/$(KREL)/build
PREFIX	?= /usr/local
DESTDIR	?=
B	:= build

ifeq ($(origin CC),default)
CC	:= gcc
endif
# One short line a step; make V=1 shows the commands.
ifeq ($(V),)
Q	:= @
say	= @printf '  %-7s %s\n' $(1) $(patsubst $(B)/%,%,$@)
endif
CSTD	:= -std=gnu11 -D_GNU_SOURCE -DEVRING_VERSION='"$(VERSION)"'
CWARN	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Werror
CFLAGS	?= -O2 -g
CPPFLAGS += -Iinclude/uapi -Iuser/libevring
ALL_CFLAGS = $(CSTD) $(CWARN) $(CFLAGS) $(CPPFLAGS)
# For what is compiled and linked in one go, so that no .d lies beside programs
DEPS	= $(shell mkdir -p $(B)/obj)-MMD -MP -MF $(B)/obj/$(@F).d

LIB_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/libevring/*.c))
D_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/evringd/*.c))
CLI_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/evring/*.c))
SO	:= $(B)/lib/libevring.so.$(ABI)
LIB	:= $(B)/lib/libevring.a $(SO)
BIN	:= $(B)/bin/evring $(B)/bin/evringd

KMOD_SRC := Kbuild $(wildcard kmod/*.[ch] kmod/*/*.[ch] include/*/*.h include/*/*/*.h \
	     tests/modules/*.[ch] samples/*.c)
KO	:= $(B)/kmod/evring.ko

.PHONY: all help setup kmod user tests check demo install uninstall clean style
.DEFAULT_GOAL := all

all: kmod user			## build the module, the library and the programs

help:				## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/^([a-z-]+):[^#]*##[ ]*(.*)/  make \1\t\2/' | expand -t 24

setup:				## install what building and testing need (apt, Maven Central)
	@scripts/setup

kmod: $(KO)			## build the module for KREL (default: this machine's headers)

# Kbuild writes beside the sources: it gets a tree of links under build/.
$(KO): $(KMOD_SRC) | setup-build
	@mkdir -p $(@D)
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kmod $(CURDIR)/include $(CURDIR)/tests \
		$(CURDIR)/samples $(@D)/
	$(call say,KBUILD)
	$(Q)$(MAKE) -s -C $(KDIR) M=$(CURDIR)/$(@D) TESTS=m EVRING_VERSION=$(VERSION) W=1 \
		KCFLAGS=-Werror modules 2>&1 | { ! grep -v 'Skipping BTF'; }
	@cp -f $(@D)/tests/modules/*.ko $(@D)/samples/*.ko $(@D)/
	@touch $@

user: $(LIB) $(BIN)		## build the library, the daemon and the command line

.PHONY: setup-build setup-check setup-vm setup-kafka setup-kernels setup-bench
setup-build setup-check setup-vm setup-kafka setup-kernels setup-bench: setup-%:
	@scripts/setup $*

$(B)/obj/%.o: %.c | setup-build
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(OBJ_CFLAGS) -c $< -o $@

$(LIB_OBJ): OBJ_CFLAGS = -fPIC -fvisibility=hidden
$(D_OBJ): OBJ_CFLAGS = $(shell pkg-config --cflags rdkafka liburing jansson)

$(B)/lib/libevring.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call say,AR)
	$(Q)ld -r -o $(B)/obj/libevring.o $^ && objcopy --localize-hidden $(B)/obj/libevring.o
	$(Q)rm -f $@ && ar rcs $@ $(B)/obj/libevring.o

$(SO): $(LIB_OBJ) user/libevring/libevring.map
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(@F) \
		-Wl,--version-script=user/libevring/libevring.map -o $@ $(LIB_OBJ)
	@ln -sf $(@F) $(B)/lib/libevring.so

$(B)/bin/evring: $(CLI_OBJ) $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -ljansson

$(B)/bin/evringd: $(D_OBJ) $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -ljemalloc -lrdkafka -luring -ljansson

include tests/tests.mk

demo: all tests | setup-vm	## a VM with the module, evringd and a broker: see events arrive
	@tests/e2e/demo

install: all			## install programs, library, manuals and the module's sources (DKMS)
	@scripts/install "$(DESTDIR)" "$(PREFIX)" "$(VERSION)"

clean:				## remove build/
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
