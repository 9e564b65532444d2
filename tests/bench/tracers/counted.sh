# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# counted.sh RUNS CALLS: in the guest, whose clock counts instructions. Prints lines that
# tests/bench/tracers/run makes samples of.
runs=$1 calls=$2
opened=/usr/share/evring-bench/a-file-to-open

# load CASE
load() {
	case $1 in
	fork+exec) /bench/evring-load exec "$calls" /bench/evring-nop ;;
	open+close) /bench/evring-load open "$calls" $opened ;;
	esac
}

# cost WHO CASE LOAD
cost() {
	printf 'cost\t%s\t%s\t%s\n' "$1" "$2" "$(load "$3")"
}

# hooked CASE LOAD HOOK...
hooked() {
	case=$1 load=$2
	shift 2
	evring hooks attach "$@" >/dev/null || exit 1
	cost evring "$case" "$load"
	evring hooks detach "$@" >/dev/null || exit 1
}

insmod /bench/evring.ko || exit 1
mkdir -p "${opened%/*}"
echo >$opened
load fork+exec >/dev/null && load open+close >/dev/null || exit 1
while [ "$runs" -gt 0 ]; do
	runs=$((runs - 1))
	cost bare fork+exec fork+exec
	cost bare open+close open+close
	hooked "fork+exec, process.exec alone" fork+exec process.exec
	hooked fork+exec fork+exec process.fork process.exec process.exit
	hooked open+close open+close file.open
done
rmmod evring
