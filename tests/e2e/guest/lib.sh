# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Shared by the guest's scripts. $1 is the port of the host's clock.

fail() {
	echo "guest: $*"
	exit 1
}

setup() {
	evring-clock set 10.0.2.2 "$1" >/dev/null || fail "no clock"
	insmod /evring/kmod/evring.ko lanes="critical:${2:-16384},bulk:2048,app:1024" || fail "insmod"
}

# Some tests have more than one.
connectors() {
	find /e2e/connector.json /e2e/connectors -type f 2>/dev/null
}

# What it logs is told, and kept for wait_attached. Each evringd has a pipe of its own.
daemon_start() {
	[ -p /tmp/log ] || mkfifo /tmp/log
	: >/tmp/evringd.log
	tee /tmp/evringd.log </tmp/log &
	# shellcheck disable=SC2046 # one word each
	evringd $(connectors) 2>/tmp/log &
	daemon=$!
}

# Until this evringd, and not only one before it, has attached each connector's hooks: then it
# tells its version. First nothing, as attaching patches the kernel's code, and QEMU's emulated
# CPUs can lock up over that where another one is forking at the same time.
wait_attached() {
	sleep 1
	i=0
	until [ "$(grep -c 'version .*: connector ' /tmp/evringd.log)" -ge "$(connectors | wc -l)" ]; do
		i=$((i + 1))
		[ $i -lt 1200 ] || fail "no hook was attached"
		usleep 100000
	done
}

lag() {
	evring groups --json | tr -d ' \n' | grep -o '"lag_bytes":[0-9]*' | cut -d: -f2 | sort -n | tail -n 1
}

# wait_drained SECONDS: until Kafka has acknowledged all that is in the rings.
wait_drained() {
	i=0
	until [ "$(lag)" = 0 ]; do
		i=$((i + 1))
		[ $i -lt $(($1 * 4)) ] || fail "still not drained after $1 s: lag $(lag) bytes"
		usleep 250000
	done
}

# The connectors' groups, for which evringd has attached its hooks
group_names() {
	for file in $(connectors); do
		sed -n 's/^{"name": "\([^"]*\)".*/\1/p' "$file"
	done
}

# Nothing more is emitted; all of it is delivered; say how much it was.
finish() {
	wait_attached
	for group in $(group_names); do
		evring hooks detach --group "$group" 'process.*' >/dev/null || fail "detach"
	done
	evring hooks --json | grep '"attached": *true' >/dev/null && fail "hooks stay attached"
	wait_drained 1200
	kill -TERM "$daemon"
	wait "$daemon" || fail "evringd ended with status $?"
	echo "emitted: $(evring status --json --rings | tr -d '\n')"
	rmmod evring || fail "rmmod"
}
