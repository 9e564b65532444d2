# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# evringd on the module in its own process (evringd-sim) against $brokers, and a
# ledger of the events that arrived. Source it from the top folder; $work is a folder.

readonly sim=${EVRINGD_SIM:-build/bench/evringd-sim}
: "${work:?}"
brokers='' broker_pid='' topic='' pid='' files=()

# broker [OPTION]...: start a broker in place of the last one. Sets brokers. It
# executes commands from file descriptor 9.
broker() {
	exec 9>&-
	rm -f "$work/stdin" "$work/brokers"
	mkfifo "$work/stdin"
	build/bin/evring-mock-broker "$@" <"$work/stdin" >"$work/brokers" 2>"$work/broker.log" &
	broker_pid=$!
	exec 9>"$work/stdin"
	until [ -s "$work/brokers" ]; do
		kill -0 "$broker_pid" 2>/dev/null || { cat "$work/broker.log"; return 1; }
		sleep 0.02
	done
	brokers=$(<"$work/brokers")
}

# tell COMMAND ARGUMENT: have the broker execute it, and wait for that
tell() {
	local before
	before=$(grep -c ': done$' "$work/broker.log")
	echo "$*" >&9
	until [ "$(grep -c ': done$' "$work/broker.log")" -gt "$before" ]; do
		kill -0 "$broker_pid" 2>/dev/null || { cat "$work/broker.log"; return 1; }
		sleep 0.02
	done
}

# named NAME TOPIC [KEY=VALUE]...: the file of one connector more
named() {
	local pair name=$1 topic=$2
	shift 2
	{
		printf '{"name": "%s", "config": {"topic": "%s", ' "$name" "$topic"
		for pair in "$@"; do printf '"%s": "%s", ' "${pair%%=*}" "${pair#*=}"; done
		printf '"kafka.bootstrap.servers": "%s"}}\n' "$brokers"
	} >"$work/$name.json"
	files+=("$work/$name.json")
}

# connector TOPIC [KEY=VALUE]...: the file of the only one; sets topic
connector() {
	files=()
	topic=$1
	named sim "$@"
}

# run STATUS [OPTION]...: evringd ends with this status
run() {
	local expected=$1 status=0
	shift
	timeout 600 "$sim" "$@" "${files[@]}" >"$work/result" 2>"$work/log" || status=$?
	[ "$status" = "$expected" ] && return 0
	echo "status $status, not $expected"
	tail -n 30 "$work/log"
	return 1
}

says() {
	grep -qE "$1" "$work/log" && return 0
	echo "the log does not say '$1':"
	tail -n 30 "$work/log"
	return 1
}

# sent FILE TOPIC: each line of the file is a message, in the order of the lines
sent() {
	kcat -P -b "$brokers" -t "$2" -p 0 -l "$1"
}

# of_ring MACHINE TIME SEQ...: its events at this time, of seconds since 1970
of_ring() {
	local seq
	for seq in "${@:3}"; do
		printf '{"machine_id":"%s","boot_id":"b","lane":"l","cpu":0,"seq":%d,"time_ns":%d000000000}\n' \
			"$1" "$seq" "$2"
	done
}

# account COUNT [OPTION]...: so many distinct events, all of them, none twice ($repeats: at most so many),
# each header its value's; with --strict each ring in order
account() {
	local count=$1
	shift
	build/bin/evring-consume --brokers "$brokers" --topics "$topic" --count "$count" --from-zero \
		--timeout 300 --expect-quiet-ms 50 "$@" >"$work/account" 2>&1 &&
		awk -v most="${repeats:-0}" '$NF == "all" { exit $5 > most }' "$work/account" && return 0
	cat "$work/account"
	tail -n 20 "$work/log"
	return 1
}

# start [OPTION]...: evringd in the background, until ends() at least
start() {
	: >"$work/log"
	rm -f "$work/enough"
	timeout --foreground 1000 "$sim" --until "$work/enough" "$@" "${files[@]}" >"$work/result" 2>"$work/log" &
	pid=$!
}

# until_says PATTERN: it must, at some time
until_says() {
	until grep -qE "$1" "$work/log"; do
		kill -0 "$pid" 2>/dev/null || { says "$1"; return; }
		sleep 0.05
	done
}

# eventually COMMAND...: it succeeds at some time, as long as evringd runs
eventually() {
	until "$@"; do
		kill -0 "$pid" 2>/dev/null && { sleep 0.05; continue; }
		"$@" && return
		echo "evringd has ended, and never: $*"
		tail -n 30 "$work/log"
		return 1
	done
}

# has PATTERN N: the log has so many such lines, or more
has() {
	[ "$(grep -cE "$1" "$work/log")" -ge "$2" ]
}

# counted PATTERN N: it has them at some time
counted() {
	eventually has "$@"
}

# times PATTERN: how many such lines there are so far
times() {
	grep -cE "$1" "$work/log"
}

# sim_pid: of evringd itself, which timeout(1) runs
sim_pid() {
	local child
	child=$(<"/proc/$pid/task/$pid/children")
	echo "${child% }"
}

# hang_up: SIGHUP, and evringd has read the folder
hang_up() {
	local before
	before=$(times 'SIGHUP: reading')
	kill -HUP "$(sim_pid)" && counted 'SIGHUP: reading' $((before + 1))
}

# ends STATUS
ends() {
	local status=0
	: >"$work/enough"
	wait "$pid" || status=$?
	[ "$status" = "$1" ] && return 0
	echo "status $status, not $1"
	tail -n 30 "$work/log"
	return 1
}
