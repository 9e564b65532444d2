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
    (r'\.message: "Connector configuration is invalid .* for "Connector configuration is invalid', "it names other keys"),
    (r": Location: (/connectors/\w+) for http://HOST\1$", "a path, as a Unix socket has no address"),
    (r': \.tasks\[\]: \[\{.*\}\] for \[\]$', "its one task is there at once, paused or not"),
    (r"/tasks: \[\]\.config\.task\.class: is missing$", "a task has no class"),
    (r"07-.*PATCH .*(\.message: \"Offset 1 cannot| \[\{\}\]\}: (status|\.error_code): )", "offsets of its own kind, each looked at"),
    (r"07-.*GET /connectors/f1/topics: \.f1\.topics\[\]: \[\] for", "its reset is done when it is answered"),
    (r"08-.*: \.connector\.(trace: is more|state: \"(FAILED|RESTARTING)\" for \"RUNNING\")", "one state, as there is one task"),
    (r"08-.*restart.*: \.tasks\[\]\.trace: is missing$", "the reason is gone with the restart"),
    (r"09-.*\.order: is more$", "order_in_group is called so before 4.4"),
    (r"09-.*: \.groups\[\]: ", "the groups of the keys are each class's own"),
    (r"09-.*\"many\".*: \.error_count: 1 for 2$", "the worker counts it twice"),
    (r"09-.*validate \{\"file\": .*: (status: 200 for 500|\.\w+: is (more|missing))", "connector.class may be left out"),
    (r"09-.*/nope/config/validate .*: (status|\.error_code|\.message): ", "404 of an unknown class, as for its keys"),
    (r"10-.*: (\.(connector\.f\d|root): is more|\[\]: \[\"root\", \"connector\.)", "each connector is a logger, and the root one"),
    (r"10-.*GET /admin/loggers/root: \.level: \"INFO\" for", "it logs more by default"),
    (r"10-.*\"invalid log level 'LOUD'; allowed: ", "it says which there are"),
]
