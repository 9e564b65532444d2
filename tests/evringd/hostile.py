#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Hostile clients of evringd's REST interface.

hostile.py SOCKET SEED N: N requests made of good ones, broken at random; clients
that are slow, many, or never end. After each kind evringd must still answer. The
caller looks for what the sanitizers say. TAP.
"""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import sys
import threading
import time
from urllib.parse import quote

from client import connect, exchange, read_all, request

ADDRESS, SEED, N = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
CONNECTIONS_MAX = 256  # as http.c has it
rng = random.Random(SEED)
failed = False
number = 0


def check(good: bool, name: str, why: str = "") -> None:
    global failed, number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - {name}")
    if not good:
        failed = True
        print(f"# {why}")


def alive() -> bool:
    return request(ADDRESS, "GET", "/health")[0] == 200


KEYS = ["topic", "name", "hooks", "filter", "kafka.acks", "bootstrap.servers", "device", "key", "x",
        "lanes", "pack.bytes", "connector.class", "tasks.max", "hooks.filter.process.exec", ""]
VALUES = ["x", "${type}", "${file:/etc/passwd:root}", "${", "", "1", "-1", 1e300, 2**63 - 1, None, True, [], {},
          "\u00e4" * 90, "a" * 5000, "../../x", "\n\r", "127.0.0.1:1"]
NAMES = ["a", "b", "..", "../a", "%2e%2e%2fa", "%00", "%ff", "a" * 300, "", " ", "a%0d%0aX: y", "nope"]
SHAPES = ["/", "/connectors", "/connectors/{}", "/connectors/{}/config", "/connectors/{}/status",
          "/connectors/{}/tasks", "/connectors/{}/tasks/{}/status", "/connectors/{}/tasks/{}/restart",
          "/connectors/{}/restart?includeTasks=true&onlyFailed=x", "/connectors/{}/pause",
          "/connectors/{}/resume", "/connectors/{}/stop", "/connectors/{}/topics",
          "/connectors/{}/offsets", "/connectors?expand=status&expand=info&expand",
          "/connector-plugins/EvringSource/config", "/connector-plugins/EvringSource/config/validate",
          "/connector-plugins/{}/config", "/{}", "//{}//", "/metrics", "/connectors/{}/topics/reset",
          "/admin/loggers", "/admin/loggers/{}", "/admin/loggers/root", "/admin/loggers/connector.{}"]
METHODS = ["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X", "get"]


def some_config() -> dict:
    return {rng.choice(KEYS): rng.choice(VALUES) for _ in range(rng.randrange(6))}


def some_body() -> bytes:
    kind = rng.randrange(8)
    if kind == 0:
        return b""
    if kind == 1:
        return rng.randbytes(rng.randrange(200))
    if kind == 2:
        return b"[" * rng.randrange(5000)
    if kind == 3:
        return json.dumps({"name": rng.choice(NAMES), "config": some_config(),
                           rng.choice(["initial_state", "x"]): rng.choice(["STOPPED", "UP", 1])}).encode()
    if kind == 4:
        return json.dumps(rng.choice(VALUES)).encode()
    return json.dumps(some_config()).encode()


def mutate(raw: bytes) -> bytes:
    data = bytearray(raw)
    for _ in range(rng.randrange(1, 6)):
        if not data:
            break
        at = rng.randrange(len(data))
        what = rng.randrange(4)
        if what == 0:
            data[at] = rng.randrange(256)
        elif what == 1:
            del data[at:at + rng.randrange(8)]
        elif what == 2:
            data[at:at] = rng.randbytes(rng.randrange(8))
        else:
            data[at:at] = data[max(0, at - 20):at]
    return bytes(data)


def some_request() -> tuple[bytes, bool]:
    """And must it be answered?"""
    path = rng.choice(SHAPES)
    path = path.format(*(rng.choice(NAMES) for _ in range(path.count("{}"))))
    body = some_body()
    length = rng.choice([len(body)] * 50 + [rng.randrange(1 << 40)])
    head = f"{rng.choice(METHODS)} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    raw = f"{head}Content-Length: {length}\r\n\r\n".encode() + body
    return raw, length == len(body) and " " not in path


def is_whole(answer: bytes, is_head: bool) -> bool:
    """None, or one with its header and as many bytes as that says."""
    top, end, body = answer.partition(b"\r\n\r\n")
    length = [int(line[15:]) for line in top.split(b"\r\n") if line.startswith(b"Content-Length:")]
    return not answer or (bool(end) and (is_head or not length or len(body) >= length[0]))


def broken() -> None:
    wrong = ""
    due = answered = 0
    for i in range(N):
        raw, whole = some_request()
        if rng.randrange(3) == 0:
            raw, whole = mutate(raw), False
        with connect(ADDRESS) as sock:
            sock.settimeout(600 if whole else 0.5)  # if it is not whole there may be no answer
            try:
                sock.sendall(raw)
                sock.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            answer = read_all(sock)
            sock.settimeout(600)  # one that has begun comes to its end, however slowly
            while not is_whole(answer, raw.startswith(b"HEAD")):
                try:
                    more = sock.recv(1 << 16)
                except OSError:
                    break
                if not more:
                    break
                answer += more
        due += whole
        answered += whole and answer.startswith(b"HTTP/1.1 ")
        if whole and not answer.startswith(b"HTTP/1.1 "):
            wrong = f"request {i}: {raw[:200]!r}: no answer, but {answer[:100]!r}"
        top, _, body = answer.partition(b"\r\n\r\n")
        if b" 500 " in top[:16] and b"evring" not in body and b"device" not in body:
            wrong = f"request {i}: {raw[:200]!r}: {answer[:300]!r}"
        length = [line[15:] for line in top.split(b"\r\n") if line.startswith(b"Content-Length:")]
        body = body[:int(length[0])] if length else body  # another answer may follow
        if body[:1] in b"{[" and b"application/json" in top and not raw.startswith(b"HEAD"):
            try:
                json.loads(body)
            except ValueError:
                wrong = f"request {i}: {raw[:200]!r}: no JSON: {body[:200]!r}"
    check(not wrong, f"{N} requests, broken at random (seed {SEED})", wrong)
    check(0 < due == answered, f"of {due} that were whole {answered} were answered")
    check(alive(), "and it answers")


def too_long() -> None:
    status, _ = request(ADDRESS, "PUT", "/connectors/a/config", b'{"a": "' + b"x" * (2 << 20) + b'"}')
    check(status == 413, "a body of 2 MiB is refused", str(status))
    with connect(ADDRESS) as sock:
        sock.sendall(b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 256 << 20:
                sock.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                sent += 65536
                if sent == 4 << 20:
                    sock.sendall(b"0\r\n\r\n")
                    break
        except OSError:
            pass
        answer = sock.recv(200)
    check(b" 413 " in answer[:16], "a body in chunks without end, too", repr(answer[:100]))
    answer = exchange(ADDRESS, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n")
    check(b" 431 " in answer[:16] or b" 413 " in answer[:16] or not answer, "a header of 100 kB", repr(answer[:60]))
    check(alive(), "and it answers")


def server() -> int:
    """evringd's process: the socket knows who listens."""
    with connect(ADDRESS) as sock:
        return struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def wait_for(holds, bound_s: float = 600) -> bool:
    end = time.monotonic() + bound_s
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def silent(count: int) -> list[socket.socket]:
    """So many connections, or what there is room for in some minutes"""
    socks: list[socket.socket] = []
    end = time.monotonic() + 600
    while len(socks) < count and time.monotonic() < end:
        sock = socket.socket(socket.AF_UNIX)
        sock.setblocking(False)
        try:
            sock.connect(ADDRESS)
            socks.append(sock)
        except BlockingIOError:  # its queue is full for the moment
            sock.close()
            time.sleep(0.02)
    return socks


class Watcher(threading.Thread):
    """The most descriptors that evringd has until stop()"""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid, self.most = pid, 0
        self.ends = threading.Event()
        self.start()

    def run(self) -> None:
        while not self.ends.wait(0.02):
            self.most = max(self.most, descriptors(self.pid))

    def stop(self) -> int:
        self.ends.set()
        self.join()
        return self.most


def many() -> None:
    """More than it takes: those behind wait, and are served when the silent ones time out."""
    pid = server()
    before = descriptors(pid)
    watcher = Watcher(pid)
    socks = silent(1000)
    check(len(socks) == 1000, f"{len(socks)} silent connections")
    check(alive(), "one behind those that are silent still is served")
    most = watcher.stop()
    check(CONNECTIONS_MAX <= most - before + 4 <= CONNECTIONS_MAX + 8, f"of which it has {CONNECTIONS_MAX} at a time",
          f"{before} descriptors, then {most}")
    for sock in socks:
        sock.close()
    check(wait_for(lambda: descriptors(pid) <= before), "and none when they are gone", f"{descriptors(pid)}, not {before}")
    slow = connect(ADDRESS)
    slow.sendall(b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
    check(alive(), "while a client sends half a body it answers others")
    answer = slow.recv(1000)
    check(not answer or b" 408 " in answer[:16], "and leaves that one after a while", repr(answer[:60]))
    check(alive() and server() == pid, "and it answers")


def outside() -> None:
    """Names that lead out of the folder, with a configuration that is good; the caller looks for files."""
    # A minimal system has no /etc/machine-id.
    config = {"topic": "t", "bootstrap.servers": "127.0.0.1:1", "machine.id": "0" * 32}
    wrong = ""
    for name in ["..", "../a", "../../a", "/tmp/a", ".a", "a/b", "", "x\0y"]:
        path = quote(name, safe="")
        for status in (
            request(ADDRESS, "PUT", f"/connectors/{path}/config", json.dumps(config).encode())[0],
            request(ADDRESS, "POST", "/connectors", json.dumps({"name": name, "config": config}).encode())[0],
        ):
            if status not in (400, 404, 405):
                wrong = f"{name!r}: {status}"
    check(not wrong, "a name that leads out of the folder is refused", wrong)
    status, _ = request(ADDRESS, "PUT", "/connectors/a/config", json.dumps(config).encode())
    check(status in (200, 201), "another one is not", str(status))


def odd_paths() -> None:
    """A NUL ends no path, and a name that is too long is none that can be."""
    config = {"topic": "t", "bootstrap.servers": "127.0.0.1:1", "machine.id": "0" * 32}
    found = {}
    for method, path in (
        ("GET", "/health%00x"), ("GET", "/connectors%00/x"), ("DELETE", "/connectors/a%00b"),
        ("PUT", "/connectors/a%00/pause"),
    ):
        found[path] = request(ADDRESS, method, path)[0]
    check(set(found.values()) == {404}, "a path with a NUL is another one", f"{found}")
    status, text = request(ADDRESS, "GET", "/connectors/a")
    check(status == 200, "and nothing has happened to the one before the NUL", f"{status} {text}")
    status, text = request(ADDRESS, "PUT", f"/connectors/{'a' * 300}/config", json.dumps(config).encode())
    check(status == 400 and "name" in text, "a name of 300 bytes is too long", f"{status} {text}")


def hosts() -> None:
    """A browser that believes to talk to a site of somebody else's: DNS can say that this is it."""
    wrong = ""
    for host, refused in (
        ("localhost", False), ("localhost:8083", False), ("127.0.0.1:8083", False), ("[::1]:8083", False),
        ("x", False), ("", False), ("LOCALHOST", False), ("app.localhost:1", False), ("localhost.:1", False),
        ("evil.example", True), ("evil.example:8083", True), ("127.0.0.1.evil.example", True),
        ("evil.example.", True), ('"><script>', False), ("1.2.3.4.", True), ("[::1].evil.example", True),
    ):
        raw = f"GET /connectors HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        answer = exchange(ADDRESS, raw.encode())
        if answer.startswith(b"HTTP/1.1 421 ") != refused or b"<script>" in answer:
            wrong += f"{host!r}: {answer[:40]!r} "
    check(not wrong, "a Host that is a name of the network is refused on the Unix socket", wrong)


class Slow(threading.Thread):
    """A client that is never silent for long, and never done."""

    def __init__(self, begin: bytes) -> None:
        super().__init__(daemon=True)
        self.begin = begin
        self.ended = False
        self.start()

    def run(self) -> None:
        with connect(ADDRESS) as sock:
            sock.sendall(self.begin)
            sock.settimeout(1)
            for _ in range(600):
                try:
                    sock.sendall(b"x")
                    self.ended = not sock.recv(1000)
                except TimeoutError:
                    continue
                except OSError:
                    self.ended = True
                if self.ended:
                    break


slow_ones = [
    Slow(b"GET /health HTTP/1.1\r\nX: "),
    Slow(b"PUT /connectors/a/config HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"),
]
broken()
outside()
odd_paths()
hosts()
too_long()
for slow in slow_ones:
    slow.join()
check(all(slow.ended for slow in slow_ones), "a request that comes a byte a second is ended")
many()
print(f"1..{number}")
sys.exit(failed)
