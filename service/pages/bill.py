"""The bill of a plan as a small table: quantity times price is amount; each price has source, day, age."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.answers.option import AnsweredItem
from service.facts import Source
from service.reports.words.bill import item_name, one_of, quantity_unit
from service.reports.words.sentences import age
from service.reports.words.source_notes import source_title
from service.reports.words.wording import Wording

AT_HOME = ("electricity", "paused", "base_fee")
BOUGHT = ("purchase", "rest_of_pc", "capital")
FIELDS = {
    "electricity": "kwh_price", "paused": "paused_watts", "base_fee": "base_fee_per_month",
    "wear": "wear_per_hour", "heat": "heat_per_kwh", "tax": "buyer", "capital": "capital_cost",
    "rest_of_pc": "rest_of_pc_price",
}  # fmt: skip
"""Of each line the control that changes it."""


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line; empty where nothing is to be said."""

    name: str
    quantity: str
    price: str
    amount: str
    source: str
    url: str
    aged: str
    """The day of the price, and how old that is."""
    field: str
    """The control with which one says a value of one's own."""


def bill(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> list[BillLine]:
    """The lines of a plan's bill; none where it has no cost."""
    return list(_lines(w, d, p))


def _lines(w: Wording, d: AnsweredDecision, p: AnsweredPlan) -> Iterator[BillLine]:
    today, before = d.asked_at.date(), None
    for item in p.cost.items if p.cost else ():
        quantity, price = f"{w.rounded(item.quantity.p50)} {quantity_unit(w, item.quantity_unit)}", ""
        amount = w.say("price unknown, not counted")
        if item.unit_price is not None and item.amount is not None:
            amount = w.about(item.amount.p50, item.currency)
            price = f"{w.unit_price(item.unit_price, item.currency)} / {one_of(w, item.quantity_unit)}"
            if item.code == "tax":
                quantity = w.about(item.quantity.p50, item.currency)
                price = w.share(item.unit_price, 1)
            if not item.is_counted:
                amount = w.say("{amount}, not counted", amount=amount)
        source = _source(d, p, item) if price else None
        source, before = (None if source == before else source), source or before
        yield BillLine(
            item_name(w, item.code), quantity, price, amount,
            source_title(w, source.title) if source else "", source.url if source else "",
            _aged(w, source.as_of, today) if source else "", FIELDS.get(item.code, ""),
        )  # fmt: skip


def _aged(w: Wording, day: date, today: date) -> str:
    return f"{w.day(day)}, {age(w, (today - day).days)}"


def _source(d: AnsweredDecision, p: AnsweredPlan, item: AnsweredItem) -> Source | None:
    """Who says the price of a line; None where that is the asker, or nobody by name."""
    if item.code in AT_HOME:
        rate = p.rate or (d.home.rate if d.home else None)
        return rate.cited if rate else None
    if item.code in BOUGHT:
        return p.purchase.cited if p.purchase else None
    if item.code == "tax":
        vat = d.vat
        return Source("", vat.source, vat.url, vat.as_of) if vat and vat.source and vat.as_of else None
    return p.offer.cited if p.offer and item.code not in ("wear", "heat") else None
