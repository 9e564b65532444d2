# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# A minimal Debian 12 that debootstrap makes, and a way to run commands in it:
# for scripts that source this and have say() and die(). Of the host it takes
# Debian's package sources, certificates, and the settings of the network's
# clients.

readonly suite=bookworm
readonly base_cache=${EVRING_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/evring}/fresh

# Files with a host's network settings. The chroot gets a copy of each that exists.
readonly settings=(/etc/resolv.conf /etc/hosts /etc/pip.conf /etc/mavenrc
	/usr/local/share/ca-certificates /etc/ssl/certs/ca-certificates.crt)
readonly variables='(^|_)(proxy|CA|CERT|SSL|CERTS|CAINFO)(_|$)|^(PIP|MAVEN|CURL)_|^(CI|TERM|JAVA_TOOL_OPTIONS|EVRING_ACCEL)$'

# The one thing that the host must have.
get_debootstrap() {
	say "asking for the lists of packages"
	apt-get -qq update </dev/null >&2 || true # a list of somebody else's may fail
	command -v debootstrap >/dev/null || DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -y --no-install-recommends install debootstrap </dev/null >&2 ||
		die "cannot install debootstrap"
}

# Debian's own among the host's package sources, one a line: URI SUITE COMPONENT.
package_sources() {
	# shellcheck disable=SC2016 # apt's own words, not ours
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
		grep -E "^[^ ]+ $suite(-updates|-security|/updates)? main$" | sort -u || true
}

# The host's archive for packages of this origin: Debian, Debian-Security
archive() {
	local uri
	# shellcheck disable=SC2016 # apt's own words, not ours
	uri=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		awk -v label="$1" '$1 == label { print $2; exit }')
	[ -n "$uri" ] || die "this host has no package source of $1: its apt must know Debian's archive"
	echo "$uri"
}

# A host that has another release gets the same archive's bookworm.
write_sources() {
	local list uri release component
	list=$(package_sources)
	[ -n "$list" ] || list="$(archive Debian) $suite main
$(archive Debian) $suite-updates main
$(archive Debian-Security) $suite-security main"
	while read -r uri release component; do
		echo "deb $uri $release $component"
	done <<<"$list"
}

mirror() {
	local uri
	uri=$(package_sources | awk -v suite="$suite" '$2 == suite { print $1; exit }')
	[ -n "$uri" ] || uri=$(archive Debian)
	echo "$uri"
}

# Sets base: an archive of the minimal system as debootstrap leaves it, a day old
# at most.
make_base() {
	local work log
	base=$base_cache/base-$suite-$(date +%Y-%m-%d).tar
	[ ! -e "$base" ] || return 0
	mkdir -p "$base_cache"
	rm -f "$base_cache"/base-*.tar
	work=$(mktemp -d "$base_cache/base.XXXXXX")
	log=$base_cache/debootstrap.log
	say "debootstrap, about a minute and a half"
	if ! debootstrap --variant=minbase "$suite" "$work" "$(mirror)" </dev/null >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		rm -rf "$work"
		die "debootstrap failed: $log"
	fi
	rm -rf "$work"/var/cache/apt/archives/*.deb
	tar -C "$work" -cf "$base.new" .
	rm -rf "$work"
	mv "$base.new" "$base"
}

# copy_in PATH...: to the same place
copy_in() {
	local path
	for path in "$@"; do
		[ -e "$path" ] || continue
		mkdir -p "$root$(dirname "$path")"
		cp -rL "$path" "$root$(dirname "$path")/"
	done
}

# Sets environment: the host's variables for the network, and the files that they
# name.
take_environment() {
	local name value
	environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		LANG=C)
	while IFS= read -r name; do
		shopt -s nocasematch
		if [[ $name =~ $variables ]]; then
			value=${!name}
			environment+=("$name=$value")
			[[ $value != /* ]] || [ ! -f "$value" ] || copy_in "$value"
		fi
		shopt -u nocasematch
	done < <(compgen -e)
}

# make_root FOLDER: sets root, a system below it. A killed run may have left one: the
# lock excludes other runs, and the killed run's mounts ended with it.
make_root() {
	mkdir -p "$1"
	exec 8>"$1/lock"
	flock -n 8 || { say "another run is at work, waiting for it"; flock 8; }
	rm -rf "$1"/root.*
	make_base
	root=$(mktemp -d "$1/root.XXXXXX")
	tar -C "$root" -xf "$base"
	chmod 755 "$root" # after tar: the archive has the mode that mktemp gave
	copy_in "${settings[@]}"
	write_sources >"$root/etc/apt/sources.list"
	apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv[46])\b' \
		>"$root/etc/apt/apt.conf.d/90host" || true
	[ ! -d /etc/apt/auth.conf.d ] || copy_in /etc/apt/auth.conf.d
	cp -n /etc/apt/trusted.gpg.d/* "$root/etc/apt/trusted.gpg.d/" 2>/dev/null || true
	mkdir -p "$root/root/.m2"
	cp -n ~/.m2/settings*.xml "$root/root/.m2/" 2>/dev/null ||
		cp -n /etc/maven/settings.xml "$root/root/.m2/" 2>/dev/null || true
	# No machine-id: containers have none.
	rm -f "$root/etc/machine-id"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # no daemon starts in a chroot
	chmod 755 "$root/usr/sbin/policy-rc.d"
}

# enter ROOT COMMAND...: runs in mount and process namespaces of its own, as their
# first process: when that ends, however it ends, nothing of them is left.
enter() {
	local root=$1 node
	shift
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys" 2>/dev/null || mount --rbind -o ro /sys "$root/sys"
	mount -t tmpfs -o mode=755 dev "$root/dev"
	for node in null zero full random urandom tty kvm; do
		[ -e "/dev/$node" ] || continue
		: >"$root/dev/$node"
		mount --bind "/dev/$node" "$root/dev/$node"
	done
	mkdir "$root/dev/pts" "$root/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
	mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
	ln -s pts/ptmx "$root/dev/ptmx"
	ln -s /proc/self/fd "$root/dev/fd"
	ln -s /proc/self/fd/0 "$root/dev/stdin"
	ln -s /proc/self/fd/1 "$root/dev/stdout"
	ln -s /proc/self/fd/2 "$root/dev/stderr"
	exec chroot "$root" "$@" </dev/null
}

# run_in_root COMMAND...: as the script itself with --enter, which is to call enter
run_in_root() {
	local status=0
	env -i "${environment[@]}" setpriv --pdeathsig KILL unshare --mount --propagation private \
		--pid --fork --kill-child "$0" --enter "$root" "$@" &
	inside=$!
	wait "$inside" || status=$?
	inside=''
	return "$status"
}

# Remove the system, unless it is to be kept.
remove_root() {
	[ -z "${inside-}" ] || kill -KILL "$inside" 2>/dev/null || true
	wait
	if [ -n "${keep-}" ] && [ -n "${root-}" ]; then
		say "the system is in $root" >&2
	else
		rm -rf "${root:-/nonexistent}"
	fi
}
