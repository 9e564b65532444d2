# SPDX-License-Identifier: MIT
"""Requests to a Connect worker, Kafka's or ours, and its answers, one after another.

A step is {"request": {"method", "path"[, "body" | "text"]}}, in which text is a body that is no
JSON. With "await": {"NAME": "STATE"} it waits until the connector and all its tasks have that
state (FAILED: one of them); with "until": "MEMBER" the request is repeated until that
member of the answer ("a.b": b of a) is not empty.
"""

from __future__ import annotations

import http.client
import json
import time

from client import connect

HEADERS = ["Content-Type", "Location"]
# A worker's configuration changes behind its answer, and a request that comes too early is refused.
BUSY = ["Cannot complete request momentarily", "Cannot complete request because of a conflicting operation"]


def send(address: str, request: dict) -> dict:
    body = request.get("text", json.dumps(request["body"]) if "body" in request else "").encode()
    host = "localhost" if address.startswith("/") else address
    head = f"{request['method']} {request['path']} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with connect(address) as sock:
        sock.sendall(head.encode() + body)
        response = http.client.HTTPResponse(sock, method=request["method"])
        response.begin()
        text = response.read().decode()
    answer: dict = {"status": response.status}
    answer["headers"] = {name: response.getheader(name) for name in HEADERS if response.getheader(name)}
    if text:
        try:
            answer["body"] = json.loads(text)
        except ValueError:
            answer["text"] = text
    return answer


def has_state(address: str, name: str, wanted: str) -> bool:
    status = send(address, {"method": "GET", "path": f"/connectors/{name}/status"}).get("body", {})
    if "connector" not in status:
        return False
    states = [part["state"] for part in [status["connector"], *status["tasks"]]]
    if wanted == "FAILED":
        return wanted in states
    return set(states) == {wanted} and bool(status["tasks"]) == (wanted != "STOPPED")


def member(body: object, path: str) -> object:
    for name in path.split("."):
        body = body[name]
    return body


def perform(address: str, step: dict) -> dict:
    """The step's answer. What it waits for has no bound: the caller's caller has one."""
    for name, state in step.get("await", {}).items():
        while not has_state(address, name, state):
            time.sleep(0.1)
    while True:
        answer = send(address, step["request"])
        message = answer["body"].get("message", "") if isinstance(answer.get("body"), dict) else ""
        busy = answer["status"] == 409 and any(message.startswith(text) for text in BUSY)
        if not busy and ("until" not in step or member(answer["body"], step["until"])):
            return answer
        time.sleep(0.1)
