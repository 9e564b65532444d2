# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A part of guest.sh: evringd --attach on a group that is not its user's. A broker runs.

# siem FILTER FILE: a connector of that group
siem() {
	echo '{"name":"siem","config":{"hooks":"process.exec","hooks.filter.process.exec":"'"$1"'","group.start":"latest","kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'"}}' >"$2"
}
# unchanged WHAT: the group's own filter is there, and nobody has been given it
unchanged() {
	{
		evring filter
		evring groups --json
	} >/tmp/out
	grep -q '^process.exec  *siem  *-  *uid == 0' /tmp/out && ! grep -q '"uid":65534' /tmp/out
	ok $? "$1"
}
theirs='group siem: is there, and was not given to user 65534, so it stays as it is: .*evring groups drop siem'
siem 'uid == 0' /tmp/theirs.json
siem 'pid == 0' /tmp/ours.json
start_daemon /tmp/theirs.json
until_it_says 'connector siem, group siem' cat /tmp/log
ends 1 "$theirs" "evringd --attach: not for a group that another program reads" \
	evringd --attach --user nobody /tmp/ours.json
unchanged "... whose filter stays, and whose it is"
kill -TERM "$daemon"
wait "$daemon"
ends 1 "$theirs" "... nor once that has left it" evringd --attach --user nobody /tmp/ours.json
unchanged "... of which it has changed nothing either"
evring groups drop siem >/tmp/out
says "which is user 12345's" "evringd --attach: it makes the group for a user" \
	evringd --attach --user 12345 /tmp/theirs.json
ends 1 "$theirs" "... and that is no other user's then" evringd --attach --user nobody /tmp/ours.json
unchanged "... nor its filter"
says "which is user 12345's" "... but may be attached for that user again" \
	evringd --attach --user 12345 /tmp/theirs.json
evring groups drop siem >/tmp/out
# A user without the right makes no group, as evringd --attach would leave it alone.
echo '{"name":"siem","config":{"kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'"}}' >/tmp/none.json
ends 1 'group siem: is not there, and to make it this user.s needs CAP_PERFMON: systemctl restart the.unit' \
	"evringd of a unit does not make its group" \
	su -s /bin/sh nobody -c 'EVRING_HOOKS_UNIT=the.unit exec timeout 60 evringd /tmp/none.json'
evring groups >/tmp/out
! grep -q siem /tmp/out
ok $? "... and there is none"
