#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the verdicts of all tests in the virtual machine rest on: that run passes
# on statuses and output whole, and that no broken guest passes. TAP.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
run=$here/run
work=$(mktemp -d "${TMPDIR:-/tmp}/evring-vm-selftest.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"
number=0 failed=0

ok() {
	local verdict=$1
	shift
	number=$((number + 1))
	if [ "$verdict" -eq 0 ]; then
		echo "ok $number - $*"
	else
		echo "not ok $number - $*"
		failed=1
	fi
}

# check DESCRIPTION COMMAND...: passes if COMMAND succeeds.
check() {
	local description=$1 status=0
	shift
	"$@" || status=$?
	ok "$status" "$description"
}

# guest NAME ARGUMENT...: runs a guest; NAME.{out,err,status} hold its results.
guest() {
	local name=$1 status=0
	shift
	mkdir "$work/tmp/$name"
	TMPDIR=$work/tmp/$name "$run" "$@" >"$work/$name.out" 2>"$work/$name.err" || status=$?
	echo "$status" >"$work/$name.status"
	rmdir "$work/tmp/$name" || true # nothing_left looks
}

# Waits until NAME's guest has begun its command, on however slow a machine.
wait_begun() {
	local tries=0
	until grep -q before "$work/$1.out" 2>/dev/null || [ -e "$work/$1.status" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 3000 ] || break
		sleep 0.1
	done
}

# The timer of timeout(1) is a SIGALRM: NAME's time is up now, and not when the
# machine may still be booting.
time_is_up() {
	wait_begun "$1"
	kill -ALRM "$(pgrep -o -f "^timeout .*path=$work/tmp/$1/")" || true # the verdict tells
}

status_is() {
	[ "$(cat "$work/$1.status")" -eq "$2" ] && return
	echo "# $1: status $(cat "$work/$1.status"), expected $2"
	sed 's/^/# /' "$work/$1.err"
	return 1
}

# Two at a time, as many as a small machine has processors.
run_guests() {
	# shellcheck disable=SC2016 # the guest's shell expands it
	guest status --smp 1 -- sh -c 'printf "%s|" "$@"; echo to stderr >&2; exit 42' \
		sh "it's" 'a  b' '$HOME' '*' '' &
	guest output -- sh -c 'seq 1 750000; echo "the end" >/dev/stderr' &
	wait
	guest crash --smp 1 -- sh -c 'echo before; echo c >/proc/sysrq-trigger; sleep 60' &
	guest warning --smp 1 -- sh -c 'echo "WARNING: selftest" >/dev/kmsg' &
	wait
	guest options --mem 256 --net --add "$here/selftest.sh:/root/added" \
		--dmesg "$work/options.dmesg" -- sh -c \
		'nproc; ip -4 addr show eth0; cat added; cat /etc/machine-id; groups' &
	guest leaves --smp 1 -- sh -c 'reboot -f; sleep 60' &
	wait
	guest hang --smp 1 --timeout 900 -- sh -c 'echo before; sleep 1000' &
	guest silent --smp 1 --timeout 12 --append rdinit=/bin/cat -- true &
	time_is_up hang
	wait
	guest killed --smp 1 -- sh -c 'echo before; sleep 1000' &
	terminate_killed
	wait
}

processes_left() {
	pgrep -f "path=$work/tmp" || true
}

# Sends SIGTERM to the run whose guest has begun its command.
terminate_killed() {
	wait_begun killed
	kill "$(pgrep -o -f "$run .*before; sleep 1000")" || true
}

output_is_whole() {
	{
		seq 1 750000
		echo "the end"
	} | cmp - "$work/output.out"
}

words_arrive() {
	printf "it's|a  b|\$HOME|*||to stderr\n" | cmp - "$work/status.out"
}

prints_its_reason() {
	grep -q "$2" "$work/$1.err"
}

options_hold() {
	grep -qx 2 "$work/options.out" && grep -q 10.0.2.15/24 "$work/options.out" &&
		grep -q 'options_hold()' "$work/options.out" &&
		grep -q 'evring-vm: start' "$work/options.dmesg"
}

nothing_left() {
	[ -z "$(processes_left)" ] && [ -z "$(ls -A "$work/tmp")" ]
}

main() {
	"$here/probe-kvm" >/dev/null # once, before two guests want to know
	run_guests
	check "the command's exit status is passed on" status_is status 42
	check "its words arrive as they are, and both of its streams come back" words_arrive
	check "a large output succeeds" status_is output 0
	check "a large output arrives whole" output_is_whole
	check "a crash of the kernel fails" status_is crash 125
	check "a crash tells its reason" prints_its_reason crash 'sysrq triggered crash'
	check "a warning in the kernel's log fails" status_is warning 125
	check "a warning is printed" prints_its_reason warning 'WARNING: selftest'
	check "a guest that leaves without a verdict fails" status_is leaves 125
	check "a command that hangs runs into the timeout" status_is hang 124
	check "what it printed before is kept" grep -qx before "$work/hang.out"
	check "a guest that never says anything runs into the timeout" status_is silent 124
	check "a terminated run says so" status_is killed 143
	check "no process and no file is left behind" nothing_left
	check "processors, memory, network, added files and the kernel's log" options_hold
	check "they succeed" status_is options 0
	echo "1..$number"
	return "$failed"
}

main "$@"
