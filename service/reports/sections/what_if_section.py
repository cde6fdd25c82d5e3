"""What other options would make of the answer: a table below it."""

from collections.abc import Sequence

from service.answers.answer import (
    AnsweredAlternative,
    AnsweredAlternativePlan,
    AnsweredComparison,
    AnsweredDecision,
    AnsweredPlan,
)
from service.answers.option import AnsweredOption
from service.decide.options import Way
from service.estimate.interval import Interval, certain
from service.reports.document.document import (
    Cell,
    Column,
    Lasting,
    Missing,
    Money,
    Number,
    Row,
    Section,
    Table,
    Words,
)
from service.reports.words.sentences import HOURS_PER_DAY
from service.reports.words.what_if import changes_in_words, compared_verdict, decided_verdict
from service.reports.words.wording import LEAST_TENTHS, WHOLE_FROM, Wording

BLANK = Words("")


def compared_otherwise(w: Wording, c: AnsweredComparison) -> Section | None:
    """A comparison's alternatives, both sides of each; nothing where none was asked for."""
    sides = [option for option in (c.first("home"), c.first("cloud")) if option]
    verdicts = [compared_verdict(w, a, c.currency) for a in c.what_if]
    asked = [_as_asked(w, option, option.elapsed_hours, c.currency) for option in sides]
    return _section(w, asked, c.what_if, verdicts, c.currency)


def decided_otherwise(w: Wording, d: AnsweredDecision) -> Section | None:
    """A decision's alternatives, the plan that is chosen then; nothing where none was asked for."""
    asked = [] if d.best is None else [_as_asked(w, d.best, d.best.calendar_hours, d.currency)]
    return _section(w, asked, d.what_if, [decided_verdict(w, a, d) for a in d.what_if], d.currency)


def _section(
    w: Wording,
    asked: Sequence[tuple[Cell, ...]],
    alternatives: Sequence[AnsweredAlternative],
    verdicts: Sequence[str],
    currency: str,
) -> Section | None:
    if not alternatives:
        return None
    columns = (
        Column("change", w.say("What if")),
        Column("plan", w.say("Option"), widest=36),
        Column("cost", w.say("Cost"), is_number=True),
        Column("more", w.say("Cost difference"), is_number=True),
        Column("time", w.say("Duration"), is_number=True),
        Column("longer", w.say("Time difference"), is_number=True),
        Column("verdict", w.say("Verdict")),
    )
    rows = [Row(f"asked-{i}", (Words(w.say("as asked")), *cells, BLANK)) for i, cells in enumerate(asked, 1)]
    for i, (a, verdict) in enumerate(zip(alternatives, verdicts, strict=True), 1):
        plans = [_cells(w, plan, currency) for plan in a.plans] or [(BLANK, *[Missing()] * 4)]
        for j, cells in enumerate(plans, 1):
            then = Words(verdict) if j == 1 else BLANK
            rows.append(Row(f"what-if-{i}-{j}", (Words(changes_in_words(w, a)), *cells, then)))
    title = w.say("What if")
    return Section("what-if", title, (Table("what-if", title, columns, tuple(rows), len(rows)),))


def _as_asked(w: Wording, option: AnsweredOption, hours: Interval | None, currency: str) -> tuple[Cell, ...]:
    way: Way = "rent" if option.kind == "cloud" else "buy" if option.purchase else "own"
    if isinstance(option, AnsweredPlan):
        way = option.plan
    name = _name(w, way, option.label, option.offer.provider_name if option.offer else "")
    cost: Cell = Money(option.cost.total.p50, currency) if option.cost else Missing()
    return (name, cost, BLANK, Lasting(certain(hours.p50)) if hours else Missing(), BLANK)


def _name(w: Wording, way: Way, label: str, provider: str) -> Words:
    """The machine, and below it where it stands."""
    where = {
        "own": w.say("at home"),
        "buy": w.say("to buy"),
        "rent": provider or w.say("rented"),
        "hybrid": w.say("debug at home, rent at {provider}", provider=provider),
    }
    return Words(label, where[way])


def _cells(w: Wording, p: AnsweredAlternativePlan, currency: str) -> tuple[Cell, ...]:
    plan = p.plan
    return (
        _name(w, plan.plan, plan.label, plan.provider_name),
        Missing() if plan.cost is None else Money(plan.cost, currency),
        Missing() if p.extra_cost is None else Money(p.extra_cost, currency),
        Missing() if plan.calendar_hours is None else Lasting(certain(plan.calendar_hours)),
        Missing() if p.extra_hours is None else _days(w, p.extra_hours / HOURS_PER_DAY),
    )


def _days(w: Wording, days: float) -> Number:
    """A difference in days, as far as a duration is known."""
    return Number(
        days, w.say("days"), 0 if abs(days) >= WHOLE_FROM else 1 if abs(days) >= LEAST_TENTHS else None
    )
