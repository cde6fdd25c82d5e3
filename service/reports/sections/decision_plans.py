"""The plans of a decision as a report shows them: the table, the picture, what is nearly possible."""

from collections.abc import Sequence

from service.answers.answer import AnsweredDecision, AnsweredNearest, AnsweredPlan
from service.estimate.interval import certain
from service.reports.charts.charts import brief, distinct
from service.reports.charts.front_chart import FrontLimits, FrontPoint, front
from service.reports.document.document import (
    Bullets,
    Cell,
    Chart,
    Column,
    Day,
    Drawn,
    Lasting,
    Linked,
    Money,
    MoneySpread,
    Paragraph,
    Row,
    Section,
    Share,
    Spread,
    Table,
    Words,
)
from service.reports.document.notebook import Notebook
from service.reports.sections.numbered_plans import PLANS_ON_PAGE, NumberedPlan, named_plans, priced_on
from service.reports.sections.report_parts import (
    chart_labels,
    more_sentence,
    no_fit,
    option_name,
)
from service.reports.words.bill import needs_more_first, paid
from service.reports.words.decision_sentences import counted_sentence
from service.reports.words.plan_names import plan_name
from service.reports.words.sentences import HOURS_PER_DAY, duration, medians_sentence, stated_duration
from service.reports.words.why_not import plans_why_not_sentences
from service.reports.words.wording import Wording


def plans_section(
    n: Notebook, d: AnsweredDecision, plans: Sequence[NumberedPlan], bills: Sequence[int]
) -> Section:
    """The shortlist; `bills` are the numbers of the priced plans in the order of their bills."""
    w = n.w
    columns = (
        Column("number", w.say("No.")),
        Column("plan", w.say("Plan"), widest=44),
        Column("cost", w.say("Cost"), is_number=True),
        Column("time", w.say("Duration"), is_number=True),
        Column("co2", w.say("CO₂e"), is_number=True),
        Column("sure", w.say("Keeps the limits"), is_number=True),
        Column("as_of", w.say("Price of"), is_number=True),
        Column("source", w.say("Source")),
    )
    places = {number: i for i, number in enumerate(bills, 1)}
    rows = tuple(
        Row(
            f"plan-{p.number}", _cells(n, d, p, places.get(p.number)), is_best=p.is_best,
            is_outside=d.has_limits and not p.is_within,
        )
        for p in plans
    )  # fmt: skip
    title = w.say("Plans compared")
    table = Table(
        "plans", title, columns, rows, PLANS_ON_PAGE, more=more_sentence(w, len(rows), PLANS_ON_PAGE)
    )
    lines = [
        medians_sentence(w),
        w.say("Plans looked at: {count}.", count=w.number(d.considered)) if d.considered else "",
        counted_sentence(w, d),
    ]
    sentences = tuple(plans_why_not_sentences(w, d))
    why_not = (Bullets(sentences),) if sentences else ()
    return Section("plans", title, (table, Paragraph(" ".join(line for line in lines if line)), *why_not))


def _cells(n: Notebook, d: AnsweredDecision, p: NumberedPlan, bill: int | None) -> tuple[Cell, ...]:
    w, plan = n.w, p.plan
    hours, cost, co2 = plan.calendar_hours, plan.total_cost, plan.plan_co2_interval_kg
    unpriced = w.say("No price is known for this configuration.")
    unknown_grid = w.say("The greenhouse gas of this grid is not known.")
    cannot = no_fit(w)
    priced = priced_on(plan)
    no_cost = unpriced if hours else cannot
    money: Cell
    if cost and bill is not None:
        money = MoneySpread(cost, d.currency, Linked("bill", f"bill-{bill}-total", "amount"))
    else:
        money = n.missing(no_cost)
    sure: Cell
    if not d.has_limits:
        sure = n.missing(w.say("No limits were asked for."))
    elif cost:
        sure = Share(d.told_chance(plan), is_likelihood=True)
    else:
        sure = n.missing(no_cost)
    return (
        Words(str(p.number)),
        short_name(w, plan),
        money,
        Lasting(hours) if hours else n.missing(cannot),
        Spread(co2, "kg") if co2 else n.missing(unknown_grid if hours else cannot),
        sure,
        Day(priced[0]) if priced else n.missing(unpriced),
        n.cite(priced[1]) if priced else n.missing(unpriced),
    )


def short_name(w: Wording, p: AnsweredPlan) -> Words:
    """A plan as the table names it: the machine and what is done with it, below it where it stands."""
    label = p.label
    name = {
        "own": w.say("{label}, your own", label=label),
        "buy": w.say("{label}, to buy", label=label),
        "rent": w.say("{label}, rented", label=label),
        "hybrid": w.say("{label}, rented; debug at home first", label=label),
    }[p.plan]
    if p.practical:
        name = w.say("{plan}: not practical", plan=name)
    return Words(name, option_name(w, p).more)


def picture_section(n: Notebook, d: AnsweredDecision, plans: Sequence[NumberedPlan]) -> Section | None:
    """Money against time of the plans in the table; nothing where fewer than two have both."""
    w = n.w
    first = [p for p in plans[:PLANS_ON_PAGE] if not p.plan.practical]
    drawn = [p for p in first if p.plan.calendar_hours and p.plan.cost]
    if len(drawn) < 2:
        return None
    named = [p.number for p in named_plans(d, plans)]
    labels = distinct(chart_labels(w, [p.option for p in drawn]))
    points = [
        FrontPoint(
            label if p.number in named else brief(label), p.plan.calendar_hours * (1 / HOURS_PER_DAY),
            paid(p.plan.cost), p.is_best, p.is_within,
        )
        for p, label in zip(drawn, labels, strict=True)
        if p.plan.calendar_hours and p.plan.cost
    ]  # fmt: skip
    is_paid = any(needs_more_first(p.plan.cost) for p in drawn if p.plan.cost)
    money = (
        w.say("to be paid, {currency}", currency=d.currency)
        if is_paid
        else w.say("cost, {currency}", currency=d.currency)
    )
    title = w.say("Money against time") if is_paid else w.say("Cost against time")
    listed = "; ".join(
        w.say(
            "{number}: {cost}, {time}",
            number=p.number, cost=w.about(point.money.p50, d.currency),
            time=duration(w, point.days.p50 * HOURS_PER_DAY),
        )
        for p, point in zip(drawn, points, strict=True)
    )  # fmt: skip
    alt = w.say("Chart of cost against days to the end. {points}.", points=listed)
    data = _points_table(w, d, title, money, labels, points)
    limits = _limits(w, d)
    spec, narrow = (front(w, points, limits, money, is_narrow=is_narrow) for is_narrow in (False, True))
    drawing = Drawn("front", "scatter", "days", ("money",), is_log=True)
    chart = Chart("front", title, alt, spec, drawing, data, narrow)
    return Section("front", title, (chart, Paragraph(_how_to_read(w, d, points, is_paid=is_paid))))


def _points_table(
    w: Wording,
    d: AnsweredDecision,
    title: str,
    money: str,
    labels: Sequence[str],
    points: Sequence[FrontPoint],
) -> Table:
    """The numbers of the picture."""
    columns = (
        Column("plan", w.say("Plan"), widest=44),
        Column("days", w.say("Duration, days"), is_number=True),
        Column("money", money, is_number=True),
    )
    rows = tuple(
        Row(f"point-{i}", (Words(label), Spread(p.days, w.say("days")), MoneySpread(p.money, d.currency)))
        for i, (label, p) in enumerate(zip(labels, points, strict=True), 1)
    )
    return Table("front", title, columns, rows, len(rows))


def _how_to_read(w: Wording, d: AnsweredDecision, points: Sequence[FrontPoint], *, is_paid: bool) -> str:
    lines = [w.say("Numbers as in the table; thin lines are the 80 % ranges.")]
    if is_paid:
        lines.append(w.say("Bought cards count with all that is paid first, as the budget does."))
    if d.has_limits:
        lines.append(w.say("Dashed lines are your limits."))
    if any(not p.is_within for p in points):
        lines.append(w.say("Hollow and grey: outside them."))
    return " ".join(lines)


def _limits(w: Wording, d: AnsweredDecision) -> FrontLimits:
    budget, hours = d.limits.budget, d.limits.deadline_hours
    return FrontLimits(
        budget=budget,
        budget_label=""
        if budget is None
        else w.say("budget {money}", money=w.stated_money(budget, d.currency)),
        days=None if hours is None else hours / HOURS_PER_DAY,
        days_label="" if hours is None else w.say("deadline {time}", time=stated_duration(w, hours)),
    )


def nearest_section(n: Notebook, d: AnsweredDecision) -> Section | None:
    """Where no plan keeps the limits: each change alone that makes one possible."""
    w = n.w
    if d.best is not None or not d.nearest_possible:
        return None
    columns = (
        Column("change", w.say("Change")),
        Column("asked", w.say("Asked for"), is_number=True),
        Column("needed", w.say("Possible with"), is_number=True),
        Column("plan", w.say("Plan"), widest=60),
    )
    rows = tuple(Row(f"nearest-{x.change}", _nearest_cells(n, d, x)) for x in d.nearest_possible)
    title = w.say("What would be possible")
    table = Table("nearest", title, columns, rows, len(rows))
    note = w.say("Each change alone, the smallest first; with it the plan beside it keeps the limits.")
    return Section("nearest", title, (table, Paragraph(note)))


def _nearest_cells(n: Notebook, d: AnsweredDecision, x: AnsweredNearest) -> tuple[Cell, ...]:
    w = n.w
    name = {
        "budget": w.say("a larger budget"),
        "deadline": w.say("a later deadline"),
        "tokens": w.say("fewer training tokens"),
        "model": w.say("a smaller model"),
    }[x.change]
    asked: Cell
    needed: Cell
    if x.change == "budget":
        asked, needed = Money(d.limits.budget or 0.0, d.currency), Money(x.value, d.currency)
    elif x.change == "deadline":
        asked, needed = Lasting(certain(d.limits.deadline_hours or 0.0)), Lasting(certain(x.value))
    elif x.change == "tokens":
        asked = Words(w.compact(d.workload.tokens))
        needed = Words(w.compact(x.value), w.part(x.value / d.workload.tokens))
    else:
        asked, needed = Words(d.workload.slug), Words(x.workload or "")
    condition = w.say("if its rent still holds") if x.needs_stated_rent else ""
    return (Words(name), asked, needed, Words(plan_name(w, x.option) if x.option else "", condition))
