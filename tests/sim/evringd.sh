#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# evringd on the module in its own process, to a broker that is real enough:
# every event of two CPUs arrives, once and in order, in each format there is.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/tap.sh

work=$(mktemp -d)
trap 'exec 9>&-; wait; rm -rf "$work"' EXIT
readonly events=4000	# the mock broker keeps 5 MB of a partition

mkfifo "$work/stdin"
build/bin/evring-mock-broker <"$work/stdin" >"$work/brokers" 2>/dev/null &
exec 9>"$work/stdin"
for _ in $(seq 600); do [ -s "$work/brokers" ] && break; sleep 0.1; done

# connector TOPIC [KEY=VALUE]...
connector() {
	local topic=$1 pair
	shift
	{
		printf '{"name": "sim", "config": {"topic": "%s", ' "$topic"
		for pair in "$@"; do printf '"%s": "%s", ' "${pair%%=*}" "${pair#*=}"; done
		printf '"kafka.bootstrap.servers": "%s"}}\n' "$(cat "$work/brokers")"
	} >"$work/connector.json"
}

number=0
# arrives TYPE|SIZE [KEY=VALUE]...
arrives() {
	local load topic=t$((++number)) result
	case $1 in exec) load=(--type exec) ;; *) load=(--size "$1") ;; esac
	shift
	connector "$topic" "$@"
	timeout 600 build/bench/evringd-sim --producers 2 --events $events "${load[@]}" \
		"$work/connector.json" >"$work/result" 2>"$work/log" || { cat "$work/log"; return 1; }
	result=$(sed 's/, "seconds.*//' "$work/result")
	[ "$result" = "{\"events\": $events, \"delivered\": $events, \"lost\": 0" ] ||
		{ echo "$result"; return 1; }
	# It warms up with 1000 events a CPU.
	build/bin/evring-consume --brokers "$(cat "$work/brokers")" --topics "$topic" \
		--count $((events + 2000)) --from-zero --strict --timeout 300 >"$work/account" ||
		{ cat "$work/account"; return 1; }
}

check "an event a message, JSON" arrives exec
check "an event a message, raw" arrives 64 value.format=raw
check "JSON without headers: each event says who it is" arrives exec headers=none timestamp=send
check "packed: lines of JSON" arrives exec pack.bytes=60000
check "packed: frames of records" arrives 64 value.format=raw pack.bytes=60000
check "packed without headers: a frame says all" \
	arrives 64 value.format=raw pack.bytes=60000 headers=none timestamp=send
# (As a frame with its type that is more than the mock broker keeps.)
check "a pack smaller than an event has one" arrives exec pack.bytes=1
# shellcheck disable=SC2016 # evringd's variables, not ours
check "packs by key keep each key's order" arrives exec pack.bytes=4000 'key=${cpu}'
# shellcheck disable=SC2016
check "more keys than open packs" arrives exec pack.bytes=4000 'key=${cpu}-${old_tid}'
check "few in flight" arrives 64 value.format=raw pack.bytes=60000 inflight.max.events=100

# Of the two only the first is no field; evringd starts all the same.
# shellcheck disable=SC2016
warns() {
	arrives exec 'key=${nosuch}${old_tid}' || return 1
	if ! grep -q 'key "key": variable 1 is a field that no type has' "$work/log" ||
		grep -q 'variable 2' "$work/log"; then
		cat "$work/log"
		return 1
	fi
}
check "a field that no type has is warned of" warns

# Numbers and secrets from elsewhere, as Kafka Connect has them; the log has no word of them.
# shellcheck disable=SC2016
provided() {
	printf 'linger=20\ntopic=ed\n' >"$work/provided.properties"
	CLIENT=Secr3t arrives exec "kafka.linger.ms=\${file:$work/provided.properties:linger}" \
		'kafka.client.id=${env:CLIENT}' || return 1
	! grep Secr3t "$work/log"
}
check "values from config providers" provided

# Exit status 2, so that systemd leaves it alone: before the device is opened.
misused() {
	local pattern=$1 status=0
	shift
	connector none "$@"
	build/bin/evringd "$work/connector.json" >"$work/log" 2>&1 || status=$?
	if [ $status != 2 ] || ! grep -q "$pattern" "$work/log"; then
		echo "status $status"
		cat "$work/log"
		return 1
	fi
}
check "what breaks the promise ends it with status 2" misused 'kafka.acks' kafka.acks=1
# shellcheck disable=SC2016
check "a secret that there is not too" misused 'kafka.sasl.password.*No such file' \
	'kafka.sasl.password=${file:/nonexistent:x}'
tap_end
