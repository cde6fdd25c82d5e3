"""The plans of a decision as cards side by side: at home, the one to take, the fastest one can afford."""

from dataclasses import dataclass

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.estimate.interval import Interval
from service.pages.bill import BillLine, bill
from service.reports.words.bill import bill_sentence, needs_more_first, paid
from service.reports.words.explaining import stages_sentence
from service.reports.words.headline import chips
from service.reports.words.plan_names import plan_name
from service.reports.words.prices import option_price_sentences
from service.reports.words.sentences import adjustments_sentence, duration, duration_between, trust_sentence
from service.reports.words.why_not import plan_why_not
from service.reports.words.wording import Wording

SCALE_PX = 1000
"""Width of the scale that the bars of all cards share."""


@dataclass(frozen=True, slots=True)
class Bar:
    """An 80 % range on the shared scale, in its pixels."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Card:
    """One plan; empty where nothing is to be said."""

    title: str
    name: str
    cost: str
    costs: str
    cash: str
    time: str
    times: str
    co2: str
    sure: str
    chips: tuple[str, ...]
    why_not: str
    bar: Bar | None
    is_best: bool
    bill: tuple[BillLine, ...]
    grounds: tuple[str, ...]
    """Where its numbers come from: hours, memory, prices, each with source and day."""


def cards(w: Wording, d: AnsweredDecision) -> list[Card]:
    """At most four plans, each once, the best first named as such."""
    chosen = _chosen(w, d)
    costs = [p.total_cost for _, p in chosen if p.total_cost]
    most = max((c.p90 for c in costs), default=0.0)
    return [_card(w, d, title, plan, most) for title, plan in chosen]


def _chosen(w: Wording, d: AnsweredDecision) -> list[tuple[str, AnsweredPlan]]:
    within = [
        p for p in d.shortlist if p.keeps_limits and p.calendar_hours and p.total_cost and not p.set_aside
    ]
    fastest = min(within, key=lambda p: p.calendar_hours.p50, default=None) if d.best else None  # type: ignore[union-attr]
    by_title = [
        (w.say("At home"), d.home),
        (w.say("Best plan"), d.best),
        (w.say("Rented"), d.rented if d.best is None or d.best.is_at_home else None),
        (w.say("Fastest you can afford") if d.has_limits else w.say("Fastest plan"), fastest),
        (w.say("Next best"), d.rival),
    ]
    found: list[tuple[str, AnsweredPlan]] = []
    for title, plan in by_title:
        if plan is None:
            continue
        place = next((i for i, (_, known) in enumerate(found) if known == plan), None)
        if place is None:
            found.append((title, plan))
        elif plan == d.best:
            found[place] = (w.say("Best plan: at home"), plan)
    return found[:3]


def _card(w: Wording, d: AnsweredDecision, title: str, p: AnsweredPlan, most: float) -> Card:
    today, cost, hours = d.asked_at.date(), p.total_cost, p.calendar_hours
    co2_kg = p.plan_co2_kg
    return Card(
        title=title,
        name=plan_name(w, p),
        cost=w.about(cost.p50, d.currency) if cost else "–",
        costs=w.about_between(cost, d.currency) if cost else "",
        cash=w.about(paid(p.cost).p50, d.currency) if p.cost and needs_more_first(p.cost) else "",
        time=duration(w, hours.p50) if hours else "–",
        times=duration_between(w, hours) if hours else "",
        co2="" if co2_kg is None else w.say("{kilograms} kg CO₂e", kilograms=w.rounded(co2_kg)),
        sure=w.likely(d.told_chance(p)) if d.has_limits else "",
        chips=tuple(chips(w, p, today)),
        why_not="" if p == d.best else plan_why_not(w, d, p),
        bar=_bar(cost, most) if cost and most > 0 else None,
        is_best=p == d.best,
        bill=tuple(bill(w, d, p)),
        grounds=tuple(_grounds(w, d, p)),
    )


def _grounds(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> list[str]:
    told = [
        stages_sentence(w, p) if p.hours else "",
        trust_sentence(w, p, d.workload),
        adjustments_sentence(w, w.say("To fit its memory"), p) if p.fit.adjustments else "",
    ]
    told_above = bill_sentence(w, p.cost) if p.cost else ""
    prices = option_price_sentences(w, p, d.asked_at.date())
    return [line for line in (*told, *prices) if line and line != told_above]


def _bar(cost: Interval, most: float) -> Bar:
    scaled = [max(0.0, min(1.0, value / most)) * SCALE_PX for value in (cost.p10, cost.p50, cost.p90)]
    return Bar(*(round(value, 1) for value in scaled))
