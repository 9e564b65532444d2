#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""React to user.registered: a welcome mail to each new user, at the end of a file.

    welcome.py [--once] BROKERS MBOX [TOPICS]

TOPICS is a regular expression of topics (^shop\\.). A mail's Message-ID is the event's
identity, evring.id. Events may come twice, after a crash of evringd or of this program,
and the file tells which ones were answered: so each user has one mail, whatever ends
when. With --once it ends when it has read all that there is. A line on standard output
tells each mail, each duplicate and each declared loss.
"""
import json
import os
import re
import signal
import sys
from email.message import EmailMessage
from email.utils import format_datetime
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaError, KafkaException

LOSSES = ("evring.lost", "evring.missed", "evring.rejected")


def answered(path):
    """The identities of the events that have a mail."""
    try:
        with open(path, encoding="utf-8") as mbox:
            return set(re.findall(r"^Message-ID: <(.*)@evring>$", mbox.read(), re.M))
    except FileNotFoundError:
        return set()


def mail(event, identity):
    user = event["data"]
    message = EmailMessage()
    message["From"] = "shop@example.org"
    message["To"] = user["email"]
    message["Subject"] = "Welcome"
    message["Date"] = format_datetime(datetime.fromtimestamp(event["time_ns"] / 1e9, timezone.utc))
    message["Message-ID"] = f"<{identity}@evring>"
    message["X-Published-By"] = f"uid {user['uid']}, {user['comm']}, on {event['host']}"
    message.set_content(f"Welcome! You are user {user['user_id']}, on the plan {user['plan']}.\n")
    return f"From shop@example.org\n{message}\n".encode()


def react(message, mbox, done):
    """The mail is in the file before the message is committed, in one write."""
    event = json.loads(message.value())
    identity = dict(message.headers())["evring.id"].decode()
    if event["type"] in LOSSES:
        print(f"lost {event['data']['count']} {event['type']} {identity}", flush=True)
    elif event["type"] != "user.registered":
        return
    elif identity in done:
        print(f"duplicate {identity}", flush=True)
    else:
        os.write(mbox, mail(event, identity))
        done.add(identity)
        print(f"mailed {event['data']['email']} {identity}", flush=True)


# What passes: a broker that is away, topics that are not there yet
PASSING = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError.UNKNOWN_TOPIC_OR_PART)


def handle(message, mbox, done, at_end):
    error, partition = message.error(), (message.topic(), message.partition())
    if not error:
        at_end.discard(partition)
        react(message, mbox, done)
    elif error.code() == KafkaError._PARTITION_EOF:
        at_end.add(partition)
    elif error.code() not in PASSING:
        raise KafkaException(error)
    return not error


def consume(consumer, mbox, done, once):
    """Until SIGTERM, or until each partition has been read to its end."""
    at_end, stop = set(), []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    while not stop:
        messages = consumer.consume(200, 0.5)
        if any([handle(message, mbox, done, at_end) for message in messages]):
            consumer.commit(asynchronous=False)
        if once and at_end and len(at_end) == len(consumer.assignment()):
            return


def main():
    words = [word for word in sys.argv[1:] if word != "--once"]
    if len(words) not in (2, 3):
        sys.exit(__doc__)
    consumer = Consumer(
        {
            "bootstrap.servers": words[0],
            "group.id": "welcome",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "session.timeout.ms": 6000,
            "topic.metadata.refresh.interval.ms": 1000,
        }
    )
    mbox = os.open(words[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    consumer.subscribe([words[2] if len(words) == 3 else "^shop\\."])
    try:
        consume(consumer, mbox, answered(words[1]), "--once" in sys.argv)
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
