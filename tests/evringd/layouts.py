#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Events of the hooks' types in json.layout=ecs and ocsf: the names and values that these allow.

    layouts.py types >TYPES                    the types of docs/reference/events.md
    values --types TYPES | layouts.py values   random events of them

All that an event's JSON says must be said, too. What is known of the schemas here is from
their own documents: ECS 8.11 (fields and their types), OCSF 1.5 (classes, activities, and
what is required).
"""
import ipaddress
import json
import re
import sys
from pathlib import Path

EVENTS = Path(__file__).resolve().parents[2] / "docs/reference/events.md"

#
# Types
#

KINDS = {
    "hex": "u64", "caps": "u64", "boottime": "u64", "time": "u64", "rawtime": "u64",
    "duration": "u64", "mode": "u32", "dev": "u64", "enum": "u32", "flags": "u64",
    "errno": "s32", "signal": "u32", "uid": "u32", "gid": "u32", "pid": "u32", "port": "u16",
    "ip": "fixed", "mac": "fixed", "uuid": "fixed", "path": "text",
}
COMMON = {
    "uid": "uid", "euid": "uid", "gid": "gid", "loginuid": "uid", "sessionid": "u32",
    "pidns": "u32", "mntns": "u32", "cgroup": "u64", "start_time": "boottime",
}


def field_of(name, value, names):
    word = value.split(",")[0]
    field = {"name": name, "kind": KINDS.get(word, word)}
    if word in KINDS:
        field["format"] = word
    if names:
        field["values"] = names
    return field


def common_of(type_name, fields):
    taken = {field["name"] for field in fields}
    if type_name.split(".")[0] in ("block", "sched") or taken & set(COMMON):
        return []
    return [field_of(name, value, None) for name, value in COMMON.items()] + \
        [{"name": "comm", "kind": "chars", "size": 16}]


def types():
    text = EVENTS.read_text(encoding="utf-8")
    tables = {
        number: {name: int(value, 16) for name, value in re.findall(r"`(\S+)` (0x[0-9a-f]+)", body)}
        for number, body in re.findall(r"^### Names (\d+)\n\n(.*)$", text, re.M)}
    made = []
    for name, body in re.findall(r"^### ([a-z]+\.[a-z_]+)\n(.*?)(?=^##)", text, re.M | re.S):
        fields = []
        for row in re.findall(r"^\| `(\w+)` \| ([^|]*) \| (.*) \|$", body, re.M):
            names = re.search(r"\(#names-(\d+)\)", row[2])
            fields.append(field_of(row[0], row[1], names and tables[names[1]]))
        made.append({"name": name, "version": 1, "doc": "", "lane": "bulk",
                     "fields": common_of(name, fields) + fields})
    return made


#
# Elastic Common Schema
#

ECS = {
    "@timestamp": "date", "ecs.version": "keyword", "message": "text",
    "event.kind": "keyword", "event.category": "keywords", "event.type": "keywords",
    "event.module": "keyword", "event.action": "keyword", "event.sequence": "long",
    "event.id": "keyword", "event.outcome": "keyword", "event.duration": "long",
    "error.code": "keyword", "host.name": "keyword", "host.hostname": "keyword",
    "host.id": "keyword", "host.boot.id": "keyword", "host.os.type": "keyword",
    "process.pid": "long", "process.thread.id": "long", "process.name": "keyword",
    "process.executable": "keyword", "process.args": "keywords",
    "process.command_line": "keyword", "process.working_directory": "keyword",
    "process.env_vars": "keywords", "process.exit_code": "long", "process.start": "date",
    "process.end": "date", "process.parent.pid": "long", "process.parent.name": "keyword",
    "process.parent.start": "date", "process.parent.thread.id": "long",
    "process.session_leader.pid": "long", "process.group_leader.pid": "long",
    "user.id": "keyword", "user.effective.id": "keyword", "user.group.id": "keyword",
    "user.effective.group.id": "keyword", "file.path": "keyword", "file.name": "keyword",
    "file.inode": "keyword", "file.type": "keyword", "file.mode": "keyword", "file.size": "long",
    "file.uid": "keyword", "file.gid": "keyword", "file.target_path": "keyword",
    "network.type": "keyword", "network.transport": "keyword", "network.direction": "keyword",
    "source.ip": "ip", "source.port": "long", "source.bytes": "long", "source.packets": "long",
    "destination.ip": "ip", "destination.port": "long", "destination.bytes": "long",
    "destination.packets": "long", "dns.question.name": "keyword",
    "dns.question.type": "keyword", "log.level": "keyword",
    "log.syslog.facility.name": "keyword",
}
ECS_KINDS = {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}
ECS_TYPES = {
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "driver": {"change", "end", "info", "start"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "host": {"access", "change", "end", "info", "start"},
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "process": {"access", "change", "end", "info", "start"},
    "session": {"start", "end", "info"},
}
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")


class Wrong(Exception):
    pass


def expect(where, got, wanted):
    if got != wanted or isinstance(got, bool) != isinstance(wanted, bool):
        raise Wrong(f"{where}: {got!r}, not {wanted!r}")


def leaves(value, path=""):
    """Each value that is no object, by its path"""
    if not isinstance(value, dict):
        yield path, value
        return
    if not value:
        raise Wrong(f"{path}: an empty object")
    for key, member in value.items():
        yield from leaves(member, f"{path}.{key}" if path else key)


def is_a(kind, value):
    if kind == "keywords":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == "long":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and DATE.match(value) is not None
    if kind == "ip":
        return bool(ipaddress.ip_address(value))
    return isinstance(value, str)


def ends(event):
    """Of a net event, with the source first: which side is it, and what has it sent?"""
    data = event["data"]
    local = data["local_address"], data["local_port"], data.get("bytes_sent"), data.get("packets_sent")
    remote = (data["remote_address"], data["remote_port"], data.get("bytes_received"),
              data.get("packets_received"))
    inbound = event["type"] in ("net.accept", "net.bind", "net.listen") or \
        data.get("direction") == "inbound"
    return (remote, local) if inbound else (local, remote)


def has_ends(event):
    return event["version"] and event["type"].startswith("net.") and event["type"] != "net.socket"


def check_owner(event, process, start):
    """The process of a connection is there if it is known."""
    if event["type"] in ("net.close", "net.connected"):
        began = event["data"].get("owner_start_time_ns")
        boot = event["time_ns"] - event["boottime_ns"]
        expect("owner", process.get("pid"), event["data"].get("owner_pid") or None)
        expect(start, start in process, began not in (None, boot))


def check_ecs_ends(event, document):
    check_owner(event, document.get("process", {}), "start")
    for side, (ip, port, sent, packets) in zip(("source", "destination"), ends(event)):
        expect(side, {key: document.get(side, {}).get(key) for key in ("ip", "port")},
               {"ip": ip, "port": port})
        if event["type"] == "net.close":
            expect(f"{side}.bytes", document.get(side, {}).get("bytes"), sent)
            expect(f"{side}.packets", document.get(side, {}).get("packets"), packets)
    if event["type"] == "net.close":
        expect("network.direction", document.get("network", {}).get("direction"),
               {"outbound": "egress", "inbound": "ingress", None: None}.get(
                   event["data"].get("direction"), "unknown"))


def check_ocsf_ends(event, document):
    check_owner(event, document.get("actor", {}).get("process", {}), "created_time")
    source, destination = ends(event)
    for side, (ip, port, *_) in (("src_endpoint", source), ("dst_endpoint", destination)):
        expect(side, document.get(side, {}), {key: value for key, value in
                                              (("ip", ip), ("port", port)) if value is not None})
    if event["type"] == "net.close":
        traffic = {"bytes_out": source[2], "packets_out": source[3],
                   "bytes_in": destination[2], "packets_in": destination[3]}
        expect("traffic", document.get("traffic", {}),
               {key: value for key, value in traffic.items() if value is not None})
        name = event["data"].get("direction")
        expect("direction_id", document.get("connection_info", {}).get("direction_id"),
               None if name is None else {"inbound": 1, "outbound": 2}.get(name, 0))


def ecs_words(event, document):
    said = document["event"]
    if said["kind"] not in ECS_KINDS or said.get("outcome", "success") not in (
            "success", "failure", "unknown"):
        raise Wrong(f"event: {said}")
    expect("event.id", said["id"], identity(event))
    if not event["version"]:
        return
    if len(said["category"]) != 1 or not set(said["type"]) <= ECS_TYPES[said["category"][0]]:
        raise Wrong(f"event: {said}")
    if "result" in event["data"] and event["data"]["result"] is not None:
        result = event["data"]["result"]
        expect("outcome", said["outcome"],
               "success" if result >= 0 else "unknown" if result == -115 else "failure")
        expect("error.code", document.get("error"), None if result >= 0 else {"code": str(-result)})


def check_ecs(event, document, seen):
    for path, value in leaves(document):
        seen.add(path)
        if path.startswith("evring."):
            continue
        if path not in ECS:
            raise Wrong(f"{path}: no field of ECS")
        if not is_a(ECS[path], value):
            raise Wrong(f"{path}: {value!r} is no {ECS[path]}")
    ecs_words(event, document)


#
# OCSF
#

BASE = {"metadata", "device", "actor", "severity", "severity_id", "category_uid", "category_name",
        "class_uid", "class_name", "activity_id", "activity_name", "type_uid", "type_name", "time",
        "status", "status_id", "status_code", "message", "unmapped"}
# By the class: its category, its activities, its own attributes, and those that are required
CLASSES = {
    0: (0, {0, 99}, set(), set()),
    1001: (1, set(range(15)) | {99}, {"file", "file_result"}, {"file", "actor", "device"}),
    1002: (1, {0, 1, 2, 99}, {"driver"}, {"driver", "actor", "device"}),
    1003: (1, {0, 1, 2, 3, 4, 99}, {"kernel"}, {"kernel", "device"}),
    1004: (1, set(range(11)) | {99}, {"process", "base_address", "size"}, {"process", "device"}),
    1007: (1, {0, 1, 2, 3, 4, 5, 99}, {"process", "exit_code"}, {"process", "actor", "device"}),
    4001: (4, set(range(8)) | {99}, {"src_endpoint", "dst_endpoint", "connection_info", "traffic"},
           set()),
}
# The objects' attributes, with their types: int, str, or an object of these
FILE = {"name": str, "path": str, "type_id": int, "uid": str, "size": int, "modified_time": int,
        "owner": "user"}
OBJECTS = {
    "metadata": {"version": str, "product": "product", "profiles": list, "event_code": str,
                 "sequence": int, "uid": str},
    "product": {"name": str, "vendor_name": str},
    "device": {"type_id": int, "hostname": str, "uid": str, "boot_uid": str, "os": "os"},
    "os": {"name": str, "type_id": int},
    "actor": {"process": "process", "user": "user", "session": "session"},
    "process": {"pid": int, "tid": int, "name": str, "created_time": int, "cmd_line": str,
                "working_directory": str, "file": "file", "user": "user", "session": "session",
                "parent_process": "process", "euid": int, "egid": int, "auid": int,
                "group": "group"},
    "parent_process": {"pid": int},
    "user": {"uid": str, "name": str}, "group": {"uid": str, "name": str},
    "session": {"uid": str}, "file": FILE, "file_result": FILE, "owner": {"uid": str},
    "driver": {"file": "file"},
    "kernel": {"name": str, "type": str, "type_id": int},
    "src_endpoint": {"ip": str, "port": int}, "dst_endpoint": {"ip": str, "port": int},
    "connection_info": {"direction": str, "direction_id": int, "protocol_name": str,
                        "protocol_ver_id": int, "uid": str},
    "traffic": {"bytes_in": int, "bytes_out": int, "packets_in": int, "packets_out": int},
}
REQUIRED = {
    "metadata": {"version", "product"}, "product": {"vendor_name"}, "device": {"type_id"},
    "os": {"name", "type_id"}, "process": {"pid"}, "file": {"name", "type_id"},
    "file_result": {"name", "type_id"}, "driver": {"file"}, "kernel": {"name", "type_id"},
    "connection_info": {"direction_id"}, "src_endpoint": {"ip"}, "dst_endpoint": {"ip"},
}
INTEGERS = {"time", "severity_id", "category_uid", "class_uid", "activity_id", "type_uid",
            "status_id", "exit_code", "size"}


def check_object(name, value, whole):
    if not isinstance(value, dict):
        raise Wrong(f"{name}: {value!r} is no object")
    for key, member in value.items():
        kind = OBJECTS[name].get(key)
        if kind is None:
            raise Wrong(f"{name}.{key}: OCSF has no such attribute")
        if isinstance(kind, str):
            check_object(key, member, whole)
        elif not isinstance(member, kind) or isinstance(member, bool):
            raise Wrong(f"{name}.{key}: {member!r} is no {kind.__name__}")
    # A record that is cut short, or lies, cannot say all.
    if whole and not REQUIRED.get(name, set()) <= set(value):
        raise Wrong(f"{name}: {value} lacks {REQUIRED[name] - set(value)}")


def check_class(document, whole):
    category, activities, own, required = CLASSES[document["class_uid"]]
    expect("category_uid", document["category_uid"], category)
    expect("type_uid", document["type_uid"],
           100 * document["class_uid"] + document["activity_id"])
    if document["activity_id"] not in activities:
        raise Wrong(f"activity {document['activity_id']} of {document['class_uid']}")
    extra = set(document) - BASE - own
    if extra:
        raise Wrong(f"{document['class_name']}: has {extra}")
    lacking = required - set(document)
    if category == 4 and not {"src_endpoint", "dst_endpoint"} & set(document):
        lacking = {"src_endpoint or dst_endpoint"}
    if whole and lacking:
        raise Wrong(f"{document['class_name']}: lacks {lacking}")


def check_ocsf(event, document, seen):
    whole = bool(event["version"]) and None not in event["data"].values()
    check_class(document, whole)
    for path, _ in leaves(document):
        seen.add(path)
    for key, value in document.items():
        if key == "unmapped":
            continue
        if key in OBJECTS:
            check_object(key, value, whole)
        elif not isinstance(value, int if key in INTEGERS else str):
            raise Wrong(f"{key}: {value!r}")
    expect("metadata.uid", document["metadata"]["uid"], identity(event))
    expect("time", document["time"], event["time_ns"] // 10**6)
    if event["data"].get("result") is not None:
        result = event["data"]["result"]
        expect("status_id", document["status_id"], 1 if result >= 0 else 0 if result == -115 else 2)


#
# Both
#


def identity(event):
    return "/".join(str(event[key]) for key in ("machine_id", "boot_id", "lane", "cpu", "seq"))


def check_all_there(event, document, rest):
    """A time as milliseconds has its nanoseconds beside it."""
    there = {json.dumps(value) for _, value in leaves(document)}
    kept = document[rest].get("data", {})
    for name, value in {**event, **event["data"]}.items():
        if name == "data" or value is None:
            continue
        if name in kept and kept[name] == value:
            continue
        if json.dumps(value) in there or json.dumps(str(value)) in there:
            continue
        if kept.get(f"{name}_ns", document[rest].get(f"{name}_ns")) is None:
            raise Wrong(f"{name}: {value!r} is not there")


def values():
    counts, seen = {}, set()
    for line in sys.stdin:
        made = json.loads(line)
        if "schema" in made:
            continue
        event, ecs, ocsf = (json.loads(bytes.fromhex(made[name])) for name in
                            ("json", "ecs", "ocsf"))
        try:
            check_ecs(event, ecs, seen)
            if has_ends(event):
                check_ecs_ends(event, ecs)
                check_ocsf_ends(event, ocsf)
            check_all_there(event, ecs, "evring")
            check_ocsf(event, ocsf, seen)
            check_all_there(event, ocsf, "unmapped")
        except Exception:
            print(json.dumps(event), json.dumps(ecs), json.dumps(ocsf), sep="\n", file=sys.stderr)
            raise
        counts[event["type"]] = counts.get(event["type"], 0) + 1
    missing = set(ECS) - seen
    if missing:
        raise Wrong(f"no event has {missing}")
    lacking = {one["name"] for one in types()} - set(counts)
    if lacking:
        raise Wrong(f"no event of {lacking}")
    print(json.dumps({"events": sum(counts.values()), "types": len(counts)}))


if __name__ == "__main__":
    if sys.argv[1:] == ["types"]:
        json.dump(types(), sys.stdout, indent=1)
    elif sys.argv[1:] == ["values"]:
        values()
    else:
        sys.exit(2)
