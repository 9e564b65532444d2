# SPDX-License-Identifier: MIT
"""The plots. Each function draws one and returns False where its figures are missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402

from report_data import Aggregate, Figures, Key  # noqa: E402

SIZES = (16, 64, 128, 512)
CLOCKS = ("no clock", "cycles", "ktime")
# One colour for each contender in all plots: colour-blind safe (Okabe and Ito)
COLOURS = {
    "evring": "#0072B2",
    "evringd": "#0072B2",
    "ftrace": "#D55E00",
    "BPF ringbuf": "#009E73",
    "BPF perf buffer": "#56B4E9",
    "relay": "#CC79A7",
    "relay, interrupts on": "#E9B8D2",
    "floor": "#999999",
    "LTTng": "#E69F00",
    "auditd": "#A6761D",
    "librdkafka ceiling": "#999999",
    "rsyslog omkafka": "#D55E00",
    "kcat": "#E69F00",
    "libbpf ring_buffer__consume": "#009E73",
    "libbpf perf_buffer__consume": "#56B4E9",
}
OTHER = "#444444"
INK = "#222222"

Point = tuple[str, Aggregate]


def colour(who: str) -> str:
    return COLOURS.get(who, OTHER)


def select(figures: Figures, **wanted: str) -> Figures:
    """The figures whose keys have these members."""
    return {
        key: figure
        for key, figure in figures.items()
        if all(getattr(key, name) == value for name, value in wanted.items())
    }


def whiskers(points: list[Aggregate]) -> list[list[float]]:
    """From median to min and max, for errorbar()."""
    return [[p.median - p.min for p in points], [p.max - p.median for p in points]]


def decorate(axes: Axes, title: str, grid: str) -> None:
    axes.set_title(title)
    axes.grid(axis=grid, color="#dddddd")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize="small")


def finish(axes: Axes, title: str, unit: str, log: bool = False) -> None:
    if log:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel(unit + (" (log scale)" if log else ""))
    decorate(axes, title, "y")


def short(value: float) -> str:
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.3g}"


def bars(axes: Axes, groups: list[str], series: dict[str, dict[str, Aggregate]]) -> None:
    """Grouped bars: for each of @groups the contenders that have it."""
    width = 0.8 / max(len(series), 1)
    for i, (who, points) in enumerate(series.items()):
        shift = (i - (len(series) - 1) / 2) * width
        at = [g + shift for g, name in enumerate(groups) if name in points]
        values = [points[name] for name in groups if name in points]
        medians = [v.median for v in values]
        axes.bar(at, medians, width * 0.92, label=who, color=colour(who))
        axes.errorbar(at, medians, whiskers(values), fmt="none", ecolor=INK, lw=0.8, capsize=2)
        for x, value in zip(at, values, strict=True):
            note(axes, short(value.median), (x, value.max), (0, 2), ha="center", va="bottom")
    axes.set_xticks(range(len(groups)), groups)


def bars_across(axes: Axes, groups: list[str], series: dict[str, dict[str, Aggregate]]) -> None:
    """The same, lying, for many groups with long names."""
    rows = [(group, who) for group in groups for who in series if group in series[who]]
    values = [series[who][group] for group, who in rows]
    medians = [v.median for v in values]
    at = [-i - groups.index(group) / 2 for i, (group, _) in enumerate(rows)]
    axes.figure.set_size_inches(8, 1.2 + 0.2 * (len(rows) + len(groups) / 2))
    for who in series:
        mine = [i for i, row in enumerate(rows) if row[1] == who]
        axes.barh(
            [at[i] for i in mine], [medians[i] for i in mine], 0.9, label=who, color=colour(who)
        )
    axes.errorbar(medians, at, xerr=whiskers(values), fmt="none", ecolor=INK, lw=0.8, capsize=2)
    for y, value in zip(at, values, strict=True):
        note(axes, short(value.median), (value.max, y), (3, 0), ha="left", va="center")
    first = {group: at[i] for i, (group, _) in reversed(list(enumerate(rows)))}
    axes.set_yticks([first[group] for group in groups], groups, fontsize="small")


def note(
    axes: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **place: str
) -> None:
    axes.annotate(text, at, xytext=shift, textcoords="offset points", fontsize=6, **place)


def lines(axes: Axes, series: dict[str, list[tuple[float, Aggregate]]]) -> None:
    for who, points in series.items():
        points.sort(key=lambda point: point[0])
        values = [p[1] for p in points]
        axes.errorbar(
            [p[0] for p in points],
            [v.median for v in values],
            whiskers(values),
            marker="o",
            markersize=4,
            capsize=2,
            label=who,
            color=colour(who.split(" (")[0]),
            linestyle="--" if who.endswith("(native)") else "-",
        )


def collect(
    figures: Figures, group: Callable[[Key], str | None]
) -> dict[str, dict[str, Aggregate]]:
    """By contender and by what @group makes of the key; None leaves it out."""
    series: dict[str, dict[str, Aggregate]] = {}
    for key, figure in figures.items():
        name = group(key)
        if name is not None:
            series.setdefault(key.who, {})[name] = figure
    return series


def emit(figures: Figures, axes: Axes) -> bool:
    """64 bytes in all, by contender."""
    prefix = "64 B record, "
    of_bpf = {"64 B": "no clock", "64 B, clock": "ktime"}

    def group(key: Key) -> str | None:
        name = key.case.removeprefix(prefix)
        return name if key.case.startswith(prefix) and name in CLOCKS else None

    series = collect(select(figures, part="emit", env="uml"), group)
    if not series:
        return False
    series |= collect(select(figures, part="emit-bpf", env="native"), lambda k: of_bpf.get(k.case))
    bars(axes, list(CLOCKS), series)
    finish(
        axes, "Storing 64 bytes (User-mode Linux; BPF on the host's kernel)", "ns/event", log=True
    )
    return True


def emit_size(figures: Figures, axes: Axes) -> bool:
    """By bytes of payload, without a clock."""
    series: dict[str, list[tuple[float, Aggregate]]] = {}
    for key, figure in select(figures, part="emit", env="uml").items():
        match = re.fullmatch(r"(\d+) B payload, no clock", key.case)
        if match:
            series.setdefault(key.who, []).append((int(match[1]), figure))
    if not series:
        return False
    for key, figure in select(figures, part="emit-bpf", env="native").items():
        match = re.fullmatch(r"(\d+) B", key.case)
        if match:
            series.setdefault(f"{key.who} (native)", []).append((int(match[1]), figure))
    lines(axes, series)
    axes.set_xscale("log", base=2)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.set_xlabel("bytes of payload (evring adds a header of 32)")
    finish(axes, "Emit by payload, no clock (User-mode Linux)", "ns/event", log=True)
    return True


def producers(figures: Figures, axes: Axes) -> bool:
    """BPF and evring by producers."""
    series: dict[str, list[tuple[float, Aggregate]]] = {}
    for key, figure in select(figures, part="scaling", metric="ns/event").items():
        match = re.match(r"(\d+) producers?\b", key.case)
        if match:
            suffix = "" if key.env == "guest" else f" ({key.env})"
            series.setdefault(key.who + suffix, []).append((int(match[1]), figure))
    if not series:
        return False
    lines(axes, series)
    axes.set_xticks(sorted({int(x) for points in series.values() for x, _ in points}))
    axes.set_xlabel("producers, one a processor")
    finish(axes, "One event, several producers at once (guest)", "ns/event", log=True)
    return True


def tracers(figures: Figures, axes: Axes) -> bool:
    series = collect(
        select(figures, part="tracers", env="guest", metric="ns over bare per call"),
        lambda k: k.case,
    )
    if not series:
        return False
    groups = list(dict.fromkeys(name for points in series.values() for name in points))
    bars(axes, groups, series)
    finish(
        axes, "What a tracer adds to a call (one emulated guest)", "ns over bare per call", log=True
    )
    return True


def evringd(figures: Figures, axes: Axes) -> bool:
    """Throughput beside the ceiling."""
    series = collect(
        select(figures, part="evringd", env="sim", metric="events/s"), lambda k: k.case
    )
    if not series:
        return False
    groups = list(dict.fromkeys(name for points in series.values() for name in points))
    bars_across(axes, groups, series)
    axes.set_xscale("log")
    axes.set_xlabel("events/s (log scale)")
    decorate(axes, "evringd beside librdkafka alone", "x")
    return True


def latency(figures: Figures, axes: Axes) -> bool:
    """Percentiles of the time from the hook to the consumer."""
    points: dict[str, dict[str, Aggregate]] = {}
    for key, figure in select(figures, part="evringd", env="sim").items():
        match = re.fullmatch(r"latency (p[\d.]+) ms", key.metric)
        if match:
            broker = key.case.rsplit(", ", 1)[-1]
            points.setdefault(f"{key.who}, {broker}", {})[match[1]] = figure
    if not points:
        return False
    groups = sorted(
        {name for values in points.values() for name in values}, key=lambda p: float(p[1:])
    )
    for i, (who, values) in enumerate(points.items()):
        there = [g for g in groups if g in values]
        medians = [values[g].median for g in there]
        axes.errorbar(
            there,
            medians,
            whiskers([values[g] for g in there]),
            marker="o",
            capsize=2,
            label=who,
            color=list(COLOURS.values())[2 * i % len(COLOURS)],
        )
    finish(axes, "From the hook to the consumer", "ms", log=True)
    return True


def rings(figures: Figures, axes: Axes) -> bool:
    """Reading by the number of rings that are merged."""
    series: dict[str, list[tuple[float, Aggregate]]] = {}
    for key, figure in select(figures, part="drain", env="sim").items():
        match = re.fullmatch(r"(64 B.*?)(?:, (\d+) rings?)?", key.case)
        if match:
            series.setdefault(match[1], []).append((int(match[2] or 1), figure))
    series = {name: points for name, points in series.items() if len(points) > 1}
    if not series:
        return False
    for i, (name, points) in enumerate(series.items()):
        lines(axes, {name: points})
        axes.containers[-1].lines[0].set_color(list(COLOURS.values())[2 * i])
    axes.set_xscale("log", base=2)
    ticks = sorted({int(x) for points in series.values() for x, _ in points})
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("rings that are read as one stream")
    finish(axes, "Reading 64-byte records", "ns/record")
    return True


# File name, the part whose section shows it, and who draws it
PLOTS: tuple[tuple[str, str, Callable[[Figures, Axes], bool]], ...] = (
    ("emit", "emit", emit),
    ("emit-size", "emit", emit_size),
    ("producers", "scaling", producers),
    ("tracers", "tracers", tracers),
    ("rings", "drain", rings),
    ("evringd", "evringd", evringd),
    ("latency", "evringd", latency),
)


def draw_all(figures: Figures, folder: Path) -> dict[str, list[str]]:
    """Write FOLDER/NAME.svg; returns the file names of each part."""
    plt.rcParams.update({"svg.hashsalt": "evring", "font.size": 9})
    drawn: dict[str, list[str]] = {}
    for name, part, draw in PLOTS:
        path = folder / f"{name}.svg"
        path.unlink(missing_ok=True)
        figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
        if draw(figures, axes):
            # White of its own: a page may be dark.
            figure.savefig(path, facecolor="white", metadata={"Date": None})
            drawn.setdefault(part, []).append(path.name)
        plt.close(figure)
    return drawn
