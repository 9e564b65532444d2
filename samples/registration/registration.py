#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same with nothing but os.write(); the type was registered before:

    evring types register --json registration.json | ./registration.py 42 a@b.c
"""
import json
import os
import struct
import sys

registered = json.load(sys.stdin)[0]
user_id, email = int(sys.argv[1]), sys.argv[2].encode()

FIXED = struct.Struct("=QHHI")  # user_id, where email begins, how long it is, plan
payload = FIXED.pack(user_id, FIXED.size, len(email), 1) + email
header = struct.pack("=IHHII", 16 + len(payload), registered["id"], 0, registered["generation"], 0)
event = header + payload

device = os.open("/dev/evring-publish", os.O_WRONLY)
os.write(device, event + bytes(-len(event) % 8))
