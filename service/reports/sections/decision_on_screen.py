"""A decision on a terminal: the verdict, the plans worth looking at, and what it hangs on."""

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.estimate.interval import certain
from service.reports.document.document import (
    Cell,
    Column,
    Day,
    Lasting,
    Missing,
    MoneySpread,
    Number,
    Paragraph,
    Row,
    Section,
    Share,
    Table,
    Words,
)
from service.reports.document.frame import zone_in_words
from service.reports.document.notebook import Notebook
from service.reports.sections.decision_turning import today_sentence
from service.reports.sections.numbered_plans import priced_on
from service.reports.sections.on_screen import report_section, titled
from service.reports.sections.what_if_section import decided_otherwise
from service.reports.words.bill import uncounted_sentence
from service.reports.words.card_prices import purchase_sentences
from service.reports.words.decision_sentences import (
    cluster_sentence,
    counted_sentence,
    debugging_sentence,
    runs_until_bought_sentence,
    saved_per_day_sentence,
    verdict_lines,
)
from service.reports.words.explaining import told_sentences
from service.reports.words.plan_names import plan_name
from service.reports.words.price_age import too_cheap_sentence
from service.reports.words.prices import option_price_sentences
from service.reports.words.sentences import model_sentences
from service.reports.words.tariff_sentences import when_sentences
from service.reports.words.turning_sentences import (
    left_aside_sentence,
    swing_sentence,
    telling_turns,
    turn_sentence,
)
from service.reports.words.verdict import not_practical_sentence
from service.reports.words.why_not import plans_why_not_sentences
from service.reports.words.wording import Wording


def decision_screen(n: Notebook, d: AnsweredDecision) -> tuple[Section, ...]:
    """What a terminal shows of a decision."""
    w = n.w
    rate = next((p.rate for p in d.shortlist if p.rate), None)
    asked = w.say(
        "{name}, {zone}, {day}; plans looked at: {count}.",
        name=d.workload.name, zone=zone_in_words(w, d.zone, rate), day=w.day(d.asked_at.date()),
        count=w.number(d.considered),
    )  # fmt: skip
    return (
        Section("asked", "", (Paragraph(asked),)),
        *titled(("verdict", w.say("Verdict"), verdict_lines(w, d))),
        Section("plans", "", (_plans_table(w, d),)),
        *(section for section in (decided_otherwise(w, d),) if section),
        *_paragraphs(w, d),
        *report_section(w, d),
    )


def _plans_table(w: Wording, d: AnsweredDecision) -> Table:
    """The shortlist by cost: cost, time, CO2 and chances; what reads alike stands once."""
    columns = (
        Column("plan", w.say("Plan")),
        Column("cost", w.say("Cost (80 % range)"), is_number=True),
        Column("time", w.say("Done after"), is_number=True),
        Column("co2", w.say("CO₂e"), is_number=True),
        *([Column("sure", w.say("Keeps the limits"), is_number=True)] if d.has_limits else []),
        Column("as_of", w.say("Price of"), is_number=True, is_spare=True),
    )
    told: dict[tuple[Cell, ...], Row] = {}
    for i, plan in enumerate(d.shortlist, 1):
        cells, is_best = _cells(w, d, plan), plan == d.best
        alike = told.get(cells)
        told[cells] = Row(
            f"plan-{i}", cells, is_best=is_best or bool(alike and alike.is_best),
            is_outside=d.best is not None and d.has_limits and not plan.keeps_limits,
        )  # fmt: skip
    rows = tuple(told.values())
    return Table("plans", "", columns, rows, len(rows))


def _cells(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> tuple[Cell, ...]:
    co2, priced = p.plan_co2_interval_kg, priced_on(p)
    hours = p.calendar_hours
    name = plan_name(w, p)
    return (
        Words(w.say("{plan}: not practical", plan=name) if p.practical else name),
        MoneySpread(p.cost.total, d.currency) if p.cost else Missing(),
        Lasting(certain(hours.p50)) if hours else Missing(),
        Number(co2.p50, "kg") if co2 else Missing(),
        *([_sure(d, p)] if d.has_limits else []),
        Day(priced[0]) if priced else Missing(),
    )


def _sure(d: AnsweredDecision, p: AnsweredPlan) -> Cell:
    return Share(d.told_chance(p), is_likelihood=True) if p.cost else Missing()


def _paragraphs(w: Wording, d: AnsweredDecision) -> list[Section]:
    """Titles with their sentences, empty ones left out."""
    own = next((p for p in d.shortlist if p.plan == "own"), None)
    named = (d.best or next(iter(d.shortlist), None), own, d.best_if_rents_hold)
    shown = [p for place, p in enumerate(named) if p is not None and p not in named[:place]]
    today = d.asked_at.date()
    prices = list(dict.fromkeys(line for p in shown for line in option_price_sentences(w, p, today)))
    for p in d.shortlist:
        if p.purchase and p not in shown:
            prices += purchase_sentences(w, p, p.purchase)
    prices.append(uncounted_sentence(w, d.shortlist))
    others = [
        debugging_sentence(w, d),
        counted_sentence(w, d),
        saved_per_day_sentence(w, d),
        runs_until_bought_sentence(w, d),
    ]
    if any(p.instances > 1 for p in d.shortlist):
        others.append(cluster_sentence(w))
    others += model_sentences(w, d.workload)
    others += [not_practical_sentence(w, p) for p in d.shortlist if p.practical and p.is_at_home]
    others += [left_aside_sentence(w, x, d) for x in d.left_aside]
    others.append(too_cheap_sentence(w, d.prices))
    turning = [turn_sentence(w, t, d) for t in telling_turns(w, d)[1:4]]
    turning += [today_sentence(w, d)] if d.break_even else []
    turning += [
        w.say(
            "At {per_kwh} per kWh renting wins below {rent} per hour.",
            per_kwh=w.unit_price(point.per_kwh, d.currency),
            rent=w.unit_price(point.rent_per_hour, d.currency),
        )
        for point in d.break_even[2:6:2]
        if point.rent_per_hour > 0
    ]
    return titled(
        ("why_not", w.say("Why not the others"), plans_why_not_sentences(w, d)),
        ("hangs", w.say("What it hangs on"), [swing_sentence(w, s, d) for s in d.sensitivity]),
        ("turns", w.say("Where it turns"), turning),
        ("also", w.say("Also"), others),
        ("as_told", w.say("As built in"), told_sentences(w, [p for p in d.shortlist if p.is_at_home])),
        ("hours", w.say("When to run"), [line for p in shown for line in when_sentences(w, p)]),
        ("prices", w.say("Prices"), prices),
    )
