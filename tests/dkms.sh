#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What make install and DKMS do on a user's machine: install, build, remove; in
# trees of their own, so that this machine's programs and modules are left alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. tests/tap.sh

version=$(sed -n 's/^VERSION[[:space:]]*:= *//p' Makefile)
krel=$(scripts/kernel-release)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree" "$work/src"

dkms_here() {
	dkms "$1" -m evring -v "$version" -k "${2:-$krel}" --dkmstree "$work/tree" \
		--sourcetree "$work/src" "${@:3}"
}

# 77: it should not even be tried.
too_old() {
	local status=0
	dkms_here build 5.14.0-1-amd64 --kernelsourcedir "/lib/modules/$krel/build" || status=$?
	[ "$status" = 77 ]
}

built() {
	local module
	module=$(find "$work/tree" -name 'evring.ko*' | head -n 1)
	[ -n "$module" ] && modinfo -F vermagic "$module" | grep -q "^$krel " &&
		[ "$(modinfo -F version "$module")" = "$version" ]
}

# make_here VERB: with directories that a distribution might choose
make_here() {
	make -s "$1" DESTDIR="$work/gnu" prefix=/p exec_prefix=/e libdir=/l/multiarch \
		mandir=/m sysconfdir=/c systemlibdir=/s dkmsdir=/d
}

# All folders that were told, and none that was not
told_folders() {
	local file
	for file in e/bin/evring e/sbin/evringd l/multiarch/libevring.so.0 p/include/evring.h \
		l/multiarch/pkgconfig/libevring.pc m/man8/evringd.8 c/evring \
		s/systemd/system/evringd@.service "d/evring-$version/Kbuild"; do
		[ -e "$work/gnu/$file" ] || { echo "no /$file"; return 1; }
	done
	grep -q 'ExecStart=/e/sbin/evringd /c/evring/' "$work/gnu/s/systemd/system/evringd@.service" &&
		[ "$(cd "$work/gnu" && echo *)" = "c d e l m p s" ]
}

# Nothing that is no folder; what an administrator wrote stays.
nothing_installed() {
	[ "$(cd "$work/gnu" && find . ! -type d)" = ./c/evring/mine.json ] &&
		[ ! -e "$work/gnu/p/share/doc/evring" ] && [ ! -e "$work/gnu/d/evring-$version" ]
}

# The README's, as a user of the installed library builds it
example_in_c() {
	local root=$work/root
	# shellcheck disable=SC2046 # flags are separate words
	"${CC:-gcc}" -Wall -Werror -o "$work/tail" "$root/usr/share/doc/evring/examples/tail.c" \
		$(PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_PATH=$root/usr/lib/pkgconfig \
			pkg-config --cflags --libs libevring) &&
		ldd "$work/tail" | grep -q 'libevring.so.0'
}

# There is no module here: it says that there is no device, or that it may not.
example_runs() {
	LD_LIBRARY_PATH=$work/root/usr/lib timeout 5 "$work/tail" >"$work/said" 2>&1
	[ -c /dev/evring ] || grep -q 'cannot open /dev/evring: No such file' "$work/said"
}

check "make install takes GNU's directories" make_here install
check "everything is where it was told, and the unit names it there" told_folders
echo '{}' >"$work/gnu/c/evring/mine.json"
check "make uninstall" make_here uninstall
check "all of it is gone, but for the configuration" nothing_installed
check "make install puts the module's sources where DKMS looks" \
	make -s install DESTDIR="$work/root" PREFIX=/usr
check "the manual's example in C builds with what is installed" example_in_c
check "it runs with the installed library" example_runs
check "the sources are all that DKMS needs" \
	cp -r "$work/root/usr/src/evring-$version" "$work/src/"
check "dkms add" dkms_here add
check "dkms build, against the distribution's headers" dkms_here build
check "the module is for that kernel, and has the version of the Makefile" built
check "dkms does not try a kernel before 6.1" too_old
check "dkms remove" dkms_here remove
tap_end
