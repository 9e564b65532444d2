# SPDX-License-Identifier: GPL-2.0-only
# evring: the module, the library, the daemon, the command line, their tests.
# All output is in build/.  `make help` lists the targets.

VERSION	:= 0.1.0
SONAME	:= 0
ifeq ($(origin KREL),undefined)
KREL	:= $(shell scripts/kernel-release)
endif
KDIR	?= /lib/modules/$(KREL)/build
B	:= build

# The directories that GNU's make install knows; PREFIX is prefix, as ever.
prefix	?= $(or $(PREFIX),/usr/local)
exec_prefix ?= $(prefix)
bindir	?= $(exec_prefix)/bin
sbindir	?= $(exec_prefix)/sbin
libdir	?= $(exec_prefix)/lib
includedir ?= $(prefix)/include
datarootdir ?= $(prefix)/share
datadir	?= $(datarootdir)
mandir	?= $(datarootdir)/man
docdir	?= $(datarootdir)/doc/evring
sysconfdir ?= /etc
# Fixed folders of the system, independent of the prefix
systemlibdir ?= /usr/lib
dkmsdir	?= /usr/src
DESTDIR	?=

ifeq ($(origin CC),default)
CC	:= $(CROSS_COMPILE)gcc
endif
ifeq ($(origin LD),default)
LD	:= $(CROSS_COMPILE)ld
endif
ifeq ($(origin AR),default)
AR	:= $(CROSS_COMPILE)ar
endif
OBJCOPY	?= $(CROSS_COMPILE)objcopy
PKG_CONFIG ?= pkg-config
# One short line a step; make V=1 shows the commands.
ifeq ($(V),)
Q	:= @
say	= @printf '  %-7s %s\n' $(1) $(patsubst $(B)/%,%,$@)
endif
CSTD	:= -std=gnu11 -D_GNU_SOURCE -DEVRING_VERSION='"$(VERSION)"'
# A compiler that is newer than this code may warn; only `make check` minds.
WERR	:= $(if $(WERROR),-Werror)
CWARN	:= -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes $(WERR)
CFLAGS	?= -O2 -g
INCLUDES := -Iinclude/uapi -Iuser/libevring -Iuser/common
ALL_CFLAGS = $(CSTD) $(CWARN) $(CFLAGS) $(INCLUDES) $(CPPFLAGS)
# For programs that are compiled and linked in one step: keep .d files out of bin/
DEPS	= $(shell mkdir -p $(B)/obj)-MMD -MP -MF $(B)/obj/$(@F).d

D_PACKAGES := jemalloc rdkafka liburing jansson libmicrohttpd libcurl libpcre2-8
CLI_PACKAGES := jansson smartcols rdkafka
# pkg-config is asked once, and not before something is compiled.
D_CFLAGS = $(eval D_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(D_PACKAGES)))$(D_CFLAGS)
CLI_CFLAGS = $(eval CLI_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(CLI_PACKAGES)))$(CLI_CFLAGS)
CLI_LIBS = $(eval CLI_LIBS := $(shell $(PKG_CONFIG) --libs $(CLI_PACKAGES)))$(CLI_LIBS)
D_LIBS	= $(eval D_LIBS := $(shell $(PKG_CONFIG) --libs $(D_PACKAGES)))$(D_LIBS)

LIB_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/libevring/*.c))
# The daemon prints no tables.
D_SRC	:= $(wildcard user/evringd/*.c) $(filter-out %/table.c,$(wildcard user/common/*.c))
D_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(D_SRC))
CLI_OBJ	:= $(patsubst %.c,$(B)/obj/%.o,$(wildcard user/evring/*.c user/common/*.c))
SO	:= $(B)/lib/libevring.so.$(SONAME)
LIB	:= $(B)/lib/libevring.a $(SO)
BIN	:= $(B)/bin/evring $(B)/bin/evringd

KMOD_SRC := Kbuild $(wildcard kmod/*.[ch] kmod/*/*.[ch] kmod/*/*.awk include/*/*.h include/*/*/*.h \
	     tests/kernel/module/*.[ch] samples/*.c)
KO	:= $(B)/kmod/evring.ko

.PHONY: all help setup kmod user tests check check-fresh check-packages demo demo-registration demo-warehouse install uninstall deb rpm clean FORCE
.DEFAULT_GOAL := all

all: kmod user			## build the module, the library and the programs

help:				## list the targets
	@grep -hE '^[A-Za-z-]+:.*##' $(MAKEFILE_LIST) | \
		sed -E 's/^([A-Za-z-]+):[^#]*##[ ]*(.*)/  make \1\t\2/' | expand -t 24
	@echo '  make setup and the targets that test, show or measure install what they need;'
	@echo '  no other target does. Directories are GNU make install'"'"'s (prefix, DESTDIR, ...).'

setup:				## install what building needs: compiler, libraries, headers (apt)
	@scripts/setup build

kmod: $(KO)			## build the module for KREL (default: the running kernel)

# Another kernel than last time: the module is built anew.
$(B)/kmod/release: FORCE
	@mkdir -p $(@D)
	@echo '$(KDIR)' | cmp -s - $@ || echo '$(KDIR)' >$@

# Kbuild writes beside the sources: it gets a tree of links under build/. The
# flags of user space are none of its business.
$(KO): MAKEOVERRIDES :=
$(KO): $(KMOD_SRC) $(B)/kmod/release
	@scripts/build-needs kernel '$(KDIR)' '$(if $(filter file,$(origin KREL)),$(KREL))'
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kmod $(CURDIR)/include $(CURDIR)/tests \
		$(CURDIR)/samples $(@D)/
	$(call say,KBUILD)
	$(Q)$(MAKE) -s -C $(KDIR) M=$(CURDIR)/$(@D) TESTS=m EVRING_VERSION=$(VERSION) \
		$(if $(WERROR),W=1 KCFLAGS=-Werror) $(KMAKEFLAGS) modules >$(@D)/log 2>&1; \
		status=$$?; grep -v 'Skipping BTF' $(@D)/log >&2; exit $$status
	@cp -f $(@D)/tests/kernel/module/*.ko $(@D)/samples/*.ko $(@D)/
	@touch $@

user: $(LIB) $(BIN)		## build the library, the daemon and the command line

# Checked once: a missing library is named, before a compiler complains of a header.
$(B)/needs:
	@mkdir -p $(@D)
	@CC='$(CC)' PKG_CONFIG='$(PKG_CONFIG)' scripts/build-needs user
	@touch $@

$(B)/obj/%.o: %.c | $(B)/needs
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP $(OBJ_CFLAGS) -c $< -o $@

# The archive hides symbols, which needs machine code.
$(LIB_OBJ): OBJ_CFLAGS = -fPIC -fvisibility=hidden -fno-lto
$(D_OBJ): OBJ_CFLAGS = $(D_CFLAGS)
$(filter-out $(D_OBJ),$(CLI_OBJ)): OBJ_CFLAGS = $(CLI_CFLAGS)

$(B)/lib/libevring.a: $(LIB_OBJ)
	@mkdir -p $(@D)
	$(call say,AR)
	$(Q)$(LD) -r -o $(B)/obj/libevring.o $^ && $(OBJCOPY) --localize-hidden $(B)/obj/libevring.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(B)/obj/libevring.o

$(SO): $(LIB_OBJ) user/libevring/libevring.map
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(@F) \
		-Wl,--version-script=user/libevring/libevring.map -o $@ $(LIB_OBJ)
	@ln -sf $(@F) $(B)/lib/libevring.so

$(B)/bin/evring: $(CLI_OBJ) $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CLI_LIBS)

# The page is a part of the program.
$(B)/obj/user/evringd/page.o $(B)/san/user/evringd/page.o: user/evringd/page.html

$(B)/bin/evringd: $(D_OBJ) $(B)/lib/libevring.a
	@mkdir -p $(@D)
	$(call say,LD)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(D_LIBS)

include tests/tests.mk

demo:				## a VM with the module, evringd and a broker: see events arrive
	@scripts/setup build vm $(if $(filter apache,$(KAFKA)),kafka)
	@$(MAKE) $(JOBS) $(FOR_GUEST) all $(E2E)
	@tests/e2e/demo

demo-registration:		## a shop in a VM, a real Kafka, a mail to each user, and a row of PostgreSQL
	@scripts/setup build vm kafka consumer warehouse
	@$(MAKE) $(JOBS) $(FOR_GUEST) all $(E2E) $(EXAMPLE)
	@tests/e2e/registration

demo-warehouse:			## what ran in a VM, by Kafka Connect in PostgreSQL, asked in SQL
	@scripts/setup build vm kafka registry python warehouse
	@$(MAKE) $(JOBS) $(FOR_GUEST) all $(E2E)
	@tests/e2e/warehouse

# The environment of scripts/install
INSTALL_DIRS := bindir sbindir libdir includedir datadir mandir docdir sysconfdir systemlibdir dkmsdir
INSTALL_ENV = $(foreach dir,prefix exec_prefix $(INSTALL_DIRS),$(dir)='$($(dir))') \
	      DESTDIR='$(DESTDIR)' VERSION='$(VERSION)' SONAME='$(SONAME)'

install: user			## install programs, library, manuals and the module's sources (DKMS)
	@$(INSTALL_ENV) scripts/install install

uninstall:			## remove what make install installed, but not the configuration
	@$(INSTALL_ENV) scripts/install uninstall

deb:				## build Debian's packages, in build/deb
	@scripts/setup packages
	@packaging/build deb '$(VERSION)'

rpm:				## build RPM packages, in build/rpm
	@scripts/setup packages
	@packaging/build rpm '$(VERSION)'

clean:				## remove build/
	rm -rf $(B)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
