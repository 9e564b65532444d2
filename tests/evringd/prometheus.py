#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A real Prometheus on evringd: it scrapes, loads the alert rules, and answers the dashboard.

prometheus.py ADDRESS USER:PASSWORD FOLDER: each expression of the dashboard must be one
for it, and have data, but for those of what has not happened. No alert fires while all is well;
one does, and no other, once a connector has failed.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

BOUND_S = 300
DASHBOARD = Path("packaging/grafana/dashboards/evring.json")
RULES = Path("packaging/prometheus/evring.rules.yml")
# Of what happens in trouble alone, so that it has no series
SILENT = ("evring_group_unowned_seconds",)
CONFIG = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: evring
    basic_auth: {{username: {user}, password: {password}}}
    static_configs: [{{targets: ["{address}"]}}]
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def expressions() -> list[str]:
    """As Grafana sends them, with its variables filled in"""
    found = []
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"].replace("$__rate_interval", "10s")
            found.append(text.replace("$instance", ".*").replace("$job", ".*"))
    assert len(found) > 20
    return found


class Prometheus:
    def __init__(self, address: str, given: str, folder: Path) -> None:
        user, password = given.split(":")
        self.url = f"http://127.0.0.1:{free_port()}"
        config = CONFIG.format(rules=RULES.resolve(), user=user, password=password, address=address)
        (folder / "prometheus.yml").write_text(config, encoding="utf-8")
        self.log = (folder / "prometheus.log").open("w", encoding="utf-8")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
            + [f"--web.listen-address={self.url[7:]}"],
            stdout=self.log,
            stderr=self.log,
        )

    def ask(self, path: str, **parameters: str) -> dict:
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=BOUND_S) as answer:
            said = json.load(answer)
        assert said["status"] == "success", said
        return said["data"]

    def until(self, holds, what: str) -> None:
        end = time.monotonic() + BOUND_S
        while True:
            try:
                if holds():
                    return
            except OSError:
                pass
            assert time.monotonic() < end and self.process.poll() is None, f"never: {what}"
            time.sleep(0.5)


def rules(server: Prometheus) -> list[dict]:
    return server.ask("rules")["groups"][0]["rules"]


def evaluated(server: Prometheus, times: int) -> None:
    """So many evaluations from now on, each rule without an error"""
    for _ in range(times):
        last = {rule["name"]: rule["lastEvaluation"] for rule in rules(server)}
        server.until(
            lambda before=last: all(
                rule["health"] != "unknown" and rule["lastEvaluation"] > before[rule["name"]] for rule in rules(server)
            ),
            "the rules are evaluated",
        )
    assert all(rule["health"] == "ok" for rule in rules(server)), rules(server)


def alerts(server: Prometheus) -> dict[str, dict]:
    """Those that fire"""
    found = [alert for alert in server.ask("alerts")["alerts"] if alert["state"] == "firing"]
    return {alert["labels"]["alertname"]: alert for alert in found}


def fails(server: Prometheus, address: str, given: str) -> None:
    """A connector that has failed: its alert alone, with its name"""
    config = {"topic": "t", "bootstrap.servers": "127.0.0.1:1", "device": "/nonexistent", "machine.id": "0" * 32}
    header = {"Authorization": "Basic " + base64.b64encode(given.encode()).decode(), "Content-Type": "application/json"}
    put = urllib.request.Request(
        f"http://{address}/connectors/bad/config", json.dumps(config).encode(), header, method="PUT"
    )
    with urllib.request.urlopen(put, timeout=BOUND_S) as answer:
        assert answer.status == 201, answer.status
    server.until(lambda: "EvringConnectorFailed" in alerts(server), "EvringConnectorFailed fires")
    found = alerts(server)
    assert list(found) == ["EvringConnectorFailed"], found
    labels = found["EvringConnectorFailed"]["labels"]
    assert labels["connector"] == "bad" and labels["severity"] == "critical", labels
    assert "bad" in found["EvringConnectorFailed"]["annotations"]["summary"], found


def check(server: Prometheus) -> None:
    server.until(lambda: server.ask("query", query="up")["result"][:1], "it has scraped")
    targets = server.ask("targets")["activeTargets"]
    assert targets[0]["health"] == "up" and not targets[0]["lastError"], targets
    assert len(rules(server)) > 10
    for expression in expressions():
        if any(name in expression for name in SILENT):
            assert not server.ask("query", query=expression)["result"], expression
        else:
            server.until(lambda e=expression: server.ask("query", query=e)["result"], expression)
    evaluated(server, 3)
    # Nothing is wrong, so nothing may be said.
    assert not alerts(server), alerts(server)


def main() -> None:
    server = Prometheus(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    try:
        check(server)
        fails(server, sys.argv[1], sys.argv[2])
    finally:
        server.process.terminate()
        server.process.wait()
        server.log.close()


if __name__ == "__main__":
    main()
