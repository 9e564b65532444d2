#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What DKMS would do on a user's machine: install the sources, build, remove;
# in a tree of its own, so that this machine's own modules are left alone.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. tests/tap.sh

version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' dkms.conf)
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
	[ -n "$module" ] && modinfo -F vermagic "$module" | grep -q "^$krel "
}

check "make install puts the module's sources where DKMS looks" \
	make -s install DESTDIR="$work/root" PREFIX=/usr
check "the sources are all that DKMS needs" \
	cp -r "$work/root/usr/src/evring-$version" "$work/src/"
check "dkms add" dkms_here add
check "dkms build, against the distribution's headers" dkms_here build
check "the module is for that kernel" built
check "dkms does not try a kernel before 6.1" too_old
check "dkms remove" dkms_here remove
tap_end
