#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd as systemd starts it: systemd.py FOLDER EVRINGD...

It gives the program a listening socket and one for notifications, compares what it says there
with what must come, asks for /health through the inherited socket, and ends it.
Before that it gives it sockets that it must refuse.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import sys
import tempfile
import time

from client import request

FOLDER, COMMAND = sys.argv[1], sys.argv[2:]
# A sign of life is a look at the connectors, too.
ALIVE = re.compile(r"WATCHDOG=1\nSTATUS=1 connector: 1 (UNASSIGNED|RUNNING|FAILED|RESTARTING)")


def start(listener: socket.socket, path: str, fds: int = 1, log: int = 2, watched: bool = True) -> int:
    """The environment has the child's own number, which is known only there."""
    pid = os.fork()
    if pid:
        return pid
    os.dup2(log, 2)
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(
        LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(fds), NOTIFY_SOCKET=path, WATCHDOG_USEC="200000",
        WATCHDOG_PID=str(os.getpid() if watched else os.getppid()),
    )
    os.execv(COMMAND[0], COMMAND)


def must_refuse(listener: socket.socket, path: str, fds: int, why: str) -> None:
    """Its clients would need no password."""
    with tempfile.TemporaryFile() as log:
        pid = start(listener, path, fds, log.fileno())
        while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
            if select.select([notify], [], [], 0.05)[0] and "READY" in (got := notify.recv(4096).decode()):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                sys.exit(f"LISTEN_FDS={fds}, {listener!r}: served: {got!r}")
        log.seek(0)
        said = log.read().decode()
    if os.waitstatus_to_exitcode(ended[1]) != 2 or why not in said:
        sys.exit(f"LISTEN_FDS={fds}, {listener!r}: status {ended[1]}, said {said!r}")


listener = socket.socket(socket.AF_UNIX)
listener.bind(f"{FOLDER}/inherited")
listener.listen(16)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(f"{FOLDER}/notify")
notify.settimeout(120)

network = socket.create_server(("127.0.0.1", 0))
datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
must_refuse(network, f"{FOLDER}/notify", 1, "is no Unix stream socket that listens")
must_refuse(datagrams, f"{FOLDER}/notify", 1, "is no Unix stream socket that listens")
must_refuse(listener, f"{FOLDER}/notify", 2, "LISTEN_FDS: 2 sockets")

def hear(pid: int) -> tuple[str, float]:
    """What it says next, and when"""
    got = notify.recv(4096).decode()
    if os.waitpid(pid, os.WNOHANG)[0]:
        sys.exit(f"it has ended; its last word: {got!r}")
    return got, time.monotonic()


def must_end(pid: int) -> None:
    """Of its own connector's failure the status is 1. Nothing comes behind STOPPING=1 but signs of life."""
    os.kill(pid, signal.SIGTERM)
    while (got := notify.recv(4096).decode()) != "STOPPING=1":
        if not ALIVE.fullmatch(got):
            sys.exit(f"{got!r} before STOPPING=1")
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code != 1:
        sys.exit(f"status {code}, though its connector has failed")
    while select.select([notify], [], [], 0)[0]:
        if not ALIVE.fullmatch(got := notify.recv(4096).decode()):
            sys.exit(f"{got!r} behind STOPPING=1")


pid = start(listener, f"{FOLDER}/notify")
# Once READY=1 is said the socket is served, whenever systemd looks at it.
if (got := hear(pid)[0]) != "READY=1":
    sys.exit(f"{got!r} before READY=1")
status = request(f"{FOLDER}/inherited", "GET", "/health")[0]
signs = [hear(pid) for _ in range(5)]
if wrong := [text for text, _ in signs if not ALIVE.fullmatch(text)]:
    sys.exit(f"no sign of life: {wrong}")
# One that stands still gives none; then it goes on.
os.kill(pid, signal.SIGSTOP)
os.waitpid(pid, os.WUNTRACED)
while select.select([notify], [], [], 0)[0]:
    notify.recv(4096)
if select.select([notify], [], [], 1)[0]:
    sys.exit(f"a sign of life of one that is stopped: {notify.recv(4096)!r}")
os.kill(pid, signal.SIGCONT)
if not ALIVE.fullmatch(got := hear(pid)[0]):
    sys.exit(f"no sign of life behind SIGCONT: {got!r}")
must_end(pid)
if status != 200 or not os.path.exists(f"{FOLDER}/inherited"):
    sys.exit(f"health {status}; the socket is systemd's, and stays")

# The watchdog is another process's: its states are told, but not so often.
pid = start(listener, f"{FOLDER}/notify", watched=False)
if (got := hear(pid)[0]) != "READY=1":
    sys.exit(f"{got!r} before READY=1")
begin = time.monotonic()
hear(pid)
took = hear(pid)[1] - begin
if took < 0.9:
    sys.exit(f"a second sign of life after {took:.2f} s, though nobody waits for it")
must_end(pid)

# evringd@.service: a connector's file, and no socket
os.environ.update(NOTIFY_SOCKET=f"{FOLDER}/notify", WATCHDOG_USEC="200000")
pid = os.spawnv(os.P_NOWAIT, COMMAND[0], [COMMAND[0], f"{FOLDER}/connectors.d/c.json"])
if (got := notify.recv(4096).decode()) != "READY=1":
    sys.exit(f"{got!r} before READY=1")
while not (got := notify.recv(4096).decode()).endswith("STATUS=1 connector: 1 FAILED"):
    if not ALIVE.fullmatch(got):
        sys.exit(f"{got!r}: no sign of life")
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if code != 1:
    sys.exit(f"status {code} of the one connector that has failed")
