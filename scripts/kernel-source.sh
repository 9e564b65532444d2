# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# For the scripts that build a kernel from Debian's source of it. They have set
# program, their name; group, that of scripts/setup which brings what they need;
# fragment, the configuration; and a log file, before they take a step.

readonly archive=/usr/src/linux-source-6.1.tar.xz

die() {
	echo "$program: $*" >&2
	exit 1
}

say() {
	echo "$program: $*" >&2
}

# The identity of such a kernel: the source's version, the configuration
source_id() {
	local version sum
	version=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null || true)
	[ -n "$version" ] || version=missing
	[ -e "$archive" ] || die "the package linux-source-6.1 is missing: run 'scripts/setup $group'"
	sum=$(sha256sum "$fragment")
	echo "$version-${sum:0:8}"
}

check_tools() {
	local tool missing=()
	for tool in gcc make flex bison bc xz; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	[ ${#missing[@]} -eq 0 ] || die "not installed: ${missing[*]}: run 'scripts/setup $group'"
}

# step WHAT COMMAND...: the command's output is shown if it fails.
step() {
	say "$1 ..."
	shift
	"$@" >"$log" 2>&1 </dev/null || {
		tail -n 20 "$log" >&2
		die "failed: $*"
	}
}

# olddefconfig drops silently what another option rules out.
check_config() {
	local line
	while read -r line; do
		case $line in
		*=n) ! grep -q "^${line%=n}=" .config || die "the kernel's configuration ignores $line" ;;
		*) grep -qxF "$line" .config || die "the kernel's configuration lacks $line" ;;
		esac
	done < <(grep '^CONFIG_' "$fragment")
}

# strip_tree ARCH...: modules need the headers, the scripts and Module.symvers: a
# tenth of it all. What else was built must be elsewhere by then.
strip_tree() {
	local arch keep=()
	for arch in "$@"; do keep+=(! -name "$arch"); done
	find . -mindepth 1 -maxdepth 1 ! -name include ! -name scripts ! -name arch ! -name tools \
		! -name Makefile ! -name Kbuild ! -name Module.symvers ! -name .config \
		! -name linux ! -name System.map -exec rm -rf {} +
	find arch -mindepth 1 -maxdepth 1 -type d "${keep[@]}" -exec rm -rf {} +
	find . -name '*.o' ! -path './scripts/*' -delete
	find . -name '*.a' -delete
	[ ! -d tools ] || find tools -type f ! -name objtool -delete
}
