# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# idle.sh CLOCK SECONDS: with nothing to do the daemon wakes up almost never,
# and what it does makes no events of its own.
. /e2e/lib.sh

switches() {
	cat /proc/"$daemon"/task/"$daemon"/status | sed -n 's/^voluntary_ctxt_switches:[[:space:]]*//p'
}

ticks() {
	cut -d' ' -f 14,15 "/proc/$daemon/stat" | tr ' ' '+'
}

# Of the first lane, critical.
emitted() {
	evring status --json | grep -o '"emitted":[0-9]*' | head -n 1 | cut -d: -f2
}

setup "$1"
daemon_start
wait_attached
evring-burst 100
sleep 3
before=$(switches) ticks=$(ticks) events=$(emitted)
sleep "$2"
# Reading the counters takes processes, as any look at the system does: sed,
# cut, tr, cat, evring, and the shells between.
echo "guest: idle: $(($(switches) - before)) wake-ups and $(($(ticks) - (ticks))) ticks in $2 s"
[ $(($(switches) - before)) -lt $(($2 * 5)) ] || fail "too many wake-ups"
[ $(($(emitted) - events)) -lt 120 ] || fail "events without a cause"
finish
