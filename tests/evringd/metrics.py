#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What evringd's /metrics must hold, read by Prometheus' own parsers.

metrics.py SOCKET TEST [ARGUMENT]...: run a test function of this name; what is wrong is
an exception.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import client
from prometheus_client import openmetrics, parser
from prometheus_client.openmetrics import parser as openmetrics_parser

BOUND_S = 300
OPEN = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
assert openmetrics


class Scrape:
    """The samples of one answer, by name and labels."""

    def __init__(self, families: list) -> None:
        self.families = {family.name: family for family in families}
        self.samples = [sample for family in families for sample in family.samples]

    def get(self, name: str, **labels: str) -> float:
        """The sum of the samples that have these labels."""
        values = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert values, f"no {name} with {labels}"
        return sum(values)


def raw(address: str, accept: str = "") -> tuple[str, str]:
    """The type and the body."""
    head = f"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    head += f"Accept: {accept}\r\n\r\n" if accept else "\r\n"
    top, _, body = client.exchange(address, head.encode()).partition(b"\r\n\r\n")
    assert top.startswith(b"HTTP/1.1 200"), top
    types = [line[14:] for line in top.decode().split("\r\n") if line.startswith("Content-Type: ")]
    return types[0], body.decode()


def scrape(address: str) -> Scrape:
    return Scrape(list(parser.text_string_to_metric_families(raw(address)[1])))


def until(holds, what: str) -> None:
    """A bound that only a hang reaches"""
    end = time.monotonic() + BOUND_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.1)


def table() -> dict[str, tuple[str, str]]:
    """Kind and labels of all metrics"""
    said = subprocess.run(
        ["build/bin/evringd", "--metrics"], check=True, capture_output=True, text=True
    ).stdout
    rows = [line.split("\t") for line in said.splitlines()]
    return {row[1]: (row[2], row[3]) for row in rows}


def check_labels(found: Scrape) -> None:
    """Each sample has the labels that the table says."""
    rows = table()
    for sample in found.samples:
        name = sample.name if sample.name in rows else sample.name.rsplit("_", 1)[0]
        wanted = set(filter(None, rows[name][1].split(", ")))
        assert set(sample.labels) - {"le"} == wanted, sample


def formats(address: str) -> None:
    """Both formats have every metric, and are as the parsers and promtool want them."""
    kind, text = raw(address)
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    assert said.returncode == 0 and not said.stdout + said.stderr, said
    found = Scrape(list(parser.text_string_to_metric_families(text)))
    kind, more = raw(address, OPEN)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind
    assert more.endswith("\n# EOF\n")
    other = Scrape(list(openmetrics_parser.text_string_to_metric_families(more)))
    check_labels(found)
    check_labels(other)
    for name, (kind, _) in table().items():
        assert f"\n# TYPE {name} {'gauge' if kind == 'info' else kind}\n" in "\n" + text, name
        assert f"# HELP {name} " in text, name
        family = name.removesuffix("_total" if kind == "counter" else "_info")
        assert other.families[family].type == kind, (name, other.families.get(family))
        assert other.families[family].documentation, name
    names = {sample.name for sample in found.samples}
    assert {sample.name for sample in other.samples} == names
    kind, _ = raw(address, "text/plain, application/openmetrics-text;q=0.4")
    assert kind.startswith("text/plain")


def expressions() -> list[str]:
    """PromQL of the alert rules and the dashboard"""
    rules = Path("packaging/prometheus/evring.rules.yml").read_text(encoding="utf-8")
    dashboard = Path("packaging/grafana/dashboards/evring.json").read_text(encoding="utf-8")
    found = re.findall(r"^ *expr: (.*)$", rules, re.M)
    panels = [p for p in json.loads(dashboard)["panels"] if p["type"] != "row"]
    assert found and panels
    for panel in panels:
        found += [target["expr"] for target in panel["targets"]]
    return found + [v["definition"] for v in json.loads(dashboard)["templating"]["list"][1:]]


def named(address: str) -> None:
    """Each metric of the rules and the dashboard is there, with the labels that they name."""
    text, rows = raw(address)[1], table()
    for expression in expressions():
        names = re.findall(r"\b(?:evringd?|process)_[a-z_]+", expression)
        assert names, expression
        for name in names:
            base = name if name in rows else name.removesuffix("_bucket")
            assert f"\n# TYPE {base} " in text, (name, expression)
        for name, inside in re.findall(r"\b((?:evringd?|process)_[a-z_]+)\{(.*?)\}", expression):
            labels = rows[name if name in rows else name.removesuffix("_bucket")][1].split(", ")
            asked = set(re.findall(r"(\w+)(?==|!)", inside)) - {"instance", "job"}
            assert asked <= set(labels), (asked, expression)


def zeros(address: str) -> None:
    """What has not happened is there, as 0: an alert on its increase sees the first."""
    found = scrape(address)
    for cause in "full", "nested", "toobig", "probe", "sampled", "rate":
        assert found.get("evring_events_lost_total", lane="critical", cpu="0", cause=cause) == 0
    for name in "rejected", "dead_lettered", "lost", "missed":
        assert found.get(f"evringd_events_{name}_total", connector="sim") == 0
    for name in "commit_errors", "producer_restarts":
        assert found.get(f"evringd_{name}_total", connector="sim") == 0
    for result in "unchanged", "changed", "restarted", "failed":
        assert found.get("evringd_config_reloads_total", connector="sim", result=result) == 0
    assert found.get("evring_group_unowned_seconds", group="sim") == 0


def risen(address: str, name: str, by: str) -> None:
    """What was 0 is so much, and stays so while the connector goes on."""

    def counted() -> float:
        return scrape(address).get(f"evringd_{name}_total", connector="sim")

    def is_done() -> bool:
        found = scrape(address)
        counts = [found.get(f"evringd_events_{what}_total") for what in ("read", "committed")]
        return (
            found.get("evringd_connector_state", connector="sim", state="RUNNING") == 1
            and found.get("evring_group_lag_events", group="sim") == 0
            and counts[1] >= 1300
        )

    until(lambda: counted() >= int(by), f"{name} is {by}")
    until(is_done, "all is committed")
    assert counted() == int(by), (name, counted())


def counts(address: str, name: str, nr: str) -> None:
    found = scrape(address).get(f"evringd_{name}_total", connector="sim")
    assert found == int(nr), (name, found)


def gone(address: str, name: str, emitted: str) -> None:
    """The connector counts as many as the kernel, which knows them by itself. Print how many."""

    def is_done() -> bool:
        found = scrape(address)
        return (
            found.get("evring_events_emitted_total") == int(emitted)
            and found.get("evring_group_lag_events", group="sim") == 0
        )

    until(is_done, "all is emitted and committed")
    found = scrape(address)
    kernel = {
        "lost": found.get("evring_events_lost_total", cause="full"),
        "missed": found.get("evring_group_missed_events_total", group="sim"),
    }
    assert kernel[name] > 0 and sum(kernel.values()) == kernel[name], kernel
    for what, nr in kernel.items():
        counted = found.get(f"evringd_events_{what}_total", connector="sim")
        assert counted == nr, (what, counted, nr)
    print(int(kernel[name]))


RELOADS = ["unchanged", "changed", "restarted", "failed"]


def reloads(address: str, file: str, pid: str) -> None:
    """Each way that a configuration is taken or refused counts once, and nothing else does."""

    def counted() -> list[float]:
        found = scrape(address)
        return [
            found.get("evringd_config_reloads_total", connector="sim", result=result)
            for result in RELOADS
        ]

    before = counted()
    config = json.loads(client.request(address, "GET", "/connectors/sim/config")[1])
    for more in {}, {"errors.log.enable": "true"}, {"key": "${comm}"}:
        config |= more
        body = json.dumps(config).encode()
        status, text = client.request(address, "PUT", "/connectors/sim/config", body)
        assert status == 200, text
    assert [now - then for now, then in zip(counted(), before)] == [1, 1, 1, 0], counted()
    # A file that cannot be used: the connector goes on as it is.
    Path(file).write_text('{"name": "sim", "config": {"no.such.key": "1"}}', encoding="utf-8")
    os.kill(int(pid), signal.SIGHUP)
    until(lambda: counted()[3] == before[3] + 1, "a file that is refused is counted")
    assert [now - then for now, then in zip(counted(), before)] == [1, 1, 1, 1], counted()


def paused(address: str) -> None:
    """Pause, and wait until all that was read is acknowledged and committed. Print how many."""
    status, _ = client.request(address, "PUT", "/connectors/sim/pause")
    assert status == 202, status

    def quiet() -> bool:
        found = scrape(address)
        counts = [
            found.get(f"evringd_events_{name}_total", connector="sim")
            for name in ("read", "delivered", "committed")
        ]
        return (
            len(set(counts)) == 1
            and found.get("evringd_connector_state", connector="sim", state="PAUSED") == 1
        )

    until(quiet, "read = delivered = committed")
    found = scrape(address)
    delivered = found.get("evringd_events_delivered_total", connector="sim", topic="t")
    assert found.get("evringd_delivery_latency_seconds_count", connector="sim") == delivered
    assert found.get("evringd_inflight_events", connector="sim") == 0
    assert found.get("evringd_inflight_bytes", connector="sim") == 0
    assert found.get("evringd_inflight_max_events", connector="sim") == 100000
    assert found.get("evringd_delivered_bytes_total", topic="t") > delivered * 200
    emitted = found.get("evring_events_emitted_total")
    assert emitted == found.get("evring_events_published_total")
    assert emitted == delivered + found.get("evring_group_lag_events", group="sim")
    held = found.get("evring_ring_held_bytes", lane="critical")
    assert held == found.get("evring_group_lag_bytes", group="sim")
    assert held <= found.get("evring_ring_held_bytes_max", lane="critical")
    assert found.get("evring_group_owned", group="sim", policy="hold") == 1
    print(int(delivered))


def waits(address: str) -> None:
    """Of a connector that reads nothing the oldest event becomes older; none is unread later."""
    first = scrape(address).get("evring_group_oldest_unread_seconds", group="sim")
    until(
        lambda: scrape(address).get("evring_group_oldest_unread_seconds", group="sim") > first + 1
        and first > 0,
        "an event waits for a second longer",
    )


def failing(address: str) -> None:
    """A connector whose events Kafka refuses"""
    state = {"connector": "sim", "state": "FAILED"}
    until(lambda: scrape(address).get("evringd_connector_state", **state) == 1, "it is FAILED")
    found = scrape(address)
    assert found.get("evringd_connector_state", connector="sim") == 1, "one state at a time"
    assert found.get("evringd_events_rejected_total", connector="sim") == 1
    reason = {"connector": "sim", "topic": "t", "reason": "MSG_SIZE_TOO_LARGE"}
    assert found.get("evringd_events_rejected_total", **reason) == 1
    assert found.get("evringd_events_dead_lettered_total", **reason) == 0


def lettered(address: str) -> None:
    """A refused event, and its letter once the dead-letter topic has it, by topic and reason"""
    reason = {"connector": "sim", "topic": "t", "reason": "MSG_SIZE_TOO_LARGE"}

    def counted(name: str) -> float:
        found = scrape(address)
        labels = [s.labels for s in found.samples if s.name == f"evringd_events_{name}_total"]
        return found.get(f"evringd_events_{name}_total", **reason) if reason in labels else 0

    until(lambda: counted("dead_lettered") >= 3, "the letters are in their topic")
    found = scrape(address)
    assert counted("rejected") >= 3
    assert found.get("evringd_events_rejected_total", connector="sim") == counted("rejected")


def brokers(address: str) -> None:
    """librdkafka's statistics of the one broker"""

    def is_up() -> bool:
        found = scrape(address)
        names = {s.name for s in found.samples}
        return "evringd_broker_up" in names and found.get("evringd_broker_up", connector="sim") == 1

    until(is_up, "the broker is up")
    found = scrape(address)
    assert found.get("evringd_broker_tx_bytes_total", connector="sim") > 1000
    assert found.get("evringd_broker_rtt_seconds", connector="sim") > 0
    assert found.get("evringd_brokers_unreachable_seconds", connector="sim") == 0


def away(address: str) -> None:
    """No broker can be reached."""
    until(
        lambda: scrape(address).get("evringd_brokers_unreachable_seconds", connector="sim") > 1,
        "no broker can be reached",
    )


def back(address: str) -> None:
    until(
        lambda: scrape(address).get("evringd_brokers_unreachable_seconds", connector="sim") == 0,
        "a broker can be reached",
    )


def stopped(address: str) -> None:
    """A connector without a task misses no broker."""
    status, _ = client.request(address, "PUT", "/connectors/sim/stop")
    assert status == 204, status
    state = {"connector": "sim", "state": "STOPPED"}
    until(lambda: scrape(address).get("evringd_connector_state", **state) == 1, "it is STOPPED")
    back(address)
    found = scrape(address)
    assert not [s for s in found.samples if s.name == "evringd_broker_up" and s.value]


def crowd(address: str) -> None:
    """Sixteen at a time, a few times"""
    wrong: list[str] = []

    def one() -> None:
        try:
            for _ in range(5):
                assert scrape(address).get("evring_module_loaded") == 1
        except Exception as error:  # pylint: disable=broad-except
            wrong.append(repr(error))

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong


if __name__ == "__main__":
    globals()[sys.argv[2]](sys.argv[1], *sys.argv[3:])
