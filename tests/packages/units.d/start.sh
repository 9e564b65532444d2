# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# In the guest: systemd as the first process of a namespace, whose service is the test.
printf '%s\n' 'evring-connect:x:990:990::/:/bin/false' 'evring-hooks:x:989:989::/:/bin/false' >>/etc/passwd
printf '%s\n' 'evring-connect:x:990:' 'evring-hooks:x:989:' >>/etc/group
mkdir -p /etc/evring/connectors.d /etc/systemd/system/service.d
chown root:evring-connect /etc/evring && chmod 750 /etc/evring
chown root:evring-connect /etc/evring/connectors.d && chmod 770 /etc/evring/connectors.d
# There is no journal.
printf '[Service]\nStandardOutput=append:/run/said\nStandardError=append:/run/said\n' \
	>/etc/systemd/system/service.d/said.conf
unshare -m -p -f --mount-proc /bin/busybox env -i container=evring PATH=/bin:/sbin:/usr/bin:/usr/sbin \
	/lib/systemd/systemd --unit=units-test.target --log-target=console --show-status=0 \
	</dev/null >/run/systemd.log 2>&1 &
outer=$!
: >>/run/tap
tail -n +1 -f /run/tap &
lines=$!
tries=0
until [ -e /run/status ] || [ $tries -ge 9000 ] || ! kill -0 $outer; do
	tries=$((tries + 1))
	usleep 100000
done
status=1
[ ! -e /run/status ] || status=$(cat /run/status)
sleep 1
kill $lines
if [ "$status" != 0 ]; then
	sed 's/^/# systemd: /' /run/systemd.log | tail -n 40
	tail -n 40 /run/said | sed 's/^/# said: /'
fi
# Its first process, and with it all others
kill -KILL "$(tr -d ' ' <"/proc/$outer/task/$outer/children")"
wait $outer 2>/dev/null
exit "$status"
