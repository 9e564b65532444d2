#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd as systemd starts it: systemd.py FOLDER EVRINGD...

It gives the program a listening socket and one for notifications, waits for each
line that must come, asks for /health through the inherited socket, and ends it.
"""

from __future__ import annotations

import os
import signal
import socket
import sys

from client import request

FOLDER, COMMAND = sys.argv[1], sys.argv[2:]
WANTED = ["READY=1", "WATCHDOG=1", "STATUS=1 connector: 1 ", "WATCHDOG=1", "WATCHDOG=1"]


def start(listener: socket.socket, path: str) -> int:
    """The environment has the child's own number, which is known only there."""
    pid = os.fork()
    if pid:
        return pid
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", NOTIFY_SOCKET=path, WATCHDOG_USEC="200000")
    os.execv(COMMAND[0], COMMAND)


listener = socket.socket(socket.AF_UNIX)
listener.bind(f"{FOLDER}/inherited")
listener.listen(16)
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(f"{FOLDER}/notify")
notify.settimeout(120)

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
