# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# guest.sh RUNS ROUNDS EVENTS METRIC ENV: in the guest, prints samples. LTTng-UST has a
# daemon, a session and a trace for each run; its consumer's share of an event is what the
# consumer's threads ran until all was in the trace.
runs=$1 rounds=$2 events=$3 metric=$4 env=$5

# sample CASE METRIC MEMBERS
sample() {
	printf '{"part": "publish", "env": "%s", "who": "LTTng-UST", "case": "%s", "metric": "%s", %s}\n' \
		"$env" "$1" "$2" "$3"
}

fail() {
	echo "publish: LTTng-UST: $*" >&2
	exit 1
}

# What the threads of the consumer, two processes, have run, in nanoseconds
consumer_ran() {
	for pid in $(pidof lttng-consumerd); do cat "/proc/$pid"/task/*/schedstat; done |
		awk '{ n += $1 } END { print n + 0; exit !n }' || fail "its consumer does not run"
}

# What the trace has, and what LTTng says that it has discarded: together they are all.
count() {
	found=$(babeltrace2 /tmp/lttng --component sink.utils.counter 2>/tmp/babeltrace.log |
		awk '$2 == "Event" { n = $1 } END { print n + 0 }')
	discarded=$(lttng list bench | awk '/Discarded events:/ { n += $NF } END { print n + 0 }')
	[ $((found + discarded)) -eq $((rounds * events)) ] ||
		fail "$((rounds * events)) events, $found in the trace, $discarded discarded"
	sample "tracepoint() each" "events discarded" "\"value\": $discarded"
}

# The consumer has made the program's buffers before it is ready: that is no event's share.
ust_run() {
	rm -rf /tmp/lttng /tmp/go
	mkfifo /tmp/go
	{ lttng create bench --output=/tmp/lttng &&
		lttng enable-event --userspace evring_bench:bytes && lttng start; } >/tmp/lttng.log 2>&1 ||
		fail "$(cat /tmp/lttng.log)"
	/bench/evring-bench-ust "$rounds" "$events" "$metric" "$env" </tmp/go >/tmp/ust &
	exec 3>/tmp/go
	until grep -q ready /tmp/ust; do
		kill -0 $! || fail "the program has ended"
		usleep 10000
	done
	before=$(consumer_ran) || exit 1
	echo >&3
	wait $! || exit 1
	exec 3>&-
	lttng stop >/tmp/lttng.log || fail "$(cat /tmp/lttng.log)"
	after=$(consumer_ran) || exit 1
	sed -n '/^{/p' /tmp/ust
	own=$(sed -n 's/.*"value": \([0-9.]*\)}/\1/p' /tmp/ust)
	sample "tracepoint() each, with the consumer's part" "$metric" "$(awk -v own="$own" \
		-v ran=$((after - before)) -v n=$((rounds * events)) \
		'BEGIN { printf "\"value\": %.1f", own + ran / n }')"
	count
	lttng destroy bench >/dev/null
}

/bench/evring-bench-publish "$@" || exit 1
if ! command -v lttng-sessiond >/dev/null; then
	sample "tracepoint() each, the program's part" "$metric" '"skipped": "LTTng could not be fetched"'
	exit 0
fi
lttng-sessiond --daemonize --no-kernel || fail "its daemon does not start"
while [ "$runs" -gt 0 ]; do
	ust_run
	runs=$((runs - 1))
done
