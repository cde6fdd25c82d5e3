"""Charts as Vega-Lite specifications: plain values, drawn by drawing.py or by a browser.

Series are named where they are drawn and told apart by dashes and lightness too, so that they survive a
black-and-white printer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from service.estimate.interval import Interval
from service.reports.charts.axes import axis_over
from service.reports.charts.label_places import LETTER_PX, Place, places
from service.reports.words.wording import Wording

Spec = dict[str, Any]
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH = 560
NARROW_WIDTH, NARROW_BARS_WIDTH = 164, 204
"""Of what is drawn for a phone: with its axis, which bars have not, as wide as one of 320 pixels."""
NARROW_BAR_STEP = 46
"""Room for a bar with its name above it."""
DARK, WARM, GREY = "#1f4e79", "#c55a11", "#595959"
COLOURS = (DARK, WARM, "#4b7f52", "#7a5195", "#8a6d00", "#5a5a5a")
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3])
SHADES = ("#9fb8d0", "#e6b8a2", "#b5d0b0", "#f2d0a4", "#cdbbdb", "#d5cf9a", "#c8c8c8")
"""Light enough for dark words."""
INK, PALE = "#111111", "#9fb8d0"
HALO = {"stroke": "white", "strokeWidth": 3.2, "color": "white"}
LABEL_PX = 12
FAR_PX = 13.0
"""A label farther from its sign than this gets a line to it."""
OVER_TIME_WIDTH, OVER_TIME_HEIGHT = 550, 130
BILL_WIDTH = 400
SHARES = tuple(i / 20 for i in range(21))
LARGEST_LABEL = 46
HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class Spending:
    """One plan's money over time: what is paid on the first day, until the end, and once cards are sold."""

    label: str
    days: Interval
    first: float
    paid: Interval
    cost: Interval
    """What it comes to; less than was paid where something is sold afterwards."""
    words: str
    """Written at its end."""
    is_shared: bool = False
    """Other runs bear a part of what is bought."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of an option's cost."""

    option: str
    item: str
    amount: float


@dataclass(frozen=True, slots=True)
class Total:
    """All of an option's cost."""

    label: str
    cost: Interval


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


def brief(label: str) -> str:
    """A label where there is little room: a plan's number, else the machine without its place."""
    number, dot, _ = label.partition(" \N{MIDDLE DOT} ")
    return number if dot else label.partition(",")[0]


def lines_to(spots: Sequence[Place], middles: Sequence[Place], reach: Sequence[float]) -> list[Spec]:
    """Thin lines from signs to those of their labels that stand farther off than `reach`, in pixels."""
    far = [
        {"px": round(x, 2), "py": round(y, 2), "lx": round(at_x, 2), "ly": round(at_y, 2)}
        for (x, y), (at_x, at_y), near in zip(spots, middles, reach, strict=True)
        if math.hypot(at_x - x, at_y - y) > near + FAR_PX
    ]
    at = {axis: {"field": f"p{axis}", "type": "quantitative", "scale": None} for axis in "xy"}
    line = {**at, "x2": {"field": "lx"}, "y2": {"field": "ly"}}
    mark = {"type": "rule", "color": GREY, "strokeWidth": 0.6}
    return [{"data": {"values": far}, "encoding": line, "mark": mark}] if far else []


def named_above(look: Spec, y: Spec, field: str, above: float) -> Spec:
    """The encoding and mark of names that stand above their bars, from the left edge on."""
    return {
        "mark": {**look, "align": "left", "yOffset": -above},
        "encoding": {"y": y, "x": {"value": 0}, "text": {"field": field, "type": "nominal"}},
    }


def money_over_time(
    w: Wording, spendings: Sequence[Spending], currency: str, *, is_narrow: bool = False
) -> Spec:
    """What has been paid so far against the time since the start: first the purchase, at the end the sale."""
    width = NARROW_WIDTH if is_narrow else OVER_TIME_WIDTH
    if is_narrow:
        short = [f"{brief(s.label)}: {w.about(s.cost.p50, currency)}" for s in spendings]
        spendings = [replace(s, words=words) for s, words in zip(spendings, short, strict=True)]
    scale, title = time_axis(w, max(s.days.p50 for s in spendings))
    end = max(s.days.p50 for s in spendings) * scale
    across = axis_over([end], width)
    up = axis_over([v for s in spendings for v in (s.first, s.paid.p90, s.cost.p10, s.cost.p90)],
                   OVER_TIME_HEIGHT, math.inf)  # fmt: skip
    x = {"type": "quantitative", "scale": across.scale(), "axis": {**across.ticks(), "title": title}}
    y = {"type": "quantitative", "scale": up.scale(),
         "axis": {**up.ticks(), "title": w.say("paid so far, {currency}", currency=currency)}}  # fmt: skip
    layers: list[Spec] = []
    for i, s in enumerate(spendings):
        at = {"x": {**x, "field": "day"}, "y": {**y, "field": "money"}}
        look = {"color": COLOURS[i % len(COLOURS)], "strokeWidth": 2, "strokeDash": DASHES[i % len(DASHES)]}
        path = _path(s, scale)
        layers += [
            {"data": {"values": path}, "mark": {"type": "line", **look},
             "encoding": {**at, "order": {"field": "step", "type": "quantitative"}}},
            {"data": {"values": path[-1:]}, "encoding": at,
             "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": look["color"]}},
        ]  # fmt: skip
    spots = [(across.at(s.days.p50 * scale), OVER_TIME_HEIGHT - up.at(s.cost.p50)) for s in spendings]
    halves = [LETTER_PX * len(s.words) / 2 for s in spendings]
    sales = [
        (
            across.at(s.days.p50 * scale),
            OVER_TIME_HEIGHT - up.at(s.cost.p50 + share * (s.paid.p50 - s.cost.p50)),
        )
        for s in spendings
        for share in SHARES
    ]
    middles = places(spots, [5.0] * len(spots), halves, width, OVER_TIME_HEIGHT, sales)
    words = [
        {"lx": round(x, 2), "ly": round(y, 2), "words": s.words}
        for (x, y), s in zip(middles, spendings, strict=True)
    ]
    at_pixels = {
        **{axis: {"field": f"l{axis}", "type": "quantitative", "scale": None} for axis in "xy"},
        "text": {"field": "words", "type": "nominal"},
    }
    text = {"type": "text", "fontSize": LABEL_PX, "baseline": "middle", "align": "center"}
    layers += lines_to(spots, middles, halves)
    layers += [
        {"data": {"values": words}, "mark": {**text, **look}, "encoding": at_pixels}
        for look in (HALO, {"color": INK})
    ]
    return {"$schema": SCHEMA, "width": width, "height": OVER_TIME_HEIGHT, "layer": layers}


def _path(s: Spending, scale: float) -> list[Spec]:
    """The purchase on the first day, all that is paid at the median end, what remains after the sale."""
    end = s.days.p50 * scale
    steps = [(0.0, 0.0), (0.0, s.first), (end, s.paid.p50), (end, s.cost.p50)]
    return [
        {"option": s.label, "step": i, "day": round(day, 8), "money": round(money, 8)}
        for i, (day, money) in enumerate(steps)
    ]


def time_axis(w: Wording, days: float) -> tuple[float, str]:
    """How many of its unit are in a day, and the title of an axis that is so long."""
    if days >= 3:
        return 1.0, w.say("days since the start")
    if days * HOURS_PER_DAY >= 2:
        return HOURS_PER_DAY, w.say("hours since the start")
    return HOURS_PER_DAY * 60, w.say("minutes since the start")


def lasting_axis(w: Wording, days: float) -> tuple[float, str]:
    """The same of an axis of durations."""
    scale, _ = time_axis(w, days)
    names = {1.0: w.say("duration, days"), float(HOURS_PER_DAY): w.say("duration, hours")}
    return scale, names.get(float(scale), w.say("duration, minutes"))


def where_money_goes(
    w: Wording, bars: Sequence[Bar], totals: Sequence[Total], currency: str, *, is_narrow: bool = False
) -> Spec:
    """Median cost of each option by what it is for, named inside; the line below is the 80 % interval."""
    options = [t.label for t in totals]
    items = list(dict.fromkeys(bar.item for bar in bars))
    option = {"field": "option", "type": "nominal", "sort": options, "title": None}
    width = NARROW_BARS_WIDTH if is_narrow else BILL_WIDTH
    y = {**option, "axis": None if is_narrow else {"labelLimit": 300}}
    most = max(t.cost.p90 for t in totals) * (1.45 if is_narrow else 1.22)
    money = {"type": "quantitative", "title": w.say("cost, {currency}", currency=currency),
             "scale": {"domain": [0, round(most, 6)], "nice": False}}  # fmt: skip
    fills = {item: SHADES[i % len(SHADES)] for i, item in enumerate(items)}
    values, words = [], []
    for label in options:
        start = 0.0
        for bar in (b for b in bars if b.option == label):
            end = start + bar.amount
            values.append({"option": label, "item": bar.item, "from": round(start, 8), "to": round(end, 8),
                           "amount": round(bar.amount, 8)})  # fmt: skip
            if bar.amount / most * width > LETTER_PX * len(bar.item) + 8:
                words.append({"option": label, "item": bar.item, "at": round((start + end) / 2, 8)})
            start = end
    ends = [
        {
            "option": t.label, "low": round(t.cost.p10, 8), "high": round(t.cost.p90, 8),
            "words": w.about(t.cost.p50, currency),
        }
        for t in totals
    ]  # fmt: skip
    fill = {"field": "item", "type": "nominal", "sort": items, "legend": None,
            "scale": {"domain": items, "range": list(fills.values())}}  # fmt: skip
    text = {"type": "text", "fontSize": LABEL_PX, "baseline": "middle"}
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": {"step": NARROW_BAR_STEP if is_narrow else 34},
        "layer": [
            *([{"data": {"values": ends}, **named_above({**text, "color": INK}, y, "option", 17)}]
              if is_narrow else []),
            {
                "data": {"values": values},
                "mark": {"type": "bar", "size": 19, "stroke": "white", "strokeWidth": 1},
                "encoding": {"y": y, "x": {**money, "field": "from"}, "x2": {"field": "to"}, "color": fill},
            },
            {
                "data": {"values": words},
                "mark": {**text, "align": "center", "color": INK},
                "encoding": {"y": y, "x": {**money, "field": "at"},
                             "text": {"field": "item", "type": "nominal"}},
            },
            {
                "data": {"values": ends},
                "mark": {"type": "rule", "color": INK, "strokeWidth": 1.4, "yOffset": 13},
                "encoding": {"y": y, "x": {**money, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": {"values": ends},
                "mark": {**text, "align": "left", "dx": 6, "color": INK, "fontWeight": "bold"},
                "encoding": {"y": y, "x": {**money, "field": "high"},
                             "text": {"field": "words", "type": "nominal"}},
            },
        ],
    }  # fmt: skip


def price_history(
    w: Wording, prices: Sequence[tuple[date, float]], until: date, currency: str, *, is_narrow: bool = False
) -> Spec:
    """A price per hour from day to day until the day of the question; each holds until the next."""
    ticks = 2 if is_narrow else 6
    points = [{"day": day.isoformat(), "price": price} for day, price in prices]
    if prices[-1][0] < until:
        points.append({"day": until.isoformat(), "price": prices[-1][1]})
    return {
        "$schema": SCHEMA,
        "width": NARROW_WIDTH if is_narrow else WIDTH,
        "height": 76,
        "data": {"values": points},
        "mark": {"type": "line", "interpolate": "step-after", "color": DARK, "strokeWidth": 2},
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "title": None,
                # Days are read as UTC; a local scale would draw another picture in another time zone.
                "scale": {"type": "utc"},
                "axis": {"format": "%b %Y", "tickCount": ticks, "labelOverlap": True, "labelSeparation": 10},
            },
            "y": {
                "field": "price",
                "type": "quantitative",
                "title": w.say("price per hour, {currency}", currency=currency),
                "scale": {"zero": True},
            },
        },
    }
