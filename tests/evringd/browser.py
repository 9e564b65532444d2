#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""evringd's page in headless Chromium, by the DevTools protocol over a pipe.

browser.py URL USER:PASSWORD FOLDER: the page must fill, filter and pause, in both colour
schemes, without an error or a breach of its Content-Security-Policy. FOLDER gets
page-light.png and page-dark.png.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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


def look(page: Browser, folder: Path) -> None:
    page.until(f"{rows('connectors')} === 2 && {rows('groups')} === 2 && {rows('rings')} > 2")
    page.until(f"{rows('events')} >= 20")
    page.until("document.querySelectorAll('#chart path').length === 3 && past.length > 8")
    page.until("document.querySelectorAll('#connectors tbody tr')[0].cells[1].textContent === 'RUNNING'")
    page.until("document.querySelectorAll('#connectors tbody tr')[0].cells[6].textContent !== '–'")
    page.until("document.getElementById('status').textContent.includes('PAUSED')")
    for scheme, back in ("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)"):
        page.scheme(scheme)
        page.until(f"getComputedStyle(document.body).backgroundColor === '{back}'")
        page.picture(folder / f"page-{scheme}.png")


def handle(page: Browser) -> None:
    """The filter, and a page that stands still"""
    enter = "document.getElementById('filter').value = '{}';"
    enter += "document.getElementById('filter').dispatchEvent(new Event('input'))"
    page.js(enter.format("EXEC process"))
    page.until(f"{rows('events')} > 0 && document.getElementById('shown').textContent.includes(' of the last ')")
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
        handle(page)
        assert not page.complaints, page.complaints
        # The policy is one: a script of anybody else does not run.
        page.js("document.body.append(Object.assign(document.createElement('script'), {text: 'window.evil = 1'}))")
        assert page.js("window.evil") is None
    finally:
        # The command is a script that has started Chromium.
        os.killpg(page.process.pid, signal.SIGKILL)
        page.process.wait()


if __name__ == "__main__":
    main()
