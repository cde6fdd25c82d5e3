"""Charts as Vega-Lite specifications: plain values, drawn by drawing.py or by a browser.

Told apart by dashes and shapes as well as by lightness, so that they survive a black-and-white printer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.estimate.interval import Interval
from service.reports.words.wording import Wording

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 560
DARK, WARM, GREY = "#1f4e79", "#c55a11", "#595959"
COLOURS = (DARK, WARM, "#4b7f52", "#7a5195", "#8a6d00", "#5a5a5a")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3])
SHADES = (
    "#2f5d8a", "#9fb8d0", "#d9822b", "#6b9b6b", "#b9a0c9", "#c9c18a", "#7f7f7f", "#cfcfcf",
    "#5b3a29", "#e6b8a2", "#1b998b", "#f2d0a4", "#444444",
)  # fmt: skip
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
LARGEST_LABEL = 46
HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Spending:
    """One option's money over time: from nothing to its cost at its end, both with their intervals."""

    label: str
    days: Interval
    cost: Interval


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of an option's cost."""

    option: str
    item: str
    amount: float


def distinct(labels: Sequence[str]) -> list[str]:
    """Labels cut to the room of a chart; equal ones numbered, for series are told apart by name."""
    shortened: list[str] = []
    for label in labels:
        short = label if len(label) <= LARGEST_LABEL else label[: LARGEST_LABEL - 1].rstrip() + "…"
        copies = sum(
            1 for other in labels[: len(shortened)] if other[:LARGEST_LABEL] == label[:LARGEST_LABEL]
        )
        shortened.append(f"{short} ({copies + 1})" if copies else short)
    return shortened


def cost_over_time(w: Wording, spendings: Sequence[Spending], currency: str, height: int = 160) -> Spec:
    """Money spent against the time since the start; the band is the 80 % interval of the cost."""
    end = max(s.days.p90 for s in spendings) * 1.04
    scale, title = _time_axis(w, end)
    end *= scale
    names = [s.label for s in spendings]
    paths = [point for s in spendings for point in _path(s, scale)]
    ends = [
        {
            **_path(s, scale)[-1],
            "early": round(s.days.p10 * scale, 8),
            "late": round(s.days.p90 * scale, 8),
            "end": round(end, 8),
        }
        for s in spendings
    ]
    days = {"field": "day", "type": "quantitative", "title": title}
    money = {
        "type": "quantitative",
        "title": w.say("money spent, {currency}", currency=currency),
        "scale": {"zero": True},
    }
    legend = {"title": None, "symbolOpacity": 1, "columns": 2 if max(map(len, names)) > 32 else 3}
    told_apart = {"field": "option", "type": "nominal", "sort": names, "legend": legend}
    colour = {**told_apart, "scale": {"domain": names, "range": list(COLOURS[: len(names)])}}
    dash = {**told_apart, "scale": {"domain": names, "range": [list(d) for d in DASHES[: len(names)]]}}
    shape = {**told_apart, "scale": {"domain": names, "range": list(SHAPES[: len(names)])}}
    across = {"x": days, "y": {**money, "field": "cost"}, "color": colour}
    tick = {"ticks": {"size": 7}, "rule": True, "thickness": 1.3}
    return {
        "$schema": SCHEMA,
        "width": WIDTH,
        "height": height,
        "layer": [
            {
                "data": {"values": paths},
                "mark": {"type": "area", "opacity": 0.16, "line": False},
                "encoding": {
                    "x": {**days, "scale": {"domain": [0, round(end, 8)], "nice": False}},
                    "y": {**money, "field": "low"},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "data": {"values": paths},
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {**across, "strokeDash": dash},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "rule", "strokeWidth": 1, "strokeDash": [1, 4]},
                "encoding": {**across, "x2": {"field": "end"}},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "errorbar", **tick},
                "encoding": {**across, "x": {**days, "field": "early"}, "x2": {"field": "late"}},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "errorbar", **tick},
                "encoding": {**across, "y": {**money, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {**across, "shape": shape},
            },
        ],
    }


def _path(s: Spending, scale: float) -> list[Spec]:
    """Nothing spent at the start, all of it at the median end."""
    return [
        {
            "option": s.label, "day": round(day, 8), "low": round(share * s.cost.p10, 8),
            "cost": round(share * s.cost.p50, 8), "high": round(share * s.cost.p90, 8),
        }
        for day, share in ((0.0, 0.0), (s.days.p50 * scale, 1.0))
    ]  # fmt: skip


def _time_axis(w: Wording, days: float) -> tuple[float, str]:
    """How many of its unit are in a day, and the title of an axis that is so long."""
    if days >= 3:
        return 1.0, w.say("days since the start")
    if days * HOURS_PER_DAY >= 2:
        return HOURS_PER_DAY, w.say("hours since the start")
    return HOURS_PER_DAY * 60, w.say("minutes since the start")


def where_money_goes(w: Wording, bars: Sequence[Bar], totals: Sequence[Spending], currency: str) -> Spec:
    """Median cost of each option by what it is for; the line across the end is the 80 % interval."""
    options = [t.label for t in totals]
    items = list(dict.fromkeys(bar.item for bar in bars))
    option = {"field": "option", "type": "nominal", "sort": options, "title": None}
    axis = {"labelLimit": 300}
    money = {"type": "quantitative", "title": w.say("cost, {currency}", currency=currency)}
    return {
        "$schema": SCHEMA,
        "width": WIDTH - 160,
        "height": {"step": 28},
        "layer": [
            {
                "data": {
                    "values": [
                        {"option": b.option, "item": b.item, "amount": round(b.amount, 8), "place": i}
                        for i, b in enumerate(bars)
                    ]
                },
                "mark": {"type": "bar", "size": 15, "stroke": "white", "strokeWidth": 1},
                "encoding": {
                    "y": {**option, "axis": axis},
                    "x": {**money, "field": "amount", "stack": "zero"},
                    "color": {
                        "field": "item",
                        "type": "nominal",
                        "sort": items,
                        "title": None,
                        "scale": {"domain": items, "range": list(SHADES[: len(items)])},
                    },
                    "order": {"field": "place", "type": "quantitative"},
                },
            },
            {
                "data": {
                    "values": [
                        {"option": t.label, "low": round(t.cost.p10, 8), "high": round(t.cost.p90, 8)}
                        for t in totals
                    ]
                },
                "mark": {"type": "errorbar", "ticks": True, "color": "#111111", "thickness": 1.4},
                "encoding": {
                    "y": {**option, "axis": axis},
                    "x": {**money, "field": "low"},
                    "x2": {"field": "high"},
                },
            },
        ],
    }  # fmt: skip


def price_history(w: Wording, prices: Sequence[tuple[date, float]], until: date, currency: str) -> Spec:
    """A price per hour from day to day until the day of the question; each holds until the next."""
    points = [{"day": day.isoformat(), "price": price} for day, price in prices]
    if prices[-1][0] < until:
        points.append({"day": until.isoformat(), "price": prices[-1][1]})
    return {
        "$schema": SCHEMA,
        "width": WIDTH,
        "height": 95,
        "data": {"values": points},
        "mark": {"type": "line", "interpolate": "step-after", "color": DARK, "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "title": None,
                # Days are read as UTC; a local scale would draw another picture in another time zone.
                "scale": {"type": "utc"},
                "axis": {"format": "%b %Y", "tickCount": 6, "labelOverlap": True, "labelSeparation": 10},
            },
            "y": {
                "field": "price",
                "type": "quantitative",
                "title": w.say("price per hour, {currency}", currency=currency),
                "scale": {"zero": True},
            },
        },
    }
