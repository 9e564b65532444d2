#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A client of evringd's REST interface, for tests.

client.py ADDRESS METHOD PATH [BODY]: print the status and the body. ADDRESS is a
Unix socket's path, or HOST:PORT.
"""

from __future__ import annotations

import socket
import sys


def connect(address: str) -> socket.socket:
    if address.startswith("/"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(600)
        sock.connect(address)
        return sock
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), 600)


def read_all(sock: socket.socket) -> bytes:
    """What comes until the server closes; a reset ends it, too."""
    data = b""
    try:
        while part := sock.recv(65536):
            data += part
    except (ConnectionError, TimeoutError):
        pass
    return data


def exchange(address: str, raw: bytes) -> bytes:
    with connect(address) as sock:
        try:
            sock.sendall(raw)
        except ConnectionError:
            pass
        return read_all(sock)


def answer(
    address: str, method: str, path: str, body: bytes = b"", more: str = ""
) -> tuple[int, dict[str, str], str]:
    """The status, the headers by their names in lower case, and the body."""
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    top, _, rest = exchange(address, head.encode() + body).partition(b"\r\n\r\n")
    status, *lines = top.decode().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return int(status.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, rest.decode()


def request(address: str, method: str, path: str, body: bytes = b"", more: str = "") -> tuple[int, str]:
    status, _, text = answer(address, method, path, body, more)
    return status, text


if __name__ == "__main__":
    status, text = request(*sys.argv[1:4], *(arg.encode() for arg in sys.argv[4:5]))
    print(status, text)
