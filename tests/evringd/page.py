#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd's page and its stream, without a browser.

page.py SOCKET TEST: run the test function of this name; what is wrong is an exception.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from html.parser import HTMLParser

import client

BOUND_S = 300
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
VOID = {"meta", "input", "br", "link", "img"}
CLIENTS_MAX = 8


def get(address: str, path: str, accept: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: {accept}\r\n\r\n"
    top, _, body = client.exchange(address, head.encode()).partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body.decode()


def foreign(address: str) -> None:
    """A page of another site cannot change anything by a visitor's browser."""
    for header, expected in (
        ("Origin: https://evil.example", 403),
        ("Origin: null", 403),
        ("Origin: http://x.evil.example", 403),
        ("Sec-Fetch-Site: cross-site", 403),
        ("Sec-Fetch-Site: same-site\r\nOrigin: http://x", 403),
        ("Origin: http://x", 202),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://x", 202),
        ("Sec-Fetch-Site: none", 202),
        ("X: y", 202),
    ):
        status, _ = client.request(address, "PUT", "/connectors/z-second/resume", b"", header + "\r\n")
        assert status == expected, (header, status)
        status, _ = client.request(address, "GET", "/connectors", b"", header + "\r\n")
        assert status == 200, (header, status)


class Page(HTMLParser):
    """Elements with their attributes, in order, and whether they are closed as they were opened"""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, tag

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


def accept(address: str) -> None:
    """A browser gets the page, each other client JSON."""
    for wish in BROWSER, "text/html":
        status, headers, body = get(address, "/", wish)
        assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8", headers
        assert body.startswith("<!doctype html>")
    for wish in "application/json", "*/*", JAVA, "application/json, text/html;q=0.5":
        status, headers, body = get(address, "/", wish)
        assert headers["Content-Type"] == "application/json" and json.loads(body)["version"], wish
    status, headers, body = get(address, "/", BROWSER, "HEAD")
    assert status == 200 and not body and int(headers["Content-Length"]) > 1000


def policy(address: str) -> None:
    """Its own script and style alone, by a number that is another one each time"""
    seen = set()
    for _ in range(3):
        _, headers, body = get(address, "/", BROWSER)
        rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
        assert rules["default-src"] == "'none'" and rules["frame-ancestors"] == "'none'"
        nonce = re.fullmatch(r"'nonce-([0-9a-f]{32})'", rules["script-src"]).group(1)
        assert rules["style-src"] == rules["script-src"]
        page = Page(body)
        assert [attrs["nonce"] for attrs in page.all("script", "style")] == [nonce] * 2
        assert "@NONCE@" not in body and "unsafe" not in str(rules)
        for tag, attrs in page.elements:
            assert not {"src", "href", "style"} & set(attrs), (tag, attrs)
            assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|innerHTML|\beval\b", body)
        seen.add(nonce)
    assert len(seen) == 3


def accessible(address: str) -> None:
    """Landmarks, headings, tables with captions and headers, labels, what changes is said"""
    _, _, body = get(address, "/", BROWSER)
    page = Page(body)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("h1")) == 1
    for attrs in page.all("section"):
        assert attrs["aria-labelledby"] in ids, attrs
    assert len(page.all("table")) == len(page.all("caption")) == 5
    assert page.all("th") and all(attrs["scope"] == "col" for attrs in page.all("th"))
    labels = [attrs["for"] for attrs in page.all("label")]
    assert all(attrs["id"] in labels for attrs in page.all("input"))
    assert [a for a in page.all("p") if a.get("role") == "status" and a["aria-live"] == "polite"]
    for attrs in page.all("svg"):
        assert attrs["role"] == "img" and set(attrs["aria-labelledby"].split()) <= set(ids)


def luminance(colour: str) -> float:
    """As WCAG 2.1 has it"""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(address: str) -> None:
    """4.5 to 1 for text in both schemes (WCAG AA)"""
    _, _, body = get(address, "/", BROWSER)
    schemes = [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{(.*?)\}", body, re.S)]
    assert len(schemes) == 2 and schemes[0].keys() == schemes[1].keys()
    for colours in schemes:
        for text in "text", "soft", "good", "bad", "warn":
            for back in "back", "panel":
                bright, dark = sorted((luminance(colours[text]), luminance(colours[back])), reverse=True)
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (text, back, colours)


def stream(address: str) -> socket.socket:
    sock = client.connect(address)
    sock.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
    return sock


def opened(address: str) -> socket.socket:
    """One that has been accepted: that a client is gone is seen with the next message to it."""
    end = time.monotonic() + BOUND_S
    while time.monotonic() < end:
        sock = stream(address)
        if sock.recv(12, socket.MSG_PEEK | socket.MSG_WAITALL) == b"HTTP/1.1 200":
            return sock
        sock.close()
        time.sleep(0.1)
    raise AssertionError("never accepted")


def chunks(sock: socket.socket):
    """The bodies of an answer in chunks, which has no end but the server's"""
    file = sock.makefile("rb")
    status = file.readline()
    assert status.startswith(b"HTTP/1.1 200"), status
    kind = ""
    while (line := file.readline().strip()):
        kind = line.decode()[14:] if line.startswith(b"Content-Type: ") else kind
    assert kind == "text/event-stream", kind
    while line := file.readline():
        yield file.read(int(line, 16))
        file.readline()


def messages(sock: socket.socket):
    text = b""
    for chunk in chunks(sock):
        text += chunk
        while b"\n\n" in text:
            message, _, text = text.partition(b"\n\n")
            assert message.startswith(b"data: ") and b"\n" not in message
            yield json.loads(message[6:])


def live(address: str) -> None:
    """States that go on, and events"""
    found: list[dict] = []
    events: list[dict] = []
    for message in messages(opened(address)):
        found.append(message["state"])
        events += message["events"]
        assert len(message["events"]) <= 50
        if len(found) >= 3 and len(events) >= 10:
            break
    first, last = found[0], found[-1]
    assert last["time"] > first["time"]
    assert last["rings"][0]["emitted"] > first["rings"][0]["emitted"]
    assert last["connectors"][0]["name"] == "sim" and last["groups"][0]["name"] == "sim"
    assert len(last["connectors"][0]["latency"]) == len(last["bounds"]) + 1
    assert all(event["type"].startswith("process.exec") for event in events), events[0]
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(seqs) and len(set(seqs)) == len(seqs)


def drain(sock: socket.socket) -> None:
    try:
        while sock.recv(1 << 16):
            pass
    except OSError:
        pass


def bounded(address: str) -> None:
    """As many as there may be, and one more, which is told so; one that does not read holds up nobody"""
    socks = [opened(address) for _ in range(CLIENTS_MAX)]
    for sock in socks:
        threading.Thread(target=drain, args=(sock,), daemon=True).start()
    status, headers, _ = get(address, "/events", "text/event-stream")
    assert status == 503 and headers["Retry-After"], status
    for sock in socks:
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
    lazy = opened(address)
    reader = messages(opened(address))
    for _ in range(4):
        next(reader)
    assert get(address, "/health", "*/*")[0] == 200
    lazy.close()


def to_the_end(address: str) -> None:
    """A stream, until evringd ends"""
    for number, _ in enumerate(messages(opened(address))):
        if not number:
            print("streaming", flush=True)


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1])
