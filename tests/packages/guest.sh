# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# guest.sh OLD NEW: in the guest, as packages leave it: the loaded module is
# replaced where nothing is lost by it; and evringd under its unit's filter.
old=$1 new=$2
modules=/lib/modules/$(uname -r)/updates
module=/usr/lib/evring/module

# shellcheck source=tests/harness/guest.sh
. /guest.sh

installed() {
	mkdir -p "$modules"
	cp "/packages/$1.ko" "$modules/evring.ko"
	depmod
}

version_is() {
	[ "$(cat /sys/module/evring/version)" = "$1" ]
}

attached() {
	evring hooks --json | tr '{' '\n' | grep '"attached":true' | sed 's/,"l.*//'
}

has_group() {
	evring groups --json | grep '"name":"host"' >/dev/null
}

# lag_is no|some
lag_is() {
	evring groups --json | grep '"lag_bytes":0[,}]' >/dev/null
	[ $? = "$([ "$1" = no ] && echo 0 || echo 1)" ]
}

connector() { # connector BROKERS
	echo '{"name":"host","config":{"hooks":"process.*","kafka.bootstrap.servers":"'"$1"'"}}' >/tmp/host.json
}

installed old
ends 0 '^(status 0)$' "nothing is loaded: nothing to do" $module upgrade
modprobe evring
version_is "$old"
ok $? "the old one is loaded"
ends 0 '^(status 0)$' "it is the installed one: nothing to do" $module upgrade
installed new

evring tail >/dev/null &
reader=$!
until_true grep -qx 1 /sys/module/evring/refcnt
ends 1 "version $old, stays: it is in use by .*evring ($reader)" "a reader: the old one stays, and who it is" \
	$module upgrade
grep -q 'at the next boot' /tmp/out
ok $? "... and says when the new one comes"
kill $reader
wait $reader 2>/dev/null

sleep 100000 7>/dev/evring-publish &
publisher=$!
until_true grep -qx 1 /sys/module/evring/refcnt
ends 1 "in use by .*sleep ($publisher)" "an application that may publish: the old one stays, and who it is" \
	$module upgrade
kill $publisher
wait $publisher 2>/dev/null

# shellcheck disable=SC2016 # for the shell there
sh -c 'exec 7>/dev/evring-publish; printf "x\\\\n\033[2Jy" >/proc/$$/comm; kill -STOP $$' &
publisher=$!
until_true grep -q 'x\\n.*y' /proc/$publisher/comm
ends 1 'in use by x\\n\[2Jy ('"$publisher"')' "one that has named itself for a terminal: as plain text" \
	$module upgrade
! grep "$(printf '\033')" /tmp/out >/dev/null
ok $? "... and nothing else of it"
kill -KILL $publisher
wait $publisher 2>/dev/null

connector 127.0.0.1:1
evringd /tmp/host.json >/dev/null 2>&1 &
daemon=$!
until_true has_group
ends 1 "in use by .*evringd ($daemon)" "a daemon: the old one stays" $module upgrade
until_true lag_is some
kill -9 $daemon
wait $daemon 2>/dev/null
until_true grep -qx 0 /sys/module/evring/refcnt
ends 1 'host ([0-9]* bytes)' "events that the daemon has not delivered: the old one stays" $module upgrade
ends 1 'host ([0-9]* bytes)' "... and is not unloaded" $module unload
grep -q 'lose these events: /usr/lib/evring/module unload --discard-unread$' /tmp/out
ok $? "... and how to unload it all the same is said"
attached | grep process.fork >/dev/null && version_is "$old"
ok $? "... with its hooks"
evring hooks attach process.exec >/dev/null
ends 1 'without evring' "without the tool it cannot be told: the old one stays" \
	env PATH=/bin:/sbin:/usr/bin:/usr/sbin $module upgrade
ends 2 'Usage' "an unknown option" $module upgrade --nosuch
ends 0 "version $new now; it was $old" "asked to give the events up, it is replaced" \
	$module upgrade --discard-unread
grep -q 'attached again, without filters, limits and lanes: process.exec$' /tmp/out &&
	grep -q 'detached until their readers start: host$' /tmp/out
ok $? "... and says which hooks are attached again, and which groups lost theirs"
version_is "$new" && [ "$(attached | cut -d'"' -f4)" = process.exec ] && ! has_group
ok $? "... and the administrator's hook is attached again, and no other"
ends 0 '^(status 0)$' "hooks and no group: unloaded" $module unload
[ ! -d /sys/module/evring ]
ok $? "... indeed"

insmod /packages/old.ko
mkdir -p /etc/modprobe.d
echo 'options evring lanes=bulk:3' >/etc/modprobe.d/evring.conf
ends 3 "version $old is unloaded, and the installed module cannot be loaded" \
	"the new one is refused by the kernel: said, with the reason" $module upgrade
rm /etc/modprobe.d/evring.conf
modprobe evring

evring-mock-broker >/tmp/broker </dev/null &
broker=$!
until_true grep -q ':[0-9]' /tmp/broker
connector "$(head -n 1 /tmp/broker)"
/packages/filtered /packages/allowed evringd /tmp/host.json >/tmp/out 2>&1 &
daemon=$!
until_true has_group
evring-burst 500 >/tmp/burst 2>&1
evring hooks detach --group host 'process.*' >/dev/null
until_true lag_is no
emitted=$(evring status --json | tr '{' '\n' |
	sed -n '/"lane":"critical"/s/.*"emitted":\([0-9]*\).*/\1/p')
echo "emitted: $emitted" | cat - /tmp/burst >>/tmp/out
kill -TERM $daemon
wait $daemon && [ "$emitted" -ge 1500 ]
ok $? "evringd delivers, with no other system calls than its unit allows"
/packages/filtered /packages/too-few evringd /tmp/host.json >/tmp/out 2>&1
[ $? -gt 128 ]
ok $? "one call less, and it is killed: the filter is at work"
kill $broker
$module unload --discard-unread
guest_end
