# SPDX-License-Identifier: MIT
"""Where evringd's answers are meant to be others than Kafka Connect's: see docs/reference/rest.md.

(regular expression of "PART: METHOD PATH BODY: MEMBER: DIFFERENCE", reason)
"""

MEANT: list[tuple[str, str]] = [
    (r"01-worker: GET /: \.kafka_cluster_id: null", "without a connector evringd knows no cluster"),
    (r": Content-Type: application/json for none$", "errors of paths and methods say what their body is, too"),
    (r": (status|\.error_code): 400 for 500$", "a wrong request is no error of the worker's own"),
    (r'\.message: .* for "(Unexpected end-of-input|Cannot |Unrecognized field)', "Java's exceptions are no messages"),
    (r"02-.*/topics(/reset)?: ", "404 of a connector that is not there, as for all its other paths"),
    (r'\.message: "Connector configuration is invalid .* for "Failed to find any class', "a class is a key as others are"),
]
