#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""record.py ADDRESS FOLDER: ask a Kafka Connect worker, and write what it answers to FOLDER.

One file for each part, in the order in which they were recorded: a part finds the
connectors as the one before has left them. See ../../evringd/exchanges.py for a step.
"""

from __future__ import annotations

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "evringd"))
from exchanges import perform  # noqa: E402

CLASS = "FileStreamSource"
FULL_CLASS = "org.apache.kafka.connect.file.FileStreamSourceConnector"
STRINGS = "org.apache.kafka.connect.storage.StringConverter"
ONE = "/connectors/f1"
VALIDATE = f"/connector-plugins/{CLASS}/config/validate"


def ask(method: str, path: str, body: object = None, **more: object) -> dict:
    step = {key: more.pop(key) for key in ("wait", "until") if key in more}
    if "wait" in step:
        step["await"] = step.pop("wait")
    request = {"method": method, "path": path, **more}
    if body is not None:
        request["body"] = body
    return {**step, "request": request}


def config(**more: str | None) -> dict[str, str]:
    """A good configuration, but for these keys ("_" stands for "."); None: without it"""
    made = {"connector.class": CLASS, "file": "lines", "topic": "t", "value.converter": STRINGS}
    made.update({key.replace("_", "."): value for key, value in more.items()})
    return {key: value for key, value in made.items() if value is not None}


def post(name: str, settings: object, **more: object) -> dict:
    return ask("POST", "/connectors", {"name": name, "config": settings, **more})


def worker() -> list[dict]:
    return [
        ask("GET", "/"),
        ask("GET", "/health"),
        ask("GET", "/nothing"),
        ask("PUT", "/"),
        ask("PUT", "/connectors"),
        ask("POST", ONE),
        ask("GET", "/connectors"),
        ask("GET", "/connectors?expand=status"),
    ]


def without_connector() -> list[dict]:
    return [
        ask("GET", ONE),
        ask("DELETE", ONE),
        ask("GET", f"{ONE}/config"),
        ask("PATCH", f"{ONE}/config", {"topic": "x"}),
        ask("GET", f"{ONE}/status"),
        ask("GET", f"{ONE}/tasks"),
        ask("GET", f"{ONE}/tasks/0/status"),
        ask("GET", f"{ONE}/tasks-config"),
        ask("POST", f"{ONE}/tasks/0/restart"),
        ask("POST", f"{ONE}/restart"),
        ask("POST", f"{ONE}/restart?includeTasks=true"),
        ask("PUT", f"{ONE}/pause"),
        ask("PUT", f"{ONE}/resume"),
        ask("PUT", f"{ONE}/stop"),
        ask("GET", f"{ONE}/topics"),
        ask("PUT", f"{ONE}/topics/reset"),
        ask("GET", f"{ONE}/offsets"),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [{"partition": {"filename": "lines"}, "offset": {"position": 0}}]}),
        ask("DELETE", f"{ONE}/offsets"),
    ]


def refused() -> list[dict]:
    return [
        ask("POST", "/connectors", text='{"name": "f1"'),
        ask("POST", "/connectors", text=""),
        ask("POST", "/connectors", []),
        ask("POST", "/connectors", {}),
        ask("POST", "/connectors", {"config": config()}),
        ask("POST", "/connectors", {"name": "", "config": config()}),
        ask("POST", "/connectors", {"name": "f1"}),
        post("f1", "text"),
        post("f1", config(), color="red"),
        post("f1", config(name="f2")),
        post("f1", config(connector_class="nope")),
        post("f1", config(topic=None)),
        post("f1", config(topic=None, tasks_max="0")),
        post("f1", config(), initial_state="FAILED"),
        ask("PUT", f"{ONE}/config", text='{"topic"'),
        ask("PUT", f"{ONE}/config", text=""),
        ask("PUT", f"{ONE}/config", []),
        ask("PUT", f"{ONE}/config", config(name="f2")),
        ask("PUT", f"{ONE}/config", config(topic=None)),
        ask("GET", "/connectors"),
    ]


def create() -> list[dict]:
    return [
        post("f1", config()),
        post("f1", config()),
        ask("GET", "/connectors"),
        ask("GET", ONE, wait={"f1": "RUNNING"}),
        ask("GET", f"{ONE}/"),
        ask("GET", f"{ONE}/config"),
        ask("GET", f"{ONE}/status"),
        ask("GET", f"{ONE}/tasks"),
        ask("GET", f"{ONE}/tasks/0/status"),
        ask("GET", f"{ONE}/tasks/9/status"),
        ask("GET", f"{ONE}/tasks/x/status"),
        ask("GET", "/connectors?expand=status"),
        ask("GET", "/connectors?expand=info"),
        ask("GET", "/connectors?expand=status&expand=info"),
        ask("GET", "/connectors?expand=nothing"),
        post("f2", config(file="others"), initial_state="STOPPED"),
        ask("GET", "/connectors/f2/status", wait={"f2": "STOPPED"}),
        ask("GET", "/connectors/f2/tasks"),
        ask("GET", "/connectors/f2/tasks/0/status"),
        ask("GET", "/connectors/f2/offsets"),
        ask("GET", "/connectors/f2/topics"),
        post("f3", config(), initial_state="PAUSED"),
        ask("GET", "/connectors/f3/status", wait={"f3": "PAUSED"}),
        ask("GET", "/connectors"),
        ask("DELETE", "/connectors/f3"),
        ask("DELETE", "/connectors/f3"),
    ]


def configure() -> list[dict]:
    return [
        ask("PUT", "/connectors/f4/config", config()),
        ask("PUT", "/connectors/f4/config", config(tasks_max=1)),
        ask("PUT", "/connectors/f4/config", config(name="f5")),
        ask("PUT", "/connectors/f4/config", config(topic=None)),
        ask("PATCH", "/connectors/f4/config", {"tasks.max": "1", "errors.tolerance": "all"}),
        ask("PATCH", "/connectors/f4/config", {"errors.tolerance": None}),
        ask("PATCH", "/connectors/f4/config", {"errors.tolerance": "some"}),
        ask("PATCH", "/connectors/f4/config", {"topic": None}),
        ask("PATCH", "/connectors/f4/config", []),
        ask("PATCH", "/connectors/f4/config", text="{"),
        ask("GET", "/connectors/f4/config"),
        ask("DELETE", "/connectors/f4", wait={"f4": "RUNNING"}),
    ]


def states() -> list[dict]:
    return [
        ask("PUT", f"{ONE}/pause"),
        ask("GET", f"{ONE}/status", wait={"f1": "PAUSED"}),
        ask("GET", f"{ONE}/tasks"),
        ask("PUT", f"{ONE}/pause"),
        ask("PUT", f"{ONE}/resume"),
        ask("GET", f"{ONE}/status", wait={"f1": "RUNNING"}),
        ask("PUT", f"{ONE}/resume"),
        ask("PUT", f"{ONE}/stop"),
        ask("GET", f"{ONE}/status", wait={"f1": "STOPPED"}),
        ask("GET", f"{ONE}/tasks"),
        ask("GET", ONE),
        ask("PUT", f"{ONE}/stop"),
        ask("PUT", f"{ONE}/resume"),
        ask("POST", f"{ONE}/restart", wait={"f1": "RUNNING"}),
        ask("POST", f"{ONE}/restart?onlyFailed=true", wait={"f1": "RUNNING"}),
        ask("POST", f"{ONE}/restart?includeTasks=true&onlyFailed=false", wait={"f1": "RUNNING"}),
        ask("POST", f"{ONE}/restart?includeTasks=true&onlyFailed=true", wait={"f1": "RUNNING"}),
        ask("POST", f"{ONE}/tasks/0/restart", wait={"f1": "RUNNING"}),
        ask("POST", f"{ONE}/tasks/9/restart", wait={"f1": "RUNNING"}),
    ]


def topics_and_offsets() -> list[dict]:
    one = {"partition": {"filename": "lines"}, "offset": {"position": 6}}
    return [
        ask("GET", f"{ONE}/topics", wait={"f1": "RUNNING"}, until="f1.topics"),
        ask("GET", f"{ONE}/offsets", until="offsets"),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [one]}),
        ask("DELETE", f"{ONE}/offsets"),
        ask("PUT", f"{ONE}/pause"),
        ask("PUT", f"{ONE}/topics/reset", wait={"f1": "PAUSED"}),
        ask("GET", f"{ONE}/topics"),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [one]}),
        ask("PUT", f"{ONE}/stop"),
        ask("GET", f"{ONE}/offsets", wait={"f1": "STOPPED"}),
        ask("PATCH", f"{ONE}/offsets", text="{"),
        ask("PATCH", f"{ONE}/offsets", text=""),
        ask("PATCH", f"{ONE}/offsets", {}),
        ask("PATCH", f"{ONE}/offsets", {"offsets": []}),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [{}]}),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [{**one, "partition": {"nothing": "x"}}]}),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [{**one, "offset": {"nothing": 1}}]}),
        ask("PATCH", f"{ONE}/offsets", {"offsets": [one]}),
        ask("GET", f"{ONE}/offsets"),
        ask("DELETE", f"{ONE}/offsets"),
        ask("GET", f"{ONE}/offsets"),
        ask("PUT", f"{ONE}/resume"),
    ]


def failed() -> list[dict]:
    wrong = {"transforms": "c", "transforms.c.type": "org.apache.kafka.connect.transforms.InsertField$Value",
             "transforms.c.static.field": "a", "transforms.c.static.value": "b"}
    return [
        post("bad", {**config(file="others"), **wrong}),
        ask("GET", "/connectors/bad/status", wait={"bad": "FAILED"}),
        ask("GET", "/connectors/bad/tasks/0/status"),
        ask("GET", "/connectors/bad/tasks"),
        ask("POST", "/connectors/bad/restart?includeTasks=true&onlyFailed=true"),
        ask("PUT", "/connectors/bad/pause", wait={"bad": "FAILED"}),
        ask("DELETE", "/connectors/bad"),
    ]


def plugins() -> list[dict]:
    return [
        ask("GET", "/connector-plugins"),
        ask("GET", "/connector-plugins?connectorsOnly=true"),
        ask("GET", "/connector-plugins?connectorsOnly=false"),
        ask("GET", f"/connector-plugins/{CLASS}/config"),
        ask("GET", f"/connector-plugins/{FULL_CLASS}/config"),
        ask("GET", "/connector-plugins/nope/config"),
        ask("PUT", VALIDATE, config(name="f1")),
        ask("PUT", VALIDATE, config(topic=None, name="f1")),
        ask("PUT", VALIDATE, config(tasks_max="many", name="f1")),
        ask("PUT", VALIDATE, config(connector_class=None)),
        ask("PUT", VALIDATE, config(connector_class="nope")),
        ask("PUT", "/connector-plugins/nope/config/validate", config(connector_class="nope")),
        ask("PUT", "/connector-plugins/nope/config/validate", config()),
        ask("PUT", VALIDATE, text="{"),
        ask("PUT", VALIDATE, text=""),
        ask("PUT", VALIDATE, []),
    ]


def loggers() -> list[dict]:
    return [
        ask("GET", "/admin/loggers"),
        ask("GET", "/admin/loggers/root"),
        ask("GET", "/admin/loggers/nope"),
        ask("PUT", "/admin/loggers/root", {"level": "WARN"}),
        ask("GET", "/admin/loggers/root"),
        ask("PUT", "/admin/loggers/root?scope=worker", {"level": "ERROR"}),
        ask("PUT", "/admin/loggers/root?scope=cluster", {"level": "WARN"}),
        ask("PUT", "/admin/loggers/root?scope=nothing", {"level": "ERROR"}),
        ask("PUT", "/admin/loggers/root", {"level": "LOUD"}),
        ask("PUT", "/admin/loggers/root", {"level": "debug"}),
        ask("PUT", "/admin/loggers/root", {}),
        ask("PUT", "/admin/loggers/root", text="{"),
        ask("PUT", "/admin/loggers/root", text=""),
    ]


def delete() -> list[dict]:
    return [
        ask("DELETE", ONE, wait={"f1": "RUNNING"}),
        ask("DELETE", ONE),
        ask("GET", ONE),
        ask("DELETE", "/connectors/f2"),
        ask("GET", "/connectors"),
    ]


PARTS = [worker, without_connector, refused, create, configure, states, topics_and_offsets, failed, plugins, loggers,
         delete]


def main() -> None:
    address, folder, about = sys.argv[1].removeprefix("http://"), pathlib.Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    for number, part in enumerate(PARTS, 1):
        steps = part()
        for step in steps:
            print(step["request"]["method"], step["request"]["path"], end=" ", flush=True)
            step["answer"] = perform(address, step)
            print(step["answer"]["status"], flush=True)
        whole = {"SPDX-License-Identifier": "MIT", "recorded": about, "steps": steps}
        name = f"{number:02}-{part.__name__.replace('_', '-')}.json"
        (folder / name).write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")


main()
