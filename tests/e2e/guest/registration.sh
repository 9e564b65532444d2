# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# registration.sh CLOCK N: a shop in which N users register, in each of the ways that
# samples/registration shows. It runs as a user of its own, and evringd is killed
# in the middle.
. /e2e/lib.sh
samples=/e2e/registration
users=$2

# by_shop COMMAND...: as the shop's user, who may publish and nothing else.
by_shop() {
	su -s /bin/sh shop -c "$*" || fail "$*"
}

# The shop's signups FROM to TO, a JSON object a line
signups() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"user_id\": %d, \"email\": \"user%d@example.org\", \"plan\": \"%s\"}\n",
			i, i, i % 10 ? "free" : "paid" }'
}

setup "$1"
echo 'shop:x:1000:1000::/:/bin/sh' >>/etc/passwd
echo 'shop:x:1000:' >>/etc/group
chgrp shop /dev/evring-publish && chmod g+w /dev/evring-publish || fail "no /dev/evring-publish"
by_shop "evring types register --json $samples/registration.json >/tmp/registered"
# Before evringd writes into the same pipe, as the line is long.
echo "schema: $(evring types --schema connect user.registered | tr -d '\n')"
echo "guest: the type is registered"
daemon_start
for i in 1 2 3 4 5; do
	by_shop "$samples.bin $i user$i@example.org"
done
echo "guest: 5 users by registration.c"
for i in 6 7 8; do
	by_shop "PYTHONHOME=/usr PYTHONPATH=/e2e/python.zip python3 -S" \
		"$samples/registration.py $i user$i@example.org </tmp/registered"
done
echo "guest: 3 users by registration.py"
by_shop "evring publish user.registered user_id=9 email=user9@example.org plan=free"
echo "guest: 1 user from the shell"
half=$((users / 2))
signups 10 $half | by_shop "evring publish user.registered --stdin"
echo "guest: $((half - 9)) users from a stream"
kill -KILL "$daemon"
wait "$daemon"
echo "guest: evringd is killed, and the shop goes on"
signups $((half + 1)) "$users" | by_shop "evring publish user.registered --stdin"
echo "guest: $((users - half)) users while nobody reads"
daemon_start
wait_drained 1200
kill -TERM "$daemon"
wait "$daemon" || fail "evringd ended with status $?"
echo "emitted: $(evring status --json --rings | tr -d '\n')"
rmmod evring || fail "rmmod"
