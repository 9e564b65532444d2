# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Shared by the scripts of tests/env/ that start a server in a folder of its own:
# $dir is that folder, and the server's command line must have $dir in it.

dir=''
readonly service_seconds=600 stop_seconds=20

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

listens() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Below the range that the kernel takes outgoing ports from (from 32768 on), so
# that nobody else is given it meanwhile.
free_port() {
	local port
	while :; do
		port=$((RANDOM % 12000 + 20000))
		listens "$port" || break
	done
	echo "$port"
}

# Prints the process's id if it lives and is this server, not a later process
# that was given the same number.
running() {
	local pid
	pid=$(cat "$dir/pid" 2>/dev/null) && [ -n "$pid" ] || return 1
	grep -qF "$dir" "/proc/$pid/cmdline" 2>/dev/null || return 1
	echo "$pid"
}

# service_start READY COMMAND...: start it, and wait until the command READY succeeds.
# In a session of its own: an interrupt at the terminal ends the test, which then
# stops the server.
service_start() {
	local ready=$1 tries=0
	shift
	setsid "$@" </dev/null >>"$dir/log" 2>&1 &
	echo $! >"$dir/pid" # setsid becomes the server, it does not fork
	until "$ready"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 20 ] && ! running >/dev/null; then
			tail -n 30 "$dir/log" >&2
			die "it did not start: see $dir/log"
		fi
		if [ "$tries" -gt $((service_seconds * 5)) ]; then
			end_by KILL
			die "it was not ready within $service_seconds s: see $dir/log"
		fi
		sleep 0.2
	done
}

# end_by SIGNAL: signals the server and waits for its end; fails if it lives on.
end_by() {
	local pid tries=0
	pid=$(running) || return 0
	kill -s "$1" "$pid" 2>/dev/null || true
	while running >/dev/null; do
		tries=$((tries + 1))
		[ "$tries" -lt $((stop_seconds * 20)) ] || return 1
		sleep 0.05
	done
	rm -f "$dir/pid"
}

verb_stop() {
	end_by TERM || end_by KILL
}

verb_kill() {
	end_by KILL
}
