"""The hours of the day in a report: what they cost, and whether choosing among them pays."""

from collections.abc import Sequence
from typing import Any

from service.answers.hours import AnsweredDayShape, AnsweredPause
from service.answers.option import AnsweredOption
from service.reports.charts import charts
from service.reports.document.document import (
    Bullets,
    Cell,
    Chart,
    Column,
    Drawn,
    Money,
    Number,
    Row,
    Section,
    Share,
    Table,
    Words,
)
from service.reports.document.notebook import Notebook
from service.reports.sections.report_parts import more_sentence
from service.reports.words.sentences import HOURS_PER_DAY
from service.reports.words.tariff_sentences import rule_name, when_sentences
from service.reports.words.wording import Wording

HOURS = 24
RULES_ON_PAGE = 3
"""Without the dearest 15, 25 and 50 %: the cheapest hours in one piece are never better."""


def hours_section(n: Notebook, options: Sequence[AnsweredOption]) -> Section | None:
    """Whether it pays to choose hours, for the first machine at home; nothing under a flat contract."""
    w = n.w
    option = next((o for o in options if o.when_to_run and o.tariff and o.cost), None)
    if option is None or option.when_to_run is None or option.tariff is None:
        return None
    shape, currency = option.when_to_run.prices, option.tariff.currency
    title = w.say("When to run")
    cheapest = min(shape.by_hour, key=lambda h: h.mean)
    dearest = max(shape.by_hour, key=lambda h: h.mean)
    phrases = {
        "low_hour": cheapest.hour, "low": w.unit_price(cheapest.mean, currency),
        "high_hour": dearest.hour, "high": w.unit_price(dearest.mean, currency),
    }  # fmt: skip
    alt = w.counted(
        "A kilowatt-hour is cheapest from {low_hour}:00 on ({low}) and dearest from {high_hour}:00 on "
        "({high}).",
        "A kilowatt-hour is cheapest from {low_hour}:00 on ({low}) and dearest from {high_hour}:00 on "
        "({high}), on average of {count} days.",
        shape.days, **phrases,
    )  # fmt: skip
    data = _hours_table(w, shape, currency, title)
    drawing = Drawn("by-hour", "line", "hour", ("mean", "low", "high"))
    spec, narrow = (hours_of_day(w, shape, currency, is_narrow=is_narrow) for is_narrow in (False, True))
    chart = Chart("hours", title, alt, spec, drawing, data, narrow)
    lines = Bullets(tuple(when_sentences(w, option)))
    return Section("hours", title, (lines, chart, _rules_table(n, option, currency)))


def _hours_table(w: Wording, shape: AnsweredDayShape, currency: str, title: str) -> Table:
    """The price by the local hour."""
    columns = (
        Column("hour", w.say("hour")),
        *(
            Column(key, head, is_number=True)
            for key, head in (("mean", w.say("mean")), ("low", w.say("low end")), ("high", w.say("high end")))
        ),
    )
    rows = tuple(
        Row(
            f"hour-{h.hour}",
            (Words(f"{h.hour}:00"), *(Money(x, currency, per="kWh") for x in (h.mean, h.low, h.high))),
        )
        for h in shape.by_hour
    )
    return Table("by-hour", title, columns, rows, len(rows))


def _rules_table(n: Notebook, option: AnsweredOption, currency: str) -> Table:
    """Every rule with the PC off, suspended and idle between its hours, against running through."""
    w, when = n.w, option.when_to_run
    assert when is not None
    waiting = list(dict.fromkeys(plan.paused_watts for plan in when.plans))
    columns = (
        Column("rule", w.say("Hours used")),
        Column("kept", w.say("Price in them"), is_number=True),
        Column("dropped", w.say("Price in the others"), is_number=True),
        *(Column(f"paused-{watts:g}", _waiting(w, watts), is_number=True) for watts in waiting),
        Column("break_even", w.say("Limit while waiting"), is_number=True),
        Column("days", w.say("Duration, days"), is_number=True),
    )
    by_rule: dict[tuple[str, float], list[AnsweredPause]] = {}
    for plan in when.plans:
        by_rule.setdefault((plan.code, plan.share), []).append(plan)
    rows = [
        Row(f"hours-{i}", _rule_cells(n, when.prices, plans, currency))
        for i, plans in enumerate(by_rule.values(), 1)
    ]
    title = w.say("Change of the electricity cost against running through")
    more = more_sentence(w, len(rows), RULES_ON_PAGE)
    return Table("hours", title, columns, tuple(rows), RULES_ON_PAGE, more=more)


def _waiting(w: Wording, watts: float) -> str:
    if not watts:
        return w.say("PC off meanwhile")
    return w.say("PC at {watts} W meanwhile", watts=w.exact(watts))


def _rule_cells(
    n: Notebook, shape: AnsweredDayShape, plans: Sequence[AnsweredPause], currency: str
) -> tuple[Cell, ...]:
    w, first = n.w, plans[0]
    effect = next(e for e in shape.effects if (e.code, e.share) == (first.code, first.share))
    below = first.break_even_watts
    return (
        Words(rule_name(w, first)),
        Money(effect.kept, currency, per="kWh"),
        Money(effect.dropped or 0.0, currency, per="kWh"),
        *(Share(plan.change, 1, is_signed=True) for plan in plans),
        Number(below, "W") if below is not None and below > 0 else n.missing(w.say("Pausing never pays.")),
        Number(first.calendar_hours / HOURS_PER_DAY, w.say("days")),
    )


def hours_of_day(
    w: Wording, shape: AnsweredDayShape, currency: str, *, is_narrow: bool = False
) -> charts.Spec:
    """The price by the local hour: its mean as steps, its 80 % range as a band."""
    points: list[dict[str, Any]] = [
        {"hour": h.hour, "low": round(h.low, 5), "mean": round(h.mean, 5), "high": round(h.high, 5)}
        for h in shape.by_hour
    ]
    points.append({**points[-1], "hour": points[-1]["hour"] + 1})
    hour = {
        "field": "hour",
        "type": "quantitative",
        "title": w.say("hour of the day") if is_narrow else w.say("hour of the day, Central European time"),
        "scale": {"domain": [0, HOURS], "nice": False},
        "axis": {"values": list(range(0, HOURS + 1, 6 if is_narrow else 3)), "format": "d", "grid": False},
    }
    price = {"type": "quantitative", "title": f"{currency}/kWh"}
    zero = {"scale": {"zero": True}}
    return {
        "$schema": charts.SCHEMA,
        "width": charts.NARROW_WIDTH if is_narrow else charts.WIDTH,
        "height": 58,
        "data": {"values": points},
        "layer": [
            {
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.18, "color": charts.DARK},
                "encoding": {"x": hour, "y": {**price, **zero, "field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {
                    "type": "line", "interpolate": "step-after", "color": charts.DARK, "strokeWidth": 2,
                },
                "encoding": {"x": hour, "y": {**price, "field": "mean"}},
            },
        ],
    }  # fmt: skip
