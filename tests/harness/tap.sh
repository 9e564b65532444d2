# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# TAP for shell tests: source it, then  check "what must hold" COMMAND...
# The command runs in this shell. Its output is shown if it failed; lines that
# begin with '# ' always are.

tap_n=0
tap_failed=0
tap_out=$(mktemp)

check() {
	local name=$1
	shift
	tap_n=$((tap_n + 1))
	if "$@" >"$tap_out" 2>&1; then
		echo "ok $tap_n - $name"
		grep '^# ' "$tap_out" || true
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_n - $name"
		tail -n 60 "$tap_out" | sed 's/^/#   /'
	fi
}

tap_end() {
	rm -f "$tap_out"
	echo "1..$tap_n"
	[ "$tap_failed" = 0 ]
}
