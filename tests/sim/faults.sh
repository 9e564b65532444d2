#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# evringd against brokers that fail: a failed request is no verdict on the
# events in it. Each case is evringd on the module in its own process, a mock
# broker that is told what to do wrong, and a ledger of what arrived.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/tap.sh

work=$(mktemp -d)
. tests/sim/lib.sh
trap 'exec 9>&-; wait; rm -rf "$work"' EXIT

# broker [OPTION]...: a new one; it goes as the next one comes. Sets brokers.
# What is written to file descriptor 9 it does.
broker() {
	exec 9>&-
	rm -f "$work/stdin" "$work/brokers"
	mkfifo "$work/stdin"
	build/bin/evring-mock-broker "$@" <"$work/stdin" >"$work/brokers" 2>"$work/broker.log" &
	exec 9>"$work/stdin"
	until [ -s "$work/brokers" ]; do
		kill -0 $! 2>/dev/null || { cat "$work/broker.log"; return 1; }
		sleep 0.02
	done
	brokers=$(<"$work/brokers")
}

# tell COMMAND ARGUMENT: to the broker, and it is done
tell() {
	local before
	before=$(grep -c ': done$' "$work/broker.log")
	echo "$*" >&9
	until [ "$(grep -c ': done$' "$work/broker.log")" -gt "$before" ]; do sleep 0.02; done
}

# The ways that events go: one a message with headers, one by the call that takes
# many, packs of lines, frames of records.
readonly common=(kafka.batch.num.messages=20 errors.retry.delay.max.ms=100)
readonly ways=(
	""
	"headers=none timestamp=send"
	"pack.bytes=3000"
	"value.format=raw pack.bytes=3000"
)

# The moment's, or the topic's
readonly moments="-1 2 17 29 31 43 44 47 76 89 90"
# These librdkafka tries again by itself.
readonly retried="3 6 7 19 20 56"
# An event's, or a whole batch's
readonly events="10 18 32 87"

# survives "KEY=VALUE..." "CODE:COUNT..." [OPTION]...: 1300 events (evringd-sim
# warms up with 1000); the options are the account's
survives() {
	local error options=()
	for error in $2; do options+=(--error "$error"); done
	broker --topic t:1 "${options[@]}" || return 1
	# shellcheck disable=SC2086 # words
	connector t "${common[@]}" $1
	run 0 --type exec --events 300 && says 'rejected 0' && account 1300 "${@:3}"
}

# once TOLERANCE "KEY=VALUE...": a request that fails, one that does not, and so on
once() {
	local code errors=''
	for code in $moments $events; do errors+=" $code:1 0:1"; done
	survives "$2 errors.tolerance=$1" "$errors"
}

# A real broker takes nothing that is in flight behind a request that failed, a
# mock one does, and librdkafka then believes that it has what is before it, too:
# so no more is on its way than one request has.
in_order() {
	local code errors=''
	for code in $retried; do errors+=" $code:3 0:1"; done
	for code in $moments; do errors+=" $code:1 0:1"; done
	survives "$1 inflight.max.events=20" "$errors" --strict
}

# in_a_row TOLERANCE "KEY=VALUE..."
in_a_row() {
	local code errors=''
	for code in $moments; do errors+=" $code:3 0:1"; done
	survives "$2 errors.tolerance=$1" "$errors"
}

# A producer's first message goes alone and gets through; the batch behind it does
# not, three producers in a row.
batches_refused() {
	local code
	for code in $events; do
		survives "errors.tolerance=all kafka.linger.ms=50" \
			"0:1 $code:1 0:1 $code:1 0:1 $code:1" || return 1
	done
}

# One event at a time, a request each: the first of those behind the 1000 that
# evringd-sim warms up with is refused, and again when it is sent again.
# poison "KEY=VALUE..."
poison() {
	broker --topic t:1 --error 0:1000 --error 10:2 || return 1
	# shellcheck disable=SC2086 # words
	connector t inflight.max.events=1 kafka.linger.ms=0 errors.tolerance=all $1
	run 0 --type exec --events 300 && says 'rejected 1,' && account 1299 --strict || return 1
	grep -q '^1 events are declared rejected' "$work/account" && return 0
	cat "$work/account"
	return 1
}

# What is before it is committed, it and what is behind it are not.
poison_not_tolerated() {
	broker --topic t:1 --error 0:1000 --error 10:2 || return 1
	connector t inflight.max.events=1 kafka.linger.ms=0 errors.tolerance=none
	run 3 --type exec --events 300 && says 'stopped: .* committed 1000,' &&
		says 'topic t is refused: .*MSG_SIZE_TOO_LARGE'
}

# suspected "KEY=VALUE...": it is refused once
suspected() {
	broker --topic t:1 --error 0:1000 --error 10:1 || return 1
	# shellcheck disable=SC2086 # words
	connector t inflight.max.events=1 kafka.linger.ms=0 $1
	run 0 --type exec --events 300 && says 'rejected 0,' && account 1300 --strict
}


# stops_paused CODE PATTERN: asked to end while it waits for a better moment
stops_paused() {
	broker --topic t:1 --error "$1:100000" || return 1
	connector t errors.retry.delay.max.ms=60000 shutdown.timeout.ms=1000
	start --type exec --events 300
	until_says "$2" || return 1
	kill "$pid"
	ends 1 && says '[0-9]+ events stay unacknowledged' && says 'committed 0,'
}

sighup() {
	broker --topic t:1 || return 1
	connector t
	start --type exec --events 300 --rate 500
	until_says 'version' || return 1
	kill -HUP "$pid"
	until_says 'SIGHUP: ignored' || return 1
	ends 0 && account 1300
}

# There is no such topic, and later there is.
topic_away() {
	broker --topic t:1 --topic-error t:3 || return 1
	connector t errors.retry.delay.max.ms=200
	start --type exec --events 300
	until_says 'topic t: .*; its events wait, and are tried again' || return 1
	tell topic-error t:0
	ends 0 && says 'topic t: delivering again' && account 1300
}

# What is in flight lies in the ring: it stays mapped while librdkafka reads it.
stop_under_load() {
	local i status asan
	asan=$(gcc -print-file-name=libasan.so)
	broker --topic t:1 --rtt 20 || return 1
	connector t value.format=raw shutdown.timeout.ms=0
	for ((i = 0; i < 20; i++)); do
		status=0
		: >"$work/log"
		timeout --foreground 100 \
			env LD_PRELOAD="$asan" ASAN_OPTIONS=detect_leaks=0:exitcode=66 \
			"$sim" --events 100000000 "${files[@]}" >"$work/result" 2>"$work/log" &
		pid=$!
		until_says version || return 1
		sleep 0.$((RANDOM % 4 + 1))
		kill "$pid"
		wait "$pid" || status=$?
		[ $status -le 1 ] && ! grep -q AddressSanitizer "$work/log" && continue
		echo "run $i: status $status"
		tail -n 30 "$work/log"
		return 1
	done
}

# A group that follows, and a producer that waits for nobody.
overrun() {
	broker --topic t:1 || return 1
	# shellcheck disable=SC2086 # words
	connector t group.policy=follow inflight.max.events=100 ${1-}
	run 0 --no-wait --ring 256 --events 100000 && account 1000 || return 1
	awk '$NF == "all" { arrived = $2 } / declared missed/ { missed = $1 }
		END { exit !(missed > 0 && arrived + missed == 101000) }' "$work/account" && return 0
	cat "$work/account"
	return 1
}

# Two connectors in one process. One event is too large for the second one: it
# commits all before the event and is FAILED, the first one delivers all.
one_of_two_fails() {
	broker --topic good:1 --topic bad:1 || return 1
	connector none
	files=()
	named good good
	named bad bad delivery.accept=loss kafka.message.max.bytes=2000
	run 3 --type exec --events 300 --odd 5000 &&
		says ' bad: FAILED: an event for topic bad is refused.*MSG_SIZE_TOO_LARGE' &&
		says ' bad: stopped: .* committed 1150,' &&
		says ' good: stopped: read 1301, delivered 1301, committed 1301,' || return 1
	topic=good
	account 1301 --strict
}

# One of three is FAILED at its start, one at its first event, and is released:
# nothing of it stays in flight. The other one goes on until it is asked to stop,
# and then has delivered all that it has read. (The mock broker keeps 5 MB of it.)
others_go_on() {
	local count child
	broker --topic good:1 --topic bad:1 || return 1
	connector none
	files=()
	named good good
	named bad bad delivery.accept=loss kafka.message.max.bytes=1000 "key=$(printf '%0500d' 0)"
	named nowhere bad device=/nonexistent
	start --type exec --events 1000000 --rate 100
	until_says ' bad: FAILED' && until_says ' nowhere: FAILED: /nonexistent: there is none' &&
		child=$(<"/proc/$pid/task/$pid/children") || return 1
	until grep -q ' bad: FAILED, so far: .* in flight 0: an event for topic bad' "$work/log"; do
		kill -USR1 "${child% }" || return 1
		sleep 0.1
	done
	until_says ' good: RUNNING, so far: read' &&
		until_says ' nowhere: FAILED, so far: .*: /nonexistent' || return 1
	kill "$pid"
	ends 1 && says ' good: SIGTERM: stopping' || return 1
	count=$(sed -n 's/.* good: stopped: read \([0-9]*\), delivered \1, committed \1, .*in flight 0$/\1/p' \
		"$work/log")
	[ -n "$count" ] || { says 'the same number read, delivered and committed'; return 1; }
	topic=good
	account "$count" --strict
}

# In a folder of its own, beside the others: ten seconds without an acknowledgement
# pass before it is said.
stalled() {
	local work=$work/stalled
	mkdir "$work"
	broker --topic t:1 --error 19:100000 || return 1
	connector t
	start --type exec --events 300
	until_says 'nothing is committed for .* not acknowledged: .*[Nn]ot enough in-sync replicas' &&
		tell error 19:0 && ends 0 && says 'acknowledged again, after [0-9]+ s' && account 1300
}

stalled >"$work/stalled.out" 2>&1 &
stalled_pid=$!

for way in "${ways[@]}"; do
	check "one failed request, of each kind: nothing is given up${way:+ ($way)}" once none "$way"
done
check "nor with errors.tolerance=all" once all ""
check "three failed requests in a row" in_a_row none ""
check "three failed requests in a row, packed, tolerated" in_a_row all "value.format=raw pack.bytes=3000"
check "a batch that is refused three times is sent in smaller ones" batches_refused
for way in "${ways[@]}"; do
	check "requests that fail change no order${way:+ ($way)}" in_order "$way"
done
for way in "${ways[@]}"; do
	check "what is refused twice alone is declared${way:+ ($way)}" poison "$way"
done
check "what is refused once is not" suspected ""
check "without tolerance: all before it is committed, status 3" poison_not_tolerated
check "SIGTERM while the topic pauses: status 1, and it says why" \
	stops_paused 44 'its events wait, and are tried again'
check "SIGTERM while the producer pauses: status 1, and it says why" \
	stops_paused -1 'it is tried again'
check "SIGHUP: it says so and goes on" sighup
check "the topic is not there, and then it is" topic_away
check "raw records, stopped under load 20 times" stop_under_load
check "a group that follows is overrun: what it missed is declared" overrun
check "and in frames of records" overrun "value.format=raw pack.bytes=3000"
check "one of two connectors fails: it commits all before, the other delivers all" one_of_two_fails
check "two of three fail: the other goes on, SIGUSR1 tells each" others_go_on
stalled_ends() {
	wait $stalled_pid && return 0
	cat "$work/stalled.out"
	return 1
}
check "not enough replicas: it says so, and when it is over" stalled_ends
tap_end
