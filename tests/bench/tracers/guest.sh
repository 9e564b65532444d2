# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# guest.sh RUNS CALLS PROGRAMS: in the guest, one tracer after another, RUNS
# times. Prints lines that tests/bench/tracers/run makes samples of. Nothing
# runs while a tracer attaches: it patches the kernel's code, and QEMU's
# emulated CPUs can lock up over that where another one is forking.
runs=$1 calls=$2 programs=$3
tracing=/sys/kernel/tracing
nop=/bench/evring-nop
opened=/usr/share/evring-bench/a-file-to-open

cost() {
	printf 'cost\t%s\t%s\t%s\n' "$1" "$2" "$3"
}

count() {
	printf 'count\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4"
}

skip() {
	printf 'skip\t%s\tgetppid\t%s\n' "$1" "$2"
	printf 'skip\t%s\tfork+exec\t%s\n' "$1" "$2"
	printf 'skip\t%s\topen+close\t%s\n' "$1" "$2"
}

load_getppid() {
	/bench/evring-load getppid "$calls"
}

load_exec() {
	/bench/evring-load exec "$programs" $nop
}

load_open() {
	/bench/evring-load open "$calls" $opened
}

# all WHO: what each load costs now
all() {
	cost "$1" getppid "$(load_getppid)"
	cost "$1" fork+exec "$(load_exec)"
	cost "$1" open+close "$(load_open)"
}

# evring: a group that holds; its reader writes each record to a file.

reader_start() {
	rm -f /tmp/ready
	/bench/evring-bench-reader /tmp/evring.events "$@" 2>/tmp/ready >/tmp/found &
	reader=$!
	until [ -s /tmp/ready ] || ! kill -0 $reader; do usleep 50000; done
}

# reader_end CASE EXPECTED: each event is read or told as lost, exactly.
reader_end() {
	kill -TERM $reader
	wait $reader || return 1
	read -r found lost critical </tmp/found
	count evring "$1" "$2" "$found"
	echo "evring: $1: $2 events, $found read, $lost declared lost"
	[ $((found + lost)) -ge "$2" ] && [ "$found" -le "$2" ]
}

evring_getppid() {
	reader_start bench.syscall
	insmod /bench/evring_probe.ko || return 1
	sleep 1
	cost evring getppid "$(load_getppid)"
	rmmod evring_probe
	reader_end getppid "$calls"
}

evring_exec() {
	reader_start process.fork:evring-load process.exec:evring-nop process.exit:evring-nop
	evring hooks attach process.fork process.exec process.exit >/dev/null || return 1
	sleep 1
	cost evring fork+exec "$(load_exec)"
	evring hooks detach process.fork process.exec process.exit >/dev/null
	reader_end fork+exec $((programs * 3))
}

evring_exec_alone() {
	reader_start process.exec:evring-nop
	evring hooks attach process.exec >/dev/null || return 1
	sleep 1
	cost evring "fork+exec, process.exec alone" "$(load_exec)"
	evring hooks detach process.exec >/dev/null
	reader_end "fork+exec, process.exec alone" "$programs"
}

evring_open() {
	reader_start "file.open:evring-load:$opened"
	evring hooks attach file.open >/dev/null || return 1
	sleep 1
	cost evring open+close "$(load_open)"
	evring hooks detach file.open >/dev/null
	reader_end open+close "$calls"
}

# Both CPUs as fast as they can, the reader among them; lane critical has nothing to do.
evring_flood() {
	reader_start "file.open:evring-load:$opened"
	evring hooks attach file.open >/dev/null || return 1
	sleep 1
	read -r began _ </proc/uptime
	LOAD_CPU=1 load_open >/tmp/flood.1 &
	flood=$!
	load_open >/tmp/flood.0
	wait $flood || return 1
	read -r ended _ </proc/uptime
	evring hooks detach file.open >/dev/null
	reader_end "open+close on both CPUs" $((calls * 2)) || return 1
	printf 'flood\t%s\t%s\t%s\t%s\n' "$(echo "$began $ended" |
		awk -v n=$((calls * 2)) '{ printf "%.0f", n / ($2 - $1) }')" \
		"$critical" $((calls * 2 - found - lost)) "$lost"
}

# perf trace: the calls as text, of the CPU that the load is on

perf_open() {
	perf trace -e openat -C 0 -o /tmp/perf.text 2>/tmp/perf.log &
	perf=$!
	sleep 3
	cost "perf trace" open+close "$(load_open)"
	kill -INT $perf
	wait $perf
	count "perf trace" open+close "$calls" "$(grep -c "openat(.*a-file-to-open" /tmp/perf.text)"
}

# ftrace: the calls from its pages as they are, the processes as text.

ftrace_start() {
	for event in "$@"; do echo 1 >"$tracing/events/$event/enable" || return 1; done
	echo >$tracing/trace
	sleep 1
}

ftrace_stop() {
	echo 0 >$tracing/tracing_on
	sleep 1
	# shellcheck disable=SC2086 # process ids are separate words
	kill $readers 2>/dev/null
	wait
	echo 0 >$tracing/events/enable
	echo 1 >$tracing/tracing_on
}

ftrace_getppid() {
	ftrace_start syscalls/sys_enter_getppid || return 1
	readers=''
	for cpu in "$tracing"/per_cpu/cpu*; do
		dd if="$cpu/trace_pipe_raw" of="/tmp/ftrace.${cpu##*/}" bs=64k 2>/dev/null &
		readers="$readers $!"
	done
	cost ftrace getppid "$(load_getppid)"
	ftrace_stop
	count ftrace getppid "$calls" "$(awk '/^(entries|read events):/ { n += $NF } END { print n }' \
		"$tracing"/per_cpu/cpu*/stats)"
}

ftrace_exec() {
	ftrace_start sched/sched_process_fork sched/sched_process_exec sched/sched_process_exit ||
		return 1
	cat "$tracing/trace_pipe" >/tmp/ftrace.text &
	readers=$!
	cost ftrace fork+exec "$(load_exec)"
	ftrace_stop
	count ftrace fork+exec $((programs * 3)) "$(grep -cE 'fork: comm=evring-load|exec: .*/evring-nop |exit: comm=evring-nop' /tmp/ftrace.text)"
}

# LTTng: a session for each; babeltrace2 counts what is in its trace. Of a
# system call it has the entry and the exit, and cannot be asked for one alone.

lttng_start() {
	rm -rf /tmp/lttng
	lttng --quiet create bench --output=/tmp/lttng &&
		lttng --quiet enable-event --kernel "$@" && lttng --quiet start && sleep 1
}

lttng_stop() {
	lttng --quiet stop && lttng --quiet destroy bench
}

lttng_getppid() {
	lttng_start --syscall getppid || return 1
	cost LTTng getppid "$(load_getppid)"
	lttng_stop || return 1
	count LTTng getppid $((calls * 2)) "$(babeltrace2 /tmp/lttng --component sink.utils.counter |
		awk '$2 == "Event" { n = $1 } END { print n }')"
}

lttng_exec() {
	lttng_start sched_process_fork,sched_process_exec,sched_process_exit || return 1
	cost LTTng fork+exec "$(load_exec)"
	lttng_stop || return 1
	babeltrace2 /tmp/lttng >/tmp/lttng.text
	count LTTng fork+exec $((programs * 3)) "$(grep -cE 'fork: .*parent_comm = "evring-load"|exec: .*/evring-nop"|exit: .*comm = "evring-nop"' /tmp/lttng.text)"
}

lttng_open() {
	lttng_start --syscall openat || return 1
	cost LTTng open+close "$(load_open)"
	lttng_stop || return 1
	babeltrace2 /tmp/lttng >/tmp/lttng.text
	count LTTng open+close "$calls" "$(grep -c 'syscall_entry_openat: .*a-file-to-open"' /tmp/lttng.text)"
}

# auditd: the system call's own record of each event in its log.

audited() {
	grep -c "^type=SYSCALL .*comm=\"$1\" .*key=\"$2\"" /tmp/audit/audit.log
}

# Until its log no longer grows.
audit_settle() {
	size=-1
	until [ "$(stat -c %s /tmp/audit/audit.log)" = "$size" ]; do
		size=$(stat -c %s /tmp/audit/audit.log)
		sleep 2
	done
}

# audit_case CASE SYSCALL COMM EXPECTED LOAD
audit_case() {
	auditctl -a always,exit -F arch=b64 -S "$2" -k "$1" || return 1
	before=$(audited "$3" "$1")
	sleep 1
	cost auditd "$1" "$($5)"
	auditctl -D -k "$1" >/dev/null
	audit_settle
	count auditd "$1" "$4" $(($(audited "$3" "$1") - before))
}

audit_start() {
	mkdir -p /tmp/audit
	touch /tmp/audit/audit.log
	chmod 600 /tmp/audit/audit.log
	chown 0:0 /bench/auditd.conf
	auditd -c /bench || return 1
	sleep 1
	# Debian's rules, which allow for a minute of waiting before anything is lost
	{ auditctl -D && auditctl -b 8192 && auditctl --backlog_wait_time 60000 && auditctl -f 1; } \
		>/dev/null
}

# The load is alone on CPU 0; all else, each tracer's daemons too, is on CPU 1.
taskset -p 2 $$ >/dev/null || exit 1
insmod /bench/evring.ko || exit 1
status=0 lttng='' i=0
if command -v lttng-sessiond >/dev/null && lttng-sessiond -d --kmod-probes=sched; then
	lttng=1
else
	skip LTTng "lttng-sessiond is not there or does not start"
fi
mkdir -p "${opened%/*}"
echo >$opened
all warm >/dev/null
while [ $i -lt "$runs" ]; do
	i=$((i + 1))
	all bare
	evring_getppid && evring_exec && evring_exec_alone && evring_open || status=1
	all "evring, detached"
	evring_flood || status=1
	ftrace_getppid && ftrace_exec || status=1
	if [ -x /usr/bin/perf ]; then
		perf_open || status=1
	fi
	[ -z "$lttng" ] || { lttng_getppid && lttng_exec && lttng_open; } || status=1
done
# Last: a task that was forked while audit was on is slower ever after.
if command -v auditd >/dev/null && audit_start; then
	i=0 calls=$((calls / 5))
	while [ $i -lt "$runs" ]; do
		i=$((i + 1))
		audit_case getppid getppid evring-load "$calls" load_getppid &&
			audit_case open+close openat evring-load "$calls" load_open &&
			audit_case fork+exec execve evring-nop "$programs" load_exec || status=1
	done
	auditctl -e 0 >/dev/null
else
	skip auditd "auditd is not there or does not start"
fi
rmmod evring || status=1
exit $status
