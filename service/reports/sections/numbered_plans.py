"""The plans of a decision in the order a report numbers them: the best first, then by cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.facts import Source

PLANS_ON_PAGE = 16
"""More than a decision shortlists, unless one has named many machines."""
CHOSEN_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class NumberedPlan:
    """A plan and its number in table and pictures."""

    number: int
    plan: AnsweredPlan
    is_best: bool

    @property
    def option(self) -> AnsweredPlan:
        """The same with its number before its label, as tables name it."""
        return self.plan.model_copy(update={"label": f"{self.number} · {self.plan.label}"})


def numbered_plans(d: AnsweredDecision) -> tuple[NumberedPlan, ...]:
    """Every shortlisted plan with its number."""
    others = [p for p in d.shortlist if p != d.best]
    ordered = [d.best, *others] if d.best is not None else others
    return tuple(NumberedPlan(i, p, p is d.best) for i, p in enumerate(ordered, 1))


def chosen_plans(d: AnsweredDecision, plans: Sequence[NumberedPlan]) -> tuple[NumberedPlan, ...]:
    """The few plans the report looks into: the best, those home and rented were compared by, one's own
    machine, and the card to buy; at least the first."""
    own = next((p for p in d.shortlist if p.plan == "own"), None)
    buy = next((p for p in d.shortlist if p.plan == "buy"), None)
    wanted = [p for p in (d.best, own, d.rented, d.home, buy) if p is not None]
    places = [next((i for i, n in enumerate(plans) if n.plan == p), None) for p in wanted]
    chosen = list(dict.fromkeys(i for i in places if i is not None)) or list(range(len(plans[:1])))
    return tuple(plans[i] for i in chosen[:CHOSEN_AT_MOST])


def priced_on(p: AnsweredPlan) -> tuple[date, Source] | None:
    """Of which day the price of a plan is, and who says so; None where there is none."""
    bought = p.purchase if p.purchase and p.purchase.usd_per_card is not None else None
    priced = p.offer or bought or p.rate
    return (priced.as_of, priced.cited) if priced else None
