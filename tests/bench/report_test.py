#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The report's arithmetic: aggregates, goals, and what goes into the document."""

from __future__ import annotations

import json
import re
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import report_data as data  # noqa: E402
import report_text as text  # noqa: E402

MINE = {"part": "emit", "env": "uml", "who": "evring", "case": "64 B", "metric": "ns/event"}
PEER = MINE | {"who": "ftrace"}


def line(key: dict[str, str], value: float) -> str:
    return json.dumps(key | {"value": value})


def goal(of: str, op: str, value: float) -> dict:
    return {"what": "it", "figure": MINE, "peer": PEER, "op": op, "value": value, "of": of}


class Aggregates(unittest.TestCase):
    def test_equal_keys_are_runs(self) -> None:
        figures, _ = data.aggregate([line(MINE, v) for v in (30, 10, 11, 12)] + [line(PEER, 40)])
        self.assertEqual(figures[data.key_of(MINE)], data.Aggregate(11.5, 10, 30, 4))
        self.assertEqual(figures[data.key_of(PEER)].n, 1)

    def test_what_was_measured_is_not_skipped(self) -> None:
        skip = json.dumps(MINE | {"skipped": "refused"})
        self.assertEqual(data.aggregate([skip])[1], {data.key_of(MINE): "refused"})
        self.assertEqual(data.aggregate([skip, line(MINE, 1)])[1], {})

    def test_what_failed_once_has_failed(self) -> None:
        failed = json.dumps(MINE | {"failed": "status 1: no room"})
        figures, skips = data.aggregate([failed, line(MINE, 1)])
        self.assertEqual(skips, {data.key_of(MINE): "failed: status 1: no room"})
        self.assertEqual(figures[data.key_of(MINE)].n, 1)
        machine = dict.fromkeys(
            ("cpu", "mhz", "cores", "kernel", "compiler", "librdkafka", "runs", "date", "commit"), ""
        )
        for table in (
            text.text(skips, [], machine),
            text.markdown(figures, skips, [], machine, {}),
        ):
            self.assertIn("failed: status 1: no room", table)

    def test_no_sample_is_an_error(self) -> None:
        for bad in ("text", "{}", "[1]", json.dumps(MINE), json.dumps(MINE | {"value": "x"})):
            with self.assertRaises(data.BadSample, msg=bad):
                data.aggregate([bad])


class Goals(unittest.TestCase):
    def judge(self, wanted: dict, *lines: str) -> data.Outcome:
        return data.judge(wanted, *data.aggregate(list(lines)))

    def test_of_a_figure(self) -> None:
        self.assertIs(self.judge(goal("figure", "<=", 10), line(MINE, 10)).met, True)
        self.assertIs(self.judge(goal("figure", "<", 10), line(MINE, 10)).met, False)

    def test_of_a_ratio(self) -> None:
        both = (line(MINE, 10), line(PEER, 40))
        self.assertIs(self.judge(goal("ratio", "<=", 0.3), *both).met, True)
        self.assertIs(self.judge(goal("ratio", ">=", 0.3), *both).met, False)
        self.assertEqual(self.judge(goal("ratio", "<=", 0.3), *both).ratio, 0.25)

    def test_of_a_difference(self) -> None:
        both = (line(MINE, 100), line(PEER, 40))
        self.assertIs(self.judge(goal("difference", "<=", 60), *both).met, True)
        self.assertIs(self.judge(goal("difference", "<", 60), *both).met, False)
        self.assertIsNone(self.judge(goal("difference", "<=", 60), line(MINE, 1)).met)
        times = goal("difference", "<=", 48) | {"times": 1.3}
        self.assertIs(self.judge(times, *both).met, True)
        self.assertIs(self.judge(times | {"value": 47}, *both).met, False)

    def test_not_measured_is_neither(self) -> None:
        outcome = self.judge(goal("ratio", "<=", 1), line(MINE, 1))
        self.assertEqual((outcome.met, outcome.why), (None, "not measured"))
        skip = json.dumps(PEER | {"skipped": "no such thing"})
        self.assertEqual(
            self.judge(goal("ratio", "<=", 1), line(MINE, 1), skip).why, "no such thing"
        )

    def test_those_of_the_project_are_well_formed(self) -> None:
        goals = data.read_json(Path(__file__).with_name("goals.json"))["goals"]
        for outcome in data.judge_all(goals, {}, {}):
            self.assertIsNone(outcome.met)
            self.assertIn(outcome.goal["op"], data.OPERATORS)
            self.assertIn(outcome.goal["of"], ("figure", "ratio", "difference"))
            self.assertEqual(len(text.goal_row(outcome)), len(text.GOAL_HEAD))


class Page(unittest.TestCase):
    def test_it_says_how_it_is_made_and_its_images_are_beside_it(self) -> None:
        figures, skips = data.aggregate([line(MINE, 1)])
        machine = dict.fromkeys(
            ("cpu", "mhz", "cores", "kernel", "compiler", "librdkafka", "runs", "date", "commit"), ""
        )
        images = {"emit": ["performance/emit.svg"]}
        page = text.page(text.markdown(figures, skips, [], machine, images))
        self.assertTrue(page.startswith("# "))
        self.assertIn("report --update-docs", page)
        self.assertIn("\n## Emit\n\n![Emit](performance/emit.svg)\n", page)

    def test_the_page_in_the_tree_is_such_a_page(self) -> None:
        reference = Path(__file__).resolve().parents[2] / "docs" / "reference"
        page = (reference / "performance-tables.md").read_text(encoding="utf-8")
        self.assertTrue(page.startswith(text.PAGE_HEAD + "\nMeasured on: "))
        for image in re.findall(r"\]\((performance/[^)]*)\)", page):
            self.assertTrue((reference / image).exists(), image)


if __name__ == "__main__":
    unittest.main()
