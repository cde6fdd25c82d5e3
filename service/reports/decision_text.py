"""A decision for a terminal: the verdict, the plans worth looking at, and what it hangs on."""

from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from service.estimate.interval import Interval
from service.reports.answered_decision import AnsweredDecision, AnsweredPlanOption
from service.reports.as_text import DASH
from service.reports.document.frame import zone_in_words
from service.reports.sections.decision_turning import today_sentence
from service.reports.words.bill import uncounted_sentence
from service.reports.words.decision_sentences import (
    cluster_sentence,
    dominated_sentence,
    plan_name,
    runs_until_bought_sentence,
    saved_per_day_sentence,
    swing_sentence,
    verdict_lines,
)
from service.reports.words.prices import option_price_sentences
from service.reports.words.sentences import duration
from service.reports.words.tariff_sentences import when_sentences
from service.reports.words.wording import Wording, wording


def render(d: AnsweredDecision, language: str = "en", width: int = 110) -> str:
    """The answer as plain text of this width."""
    w = wording(language)
    page = StringIO()
    console = Console(file=page, width=width, color_system=None, highlight=False, emoji=False)
    asked = w.say(
        "{name}, {zone}, {day}; plans looked at: {count}.", name=d.workload.name, zone=_zone(w, d),
        day=w.day(d.asked_at.date()), count=w.number(d.considered),
    )  # fmt: skip
    console.print(Text(asked))
    for line in verdict_lines(w, d):
        console.print(Padding(Text(line), (0, 0, 0, 2)))
    console.print(plans_table(w, d))
    for title, lines in paragraphs(w, d):
        console.print(Text(title))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"


def _zone(w: Wording, d: AnsweredDecision) -> str:
    rate = next((r.option.rate for r in d.shortlist if r.option.rate), None)
    return zone_in_words(w, d.zone, rate)


def plans_table(w: Wording, d: AnsweredDecision) -> Table:
    """The shortlist by cost: what it costs, how long it takes, its CO2 and its chances."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    for title, right in (
        (w.say("Plan"), False), (w.say("Cost (p10–p90)"), True), (w.say("Done after"), True),
        (w.say("CO₂e"), True), (w.say("Keeps the limits"), True), (w.say("Price of"), True),
    ):  # fmt: skip
        table.add_column(title, justify="right" if right else "left", no_wrap=right)
    for r in d.shortlist:
        mark = "* " if r == d.best else ""
        table.add_row(
            mark + plan_name(w, r), _money(w, r.cost, d.currency), _time(w, r.calendar_hours),
            DASH if r.co2_kg is None else f"{w.rounded(r.co2_kg.p50)} kg",
            w.likely(r.probability) if r.cost and d.has_limits else DASH, _day(w, r),
        )  # fmt: skip
    return table


def _money(w: Wording, cost: Interval | None, currency: str) -> str:
    if cost is None:
        return DASH
    low, high = w.about(cost.p10, currency), w.about(cost.p90, currency)
    return f"{w.about(cost.p50, currency)} ({low} {DASH} {high})"


def _time(w: Wording, hours: Interval | None) -> str:
    return DASH if hours is None else duration(w, hours.p50)


def _day(w: Wording, r: AnsweredPlanOption) -> str:
    if r.option.rental and r.option.rental.offer:
        return w.day(r.option.rental.offer.as_of)
    return w.day(r.option.rate.as_of) if r.option.rate else DASH


def paragraphs(w: Wording, d: AnsweredDecision) -> list[tuple[str, list[str]]]:
    """Titles with their sentences, empty ones left out."""
    shown = [d.best] if d.best else list(d.shortlist[:1])
    own = next((r for r in d.shortlist if r.plan == "own"), None)
    if own is not None and own not in shown:
        shown.append(own)
    today = d.asked_at.date()
    prices = list(dict.fromkeys(line for r in shown for line in option_price_sentences(w, r.option, today)))
    others = [dominated_sentence(w, d), saved_per_day_sentence(w, d), runs_until_bought_sentence(w, d)]
    if any(r.instances > 1 for r in d.shortlist):
        others.append(cluster_sentence(w))
    prices.append(uncounted_sentence(w, [r.option.cost for r in shown]))
    turning = [today_sentence(w, d)] if d.break_even else []
    turning += [
        w.say(
            "At {per_kwh} per kWh renting wins below {rent} per hour.",
            per_kwh=w.unit_price(point.per_kwh, d.currency),
            rent=w.unit_price(point.rent_per_hour, d.currency),
        )
        for point in d.break_even[2:6:2]
        if point.rent_per_hour > 0
    ]
    found = [
        (w.say("What it hangs on"), [swing_sentence(w, s, d) for s in d.sensitivity]),
        (w.say("Where it turns"), [line for line in turning if line]),
        (w.say("Also"), [line for line in others if line]),
        (w.say("When to run"), [line for r in shown for line in when_sentences(w, r.option)]),
        (w.say("Prices"), prices),
    ]
    return [(title, lines) for title, lines in found if lines]
