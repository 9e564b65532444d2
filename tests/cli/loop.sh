# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A part of guest.sh: evringd's own work is in no event that it ships, whichever hooks it
# asks for. A broker runs.

# A daemon that ships the events of sets, to a broker, makes none itself. (The broker is a
# process as any other: what it does is told.)
echo '{"name":"idle","config":{"hooks":"@security,@audit","hooks.snapshot":"true","kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'"}}' \
	>/tmp/idle.json
start_daemon /tmp/idle.json
until_it_says '^file.open  *attached' evring hooks
for file in 1 2 3 4 5 6 7 8 9 10; do
	echo content >/tmp/file.$file
done
until_it_says '"lag_bytes":0' evring groups --json
# Events so far. To wait and to look makes some, as many each time.
emitted() {
	sleep "$1"
	evring status --json >/tmp/status
	grep -o '"emitted":[0-9]*' /tmp/status | cut -d: -f2 >/tmp/counts
	total=0
	while read -r count; do
		total=$((total + count))
	done </tmp/counts
}
# Others may do something once; a daemon that makes events makes some each time.
tries=0
while
	emitted 0
	first=$total
	emitted 0
	look=$((total - first)) first=$total
	emitted 5
	echo "$look events by a look at once, $((total - first)) by one after five seconds" >/tmp/out
	sed 's/^/# /' /tmp/out
	tries=$((tries + 1))
	[ $((total - first)) != $look ] && [ $tries -lt 10 ]
do :; done
[ $look -gt 0 ] && [ $((total - first)) = $look ]
ok $? "evringd with @security and @audit: an idle host stays idle"
evring tail --json --from-start --no-follow >/tmp/events
grep '"type":"process.state"' /tmp/events | grep '"pid":'$broker, >/dev/null
ok $? "evringd with hooks.snapshot: the processes that ran before are told"
grep -v '"type":"process.state"' /tmp/events >/tmp/live
echo "$(grep -c '"pid":'$daemon, /tmp/live) by evringd" >/tmp/out
grep -q '"type":"file.open".*/tmp/file.10' /tmp/live && ! grep -q '"pid":'$daemon, /tmp/live
ok $? "evringd with @security and @audit: acts of others are told, its own are not"
kill -TERM $daemon
wait $daemon
says 'idle' "groups drop: with its hooks" evring groups drop idle

# With all hooks even the scheduler's and each system call. What the broker does for an
# event is told, too: with the broker on the same host that would be a loop, but for the
# filter. What evringd does is in no event, not even what librdkafka's threads do.
cat >/tmp/all.json <<EOT
{"name":"all","config":{"hooks":"@all","filter":"pid != $broker",
"kafka.bootstrap.servers":"$(cat /tmp/broker)"}}
EOT
start_daemon /tmp/all.json
until_it_says '^syscall.enter  *attached' evring hooks
sleep 2
# On a slow machine its lane is full at times, which the stream declares.
written() {
	echo content >/tmp/file.all
	evring tail --json --type file.open --from-start --no-follow 2>/dev/null |
		grep '/tmp/file.all' >/dev/null
}
until_true written
evring hooks detach --group all '*' >/tmp/out
until_it_says '"lag_bytes":0' evring groups --json
evring tail --json --from-start --no-follow >/tmp/events
for type in syscall.enter sched.switch net.recv file.open; do
	echo "$(grep -c '"type":"'$type'"' /tmp/events) $type"
done >/tmp/out
echo "$(grep -c '"context":"task","pid":'$daemon, /tmp/events) by evringd" >>/tmp/out
sed 's/^/# /' /tmp/out
grep -q '"type":"file.open".*/tmp/file.all' /tmp/events &&
	grep -q '"type":"syscall.enter".*"pid":'$broker, /tmp/events &&
	! grep -q '"context":"task","pid":'$daemon, /tmp/events
ok $? "evringd with @all: acts of others are told, its own are not"
kill -TERM $daemon
wait $daemon
says 'all' "groups drop: with all hooks" evring groups drop all

# All hooks once more, and no broker beside it: librdkafka's own runs in evringd's process, so
# that whatever an event causes is evringd's work, or that of interrupts and of the kernel's
# threads for it. The connector's file and evringd's log lie on a disk.
kill -STOP $broker
mkdir /tmp/own
dd if=/dev/zero of=/tmp/disk bs=1024k count=8 2>/tmp/out
losetup /dev/loop0 /tmp/disk && mke2fs -F /dev/loop0 >/tmp/out 2>&1 && mount -t ext2 /dev/loop0 /tmp/own
ok $? "a disk for evringd's files"
mkdir /tmp/own/connectors
echo '{"name":"own","config":{"hooks":"@all","group.start":"latest","topic":"own","delivery.accept":"loss","kafka.test.mock.num.brokers":"1","kafka.bootstrap.servers":"mock:9092"}}' \
	>/tmp/own/connectors/own.json
evringd --connectors /tmp/own/connectors --rest /tmp/own/rest.sock 2>/tmp/own/log &
daemon=$!
until_it_says '^syscall.enter  *attached' evring hooks
sync
# Between two marks somebody sleeps: that makes so many events, however long it takes.
window() {
	: >/tmp/mark.$1.begin
	sleep 5
	: >/tmp/mark.$1.end
}
window first
tries=0
while [ $tries -lt 100 ]; do
	tries=$((tries + 1))
	: >/tmp/burst
done
window second
kill -STOP $daemon
sleep 1
window stopped
kill -CONT $daemon
echo others >/tmp/own/others
sync
evring hooks detach --group own '*' >/tmp/out
until_it_says '"lag_bytes":0' evring groups --json
kill -USR1 $daemon
until_it_says 'own: .* delivered [1-9]' cat /tmp/own/log
evring tail --json --from-start --no-follow >/tmp/events
# "WINDOW TYPE COUNT" of each, and WINDOW "-" for all there is. The kernel begins and ends its
# workers whenever it likes; the scheduler's events tell what they do.
awk '
	function part(pattern, from) {
		return match($0, pattern) ? substr($0, RSTART + from, RLENGTH - from - 1) : ""
	}
	{ type = part("\"type\":\"[a-z._]*\"", 8); count["- " type]++ }
	type == "file.open" && (mark = part("/tmp/mark.[a-z.]*\"", 10)) != "" {
		name = mark ~ /begin$/ ? substr(mark, 1, length(mark) - 6) : ""
		next
	}
	type !~ /^sched/ && /"comm":"k(worker\/|threadd")/ { next }
	name != "" { count[name " " type]++ }
	name != "" && /"woken_comm":"kworker/ { count[name " sched.kworker"]++ }
	END { for (i in count) print i, count[i] }' /tmp/events | sort >/tmp/counts
# counts WINDOW: of all types but the scheduler's; works WINDOW: those that kernel threads did
counts() {
	sed -n "s/^$1 //p" /tmp/counts | grep -v '^sched\.' >"/tmp/counts.$1"
}
works() {
	works=$(sed -n "s/^$1 sched.kworker //p" /tmp/counts)
	works=${works:-0}
}
counts first
counts second
counts stopped
sed 's/^/# /' /tmp/counts
cp /tmp/counts /tmp/out
grep -q '^syscall.enter ' /tmp/counts.first && cmp /tmp/counts.first /tmp/counts.second >>/tmp/out 2>&1 &&
	cmp /tmp/counts.first /tmp/counts.stopped >>/tmp/out 2>&1
ok $? "evringd with @all, all work its own: an idle host stays idle, whatever was shipped before"
# What shipping an event has kernel threads do is told by the scheduler's: were it one work, that
# would be the next event, some hundred times in a window. Others' works are a few.
works stopped
idle=$works
works second
[ "$works" -le $((2 * idle + 20)) ]
ok $? "... its wake-ups need no work of kernel threads"
grep -q '^- block.io ' /tmp/counts && ! grep -q '^[a-z]* block.io ' /tmp/counts
ok $? "... nor does it write to a disk"
# The shell has stopped it, by a signal.
grep -v '"type":"process.signal"' /tmp/events |
	grep -E "\"context\":\"task\",\"pid\":$daemon,|_pid\":$daemon[,}]" >/tmp/own.events
sed -n '1,5p' /tmp/own.events >/tmp/out
[ ! -s /tmp/out ]
ok $? "... no event says of itself that it was evringd's"
kill -TERM $daemon
wait $daemon
says 'own' "groups drop: with all hooks, once more" evring groups drop own
umount /tmp/own
losetup -d /dev/loop0
kill -CONT $broker
