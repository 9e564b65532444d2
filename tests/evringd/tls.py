#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd's REST interface over TLS: tls.py PORT CERTIFICATE. Who may, may; others not."""

from __future__ import annotations

import base64
import http.client
import ssl
import sys

PORT, CERTIFICATE = int(sys.argv[1]), sys.argv[2]


def status(header: str | None) -> int:
    context = ssl.create_default_context(cafile=CERTIFICATE)
    connection = http.client.HTTPSConnection("localhost", PORT, timeout=60, context=context)
    connection.request("GET", "/connectors", headers={"Authorization": header} if header else {})
    answer = connection.getresponse()
    answer.read()
    return answer.status


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
print("\n".join(wrong))
sys.exit(bool(wrong))
