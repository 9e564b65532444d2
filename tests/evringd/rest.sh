# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# evringd with a folder of connectors, by its REST interface. Source it behind lib.sh.

socket=$work/rest.sock

# fresh TOPIC...: an empty folder, and a broker with these topics
fresh() {
	local options=() name
	for name in "$@"; do options+=(--topic "$name:1"); done
	rm -rf "$work/connectors.d"
	mkdir "$work/connectors.d"
	files=(-- --connectors "$work/connectors.d" --rest "$socket")
	broker "${options[@]}"
}

# config TOPIC [KEY=VALUE]...: flat, as PUT takes it
config() {
	local pair
	printf '{"topic": "%s"' "$1"
	for pair in "${@:2}"; do printf ', "%s": "%s"' "${pair%%=*}" "${pair#*=}"; done
	printf ', "bootstrap.servers": "%s"}' "$brokers"
}

# ask METHOD PATH [BODY]: sets answer, "STATUS BODY"
ask() {
	answer=$(tests/evringd/client.py "$socket" "$@")
}

# gets STATUS METHOD PATH [BODY] [PATTERN]: PATTERN is of the body, and extended
gets() {
	local status=$1 pattern=${5-}
	ask "${@:2:2}" ${4:+"$4"}
	[ "${answer%% *}" = "$status" ] && grep -qE -- "$pattern" <<<"${answer#* }" && return 0
	echo "$2 $3: not $status, or not '$pattern': $answer"
	tail -n 10 "$work/log"
	return 1
}

# until_state NAME STATE
until_state() {
	local i
	for ((i = 0; i < 1200; i++)); do
		ask GET "/connectors/$1/status"
		grep -q "\"connector\":{\"state\":\"$2\"" <<<"$answer" && return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	echo "$1 is not $2: $answer"
	tail -n 20 "$work/log"
	return 1
}

# up [OPTION]...: evringd runs, and answers
up() {
	rm -f "$socket"
	start "$@"
	eventually [ -S "$socket" ]
}

# until_gets STATUS METHOD PATH BODY PATTERN: at some time
until_gets() {
	eventually gets "$@" >/dev/null || gets "$@"
}
