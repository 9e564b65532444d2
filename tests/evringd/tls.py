#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd's REST interface over TLS: tls.py PORT CERTIFICATE. Who may, may; others not."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import sys
import warnings

PORT, CERTIFICATE = int(sys.argv[1]), sys.argv[2]


def status(header: str | None, source: str = "127.0.0.1") -> int:
    context = ssl.create_default_context(cafile=CERTIFICATE)
    connection = http.client.HTTPSConnection(
        "localhost", PORT, timeout=60, context=context, source_address=(source, 0)
    )
    connection.request("GET", "/connectors", headers={"Authorization": header} if header else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def speaks(version: ssl.TLSVersion) -> bool:
    """The library would offer the old ones to nobody by itself."""
    context = ssl.create_default_context(cafile=CERTIFICATE)
    context.set_ciphers("DEFAULT@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = version
        context.maximum_version = version
    with socket.create_connection(("127.0.0.1", PORT), timeout=60) as sock:
        try:
            context.wrap_socket(sock, server_hostname="localhost").close()
            return True
        except ssl.SSLError:
            return False


def versions() -> list[str]:
    tls = ssl.TLSVersion
    wanted = {tls.TLSv1: False, tls.TLSv1_1: False, tls.TLSv1_2: True, tls.TLSv1_3: True}
    return [f"{v.name}: not {want}" for v, want in wanted.items() if speaks(v) != want]


def crowd() -> str:
    """One address takes all that it gets; another one is served all the same."""
    socks: list[socket.socket] = []
    for _ in range(200):
        socks = [sock for sock in socks if is_open(sock)]
        while len(socks) < 100:
            socks.append(socket.create_connection(("127.0.0.1", PORT)))
        try:
            status("Bearer t0ken")
        except OSError:
            code = status("Bearer t0ken", "127.0.0.2")
            return "" if code == 200 else f"another address: {code}"
    return "100 connections of one address, and it is served"


def is_open(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return bool(sock.recv(1))
    except BlockingIOError:
        return True
    except OSError:
        return False


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


WANTED = [
    (basic("operator:secret"), 200),
    ("basic " + basic("operator:secret")[6:], 200),
    ("Bearer t0ken", 200),
    (None, 401),
    (basic("operator:wrong"), 401),
    (basic("operator:secret2"), 401),
    (basic("operator"), 401),
    ("Bearer t0ke", 401),
    ("Bearer ", 401),
    ("", 401),
]
wrong = [f"{header!r}: {status(header)}, not {code}" for header, code in WANTED if status(header) != code]
wrong += versions()
wrong += [text for text in [crowd()] if text]
print("\n".join(wrong))
sys.exit(bool(wrong))
