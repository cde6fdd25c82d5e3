"""Why a plan is not the one to take: the first reason that would have to go for it to win."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np

from service.decide.candidates import SET_ASIDE, Candidates, SetAside
from service.decide.choice import Choice
from service.decide.frontier import Limits
from service.decide.options import Option
from service.decide.practical import is_too_long
from service.decide.ties import WORK

WhyNot = (
    SetAside
    | Literal[
        "does_not_fit", "sold_out", "no_price", "over_budget", "too_late", "dearer", "slower", "weighs_more",
        "asks_more",
    ]
)  # fmt: skip
"""A plan set aside; one that cannot be had; one that breaks a limit; one that is beaten: by money, by time,
by the weights, or by a plan as good that asks less of one."""


def cannot(option: Option) -> WhyNot | None:
    """Why it cannot be taken or should not be, whatever the others cost; None where it can."""
    if option.hours is None:
        return "does_not_fit"
    if is_too_long(option.elapsed_hours):
        return "too_long"
    if option.is_sold_out:
        return "sold_out"
    return option.set_aside or (None if option.cost else "no_price")


def first_the_best(options: Iterable[Option]) -> list[Option]:
    """Those that can be taken by cost, then the others as they come."""
    return sorted(options, key=_cost)


def reasons_beside(options: Sequence[Option]) -> tuple[WhyNot | None, ...]:
    """Why each is not the cheapest that can be taken; None for that one."""
    best = min(options, key=_cost)
    return tuple(cannot(option) or (None if option is best else "dearer") for option in options)


def _cost(option: Option) -> float:
    """The median; infinity where it is not known, or cannot be taken."""
    return option.cost.total.p50 if option.cost and not cannot(option) else math.inf


def reason_of(candidates: Candidates, choice: Choice, limits: Limits, i: int) -> WhyNot | None:
    """Why the i-th candidate was not chosen; None for the one that was."""
    if i == choice.best:
        return None
    if not np.isfinite(candidates.calendar_hours[1][i]):
        return "does_not_fit"
    if not np.isfinite(candidates.cost[1][i]):
        return "no_price"
    if candidates.set_aside[i]:
        return SET_ASIDE[int(candidates.set_aside[i]) - 1]
    if not choice.within[i]:
        return _limit_broken(candidates, limits, i)
    assert choice.best is not None
    cost, hours = candidates.cost[1], candidates.calendar_hours[1]
    if choice.rule == "weighed":
        return "weighs_more"
    if i == choice.leader and candidates.effort[i] // WORK > candidates.effort[choice.best] // WORK:
        return "asks_more"
    is_slower, is_dearer = bool(hours[i] > hours[choice.best]), bool(cost[i] > cost[choice.best])
    if is_slower and (choice.rule == "fastest" or not is_dearer):
        return "slower"
    return "dearer" if is_dearer else "asks_more"


def _limit_broken(candidates: Candidates, limits: Limits, i: int) -> WhyNot:
    """The limit that is kept less surely."""
    if limits.budget is None or limits.deadline_hours is None:
        return "over_budget" if limits.deadline_hours is None else "too_late"
    over = candidates.cash[1][i] / limits.budget
    late = candidates.calendar_hours[1][i] / limits.deadline_hours
    return "over_budget" if over >= late else "too_late"
