# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A service of the systemd that start.sh has started.
# shellcheck source=tests/harness/guest.sh
. /guest.sh
trap 'echo 1 >/run/status' EXIT

# is UNIT PROPERTY: its value
is() {
	systemctl show -P "$2" "$1"
}

has_become() {
	[ "$(is "$1" "$2")" = "$3" ]
}

# until_is UNIT PROPERTY VALUE
until_is() {
	until_true has_become "$@" && return 0
	echo "$1: $2 is $(is "$1" "$2")" >/tmp/out
	return 1
}

is_attached() {
	evring hooks >/tmp/out
	grep -q "^$1  *attached" /tmp/out
}

run_programs() {
	/bin/busybox true
	/bin/busybox true
	/bin/busybox true
}

# settings UNIT LINE...: what `systemctl edit` would write
settings() {
	mkdir -p "/run/systemd/system/$1.d"
	unit=$1
	shift
	{
		echo '[Service]'
		printf '%s\n' "$@"
	} >"/run/systemd/system/$unit.d/test.conf"
	systemctl daemon-reload
}

# connector FILE NAME TOPIC HOOK
connector() {
	echo '{"name":"'"$2"'","config":{"hooks":"'"$4"'","topic":"'"$3"'","kafka.bootstrap.servers":"'"$(cat /run/broker)"'"}}' >"$1"
	chown root:evring-connect "$1"
	chmod 640 "$1"
}

# arrives TOPIC: events of it
arrives() {
	evring-consume --brokers "$(cat /run/broker)" --topics "$1" --count 3 --timeout 120 --expect-quiet-ms 2000 >/tmp/out 2>&1
}

rest() {
	curl -sS --max-time 60 --unix-socket /run/evring/rest.sock "$@" >/tmp/out 2>&1
}

evring-mock-broker >/run/broker </dev/null 2>/dev/null &
until_true [ -s /run/broker ]
connector /etc/evring/c.json c t process.exec

#
# evringd@.service
#

settings evringd@.service WatchdogSec=4
ends 0 '' "evringd@c.service starts: it says READY=1" systemctl start evringd@c
[ "$(is evringd@c Type)/$(is evringd@c ActiveState)/$(is evringd@c SubState)" = notify/active/running ]
ok $? "it is active by Type=notify"
until_is evringd@c StatusText '1 connector: 1 RUNNING'
ok $? "its status tells the connector's state"
pid=$(is evringd@c MainPID)
sed -n '/^\(Uid\|Cap\|NoNew\|Seccomp\)/p' "/proc/$pid/status" >/tmp/out
[ "$(awk '$1 ~ /^Cap/ { print $2 }' /tmp/out | sort -u)" = 0000000000000000 ] &&
	grep -q '^Uid:.990.990' /tmp/out && grep -q '^NoNewPrivs:.1' /tmp/out && grep -q '^Seccomp:.2' /tmp/out
ok $? "it has no capability, a user of its own, and its filter of system calls"
is_attached process.exec && ! is_attached process.exit
ok $? "evring-hooks@c.service has attached its hook"
settings evring-hooks@c.service 'ExecStartPre=/bin/busybox sleep 500' TimeoutStartSec=600
systemctl --no-block restart evring-hooks@c.service
until_is evring-hooks@c.service ActiveState activating
hooks_pid=$(is evring-hooks@c.service ControlPID)
# Before that it is systemd's own, and root's.
until_true grep -qx busybox "/proc/$hooks_pid/comm"
su -s /bin/sh evring-connect -c "kill -STOP $pid && kill -CONT $pid" >/tmp/out 2>&1
ok $? "evringd's user can stop evringd"
! su -s /bin/sh evring-connect -c "kill -STOP $hooks_pid" >/tmp/out 2>&1 && grep -q 'not permitted' /tmp/out
ok $? "... and not what has the capability"
sed -n '/^\(Uid\|Gid\|CapEff\)/p' "/proc/$hooks_pid/status" >/tmp/out
grep 'core' "/proc/$hooks_pid/limits" >>/tmp/out
grep -q '^Uid:.989.989' /tmp/out && grep -q '^Gid:.990.990' /tmp/out && grep -q '^CapEff:.0000004000000000' /tmp/out &&
	grep -q 'core file size  *0  *0 ' /tmp/out
ok $? "... which is a user of its own in the group of evringd's, and leaves no core dump"
systemctl stop evring-hooks@c.service
rm -r /run/systemd/system/evring-hooks@c.service.d
systemctl daemon-reload
run_programs
arrives t
ok $? "under this filter events go from the device to Kafka"
sleep 9
[ "$(is evringd@c NRestarts)/$(is evringd@c MainPID)" = "0/$pid" ]
ok $? "it shows the watchdog that it lives"
kill -STOP "$pid"
until_is evringd@c NRestarts 1 && until_is evringd@c ActiveState active && [ "$(is evringd@c MainPID)" != "$pid" ]
ok $? "one that is stopped is killed by the watchdog, and starts anew"
until_is evringd@c StatusText '1 connector: 1 RUNNING'
ok $? "... and its connector runs again"
settings evringd@c.service Restart=no
kill -STOP "$(is evringd@c MainPID)"
until_is evringd@c ActiveState failed && has_become evringd@c Result watchdog
ok $? "... by the watchdog, and nothing else"
systemctl start evringd@c
ends 0 '' "it stops" systemctl stop evringd@c
[ "$(is evringd@c ActiveState)/$(is evringd@c Result)" = inactive/success ]
ok $? "... in an orderly way"

echo '{"name":"wrong","config":{"topik":"t"}}' >/etc/evring/wrong.json
systemctl start evringd@wrong >/tmp/out 2>&1
until_is evringd@wrong ActiveState failed && [ "$(is evringd@wrong ExecMainStatus)/$(is evringd@wrong NRestarts)" = 2/0 ]
ok $? "a wrong configuration is status 2, and is not started again"
grep -q 'topik' /run/said
ok $? "... and says why"
settings evringd@none.service 'SystemCallFilter=~io_uring_setup' Restart=no
connector /etc/evring/none.json none t process.exec
! systemctl start evringd@none >/tmp/out 2>&1
ok $? "without a system call that it needs it does not start: the filter is in force"
systemctl stop evringd@none

#
# evringd.service, by its socket
#

ends 0 '' "evringd.socket starts" systemctl start evringd.socket
[ "$(is evringd.service ActiveState)/$(stat -c %a /run/evring/rest.sock)" = inactive/600 ]
ok $? "... for root alone, and nobody behind it so far"
rest http://localhost/health && grep -q '"status":"healthy"' /tmp/out
ok $? "the first request starts evringd.service, and is answered"
[ "$(is evringd.service ActiveState)" = active ]
ok $? "... which is active"
connector /tmp/r.json r r process.exit
sed 's/.*"config"://; s/}$//' /tmp/r.json >/tmp/config
rest -X PUT --data-binary @/tmp/config http://localhost/connectors/r/config && stat -c "%a %U %G" /etc/evring/connectors.d/r.json >/tmp/out && grep -qx "640 evring-connect evring-connect" /tmp/out
ok $? "what REST changes is written to /etc/evring/connectors.d, for the group to read"
until_is evringd.service StatusText '1 connector: 1 RUNNING'
ok $? "the connector runs"
until_true is_attached process.exit
ok $? "evring-hooks.path has had its hook attached"
run_programs
arrives r
ok $? "its events are in Kafka"
pid=$(is evringd.service MainPID)
ends 0 '' "systemctl reload" systemctl reload evringd.service
until_true grep -q 'SIGHUP: reading /etc/evring/connectors.d' /run/said && [ "$(is evringd.service MainPID)" = "$pid" ]
ok $? "... reads the folder, in the same process"

# Over the network
echo 'basic operator:secret' >/etc/evring/auth
cp /units/key.pem /units/cert.pem /etc/evring/
chgrp evring-connect /etc/evring/auth /etc/evring/*.pem
chmod 640 /etc/evring/auth /etc/evring/*.pem
settings evringd.service ExecStart= "ExecStart=/usr/sbin/evringd --connectors /etc/evring/connectors.d --rest /run/evring/rest.sock --listen 0.0.0.0:8443 --auth /etc/evring/auth --certificate /etc/evring/cert.pem --key /etc/evring/key.pem"
ends 0 '' "with --listen and TLS it starts" systemctl restart evringd.service
curl -sS --max-time 60 --cacert /units/cert.pem -u operator:secret https://localhost:8443/connectors >/tmp/out 2>&1 && grep -qx '\["r"\]' /tmp/out
ok $? "... and answers over TLS"
curl -sS --max-time 60 -o /dev/null -w '%{http_code}' --cacert /units/cert.pem https://localhost:8443/connectors >/tmp/out 2>&1
[ "$(cat /tmp/out)" = 401 ]
ok $? "... those who have the password"
systemctl stop evringd.service
rest http://localhost/connectors && grep -qx '\["r"\]' /tmp/out
ok $? "a request behind systemctl stop starts it again"
guest_end
status=$?
trap - EXIT
echo $status >/run/status
