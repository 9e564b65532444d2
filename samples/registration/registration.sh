#!/bin/sh
# SPDX-License-Identifier: MIT
# The same from a shell: one event, and a stream of them.
set -e
evring types register "${0%/*}/registration.json"
evring publish user.registered user_id=42 email=a@b.c plan=free
printf '{"user_id": %d, "email": "user%d@example.org"}\n' 1 1 2 2 3 3 |
	evring publish user.registered --stdin
