# SPDX-License-Identifier: MIT
"""The results as a table for the terminal and as Markdown."""

from __future__ import annotations

import re
from typing import Any

from report_data import FAILED, Aggregate, Figures, Key, Outcome, Skips

GOAL_HEAD = ("what", "figure", "peer", "peer's figure", "ratio", "goal", "met", "spread")
PAGE_HEAD = """\
# The benchmarks' tables

Written by `tests/bench/report --update-docs`; do not edit. What the figures mean, and why goals \
are missed, is in [how fast evring is](../explanation/performance.md).
"""
FIGURE_HEAD = ("case", "who", "median", "min .. max", "runs", "metric", "where")

PARTS = {
    "emit": "Emit",
    "emit-bpf": "Emit: BPF",
    "scaling": "Several producers",
    "tracers": "Tracers",
    "filter": "Filters",
    "redact": "Redaction",
    "publish": "Publishing",
    "drain": "Reading",
    "evringd": "evringd",
    "idle": "Idle",
    "losses": "Losses",
    "connect": "Beside Kafka Connect",
}

ENVS = {
    "uml": "User-mode Linux",
    "guest": "guest (emulated)",
    "ubuntu-24.04": "guest (emulated), Ubuntu 24.04",
    "native": "this machine",
    "sum": "User-mode Linux, and this machine's system call",
    "sim": "user space",
}


def number(value: float | None) -> str:
    """Three digits, or as many as there are before the point."""
    if value is None:
        return "-"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}"


def spread(figure: Aggregate | None) -> str:
    if figure is None:
        return "-"
    return f"{number(figure.min)} .. {number(figure.max)}, {figure.n} runs"


def verdict(outcome: Outcome) -> str:
    if outcome.met is None:
        return outcome.why or "not measured"
    return "yes" if outcome.met else "NO"


def goal_row(outcome: Outcome) -> tuple[str, ...]:
    goal = outcome.goal
    metric = goal["figure"]["metric"]
    peer = goal["peer"]
    subject = "" if goal["of"] == "figure" else f"{goal['of']} "
    if "times" in goal:
        subject = f"beyond {goal['times']} times the peer's "
    return (
        goal["what"],
        f"{number(outcome.figure.median)} {metric}" if outcome.figure else "-",
        f"{peer['who']}, {peer['case']}" if peer else "-",
        number(outcome.peer.median) if outcome.peer else "-",
        number(outcome.ratio),
        f"{subject}{goal['op']} {goal['value']:,}",
        verdict(outcome),
        spread(outcome.figure),
    )


def figure_row(key: Key, figure: Aggregate) -> tuple[str, ...]:
    return (
        key.case,
        key.who,
        number(figure.median),
        f"{number(figure.min)} .. {number(figure.max)}",
        str(figure.n),
        key.metric,
        ENVS.get(key.env, key.env),
    )


def skip_row(key: Key, why: str) -> tuple[str, ...]:
    why = why if why.startswith(FAILED) else f"skipped: {why}"
    return (key.case, key.who, why, "-", "0", key.metric, ENVS.get(key.env, key.env))


def plain(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |" for line in lines
    )


def machine_line(machine: dict[str, Any]) -> str:
    return (
        f"{machine['cpu']}, {machine['mhz']} MHz, {machine['cores']} cores; Linux "
        f"{machine['kernel']}; {machine['compiler']}; librdkafka {machine['librdkafka']}; "
        f"{machine['runs']} runs, {machine['date'][:10]}, "
        f"commit {machine['commit'] or 'unknown'}."
    )


def summary(outcomes: list[Outcome]) -> str:
    met = sum(outcome.met is True for outcome in outcomes)
    missed = sum(outcome.met is False for outcome in outcomes)
    return f"{met} goals met, {missed} missed, {len(outcomes) - met - missed} not measured"


def text(skips: Skips, outcomes: list[Outcome], machine: dict[str, Any]) -> str:
    """The goals, and as rows of the same table what failed."""
    rows = [goal_row(outcome) for outcome in outcomes]
    rows += [
        (f"{key.case}, {key.who}", "-", "-", "-", "-", "-", why, "-")
        for key, why in skips.items()
        if why.startswith(FAILED)
    ]
    return f"{plain(GOAL_HEAD, rows)}\n\n{summary(outcomes)}\n{machine_line(machine)}"


def part_names(figures: Figures, skips: Skips) -> list[str]:
    """Known parts in their order, then any other."""
    seen = dict.fromkeys(key.part for key in [*figures, *skips])
    return [p for p in PARTS if p in seen] + [p for p in seen if p not in PARTS]


def order(row: tuple[str, ...]) -> tuple[str, str, list[tuple[int, str]]]:
    """Figures that can be compared stand together; 64 B comes before 128 B."""
    words = re.split(r"(\d+)", row[0])
    return row[6], row[5], [(int(word), "") if word.isdigit() else (-1, word) for word in words]


def section(
    part: str, figures: Figures, skips: Skips, outcomes: list[Outcome], images: list[str]
) -> str:
    blocks = [f"## {PARTS.get(part, part)}"]
    goals = [goal_row(o) for o in outcomes if o.goal["figure"]["part"] == part]
    if goals:
        blocks.append(table(GOAL_HEAD, goals))
    blocks += [f"![{PARTS.get(part, part)}]({image})" for image in images]
    rows = [figure_row(key, figure) for key, figure in figures.items() if key.part == part]
    rows += [skip_row(key, why) for key, why in skips.items() if key.part == part]
    blocks.append(table(FIGURE_HEAD, sorted(rows, key=order)))
    return "\n\n".join(blocks)


def markdown(
    figures: Figures,
    skips: Skips,
    outcomes: list[Outcome],
    machine: dict[str, Any],
    images: dict[str, list[str]],
) -> str:
    """@images: of each part, paths as the document is to name them."""
    blocks = [f"Measured on: {machine_line(machine)} {summary(outcomes)}."]
    blocks += [
        section(part, figures, skips, outcomes, images.get(part, []))
        for part in part_names(figures, skips)
    ]
    return "\n\n".join(blocks) + "\n"


def page(tables: str) -> str:
    """The page of the documentation that has nothing but @tables."""
    return f"{PAGE_HEAD}\n{tables}"
