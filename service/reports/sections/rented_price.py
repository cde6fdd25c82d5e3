"""The price of the rented GPU: how old it is, and what it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from service.answers.option import AnsweredOption
from service.countries import place
from service.reports.charts import charts
from service.reports.document.document import (
    Chart,
    Column,
    Day,
    Drawn,
    Money,
    Paragraph,
    Row,
    Section,
    Table,
)
from service.reports.document.notebook import Notebook
from service.reports.sections.report_parts import more_sentence
from service.reports.words.prices import STALE_OFFER_DAYS
from service.reports.words.sentences import age

HISTORY_ON_PAGE = 40


@dataclass(frozen=True, slots=True)
class PricePoint:
    """From this day on the rented offer cost so much per hour."""

    day: date
    price: Decimal
    currency: str


def stale_rent_sentence(n: Notebook, cloud: AnsweredOption) -> str:
    """A warning where the rent is an old price; empty where it is not."""
    offer = cloud.offer
    if offer is None or (days := n.age_days(offer.as_of)) <= STALE_OFFER_DAYS:
        return ""
    return n.w.say(
        "The rent is a price of {day}, {age}: check it before you rent.",
        day=n.w.day(offer.as_of),
        age=age(n.w, days),
    )


def history_section(
    n: Notebook, history: Sequence[PricePoint], cloud: AnsweredOption | None
) -> Section | None:
    """What the rented offer cost over time; nothing where fewer than two prices are known."""
    w = n.w
    offer = cloud.offer if cloud else None
    points = [p for p in history if offer and p.currency == offer.currency]
    if offer is None or cloud is None or len(points) < 2:
        return None
    prices = [(p.day, float(p.price)) for p in points]
    changes = sum(1 for (_, before), (_, after) in pairwise(prices) if before != after)
    low, high = min(p.price for p in points), max(p.price for p in points)
    text = w.say(
        "{offer}: between {low} and {high} per hour since {day}, price changes: {changes}.",
        offer=f"{offer.instance} {place(offer.region, None, w.language)}".strip(),
        low=w.unit_price(low, offer.currency),
        high=w.unit_price(high, offer.currency),
        day=w.day(prices[0][0]),
        changes=w.number(changes),
    )
    title = w.say("Price history of the rented GPU")
    spec, narrow = (
        charts.price_history(w, prices, n.asked_on, offer.currency, is_narrow=is_narrow)
        for is_narrow in (False, True)
    )
    columns = (
        Column("day", w.say("from")),
        Column("price", w.say("price per hour, {currency}", currency=offer.currency), is_number=True),
    )
    rows = tuple(
        Row(f"price-{i}", (Day(day), Money(price, offer.currency, per="h")))
        for i, (day, price) in enumerate(prices, 1)
    )
    more = more_sentence(w, len(rows), HISTORY_ON_PAGE)
    data = Table("history", title, columns, rows, HISTORY_ON_PAGE, more)
    chart = Chart("history", title, text, spec, Drawn("history", "line", "day", ("price",)), data, narrow)
    return Section("history", title, (chart, Paragraph(text)))
