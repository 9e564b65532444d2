#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a real Kafka Connect worker answered, field by field, against evringd.

recorded.py SOCKET BROKERS [FOLDER]: each request of the recordings goes to evringd, which has a
ring with events and no connector. The same status, headers, members, types, values and
texts must come back, but for those of MEANT: a difference that is not there fails, and
so does an entry of MEANT that fewer or more differences need than it says.
"""

from __future__ import annotations

import json
import pathlib
import re
import sys

from exchanges import perform
from recorded_meant import MEANT

SOCKET, BROKERS = sys.argv[1], sys.argv[2]
FOLDER = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else pathlib.Path(__file__).parent / "recordings"
CLASSES = {"org.apache.kafka.connect.file.FileStreamSourceConnector": "io.evring.EvringSourceConnector",
           "FileStreamSource": "EvringSource"}
# Whose values are each worker's own; their types are compared.
VARIES = {"version", "commit", "kafka_cluster_id", "worker_id", "trace", "last_modified"}
# Lists of what is each worker's own (classes, keys, rings) have things with one of these members. Of
# them each of ours has the members and types that theirs have.
OWN = {"class", "display_name", "definition", "partition"}
# ... but one value of these
VALUES = {
    "type": {"BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD", "source", "sink",
             "converter", "header_converter", "transformation", "predicate"},
    "importance": {"HIGH", "MEDIUM", "LOW"},
    "width": {"NONE", "SHORT", "MEDIUM", "LONG"},
}


class Translation:
    """Of their connector's words into ours: its class, its configuration, its offsets"""

    def __init__(self) -> None:
        self.place: dict = {"partition": {"lane": "critical", "cpu": 0}, "offset": {"pos": 0, "seq": 0}}

    def config(self, theirs: dict) -> dict:
        ours = {key: value for key, value in theirs.items()
                if key not in ("file", "value.converter") and not key.startswith("transforms")}
        # Their topic has no default; what is an error must be one here, too.
        ours.setdefault("topic", "/")
        if "transforms" in theirs:
            # It fails at the first event.
            ours |= {"delivery.accept": "loss", "kafka.message.max.bytes": "1000", "key": "0" * 500}
        return {key: self(value) for key, value in ours.items()} | {"bootstrap.servers": BROKERS}

    def __call__(self, theirs: object) -> object:
        if isinstance(theirs, dict):
            if "file" in theirs:
                return self.config(theirs)
            if theirs == {"topic": None}:
                return {"topic": "/"}
            if theirs.get("partition") == {"filename": "lines"}:
                theirs = {**theirs, "partition": self.place["partition"]}
            if theirs.get("offset") == {"position": 6}:
                theirs = {**theirs, "offset": self.place["offset"]}
            return {key: self(value) for key, value in theirs.items()}
        if isinstance(theirs, list):
            return [self(value) for value in theirs]
        if isinstance(theirs, str):
            for name, own in CLASSES.items():
                theirs = theirs.replace(name, own)
        return theirs


def kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {dict: "object", list: "array", str: "string", int: "number", float: "number"}.get(type(value), "null")


def name_of(path: str) -> str:
    return path.rsplit(".", 1)[-1]


class Comparison:
    """The differences of one answer: (path, what)"""

    def __init__(self, translation: Translation) -> None:
        self.translation = translation
        self.found: list[tuple[str, str]] = []

    def add(self, path: str, what: str) -> None:
        if (path, what) not in self.found:
            self.found.append((path, what))

    def values(self, theirs: object, ours: object, path: str) -> None:
        if kind(theirs) != kind(ours):
            self.add(path, f"{kind(ours)} for {kind(theirs)}: {json.dumps(ours)[:300]}")
        elif isinstance(theirs, dict):
            self.objects(theirs, ours, path)
        elif isinstance(theirs, list):
            self.lists(theirs, ours, path)
        elif theirs != ours and name_of(path) not in VARIES:
            self.add(path, f"{json.dumps(ours)} for {json.dumps(theirs)}")

    def objects(self, theirs: dict, ours: dict, path: str) -> None:
        for key in theirs.keys() - ours.keys():
            self.add(f"{path}.{key}", "is missing")
        for key in ours.keys() - theirs.keys():
            self.add(f"{path}.{key}", f"is more: {json.dumps(ours[key])[:300]}")
        for key in theirs.keys() & ours.keys():
            self.values(theirs[key], ours[key], f"{path}.{key}")

    def lists(self, theirs: list, ours: list, path: str) -> None:
        path += "[]"
        if any(isinstance(one, dict) and OWN & one.keys() for one in theirs):
            if not ours:
                self.add(path, "is empty")
            self.kinds(theirs, ours, path)
        elif len(theirs) != len(ours):
            self.add(path, f"{json.dumps(ours)[:300]} for {json.dumps(theirs)[:300]}")
        else:
            for one, own in zip(theirs, ours):
                self.values(one, own, path)

    def kinds(self, theirs: list, ours: list, path: str) -> None:
        """Each of ours may be of any kind that one of theirs is."""
        if name_of(path) in VALUES:
            for own in ours:
                if own is not None and own not in VALUES[name_of(path)]:
                    self.add(path, f"{json.dumps(own)} is no such value")
        for what in {kind(own) for own in ours} - {kind(one) for one in theirs}:
            self.add(path, f"{what} for {'|'.join(sorted({kind(one) for one in theirs}))}")
        objects = [one for one in theirs if isinstance(one, dict)]
        owns = [own for own in ours if isinstance(own, dict)]
        if name_of(path) in ("partition", "offset"):
            # Maps, of which Connect knows no more than that
            for own in owns:
                for key, value in own.items():
                    if kind(value) not in ("string", "number", "boolean", "null"):
                        self.add(f"{path}.{key}", kind(value))
            return
        if objects and owns:
            self.members(objects, owns, path)
        lists = [one for one in theirs if isinstance(one, list)]
        if lists and any(lists):
            self.kinds([x for one in lists for x in one],
                       [x for own in ours if isinstance(own, list) for x in own], f"{path}[]")

    def members(self, theirs: list[dict], ours: list[dict], path: str) -> None:
        for key in sorted({key for one in [*theirs, *ours] for key in one}):
            known = [one[key] for one in theirs if key in one]
            own = [one[key] for one in ours if key in one]
            if not known:
                self.add(f"{path}.{key}", "is more")
            elif len(known) == len(theirs) and len(own) < len(ours):
                self.add(f"{path}.{key}", "is missing")
            if known and own:
                self.kinds(known, own, f"{path}.{key}")

    def errors(self, theirs: dict, ours: dict) -> None:
        """A validation finds fault with the same keys."""
        found = [{one["value"]["name"] for one in body["configs"] if one["value"]["errors"]} for body in (theirs, ours)]
        if found[0] != found[1]:
            self.add(".configs", f"errors of {sorted(found[1])} for {sorted(found[0])}")

    def answers(self, theirs: dict, ours: dict) -> None:
        if theirs["status"] != ours["status"]:
            self.add("status", f"{ours['status']} for {theirs['status']}")
        for name in sorted(theirs["headers"].keys() | ours["headers"].keys()):
            one, own = (re.sub("^http://[^/]*", "http://HOST", answer["headers"].get(name, "none"))
                        for answer in (theirs, ours))
            if one != own:
                self.add(name, f"{own} for {one}")
        if ("body" in theirs) != ("body" in ours) or theirs.get("text") != ours.get("text"):
            self.add("body", f"{ours.get('body', ours.get('text'))} for {theirs.get('body', theirs.get('text'))}")
        elif "body" in theirs:
            body = self.translation(theirs["body"])
            self.values(body, ours["body"], "")
            if theirs["status"] == ours["status"] == 200 and isinstance(body, dict) and "configs" in body:
                self.errors(body, ours["body"])


def described(request: dict) -> str:
    body = json.dumps(request["body"]) if "body" in request else request.get("text", "")
    return f"{request['method']} {request['path']} {body}".rstrip()


def main() -> None:
    translation, used, wrong, nr = Translation(), [0] * len(MEANT), [], 0
    for file in sorted(FOLDER.glob("*.json")):
        for step in json.loads(file.read_text())["steps"]:
            request = {**step["request"], "path": translation(step["request"]["path"])}
            if "body" in request:
                request["body"] = translation(request["body"])
            ours = perform(SOCKET, {**step, "request": request})
            nr += 1
            if request["path"].endswith("/offsets") and ours["status"] == 200 and ours["body"].get("offsets"):
                translation.place = ours["body"]["offsets"][0]
            comparison = Comparison(translation)
            comparison.answers(step["answer"], ours)
            for path, what in comparison.found:
                line = f"{file.stem}: {described(step['request'])}: {path}: {what}"
                meant = [i for i, (_, pattern, _) in enumerate(MEANT) if re.search(pattern, line)]
                for i in meant:
                    used[i] += 1
                if not meant:
                    wrong.append(line)
    wrong += [f"{found} differences, not {count}: {pattern}" for found, (count, pattern, _) in zip(used, MEANT) if found != count]
    for line in wrong:
        print(line)
    print(f"# {nr} requests, {len(MEANT)} differences that are meant")
    sys.exit(1 if wrong or not nr else 0)


main()
