"""Price per kWh against rent per hour: on which side of the line home is cheaper, today, and where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.estimate.interval import Interval
from service.reports.charts.axes import Axis
from service.reports.charts.charts import (
    DARK,
    HALO,
    INK,
    LABEL_PX,
    NARROW_WIDTH,
    PALE,
    SCHEMA,
    WARM,
    Spec,
    lines_to,
)
from service.reports.charts.label_places import LETTER_PX, Place, places
from service.reports.words.wording import Wording

MAP_WIDTH, MAP_HEIGHT = 560, 210
ROOM = 1.15
DOT_PX, TODAY_PX = 3.2, 6.0
NEAR_PX = 17.0
"""Countries whose dots are nearer to each other than this are told in the table alone."""
ON_LINE = 24


@dataclass(frozen=True, slots=True)
class Today:
    """Price per kWh and rent per hour of today, each with its range."""

    per_kwh: Interval
    rent: Interval


def break_even_map(
    w: Wording,
    line: Sequence[tuple[float, float]],
    today: Today | None,
    countries: Sequence[tuple[str, float]],
    currency: str,
    *,
    is_narrow: bool = False,
) -> Spec:
    """`line` are price per kWh and the rent at which both cost the same, straight; `countries` the name and
    price of a kilowatt-hour of each, the most telling first."""
    width = NARROW_WIDTH if is_narrow else MAP_WIDTH
    (first, low), (last, high) = line[0], line[-1]
    top = ROOM * max(high, low, *([today.rent.p90] if today else []))
    across, up = Axis(0.0, round(last * 1.02, 6), False, width), Axis(0.0, round(top, 6), False, MAP_HEIGHT)
    slope = (high - low) / (last - first)
    at_left = low - slope * first
    edge = [(0.0, at_left), (across.high, at_left + slope * across.high)]
    digits = ".2f" if last < 10 else ",~f"
    x = {"type": "quantitative", "scale": across.scale(),
         "title": w.say("electricity, {currency}/kWh", currency=currency),
         "axis": {"format": digits, "grid": False, "tickCount": 3 if is_narrow else 8}}  # fmt: skip
    y = {"type": "quantitative", "scale": up.scale(), "title": w.say("rent, {currency}/h", currency=currency),
         "axis": {"grid": False, "tickCount": 5}}  # fmt: skip
    values = {"values": [{"kwh": round(kwh, 6), "rent": round(max(0.0, rent), 6)} for kwh, rent in edge]}
    at = {"x": {**x, "field": "kwh"}, "y": {**y, "field": "rent"}}
    layers: list[Spec] = [
        {"data": values, "mark": {"type": "area", "color": PALE, "opacity": 0.35},
         "encoding": {**at, "y": {**at["y"], "stack": None}}},
        *_box(today, x, y),
        {"data": values, "mark": {"type": "line", "color": DARK, "strokeWidth": 2}, "encoding": at},
    ]  # fmt: skip

    def spot(kwh: float, rent: float) -> Place:
        return across.at(kwh), MAP_HEIGHT - up.at(rent)

    shown = _apart([(name, kwh, at_left + slope * kwh) for name, kwh in countries if kwh < across.high], spot)
    dots = [{"kwh": round(kwh, 6), "rent": round(rent, 6)} for _, kwh, rent in shown if rent > 0]
    mark = {"type": "point", "filled": True, "opacity": 1, "color": DARK, "size": 3.14 * DOT_PX**2}
    layers.append({"data": {"values": dots}, "mark": mark, "encoding": at})
    named = [(name, spot(kwh, rent), DOT_PX) for name, kwh, rent in shown if rent > 0]
    if today:
        middle = {"kwh": round(today.per_kwh.p50, 6), "rent": round(today.rent.p50, 6)}
        diamond = {
            "type": "point",
            "filled": True,
            "shape": "diamond",
            "size": 110,
            "color": WARM,
            "opacity": 1,
        }
        layers.append({"data": {"values": [middle]}, "mark": diamond, "encoding": at})
        named.insert(0, (w.say("today"), spot(today.per_kwh.p50, today.rent.p50), TODAY_PX))
    steps = [across.high * i / ON_LINE for i in range(ON_LINE)]
    along = [spot(kwh, at_left + slope * kwh) for kwh in steps]
    sides = [
        (w.say("home is cheaper"), (0.02 * width, 0.07 * MAP_HEIGHT), "left"),
        (w.say("renting is cheaper"), (0.98 * width, 0.92 * MAP_HEIGHT), "right"),
    ]
    return {"$schema": SCHEMA, "width": width, "height": MAP_HEIGHT,
            "layer": [*layers, *_names(named, along, width), *_sides(sides)]}  # fmt: skip


def _box(today: Today | None, x: Spec, y: Spec) -> list[Spec]:
    """From where to where today's prices may lie."""
    if today is None:
        return []
    box = {
        "kwh": round(today.per_kwh.p10, 6), "kwh2": round(today.per_kwh.p90, 6),
        "rent": round(today.rent.p10, 6), "rent2": round(today.rent.p90, 6),
    }  # fmt: skip
    mark = {"type": "rect", "color": WARM, "opacity": 0.3, "stroke": WARM, "strokeWidth": 1}
    ends = {
        "x": {**x, "field": "kwh"}, "x2": {"field": "kwh2"},
        "y": {**y, "field": "rent"}, "y2": {"field": "rent2"},
    }  # fmt: skip
    return [{"data": {"values": [box]}, "mark": mark, "encoding": ends}]


def _apart(
    countries: Sequence[tuple[str, float, float]], spot: Callable[[float, float], Place]
) -> list[tuple[str, float, float]]:
    """Those far enough from each other to be named; the first win."""
    found: list[tuple[str, float, float]] = []
    for name, kwh, rent in countries:
        x, y = spot(kwh, rent)
        if all(abs(y - spot(k, r)[1]) + abs(x - spot(k, r)[0]) > 2 * NEAR_PX for _, k, r in found):
            found.append((name, kwh, rent))
    return found


def _names(named: Sequence[tuple[str, Place, float]], along: Sequence[Place], width: float) -> list[Spec]:
    """Words beside their signs, clear of the line and of each other."""
    spots, radii = [at for _, at, _ in named], [radius for *_, radius in named]
    halves = [LETTER_PX * len(name) / 2 for name, *_ in named]
    middles = places(spots, radii, halves, width, MAP_HEIGHT, along)
    words = [
        {"lx": round(x, 2), "ly": round(y, 2), "words": name}
        for (x, y), (name, *_) in zip(middles, named, strict=True)
    ]
    layers = lines_to(spots, middles, [r + half for r, half in zip(radii, halves, strict=True)])
    return [*layers, *(_written(words, {"align": "center", **look}) for look in (HALO, {"color": INK}))]


def _sides(sides: Sequence[tuple[str, Place, str]]) -> list[Spec]:
    """What is true on each side of the line."""
    return [
        _written([{"lx": x, "ly": y, "words": words}], {"align": align, "fontStyle": "italic", **look})
        for words, (x, y), align in sides
        for look in (HALO, {"color": INK})
    ]


def _written(words: Sequence[Spec], look: Spec) -> Spec:
    at = {axis: {"field": f"l{axis}", "type": "quantitative", "scale": None} for axis in "xy"}
    return {
        "data": {"values": list(words)},
        "mark": {"type": "text", "fontSize": LABEL_PX, "baseline": "middle", **look},
        "encoding": {**at, "text": {"field": "words", "type": "nominal"}},
    }
