"""The parts of a report that every kind of answer shares: options, money over time, bills."""

from collections.abc import Sequence
from dataclasses import replace
from math import isclose

from service.answers.option import AnsweredCost, AnsweredItem, AnsweredOption
from service.countries import place
from service.decide.comparison import RENTED_BY_THE_HOUR
from service.estimate.cost import BillLine
from service.reports.charts import charts
from service.reports.charts.charts import Bar, Spending
from service.reports.document.document import (
    Cell,
    Chart,
    Column,
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
from service.reports.words.bill import item_name
from service.reports.words.sentences import HOURS_PER_DAY, fit_sentence
from service.reports.words.wording import Wording

OPTIONS_ON_PAGE = 10
BILLS_ON_PAGE = 4
CHARTED = 4


def option_name(w: Wording, option: AnsweredOption) -> Words:
    """An option in words, and where it stands or who rents it out."""
    if option.kind == "home":
        return Words(option.label, w.say("at home"))
    if offer := option.offer:
        where = place(offer.region, None, w.language)
        return Words(option.label, " ".join(filter(None, (offer.provider_name, offer.instance, where))))
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
        Column("hours", w.say("Duration, hours"), is_number=True),
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
    return (
        option_name(w, option),
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


def spendings(w: Wording, options: Sequence[AnsweredOption]) -> list[Spending]:
    """The first options that have a duration and a price, as charts draw them."""
    priced = [o for o in options if o.hours and o.cost][:CHARTED]
    return [
        Spending(label, option.elapsed_hours * (1 / HOURS_PER_DAY), option.cost.total)
        for label, option in zip(chart_labels(w, priced), priced, strict=True)
        if option.elapsed_hours and option.cost
    ]


def over_time_section(
    n: Notebook, drawn: Sequence[Spending], currency: str, height: int = 160
) -> Section | None:
    """Money spent against time; nothing where there is nothing to draw."""
    w = n.w
    if not drawn:
        return None
    ends = "; ".join(
        w.say(
            "{label}: {cost} ({low} to {high}) after {days} days ({early} to {late})",
            label=s.label,
            cost=w.about(s.cost.p50, currency),
            low=w.about(s.cost.p10, currency),
            high=w.about(s.cost.p90, currency),
            days=w.rounded(s.days.p50),
            early=w.rounded(s.days.p10),
            late=w.rounded(s.days.p90),
        )
        for s in drawn
    )
    title = w.say("Cost over time")
    alt = w.say("Line chart of money spent over time. {ends}.", ends=ends)
    explained = w.say(
        "Each line runs to the end of the training, marked by a sign, and stays. Bands and bars: 80 % ranges."
    )
    chart = Chart("over-time", title, alt, charts.cost_over_time(w, drawn, currency, height))
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
        Column("option", w.say("Option")),
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
        unit = _quantity_unit(w, item.quantity_unit)
        more = "" if item.is_counted else w.say("paid with or without the run, not counted")
        quantity: Cell = Spread(item.quantity, unit)
        price: Cell
        amount: Cell
        if item.unit_price is None or item.amount is None:
            price = amount = n.missing(w.say("This price is not known; it is not counted."))
        else:
            price = Money(item.unit_price, cost.currency, per=_one_of(w, item.quantity_unit))
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


def _quantity_unit(w: Wording, unit: str) -> str:
    return {"run": w.say("run"), "months": w.say("months"), "GB-months": w.say("GB-months")}.get(unit, unit)


def _one_of(w: Wording, unit: str) -> str:
    """A single one of a unit, for a price of it."""
    return {"months": w.say("month"), "GB-months": w.say("GB-month")}.get(unit, _quantity_unit(w, unit))


def _bill_chart(w: Wording, options: Sequence[AnsweredOption], currency: str) -> tuple[Chart, ...]:
    priced = [o for o in options if o.hours and o.cost][:CHARTED]
    totals = spendings(w, options)
    bars = [
        Bar(total.label, item_name(w, item.code), item.amount.p50)
        for total, option in zip(totals, priced, strict=True)
        for item in (option.cost.items if option.cost else ())
        if item.amount is not None and item.is_counted and item.amount.p50
    ]
    if not bars:
        return ()
    parts = "; ".join(f"{b.option}: {b.item} {w.about(b.amount, currency)}" for b in bars)
    alt = w.say("Bar chart of what each option costs and for what. {parts}.", parts=parts)
    spec = charts.where_money_goes(w, bars, totals, currency)
    return (Chart("bill", w.say("Cost by item"), alt, spec),)
