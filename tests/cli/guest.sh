# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# In the guest, with the module loaded: TAP of evring and of evringd's options.
# shellcheck source=tests/harness/guest.sh
. /guest.sh
grep -q ^nobody: /etc/passwd || echo 'nobody:x:65534:65534::/:/bin/sh' >>/etc/passwd

# until_it_says PATTERN COMMAND...: waits for such a line, some minutes at most
until_it_says() {
	pattern=$1 tries=0
	shift
	until "$@" 2>&1 | grep -e "$pattern" >/dev/null || [ $tries -ge 6000 ]; do
		tries=$((tries + 1))
		usleep 100000
	done
}
# What the last one left is not what this one says: a process in the background opens its
# output whenever it gets to run.
start_broker() {
	rm -f /tmp/broker
	evring-mock-broker >/tmp/broker </dev/null &
	broker=$!
	until_it_says '^[0-9.]*:[0-9]' cat /tmp/broker
}
# start_daemon [ARGUMENT]...: evringd, its log in /tmp/log
start_daemon() {
	rm -f /tmp/log
	evringd "$@" 2>/tmp/log &
	daemon=$!
}

says '^critical  *2 ' "status: a row for each lane" evring status
says '^app  *1 ' "status --rings: a row for each ring" evring status --rings
says 'KEPT *HELD' "status --rings: what groups hold of each" evring status --rings
says '"abi":1' "status --json" evring status --json
says '^features: read, uring, hooks, filters, limits, publish, snapshot, redact, give$' \
	"status: what the module can" evring status
says '"features":511,.*"feature_names":\["read","uring",.*"give"\]' "status --json: likewise" \
	evring status --json
says '^evring_module_loaded 1$' "status --prometheus" evring status --prometheus
says 'evring_module_info{version="[^"]*",abi="1",clock="[a-z]*",srcversion="[0-9A-F]*"} 1' \
	"status --prometheus: which module it is" evring status --prometheus
says 'evring_events_emitted_total{lane="app",cpu="1"} [0-9]*$' \
	"status --prometheus: the counters of each ring" evring status --prometheus
says '^evring_hook_attached{hook="process.exec"} 0$' "status --prometheus: no hook is attached" \
	evring status --prometheus
says '^# EOF$' "status --openmetrics" evring status --openmetrics
echo old >/tmp/evring.prom
chmod 600 /tmp/evring.prom
says '' "status --output: prints nothing" evring status --prometheus --output /tmp/evring.prom
[ "$(echo /tmp/evring.prom*)" = /tmp/evring.prom ] && [ "$(stat -c %a /tmp/evring.prom)" = 644 ] &&
	grep -q '^evring_module_loaded 1$' /tmp/evring.prom && ! grep -qx old /tmp/evring.prom
ok $? "... and replaces the file as a whole, for everybody to read"
ends 1 'cannot write' "status --output: into a folder that there is not" \
	evring status --prometheus --output /nosuch/evring.prom
ends 2 'goes with' "status --output alone" evring status --output /tmp/x
says '^evring_module_loaded 0$' "status --prometheus: without a module there is one thing to tell" \
	evring --device /dev/nosuch status --prometheus
says ' process.exec  *1 ' "types: one a line" evring types
says 'argv_truncated  *bool' "types NAME: its fields" evring types -v process.exec
says 'detached' "hooks: all are detached at first" evring hooks
ends 0 "^evring: no hook is attached: evring hooks attach 'process.\*'; 'evring hooks' lists all" \
	"tail --no-follow: nothing to print, and why" evring tail --no-follow
ends 0 '^evring: no hook that emits such events is attached: evring hooks attach process.exec;' \
	"tail --no-follow --type: likewise, and which hook" evring tail --no-follow --type process.exec
ends 0 '^evring: no hook that emits such events is attached: evring hooks attach net.send;' \
	"tail --no-follow --filter: likewise" evring tail --no-follow --filter 'dns_name == "x"'
rm -f /tmp/out
evring tail >/tmp/out 2>&1 &
tail=$!
until_it_says 'no hook' cat /tmp/out
kill $tail
wait $tail
grep -q "^evring: no hook is attached: evring hooks attach 'process.\*'" /tmp/out
ok $? "tail: says at once that no hook is attached"
evring tail --no-follow --lane app >/tmp/out 2>&1 && [ ! -s /tmp/out ]
ok $? "tail --lane: of a lane that no hook uses there is no hook to attach"
says 'process.fork: attached' "hooks attach takes a glob" evring hooks attach 'process.*'
says 'process.exec *attached' "hooks: now attached" evring hooks
evring tail --no-follow --type process.ptrace >/tmp/out 2>&1 && [ ! -s /tmp/out ]
ok $? "tail --no-follow: no event of a hook that is attached is nothing to tell"
evring status --prometheus >/tmp/out
grep -q '^evring_hook_attached{hook="process.exec"} 1$' /tmp/out &&
	grep -q '^evring_hook_expected{hook="process.exec"} 1$' /tmp/out &&
	grep -q '^evring_hook_expected{hook="file.open"} 0$' /tmp/out
ok $? "status --prometheus: hooks that are attached, and wanted"
says '' "hooks attach: again is fine" evring hooks attach process.exec
ends 1 'process.exec' "hooks attach: no such hook, and what there is" evring hooks attach nosuch
ends 2 'usage\|help' "no verb: usage" evring
ends 2 'nosuch' "an unknown verb" evring nosuch
ends 2 'option' "an unknown option" evring status --nosuch
ends 1 'loaded' "no device: says that the module may not be loaded" evring --device /dev/nosuch status
ends 1 'ermission\|group' "no permission: says what to do" \
	su -s /evring/bin/evring nobody status

ends 1 'no field .pth. in process.exec: did you mean .path.' "filter check: a typo with the field that was meant" \
	evring filter check process.exec 'pth == "/"'
ends 1 '^ *^~~$' "filter check: and a mark below it" evring filter check process.exec 'pth == "/"'
says "argv  *equal  *'x y'  *accept" "filter check --dump: the program" \
	evring filter check --dump process.exec "uid == 0 && argv == 'x y'"
evring types --json >/tmp/types
says 'process.exec: 1 instruction' "filter check --types: without a device" \
	evring --device /dev/nosuch filter check --types /tmp/types process.exec 'pid in (1, 5..7)'
says '"namespace": "evring.process"' "types --schema avro" evring types --schema avro process.exec
says '^ *optional uint32 ppid = ' "types --schema protobuf" evring types --schema protobuf process.exec
says 'http://json-schema.org/draft-07/schema#' "types --schema json" \
	evring types --schema json process.exec
says '"field": "ppid"' "types --schema connect" evring types --schema connect process.exec
evring types --schema avro --flat process.exec >/tmp/out
grep -q '"name": "ppid"' /tmp/out && ! grep -q '"name": "data"' /tmp/out
ok $? "types --schema --flat: the fields stand beside the envelope"
evring types --schema avro process.exec >/tmp/out
evring --device /dev/nosuch types --types /tmp/types --schema avro process.exec | cmp -s - /tmp/out
ok $? "types --schema --types: the same without a device"
ends 2 "no 'xml'; allowed: avro, protobuf, json, connect" "types --schema: another format" \
	evring types --schema xml process.exec
ends 1 "no type 'nosuch'" "types --schema: no such type" evring types --schema avro nosuch
ends 2 'name\|NAME' "types --schema: of no type" evring types --schema avro
says 'No hook has a filter' "filter: none yet" evring filter
ends 1 'column 8' "hooks attach --filter: an error" evring hooks attach --filter 'uid == x' process.exec
says 'process.exec: attached' "hooks attach --filter: any bytes" \
	evring hooks attach --filter "$(printf 'path == "/\377"')" process.exec
says '"filter":"path == .*uFFFD' "filter --json: ... which are in the list" evring filter --json
says 'process.exec: attached' "hooks attach --filter" \
	evring hooks attach --filter 'path endswith "evring-nop" && argv != "unwanted"' process.exec
says '^process.exec  *-  *-  *path endswith' "filter: the one that there is" evring filter
says '"filters":\[{"group":null,"filter":"path ends' "hooks --json: and here too" evring hooks --json
evring-nop unwanted
evring tail --json --type process.exec --from-start --no-follow >/tmp/out 2>&1
grep -q '"path"' /tmp/out && ! grep -q '"argv":\["evring-nop","unwanted"' /tmp/out
ok $? "an event that nobody wants is not there"
says 'process.exec.* [1-9][0-9]*  *1 *$' "hooks: but it is counted" evring hooks

evring-nop one 'two  words' "it's" &
wait $!
says '"argv":\["evring-nop","one","two  words","it' "tail --json: argv as an array" \
	evring tail --json --type process.exec --no-follow
says '"cap_effective":"0x[1-9a-f]*f","cap_effective_names":\["ALL"\],"cap_inheritable":"0x0","cap_inheritable_names":\[\]' \
	"tail --json: capabilities have both the number and the names" \
	evring tail --json --type process.exec --no-follow
says '^[0-9][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]* process.exec evring-nop\[[0-9]*\] root path=[^ ]*/evring-nop argv=\[evring-nop one .two  words.' \
	"tail: the time, the type, the process, the user and the event's own fields" \
	evring tail --type process.exec --no-follow
says '^[0-9-]* [0-9:.]*  process.exec  cpu=[01] pid=[0-9]* comm=evring-nop .*cap_effective=ALL cap_inheritable=0 .*env_truncated=0 .*uid=0 .*start_time=' \
	"tail -v: the date, and every field" evring tail -v --type process.exec --no-follow
# columns_of N [OPTION]: the longest line on a terminal of N columns
columns_of() {
	columns=$1
	shift
	PYTHONHOME=/usr PYTHONPATH=/cli/python.zip python3 -S -c '
import fcntl, os, struct, sys
TIOCSWINSZ = 0x5414
pid, fd = os.forkpty()
if not pid:
    fcntl.ioctl(1, TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
    os.execvp("evring", ["evring", "tail", "--type", "process.exec", "--no-follow", *sys.argv[2:]])
text = b""
while True:
    try:
        text += os.read(fd, 65536)
    except OSError:
        break
os.waitpid(pid, 0)
print(text.decode(), file=sys.stderr)
print(max(map(len, text.decode().split("\r\n"))))
' "$columns" "$@" 2>/tmp/out
}
export NO_COLOR=1
[ "$(columns_of 60)" = 60 ] && grep -q '\.\.\..$' /tmp/out
ok $? "tail: a line ends where the terminal does"
[ "$(columns_of 0)" = 80 ]
ok $? "tail: of a terminal that does not know, at 80 columns"
[ "$(columns_of 60 -v)" -gt 200 ]
ok $? "tail -v: not cut"
unset NO_COLOR
evring tail --json --no-follow --filter 'argv == "two  words" && argv[0] endswith "nop" && cap_effective == ALL' >/tmp/out 2>/tmp/err
grep -q '"argv":\["evring-nop","one","two ' /tmp/out && [ "$(wc -l </tmp/out)" = 1 ]
ok $? "tail --filter: matching events alone"
ends 1 'column 1: no field' "tail --filter: of no type" evring tail --filter 'nosuch == 1'
says '^process.exec: attached' "hooks attach: without a filter again" evring hooks attach process.exec

says '^process.exec  *module  *process.exec.argv: after' "redact: the module's own rules" evring redact
says '"default":true,"generation":1,' "redact --json" evring redact --json
evring-nop --password hunter2 x
evring tail --json --type process.exec --from-start --no-follow >/tmp/out 2>&1
grep -q '"argv":\["evring-nop","--password","\[redacted\]","x"\].*"redacted":\["argv"\]}$' /tmp/out &&
	! grep -q hunter2 /tmp/out
ok $? "tail --json: a secret is left out, and the event says so"
says 'argv=\[evring-nop --password .\[redacted\]. x\].* redacted=\[argv\]$' "tail: likewise" \
	evring tail --type process.exec --from-start --no-follow
says "^mysql '-p\\[redacted\\]' db\$" "redact try: what would be left" \
	evring redact try process.exec.argv -- mysql -phunter2 db
says '^process.exec: 2 rules' "redact check" evring redact check 'process.exec.argv: after --pin'
ends 1 'column 20: .*did you mean .after --pin' "redact check: what would be right" \
	evring redact check 'process.exec.argv: --pin'
ends 1 'not the type of a hook' "redact add: an application has no rules" \
	evring redact add 'evring.lost.x: all'
says '' "redact add" evring redact add 'process.exec.argv: after --pin'
says '^process.exec  *administrator  *process.exec.argv: after --pin$' "redact: it is there" evring redact
says 'x --pin .\?\[redacted\]' "redact try: by the rules of now" \
	evring redact try process.exec.argv -- x --pin 1234
ends 1 'no such rule' "redact remove: there is none" evring redact remove 'process.exec.argv: all'
says '' "redact remove" evring redact remove 'process.exec.argv: after --pin'
says '' "redact add: any bytes" evring redact add "$(printf "process.exec.argv: after '--\377'")"
says 'after .--.uFFFD' "redact --json: ... which are in the list" evring redact --json
says '' "redact remove: any bytes" evring redact remove "$(printf "process.exec.argv: after '--\377'")"
printf '# ours\nprocess.exec: default\nprocess.exec.argv: after --pin\n' >/tmp/rules
says '' "redact load" evring redact load /tmp/rules
says 'after --pin$' "redact --rules: a file again" evring redact --rules
evring redact --rules >/tmp/rules2 && evring redact load /tmp/rules2 &&
	evring redact --rules | cmp - /tmp/rules2
ok $? "redact load: of what --rules printed makes the same rules"
printf 'process.exec.argv: all\nprocess.exec.argv: -x\n' >/tmp/rules
ends 1 'line 2' "redact load: says which line" evring redact load /tmp/rules
says 'after --pin$' "redact load: and has changed nothing" evring redact --rules
ends 0 'secrets are in its events' "redact off: says what that means" evring redact off process.exec
says '^process.exec  *administrator  *off' "redact: it is off" evring redact
says '' "redact reset" evring redact reset
says '^process.exec  *module' "redact: the module's own again" evring redact
ends 2 'sample' "hooks attach --sample: an error" evring hooks attach --sample 0 process.fork
ends 2 'rate' "hooks attach --rate: an error" evring hooks attach --rate 5/x process.fork
says '^process.fork: attached' "hooks attach --rate" evring hooks attach --rate 1000/50 --per uid process.fork
says '^process.fork  *-  *1000/50 a second of each user  *-' "filter: limits are there" evring filter
says '^process.fork: attached' "hooks attach --sample" evring hooks attach --sample 1000000 process.fork
for i in 1 2 3 4 5; do evring-nop $i; done
evring hooks >/dev/null
says '"sampled":[1-9]' "events outside of the sample are a loss of that cause" evring status --json
says 'process.fork: already attached\|process.fork: attached' "hooks attach: without limits again" \
	evring hooks attach process.fork
# The only program that is executed until it has seen one: whenever it is ready.
evring tail --type process.exec -n 1 >/tmp/out 2>&1 &
tail=$!
while kill -0 $tail 2>/dev/null; do
	/evring/bin/evring-nop live
done
wait $tail
grep -q live /tmp/out
ok $? "tail -n 1: ends after the first event, which came while it waited"
evring tail --json --from-start | head -n 1 >/tmp/out
grep -q '^{"type"' /tmp/out
ok $? "tail into a pipe that closes: ends"

printf '\033[31m\377' >/tmp/name
cp /evring/bin/evring-nop "/tmp/$(cat /tmp/name)"
"/tmp/$(cat /tmp/name)"
evring tail --no-follow --type process.exec >/tmp/out 2>&1
! grep -q "$(printf '\033')" /tmp/out
ok $? "tail: no control character of an event reaches the terminal"
evring tail --no-follow --type process.exec --json >/tmp/out
grep -q '"path_hex":"2f746d702f1b5b33316dff"' /tmp/out
ok $? "tail --json: text that is no UTF-8 is there in base 16 too"

says '"/cli/host-events.json: ok"\|host-events.json: ok' "evringd --check of the example" \
	evringd --check /cli/host-events.json
echo '{"name":"x","config":{"topik":"a","kafka.nosuch":"1","batch.events":"0"}}' >/tmp/bad.json
evringd --check /tmp/bad.json >/tmp/out 2>&1
[ $? = 2 ] && grep -q 'topik.*topic' /tmp/out && grep -q 'kafka.nosuch' /tmp/out &&
	grep -q 'batch.events' /tmp/out && grep -q 'bootstrap.servers' /tmp/out
ok $? "evringd --check: all errors at once, a typo with what was meant"
echo '{"name":"x","config":{"hooks":"nosuch.*","kafka.bootstrap.servers":"127.0.0.1:1"}}' >/tmp/h.json
ends 2 'process.exec' "evringd: a glob of no hook, and what there is" evringd /tmp/h.json
ends 2 'entry 1 matches no hook.*process.exec' "evringd --check: a glob of no hook" \
	evringd --check /tmp/h.json
# shellcheck disable=SC2016 # evringd's variables, not ours
echo '{"name":"x","config":{"key":"${comm}${nosuch}","kafka.bootstrap.servers":"127.0.0.1:1"}}' >/tmp/k.json
ends 2 'variable 2 is a field that no type has' "evringd --check: a key of a field that no type has" \
	evringd --check /tmp/k.json
mv /etc/machine-id /tmp/machine-id
ends 2 '/etc/machine-id: there is none.*machine.id' "evringd: a host without a machine id" \
	evringd /cli/host-events.json
ends 1 '/etc/machine-id: there is none' "tail --json: the same" evring tail --json --no-follow
says 'process' "tail: text needs none" evring tail --no-follow
mv /tmp/machine-id /etc/machine-id
cat /proc/sys/kernel/hostname >/tmp/hostname
echo '(none)' >/proc/sys/kernel/hostname
# shellcheck disable=SC2016
echo '{"name":"x","config":{"topic":"a.${host}","kafka.bootstrap.servers":"127.0.0.1:1"}}' >/tmp/t.json
ends 2 'name of this host' "evringd: a host's name that no topic can have" evringd /tmp/t.json
cat /tmp/hostname >/proc/sys/kernel/hostname

echo '{"name":"alone","config":{"hooks":"process.*","kafka.bootstrap.servers":"127.0.0.1:1"}}' >/tmp/a.json
start_daemon /tmp/a.json
until_it_says '^alone  *hold' evring groups
says '^alone  *hold' "groups: the daemon's group" evring groups
ends 1 'owner\|owned' "groups drop: not while it has an owner" evring groups drop alone
sed -i 's/}}/,"shutdown.timeout.ms":"500"}}/' /tmp/a.json
kill -TERM $daemon
until_it_says SIGTERM cat /tmp/log # two at once would be one
kill -TERM $daemon 2>/dev/null
wait $daemon
status=$?
cp /tmp/log /tmp/out
[ $status = 1 ] && grep -q 'unacknowledged: they are in the ring' /tmp/out
ok $? "evringd: with no broker it leaves what it could not deliver in the ring, and says so"
says 'alone holds events and has had no owner' "status: a group that nobody reads is told" \
	evring status
evring status --prometheus >/tmp/out
grep -q '^evring_group_owned{group="alone",policy="hold"} 0$' /tmp/out &&
	grep -q '^evring_group_unowned_seconds{group="alone"} [0-9]*\.[0-9]*[1-9]' /tmp/out &&
	grep -q '^evring_group_oldest_unread_seconds{group="alone"} [0-9]*\.[0-9]*[1-9]' /tmp/out
ok $? "status --prometheus: the same, and how old its oldest event is"
says 'dropped\|alone' "groups drop" evring groups drop alone

insmod /cli/evring_heartbeat.ko
until_it_says 'heart.beat.*beat=1' evring tail --lane app --no-follow
says 'heart.beat.*beat=0' "a module's own event, by its own description" \
	evring tail --lane app --no-follow --verbose
rmmod evring_heartbeat
says 'heart.beat.*beat=1' "its events stay readable when it has gone" \
	evring tail --lane app --no-follow
says 'gone' "types: it is marked as gone" evring types
insmod /cli/evring_heartbeat.ko
evring types >/tmp/out
[ "$(grep -c heart.beat /tmp/out)" = 1 ]
ok $? "types: it comes back under its id"
rmmod evring_heartbeat

evring hooks attach @audit >/tmp/out 2>&1
grep -q '^file.open: attached' /tmp/out && grep -q '^file.mount: attached' /tmp/out
ok $? "hooks attach takes a set"
ends 1 '@nosuch.*@security, @audit' "hooks attach: no such set, and what there is" \
	evring hooks attach @nosuch
echo '{"name":"x","config":{"hooks":"@nosuch","kafka.bootstrap.servers":"127.0.0.1:1"}}' >/tmp/h.json
ends 2 'entry 1 is no set of hooks.*@security' "evringd --check: no such set" \
	evringd --check /tmp/h.json
says '^file.open: detached' "hooks detach takes a set" evring hooks detach @all

# What runs already: this shell
says '^process.state: snapshot 1 of [1-9][0-9]* processes' "hooks attach --snapshot: told, and counted" \
	evring hooks attach --snapshot process.fork
evring tail --json --type process.state --from-start --no-follow >/tmp/states
grep '"pid":'$$, /tmp/states | grep '"type":"process.state".*"snapshot":1,.*"argv":\["' >/dev/null
ok $? "hooks attach --snapshot: the shell that asked is told"
evring hooks attach --snapshot --filter "pid == $$" process.state >/tmp/out
evring tail --json --type process.state --from-start --no-follow >/tmp/states
[ "$(grep -c '"snapshot":2,' /tmp/states)" = 1 ]
ok $? "hooks attach --snapshot: with a filter"
ends 2 "try 'evring hooks --help'" "hooks detach --snapshot: refused" evring hooks detach --snapshot process.fork
evring hooks detach 'process.*' >/tmp/out

ifconfig lo up
start_broker
# shellcheck source=tests/cli/loop.sh
. /cli/loop.sh

# The same by a user who has no capability: one who has it attaches the hooks ahead.
sed -i 's/^\(evring:.*:\)$/\1nobody/' /etc/group
as_nobody() {
	su -s /bin/sh nobody -c "exec $*"
}
# plain HOOKS [MORE]: the connector. The events of all hooks may have filled the rings: a group
# that starts with the oldest ones holds them all, and what comes next has no room.
plain() {
	mkdir -p /tmp/plain.d
	# shellcheck disable=SC2016 # evringd's variable, not ours
	echo '{"name":"plain","config":{"hooks":"'"$1"'","hooks.filter.process.exec":"uid == 0","group.start":"latest",'"$2"'"kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'","kafka.sasl.password":"${credential:secret}"}}' \
		>/tmp/plain.json
	sed 's/,"kafka.sasl.password":"[^"]*"//' /tmp/plain.json >/tmp/plain.d/plain.json
	chown -R nobody /tmp/plain.d
}
plain process.exec,file.open
ends 1 'hook process.exec: is not attached for the group plain, which needs CAP_PERFMON: as root, evringd --attach --user 65534 /tmp/plain.d/plain.json' \
	"evringd without a capability: says what to run" as_nobody evringd /tmp/plain.d/plain.json
ends 1 'group plain: Operation not permitted: that needs CAP_PERFMON' \
	"evringd --attach without one, either" as_nobody evringd --attach /tmp/plain.json
ends 2 'no user nosuch' "evringd --attach: no such user" evringd --attach --user nosuch /tmp/plain.json
ends 2 'usage' "evringd: --user goes with --attach" evringd --user nobody /tmp/plain.json
says "the hooks of group plain, which is user 65534's, are attached" \
	"evringd --attach: for a user, and without looking at passwords" \
	evringd --attach --user nobody /tmp/plain.json
says '"name":"plain",.*"uid":65534,' "groups: whose it is" evring groups --json
says '^process.exec  *plain  *-  *uid == 0' "evringd --attach: with its filter" evring filter
rm -f /tmp/log
su -s /bin/sh nobody -c 'exec evringd --connectors /tmp/plain.d --rest /tmp/plain.d/rest.sock' 2>/tmp/log &
daemon=$!
until_it_says 'plain: version' cat /tmp/log
# What it opened before it had its group is told.
own() {
	evring tail --json --type file.open --from-start --no-follow >/tmp/events
	grep -c '"pid":'$daemon, /tmp/events
}
before=$(own)
cp /proc/$daemon/status /tmp/out
grep -q '^CapEff:.0*$' /tmp/out && grep -q '^Uid:.65534' /tmp/out
ok $? "evringd runs without a capability"
for file in 1 2 3; do echo content >/tmp/plain.$file; done
delivered() {
	kill -USR1 $daemon
	cat /tmp/log
}
until_it_says 'plain: .* delivered [1-9]' delivered
says 'plain: .* delivered [1-9]' "... and delivers" delivered
after=$(own)
{
	echo "$before and $after by evringd ($daemon), $(wc -l </tmp/events) of file.open"
	evring hooks
	evring status --rings
	evring tail --json --from-start --no-follow | grep -o '"type":"[a-z.]*"' | sort | uniq -c
} >/tmp/out 2>&1
grep -q '"type":"file.open".*/tmp/plain.3' /tmp/events && [ "$before" = "$after" ]
ok $? "... acts of others are told, its own are not"
# It is configured anew, with a hook that is not attached.
plain process.exec,file.mount,process.state '"hooks.snapshot":"true",'
kill -HUP $daemon
until_it_says 'plain: FAILED: hook file.mount: is not attached' cat /tmp/log
says 'hook file.mount: is not attached for the group plain' "... a hook that it may not attach is no silence" \
	evring connectors --socket /tmp/plain.d/rest.sock show plain
says 'are attached' "evringd --attach: of a folder, while evringd runs" \
	evringd --attach --user nobody --connectors /tmp/plain.d
until_it_says 'RUNNING' evring connectors --socket /tmp/plain.d/rest.sock
says 'RUNNING' "... which goes on then" evring connectors --socket /tmp/plain.d/rest.sock
says 'hook file.open: detached' "... has detached the hook that it wants no more" cat /tmp/log
says '^file.open  *detached' "... and nobody has that" evring hooks
evring tail --json --type process.state --from-start --no-follow >/tmp/states
grep '"pid":'$broker, /tmp/states >/dev/null
ok $? "... and what ran before is told"
evring connectors --socket /tmp/plain.d/rest.sock delete plain >/tmp/out 2>&1
until_it_says 'group plain is dropped' cat /tmp/log
says 'No group' "a connector that is deleted takes its group along" evring groups
says '^process.exec  *detached' "... and its hooks" evring hooks
kill -TERM $daemon
wait $daemon
# shellcheck source=tests/cli/attach.sh
. /cli/attach.sh
# shellcheck source=tests/cli/container.sh
. /cli/container.sh
kill -TERM $broker
sed -i 's/^\(evring:.*:\)nobody$/\1/' /etc/group

# A secret is in no byte of a message, in any format. Each connector sends the same
# events, with the arguments as the key, too.
start_broker
mkdir /tmp/secret.d
for format in json raw frame avro; do
	value=$format more=''
	[ $format != frame ] || value=raw more='"pack.bytes":"65000",'
	# shellcheck disable=SC2016 # evringd's variable, not ours
	echo '{"name":"'$format'","config":{"hooks":"process.exec","group.start":"latest","hooks.filter.process.exec":"path endswith \"/evring-nop\"","topic":"secret.'$format'","key":"${argv}","value.format":"'$value'",'"$more"'"kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'"}}' \
		>/tmp/secret.d/$format.json
done
start_daemon --connectors /tmp/secret.d --rest /tmp/secret.sock
all_run() {
	[ "$(evring connectors --socket /tmp/secret.sock 2>/dev/null | grep -c RUNNING)" = 4 ]
}
until_true all_run || {
	cat /tmp/log
	evring connectors --socket /tmp/secret.sock
	evring status --rings
} 2>&1 | sed 's/^/# /'
evring-nop --password hunter2 first
evring redact off process.exec 2>/dev/null
evring-nop --password hunter3 second
evring redact reset
evring-nop --password hunter2 third
# messages FORMAT PATTERN: key, value and headers, a line each, of any bytes
messages() {
	kcat -q -b "$(cat /tmp/broker)" -C -t "secret.$1" -e -f 'key %k value %s headers %h@@END@@' 2>/tmp/out |
		tr '\000\n' '  ' | sed 's/@@END@@/\n/g' >/tmp/messages
	grep -q "$2" /tmp/messages
}
for format in json raw frame avro; do
	until_true messages $format third
	cp /tmp/messages /tmp/out
	grep -q '^key .*evring-nop.*hunter3.* value ' /tmp/out &&
		grep -q ' value .*--password.*hunter3.* headers ' /tmp/out &&
		grep -q 'headers evring.id=' /tmp/out
	ok $? "value.format=$format: a message has the arguments as its key, and in its value"
	[ "$(grep -c ' value .*--password.*\[redacted\].* headers ' /tmp/out)" -ge 1 ] && ! grep -q hunter2 /tmp/out
	ok $? "... and a secret is in no byte of key, value or headers"
done
cp /tmp/log /tmp/out
! grep -q hunter /tmp/out
ok $? "... nor in the log"
kill -TERM $daemon
wait $daemon
evring groups drop json raw frame avro >/dev/null
kill -TERM $broker

type=/cli/registration/registration.json
says '^user.registered: version 1, id [0-9]*, generation 0, lane app' \
	"types register: a type of a file" evring types register $type
says '^ *[0-9]*  *user.registered ' "types: it is there" evring types
says '"name":"user.registered".*"app":true,"uid":0' "types --json: whose it is" \
	evring types --json user.registered
evring types --json user.registered >/tmp/again.json
says 'user.registered: version 1' "types register takes the output of types --json" \
	evring types register /tmp/again.json
says '' "publish: fields as words" evring publish user.registered user_id=42 email=a@b.c plan=paid
says 'user.registered.*user_id=42 .*email=a@b.c.*plan=paid' "its event is read" \
	evring tail --no-follow --type user.registered
says '"uid":0,.*"comm":"evring"' "the kernel says who published it" \
	evring tail --no-follow --type user.registered --json
ends 2 'has no field .emial.; it has user_id email plan' "publish: an unknown field, and what there is" \
	evring publish user.registered emial=x
ends 2 'user_id=many: not a whole number' "publish: a number that is none" \
	evring publish user.registered user_id=many
ends 2 'plan=gold: it is one of free paid' "publish: a name that is none" \
	evring publish user.registered plan=gold
ends 2 'plan is a whole number from 0 to 4294967295' "publish: a number that does not fit" \
	evring publish user.registered plan=4294967296
ends 2 'it identifies the publisher' "publish: fields of the common part are refused" evring publish user.registered uid=0
ends 2 'FIELD=VALUE' "publish: a word that is no field" evring publish user.registered email
ends 1 'no type .user.nosuch.' "publish: a type that is not registered" evring publish user.nosuch a=1
ends 1 'no type .process.exec. registered' "publish: not the kernel's types" \
	evring publish process.exec path=/bin/sh
printf '{"user_id": 1, "email": "x"}\n\n{"user_id": 2, "email": null}\n{"user_id": "3"\n' |
	evring publish user.registered --stdin >/tmp/out 2>&1
[ $? = 1 ] && grep -q 'line 4: ' /tmp/out
ok $? "publish --stdin: the line that is wrong is named"
evring tail --no-follow --type user.registered >/tmp/out
[ "$(grep -c user.registered /tmp/out)" = 3 ]
ok $? "publish --stdin: those before it are published"
evring top --json --interval=1 >/tmp/top &
top=$!
until grep -q seconds /tmp/top || ! kill -0 $top; do usleep 100000; done
for plan in free paid free; do evring publish user.registered user_id=42 email=a@b.c plan=$plan; done
counted() {
	sed -n 's/.*"type":"user.registered","lane":"app","events":\([0-9]*\).*/\1/p' /tmp/top |
		awk '{ n += $1 } END { print n + 0 }'
}
until [ "$(counted)" -ge 3 ] || ! kill -0 $top; do usleep 100000; done
kill $top
wait $top
[ "$(counted)" = 3 ]
ok $? "top --json: each event that came, by type"
# Before the events and behind them
evring top --interval=1 >/tmp/top &
top=$!
until grep -q '^app ' /tmp/top || ! kill -0 $top; do usleep 100000; done
cp /tmp/top /tmp/top.1
for plan in free paid free; do evring publish user.registered user_id=42 email=a@b.c plan=$plan; done
until grep -qE '^user.registered +app +[1-3]$' /tmp/top || ! kill -0 $top; do usleep 100000; done
lines=$(wc -l </tmp/top)
until tail -n "+$lines" /tmp/top | grep '^app ' >/dev/null || ! kill -0 $top; do usleep 100000; done
kill $top
wait $top
! grep -q '^user.registered' /tmp/top.1 && grep -qE '^user.registered +app +[1-3]$' /tmp/top
ok $? "top: a type's events a second, once some have come"
grep -qE '^app +0 +0 +0 ' /tmp/top.1 && grep -qE '^app +[1-3] +0 +[1-9]' /tmp/top &&
	grep -qE '^critical +[0-9]+ +[0-9]+ ' /tmp/top
ok $? "top: a row for each lane, with what it has emitted, lost and taken a second"
says '^app  *[0-9][0-9]*  *[0-9][0-9]* ' "top -n: ends after so many looks" evring top -n 1 --interval=1
ends 2 'a number from 1' "top: no interval of nothing" evring top --interval=0
echo '{"name":"process.mine","version":1,"fields":[]}' >/tmp/t.json
ends 1 'process.\* are the kernel' "types register: the kernel's names are its own" \
	evring types register /tmp/t.json
sed 's/"u64"/"s64"/' $type >/tmp/t.json
ends 1 'field user_id: its kind' "types register: a clash names the field" \
	evring types register /tmp/t.json
sed 's/"u64"/"u65"/' $type >/tmp/t.json
ends 1 "'user.registered' is no valid type" "types register: a file with no type" \
	evring types register /tmp/t.json
ends 1 'group evring-publish' "publish without permission: says what to do" \
	su -s /bin/sh nobody -c '/evring/bin/evring publish user.registered'
says '' "the sample in C" /cli/registration.bin 77 c@example.org
says 'user_id=77 .*email=c@example.org' "... its event" evring tail --no-follow --type user.registered
evring types register --json $type >/tmp/registered.json
says '' "the sample in Python, with os.write() alone" \
	sh -c 'PYTHONHOME=/usr PYTHONPATH=/cli/python.zip python3 -S /cli/registration/registration.py 78 p@example.org </tmp/registered.json'
says 'user_id=78 .*email=p@example.org' "... its event" evring tail --no-follow --type user.registered
says '' "the sample for a shell" sh /cli/registration/registration.sh
says 'user_id=3 .*email=user3@example.org' "... its last event" \
	evring tail --no-follow --type user.registered
says 'not registered any more' "types unregister" evring types unregister user.registered
ends 1 'no type .user.registered.' "types unregister: only once" \
	evring types unregister user.registered
says 'user_id=3 ' "its events stay readable" evring tail --no-follow --type user.registered

says 'detached' "hooks detach" evring hooks detach 'process.*'
before=$(evring status --json)
evring-nop
[ "$(evring status --json | grep -o '"emitted":[0-9]*')" = "$(echo "$before" | grep -o '"emitted":[0-9]*')" ]
ok $? "detached: nothing is emitted"
guest_end
