#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd as systemd starts it: systemd.py FOLDER EVRINGD...

It gives the program a listening socket and one for notifications, waits for each
line that must come, asks for /health through the inherited socket, and ends it.
Before that it gives it sockets that it must refuse.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import tempfile

from client import request

FOLDER, COMMAND = sys.argv[1], sys.argv[2:]
WANTED = ["READY=1", "WATCHDOG=1", "STATUS=1 connector: 1 ", "WATCHDOG=1", "WATCHDOG=1"]


def start(listener: socket.socket, path: str, fds: int = 1, log: int = 2) -> int:
    """The environment has the child's own number, which is known only there."""
    pid = os.fork()
    if pid:
        return pid
    os.dup2(log, 2)
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(
        LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(fds), NOTIFY_SOCKET=path, WATCHDOG_USEC="200000"
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

pid = start(listener, f"{FOLDER}/notify")
for text in WANTED:
    while text not in (got := notify.recv(4096).decode()):
        print(f"# {got!r}")
status = request(f"{FOLDER}/inherited", "GET", "/health")[0]
os.kill(pid, signal.SIGTERM)
while "STOPPING=1" not in notify.recv(4096).decode():
    pass
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if status != 200 or not os.path.exists(f"{FOLDER}/inherited"):
    sys.exit(f"health {status}; the socket is systemd's, and stays")
if code != 1:
    sys.exit(f"status {code}, though its connector has failed")

# evringd@.service: a connector's file, and no socket
os.environ.update(NOTIFY_SOCKET=f"{FOLDER}/notify", WATCHDOG_USEC="200000")
pid = os.spawnv(os.P_NOWAIT, COMMAND[0], [COMMAND[0], f"{FOLDER}/connectors.d/c.json"])
said = ""
for text in ["READY=1", "WATCHDOG=1", "STATUS=1 connector: 1 FAILED"]:
    while text not in said:
        said += notify.recv(4096).decode() + "\n"
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
if code != 1:
    sys.exit(f"status {code} of the one connector that has failed")
