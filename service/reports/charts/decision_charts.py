"""What a decision hangs on and where it turns, as Vega-Lite specifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from service.reports.charts.charts import (
    DARK,
    HALO,
    INK,
    LABEL_PX,
    NARROW_BAR_STEP,
    NARROW_BARS_WIDTH,
    PALE,
    SCHEMA,
    WARM,
    Spec,
    named_above,
)
from service.reports.charts.label_places import LETTER_PX
from service.reports.words.wording import Wording

TORNADO_WIDTH, BAR_STEP = 300, 19
BESIDE_WIDTH = 205
"""Of the bars where the line stands beside them."""
LABEL_LIMIT_PX = 400
"""Of a name at its bar: the widest there is, as the renderer measures it."""
BESIDE_PX = 10.0
"""Between a bar's end and the words at it, with a margin."""
MOST_ROOM = 2.2
"""How many times as long as the bars an axis may be."""
ROUNDS = 40
TURN_WIDTH, TURN_HEIGHT = 150, 100


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """How far one input moves the next plan minus the chosen one, with the input's values at both ends."""

    name: str
    low_label: str
    high_label: str
    at_low: float
    at_high: float


def tornado(
    w: Wording, bars: Sequence[TornadoBar], today: float, currency: str, width: int = TORNADO_WIDTH
) -> Spec:
    """The next plan minus the chosen one as each input goes through its own range; at 0 the choice turns."""
    names = [bar.name for bar in bars]
    values = [
        {
            "name": b.name, "today": today, "to": end, "label": label, "end": side,
            "is_left": end < other or (end == other and side == "low"),
        }
        for b in bars
        for end, other, label, side in (
            (b.at_low, b.at_high, b.low_label, "low"),
            (b.at_high, b.at_low, b.high_label, "high"),
        )
    ]  # fmt: skip
    is_narrow = width == NARROW_BARS_WIDTH
    domain = _with_room(values, today, width)
    axis = None if is_narrow else {"labelLimit": LABEL_LIMIT_PX, "labelOverlap": False}
    y = {"field": "name", "type": "nominal", "sort": names, "title": None, "axis": axis}
    x = {
        "type": "quantitative",
        "title": w.say("next plan minus the chosen one, {currency}", currency=currency),
        "scale": {"domain": domain, "nice": False},
    }
    fill = {"field": "end", "type": "nominal", "legend": None,
            "scale": {"domain": ["low", "high"], "range": [PALE, DARK]}}  # fmt: skip
    text = {"type": "text", "fontSize": LABEL_PX, "color": INK, "baseline": "middle"}
    rule = {"type": "rule", "color": INK}

    def labels(is_left: bool, look: Spec) -> Spec:
        shown = [v for v in values if v["is_left"] is is_left]
        side = {"align": "right", "dx": -4} if is_left else {"align": "left", "dx": 4}
        return {
            "data": {"values": shown}, "mark": {**text, **side, **look},
            "encoding": {"y": y, "x": {**x, "field": "to"}, "text": {"field": "label", "type": "nominal"}},
        }  # fmt: skip

    return {
        "$schema": SCHEMA,
        "width": width,
        "height": {"step": NARROW_BAR_STEP if is_narrow else BAR_STEP},
        "layer": [
            *([{"data": {"values": values[::2]}, **named_above(text, y, "name", 16)}] if is_narrow else []),
            {
                "data": {"values": values},
                "mark": {"type": "bar", "size": 12, "stroke": INK, "strokeWidth": 0.5},
                "encoding": {"y": y, "x": {**x, "field": "today"}, "x2": {"field": "to"}, "color": fill},
            },
            {
                "data": {"values": [{"at": 0}]},
                "mark": {**rule, "strokeDash": [5, 3], "strokeWidth": 1.4},
                "encoding": {"x": {**x, "field": "at"}},
            },
            *(labels(is_left, look) for look in (HALO, {}) for is_left in (True, False)),
        ],
    }


def _with_room(ends: Sequence[Spec], today: float, width: int) -> list[float]:
    """From where to where the axis goes, so that what is written at the bars' ends stands within it, as far
    as the bars stay readable."""
    low, high = min(0.0, today, *(e["to"] for e in ends)), max(0.0, today, *(e["to"] for e in ends))
    high = high if high > low else low + 1.0
    widest = MOST_ROOM * (high - low)
    for _ in range(ROUNDS):
        per_px = (high - low) / width
        missing = {True: 0.0, False: 0.0}
        for end in ends:
            side, room = end["is_left"], (end["to"] - low if end["is_left"] else high - end["to"]) / per_px
            missing[side] = max(missing[side], LETTER_PX * len(end["label"]) + BESIDE_PX - room)
        if not any(missing.values()) or high - low > widest:
            break
        low, high = low - missing[True] * per_px / 4, high + missing[False] * per_px / 4
    return [round(low, 6), round(high, 6)]


def together(pictures: Sequence[Spec], *, is_narrow: bool = False) -> Spec:
    """Charts beside each other, narrow ones below each other, each with scales of its own."""
    way = "vconcat" if is_narrow else "hconcat"
    return {
        "$schema": SCHEMA,
        way: list(pictures),
        "spacing": 22,
        "resolve": {"scale": {"color": "independent"}},
    }


def _clear_of(today: tuple[float, float] | None, top: float) -> float:
    """Where words at the top stand: below the sign of today's prices where that is as high."""
    return (0.60 if today and today[1] > 0.75 * top else 0.90) * top


def turning_line(
    w: Wording,
    line: Sequence[tuple[float, float]],
    today: tuple[float, float] | None,
    currency: str,
    *,
    is_narrow: bool = False,
) -> Spec:
    """The rent per hour below which renting wins, against the price per kWh; the sign is today's prices.
    Narrow, its axis is on the right, for above it are bars without one."""
    shown = [{"kwh": kwh, "rent": max(0.0, rent)} for kwh, rent in line]
    values: dict[str, Any] = {"values": shown}
    digits = ".2f" if line[-1][0] < 1 else ",~f"
    x = {"type": "quantitative", "title": w.say("electricity, {currency}/kWh", currency=currency),
         "scale": {"nice": False}, "axis": {"format": digits, "grid": False}}  # fmt: skip
    y = {"type": "quantitative", "title": w.say("rent, {currency}/h", currency=currency),
         "axis": {"grid": False, "orient": "right" if is_narrow else "left"}}  # fmt: skip
    top = max([p["rent"] for p in shown] + [today[1] if today else 0.0]) * 1.12 or 1.0
    first, last = shown[0]["kwh"], shown[-1]["kwh"]
    word = {"type": "text", "fontSize": LABEL_PX, "fontStyle": "italic", "color": INK}
    sides = [
        (first + 0.04 * (last - first), _clear_of(today, top), "left", w.say("home is cheaper")),
        (last - 0.02 * (last - first), 0.09 * top, "right", w.say("renting is cheaper")),
    ]
    layers: list[Spec] = [
        {
            "data": values,
            "mark": {"type": "area", "color": PALE, "opacity": 0.35},
            "encoding": {"x": {**x, "field": "kwh"}, "y": {**y, "field": "rent", "stack": None,
                         "scale": {"domain": [0, round(top, 4)], "nice": False}}},
        },
        {
            "data": values,
            "mark": {"type": "line", "color": DARK, "strokeWidth": 2},
            "encoding": {"x": {**x, "field": "kwh"}, "y": {**y, "field": "rent"}},
        },
    ]  # fmt: skip
    layers += [
        {
            "data": {"values": [{"kwh": round(at_x, 4), "rent": round(at_y, 4), "words": words}]},
            "mark": {**word, "align": align},
            "encoding": {"x": {**x, "field": "kwh"}, "y": {**y, "field": "rent"},
                         "text": {"field": "words", "type": "nominal"}},
        }
        for at_x, at_y, align, words in sides
    ]  # fmt: skip
    if today:
        slope = (line[-1][1] - line[0][1]) / (last - first) if last > first else 0.0
        is_above = today[1] >= line[0][1] + slope * (today[0] - first)
        from_left = (today[0] - first) / ((last - first) or 1.0)
        align = "left" if from_left < 0.15 else "right" if from_left > 0.85 else "center"
        at = {"data": {"values": [{"kwh": today[0], "rent": today[1], "words": w.say("today")}]}}
        spot = {"x": {**x, "field": "kwh"}, "y": {**y, "field": "rent"}}
        layers += [
            {**at, "encoding": spot, "mark": {"type": "point", "filled": True, "shape": "diamond",
                                              "size": 110, "color": WARM, "opacity": 1}},
            {**at, "encoding": {**spot, "text": {"field": "words", "type": "nominal"}},
             "mark": {"type": "text", "dy": -12 if is_above else 14, "align": align, "fontSize": LABEL_PX,
                      "color": INK}},
        ]  # fmt: skip
    return {"$schema": SCHEMA, "width": TURN_WIDTH, "height": TURN_HEIGHT, "layer": layers}
