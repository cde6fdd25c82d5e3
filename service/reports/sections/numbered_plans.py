"""The plans of a decision as a report numbers them: the best, then by cost, those outside the limits last."""

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
    is_within: bool
    """The limits; where no plan is, none is set apart."""

    @property
    def option(self) -> AnsweredPlan:
        """The same with its number before its label, as tables name it."""
        return self.plan.model_copy(update={"label": f"{self.number} · {self.plan.label}"})


def numbered_plans(d: AnsweredDecision) -> tuple[NumberedPlan, ...]:
    """Every shortlisted plan with its number."""
    others = [p for p in d.shortlist if p != d.best]
    if d.best is None:
        return tuple(NumberedPlan(i, p, False, True) for i, p in enumerate(others, 1))
    others.sort(key=lambda p: not p.keeps_limits)
    return tuple(NumberedPlan(i, p, p is d.best, p is d.best or p.keeps_limits)
                 for i, p in enumerate([d.best, *others], 1))  # fmt: skip


def named_plans(d: AnsweredDecision, plans: Sequence[NumberedPlan]) -> tuple[NumberedPlan, ...]:
    """Those a picture names: the best, the next, the one to take if rents hold, near ties, one's own; without
    a best, the chosen ones."""
    if d.best is None:
        return chosen_plans(d, plans)
    ties = {(t.plan.plan, t.plan.label, t.plan.cost) for t in d.near_ties}
    return tuple(
        n for n in plans
        if n.is_best or n.plan.is_rival or n.plan.is_best_if_rents_hold or n.plan.plan == "own"
        or (n.plan.plan, n.plan.label, n.plan.cost.p50 if n.plan.cost else None) in ties
    )  # fmt: skip


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
