"""A bill in words: what its lines are for, and what it leaves out."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from service.answers.option import AnsweredCost, AnsweredOption
from service.estimate.cost import BillLine
from service.estimate.interval import Interval
from service.reports.words.wording import Wording

MORE_FIRST = 1.02
"""Times the cost: less more is rounding, and nothing to be told."""


def paid(cost: AnsweredCost) -> Interval:
    """What a budget is held against: all that has to be paid until the run ends."""
    return cost.cash or cost.total


def needs_more_first(cost: AnsweredCost) -> bool:
    """Whether clearly more has to be paid first than it costs once cards are sold."""
    return paid(cost).p50 > MORE_FIRST * max(cost.p50, 0.0)


@lru_cache(maxsize=64)
def item_name(w: Wording, code: BillLine) -> str:
    """What a line of a bill is for."""
    return {
        "electricity": w.say("electricity"),
        "paused": w.say("waiting between the hours that are used"),
        "wear": w.say("wear of the card"),
        "purchase": w.say("loss of value of the card"),
        "rest_of_pc": w.say("loss of value of the rest of the PC"),
        "capital": w.say("capital tied up"),
        "heat": w.say("heat that replaces heating"),
        "base_fee": w.say("base fee"),
        "rent": w.say("training hours"),
        "set_up": w.say("set-up and download"),
        "idle": w.say("failed starts and idle hours"),
        "interruptions": w.say("interruptions"),
        "commitment": w.say("rest of the reserved term"),
        "storage": w.say("storage"),
        "egress": w.say("traffic"),
        "tax": w.say("tax"),
    }[code]


def bill_sentence(w: Wording, cost: AnsweredCost) -> str:
    """What a rented run's cost consists of."""
    parts = [
        f"{item_name(w, item.code)} {w.about(item.amount.p50, cost.currency)}"
        for item in cost.items
        if item.amount is not None and item.is_counted
    ]
    return w.say("Bill: {parts}.", parts=", ".join(parts))


def uncounted_sentence(w: Wording, options: Iterable[AnsweredOption]) -> str:
    """What the bills of these options leave out, of each its own, and what they cannot count for its price is
    not known; empty without a bill."""
    bills = [(option, option.cost) for option in options if option.cost]
    if not bills:
        return ""
    left_out: dict[str, None] = {}
    for option, cost in bills:
        left_out |= dict.fromkeys(_left_out(w, option, cost))
    unknown = dict.fromkeys(item_name(w, code) for _, cost in bills for code in cost.unknown)
    parts = [", ".join([*left_out, w.say("your own work")])]
    if unknown:
        parts.append(w.say("price unknown: {names}", names=", ".join(unknown)))
    return w.say("Not counted: {names}.", names="; ".join(parts))


def _left_out(w: Wording, option: AnsweredOption, cost: AnsweredCost) -> Iterator[str]:
    """What this bill leaves out that another one of its kind may count."""
    counted = {item.code for item in cost.items if item.is_counted}
    if option.purchase:
        if "rest_of_pc" not in counted:
            yield w.say("the PC around a card to buy")
        if "capital" not in counted:
            yield w.say("interest on the purchase")
    elif option.kind == "home" and "wear" not in counted:
        yield w.say("wear of your own card")
    if option.offer and "tax" not in counted and option.offer.price_vat != "gross":
        yield w.say("tax on the rent")
    yield from (item_name(w, item.code) for item in cost.items if not item.is_counted)


def quantity_unit(w: Wording, unit: str) -> str:
    """What a line of a bill is counted in."""
    return {"run": w.say("run"), "months": w.say("months"), "GB-months": w.say("GB-months")}.get(unit, unit)


def one_of(w: Wording, unit: str) -> str:
    """A single one of a unit, for a price of it."""
    return {"months": w.say("month"), "GB-months": w.say("GB-month")}.get(unit, quantity_unit(w, unit))
