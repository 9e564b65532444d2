# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# plain.sh CLOCK N: N processes with the daemon at work.
. /e2e/lib.sh
setup "$1"
daemon_start
wait_attached
echo "guest: burst"
evring-burst "$2" || fail "burst"
echo "guest: burst over"
finish
