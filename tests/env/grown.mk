# SPDX-License-Identifier: GPL-2.0-only
# The ABI, grown: a copy of its header where each structure that can grow has
# members more, and a ring's page is longer than a page of memory. A library and a
# test built with it are a newer program, a module built with it is a newer module;
# each must work with its older counterpart. (What freezes the ABI, kmod/abi.c, is
# left out.)
#
# Fixed, and so not among them: rec, the header of every record; str and table, which
# others have as members; pub, in front of every published event; uring_cmd, which has
# the 16 bytes that an io_uring request gives it; common, as the fields behind it stay
# where they are as long as a type's version is the same.

GROWN	:= $(B)/grow
GROW	:= $(GROWN)/include/uapi/linux/evring.h
GROWS	:= describe limits clock clock_line lane_info group_info meta cursor ring_page meta_read \
	   ring_read join commit_entry commit arm hook drop give filter_read redact register unregister \
	   publish block block_field block_names block_value lost program insn redaction \
	   redact_rule redact_cond
$(GROW): include/uapi/linux/evring.h tests/env/grown.mk
	@mkdir -p $(@D)
	$(Q)sed -E "$(foreach s,$(GROWS),/^struct evring_$(s) \{$$/,/^\};/s/^\};/\t__u64 grown[$(if $(filter ring_page,$(s)),512,2)];\n};/;)" $< >$@
	@[ "$$(grep -c grown $@)" = "$(words $(GROWS))" ]

# A newer module for the guest's kernel: a tree of links, but for the header. It has a hook
# that this kernel cannot have, as its function has a name that none has (absent_test).
GROWN_KO := $(GROWN)/kmod/evring.ko
$(GROWN_KO): MAKEOVERRIDES :=
$(GROWN_KO): $(KO) $(GROW)
	@rm -rf $(@D) && mkdir -p $(@D)
	@cp -rs $(CURDIR)/Kbuild $(CURDIR)/kmod $(CURDIR)/include $(CURDIR)/tests \
		$(CURDIR)/samples $(@D)/
	@cp --remove-destination $(GROW) $(@D)/include/uapi/linux/evring.h
	@sed 's/("__fput")/("__fput_nowhere")/' kmod/hooks/file_redirect.c >$(@D)/absent.c
	@grep -q __fput_nowhere $(@D)/absent.c && mv -f $(@D)/absent.c $(@D)/kmod/hooks/file_redirect.c
	@sed 's|kmod/abi\.o||' Kbuild >$(@D)/Kbuild.grown && mv $(@D)/Kbuild.grown $(@D)/Kbuild
	$(call say,KBUILD)
	$(Q)$(MAKE) -s -C $(KDIR) M=$(CURDIR)/$(@D) TESTS=m EVRING_VERSION=$(VERSION) \
		$(KMAKEFLAGS) modules >$(@D)/log 2>&1 || { cat $(@D)/log >&2; exit 1; }
	@cp -f $(@D)/tests/kernel/module/*.ko $(@D)/samples/*.ko $(@D)/

# Newer programs: the kernel's tests of the calls and pages
GROWN_TESTS := $(patsubst %,$(B)/tests/grown/%_test,ioctl mmap group publish filter redact uring \
	       wake owners hooks)
GROWN_LIB := $(patsubst user/libevring/%.c,$(GROWN)/obj/%.o,$(wildcard user/libevring/*.c))
.SECONDARY: $(GROWN_LIB)
$(GROWN)/obj/%.o: user/libevring/%.c $(wildcard user/libevring/*.h) $(GROW)
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(CFLAGS) -I$(GROWN)/include/uapi $(INCLUDES) $(CPPFLAGS) -c $< -o $@

$(B)/tests/grown/%: tests/kernel/%.c $(wildcard tests/kernel/*.h) $(HARNESS) $(GROWN_LIB) \
		$(CACHE)/kselftest/kselftest_harness.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CSTD) $(CWARN) $(CFLAGS) -I$(GROWN)/include/uapi $(INCLUDES) $(CPPFLAGS) \
		-Wno-sign-compare -Wno-unused-parameter -Wno-missing-prototypes -Itests/kernel \
		-isystem $(CACHE)/kselftest $(LDFLAGS) -o $@ $< $(GROWN_LIB) -luring -lpthread
