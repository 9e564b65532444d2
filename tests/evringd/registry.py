#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A schema registry for tests: Confluent's REST API, in memory, and what a bad one answers.

    registry.py FILE [--auth USER:PASSWORD] [--tls CERTIFICATE KEY]

Writes its URL to FILE. POST /mode sets how the next requests are answered, for so many
of them (-1: all): {"mode": "500", "requests": 3}. The mode "frozen" stays: whatever is not
a subject's first schema is incompatible. GET /log tells the requests so far.
"""
import argparse
import base64
import http.server
import json
import os
import re
import ssl
import threading
import time
import urllib.parse

import fastavro.schema

MODES = {
    "500": (500, b'{"error_code":50001,"message":"the store\\nis away"}'),
    "503": (503, b"<html>not here</html>"),
    "409": (409, b'{"error_code":409,"message":"incompatible with an earlier schema"}'),
    "401": (401, b'{"error_code":40101,"message":"Unauthorized"}'),
    "422": (422, b'{"error_code":42201,"message":"Invalid schema"}'),
    "no-json": (200, b"\0\xff{"),
    "no-object": (200, b"[1]"),
    "no-id": (200, b'{"version":1}'),
    "text-id": (200, b'{"id":"1"}'),
    "huge-id": (200, b'{"id":4294967297}'),
    "negative-id": (200, b'{"id":-1}'),
    "deep": (200, b'{"id":' * 100000),
    "redirect": (302, b""),
}


class Registry:
    """Ids by schema, versions by subject."""

    def __init__(self):
        self.lock = threading.Lock()
        self.schemas = []
        self.subjects = {}
        self.log = []
        self.mode, self.requests = None, 0
        self.frozen = False

    def register(self, subject, kind, text, only_look):
        with self.lock:
            known = [i for i, entry in enumerate(self.schemas) if entry == (kind, text)]
            versions = self.subjects.get(subject, [])
            if only_look:
                return known[0] if known and known[0] in versions else None
            if self.frozen and versions and not (known and known[0] in versions):
                return -1
            if not known:
                self.schemas.append((kind, text))
                known = [len(self.schemas) - 1]
            if known[0] not in versions:
                self.subjects.setdefault(subject, []).append(known[0])
            return known[0]

    def take_mode(self):
        with self.lock:
            if not self.requests:
                return None
            self.requests -= self.requests > 0
            return self.mode


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry = Registry()
    auth = None

    def log_message(self, *_):
        pass

    def answer(self, status, body, content="application/vnd.schemaregistry.v1+json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "file:///etc/passwd")
        self.end_headers()
        self.wfile.write(body)

    def misbehave(self, mode):
        if mode == "hang":
            time.sleep(3600)
        elif mode == "close":
            self.close_connection = True
        elif mode == "endless":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            except OSError:
                self.close_connection = True
        elif mode == "garbage":
            self.wfile.write(b"\0\1\2\3 this is no HTTP\r\n\r\n")
            self.close_connection = True
        else:
            self.answer(*MODES[mode])

    def is_allowed(self):
        if not self.auth:
            return True
        want = "Basic " + base64.b64encode(self.auth.encode()).decode()
        return self.headers.get("Authorization") == want

    def body(self):
        length = int(self.headers.get("Content-Length") or 0)
        return json.loads(self.rfile.read(length)) if length else None

    def begin(self):
        """None: it was answered already."""
        body = self.body()
        path = urllib.parse.unquote(urllib.parse.urlparse(self.path).path)
        if path == "/mode":
            with self.registry.lock:
                self.registry.frozen = body["mode"] == "frozen"
                self.registry.mode, self.registry.requests = body["mode"], body["requests"]
            self.answer(200, {})
            return None
        if path == "/log":
            self.answer(200, self.registry.log)
            return None
        with self.registry.lock:
            self.registry.log.append([self.command, path])
        mode = self.registry.take_mode()
        if mode:
            self.misbehave(mode)
            return None
        if not self.is_allowed():
            self.answer(*MODES["401"])
            return None
        return path, body

    def do_POST(self):
        begun = self.begin()
        if not begun:
            return
        path, body = begun
        match = re.fullmatch(r"/subjects/([^/]+)(/versions)?", path)
        if not match:
            self.answer(404, {"error_code": 404, "message": "HTTP 404 Not Found"})
            return
        kind = body.get("schemaType", "AVRO")
        if kind == "AVRO":
            fastavro.schema.parse_schema(json.loads(body["schema"]))
        number = self.registry.register(match[1], kind, body["schema"], not match[2])
        if number is None:
            self.answer(404, {"error_code": 40403, "message": "Schema not found"})
        elif number < 0:
            self.answer(*MODES["409"])
        elif match[2]:
            self.answer(200, {"id": number + 1})
        else:
            self.answer(200, {"subject": match[1], "id": number + 1, "version": 1,
                              "schema": body["schema"]})

    def do_GET(self):
        begun = self.begin()
        if not begun:
            return
        path, _ = begun
        match = re.fullmatch(r"/schemas/ids/(\d+)", path)
        latest = re.fullmatch(r"/subjects/([^/]+)/versions/latest", path)
        if match and 0 < int(match[1]) <= len(self.registry.schemas):
            kind, text = self.registry.schemas[int(match[1]) - 1]
            self.answer(200, {"schema": text, "schemaType": kind})
        elif latest and latest[1] in self.registry.subjects:
            versions = self.registry.subjects[latest[1]]
            kind, text = self.registry.schemas[versions[-1]]
            self.answer(200, {"subject": latest[1], "version": len(versions),
                              "id": versions[-1] + 1, "schemaType": kind, "schema": text})
        else:
            self.answer(404, {"error_code": 40401, "message": "Subject not found."})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--auth")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args()
    Handler.auth = args.auth
    server = http.server.ThreadingHTTPServer(("127.0.0.1", args.port), Handler)
    scheme = "http"
    if args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*args.tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    with open(args.file + ".new", "w", encoding="ascii") as file:
        file.write(f"{scheme}://127.0.0.1:{server.server_address[1]}")
    os.rename(args.file + ".new", args.file)
    server.serve_forever()


if __name__ == "__main__":
    main()
