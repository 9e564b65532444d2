#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Read events in each format with libraries that are not ours, and compare with their JSON.

    values | formats.py values           random events (values.c)
    formats.py grown BROKERS REGISTRY    events of a type that got a field more meanwhile
    formats.py rejected BROKERS REGISTRY COUNT   so many events in topic avro are declared rejected
    formats.py topics BROKERS REGISTRY   what evringd has sent (schemas): topic json has JSON, and
                                         avro..., protobuf... and others the same events
"""
import datetime
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request

import fastavro
import jsonschema
import layouts
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
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
    """Messages of .proto files, as protoc describes them. Each file has a pool of its own."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()

    def message(self, text, full):
        path = os.path.join(self.folder.name, "events.proto")
        described = os.path.join(self.folder.name, "events.set")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["protoc", f"--descriptor_set_out={described}", "--include_imports",
                        f"-I{self.folder.name}", path], check=True)
        pool = DescriptorPool()
        with open(described, "rb") as file:
            for entry in FileDescriptorSet.FromString(file.read()).file:
                pool.Add(entry)
        return GetMessageClass(pool.FindMessageTypeByName(full))


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
        elif field.message_type and field.message_type.full_name == "google.protobuf.Timestamp":
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
    """Those of one type, and of the type when it had fewer fields."""

    def __init__(self, line, protobuf, before):
        self.name = line["schema"]
        self.older = before if before and before.name == self.name else None
        self.events = []
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


def check_identity(event, who):
    """What evringd reads back of a pack's line"""
    known = event["version"] is not None
    expect("identity", who, {
        "id": "/".join(str(event[key]) for key in
                       ("machine_id", "boot_id", "lane", "cpu", "seq")),
        "type": f"{event['type']}/{event['version']}" if known else "unknown/0",
        "seq": event["seq"], "timestamp": event["time_ns"] // 10**6})


def check_event(schemas, values, event):
    flat = flatten(event)
    if flat is not None:
        expect("flat", json.loads(values["flat"]), flat)
    for name in ("json", "flat", "ecs", "ocsf"):
        check_identity(event, values["identities"][name])
    cloudevent(values["cloudevents"], event)
    expect("json-schema", json.loads(values["json-schema"]), event)
    wrapped = json.loads(values["json-connect"])
    expect("payload", wrapped["payload"], event)
    connect_value(wrapped["schema"], event, "connect")
    if not values["known"]:
        unknown = json.loads(values["unknown"])
        jsonschema.Draft7Validator(unknown).validate(event)
        expect("data", list(unknown["properties"]["data"]["properties"]), list(event["data"]))
        return
    connect_value(schemas.connect, event, "connect")
    schemas.validator.validate(event)
    wanted = flatten(event) if schemas.flat else event
    avro_record(schemas.plain, read_avro(schemas.avro, values["avro"]), wanted, "avro")
    proto_compare(read_protobuf(schemas.message, values["protobuf"]), wanted, "protobuf")
    schemas.events.append((values, event))
    if schemas.older:
        cross_read(values, schemas, schemas.older, event)


def known_fields(schema):
    return {field["name"]: field for field in schema["fields"]}


def cross_read(values, written, reader, event):
    """One schema's datum as the other's record: more columns are null, and others skipped."""
    record = fastavro.schemaless_reader(io.BytesIO(values["avro"]), written.avro, reader.avro)
    wanted = known_fields(known_fields(reader.plain)["data"]["type"])
    there = known_fields(known_fields(written.plain)["data"]["type"])
    expect("columns", sorted(record["data"]), sorted(wanted))
    for name, field in wanted.items():
        value = event["data"].get(name) if name in there else None
        avro_value(field, record["data"][name], value, f"cross.{name}")
    message = reader.message()
    message.ParseFromString(values["protobuf"])
    both = {name: value for name, value in event["data"].items() if name in wanted}
    proto_compare(message, {**event, "data": both}, "cross")


def cross_older(schemas):
    """The older schema's events by the newer one."""
    for values, event in schemas.older.events if schemas.older else []:
        cross_read(values, schemas.older, schemas, event)
    return len(schemas.older.events) if schemas.older else 0


def no_duplicates(pairs):
    if len(dict(pairs)) < len(pairs):
        raise KeyError
    return dict(pairs)


def random_events():
    protobuf, schemas = Protobuf(), None
    counts = {"events": 0, "types": 0, "clashes": 0, "unknown": 0, "crossed": 0}
    for text in sys.stdin:
        line = json.loads(text)
        if "schema" in line:
            schemas = Schemas(line, protobuf, schemas)
            counts["types"] += 1
            counts["crossed"] += cross_older(schemas)
            continue
        values = {key: bytes.fromhex(value) for key, value in line.items()
                  if isinstance(value, str) and key not in ("type", "unknown")}
        values["identities"] = line["identities"]
        values["known"] = line["type"] is not None
        values["unknown"] = line.get("unknown")
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
        counts["crossed"] += bool(schemas.older)
    print(json.dumps(counts))
    return counts["events"] > 0


#
# What evringd has sent
#


def identity(event):
    return tuple(event[key] for key in ("machine_id", "boot_id", "lane", "cpu", "seq"))


def consume(brokers):
    """All messages by topic, until the topics are at their ends."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "formats",
                         "auto.offset.reset": "earliest", "enable.auto.commit": False})
    topics, partitions = {}, []
    for name, topic in consumer.list_topics(timeout=60).topics.items():
        if name.startswith("__"):
            continue
        for number in topic.partitions:
            _, end = consumer.get_watermark_offsets(TopicPartition(name, number), timeout=60)
            partitions.append(TopicPartition(name, number, 0))
            topics.setdefault(name, []).extend([None] * end)
    left = sum(len(messages) for messages in topics.values())
    got = {name: [] for name in topics}
    consumer.assign(partitions)
    while left:
        message = consumer.poll(60)
        if not message or message.error():
            raise Mismatch(f"{left} messages do not come: {message and message.error()}")
        got[message.topic()].append(message)
        left -= 1
    consumer.close()
    return got


def text_headers(message):
    return {key: value.decode() for key, value in message.headers()}


def check_avro(client, messages, events, flat):
    deserialize = AvroDeserializer(client)
    for message in messages:
        record = deserialize(message.value(), None)
        event = events[identity(record)]
        schema = json.loads(client.get_schema(
            int.from_bytes(message.value()[1:5], "big")).schema_str)
        avro_record(schema, record, flatten(event) if flat else event, "avro")


def check_protobuf(client, messages, events):
    text = client.get_schema(int.from_bytes(messages[0].value()[1:5], "big")).schema_str
    kind = Protobuf().message(text, "evring.process.exec")
    deserialize = ProtobufDeserializer(kind, {"use.deprecated.format": False})
    for message in messages:
        value = deserialize(message.value(), SerializationContext("t", MessageField.VALUE))
        event = events[(value.machine_id, value.boot_id, value.lane, value.cpu, value.seq)]
        proto_compare(value, event, "protobuf")


def check_json_schema(client, messages, events):
    text = client.get_schema(int.from_bytes(messages[0].value()[1:5], "big")).schema_str
    deserialize = JSONDeserializer(text)
    for message in messages:
        value = deserialize(message.value(), SerializationContext("t", MessageField.VALUE))
        expect("json-schema", value, events[identity(value)])


def check_binary(messages, events):
    for message in messages:
        event = json.loads(message.value())
        expect("binary", event, events[identity(event)])
        headers = text_headers(message)
        expect("ce_time", headers.pop("ce_time"), event["time"][:23] + "Z")
        expect("headers", headers, {
            "ce_specversion": "1.0", "ce_id": "/".join(map(str, identity(event))),
            "ce_source": f"/evring/{event['machine_id']}",
            "ce_type": f"evring.{event['type']}/{event['version']}",
            "content-type": "application/json"})


def check_layouts(got, events):
    for message in got["flat"]:
        flat = json.loads(message.value())
        expect("flat", flat, flatten(events[identity(flat)]))
    by_id = {"/".join(map(str, key)): event for key, event in events.items()}
    documents = [json.loads(message.value()) for message in got["ecs"]]
    packed = [json.loads(line) for message in got["packed"]
              for line in message.value().splitlines()]
    expect("events of packed", len(packed), len(events))
    for document in documents + packed:
        layouts.check_ecs(by_id[document["event"]["id"]], document, set())
    for message in got["ocsf"]:
        document = json.loads(message.value())
        layouts.check_ocsf(by_id[document["metadata"]["uid"]], document, set())


def json_events(got):
    events = {}
    for message in got["json"]:
        event = json.loads(message.value())
        events[identity(event)] = event
    if not events:
        raise Mismatch("there is no event")
    return events


def avro(brokers, url):
    """Of types whose events have several schemas"""
    got = consume(brokers)
    events = json_events(got)
    client = SchemaRegistryClient({"url": url})
    for name in ("avro", "avro_flat"):
        expect(f"events of {name}", len(got[name]), len(events))
        check_avro(client, got[name], events, name == "avro_flat")
    ids = {message.value()[1:5] for message in got["avro"]}
    expect("schemas", len(ids), 2)
    return True


def topics(brokers, url):
    got = consume(brokers)
    events = json_events(got)
    client = SchemaRegistryClient({"url": url})
    proto = "protobuf.process.exec"
    for name in ("avro", "avro_flat", proto, "json_schema", "binary"):
        expect(f"events of {name}", len(got[name]), len(events))
    check_avro(client, got["avro"], events, False)
    check_avro(client, got["avro_flat"], events, True)
    check_protobuf(client, got[proto], events)
    check_json_schema(client, got["json_schema"], events)
    check_binary(got["binary"], events)
    with urllib.request.urlopen(f"{url}/log") as answer:
        log = json.load(answer)
    subjects = {path.split("/")[2] for _, path in log
                if path.endswith("/versions")}
    expect("subjects", subjects, {"evring.process.exec", "avro_flat-evring.process.exec",
                                  f"{proto}-value"})
    print(json.dumps({"events": len(events)}))
    return True


def laid_out(brokers):
    got = consume(brokers)
    events = json_events(got)
    for name in ("flat", "ecs", "ocsf"):
        expect(f"events of {name}", len(got[name]), len(events))
    check_layouts(got, events)
    return True


def versions_of(client, messages):
    """The schemas that messages were written with, in the order of their ids"""
    ids = sorted({int.from_bytes(message.value()[1:5], "big") for message in messages})
    return [client.get_schema(number).schema_str for number in ids]


def avro_fields(schema):
    return list(known_fields(known_fields(json.loads(schema))["data"]["type"]))


def grown_protobuf(client, messages):
    """Likewise, with a field that a transform adds: its number does not move."""
    versions = versions_of(client, messages)
    expect("versions", len(versions), 2)
    half = len(messages) // 2
    for number, text in enumerate(versions):
        package = re.search(r"^package (.*);$", text, re.M)[1]
        kind = Protobuf().message(text, f"{package}.{re.search(r'^message (.*) {$', text, re.M)[1]}")
        for i, message in enumerate(messages):
            value = kind()
            value.ParseFromString(message.value()[6:])
            wanted = {"first": i % half, "site": "fra-1"}
            if number and i >= half:
                wanted["second"] = 1000 + i - half
            there = {field.name: content for field, content in value.data.ListFields()}
            expect(f"protobuf, version {number + 1}", there, wanted)


def grown(brokers, url):
    """Each event has its own schema; both schemas read all events."""
    client = SchemaRegistryClient({"url": url})
    got = consume(brokers)
    grown_protobuf(client, got["grown_protobuf"])
    messages = got["grown"]
    versions = versions_of(client, messages)
    expect("fields", [avro_fields(schema) for schema in versions],
           [["first"], ["first", "second"]])
    written = [AvroDeserializer(client)(message.value(), None)["data"] for message in messages]
    half = len(messages) // 2
    expect("events", written, [{"first": i} for i in range(half)] +
           [{"first": i, "second": 1000 + i} for i in range(half)])
    for version, fields in enumerate((("first",), ("first", "second"))):
        deserialize = AvroDeserializer(client, schema_str=versions[version])
        for message, data in zip(messages, written):
            expect(f"version {version + 1}", deserialize(message.value(), None)["data"],
                   {field: data.get(field) for field in fields})
    print(json.dumps({"events": len(messages)}))
    return half > 0


def rejected(brokers, url, count):
    """Of 300 events and 1000 before them, each is there or declared."""
    deserialize = AvroDeserializer(SchemaRegistryClient({"url": url}))
    records = [deserialize(message.value(), None) for message in consume(brokers)["avro"]]
    declared = [record for record in records if record["type"] == "evring.rejected"]
    expect("declared", len(declared), int(count))
    there = {identity(record) for record in records}
    expect("identities", len(there), 1300)
    for record in declared:
        data = record["data"]
        expect("data", {key: data[key] for key in data if data[key] is not None and
                        key not in ("reason", "code")}, {
            "first_seq": record["seq"], "last_seq": record["seq"], "count": 1,
            "event_type": "process.exec/1", "topic": "avro", "dead_letter": ""})
        if "MSG_SIZE_TOO_LARGE" not in data["reason"] and "INVALID_RECORD" not in data["reason"]:
            raise Mismatch(f"reason: {data}")
    print(json.dumps({"declared": len(declared)}))
    return True


if __name__ == "__main__":
    if sys.argv[1:] == ["values"]:
        sys.exit(0 if random_events() else 1)
    if len(sys.argv) == 4 and sys.argv[1] == "topics":
        sys.exit(0 if topics(*sys.argv[2:]) else 1)
    if len(sys.argv) == 3 and sys.argv[1] == "layouts":
        sys.exit(0 if laid_out(sys.argv[2]) else 1)
    if len(sys.argv) == 4 and sys.argv[1] == "grown":
        sys.exit(0 if grown(*sys.argv[2:]) else 1)
    if len(sys.argv) == 5 and sys.argv[1] == "rejected":
        sys.exit(0 if rejected(*sys.argv[2:]) else 1)
    if len(sys.argv) == 4 and sys.argv[1] == "avro":
        sys.exit(0 if avro(*sys.argv[2:]) else 1)
    sys.exit(2)
