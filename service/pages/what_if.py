"""What if: the same question with one thing changed, each with its difference before anybody clicks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.answers.answer import AnsweredAlternative, AnsweredDecision
from service.answers.question import AskedDecision
from service.reports.words.plan_names import brief_name
from service.reports.words.sentences import duration
from service.reports.words.what_if import decided_verdict
from service.reports.words.wording import Wording

Changed = Mapping[str, Any]
CHEAP_PER_KWH: Mapping[str, Decimal] = {
    "EUR": Decimal("0.25"), "USD": Decimal("0.12"), "GBP": Decimal("0.20"), "CHF": Decimal("0.22"),
}  # fmt: skip
"""A low price that many can have, by currency; what is tried is ours, and said in full."""
LITTLE_MONEY_SHARE, LITTLE_HOURS_SHARE = 0.005, 0.005
"""Of the plan's own: less is no difference."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One change: its name, the question with it as an address, and what it comes to."""

    name: str
    address: str
    difference: str
    plan: str
    """The plan that is chosen then, where it is another; empty where it stays."""


def changes(w: Wording, asked: AskedDecision) -> Iterator[tuple[str, Changed, AskedDecision]]:
    """Name and fields of each change, and the question with it; none that the question has already."""
    per_kwh = CHEAP_PER_KWH.get(asked.currency)
    found: list[tuple[str, Changed]] = []
    if asked.own:
        found.append((w.say("nights only (8 hours)"), {"hours_per_day": 8.0}))
    if per_kwh:
        price = w.unit_price(per_kwh, asked.currency)
        found.append((w.say("{price} per kWh", price=price), {"kwh_price": per_kwh}))
    found += [
        (w.say("buy a used RTX 3090"), {"buy": (*asked.buy, "rtx-3090=used")}),
        (w.say("four RTX 3090 of your own"), {"own": ("4xrtx-3090",)}),
        (w.say("spot and marketplaces too"), {"tier": "any"}),
        (w.say("as a business"), {"buyer": "business"}),
    ]
    for name, change in found:
        changed = asked.changed(change)
        if changed != asked:
            yield name, change, changed


def chip(w: Wording, name: str, address: str, a: AnsweredAlternative, d: AnsweredDecision) -> Chip:
    """What a change comes to."""
    if not a.plans:
        return Chip(name, address, decided_verdict(w, a, d), "")
    plan = a.plans[0]
    parts = []
    money, hours = plan.extra_cost, plan.extra_hours
    if money is not None and abs(money) > LITTLE_MONEY_SHARE * abs(plan.plan.cost or 0):
        amount = w.about(abs(money), d.currency)
        parts.append(
            w.say("{money} more", money=amount) if money > 0 else w.say("{money} less", money=amount)
        )
    if hours is not None and abs(hours) > LITTLE_HOURS_SHARE * abs(plan.plan.calendar_hours or 0):
        time = duration(w, abs(hours))
        parts.append(w.say("{time} longer", time=time) if hours > 0 else w.say("{time} sooner", time=time))
    turned = brief_name(w, plan.plan) if a.is_turned else ""
    return Chip(name, address, ", ".join(parts) or w.say("changes nothing"), turned)
