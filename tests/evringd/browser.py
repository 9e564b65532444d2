#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd's page in headless Chromium, by the DevTools protocol over a pipe.

browser.py URL USER:PASSWORD FOLDER: the page must fill, filter and pause, in both colour
schemes, without an error or a breach of its Content-Security-Policy, and show the numbers that
/metrics has. FOLDER gets page-light.png and page-dark.png.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import client

BOUND_S = 300
# As root, in a chroot, which may have no /dev/shm
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"]
OPTIONS += ["--remote-debugging-pipe"]


class Browser:
    """Commands to descriptor 3, answers and events from descriptor 4, with a NUL behind each"""

    def __init__(self, folder: Path) -> None:
        pipes = os.pipe() + os.pipe()
        # Not among those that Chromium gets
        down, self.to, self.answers, up = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in pipes)
        for fd in pipes:
            os.close(fd)
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{down} 4>&{up} {down}<&- {up}>&-; exec chromium-headless-shell "$@"', "-"]
            + [*OPTIONS, f"--user-data-dir={folder}/profile"],
            pass_fds=(down, up),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(down)
        os.close(up)
        self.buffer = b""
        self.number = 0
        self.session = ""
        self.complaints: list[str] = []

    def read(self) -> dict:
        while b"\0" not in self.buffer:
            part = os.read(self.answers, 1 << 20)
            assert part, "Chromium has ended"
            self.buffer += part
        line, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(line)

    def note(self, message: dict) -> None:
        """Errors, and whatever the console has as one"""
        method, said = message.get("method", ""), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(said["exceptionDetails"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.complaints.append(said["entry"]["text"])

    def do(self, method: str, **params) -> dict:
        self.number += 1
        command = {"id": self.number, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.to, json.dumps(command).encode() + b"\0")
        while (message := self.read()).get("id") != self.number:
            self.note(message)
        assert "error" not in message, message
        return message["result"]

    def js(self, expression: str):
        result = self.do("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, (expression, result)
        return result["result"].get("value")

    def until(self, expression: str) -> None:
        end = time.monotonic() + BOUND_S
        while not self.js(expression):
            assert time.monotonic() < end, f"never: {expression}: {self.js('document.body.innerText')}"
            time.sleep(0.2)

    def open(self, url: str, given: str) -> None:
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.do(f"{domain}.enable")
        header = "Basic " + base64.b64encode(given.encode()).decode()
        self.do("Network.setExtraHTTPHeaders", headers={"Authorization": header})
        self.do(
            "Emulation.setDeviceMetricsOverride", width=1250, height=1500, deviceScaleFactor=1, mobile=False
        )
        self.do("Page.navigate", url=url)

    def scheme(self, name: str) -> None:
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.do("Page.captureScreenshot")["data"]))


def rows(table: str) -> str:
    return f"document.querySelectorAll('#{table} tbody th[scope=row]').length"


def cell(table: str, row: int, column: int) -> str:
    return f"document.querySelectorAll('#{table} tbody tr')[{row}].cells[{column}].textContent"


def request(url: str, given: str, method: str, path: str) -> str:
    header = "Authorization: Basic " + base64.b64encode(given.encode()).decode() + "\r\n"
    status, text = client.request(url[7:].rstrip("/"), method, path, b"", header)
    assert status in (200, 202), (path, status)
    return text


def counts(url: str, given: str) -> tuple[int, ...]:
    """Of the first connector, events read, delivered and committed"""
    text = request(url, given, "GET", "/metrics")
    found = [re.findall(rf'^evringd_events_{name}_total{{connector="sim".*}} (\d+)$', text, re.M)
             for name in ("read", "delivered", "committed")]
    return tuple(int(numbers[0]) for numbers in found)


def is_true(page: Browser, url: str, given: str) -> None:
    """Of a connector that stands still the page has the metrics' number."""
    request(url, given, "PUT", "/connectors/sim/pause")
    page.until(f"{cell('connectors', 0, 1)} === 'PAUSED'")
    end = time.monotonic() + BOUND_S
    while len(set(counts(url, given))) > 1:
        assert time.monotonic() < end, counts(url, given)
        time.sleep(0.2)
    page.until(f"{cell('connectors', 0, 2)} === '{counts(url, given)[1]:,}'")
    lanes = page.js("[...document.querySelectorAll('#lanes tbody tr')].map(tr => tr.cells[0].textContent)")
    assert "critical" in lanes and "bulk" in lanes, lanes
    request(url, given, "PUT", "/connectors/sim/resume")
    page.until(f"{cell('connectors', 0, 1)} === 'RUNNING'")


def look(page: Browser, folder: Path) -> None:
    page.until(f"{rows('connectors')} === 2 && {rows('groups')} === 2 && {rows('rings')} > 2")
    page.until(f"{rows('events')} >= 20")
    page.until("document.querySelectorAll('#chart path').length === 3 && past.length > 8")
    page.until(f"{cell('connectors', 0, 1)} === 'RUNNING' && {cell('connectors', 1, 1)} === 'PAUSED'")
    page.until(f"{cell('connectors', 0, 6)} !== '–'")
    page.until("document.getElementById('status').textContent === 'Connector z-second is PAUSED.'")
    paths = page.js("[...document.querySelectorAll('#chart path')].map(path => path.getAttribute('d'))")
    assert all(re.fullmatch(r"M[\d.]+ [\d.]+(L[\d.]+ [\d.]+)+", path) for path in paths), paths
    for scheme, back in ("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)"):
        page.scheme(scheme)
        page.until(f"getComputedStyle(document.body).backgroundColor === '{back}'")
        page.picture(folder / f"page-{scheme}.png")
    pictures = [(folder / f"page-{scheme}.png").read_bytes() for scheme in ("light", "dark")]
    assert pictures[0] != pictures[1] and all(len(picture) > 10000 for picture in pictures)


def handle(page: Browser) -> None:
    """The filter, and a page that stands still"""
    enter = "document.getElementById('filter').value = '{}';"
    enter += "document.getElementById('filter').dispatchEvent(new Event('input'))"
    page.js(enter.format("EXEC process"))
    page.until(f"{rows('events')} > 0 && document.getElementById('shown').textContent.includes(' of the last ')")
    # Of the one event that has both words there is one row.
    one = page.js("(({ e }) => ({ seq: e.seq, time: e.time }))(events[events.length - 1])")
    page.js(enter.format(f'PROCESS "seq":{one["seq"]},'))
    page.until(f"{rows('events')} === 1")
    assert page.js(cell("events", 0, 0)) in one["time"], (one, page.js(cell("events", 0, 0)))
    assert page.js("document.getElementById('shown').textContent").startswith("1 of the last ")
    page.js(enter.format("no-such-word"))
    page.until(f"{rows('events')} === 0")
    page.js(enter.format(""))
    page.js("document.getElementById('pause').click()")
    before = page.js("document.querySelector('main').innerText")
    seen = page.js("past[past.length - 1].time")
    page.until(f"past[past.length - 1].time > {seen} + 2")
    assert page.js("document.querySelector('main').innerText") == before
    assert page.js("document.getElementById('pause').getAttribute('aria-pressed')") == "true"
    page.js("document.getElementById('pause').click()")
    page.until(f"document.querySelector('main').innerText !== {json.dumps(before)}")


def main() -> None:
    url, given, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    page = Browser(folder)
    try:
        page.open(url, given)
        look(page, folder)
        is_true(page, url, given)
        handle(page)
        assert not page.complaints, page.complaints
        # The policy is one: a script of anybody else does not run, and the browser complains.
        page.js("document.body.append(Object.assign(document.createElement('script'), {text: 'window.evil = 1'}))")
        page.until("past.length > 0")
        assert page.js("window.evil") is None
        assert len(page.complaints) == 1 and "Content Security Policy" in page.complaints[0], page.complaints
    finally:
        # The command is a script that has started Chromium.
        os.killpg(page.process.pid, signal.SIGKILL)
        page.process.wait()


if __name__ == "__main__":
    main()
