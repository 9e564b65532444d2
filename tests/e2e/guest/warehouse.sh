# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# warehouse.sh CLOCK N: users who run programs; then evringd is killed at work, and a
# burst of N processes finds no room in small rings.
. /e2e/lib.sh

# by USER COMMAND...
by() {
	user=$1
	shift
	su -s /bin/sh "$user" -c "$*"
}

setup "$1" 256
for user in alice:1001 bob:1002; do
	echo "${user%:*}:x:${user#*:}:${user#*:}::/:/bin/sh" >>/etc/passwd
done
cut -d: -f1,3 /etc/passwd | sed 's/^/user: /'
daemon_start
wait_attached
echo "guest: ready"
by alice "/bin/uname -a" >/dev/null
by alice "/bin/cat /etc/passwd | /bin/sort | /bin/uniq -c" >/dev/null
by alice "exit 3"
by bob "/bin/ls -l /etc /proc" >/dev/null
by bob "kill -TERM \$\$"
evring types register /e2e/registration/registration.json >/dev/null || fail "register"
evring publish user.registered user_id=1001 email=alice@example.org plan=paid || fail "publish"
evring publish user.registered user_id=1002 email=bob@example.org plan=free || fail "publish"
evring-burst $(($2 / 4)) &
burst=$!
sleep 1
kill -KILL "$daemon"
wait "$daemon"
wait "$burst" || fail "burst"
echo "guest: evringd is killed"
evring-burst "$2" || fail "burst"
echo "guest: burst over"
daemon_start
wait_drained 1200
# A loss is told before the next event that fits: one on each CPU.
for cpu in 1 2; do
	taskset "$cpu" /bin/busybox true
done
finish
