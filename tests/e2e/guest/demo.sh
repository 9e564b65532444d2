# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# demo.sh CLOCK N PORT: a small workload, then a burst of N processes. PORT, if
# not 0, is a broker that says it is at 127.0.0.1: relay it to the host.
. /e2e/lib.sh
setup "$1"
if [ "$3" != 0 ]; then
	socat "TCP-LISTEN:$3,bind=127.0.0.1,fork,reuseaddr" "TCP:10.0.2.2:$3" &
	relay=$!
fi
daemon_start
wait_attached
echo "guest: ready"
evring-nop hello from the guest
env -i /bin/busybox sh -c 'exec /bin/busybox uname -a' >/dev/null
/bin/busybox cat /etc/passwd >/dev/null
/bin/busybox sh -c 'exit 3'
/bin/busybox sh -c 'kill -TERM $$'
sleep 2
echo "guest: burst"
evring-burst "$2" || fail "burst"
echo "guest: burst over"
finish
[ "$3" = 0 ] || kill "$relay"
