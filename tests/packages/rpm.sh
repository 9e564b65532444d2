# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the scripts of the RPM packages do: for tests/packages/run, which sources this. They run
# in a root where all that they call only notes that it was called.

# make_root_of_notes FOLDER STATUS: a shell, and the rest notes its call and exits so
make_root_of_notes() {
	local dir=$1 name
	rm -rf "$dir" && mkdir -p "$dir"/{bin,dev,sbin,usr/bin,usr/lib/evring} || return 1
	cp /bin/busybox "$dir/bin/" && ln -s busybox "$dir/bin/sh" && ln -s busybox "$dir/bin/cat" &&
		: >"$dir/dev/null" || return 1
	for name in usr/bin/{dkms,systemctl,systemd-sysusers,systemd-tmpfiles,udevadm} sbin/ldconfig \
		usr/lib/evring/module; do
		# shellcheck disable=SC2016 # for the shell there
		printf '#!/bin/sh\necho "${0##*/} $*" >>/calls\nexit %s\n' "$2" >"$dir/$name"
		chmod 755 "$dir/$name"
	done
}

# As of a host that runs systemd and udev, with the module loaded
make_it_run() {
	mkdir -p "$1"/run/{systemd/system,udev} "$1/sys/module/evring" && : >"$1/dev/evring" &&
		(cd "$1/run/udev" && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("control")')
}

# rpm_script FOLDER RPM TAG ARGUMENT: its calls, the first line of what it says, and its status
# unless that is 0; nothing if there is no such script
rpm_script() {
	local dir=$1 body program status=0
	body=$(rpm -qp --qf "%{$3}" "$2") && program=$(rpm -qp --qf "%{$3PROG}" "$2") || return 1
	[ "$program" != '(none)' ] || return 0
	[ "$body" != '(none)' ] || body=$program
	: >"$dir/calls"
	env -i PATH=/usr/bin:/bin:/sbin chroot "$dir" /bin/sh -c "$body" script "$4" >"$dir/said" 2>&1 || status=$?
	sed 's/^/  /; s/ *$//' "$dir/calls"
	sed -n '1s/^/  says: /p' "$dir/said"
	[ "$status" = 0 ] || echo "  status $status"
}

# rpm_calls FOLDER RPM...: of all their scripts, with what rpm passes them: how many packages of
# the name there are afterwards. In the order of their names, as folders are an architecture's.
rpm_calls() {
	local dir=$1 package packages tag number calls
	shift
	mapfile -t packages < <(printf '%s\n' "$@" | sed 's|.*/\(.*\)|\1 &|' | LC_ALL=C sort | cut -d ' ' -f 2-)
	for package in "${packages[@]}"; do
		for tag in PREIN:1 PREIN:2 POSTIN:1 POSTIN:2 PREUN:0 PREUN:1 POSTUN:0 POSTUN:1; do
			number=${tag#*:} tag=${tag%:*}
			calls=$(rpm_script "$dir" "$package" "$tag" "$number") || return 1
			[ -z "$calls" ] || printf '%s %s %s\n%s\n' \
				"$(rpm -qp --qf '%{NAME}' "$package")" "$tag" "$number" "$calls"
		done
	done
}

# What they call on a host that runs
rpm_calls_expected() {
	local version=$1
	cat <<END
evring-dkms POSTIN 1
  systemd-sysusers evring.conf
  udevadm control --reload
  udevadm trigger --action=change --sysname-match=evring*
  dkms add -m evring -v $version --rpm_safe_upgrade
  dkms install -m evring -v $version --force
  module upgrade
evring-dkms POSTIN 2
  systemd-sysusers evring.conf
  udevadm control --reload
  udevadm trigger --action=change --sysname-match=evring*
  dkms add -m evring -v $version --rpm_safe_upgrade
  dkms install -m evring -v $version --force
  module upgrade
evring-dkms PREUN 0
  module unload
  dkms remove -m evring -v $version --all --rpm_safe_upgrade
evring-dkms PREUN 1
  dkms remove -m evring -v $version --all --rpm_safe_upgrade
evring-tools POSTIN 1
  systemctl daemon-reload
evring-tools POSTIN 2
  systemctl daemon-reload
evring-tools PREUN 0
  systemctl --no-reload disable evring-redact.service
  systemctl stop evring-redact.service
evring-tools POSTUN 0
  systemctl daemon-reload
evring-tools POSTUN 1
  systemctl daemon-reload
evringd POSTIN 1
  systemd-sysusers evring.conf
  systemd-tmpfiles --create evring.conf
  systemctl daemon-reload
  says: evringd: nothing is started before there is a connector. Next, as root:
evringd POSTIN 2
  systemd-sysusers evring.conf
  systemd-tmpfiles --create evring.conf
  systemctl daemon-reload
evringd PREUN 0
  systemctl --no-reload disable evringd.socket evringd.service evringd@.service
  systemctl stop evringd.socket evringd.service evringd@*.service
evringd POSTUN 0
  systemctl daemon-reload
evringd POSTUN 1
  systemctl daemon-reload
  systemctl try-restart evringd.service evringd@*.service
libevring POSTIN 1
  ldconfig
libevring POSTIN 2
  ldconfig
libevring POSTUN 0
  ldconfig
libevring POSTUN 1
  ldconfig
END
}

# In an image or a container nothing runs: units are disabled all the same.
rpm_calls_at_rest_expected() {
	local version=$1
	rpm_calls_expected "$version" | awk '
		!/^ / { run = $0; next }
		/udevadm|module upgrade|daemon-reload|systemctl (stop|try-restart)/ { next }
		run != shown { print run; shown = run }
		{ print }
		run == "evring-dkms POSTIN 1" && /dkms install/ {
			print "  says: evring: the module is loaded at the next boot, or by: modprobe evring" }'
}

# rpm_calls_of VERSION RUNS: the calls alone, of those runs, where packages are installed: the
# module's program is the package's own there, and ldconfig rpm's matter.
rpm_calls_of() {
	rpm_calls_at_rest_expected "$1" | awk -v runs="$2" '!/^ / { of_it = $0 ~ runs; next }
		of_it && !/says:|module unload|ldconfig/ { sub(/^ */, ""); print }'
}

# rpm_scripts_call VERSION FOLDER RPM...
rpm_scripts_call() {
	local version=$1 dir=$2
	shift 2
	make_root_of_notes "$dir" 0 && make_it_run "$dir" || return 1
	diff <(rpm_calls_expected "$version") <(rpm_calls "$dir" "$@")
}

rpm_scripts_call_at_rest() {
	local version=$1 dir=$2
	shift 2
	make_root_of_notes "$dir" 0 || return 1
	diff <(rpm_calls_at_rest_expected "$version") <(rpm_calls "$dir" "$@")
}

# A package whose %preun fails stays; one whose %post fails is as if it were half installed.
# ldconfig is no script of ours.
rpm_scripts_succeed() {
	local dir=$1
	shift
	make_root_of_notes "$dir" 1 && make_it_run "$dir" && sed -i 's/^exit .*/exit 0/' "$dir/sbin/ldconfig" ||
		return 1
	rpm_calls "$dir" "$@" >"$dir/log"
	[ -s "$dir/log" ] && ! grep -B 9 '^  status' "$dir/log"
}
