#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A secret that a config provider gives is in no byte that evringd tells.

    hidden.py SOCKET FOLDER LOG BROKERS keys      each key there is has one, right or wrong
    hidden.py SOCKET FOLDER LOG BROKERS used URL  some that run, or fail by it

Each answer to a GET of docs/openapi.yaml is searched, with its headers, the page, two messages
of its stream, both formats of the metrics, the answers to what changes a connector, the
connectors' files and the log. evringd's environment has PROBE.
"""

from __future__ import annotations

import base64
import json
import pathlib
import sys
import time

import client
from document import DOC

SOCKET, FOLDER, LOG, BROKERS = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4]
BOUND_S = 300
SECRET = "pr0be5ecret"
# What is no value for nearly any key: the word is still in it.
ODD = SECRET + "/${(\"<"
PROPERTIES = FOLDER.parent / "secrets.properties"
WAYS = [f"${{file:{PROPERTIES}:word}}", "${env:PROBE}", f"${{dir:{FOLDER.parent}:word}}"]
WRONG = [f"${{file:{PROPERTIES}:odd}}", f"${{dir:{FOLDER.parent}:odd}}"]
# Their values are names, of topics, groups and hosts, and are shown where these are
NAMES = {"topic", "group.id", "errors.deadletterqueue.topic.name", "transforms.t.replacement", "transforms.t.topic.format",
         "kafka.bootstrap.servers"}
LIBRDKAFKA = ["sasl.password", "sasl.username", "client.id", "client.rack", "ssl.key.password", "ssl.key.pem",
              "ssl.key.location", "ssl.ca.location", "ssl.keystore.password", "sasl.oauthbearer.client.secret",
              "sasl.oauthbearer.config", "linger.ms", "acks", "compression.type", "security.protocol",
              "sasl.mechanism", "debug", "bootstrap.servers", "no.such.property"]
# The names behind a key that ends with "*", and what they need beside them
BEHIND = {
    "kafka.": [(name, {}) for name in LIBRDKAFKA],
    "hooks.filter.": [("process.exec", {})],
    "topic.creation.": [("default.cleanup.policy", {}), ("g.partitions", {"topic.creation.groups": "g"})],
    "predicates.": [("p.type", {"predicates": "p"}),
                    ("p.pattern", {"predicates": "p", "predicates.p.type": "TopicNameMatches"}),
                    ("p.filter", {"predicates": "p", "predicates.p.type": "EventMatches"}),
                    ("p.name", {"predicates": "p", "predicates.p.type": "HasHeaderKey"})],
    "transforms.": [("t.type", {"transforms": "t"})] + [
        (f"t.{option}", {"transforms": "t", "transforms.t.type": kind, **more}) for kind, option, more in (
            ("RegexRouter", "regex", {"transforms.t.replacement": "x"}),
            ("RegexRouter", "replacement", {"transforms.t.regex": "(.*)"}),
            ("TimestampRouter", "topic.format", {}),
            ("ReplaceField", "exclude", {}), ("ReplaceField", "renames", {}),
            ("MaskField", "fields", {}), ("MaskField", "replacement", {"transforms.t.fields": "comm"}),
            ("InsertField$Value", "static.field", {"transforms.t.static.value": "x"}),
            ("InsertHeader", "header", {"transforms.t.value.literal": "x"}),
            ("Filter", "predicate", {}), ("Nothing", "no.such.option", {}))],
}
ACCEPTS = {"/": ["text/html", "*/*"], "/metrics": ["text/plain", "application/openmetrics-text;version=1.0.0"]}


def needles() -> list[bytes]:
    """The word, and as base64 has it at each place, and hexadecimal"""
    found = [SECRET.encode(), SECRET.encode().hex().encode()]
    for before in range(3):
        text = base64.b64encode(b"\0" * before + SECRET.encode())
        found.append(text[(before * 8 + 5) // 6:-4])
    return [needle.lower() for needle in found]


NEEDLES = needles()
wrong: list[str] = []
searched = 0


def search(what: str, data: bytes) -> bool:
    """Is it there? Then that is wrong."""
    global searched
    searched += len(data)
    low = data.lower()
    found = [low.find(needle) for needle in NEEDLES if needle in low]
    if found:
        wrong.append(f"{what}: {data[max(0, found[0] - 120):found[0] + 60]!r}")
    return bool(found)


class Log:
    """What has been added since the last look"""

    at = 0

    def look(self, what: str) -> None:
        with LOG.open("rb") as file:
            file.seek(self.at)
            data = file.read()
        self.at += len(data)
        search(f"{what}: log", data)


def ask(what: str, method: str, path: str, body: object = None, accept: str = "*/*") -> tuple[int, str]:
    """The answer, which is searched, but for its own request's text"""
    raw = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept: {accept}\r\n"
    answer = client.exchange(SOCKET, f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw)
    assert answer.startswith(b"HTTP/1.1 "), (method, path, answer[:100])
    search(f"{what}: {method} {path}", answer)
    return int(answer[9:12]), answer.partition(b"\r\n\r\n")[2].decode()


def stream(what: str) -> None:
    """Two states, and the events between"""
    with client.connect(SOCKET) as sock:
        sock.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
        data = b""
        while data.count(b"data: ") < 3:
            part = sock.recv(1 << 16)
            assert part, data
            data += part
    search(f"{what}: GET /events", data)


def look(what: str, name: str) -> None:
    """Each GET that the document has"""
    places = {"name": name, "task": "0", "class": "EvringSource", "logger": f"connector.{name}"}
    for path, item in DOC["paths"].items():
        if "get" not in item or path == "/events":
            continue
        for query in ["", "?expand=status&expand=info", "?connectorsOnly=false"]:
            if query and path not in ("/connectors", "/connector-plugins"):
                continue
            for accept in ACCEPTS.get(path, ["*/*"]):
                ask(what, "GET", path.format(**places) + query, accept=accept)
    for file in FOLDER.iterdir():
        search(f"{what}: {file.name}", file.read_bytes())
    log.look(what)


def until(holds, what: str) -> None:
    end = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def state_of(name: str) -> str:
    status, text = client.request(SOCKET, "GET", f"/connectors/{name}/status")
    return json.loads(text)["connector"]["state"] if status == 200 else ""


def settled(name: str) -> str:
    """Its state, once it runs or has failed"""
    until(lambda: state_of(name) in ("RUNNING", "FAILED"), f"{name} runs or fails")
    return state_of(name)


def base() -> dict[str, str]:
    return {"topic": "t", "bootstrap.servers": BROKERS, "shutdown.timeout.ms": "0", "log.level": "debug"}


def one(key: str, value: str, more: dict[str, str]) -> str:
    """A connector of which one key has the reference; what came of it"""
    what = f"{key} = {value}"
    config = {**base(), **more, key: value}
    if key == "kafka.bootstrap.servers":
        del config["bootstrap.servers"]
    ask(what, "PUT", "/connector-plugins/EvringSource/config/validate", {**config, "name": "x"})
    status, _ = ask(what, "PUT", "/connectors/x/config", config)
    assert status in (201, 400, 409), status
    if status == 201 and key not in NAMES:
        state = settled("x")
        look(f"{what} ({state})", "x")
        ask(what, "POST", "/connectors/x/restart?includeTasks=true")
    else:
        state = str(status)
    if status == 201:
        ask(what, "PATCH", "/connectors/x/config", {"flush.ms": "6"})
        for path in "", "/config", "/tasks":
            ask(what, "GET", f"/connectors/x{path}")
        removed = LOG.read_bytes().count(b" x: removed")
        ask(what, "DELETE", "/connectors/x")
        until(lambda: LOG.read_bytes().count(b" x: removed") > removed, f"{what}: it is deleted")
    if key in NAMES:
        log.at = LOG.stat().st_size
    else:
        log.look(what)
    return state


def every_key() -> list[tuple[str, dict[str, str]]]:
    listed = json.loads(client.request(SOCKET, "GET", "/connector-plugins/EvringSource/config")[1])
    found = []
    for name in (key["name"] for key in listed):
        if name.endswith("*"):
            found += [(name[:-1] + behind, more) for behind, more in BEHIND[name[:-1]]]
        elif name != "name":
            found.append((name, {}))
    assert len(found) > 90, len(found)
    return found


def keys() -> None:
    states: dict[str, int] = {}
    for number, (key, more) in enumerate(every_key()):
        for value in WAYS[number % 3], WRONG[number % 2]:
            state = one(key, value, more)
            states[state] = states.get(state, 0) + 1
    print(f"# {states}")
    # A connector is made of some, and some are refused.
    assert states.get("RUNNING", 0) > 5 and states.get("400", 0) > 60, states


def used(url: str) -> None:
    """Passwords that are sent"""
    avro = {"value.format": "avro", "value.converter.schema.registry.url": url,
            "value.converter.value.subject.name.strategy": "RecordNameStrategy"}
    login = "value.converter.basic.auth.user.info"
    sasl = {"kafka.security.protocol": "sasl_plaintext", "kafka.sasl.mechanism": "PLAIN", "kafka.sasl.username": WAYS[1],
            "kafka.sasl.password": WAYS[0], "kafka.debug": "security,broker,conf,protocol"}
    for name, config, wanted in (
        ("right", {**avro, login: f"${{file:{PROPERTIES}:login}}"}, "RUNNING"),
        ("refused", {**avro, login: f"${{file:{PROPERTIES}:other}}"}, "FAILED"),
        ("sasl", sasl, "RUNNING"),
        ("away", {"device": "/nonexistent", "kafka.security.protocol": "ssl", "kafka.ssl.key.password": WAYS[2]}, "FAILED"),
    ):
        status, text = ask(name, "PUT", f"/connectors/{name}/config", {**base(), **config})
        assert status == 201, text
        until(lambda name=name, wanted=wanted: state_of(name) == wanted, f"{name} is {wanted}")
        look(name, name)
    until(delivers, "events are delivered with the right password")
    stream("all")
    # ... and when they end, and are there again from their files
    for name in "right", "refused", "sasl", "away":
        ask(name, "POST", f"/connectors/{name}/restart?includeTasks=true")
        settled(name)
        look(name, name)
        ask(name, "PUT", f"/connectors/{name}/stop")
        look(name, name)


def delivers() -> bool:
    text = client.request(SOCKET, "GET", "/metrics")[1]
    lines = [line for line in text.splitlines() if line.startswith('evringd_events_delivered_total{connector="right"')]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines) > 0


def finds() -> None:
    """What is not a provider's is shown, and found: the search is one."""
    config = {**base(), "kafka.client.rack": SECRET}
    assert client.request(SOCKET, "PUT", "/connectors/plain/config", json.dumps(config).encode())[0] == 201
    ask("plain", "GET", "/connectors/plain/config")
    assert len(wrong) == 1, wrong
    wrong.clear()
    client.request(SOCKET, "DELETE", "/connectors/plain")
    until(lambda: b" plain: removed" in LOG.read_bytes(), "plain is deleted")
    for text in base64.b64encode(b"user:" + SECRET.encode()), base64.b64encode(SECRET.encode() + b"xx"):
        assert any(needle in text.lower() for needle in NEEDLES), text
    log.at = LOG.stat().st_size


log = Log()
PROPERTIES.write_text(f"word={SECRET}\nodd={ODD}\nlogin=evring:{SECRET}\nother=evring:{SECRET}2\n", encoding="ascii")
(FOLDER.parent / "word").write_text(SECRET + "\n", encoding="ascii")
(FOLDER.parent / "odd").write_text(ODD + "\n", encoding="ascii")
finds()
globals()[sys.argv[5]](*sys.argv[6:])
for line in wrong[:40]:
    print(line)
print(f"# {searched} bytes searched, {len(wrong)} times it is there")
sys.exit(bool(wrong) or searched < 100000)
