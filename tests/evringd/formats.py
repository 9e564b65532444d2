#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read events in each format with libraries that are not ours, and compare with their JSON.

    values | formats.py values           random events (values.c)
    formats.py topics BROKERS REGISTRY   what evringd has sent (schemas): topic json has JSON, and
                                         avro..., protobuf... and others the same events
"""
import datetime
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile

import fastavro
import jsonschema
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Mismatch(Exception):
    pass


def instant(text):
    """Nanoseconds since 1970 of an event's time."""
    seconds = datetime.datetime.strptime(text[:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z")
    return int((seconds - EPOCH).total_seconds()) * 10**9 + int(text[20:29])


def expect(where, got, wanted):
    if got != wanted or isinstance(got, bool) != isinstance(wanted, bool):
        raise Mismatch(f"{where}: {got!r}, and in JSON {wanted!r}")


def flatten(event):
    """The JSON event as data.flatten writes it. Returns None if names clash among themselves."""
    flat = {key: value for key, value in event.items() if key != "data"}
    for key, value in event["data"].items():
        key = f"data_{key}" if key in flat or key == "redacted" else key
        if key in flat:
            return None
        flat[key] = value
    return flat


#
# Avro: each field of the schema is the JSON's, and the other way round
#


def avro_value(field, value, wanted, where):
    kind = field["type"]
    branches = kind if isinstance(kind, list) else [kind]
    branch = branches[-1]
    if isinstance(branch, dict) and branch["type"] == "record":
        avro_record(branch, value, wanted or {}, where)
        return
    if wanted is None:
        expect(where, value, None)
        return
    if isinstance(branch, dict) and branch.get("logicalType") == "timestamp-millis":
        expect(where, value, EPOCH + datetime.timedelta(milliseconds=instant(wanted) // 10**6))
        return
    if field.get("evring.unsigned"):
        value = [v % 2**64 for v in value] if isinstance(value, list) else value % 2**64
    expect(where, value, wanted)


def avro_record(schema, record, event, where):
    names = [field["name"] for field in schema["fields"]]
    expect(f"{where}: columns", sorted(record), sorted(names))
    extra = set(event) - set(names)
    if extra:
        raise Mismatch(f"{where}: JSON has {extra}, too")
    for field in schema["fields"]:
        name = field["name"]
        avro_value(field, record[name], event.get(name), f"{where}.{name}")


def read_avro(schema, data):
    source = io.BytesIO(data)
    record = fastavro.schemaless_reader(source, schema, None)
    if source.read():
        raise Mismatch("bytes are left behind the datum")
    return record


#
# Protobuf: classes as protoc makes them
#


class Protobuf:
    """Messages of .proto files, compiled by protoc."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.count = 0
        sys.path.insert(0, self.folder.name)

    def message(self, text, full):
        self.count += 1
        name = f"events{self.count}"
        path = os.path.join(self.folder.name, f"{name}.proto")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["protoc", f"--python_out={self.folder.name}", f"-I{self.folder.name}",
                        path], check=True)
        spec = importlib.util.spec_from_file_location(
            name, os.path.join(self.folder.name, f"{name}_pb2.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return getattr(module, full.rsplit(".", 1)[1])


def proto_compare(message, event, where):
    fields = message.DESCRIPTOR.fields
    extra = set(event) - {field.name for field in fields}
    if extra:
        raise Mismatch(f"{where}: JSON has {extra}, too")
    for field in fields:
        name = f"{where}.{field.name}"
        value = getattr(message, field.name)
        wanted = event.get(field.name)
        if field.label == field.LABEL_REPEATED:
            expect(name, list(value), wanted or [])
        elif isinstance(value, Timestamp):
            got = value.ToNanoseconds() if message.HasField(field.name) else None
            expect(name, got, None if wanted is None else instant(wanted))
        elif field.type == field.TYPE_MESSAGE:
            proto_compare(value, wanted, name)
        elif field.has_presence and not message.HasField(field.name):
            expect(name, None, wanted)
        else:
            expect(name, value, wanted)


def read_protobuf(kind, data):
    message = kind()
    message.ParseFromString(data)
    if len(UnknownFieldSet(message)):
        raise Mismatch("fields that the schema has not")
    return message


#
# Kafka Connect's JsonConverter: what it does with each type of a schema
#


def connect_value(schema, value, where):
    if value is None:
        if not schema["optional"]:
            raise Mismatch(f"{where}: null, and not optional")
        return
    kind = schema["type"]
    if kind == "struct":
        names = [field["field"] for field in schema["fields"]]
        extra = set(value) - set(names)
        if extra:
            raise Mismatch(f"{where}: the payload has {extra}, too")
        for field in schema["fields"]:
            connect_value(field, value.get(field["field"]), f"{where}.{field['field']}")
    elif kind == "array":
        for i, element in enumerate(value):
            connect_value(schema["items"], element, f"{where}[{i}]")
    elif kind == "string":
        expect(where, type(value), str)
    elif kind == "boolean":
        expect(where, type(value), bool)
    else:
        expect(where, type(value), int)
        if kind == "int32" and not -2**31 <= value < 2**31:
            raise Mismatch(f"{where}: {value} is no int32")


def cloudevent(data, event):
    cloud = json.loads(data)
    expect("data", cloud.pop("data"), event)
    source = f"/evring/{event['machine_id']}"
    identity = "/".join(str(event[key]) for key in
                        ("machine_id", "boot_id", "lane", "cpu", "seq"))
    version = event["version"] or 0
    name = event["type"] if event["version"] else "unknown"
    expect("attributes", cloud, {
        "specversion": "1.0", "id": identity, "source": source,
        "type": f"evring.{name}/{version}", "time": event["time"],
        "datacontenttype": "application/json"})


#
# Random events
#


class Schemas:
    """Those of one type."""

    def __init__(self, line, protobuf):
        self.avro = fastavro.parse_schema(json.loads(line["avro"]))
        self.plain = json.loads(line["avro"])
        self.message = protobuf.message(line["protobuf"], line["full"])
        self.validator = jsonschema.Draft7Validator(json.loads(line["json"]))
        jsonschema.Draft7Validator.check_schema(self.validator.schema)
        self.connect = line["connect"]
        self.flat = not any(field["name"] == "data" for field in self.plain["fields"])


def as_unknown(event):
    """An event of unknown type, as the typed formats have it."""
    event["version"] = 1
    return event


def clashes(schemas, event):
    """Two columns have one name in JSON: another test's affair."""
    names = [field["name"] for field in schemas.plain["fields"]]
    if not schemas.flat:
        names = [field["name"] for field in schemas.plain["fields"][names.index("data")]
                 ["type"]["fields"]]
        return any(name.endswith("_") for name in names)
    return any(name.endswith("_") for name in names) or flatten(event) is None


def check_event(schemas, values, event):
    cloudevent(values["cloudevents"], event)
    expect("json-schema", json.loads(values["json-schema"]), event)
    wrapped = json.loads(values["json-connect"])
    expect("payload", wrapped["payload"], event)
    if not values["known"]:
        return
    connect_value(wrapped["schema"], event, "connect")
    connect_value(schemas.connect, event, "connect")
    schemas.validator.validate(event)
    wanted = flatten(event) if schemas.flat else event
    avro_record(schemas.plain, read_avro(schemas.avro, values["avro"]), wanted, "avro")
    proto_compare(read_protobuf(schemas.message, values["protobuf"]), wanted, "protobuf")


def no_duplicates(pairs):
    if len(dict(pairs)) < len(pairs):
        raise KeyError
    return dict(pairs)


def random_events():
    protobuf, schemas = Protobuf(), None
    counts = {"events": 0, "types": 0, "clashes": 0, "unknown": 0}
    for text in sys.stdin:
        line = json.loads(text)
        if "schema" in line:
            schemas = Schemas(line, protobuf)
            counts["types"] += 1
            continue
        values = {key: bytes.fromhex(value) for key, value in line.items() if key != "type"}
        values["known"] = line["type"] is not None
        try:
            event = json.loads(values["json"], object_pairs_hook=no_duplicates)
        except KeyError:
            counts["clashes"] += 1
            continue
        if values["known"] and clashes(schemas, event):
            counts["clashes"] += 1
            continue
        counts["unknown"] += not values["known"]
        try:
            check_event(schemas, values, event)
        except Exception:
            print(values["json"].decode(), file=sys.stderr)
            raise
        counts["events"] += 1
    print(json.dumps(counts))
    return counts["events"] > 0


if __name__ == "__main__":
    if sys.argv[1:] == ["values"]:
        sys.exit(0 if random_events() else 1)
    sys.exit(2)
