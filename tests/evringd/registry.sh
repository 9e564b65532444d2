# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Schema registries of ours, registry.py. Source it behind lib.sh; call registries_end at the end.

: "${work:?}"
readonly python=tests/env/python/run
registries=() url=''
export no_proxy=127.0.0.1

# registry [OPTION]...: start one; sets url
registry() {
	rm -f "$work/url"
	"$python" tests/evringd/registry.py "$work/url" "$@" 2>>"$work/registry.log" &
	registries+=($!)
	until [ -s "$work/url" ]; do
		kill -0 $! 2>/dev/null || { cat "$work/registry.log"; return 1; }
		sleep 0.05
	done
	# shellcheck disable=SC2034 # for those who source this
	url=$(<"$work/url")
}

registries_end() {
	[ ${#registries[@]} = 0 ] || kill "${registries[@]}" 2>/dev/null
}
