# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# TAP for scripts that a guest's shell (busybox) runs: source it, end with guest_end.
n=0
failed=0

ok() { # ok STATUS "what must hold"
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		failed=$((failed + 1))
		echo "not ok $n - $2"
		sed 's/^/#   /' /tmp/out
	fi
}

# ends STATUS PATTERN "what must hold" COMMAND...: with this status, and prints such a line
ends() {
	want=$1 pattern=$2 name=$3
	shift 3
	"$@" >/tmp/out 2>&1
	got=$?
	echo "(status $got)" >>/tmp/out
	[ "$got" = "$want" ] && grep -q -e "$pattern" /tmp/out
	ok $? "$name"
}

# says PATTERN "what must hold" COMMAND...: succeeds, and prints such a line
says() {
	ends 0 "$@"
}

# until_true COMMAND...: some minutes at most
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 1800 ] || return 1
		usleep 100000
	done
}

guest_end() {
	echo "1..$n"
	[ "$failed" = 0 ]
}
