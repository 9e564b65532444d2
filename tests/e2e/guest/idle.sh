# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# idle.sh CLOCK SECONDS: an idle daemon almost never wakes up, and causes no events
# itself. Measured with shell builtins alone, as each process that is started is an
# event.
. /e2e/lib.sh

# Sets switches: how often the daemon's main thread went to sleep.
read_switches() {
	while read -r name value; do
		[ "$name" != voluntary_ctxt_switches: ] || switches=$value
	done <"/proc/$daemon/task/$daemon/status"
}

# Sets ticks: of CPU time, 100 a second.
read_ticks() {
	read -r line <"/proc/$daemon/stat"
	# shellcheck disable=SC2086 # fields are separate words
	set -- $line
	ticks=$((${14} + ${15}))
}

# Of the first lane, critical.
emitted() {
	evring status --json | grep -o '"emitted":[0-9]*' | sed -n 1p | cut -d: -f2
}

seconds=$2
setup "$1"
daemon_start
wait_attached
evring-burst 100
wait_drained 1200
events=$(emitted)
sleep 2
read_switches
read_ticks
old_switches=$switches old_ticks=$ticks
sleep "$seconds"
read_switches
read_ticks
events=$(($(emitted) - events))
echo "guest: idle: $((switches - old_switches)) wake-ups and $((ticks - old_ticks)) ticks in $seconds s, $events events in all"
[ $((switches - old_switches)) -lt $((seconds * 5)) ] || fail "too many wake-ups"
[ "$events" -lt 40 ] || fail "events without a cause"
finish
