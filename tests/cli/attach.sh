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
# Of one run's files that share a group, evringd runs the first one that is right.
mkdir /tmp/siem.d
siem 'uid == 0' /tmp/siem.d/b.json
sed 's/"name":"siem"/"name":"two"/; s/"hooks"/"group.id":"siem",&/; s/uid == 0/pid == 0/' /tmp/siem.d/b.json >/tmp/siem.d/c.json
sed 's/"process.exec"/"nosuch"/; s/uid == 0/tid == 0/' /tmp/siem.d/b.json >/tmp/siem.d/a.json
ends 2 'c.json: key "group.id": "siem" is the group of /tmp/siem.d/b.json too; a group has one reader' \
	"evringd --attach: one group of two connectors" evringd --attach --user 12345 --connectors /tmp/siem.d
grep -q "b.json: the hooks of group siem, which is user 12345's, are attached" /tmp/out
ok $? "... is the first one's"
unchanged "... whose filter stays"
ends 2 'c.json: key "name": "siem" is the connector of /tmp/siem.d/b.json too' \
	"... and of one name, in files of the command line" sh -c 'sed -i s/two/siem/ /tmp/siem.d/c.json &&
	exec evringd --attach --user 12345 /tmp/siem.d/[bc].json'
unchanged "... too"
evring groups drop siem >/tmp/out
# Whoever can write the file would see root's secret, as all readers see the names of groups.
mkdir /tmp/roots
echo t0ken >/tmp/roots/token
# shellcheck disable=SC2016 # evringd's reference, not ours
sed 's|"hooks"|"group.id":"${dir:/tmp/roots:token}",&|' /tmp/siem.d/b.json >/tmp/roots/named.json
chown nobody /tmp/roots/named.json
ends 2 'key "group.id": asks a config provider, .* /tmp/roots/named.json is not root.s alone' \
	"evringd --attach as root: no secret of root's is a group's name" evringd --attach --user nobody /tmp/roots/named.json
evring groups >/tmp/out
! grep -q t0ken /tmp/out
ok $? "... and nobody sees it"
chown root /tmp/roots/named.json
says 'the hooks of group t0ken' "... unless root alone says so" evringd --attach --user nobody /tmp/roots/named.json
evring groups drop t0ken >/tmp/out
# shellcheck disable=SC2016 # no shell is to expand it
sed 's/process.exec/file.mkdir/g' /tmp/siem.d/b.json >'/tmp/siem.d/$(id).json'
ends 1 'needs CAP_PERFMON: as root, evringd --attach --user 65534 FILE (its file)$' \
	"evringd: a file's name that a shell would obey is not told to root" \
	su -s /bin/sh nobody -c "exec timeout 60 evringd '/tmp/siem.d/\$(id).json'"
