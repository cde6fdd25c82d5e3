"""The parts of a report that every kind of answer shares: options, money over time, bills."""

from collections.abc import Sequence
from dataclasses import replace
from math import isclose

from service.answers.option import AnsweredCost, AnsweredItem, AnsweredOption, AnsweredPurchase
from service.countries import place
from service.decide.comparison import RENTED_BY_THE_HOUR
from service.estimate.cost import BillLine
from service.estimate.interval import Interval, certain
from service.reports.charts import charts
from service.reports.charts.charts import Bar, Spending
from service.reports.charts.charts import Total as Summed
from service.reports.document.document import (
    Cell,
    Chart,
    Column,
    Drawn,
    Linked,
    Money,
    MoneySpread,
    Paragraph,
    Product,
    Row,
    Section,
    Share,
    Spread,
    Table,
    Total,
    Words,
)
from service.reports.document.notebook import Notebook
from service.reports.words.bill import item_name, needs_more_first, one_of, paid, quantity_unit
from service.reports.words.plan_names import rented_terms
from service.reports.words.sentences import HOURS_PER_DAY, duration, fit_sentence
from service.reports.words.wording import Wording

OPTIONS_ON_PAGE = 10
BILLS_ON_PAGE = 4
CHARTED = 4
SHARED = 0.99
"""Of the whole loss: what a run bears less than this of is shared with others."""


def option_name(w: Wording, option: AnsweredOption) -> Words:
    """An option in words, and where it stands or who rents it out."""
    if option.kind == "home":
        return Words(option.label, w.say("at home"))
    if offer := option.offer:
        where = place(offer.region, None, w.language)
        named = " ".join(filter(None, (offer.provider_name, offer.instance, where)))
        terms = rented_terms(w, offer.tier, offer.term_months)
        return Words(option.label, ", ".join(filter(None, (named, terms))))
    return Words(option.label, w.say("rented"))


def chart_labels(w: Wording, options: Sequence[AnsweredOption]) -> list[str]:
    """Options as a chart's legend names them."""
    labels = []
    for option in options:
        provider = option.offer.provider_name if option.offer else ""
        where = w.say("at home") if option.kind == "home" else provider or w.say("rented")
        labels.append(f"{option.label}, {where}")
    return charts.distinct(labels)


def options_table(n: Notebook, options: Sequence[AnsweredOption]) -> Table:
    """Every option with fit, duration, cost, energy and CO2e."""
    w = n.w
    columns = (
        Column("option", w.say("Option")),
        Column("fits", w.say("Does it fit?")),
        Column("hours", w.say("Training, hours"), is_number=True),
        Column("days", w.say("Duration, days"), is_number=True),
        Column("cost", w.say("Cost"), is_number=True),
        Column("energy", w.say("Energy"), is_number=True),
        Column("co2", w.say("CO₂e"), is_number=True),
    )
    priced = [option for option in options if option.cost]
    bills = {id(option): f"bill-{i}-total" for i, option in enumerate(priced, 1)}
    rows = tuple(
        Row(f"option-{i}", _option_cells(n, option, bills.get(id(option), "")))
        for i, option in enumerate(options, 1)
    )
    return Table(
        "options", w.say("Options"), columns, rows, OPTIONS_ON_PAGE, more=more_sentence(w, len(rows))
    )


def _option_cells(n: Notebook, option: AnsweredOption, bill: str) -> tuple[Cell, ...]:
    w, fit = n.w, option.fit
    memory = w.say(
        "{need} of {available} GiB",
        need=w.rounded(fit.peak_memory_interval_gib.p50),
        available=w.rounded(fit.available_memory_gib),
    )
    cannot = no_fit(w)
    cost: Cell
    if option.cost:
        cost = MoneySpread(option.cost.total, option.cost.currency, Linked("bill", bill, "amount"))
    else:
        unpriced = w.say("No price is known for this configuration.")
        cost = n.missing(unpriced if option.hours else cannot)
    hours, elapsed = option.hours, option.elapsed_hours
    energy, co2 = option.energy_kwh, option.co2_kg
    unknown_grid = w.say("The greenhouse gas of this grid is not known.")
    name = option_name(w, option)
    if option.practical:
        name = Words(w.say("{plan}: not practical", plan=name.text), name.more)
    return (
        name,
        Words(fit_sentence(w, option), memory),
        Spread(hours, "h") if hours else n.missing(cannot),
        Spread(elapsed * (1 / HOURS_PER_DAY), w.say("days")) if elapsed else n.missing(cannot),
        cost,
        Spread(energy, "kWh") if energy else n.missing(cannot),
        Spread(co2, "kg") if co2 else n.missing(unknown_grid if hours else cannot),
    )


def no_fit(w: Wording) -> str:
    """The footnote of a machine that cannot hold the run."""
    return w.say("This machine cannot hold the run, so there is nothing to time or to pay.")


def unit_price(option: AnsweredOption | None, code: BillLine) -> float | None:
    """What one unit of this line of its bill costs; None where there is no such line or no price."""
    return option.cost.unit_price(code) if option and option.cost else None


def more_sentence(w: Wording, count: int, on_page: int = OPTIONS_ON_PAGE) -> str:
    """What is said of the rows a page leaves out; empty where it leaves out none."""
    if count <= on_page:
        return ""
    return w.say(
        "and {count} more: the workbook, the CSV file and the JSON answer have them all",
        count=w.number(count - on_page),
    )


def is_shared(bought: AnsweredPurchase | None) -> bool:
    """Whether several runs share what a bought card loses."""
    if bought is None:
        return False
    whole = bought.price.p50 * (1 - bought.resale_share.p50)
    return bought.loss_per_run.p50 < SHARED * whole


def spending(
    w: Wording, label: str, hours: Interval, cost: AnsweredCost, bought: AnsweredPurchase | None
) -> Spending:
    """An option's money over time: the purchase at the start, the rest until the end, then the sale, and what
    other runs bear."""
    along = sum(i.amount.p50 for i in cost.items if i.amount and i.is_counted and i.code != "purchase")
    is_bought = needs_more_first(cost)
    first = max(0.0, paid(cost).p50 - along) if is_bought else 0.0
    words = f"{label}: {w.about(cost.p50, cost.currency)}"
    shared = is_bought and is_shared(bought)
    if is_bought:
        phrases = {"label": label, "paid": w.about(paid(cost).p50, cost.currency),
                   "cost": w.about(cost.p50, cost.currency)}  # fmt: skip
        words = (
            w.say("{label}: {paid} paid, {cost} of it for this run", **phrases)
            if shared
            else w.say("{label}: {paid} paid, {cost} after the sale", **phrases)
        )
    return Spending(label, hours * (1 / HOURS_PER_DAY), first, paid(cost), cost.total, words, shared)


def spendings(w: Wording, options: Sequence[AnsweredOption]) -> list[Spending]:
    """The first options that have a duration and a price, as a chart draws them."""
    priced = [o for o in options if o.hours and o.cost][:CHARTED]
    return [
        spending(w, label, option.elapsed_hours, option.cost, option.purchase)
        for label, option in zip(chart_labels(w, priced), priced, strict=True)
        if option.elapsed_hours and option.cost
    ]


def over_time_section(n: Notebook, drawn: Sequence[Spending], currency: str) -> Section | None:
    """What has been paid so far against time; nothing where nothing is bought: two points are no picture."""
    w = n.w
    if not any(s.first for s in drawn):
        return None
    title = w.say("Money over time")
    alt = w.say(
        "Line chart of what has been paid so far. {ends}.",
        ends="; ".join(
            w.say("{plan} ({time})", plan=s.words, time=duration(w, s.days.p50 * HOURS_PER_DAY))
            for s in drawn
        ),
    )
    explained = w.say(
        "A bought card is paid on the first day; at the end, what it brings when it is sold is taken off."
    )
    if any(s.is_shared for s in drawn):
        explained = w.say(
            "A bought card is paid on the first day; at the end stands this run's share: what its sale "
            "brings and what the other runs bear is taken off."
        )
    columns = (
        Column("plan", w.say("Plan"), is_said_once=True, widest=44),
        Column("days", w.say("Duration, days"), is_number=True),
        Column("money", w.say("paid so far, {currency}", currency=currency), is_number=True),
    )
    rows = tuple(
        Row(f"paid-{i}-{step}", (Words(s.label), Spread(days, w.say("days")), MoneySpread(money, currency)))
        for i, s in enumerate(drawn, 1)
        for step, (days, money) in enumerate(
            ((certain(0.0), certain(s.first)), (s.days, s.paid), (s.days, s.cost)), 1
        )
    )
    data = Table("over-time", title, columns, rows, len(rows))
    drawing = Drawn("over-time", "line", "days", ("money",), by="plan")
    spec, narrow = (charts.money_over_time(w, drawn, currency, is_narrow=one) for one in (False, True))
    chart = Chart("over-time", title, alt, spec, drawing, data, narrow)
    return Section("over-time", title, (chart, Paragraph(explained)))


def bill_section(
    n: Notebook,
    options: Sequence[AnsweredOption],
    currency: str,
    shown: int = BILLS_ON_PAGE,
    *,
    is_drawn: bool = True,
) -> Section | None:
    """Where the money goes: every line of every bill, quantity times price; the first `shown` on a page."""
    w = n.w
    rows: list[Row] = []
    on_page = 0
    priced = [option for option in options if option.cost]
    for i, option in enumerate(priced, 1):
        if option.cost:
            rows += _bill_rows(n, option, option.cost, f"bill-{i}")
        if i == shown:
            on_page = len(rows)
    if not rows:
        return None
    columns = (
        Column("option", w.say("Option"), is_said_once=True),
        Column("item", w.say("For")),
        Column("quantity", w.say("Quantity"), is_number=True),
        Column("unit_price", w.say("Unit price"), is_number=True),
        Column("amount", w.say("Amount"), is_number=True),
    )
    title = w.say("Where the money goes")
    on_page = on_page or len(rows)
    more = ""
    if len(priced) > shown:
        more = w.counted(
            "and the bill of {count} more option: the workbook and the CSV file have them all",
            "and the bills of {count} more options: the workbook and the CSV file have them all",
            len(priced) - shown,
        )
    drawn = _bill_chart(w, priced[:shown], currency) if is_drawn else ()
    table = Table("bill", title, columns, tuple(rows), on_page, more=more)
    return Section("bill", title, (*drawn, table))


def _bill_rows(n: Notebook, option: AnsweredOption, cost: AnsweredCost, key: str) -> list[Row]:
    w = n.w
    rows: list[Row] = []
    counted: list[str] = []
    rent = ""
    for j, item in enumerate(cost.items, 1):
        unit = quantity_unit(w, item.quantity_unit)
        more = "" if item.is_counted else w.say("paid with or without the run, not counted")
        quantity: Cell = Spread(item.quantity, unit)
        price: Cell
        amount: Cell
        if item.unit_price is None or item.amount is None:
            price = amount = n.missing(w.say("This price is not known; it is not counted."))
        else:
            price = Money(item.unit_price, cost.currency, per=one_of(w, item.quantity_unit))
            if item.code == "tax":
                quantity = MoneySpread(item.quantity, cost.currency, Total(tuple(counted), "amount"))
                price = Share(item.unit_price, 1)
            elif item.code == "rent":
                rent = f"{key}-{j}"
            elif item.code in RENTED_BY_THE_HOUR and rent:
                price = replace(price, formula=Linked("bill", rent, "unit_price"))
            formula = Product("quantity", "unit_price") if _is_product(item) else None
            amount = MoneySpread(item.amount, cost.currency, formula)
            if item.is_counted:
                counted.append(f"{key}-{j}")
        words = Words(item_name(w, item.code), more)
        name = option_name(w, option) if j == 1 else Words(option.label)
        cells = (name, words, quantity, price, amount)
        rows.append(Row(f"{key}-{j}", cells))
    if len(rows) == 1 and counted:
        return [replace(rows[0], key=f"{key}-total", is_total=True)]
    total = MoneySpread(cost.total, cost.currency, Total(tuple(counted)))
    blank = Words("")
    rows.append(Row(f"{key}-total", (Words(option.label), Words(w.say("total")), blank, blank, total), True))
    return rows


def _is_product(item: AnsweredItem) -> bool:
    """Whether the ends of a line are those of its quantity: not where its price is in doubt itself."""
    ends = ((item.quantity.p10, item.p10), (item.quantity.p90, item.p90))
    price = item.unit_price or 0.0
    return all(amount is None or isclose(q * price, amount, rel_tol=0.01, abs_tol=0.02) for q, amount in ends)


def _bill_chart(w: Wording, options: Sequence[AnsweredOption], currency: str) -> tuple[Chart, ...]:
    priced = [o for o in options if o.hours and o.cost][:CHARTED]
    labels = chart_labels(w, priced)
    bars = [
        Bar(label, item_name(w, item.code), item.amount.p50)
        for label, option in zip(labels, priced, strict=True)
        for item in (option.cost.items if option.cost else ())
        if item.amount is not None and item.is_counted and item.amount.p50
    ]
    if not bars:
        return ()
    totals = [Summed(label, o.cost.total) for label, o in zip(labels, priced, strict=True) if o.cost]
    parts = "; ".join(f"{b.option}: {b.item} {w.about(b.amount, currency)}" for b in bars)
    alt = w.say("Bar chart of what each option costs and for what. {parts}.", parts=parts)
    items = list(dict.fromkeys(b.item for b in bars))
    amounts = {(b.option, b.item): b.amount for b in bars}
    columns = (
        Column("option", w.say("Option"), widest=44),
        *(Column(f"item-{i}", item, is_number=True) for i, item in enumerate(items, 1)),
    )
    rows = tuple(
        Row(
            f"parts-{i}",
            (
                Words(label),
                *(
                    Money(amounts[label, item], currency) if (label, item) in amounts else Words("")
                    for item in items
                ),
            ),
        )
        for i, label in enumerate(labels, 1)
    )
    title = w.say("Cost by item")
    data = Table("parts", title, columns, rows, len(rows))
    drawing = Drawn("parts", "bar", "option", tuple(c.key for c in columns[1:]))
    spec, narrow = (
        charts.where_money_goes(w, bars, totals, currency, is_narrow=is_narrow) for is_narrow in (False, True)
    )
    return (Chart("bill", title, alt, spec, drawing, data, narrow),)
