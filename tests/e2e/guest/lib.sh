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

daemon_start() {
	evringd /e2e/connector.json &
	daemon=$!
}

# Until process.exit is attached, it is the last one. First nothing, as attaching
# patches the kernel's code, and QEMU's emulated CPUs can lock up over that where
# another one is forking at the same time.
wait_attached() {
	sleep 1
	i=0
	until evring hooks --json | tr -d ' \n' | grep '"process.exit"[^}]*"attached":true' >/dev/null; do
		i=$((i + 1))
		[ $i -lt 1200 ] || fail "no hook was attached"
		usleep 100000
	done
}

lag() {
	evring groups --json | tr -d ' \n' | sed 's/.*"lag_bytes":\([0-9]*\).*/\1/'
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

# The connector's group, for which evringd has attached its hooks
group() {
	sed -n 's/^{"name": "\([^"]*\)".*/\1/p' /e2e/connector.json
}

# Nothing more is emitted; all of it is delivered; say how much it was.
finish() {
	evring hooks detach --group "$(group)" 'process.*' >/dev/null || fail "detach"
	evring hooks --json | grep '"attached": *true' >/dev/null && fail "hooks stay attached"
	wait_drained 1200
	kill -TERM "$daemon"
	wait "$daemon" || fail "evringd ended with status $?"
	echo "emitted: $(evring status --json --rings | tr -d '\n')"
	rmmod evring || fail "rmmod"
}
