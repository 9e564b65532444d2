#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Random programs of requests to evringd, made of docs/openapi.yaml.

fuzz.py SOCKET FOLDER BROKERS SEED N: N requests, by two clients at a time. Connectors come
and go, with configurations of all keys that evringd lists, good and bad. Each answer must
have a status that the document has for it, and a body of its schema; none may be an error
of evringd's own; /metrics must stay readable; and no file may be outside of FOLDER's
connectors. In the end all connectors are deleted, and nothing is left. The caller looks
for what the sanitizers say.
"""

from __future__ import annotations

import json
import pathlib
import random
import re
import sys
import threading
import time
from urllib.parse import quote

import client as clients
from document import DOC, is_wrong

ADDRESS, FOLDER, BROKERS, SEED, N = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5])
OPERATIONS = [
    (method.upper(), path)
    for path, item in DOC["paths"].items()
    for method in item
    if method != "parameters" and path != "/events"
]
OPERATIONS += 4 * [one for one in OPERATIONS if one[0] in ("POST", "PUT", "PATCH") and one[1].startswith("/connectors")]
NAMES = ["a", "b", "c-1", "D.d", "_", "x" * 100, "nope"]
ODD = ["..", "", "a/b", 'q"uote', "new\nline", "<script>", "\x01", "\u00e4", "a" * 300, "%", "a b", "*"]
TEXTS = ["", "x", "0", "-1", "1", "18446744073709551616", "true", "${type}", "${", "${env:HOME}", "${file:/etc/shadow:x}",
         "uid == 0", "path startswith \"/etc\"", "a,b", ",", "process.*", "@security", "<script>alert(1)</script>",
         "\u00e4\ud7ff", "\x7f", "a\nb", "' or 1", "(.*)", "((((", "$1", "t", "t2"]
CLASSES = ["RegexRouter", "TimestampRouter", "Filter", "ReplaceField", "InsertField$Value", "MaskField", "UserNames",
           "Container", "Ancestors", "InsertHeader", "HeaderFrom$Value", "DropHeaders", "Flatten$Value", "Cast",
           "org.apache.kafka.connect.transforms.RegexRouter", "x"]
OPTIONS = {"regex": "(.*)", "replacement": "$1", "include": "old_tid", "exclude": "argv", "renames": "comm:task",
           "static.field": "dc", "static.value": "1", "topic.field": "to", "timestamp.field": "at", "fields": "comm",
           "header": "site", "value.literal": "1", "headers": "h", "operation": "move", "topic.format": "${topic}",
           "timestamp.format": "yyyy", "predicate": "p", "negate": "true"}
OF = {"RegexRouter": ["regex", "replacement"], "ReplaceField": ["exclude", "renames"], "MaskField": ["fields"],
      "InsertField": ["static.field", "static.value"], "InsertHeader": ["header", "value.literal"],
      "HeaderFrom": ["fields", "headers", "operation"], "DropHeaders": ["headers"]}
wrong: list[str] = []
lock = threading.Lock()
seen: dict[int, int] = {}
unanswered: list[tuple] = []


SILENT_S = 10  # as http.c has it


def request(address: str, *args) -> tuple[int, str]:
    """A host that is slow for ten seconds makes evringd think that the client is."""
    for _ in range(100):
        begin = time.monotonic()
        try:
            return clients.request(address, *args)
        except IndexError:
            took = time.monotonic() - begin
            # Nobody was slow: evringd has closed the connection without a word.
            if took < SILENT_S - 1:
                raise AssertionError(f"no answer after {took:.1f} s: {args}") from None
            with lock:
                unanswered.append(args[:2])
    raise AssertionError(f"never an answer: {args}")


KEYS = [key["name"] for key in json.loads(request(ADDRESS, "GET", "/connector-plugins/EvringSource/config")[1])]
ALLOWED = {
    key["name"]: key["documentation"].rsplit("; ", 1)[1].split("|")
    for key in json.loads(request(ADDRESS, "GET", "/connector-plugins/EvringSource/config")[1])
}


def transforms(rng: random.Random) -> dict[str, str]:
    """A chain that may be good"""
    names = [f"t{i}" for i in range(rng.randrange(1, 4))]
    made = {"transforms": ",".join(names)}
    for name in names:
        kind = rng.choice(CLASSES)
        made[f"transforms.{name}.type"] = kind
        options = list(OF.get(kind.rsplit(".", 1)[-1].split("$")[0], []))
        if rng.randrange(5) == 0:
            options.append(rng.choice(list(OPTIONS)))
        for option in options:
            made[f"transforms.{name}.{option}"] = OPTIONS[option] if rng.randrange(8) else rng.choice(TEXTS)
    if rng.randrange(2):
        made.update({"predicates": "p", "predicates.p.type": "EventMatches", "predicates.p.filter": "old_tid < 100"})
        made[f"transforms.{names[0]}.predicate"] = "p"
    return made


def config(rng: random.Random, name: str) -> dict[str, object]:
    made: dict[str, object] = {
        "topic": rng.choice(["t", "t2"]), "bootstrap.servers": BROKERS, "machine.id": "0" * 32,
        "shutdown.timeout.ms": "200", "group.abandon.ms": "1000", "group.id": re.sub(r"[^A-Za-z0-9._-]", "", name)[:50] or "g",
    }
    if rng.randrange(3) == 0:
        made.update(transforms(rng))
    if rng.randrange(4) == 0:
        made.update({"topic.creation.default.partitions": "2", "topic.creation.default.replication.factor": "1"})
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        key = rng.choice(KEYS).replace("*", rng.choice(["a", "b.c", "", "linger.ms", "process.exec"]))
        made[key] = rng.choice(ALLOWED.get(key, TEXTS) if rng.randrange(3) else TEXTS)
        if rng.randrange(6) == 0:
            made[key] = rng.choice([None, True, 7, -1, 1e300, [], {}])
    # It must not find other files, devices or hosts.
    made["device"] = "/dev/evring"
    for key in [key for key in made if re.search(r"registry|plugin|ssl|sasl|debug|mock", key)]:
        del made[key]
    return made


def body(rng: random.Random, method: str, path: str, name: str) -> bytes:
    if method == "GET" or not DOC["paths"][path][method.lower()].get("requestBody"):
        return b"" if rng.randrange(20) else b"{"
    if rng.randrange(20) == 0:
        return rng.choice([b"", b"{", b"[]", b"null", b'"x"', b"[" * 3000, b'{"a": 1, "a": 2}', b"\xff", b"{}"])
    if path == "/connectors":
        made: object = {"name": name, "config": config(rng, name)}
        if rng.randrange(3) == 0:
            made["initial_state"] = rng.choice(["STOPPED", "PAUSED", "RUNNING", "x", 3])
    elif path.endswith("/offsets"):
        made = {"offsets": [{"partition": rng.choice([{}, {"lane": "critical", "cpu": 0, "machine_id": "0" * 32, "boot_id": "x"}]),
                             "offset": rng.choice([None, {}, {"pos": rng.choice([0, -1, 2**63, "x"]), "seq": 0}])}]}
    elif path.startswith("/admin"):
        made = {"level": rng.choice(["DEBUG", "INFO", "WARN", "x", 1, ""])}
    else:
        made = config(rng, name)
    return json.dumps(made).encode()


LINE = re.compile(
    r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\n]|\\[\\\"n])*\",?)*\})? [-+.0-9eEINFNa]+$"
)


def metrics() -> str:
    status, text = request(ADDRESS, "GET", "/metrics")
    if status != 200:
        return f"/metrics: {status}"
    series = [line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")]
    for line in text.splitlines():
        if not line.startswith("#") and not LINE.match(line):
            return f"/metrics: no line of Prometheus: {line[:200]}"
    return "" if len(series) == len(set(series)) else "/metrics: a series is there twice"


def report(why: str) -> None:
    with lock:
        wrong.append(why)


def client(seed: str, nr: int) -> None:
    rng = random.Random(seed)
    for number in range(nr):
        method, path = rng.choice(OPERATIONS)
        name = rng.choice(NAMES) if rng.randrange(12) else rng.choice(ODD)
        names = {"name": quote(name, safe=""), "task": rng.choice(["0", "0", "1", "x", "99999999999999999999"]),
                 "class": rng.choice(["EvringSource", "io.evring.EvringSourceConnector", "x"]),
                 "logger": quote(rng.choice(["root", "connector.a", "x", "*"]), safe="")}
        where = path.format(**names)
        # A part that is empty is another path.
        if not names["name"] and "{name}" in path or "//" in where:
            continue
        raw = body(rng, method, path, name)
        query = rng.choice(["", "", "", "?expand=status&expand=info", "?includeTasks=true", "?onlyFailed=x", "?%00=%ff"])
        try:
            status, text = request(ADDRESS, method, where + query, raw)
        except (OSError, AssertionError, ValueError) as error:
            report(f"{seed}/{number}: {method} {where}: no answer: {error!r} {raw[:300]!r}")
            return
        with lock:
            seen[status] = seen.get(status, 0) + 1
        # The document has them for a folder that cannot be written, which this one can.
        why = "an error of evringd's own" if status in (500, 507) else is_wrong(method, path, status, text)
        if why:
            report(f"{seed}/{number}: {method} {where}{query} {raw[:600]!r}: {status} {text[:300]}: {why}")
        if number % 50 == 0 and (why := metrics()):
            report(f"{seed}/{number}: {why}")


def clean() -> None:
    """All connectors go, and their files."""
    for name in json.loads(request(ADDRESS, "GET", "/connectors")[1]):
        for _ in range(3):
            status, text = request(ADDRESS, "DELETE", f"/connectors/{quote(name, safe='')}")
            if status == 204:
                break
        else:
            report(f"DELETE {name!r}: {status} {text}")
    left = json.loads(request(ADDRESS, "GET", "/connectors")[1])
    files = [str(file) for file in FOLDER.rglob("*")]
    if left or files:
        report(f"left: {left} {files}")


threads = [threading.Thread(target=client, args=(f"{SEED}.{i}", N // 2)) for i in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if not wrong:
    clean()
for line in wrong[:20]:
    print(line)
print(f"{sum(seen.values())} answers, by status: {dict(sorted(seen.items()))}; {len(unanswered)} requests "
      f"made again, as they had no answer {unanswered[:5]}; seed {SEED}")
sys.exit(bool(wrong))
