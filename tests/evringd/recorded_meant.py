# SPDX-License-Identifier: MIT
"""Where evringd's answers are meant to be others than Kafka Connect's: see docs/reference/rest.md.

(how often, regular expression of "PART: METHOD PATH BODY: MEMBER: DIFFERENCE", reason). How often,
so that another difference does not pass because its line looks like that of one that is meant.
"""

MEANT: list[tuple[int, str, str]] = [
    (1, r"01-worker: GET /: \.kafka_cluster_id: null", "without a connector evringd knows no cluster"),
    (6, r": Content-Type: application/json for none$", "errors of paths and methods say what their body is, too"),
    (44, r": (status|\.error_code): 400 for 500$", "a wrong request is no error of the worker's own"),
    (20, r'\.message: .* for "(Unexpected end-of-input|Cannot |Unrecognized field)', "Java's exceptions are no messages"),
    (6, r"02-.*/topics(/reset)?: (status: 404 for 20\d$|body: .*Connector f1 not found|\.f1: is missing|\.(error_code|message): is more)", "404 of a connector that is not there, as for all its other paths"),
    (1, r'\.message: "Connector configuration is invalid .* for "Failed to find any class', "a class is a key as others are"),
    (8, r'\.message: "Connector configuration is invalid .* for "Connector configuration is invalid', "it names other keys"),
    (5, r": Location: (/connectors/\w+) for http://HOST\1$", "a path, as a Unix socket has no address"),
    (5, r': \.tasks\[\]: \[\{[^{}]*\}\] for \[\]$', "its one task is there at once, paused or not"),
    (3, r"/tasks: \[\]\.config\.task\.class: is missing$", "a task has no class"),
    (5, r"07-.*PATCH .*(\.message: \"Offset 1 cannot| \[\{\}\]\}: (status|\.error_code): )", "offsets of its own kind, each looked at"),
    (1, r"07-.*GET /connectors/f1/topics: \.f1\.topics\[\]: \[\] for", "its reset is done when it is answered"),
    (3, r"08-.*: \.connector\.(trace: is more|state: \"(FAILED|RESTARTING)\" for \"RUNNING\")", "one state, as there is one task"),
    (1, r"08-.*restart.*: \.tasks\[\]\.trace: is missing$", "the reason is gone with the restart"),
    (5, r"09-.*\.order: is more$", "order_in_group is called so before 4.4"),
    (3, r"09-.*: \.groups\[\]: ", "the groups of the keys are each class's own"),
    (1, r"09-.*\"many\".*: \.error_count: 1 for 2$", "the worker counts it twice"),
    (7, r"09-.*validate \{\"file\": .*: (status: 200 for 500|\.\w+: is (more|missing))", "connector.class may be left out"),
    (6, r"09-.*/nope/config/validate .*: ((status|\.error_code): 404 for |\.message: \"Failed to find any)", "404 of an unknown class, as for its keys"),
    (7, r"10-.*: (\.(connector\.f\d|root): is more|\[\]: \[\"root\", \"connector\.)", "each connector is a logger, and the root one"),
    (1, r"10-.*GET /admin/loggers/root: \.level: \"INFO\" for", "it logs more by default"),
    (1, r"10-.*\"invalid log level 'LOUD'; allowed: ", "it says which there are"),
]
