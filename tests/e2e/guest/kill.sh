# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# kill.sh CLOCK N KILLS: evringd is killed in the middle, again and again; each
# time another one takes over.
. /e2e/lib.sh
setup "$1"
daemon_start
wait_attached
evring-burst "$2" &
burst=$!
i=0
while [ $i -lt "$3" ]; do
	i=$((i + 1))
	usleep 1500000
	kill -KILL "$daemon"
	wait "$daemon"
	daemon_start
	echo "guest: killed $i"
done
wait "$burst" || fail "burst"
finish
