# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Shared by the end-to-end tests and the demo: a work folder, a broker, a guest
# in the background that runs a script of tests/e2e/guest/, and a ledger that
# accounts for every event. Source it from the top folder.

e2e_start() {
	work=$(mktemp -d)
	guest_pid='' kafka='' guest_options=()
	trap e2e_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	build/bin/evring-clock serve >"$work/clock" &
	wait_for_line "$work/clock" '^[0-9]' 600
}

# e2e_end [STATUS]
e2e_end() {
	local status=${1:-$?} children
	trap - EXIT
	# Guest, clock, mock broker, consumers
	mapfile -t children < <(jobs -p)
	[ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
	[ -z "$kafka" ] || tests/env/kafka/broker kill "$kafka" >/dev/null 2>&1 || true
	wait 2>/dev/null || true
	rm -rf "$work"
	exit "$status"
}

# wait_for_line FILE PATTERN SECONDS: until the file has such a line.
wait_for_line() {
	local i
	for ((i = 0; i < $3 * 10; i++)); do
		grep -qE "$2" "$1" 2>/dev/null && return 0
		if [ -n "$guest_pid" ] && ! kill -0 "$guest_pid" 2>/dev/null; then
			grep -qE "$2" "$1" && return 0
			echo "the guest ended before it said '$2'" >&2
			return 1
		fi
		sleep 0.1
	done
	echo "no line '$2' in $1 after $3 s" >&2
	return 1
}

kafka_start() {
	kafka=$work/kafka
	tests/env/kafka/broker start "$kafka" >/dev/null
	host_brokers=$(tests/env/kafka/broker addr "$kafka" host)
	guest_brokers=$(tests/env/kafka/broker addr "$kafka" guest)
}

# connector NAME TOPIC_PREFIX [KEY=VALUE]...: its file, at $work/NAME.json
connector() {
	local name=$1 prefix=$2 pair
	shift 2
	{
		printf '{"name": "%s", "config": {\n' "$name"
		for pair in "$@"; do
			printf '  "%s": "%s",\n' "${pair%%=*}" "${pair#*=}"
		done
		printf '  "hooks": "process.*",\n'
		# shellcheck disable=SC2016 # evringd's variable, not ours
		printf '  "topic": "%s.${type}",\n' "$prefix"
		printf '  "kafka.compression.type": "lz4",\n'
		printf '  "kafka.bootstrap.servers": "%s"\n}}\n' "$guest_brokers"
	} >"$work/$name.json"
}

# guest SCRIPT CONNECTOR [ARGUMENT]...: in the background, with its output in
# $work/guest.log
guest() {
	local script=$1 connector=$2
	shift 2
	tests/env/vm/run --net --timeout "${guest_timeout:-3600}" --mem 1024 \
		--add "tests/e2e/guest/$script:/e2e/$script" \
		--add tests/e2e/guest/lib.sh:/e2e/lib.sh \
		--add "$work/$connector.json:/e2e/connector.json" ${guest_options[@]+"${guest_options[@]}"} -- \
		sh "/e2e/$script" "$(cat "$work/clock")" "$@" >"$work/guest.log" 2>&1 &
	guest_pid=$!
}

# The guest's own verdict. Leaves the counters of emitted events in $work/emitted.json.
guest_end() {
	local status=0
	wait "$guest_pid" || status=$?
	guest_pid=''
	sed -n 's/^emitted: //p' "$work/guest.log" >"$work/emitted.json"
	if [ "$status" != 0 ]; then
		echo "the guest ended with status $status:"
		tail -n 40 "$work/guest.log"
		return 1
	fi
}

# account TOPIC_PREFIX [OPTION]...: is every emitted event in Kafka?
account() {
	local prefix=$1
	shift
	build/bin/evring-consume --brokers "$host_brokers" --topics "^$prefix\\." --timeout 1800 \
		--expect-quiet-ms 2000 --emitted "$work/emitted.json" "$@" >"$work/account" || {
		cat "$work/account"
		return 1
	}
	build/bin/evring verify --brokers "$host_brokers" "^$prefix\\." >"$work/verified" || {
		cat "$work/verified"
		return 1
	}
	awk '$NF == "all" { print "# delivered " $1 ", distinct " $2 ", lost " $3 ", declared " $4 \
		", duplicates " $5 ", reordered " $6 }' "$work/account"
}
