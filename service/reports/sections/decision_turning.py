"""What a decision hangs on, and what would change it."""

from collections.abc import Sequence

from service.answers.answer import AnsweredDecision, AnsweredPlan, AnsweredSwing, AnsweredTurningPoint
from service.estimate.interval import certain
from service.reports.charts.charts import NARROW_BARS_WIDTH
from service.reports.charts.decision_charts import (
    BESIDE_WIDTH,
    TORNADO_WIDTH,
    TornadoBar,
    together,
    tornado,
    turning_line,
)
from service.reports.document.document import (
    Block,
    Bullets,
    Cell,
    Chart,
    Column,
    Drawn,
    Lasting,
    Money,
    Number,
    Paragraph,
    Row,
    Section,
    Share,
    Table,
    Words,
    shown,
)
from service.reports.document.notebook import Notebook
from service.reports.sections.numbered_plans import NumberedPlan
from service.reports.sections.report_parts import unit_price
from service.reports.words.decision_sentences import (
    runs_until_bought_sentence,
    saved_per_day_sentence,
)
from service.reports.words.prices import average_tariff_sentence, market_sentence
from service.reports.words.turning_sentences import (
    MONEY,
    difference_phrase,
    input_name,
    input_value,
    swing_sentence,
    telling_turns,
    turn_sentence,
)
from service.reports.words.wording import Wording

TURNS_IN_WORDS = 3
"""Values at which another plan is chosen, said in a sentence each."""


def turning_section(n: Notebook, d: AnsweredDecision, plans: Sequence[NumberedPlan]) -> Section | None:
    """What the verdict hangs on and where it turns: inputs, rent against price per kWh, runs, waiting."""
    w = n.w
    lines = [
        *[turn_sentence(w, t, d) for t in telling_turns(w, d)[:TURNS_IN_WORDS]],
        today_sentence(w, d),
        market_sentence(w, d.rented.offer if d.rented else None),
        runs_until_bought_sentence(w, d),
        saved_per_day_sentence(w, d),
        average_tariff_sentence(w, d.home),
    ]
    sentences = tuple(line for line in lines if line)
    blocks = _compared(n, d, plans)
    if not blocks and not sentences:
        return None
    return Section("turns", w.say("What would change the verdict"), (*blocks, Bullets(sentences)))


def _compared(n: Notebook, d: AnsweredDecision, plans: Sequence[NumberedPlan]) -> list[Block]:
    """The pictures and tables of the next plan against the chosen one; nothing where there are not both."""
    w, best, rival = n.w, d.best, d.rival
    if not d.sensitivity or best is None or rival is None or best.cost is None or rival.cost is None:
        return []
    today = rival.cost.p50 - best.cost.p50
    reading = w.say(
        "Plan {rival} is the next that keeps the limits; it costs {difference} than plan {best}. Each bar "
        "moves one number over its range.",
        rival=_number(plans, rival), best=_number(plans, best),
        difference=difference_phrase(w, today, d.currency),
    )  # fmt: skip
    if _can_turn(d):
        reading += " " + w.say("The other picture: the rent at which home and the rented plan cost the same.")
    blocks: list[Block] = [Paragraph(reading), _pictures(w, d, today), _swings_table(n, d)]
    return [*blocks, _line_table(n, d)] if _can_turn(d) else blocks


def _can_turn(d: AnsweredDecision) -> bool:
    """Whether there is a rent above nothing at which both cost the same, at any price shown."""
    return any(point.rent_per_hour > 0 for point in d.break_even)


def _pictures(w: Wording, d: AnsweredDecision, today: float) -> Chart:
    bars = [
        TornadoBar(
            input_name(w, s.input), input_value(w, s.input, s.low, d.currency),
            input_value(w, s.input, s.high, d.currency),
            s.difference_low, s.difference_high,
        )
        for s in d.sensitivity
    ]  # fmt: skip
    line = [(point.per_kwh, point.rent_per_hour) for point in d.break_even if _can_turn(d)]
    alt = w.say(
        "Bar chart of the next plan minus the chosen one. {sentences}",
        sentences=" ".join(swing_sentence(w, s, d) for s in d.sensitivity),
    )
    widths = (BESIDE_WIDTH if line else TORNADO_WIDTH, NARROW_BARS_WIDTH)
    pictures, narrow = ([tornado(w, bars, today, d.currency, width)] for width in widths)
    if line:
        listed = "; ".join(
            w.say(
                "{rent} per hour at {per_kwh} per kWh",
                rent=w.unit_price(rent, d.currency), per_kwh=w.unit_price(per_kwh, d.currency),
            )
            for per_kwh, rent in line
        )  # fmt: skip
        alt += " " + w.say("Line chart of the rent below which renting is cheaper: {points}.", points=listed)
        for some in (pictures, narrow):
            some.append(turning_line(w, line, _prices_today(d), d.currency, is_narrow=some is narrow))
    drawing = Drawn("hangs", "bar", "input", ("at_low", "at_high"), base=round(today, 6))
    title = w.say("What would change the verdict")
    return Chart("turns", title, alt, together(pictures), drawing, narrow=together(narrow, is_narrow=True))


def _swings_table(n: Notebook, d: AnsweredDecision) -> Table:
    w = n.w
    columns = (
        Column("input", w.say("Input")),
        Column("low", w.say("From"), is_number=True),
        Column("high", w.say("To"), is_number=True),
        Column("at_low", w.say("At the low end"), is_number=True),
        Column("at_high", w.say("At the high end"), is_number=True),
        Column("turns", w.say("Turns?")),
    )
    rows = tuple(
        Row(
            f"swing-{s.input}",
            (
                Words(input_name(w, s.input)),
                _input(s, s.low, d.currency),
                _input(s, s.high, d.currency),
                Money(s.difference_low, d.currency),
                Money(s.difference_high, d.currency),
                Words(w.say("yes") if s.turns_verdict else w.say("no")),
            ),
        )
        for s in d.sensitivity
    )
    title = w.say("The next plan minus the chosen one")
    return Table("hangs", title, columns, rows, len(rows))


def _line_table(n: Notebook, d: AnsweredDecision) -> Table:
    """One row: below which rent renting is cheaper, a column per price of electricity."""
    w = n.w
    columns = tuple(
        Column(f"turn-{i}", shown(w, Money(point.per_kwh, d.currency, per="kWh")).text, is_number=True)
        for i, point in enumerate(d.break_even, 1)
    )
    cells = tuple(
        Money(point.rent_per_hour, d.currency, per="h")
        if point.rent_per_hour > 0
        else n.missing(w.say("At this price of electricity no rent is low enough."))
        for point in d.break_even
    )
    first = Column("price", w.say("At this price of electricity"))
    row = Row("turn", (Words(w.say("renting is cheaper below")), *cells))
    return Table("line", w.say("Where it turns"), (first, *columns), (row,), 1)


def _input(s: AnsweredSwing, value: float, currency: str) -> Cell:
    if s.input in MONEY:
        per = {"kwh_price": "kWh", "card_price": "", "card_loss": ""}.get(s.input, "h")
        return Money(value, currency, per=per) if per else Money(value, currency)
    if s.input in ("idle_hours", "capital_cost"):
        return Share(value, 0 if s.input == "idle_hours" else 1)
    return Number(value, "W") if s.input == "home_watts" else Lasting(certain(value))


def _number(plans: Sequence[NumberedPlan], plan: AnsweredPlan) -> str:
    return next((str(p.number) for p in plans if p.plan == plan), "")


def _prices_today(d: AnsweredDecision) -> tuple[float, float] | None:
    """Price per kWh and rent per hour of the two plans compared; None where one is missing."""
    per_kwh, rent = unit_price(d.home, "electricity"), unit_price(d.rented, "rent")
    return None if per_kwh is None or rent is None else (per_kwh, rent)


def today_sentence(w: Wording, d: AnsweredDecision) -> str:
    """Below which rent renting is cheaper at today's price of electricity; empty where none is known."""
    today = _prices_today(d)
    if today is None or len(d.break_even) < 2:
        return ""
    turns = rent_that_turns(d.break_even, today[0])
    phrases = {"per_kwh": w.unit_price(today[0], d.currency), "now": w.unit_price(today[1], d.currency)}
    if turns <= 0:
        return w.say(
            "At {per_kwh} per kWh home stays cheaper whatever the rent (now {now} per hour).", **phrases
        )
    return w.say(
        "At {per_kwh} per kWh renting is cheaper below {rent} per hour (now {now}).",
        rent=w.unit_price(turns, d.currency), **phrases,
    )  # fmt: skip


def rent_that_turns(line: Sequence[AnsweredTurningPoint], per_kwh: float) -> float:
    """The rent per hour at which home costs the same, at any price per kWh: the points lie on one line."""
    first, last = line[0], line[-1]
    slope = (last.rent_per_hour - first.rent_per_hour) / (last.per_kwh - first.per_kwh)
    return first.rent_per_hour + slope * (per_kwh - first.per_kwh)
