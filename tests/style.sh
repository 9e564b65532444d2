#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a reviewer should not have to look for.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
. tests/tap.sh

cache=${EVRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evring}
mapfile -t kernel_files < <(git ls-files 'kmod/*.[ch]' 'include/*.h' 'samples/*.c' 'tests/modules/*.c' \
	':(glob)tests/bench/*.c' tests/bench/bpf/bench.bpf.c)
# Not the kernel's code, nor what is half the kernel's, nor what BPF runs.
mapfile -t user_files < <(git ls-files 'user/*.c' 'tests/*.c' 'docs/*.c' ':!tests/modules' \
	':(exclude,glob)tests/bench/*.c' ':!*.bpf.c' ':!tests/sim' ':!tests/e2e/nop.c')
mapfile -t c_files < <(git ls-files '*.[ch]')

# Lists of fields are macros that no parenthesis can hold, tests of the
# kernel's version are what compat/ is for, and UAPI prose is wide.
checkpatch() {
	local ignore=LINUX_VERSION_CODE,CONSTANT_COMPARISON,COMPLEX_MACRO,MACRO_ARG_REUSE
	ignore+=,MACRO_ARG_PRECEDENCE,MULTISTATEMENT_MACRO_USE_DO_WHILE,TRAILING_SEMICOLON
	ignore+=,NEW_TYPEDEFS,FILE_PATH_CHANGES
	perl "$cache/checkpatch/checkpatch.pl" --no-tree --strict --terse --show-types \
		--max-line-length=100 --ignore "$ignore" -f "${kernel_files[@]}" |
		grep -E '(ERROR|WARNING|CHECK):' && return 1
	return 0
}

# A build of its own, as sparse looks only at what is compiled.
sparse_build() {
	local dir=$PWD/build/sparse krel out
	krel=$(scripts/kernel-release)
	rm -rf "$dir" && mkdir -p "$dir"
	cp -rs "$PWD/Kbuild" "$PWD/kmod" "$PWD/include" "$PWD/tests" "$PWD/samples" "$dir/"
	out=$(make -C "/lib/modules/$krel/build" M="$dir" TESTS=m BENCH=m W=1 C=2 modules 2>&1) ||
		{ echo "$out"; return 1; }
	grep -E 'warning:|error:' <<<"$out" && return 1
	return 0
}

clang_build() {
	local file flags
	flags=$(pkg-config --cflags rdkafka liburing jansson smartcols)
	for file in "${user_files[@]}"; do
		# shellcheck disable=SC2086 # flags are separate words
		clang -std=gnu11 -D_GNU_SOURCE -DEVRING_VERSION='"x"' -Wall -Wextra -Wshadow -Werror -fsyntax-only \
			-Wno-sign-compare -Wno-unused-parameter -Iinclude/uapi -Iuser/libevring \
			-Iuser/common -Iuser/evringd -Iuser/evring -Itests/kselftest -Itests/e2e -Itests/sim -Itests/fuzz \
			-isystem "$cache/kselftest" $flags "$file" || return 1
	done
}

cpp_header() {
	echo '#include <evring.h>' |
		g++ -x c++ -std=c++11 -Wall -Wextra -Werror -fsyntax-only -Iinclude/uapi -Iuser/libevring -
}

cppcheck_user() {
	cppcheck --quiet --error-exitcode=1 --enable=warning,portability,performance \
		--inline-suppr --suppress=missingIncludeSystem --std=c11 -D_GNU_SOURCE -DEVRING_VERSION='"x"' \
		-Iinclude/uapi -Iuser/libevring -Iuser/common -Iuser/evringd -Iuser/evring -itests/e2e/nop.c \
		user tests/e2e
}

shellcheck_all() {
	git ls-files | while IFS= read -r file; do
		case $file in *.c | *.h | *.md | *.txt) continue ;; esac
		head -n 1 "$file" | grep -qE '^#!.*(ba)?sh' && echo "$file"
	done | xargs shellcheck -x
}

short_functions() {
	awk 'FNR == 1 { inside = 0 }
	     /^\{/ { start = FNR; inside = 1 }
	     /^\}/ && inside { if (FNR - start > 70) { print FILENAME ":" start ": " FNR - start " lines"; bad = 1 }
			       inside = 0 }
	     END { exit bad }' "${c_files[@]}"
}

# debian/copyright speaks for its folder's lists, which have no comments.
spdx() {
	local missing
	missing=$(git ls-files | grep -vE '^(LICENSES/|tests/fuzz/corpus/|docs/performance/|README|CONTRIBUTING|docs/.*\.(md|json)$|\.gitignore|packaging/debian/(changelog.in|control|copyright|not-installed|source/format|.*\.(install|examples|symbols))$)' |
		xargs grep -L 'SPDX-License-Identifier')
	[ -z "$missing" ] || { echo "$missing"; return 1; }
}

versions_in_compat() {
	! git grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' -- 'kmod/*' ':!kmod/compat/*'
}

manuals() {
	local page out
	for page in docs/man/*.[1-8]; do
		out=$(groff -man -Tutf8 -ww "$page" 2>&1 >/dev/null)
		[ -z "$out" ] || { echo "$page: $out"; return 1; }
	done
}

# Only the main process's exit status counts, and a limit is met only by starts within its interval.
unit_gives_up() {
	local unit=packaging/systemd/evringd@.service pause burst interval
	pause=$(sed -n 's/^RestartSec=//p' $unit)
	burst=$(sed -n 's/^StartLimitBurst=//p' $unit)
	interval=$(sed -n 's/^StartLimitIntervalSec=//p' $unit)
	grep -qx 'RestartPreventExitStatus=2 3' $unit && ! grep -q '^ExecStartPre=' $unit &&
		[ $((pause * burst * 2)) -lt "$interval" ]
}

check "kernel code: checkpatch --strict has nothing to say" checkpatch
check "kernel code: sparse and W=1 have nothing to say" sparse_build
check "kernel code: versions are tested in kmod/compat/ alone" versions_in_compat
check "user code: clang has no warning" clang_build
check "user code: cppcheck has nothing to say" cppcheck_user
check "evring.h is C++ too" cpp_header
check "scripts: shellcheck has nothing to say" shellcheck_all
check "no function is longer than 70 lines" short_functions
check "each file names its licence" spdx
check "manual pages: groff has nothing to say" manuals
check "systemd's unit does not restart for ever" unit_gives_up
tap_end
