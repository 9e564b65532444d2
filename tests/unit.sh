#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The unit tests, built with ASan and UBSan.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

status=0
for program in build/tests/unit/*_test; do
	echo "# $(basename "$program")"
	# It also looks whether the manual page has every key.
	case $program in *config_test) set -- docs/man/evringd.8 ;; *) set -- ;; esac
	ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1 \
		timeout 3000 "$program" "$@" || { status=1; echo "not ok - $program ends with status 0"; }
done
echo "# evringd on the module in its own process"
tests/sim/evringd.sh || status=1
echo "# evringd against brokers that fail"
tests/sim/faults.sh || status=1
echo "# the benchmarks' report"
if tests/bench/report_test.py 2>&1 | sed 's/^/# /'; then
	echo "ok - figures are aggregated and compared with their goals"
else
	status=1
	echo "not ok - figures are aggregated and compared with their goals"
fi
echo "# the documentation and evringd"
scripts/check-docs --built || status=1
exit "$status"
