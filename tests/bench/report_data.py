# SPDX-License-Identifier: MIT
"""Samples, their aggregates, and whether the goals are met."""

from __future__ import annotations

import json
import operator
import statistics
from pathlib import Path
from typing import Any, NamedTuple

FIELDS = ("part", "env", "who", "case", "metric")
OPERATORS = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}


class Key(NamedTuple):
    """What a sample is of; equal keys are runs of the same thing."""

    part: str
    env: str
    who: str
    case: str
    metric: str


class Aggregate(NamedTuple):
    """All runs of one key."""

    median: float
    min: float
    max: float
    n: int


class Outcome(NamedTuple):
    """A goal, and what was measured of it. None: not measured."""

    goal: dict[str, Any]
    figure: Aggregate | None
    peer: Aggregate | None
    ratio: float | None
    met: bool | None
    why: str | None


Figures = dict[Key, Aggregate]
Skips = dict[Key, str]  # why there is no figure
FAILED = "failed: "  # so begins the reason of what was to be measured and could not be


class BadSample(ValueError):
    """A line that is no sample."""


def key_of(sample: dict[str, Any]) -> Key:
    return Key(*(str(sample[field]) for field in FIELDS))


def parse_line(line: str) -> tuple[Key, float | None, str | None]:
    """The key, and either the value or why there is none."""
    try:
        sample = json.loads(line)
        key = key_of(sample)
        if "failed" in sample:
            return key, None, FAILED + str(sample["failed"])
        if "skipped" in sample:
            return key, None, str(sample["skipped"])
        return key, float(sample["value"]), None
    except (ValueError, KeyError, TypeError) as error:
        raise BadSample(f"no sample ({error}): {line.strip()}") from error


def aggregate(lines: list[str]) -> tuple[Figures, Skips]:
    """Figures in the order in which they first came.

    What was measured at all is not skipped; what failed once has failed.
    """
    values: dict[Key, list[float]] = {}
    skips: Skips = {}
    for line in lines:
        if not line.strip():
            continue
        key, value, why = parse_line(line)
        if value is None:
            skips[key] = why or "no reason given"
        else:
            values.setdefault(key, []).append(value)
    figures = {
        key: Aggregate(statistics.median(v), min(v), max(v), len(v)) for key, v in values.items()
    }
    return figures, {
        key: why for key, why in skips.items() if key not in figures or why.startswith(FAILED)
    }


def judge(goal: dict[str, Any], figures: Figures, skips: Skips) -> Outcome:
    """A goal is neither met nor missed where a figure that it needs is not there."""
    key = key_of(goal["figure"])
    figure = figures.get(key)
    peer_key = key_of(goal["peer"]) if goal["peer"] else None
    peer = figures.get(peer_key) if peer_key else None
    ratio = figure.median / peer.median if figure and peer and peer.median else None
    beyond = figure.median - goal.get("times", 1) * peer.median if figure and peer else None
    value = {"figure": figure.median if figure else None, "ratio": ratio, "difference": beyond}[
        goal["of"]
    ]
    if value is not None:
        met = OPERATORS[goal["op"]](value, goal["value"])
        return Outcome(goal, figure, peer, ratio, met, None)
    missing = peer_key if figure and peer_key else key
    return Outcome(goal, figure, peer, ratio, None, skips.get(missing, "not measured"))


def judge_all(goals: list[dict[str, Any]], figures: Figures, skips: Skips) -> list[Outcome]:
    return [judge(goal, figures, skips) for goal in goals]


def results(
    figures: Figures, skips: Skips, outcomes: list[Outcome], machine: dict[str, Any]
) -> dict[str, Any]:
    """All of it, to be written as JSON."""
    return {
        "machine": machine,
        "figures": [key._asdict() | figure._asdict() for key, figure in figures.items()],
        "skipped": [key._asdict() | {"skipped": why} for key, why in skips.items()],
        "goals": [
            outcome.goal
            | {
                "median": outcome.figure.median if outcome.figure else None,
                "ratio": outcome.ratio,
                "met": outcome.met,
                "why": outcome.why,
            }
            for outcome in outcomes
        ],
    }


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()
