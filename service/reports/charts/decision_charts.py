"""The charts of a decision as Vega-Lite specifications: the plans, what it hangs on, where it turns.

Told apart by shapes, sizes and numbers, so that they survive a black-and-white printer.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.decide.options import Way
from service.estimate.interval import Interval
from service.reports.charts.axes import Axis, axis_over
from service.reports.charts.charts import DARK, GREY, SCHEMA, WARM, Spec
from service.reports.charts.label_places import LinePlace, beside_line, places
from service.reports.words.wording import Wording

FRONT_WIDTH, FRONT_HEIGHT = 540, 140
TORNADO_WIDTH, BAR_STEP = 300, 17
TURN_WIDTH, TURN_HEIGHT = 190, 88
DIGIT_PX = 3.6
WAY_SHAPES: Mapping[Way, str] = {"own": "square", "buy": "triangle-up", "rent": "circle", "hybrid": "diamond"}
INK, PALE = "#111111", "#9fb8d0"
LARGEST_AREA_PX2, UNKNOWN_AREA_PX2, RING_AREA_PX2 = 420.0, 70.0, 560.0
FAR_PX = 13.0
"""A label farther from its sign than this gets a line to it."""
HALO = {"stroke": "white", "strokeWidth": 3.2, "color": "white"}


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One plan as the picture shows it."""

    number: int
    way: Way
    days: Interval
    cost: Interval
    co2_kg: float | None
    is_best: bool


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """Where the limits lie, with what is written at them."""

    budget: float | None
    budget_label: str
    days: float | None
    days_label: str


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """How far one input moves rented minus home, with the input's values at both ends."""

    name: str
    low_label: str
    high_label: str
    at_low: float
    at_high: float


def way_names(w: Wording) -> dict[Way, str]:
    """The ways of plans as a legend names them."""
    return {
        "own": w.say("own machine"),
        "buy": w.say("machine to buy"),
        "rent": w.say("rented"),
        "hybrid": w.say("debugged at home, then rented"),
    }


def front(w: Wording, points: Sequence[FrontPoint], limits: FrontLimits, currency: str) -> Spec:
    """Cost against days to the end, with 80 % intervals; the size is CO2e, the ring marks the best."""
    days = [v for p in points for v in (p.days.p10, p.days.p90)]
    money = [v for p in points for v in (p.cost.p10, p.cost.p90)]
    across = axis_over(days + [v for v in (limits.days,) if v], FRONT_WIDTH)
    up = axis_over(money + [v for v in (limits.budget,) if v], FRONT_HEIGHT)
    x = {"type": "quantitative", "scale": across.scale(),
         "axis": {**across.ticks(), "title": w.say("days from start to end")}}  # fmt: skip
    y = {"type": "quantitative", "scale": up.scale(),
         "axis": {**up.ticks(), "title": w.say("cost, {currency}", currency=currency)}}  # fmt: skip
    return {
        "$schema": SCHEMA,
        "width": FRONT_WIDTH,
        "height": FRONT_HEIGHT,
        "layer": [
            *_limit_lines(limits, x, y, across, _budget_place(limits, points, across, up)),
            *_bars(points, x, y),
            *_signs(w, points, x, y),
            *_numbers(points, across, up),
        ],
    }


def _budget_place(limits: FrontLimits, points: Sequence[FrontPoint], across: Axis, up: Axis) -> LinePlace:
    """At the end away from the deadline, unless a plan's sign is in the way there."""
    is_left = limits.days is not None and across.at(limits.days) > FRONT_WIDTH / 2
    spots = [(across.at(p.days.p50), up.at(p.cost.p50)) for p in points]
    if limits.days:
        spots += [(across.at(limits.days), share * FRONT_HEIGHT) for share in (0, 0.25, 0.5, 0.75, 1)]
    line = up.at(limits.budget) if limits.budget else 0.0
    return beside_line(limits.budget_label, spots, line, FRONT_WIDTH, is_left)


def _limit_lines(limits: FrontLimits, x: Spec, y: Spec, across: Axis, place: LinePlace) -> list[Spec]:
    """The dashed lines, and what is written at them."""
    layers: list[Spec] = []
    line = {"type": "rule", "strokeDash": [6, 4], "color": INK, "strokeWidth": 1.2}
    words = {"type": "text", "fontSize": 11, "color": INK, "fontStyle": "italic"}
    if limits.days:
        at = {"data": {"values": [{"days": limits.days, "words": limits.days_label}]}}
        layers.append({**at, "mark": line, "encoding": {"x": {**x, "field": "days"}}})
        above = {**words, "baseline": "bottom", "align": "center", "dy": -3}
        layers.append(
            {
                **at, "mark": above,
                "encoding": {
                    "x": {**x, "field": "days"}, "y": {"value": 0},
                    "text": {"field": "words", "type": "nominal"},
                },
            }
        )  # fmt: skip
    if limits.budget:
        at = {"data": {"values": [{"cost": limits.budget, "words": limits.budget_label}]}}
        layers.append({**at, "mark": line, "encoding": {"y": {**y, "field": "cost"}}})
        is_left, is_above = place.is_left, place.is_above
        beside = {**words, "align": "left" if is_left else "right",
                  "baseline": "bottom" if is_above else "top", "dy": -3 if is_above else 4,
                  "dx": 3 if is_left else -3}  # fmt: skip
        layers.append(
            {
                **at, "mark": beside,
                "encoding": {
                    "y": {**y, "field": "cost"}, "x": {"value": 0 if is_left else FRONT_WIDTH},
                    "text": {"field": "words", "type": "nominal"},
                },
            }
        )  # fmt: skip
    return layers


def _bars(points: Sequence[FrontPoint], x: Spec, y: Spec) -> list[Spec]:
    values = [
        {
            "day": round(p.days.p50, 8), "early": round(p.days.p10, 8), "late": round(p.days.p90, 8),
            "cost": round(p.cost.p50, 6), "low": round(p.cost.p10, 6), "high": round(p.cost.p90, 6),
        }
        for p in points
    ]  # fmt: skip
    rule = {"type": "rule", "color": GREY, "strokeWidth": 1}
    return [
        {
            "data": {"values": values}, "mark": rule,
            "encoding": {"x": {**x, "field": "early"}, "x2": {"field": "late"}, "y": {**y, "field": "cost"}},
        },
        {
            "data": {"values": values}, "mark": rule,
            "encoding": {"x": {**x, "field": "day"}, "y": {**y, "field": "low"}, "y2": {"field": "high"}},
        },
    ]  # fmt: skip


def _signs(w: Wording, points: Sequence[FrontPoint], x: Spec, y: Spec) -> list[Spec]:
    """A sign per plan: its shape is the way, its area the CO2e; white where that is not known."""
    names = way_names(w)
    present = [way for way in WAY_SHAPES if any(p.way == way for p in points)]
    at = {"x": {**x, "field": "day"}, "y": {**y, "field": "cost"}}
    shape = {
        "field": "kind", "type": "nominal",
        "scale": {"domain": [names[way] for way in present], "range": [WAY_SHAPES[way] for way in present]},
        "legend": {"title": None, "columns": 4, "symbolFillColor": PALE, "symbolStrokeColor": INK},
    }  # fmt: skip
    largest = max((p.co2_kg or 0.0 for p in points), default=0.0)
    size = {
        "field": "co2", "type": "quantitative",
        "scale": {"type": "linear", "domain": [0, largest], "range": [0, LARGEST_AREA_PX2]},
        "legend": {"title": w.say("CO₂e, kg"), "orient": "right", "symbolFillColor": PALE, "columns": 1,
                   "symbolStrokeColor": INK, "values": _legend_values(largest), "titleFontSize": 11},
    }  # fmt: skip
    mark = {"type": "point", "filled": True, "opacity": 1, "stroke": INK, "strokeWidth": 1}
    layers: list[Spec] = []
    for is_known in (True, False):
        values = [_sign_value(p, names) for p in points if (p.co2_kg is not None) is is_known]
        if values:
            layers.append({
                "data": {"values": values},
                "mark": {**mark, "fill": PALE if is_known else "white"},
                "encoding": {**at, "shape": shape, "size": size if is_known else {"value": UNKNOWN_AREA_PX2}},
            })  # fmt: skip
    if best := [_sign_value(p, names) for p in points if p.is_best]:
        size_px2 = max(_ring_area_px2(p, largest) for p in points if p.is_best)
        ring = {"type": "point", "shape": "circle", "filled": False, "size": size_px2, "stroke": INK,
                "strokeWidth": 2.4, "opacity": 1}  # fmt: skip
        layers.append({"data": {"values": best}, "mark": ring, "encoding": at})
    return layers


def _sign_value(p: FrontPoint, names: Mapping[Way, str]) -> Spec:
    return {
        "day": round(p.days.p50, 8), "cost": round(p.cost.p50, 6), "kind": names[p.way], "co2": p.co2_kg,
    }  # fmt: skip


def _legend_values(largest: float) -> list[float]:
    """Three round amounts up to the largest."""
    if largest <= 0:
        return []
    step = 10 ** math.floor(math.log10(largest))
    top = math.floor(largest / step) * step
    return sorted({round(top / 4, 6), round(top / 2, 6), round(top, 6)})


def _radius(p: FrontPoint, largest: float) -> float:
    """Of a sign with its ring, in pixels."""
    if p.is_best:
        return math.sqrt(_ring_area_px2(p, largest) / math.pi) + 1
    return math.sqrt(_sign_area_px2(p, largest)) / 2 + 1


def _sign_area_px2(p: FrontPoint, largest: float) -> float:
    return UNKNOWN_AREA_PX2 if p.co2_kg is None else LARGEST_AREA_PX2 * p.co2_kg / (largest or 1.0)


def _ring_area_px2(p: FrontPoint, largest: float) -> float:
    """Of a circle round the corners of its sign."""
    return max(RING_AREA_PX2, round(2.2 * _sign_area_px2(p, largest), 2))


def _numbers(points: Sequence[FrontPoint], across: Axis, up: Axis) -> list[Spec]:
    """Each plan's number beside its sign, with a line to it where there was no room near it."""
    largest = max((p.co2_kg or 0.0 for p in points), default=0.0)
    spots = [(across.at(p.days.p50), FRONT_HEIGHT - up.at(p.cost.p50)) for p in points]
    radii = [_radius(p, largest) for p in points]
    halves = [DIGIT_PX * len(str(p.number)) for p in points]
    middles = places(spots, radii, halves, FRONT_WIDTH, FRONT_HEIGHT)
    values = [
        {
            "px": round(spot[0], 2), "py": round(spot[1], 2), "lx": round(middle[0], 2),
            "ly": round(middle[1], 2), "number": str(p.number), "is_best": p.is_best,
            "is_far": math.dist(spot, middle) > radius + half + FAR_PX,
        }
        for p, spot, middle, radius, half in zip(points, spots, middles, radii, halves, strict=True)
    ]  # fmt: skip

    def pixel(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "scale": None}

    at = {"x": pixel("lx"), "y": pixel("ly"), "text": {"field": "number", "type": "nominal"}}
    word = {"type": "text", "fontSize": 11, "baseline": "middle", "align": "center"}
    layers: list[Spec] = []
    if far := [v for v in values if v["is_far"]]:
        line = {"x": pixel("px"), "y": pixel("py"), "x2": {"field": "lx"}, "y2": {"field": "ly"}}
        layers.append({
            "data": {"values": far}, "encoding": line,
            "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.6},
        })  # fmt: skip
    layers.append({"data": {"values": values}, "mark": {**word, **HALO}, "encoding": at})
    for weight in ("normal", "bold"):
        shown = [v for v in values if v["is_best"] is (weight == "bold")]
        mark = {**word, "color": INK, "fontWeight": weight}
        if shown:
            layers.append({"data": {"values": shown}, "mark": mark, "encoding": at})
    return layers


def tornado(w: Wording, bars: Sequence[TornadoBar], today: float, currency: str) -> Spec:
    """Rented minus home as each input goes through its own range; at 0 the verdict turns."""
    names = [bar.name for bar in bars]
    values = [
        {"name": b.name, "today": today, "to": end, "label": label, "end": side, "is_left": end < other}
        for b in bars
        for end, other, label, side in (
            (b.at_low, b.at_high, b.low_label, "low"),
            (b.at_high, b.at_low, b.high_label, "high"),
        )
    ]
    ends = [v for b in bars for v in (b.at_low, b.at_high)] + [today, 0.0]
    room = 0.24 * (max(ends) - min(ends) or 1.0)
    domain = [round(min(ends) - room, 6), round(max(ends) + room, 6)]
    axis = {"labelLimit": 260, "labelOverlap": False}
    y = {"field": "name", "type": "nominal", "sort": names, "title": None, "axis": axis}
    x = {
        "type": "quantitative",
        "title": w.say("rented minus home, {currency}", currency=currency),
        "scale": {"domain": domain, "nice": False},
    }
    fill = {"field": "end", "type": "nominal", "legend": None,
            "scale": {"domain": ["low", "high"], "range": [PALE, DARK]}}  # fmt: skip
    text = {"type": "text", "fontSize": 10, "color": INK, "baseline": "middle"}
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
        "width": TORNADO_WIDTH,
        "height": {"step": BAR_STEP},
        "layer": [
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


def side_by_side(pictures: Sequence[Spec]) -> Spec:
    """Charts beside each other, each with scales of its own."""
    return {"$schema": SCHEMA, "hconcat": list(pictures), "spacing": 22,
            "resolve": {"scale": {"color": "independent"}}}  # fmt: skip


def _clear_of(today: tuple[float, float] | None, top: float) -> float:
    """Where words at the top stand: below the sign of today's prices where that is as high."""
    return (0.60 if today and today[1] > 0.75 * top else 0.90) * top


def turning_line(
    w: Wording, line: Sequence[tuple[float, float]], today: tuple[float, float] | None, currency: str
) -> Spec:
    """The rent per hour below which renting wins, against the price per kWh; the sign is today's prices."""
    shown = [{"kwh": kwh, "rent": max(0.0, rent)} for kwh, rent in line]
    values: dict[str, Any] = {"values": shown}
    digits = ".2f" if line[-1][0] < 1 else ",~f"
    x = {"type": "quantitative", "title": w.say("electricity, {currency}/kWh", currency=currency),
         "scale": {"nice": False}, "axis": {"format": digits, "grid": False}}  # fmt: skip
    y = {"type": "quantitative", "title": w.say("rent, {currency}/h", currency=currency),
         "axis": {"grid": False}}  # fmt: skip
    top = max([p["rent"] for p in shown] + [today[1] if today else 0.0]) * 1.12 or 1.0
    first, last = shown[0]["kwh"], shown[-1]["kwh"]
    word = {"type": "text", "fontSize": 11, "fontStyle": "italic", "color": INK}
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
             "mark": {"type": "text", "dy": -12 if is_above else 14, "align": align, "fontSize": 11,
                      "color": INK}},
        ]  # fmt: skip
    return {"$schema": SCHEMA, "width": TURN_WIDTH, "height": TURN_HEIGHT, "layer": layers}
