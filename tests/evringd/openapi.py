#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""docs/openapi.yaml against evringd: openapi.py SOCKET CONFIG.

Each operation of the document is asked for; each answer must have a status that the
document has, and a body of its schema. evringd's own table of paths must have the same
operations. CONFIG is of a connector that runs; its name is "c".
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import time

from client import answer
from document import DOC, headers_wrong, is_wrong

ADDRESS, CONFIG = sys.argv[1], json.loads(sys.argv[2])
TOP = pathlib.Path(__file__).parents[2]
# Not tried: it does not end.
STREAMS = {("GET", "/events")}
NAMES = {"name": "c", "task": "0", "class": "EvringSource", "logger": "root"}
# As `evringd --keys` has them
CONVERTERS = set(re.findall(r"\b[A-Z]\w+Converter\b", subprocess.run(
    [TOP / "build/bin/evringd", "--keys"], check=True, capture_output=True, text=True).stdout))
wrong: list[str] = []
tried: set[tuple[str, str]] = set()


def ask(method: str, path: str, expected: int, body: object = None, query: str = "", **names: str) -> str:
    tried.add((method, path))
    where = path.format(**{**NAMES, **names}) + query
    raw = b"" if body is None else json.dumps(body).encode()
    status, headers, text = answer(ADDRESS, method, where, raw)
    why = is_wrong(method, path, status, text) or headers_wrong(method, path, status, headers)
    why = why or ("" if status == expected else f"not {expected}")
    if not why and status == 201:
        why = leads_wrong(headers["location"], json.loads(text)["name"])
    if why:
        wrong.append(f"{method} {where}: {status} {text[:200]}: {why}")
    return text


def leads_wrong(location: str, name: str) -> str:
    """Why, or nothing: Location leads to what was made."""
    status, _, text = answer(ADDRESS, "GET", location)
    made = json.loads(text).get("name") if status == 200 else None
    return "" if made == name else f"Location {location} is not that of {name}"


def until(state: str) -> None:
    for _ in range(6000):
        if json.loads(ask("GET", C + "/status", 200))["connector"]["state"] == state:
            return
        time.sleep(0.1)
    wrong.append(f"the connector is never {state}")


def operations() -> set[tuple[str, str]]:
    return {
        (method.upper(), path) for path, item in DOC["paths"].items() for method in item if method != "parameters"
    }


def routes() -> set[tuple[str, str]]:
    """evringd's, with the document's names of what is in a path."""
    source = (TOP / "user/evringd/rest.c").read_text()
    found = set()
    for method, path in re.findall(r'{ "([A-Z]+)",\s+"(/[^"]*)",', source):
        first = {"connector-plugins": "{class}", "admin": "{logger}"}.get(path.split("/")[1], "{name}")
        found.add((method, path.replace("*", first).replace("#", "{task}")))
    return found


C = "/connectors/{name}"
P = "/connector-plugins/{class}/config"
L = "/admin/loggers/{logger}"
for path in "/", "/health", "/ready", "/metrics", "/connectors", "/connector-plugins", "/admin/loggers":
    ask("GET", path, 200)
listed = {(one["type"], one["class"].rpartition(".")[2]) for one in json.loads(ask(
    "GET", "/connector-plugins", 200, query="?connectorsOnly=false"))}
wrong += [f"no converter {name} in /connector-plugins" for name in CONVERTERS if ("converter", name) not in listed]
ask("POST", "/connectors", 400, {"name": "c", "config": {}})
ask("POST", "/connectors", 201, {"name": "c", "config": CONFIG})
ask("POST", "/connectors", 409, {"name": "c", "config": CONFIG})
until("RUNNING")
ask("GET", "/connectors", 200)
ask("GET", "/connectors", 200, query="?expand=status&expand=info")
for part in "", "/config", "/tasks", "/tasks/{task}/status", "/topics", "/offsets", "/status":
    ask("GET", C + part, 200)
    ask("GET", C + part, 404, name="nope")
ask("PUT", C + "/config", 400, {"topic": "/"})
ask("PUT", C + "/config", 200, CONFIG)
ask("PUT", C + "/config", 201, {**CONFIG, "group.id": "other"}, name="other")
ask("PUT", C + "/config", 404, CONFIG, name="a%2Fb")
ask("DELETE", C, 204, name="other")
ask("PATCH", C + "/config", 200, {"batch.events": 7})
ask("PATCH", C + "/config", 404, {}, name="nope")
ask("PATCH", C + "/offsets", 400, {"offsets": []})
ask("DELETE", C + "/offsets", 400)
ask("POST", C + "/tasks/{task}/restart", 204)
ask("POST", C + "/tasks/{task}/restart", 404, task="9")
ask("POST", C + "/restart", 204)
ask("POST", C + "/restart", 202, query="?includeTasks=true")
ask("PUT", C + "/topics/reset", 202)
for part, status, state in ("pause", 202, "PAUSED"), ("resume", 202, "RUNNING"), ("stop", 204, "STOPPED"):
    ask("PUT", f"{C}/{part}", status)
    ask("PUT", f"{C}/{part}", 404, name="nope")
    until(state)
ask("PATCH", C + "/offsets", 200, json.loads(ask("GET", C + "/offsets", 200)))
ask("DELETE", C + "/offsets", 200)
ask("GET", P, 200)
ask("GET", P, 404, **{"class": "Other"})
ask("PUT", P + "/validate", 200, {**CONFIG, "name": "x", "nosuch": "1"})
ask("PUT", P + "/validate", 200, {**CONFIG, "kafka.": "", "producer.override.": "", "transforms.": "", "predicates.": ""})
ask("PUT", P + "/validate", 200, CONFIG, **{"class": "%ff.EvringSource"})
keys = {key["name"]: key for key in json.loads(ask("GET", P, 200))}
for name, *is_so in (
    ("name", "STRING", "Common", "HIGH", "MEDIUM"),
    ("connector.class", "STRING", "Common", "HIGH", "LONG"),
    ("tasks.max", "INT", "Common", "HIGH", "SHORT"),
    ("key.converter", "CLASS", "Common", "LOW", "SHORT"),
    ("key.converter.schemas.enable", "BOOLEAN", "Common", "LOW", "SHORT"),
    ("value.converter", "CLASS", "Common", "LOW", "SHORT"),
    ("transforms", "LIST", "Transforms", "LOW", "LONG"),
    ("predicates", "LIST", "Predicates", "LOW", "LONG"),
    ("errors.retry.timeout", "LONG", "Error Handling", "MEDIUM", "MEDIUM"),
    ("errors.retry.delay.max.ms", "LONG", "Error Handling", "MEDIUM", "MEDIUM"),
    ("errors.tolerance", "STRING", "Error Handling", "MEDIUM", "SHORT"),
    ("errors.log.enable", "BOOLEAN", "Error Handling", "MEDIUM", "SHORT"),
    ("errors.deadletterqueue.topic.name", "STRING", "Error Handling", "MEDIUM", "MEDIUM"),
    ("errors.deadletterqueue.context.headers.enable", "BOOLEAN", "Error Handling", "MEDIUM", "MEDIUM"),
    ("topic.creation.groups", "LIST", "Topic Creation", "LOW", "LONG"),
    ("exactly.once.support", "STRING", "Exactly Once Support", "MEDIUM", "SHORT"),
    ("value.converter.basic.auth.credentials.source", "STRING", "Schema Registry", "MEDIUM", "MEDIUM"),
    ("value.converter.basic.auth.user.info", "PASSWORD", "Schema Registry", "MEDIUM", "MEDIUM"),
    ("data.flatten", "BOOLEAN", "Messages", "MEDIUM", "SHORT"),
    ("hooks.snapshot", "BOOLEAN", "Source", "MEDIUM", "SHORT"),
    ("batch.events", "INT", "Delivery", "LOW", "SHORT"),
    ("inflight.max.bytes", "LONG", "Delivery", "LOW", "SHORT"),
):
    key = keys.get(name, {})
    found = [key.get(part) for part in ("type", "group", "importance", "width")]
    wrong += [f"{name}: {found}, not {is_so}"] if found != is_so else []
for key in keys.values():
    if key["default_value"] in ("true", "false") and key["type"] != "BOOLEAN":
        wrong.append(f"{key['name']}: no BOOLEAN")
SECRETS = {"value.converter.basic.auth.user.info": "u:s3cret", "kafka.sasl.password": "s3cret",
           "producer.override.ssl.key.password": "s3cret"}
SMT = {"transforms": "r", "transforms.r.type": "RegexRouter", "transforms.r.regex": "(", "transforms.r.replacement": "x",
       "topic.nosuch": "1"}
answer_text = ask("PUT", P + "/validate", 200, {**CONFIG, **SECRETS, **SMT, "name": "x"})
checked = {one["value"]["name"]: one for one in json.loads(answer_text)["configs"]}
if "s3cret" in answer_text:
    wrong.append("validate shows a password")
for name in SECRETS:
    one = checked.get(name, {"definition": None, "value": {"value": None}})
    if ((one["definition"] or {}).get("type"), one["value"]["value"]) != ("PASSWORD", "[hidden]"):
        wrong.append(f"validate: {name} is {one}")
for name, kind in ("transforms.r.type", "CLASS"), ("transforms.r.regex", "STRING"):
    one = checked.get(name, {"definition": {}})["definition"] or {}
    if (one.get("group"), one.get("type")) != ("Transforms: r", kind):
        wrong.append(f"validate: {name} is {one}")
if not checked.get("transforms.r.regex", {"value": {"errors": []}})["value"]["errors"]:
    wrong.append("validate: an expression that is none has no error")
if checked["tasks.max"]["value"]["value"] != "1" or checked["topic.nosuch"]["definition"] is not None:
    wrong.append("validate: tasks.max is not its default, or an unknown key has a definition")
ask("GET", L, 200)
ask("GET", L, 404, logger="nope")
ask("PUT", L, 200, {"level": "INFO"})
ask("PUT", L, 400, {})
ask("DELETE", C, 204)
ask("DELETE", C, 404, name="nope")

for name, missing in (
    ("not tried", operations() - tried - STREAMS),
    ("not in the document", routes() - operations()),
    ("not in evringd", operations() - routes()),
):
    wrong += [f"{method} {path}: {name}" for method, path in sorted(missing)]
print("\n".join(wrong))
sys.exit(bool(wrong))
