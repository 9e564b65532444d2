#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Topics avro.process.exec, protobuf... and json_schema..., read by deserialisers that are not
ours, against topic json.

    serdes.py confluent BROKERS REGISTRY    by confluent-kafka's
    serdes.py apicurio BROKERS REGISTRY     Avro and JSON Schema by Apicurio's, in Kafka's console consumer
    serdes.py grown BROKERS REGISTRY TOPIC FORMAT   a type's events, before and after it grew
    serdes.py spoil REGISTRY SUBJECT TO FORMAT      a schema that evringd's does not go with

The registry is Apicurio's. Each topic has one partition. Runs with tests/env/python/run.
"""
import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from formats import (
    EPOCH,
    Mismatch,
    Protobuf,
    avro_record,
    check_avro,
    check_json_schema,
    check_protobuf,
    consume,
    expect,
    identity,
    json_events,
)

FORMATS = ("avro", "protobuf", "json_schema")
# Not Protobuf: where Confluent's format has the message's indexes Apicurio's deserialiser expects
# the message's name, in a form of its own.
SERDES = {
    "avro": "io.apicurio.registry.serde.avro.AvroKafkaDeserializer",
    "json_schema": "io.apicurio.registry.serde.jsonschema.JsonSchemaKafkaDeserializer",
}
END = "\x01\n"


def all_events(got):
    """Those of topic json, and the messages of the other topics, which are as many"""
    events = json_events(got)
    messages = {name: got[f"{name}.process.exec"] for name in FORMATS}
    for name in FORMATS:
        expect(f"events of {name}", len(messages[name]), len(events))
    return events, messages


def confluent(brokers, url):
    events, messages = all_events(consume(brokers))
    client = SchemaRegistryClient({"url": url})
    check_avro(client, messages["avro"], events, False)
    check_protobuf(client, messages["protobuf"], events)
    check_json_schema(client, messages["json_schema"], events)
    print(f"# {len(events)} events of each format")


def jars():
    top = pathlib.Path(__file__).parents[2]
    version = re.search("<serdes.version>(.*)<", (top / "tests/env/serdes/pom.xml").read_text()).group(1)
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    folder = pathlib.Path(os.environ.get("EVRING_CACHE") or f"{cache}/evring") / "serdes" / version
    if not folder.is_dir():
        raise SystemExit("the deserialisers are missing: run 'scripts/setup registry'")
    return folder


def read_by_apicurio(brokers, url, name, count):
    """What its deserialiser makes of each message, as text"""
    properties = {
        "apicurio.registry.url": url.replace("/apis/ccompat/v7", "/apis/registry/v2"),
        "apicurio.registry.as-confluent": "true",
        "apicurio.registry.use-id": "contentId",
        "apicurio.registry.serde.validation-enabled": "true",
    }
    options = [f"--property=value.deserializer.{name}={value}" for name, value in properties.items()]
    said = subprocess.run(
        ["java", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{jars()}/*",
         "org.apache.kafka.tools.consumer.ConsoleConsumer", "--bootstrap-server", brokers,
         f"--topic={name}.process.exec", "--partition=0", "--offset=earliest", f"--max-messages={count}", "--timeout-ms=60000",
         f"--value-deserializer={SERDES[name]}", f"--property=line.separator={END}", *options],
        capture_output=True, text=True, check=False)
    texts = said.stdout.split(END)
    if said.returncode or len(texts) != count + 1 or texts[-1]:
        raise Mismatch(f"{name}: status {said.returncode}, {len(texts) - 1} of {count} messages: "
                       f"{said.stdout[-500:]} {said.stderr[-3000:]}")
    return texts[:-1]


def schema_of(client, message):
    return client.get_schema(int.from_bytes(message.value()[1:5], "big")).schema_str


def with_times(schema, record):
    """Java's Avro writes a time stamp as its number."""
    for field in schema["fields"]:
        branch = field["type"][-1] if isinstance(field["type"], list) else field["type"]
        value = record[field["name"]]
        if not isinstance(branch, dict) or value is None:
            continue
        if branch["type"] == "record":
            with_times(branch, value)
        elif branch.get("logicalType") == "timestamp-millis":
            record[field["name"]] = EPOCH + datetime.timedelta(milliseconds=value)


def avro_reader(text):
    schema = json.loads(text)

    def read(said, events):
        record = json.loads(said)
        with_times(schema, record)
        avro_record(schema, record, events[identity(record)], "avro")
        return identity(record)

    return read


def json_schema_reader(_text):
    def read(said, events):
        event = json.loads(said)
        expect("json-schema", event, events[identity(event)])
        return identity(event)

    return read


READERS = {"avro": avro_reader, "json_schema": json_schema_reader}


def apicurio(brokers, url):
    events, messages = all_events(consume(brokers))
    client = SchemaRegistryClient({"url": url})
    for name, reader in READERS.items():
        texts = read_by_apicurio(brokers, url, name, len(messages[name]))
        read = reader(schema_of(client, messages[name][0]))
        expect(f"events of {name}", {read(text, events) for text in texts}, set(events))
        print(f"# {name}: {len(texts)} events")


#
# Compatibility
#


def avro_data(client, message, text):
    return AvroDeserializer(client, schema_str=text)(message.value(), None)["data"]


def protobuf_data(_client, message, text):
    value = Protobuf().message(text, "evring.sim.grown")()
    # The magic byte, the id, and the indexes of the first message
    value.ParseFromString(message.value()[6:])
    return {field.name: number for field, number in value.data.ListFields()}


def json_schema_data(client, message, text):
    context = SerializationContext("t", MessageField.VALUE)
    return JSONDeserializer(text, schema_registry_client=client)(message.value(), context)["data"]


DATA = {"avro": avro_data, "protobuf": protobuf_data, "json_schema": json_schema_data}


def grown(brokers, url, topic, kind):
    """Two versions, and each event is read by the deserialiser with its own one."""
    client = SchemaRegistryClient({"url": url})
    messages = consume(brokers)[topic]
    expect("versions", client.get_versions(f"{topic}-value"), [1, 2])
    ids = sorted({int.from_bytes(message.value()[1:5], "big") for message in messages})
    expect("schemas", len(ids), 2)
    half = len(messages) // 2
    expect("events", [DATA[kind](client, message, schema_of(client, message)) for message in messages],
           [{"first": i} for i in range(half)] + [{"first": i, "second": 1000 + i} for i in range(half)])
    print(f"# {len(messages)} events, schemas {ids}")


# One field of another type than evringd's
SPOILT = {
    "avro": (r'("name":\s*"seq",\s*"type":\s*)"long"', r'\1"string"'),
    "protobuf": (r"\b\w+ seq = ", "string seq = "),
    "json_schema": (r'("seq":\s*\{[^}]*"type":\s*)"integer"', r'\1"string"'),
}
KINDS = {"avro": "AVRO", "protobuf": "PROTOBUF", "json_schema": "JSON"}


def spoil(url, subject, to, kind):
    """Another subject's schema with one field of another type is the first version of this one."""
    client = SchemaRegistryClient({"url": url})
    text = client.get_latest_version(subject).schema.schema_str
    spoilt = re.sub(*SPOILT[kind], text)
    if spoilt == text:
        raise Mismatch(f"no field seq: {text}")
    client.register_schema(to, Schema(spoilt, KINDS[kind]))


def main():
    globals()[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
