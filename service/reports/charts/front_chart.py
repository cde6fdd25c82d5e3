"""Money against time of a decision's plans, as a Vega-Lite specification that explains itself.

The few plans that matter are written at their signs; what is outside the limits is grey and hollow.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from service.estimate.interval import Interval
from service.reports.charts.axes import Axis, axis_over
from service.reports.charts.charts import (
    DARK,
    GREY,
    HALO,
    INK,
    LABEL_PX,
    NARROW_WIDTH,
    SCHEMA,
    Spec,
    brief,
    lasting_axis,
    lines_to,
)
from service.reports.charts.label_places import LETTER_PX, LinePlace, Place, beside_line, places
from service.reports.words.wording import Wording

FRONT_WIDTH, FRONT_HEIGHT = 550, 190
BEST_PX, NAMED_PX, OTHER_PX = 6.0, 4.5, 3.0
"""Radii of the signs."""
ALWAYS_LOG = 1.0
STEP_PX = 9.0


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """One plan as the picture shows it; an empty label is a sign without words."""

    label: str
    days: Interval
    money: Interval
    is_best: bool
    is_within: bool
    """As surely as was asked for; where no plan is, nothing is set apart."""


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """Where the limits lie, with what is written at them."""

    budget: float | None
    budget_label: str
    days: float | None
    days_label: str


def front(
    w: Wording,
    points: Sequence[FrontPoint],
    limits: FrontLimits,
    money_title: str,
    *,
    is_narrow: bool = False,
) -> Spec:
    """Money against time to the end, both logarithmic, with 80 % intervals and the limits as lines; narrow
    with the plans' numbers alone."""
    width = NARROW_WIDTH if is_narrow else FRONT_WIDTH
    if is_narrow:
        points = [replace(p, label=brief(p.label)) for p in points]
    longest = max([p.days.p90 for p in points] + [v for v in (limits.days,) if v])
    scale, title = lasting_axis(w, longest)
    points = [_in_unit(p, scale) for p in points]
    deadline = limits.days * scale if limits.days else None
    money = [v for p in points for v in (p.money.p10, p.money.p90)]
    across = axis_over(
        [v for p in points for v in (p.days.p10, p.days.p90)] + [v for v in (deadline,) if v],
        width, ALWAYS_LOG,
    )  # fmt: skip
    up = axis_over(money + [v for v in (limits.budget,) if v], FRONT_HEIGHT, ALWAYS_LOG)
    x = {"type": "quantitative", "scale": across.scale(), "axis": {**across.ticks(), "title": title}}
    y = {"type": "quantitative", "scale": up.scale(), "axis": {**up.ticks(), "title": money_title}}
    return {
        "$schema": SCHEMA,
        "width": width,
        "height": FRONT_HEIGHT,
        "layer": [
            *_limit_lines(limits, deadline, x, y, _budget_place(limits, deadline, points, across, up), width),
            *_bars(points, x, y),
            *_signs(points, x, y),
            *_labels(points, across, up, _along_limits(limits.budget, deadline, across, up)),
        ],
    }


def _in_unit(p: FrontPoint, scale: float) -> FrontPoint:
    return replace(p, days=p.days * scale)


def _budget_place(
    limits: FrontLimits, deadline: float | None, points: Sequence[FrontPoint], across: Axis, up: Axis
) -> LinePlace:
    """At the end away from the deadline, unless a plan's sign is in the way there."""
    is_left = deadline is not None and across.at(deadline) > across.pixels / 2
    spots = [(across.at(p.days.p50), up.at(p.money.p50)) for p in points]
    if deadline:
        spots += [(across.at(deadline), y) for y in _steps(0, FRONT_HEIGHT)]
    line = up.at(limits.budget) if limits.budget else 0.0
    return beside_line(limits.budget_label, spots, line, across.pixels, is_left)


def _limit_lines(
    limits: FrontLimits, deadline: float | None, x: Spec, y: Spec, place: LinePlace, width: float
) -> list[Spec]:
    """The dashed lines, and what is written at them."""
    layers: list[Spec] = []
    line = {"type": "rule", "strokeDash": [6, 4], "color": INK, "strokeWidth": 1.2}
    words = {"type": "text", "fontSize": LABEL_PX, "color": INK, "fontStyle": "italic"}
    text = {"field": "words", "type": "nominal"}
    if deadline:
        at = {"data": {"values": [{"days": round(deadline, 8), "words": limits.days_label}]}}
        over = {"x": {**x, "field": "days"}}
        above = {**words, "baseline": "bottom", "align": "center", "dy": -3}
        layers += [
            {**at, "mark": line, "encoding": over},
            {**at, "mark": above, "encoding": {**over, "y": {"value": 0}, "text": text}},
        ]
    if limits.budget:
        at = {"data": {"values": [{"money": limits.budget, "words": limits.budget_label}]}}
        level = {"y": {**y, "field": "money"}}
        is_left, is_above = place.is_left, place.is_above
        beside = {**words, "align": "left" if is_left else "right",
                  "baseline": "bottom" if is_above else "top", "dy": -3 if is_above else 4,
                  "dx": 3 if is_left else -3}  # fmt: skip
        end = {"value": 0 if is_left else width}
        layers += [
            {**at, "mark": line, "encoding": level},
            {**at, "mark": beside, "encoding": {**level, "x": end, "text": text}},
        ]
    return layers


def _bars(points: Sequence[FrontPoint], x: Spec, y: Spec) -> list[Spec]:
    """The 80 % intervals."""
    values = [
        {
            "day": round(p.days.p50, 8), "early": round(p.days.p10, 8), "late": round(p.days.p90, 8),
            "money": round(p.money.p50, 6), "low": round(p.money.p10, 6), "high": round(p.money.p90, 6),
        }
        for p in points
    ]  # fmt: skip
    rule = {"type": "rule", "color": "#b0b0b0", "strokeWidth": 1}
    wide = {"x": {**x, "field": "early"}, "x2": {"field": "late"}, "y": {**y, "field": "money"}}
    high = {"x": {**x, "field": "day"}, "y": {**y, "field": "low"}, "y2": {"field": "high"}}
    return [{"data": {"values": values}, "mark": rule, "encoding": at} for at in (wide, high)]


def _signs(points: Sequence[FrontPoint], x: Spec, y: Spec) -> list[Spec]:
    """Grey and hollow outside the limits, else filled; the best the largest, those without words small."""
    at = {"x": {**x, "field": "day"}, "y": {**y, "field": "money"}}
    layers: list[Spec] = []
    for p in sorted(points, key=lambda p: (p.is_best, p.is_within)):
        fill = DARK if p.is_within else "white"
        mark = {"type": "point", "shape": "circle", "opacity": 1, "size": round(math.pi * _radius(p) ** 2, 1),
                "filled": True, "fill": fill, "stroke": DARK if p.is_within else "#8c8c8c",
                "strokeWidth": 1.4}  # fmt: skip
        value = {"day": round(p.days.p50, 8), "money": round(p.money.p50, 6), "is_within": p.is_within}
        layers.append({"data": {"values": [value]}, "mark": mark, "encoding": at})
    return layers


def _radius(p: FrontPoint) -> float:
    """Of a sign, in pixels."""
    return BEST_PX if p.is_best else NAMED_PX if p.label else OTHER_PX


def _spot(p: FrontPoint, across: Axis, up: Axis) -> Place:
    return across.at(p.days.p50), FRONT_HEIGHT - up.at(p.money.p50)


def _along_bars(points: Sequence[FrontPoint], across: Axis, up: Axis) -> list[Place]:
    """Places on the lines of the 80 % intervals, near enough to each other that no label fits between."""
    found: list[Place] = []
    for p in points:
        x, y = _spot(p, across, up)
        found += [(at, y) for at in _steps(across.at(p.days.p10), across.at(p.days.p90))]
        found += [(x, FRONT_HEIGHT - at) for at in _steps(up.at(p.money.p10), up.at(p.money.p90))]
    return found


def _along_limits(budget: float | None, deadline: float | None, across: Axis, up: Axis) -> list[Place]:
    """The same of the lines of the limits."""
    found: list[Place] = []
    if deadline:
        found += [(across.at(deadline), y) for y in _steps(0, FRONT_HEIGHT)]
    if budget:
        found += [(x, FRONT_HEIGHT - up.at(budget)) for x in _steps(0, across.pixels)]
    return found


def _steps(start: float, end: float) -> list[float]:
    count = max(1, math.ceil((end - start) / STEP_PX))
    return [start + (end - start) * i / count for i in range(count + 1)]


def _labels(points: Sequence[FrontPoint], across: Axis, up: Axis, lines: Sequence[Place]) -> list[Spec]:
    """Names beside their signs, with a line to them where there was no room near."""
    named = sorted((p for p in points if p.label), key=lambda p: not p.is_best)
    spots = [_spot(p, across, up) for p in named]
    radii = [_radius(p) for p in named]
    halves = [LETTER_PX * len(p.label) / 2 for p in named]
    others = [*_along_bars(points, across, up), *lines]
    middles = places(spots, radii, halves, across.pixels, FRONT_HEIGHT, others)
    values = [
        {
            "lx": round(middle[0], 2), "ly": round(middle[1], 2), "label": p.label,
            "is_best": p.is_best, "is_within": p.is_within,
        }
        for p, middle in zip(named, middles, strict=True)
    ]  # fmt: skip

    def pixel(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "scale": None}

    at = {"x": pixel("lx"), "y": pixel("ly"), "text": {"field": "label", "type": "nominal"}}
    word = {"type": "text", "fontSize": LABEL_PX, "baseline": "middle", "align": "center"}
    layers = lines_to(spots, middles, [radius + half for radius, half in zip(radii, halves, strict=True)])
    if values:
        layers.append({"data": {"values": values}, "mark": {**word, **HALO}, "encoding": at})
    for value in values:
        mark = {**word, "color": INK if value["is_within"] else GREY,
                "fontWeight": "bold" if value["is_best"] else "normal"}  # fmt: skip
        layers.append({"data": {"values": [value]}, "mark": mark, "encoding": at})
    return layers
