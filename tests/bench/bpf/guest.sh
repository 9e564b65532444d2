# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# guest.sh CPUS CORES RUNS RECORDS: in the guest, evring and BPF by turns. CORES
# is the host's number. With more than two CPUs only the cases with several producers.
set -e
cpus=$1 cores=$2 runs=$3 records=$4

bpf() {
	/bench/evring-bench-bpf --env guest --object /bench/bench.bpf.o "$@"
}

# The module prints its samples to the kernel's log as it loads.
evring() {
	seen=$(dmesg | wc -l)
	insmod /bench/evring_bench.ko rounds=1 records="$records"
	dmesg | tail -n +$((seen + 1)) | sed -n 's/.*evring_bench: {/{"env": "guest", /p'
	rmmod evring_bench
}

insmod /bench/evring.ko
if [ "$cpus" -gt 2 ]; then
	bpf --module /bench/evring_probe.ko --runs "$runs" --records "$records" \
		--producers "$cpus" --cores "$cores" calls
else
	i=0
	while [ $i -lt "$runs" ]; do
		i=$((i + 1))
		bpf --runs 1 --records "$records" emit
		evring
	done
	bpf --module /bench/evring_probe.ko --runs "$runs" --records "$records" calls
fi
rmmod evring
