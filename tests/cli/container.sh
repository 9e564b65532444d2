# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A part of guest.sh: the transform Container, on the cgroups of a real kernel. A broker runs,
# and the user nobody is in the group evring.
id1=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
id2=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210
cgroups=/sys/fs/cgroup
mkdir -p /tmp/container.d

# container TOPIC: the connector
container() {
	echo '{"name":"container","config":{"hooks":"process.exec","hooks.filter.process.exec":"path endswith \"/evring-nop\"","group.start":"latest","topic":"'"$1"'","transforms":"c","transforms.c.type":"Container","kafka.bootstrap.servers":"'"$(cat /tmp/broker)"'"}}' \
		>/tmp/container.d/container.json
}
# run_in CGROUP WORD: a program with such an argument, in a cgroup that is made for it
run_in() {
	mkdir -p "$cgroups$1"
	sh -c 'echo 0 >"$0/cgroup.procs" && exec evring-nop "$1"' "$cgroups$1" "$2"
}
# told TOPIC WORD: its message
told() {
	kcat -q -b "$(cat /tmp/broker)" -C -t "$1" -e 2>/tmp/err | grep "\"$2\"" >/tmp/out
}
# is_in TOPIC WORD RUNTIME ID "what must hold"
is_in() {
	until_true told "$1" "$2"
	grep -q '"container_id":"'"$4"'","container_runtime":"'"$3"'"' /tmp/out
	ok $? "$5"
}
# is_outside TOPIC WORD "what must hold": there is nothing in the fields, not even an empty text
is_outside() {
	until_true told "$1" "$2"
	grep -q '"container_id":null,"container_runtime":null,"container_name":null,"pod_name":null,"pod_namespace":null' /tmp/out
	ok $? "$3"
}

container by.handle
start_daemon --connectors /tmp/container.d --rest /tmp/container.sock
until_it_says '^process.exec  *attached' evring hooks
evring-nop outside
is_outside by.handle outside "Container: a process that is in none"
run_in /system.slice/docker-$id1.scope docker
is_in by.handle docker docker $id1 "Container: of a cgroup that was made a moment ago"
run_in /system.slice/docker-$id1.scope/init/deep below
is_in by.handle below docker $id1 "Container: of a cgroup below the container's"
run_in /kubepods.slice/kubepods-pod1.slice/cri-containerd-$id2.scope pod
is_in by.handle pod containerd $id2 "Container: another runtime's name"
run_in /kubepods/burstable/pod1/$id1 plain
is_in by.handle plain kubernetes $id1 "Container: an id alone, in a pod's folder"
run_in /system.slice/docker-${id1}0.scope odd
is_outside by.handle odd "Container: a name that is longer than an id is none"
# It lives no longer than its program: the cgroup's id leads nowhere when evringd looks.
kill -STOP $daemon
run_in /system.slice/docker-$id2.scope gone
until rmdir $cgroups/system.slice/docker-$id2.scope 2>/tmp/out; do usleep 10000; done
kill -CONT $daemon
is_outside by.handle gone "Container: of a cgroup that is gone nothing is guessed"
run_in /system.slice/docker-$id2.scope again
is_in by.handle again docker $id2 "Container: one of the same name that came after it"
cp /tmp/log /tmp/out
! grep -q 'cannot be opened by their ids' /tmp/out
ok $? "Container: root opens cgroups by their ids"
kill -TERM $daemon
wait $daemon

# The same by a user who may not open them so: all are looked through.
container by.search
chown -R nobody /tmp/container.d
evring groups drop container >/tmp/out
evringd --attach --user nobody --connectors /tmp/container.d >/tmp/out 2>&1
rm -f /tmp/log
su -s /bin/sh nobody -c 'exec evringd --connectors /tmp/container.d --rest /tmp/container.d/rest.sock' 2>/tmp/log &
daemon=$!
until_it_says 'container: version' cat /tmp/log
run_in /system.slice/docker-$id1.scope searched
is_in by.search searched docker $id1 "Container, without CAP_DAC_READ_SEARCH: found among all cgroups"
evring-nop outside
is_outside by.search outside "... and what is in none is in none"
says 'Container: cgroups cannot be opened by their ids: Operation not permitted' \
	"... and the log says so" cat /tmp/log
kill -TERM $daemon
wait $daemon
evring groups drop container >/tmp/out
find $cgroups/system.slice $cgroups/kubepods $cgroups/kubepods.slice -depth -type d -exec rmdir {} \;
