"""The best plan for money, time and carbon within a budget and a deadline, and what it hangs on.

Works on columns: an option is a position in `Candidates`. What an option is (a card at home, an offer, a
card to buy) is the caller's to know.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.decide.candidates import Candidates, Positions
from service.decide.frontier import (
    CERTAIN,
    Limits,
    Numbers,
    non_dominated,
    probability_within,
    weighed,
)
from service.errors import InvalidValue, MissingFact, worded

Rule = Literal["cheapest", "fastest", "weighed"]
"""How the best was chosen among those within the limits."""
LEAST_PROBABILITY = 0.8
"""A plan is within its limits when it keeps them at least this surely."""


NEAR_TIE = 0.02
"""Plans that differ by less, in money and in time, are as good as each other: no estimate knows better."""
Weights = tuple[float, float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen, and from what."""

    best: int | None
    """None when no candidate keeps within the limits."""
    rival: int | None
    """The next plan that keeps the limits too and rests on another machine or offer; None where none does."""
    rule: Rule
    front: tuple[int, ...]
    """What nothing beats in cost, time and CO2 together, of all that may be chosen and of those that keep the
    limits, by cost."""
    dominated_count: int
    """Of those that may be chosen: what is not on the front."""
    probability: Numbers
    """Of every candidate to keep within both limits."""
    within: NDArray[np.bool_]
    """Which may be chosen and keep the limits surely enough."""
    if_rent_holds: bool = False
    """Whether none does, but some would at the rent that was stated: then those are `within`."""


def choose(
    candidates: Candidates,
    limits: Limits,
    weights: Weights | None = None,
    least_probability: float = LEAST_PROBABILITY,
) -> Choice:
    """The best candidate within the limits, the next one, and the front.

    With weights (cost, time, CO2): the lowest weighted geometric mean. Else with a budget alone the fastest
    within it, otherwise the cheapest; of plans within 2 % of it in money and time the one that asks least.
    Raises InvalidValue for limits, weights or a probability that cannot be, MissingFact where the weights
    ask for a number that no plan within the limits has.
    """
    _refuse_impossible(limits, weights, least_probability)
    probability = probability_of(candidates, limits)
    sure = sure_enough(candidates, probability, least_probability)
    within = sure_of(sure, lambda: sure_if_rents_hold(candidates, limits, least_probability))
    if_rent_holds = bool(within.any() and not sure.any())
    rule = rule_of(limits, weights)
    among = np.flatnonzero(within)
    best = rival = None
    if len(among):
        best = first_of(candidates, among, rule, weights)
        others = among[candidates.rests_on[among] != candidates.rests_on[best]]
        if weights:
            others = others[weighed_of(candidates.of(others), weights) < np.inf]
        rival = first_of(candidates, others, rule, weights) if len(others) else None
    front = _front(candidates, within)
    eligible = int(candidates.may_be_chosen.sum())
    return Choice(best, rival, rule, front, eligible - len(front), probability, within, if_rent_holds)


def sure_of(
    sure: NDArray[np.bool_], if_rents_hold: Callable[[], NDArray[np.bool_]], times: int = 1
) -> NDArray[np.bool_]:
    """Which are chosen from, of `times` sets of candidates, one after the other: those that keep the limits
    surely enough; of a set where none does those that would if rents stay what was stated."""
    lacks = ~sure.reshape(times, -1).any(axis=1)
    if not lacks.any():
        return sure
    return np.where(np.repeat(lacks, len(sure) // times), if_rents_hold(), sure)


def sure_enough(candidates: Candidates, probability: Numbers, least: float) -> NDArray[np.bool_]:
    """Which may be chosen and keep the limits surely enough."""
    enough: NDArray[np.bool_] = probability >= least
    return enough & candidates.may_be_chosen


def sure_if_rents_hold(candidates: Candidates, limits: Limits, least: float) -> NDArray[np.bool_]:
    """Which do if rents stay what was stated; none where that makes nothing surer."""
    if not candidates.has_moving_rents:
        return np.zeros(len(candidates), dtype=np.bool_)
    return sure_enough(candidates, probability_of(candidates.at_stated_rents(), limits), least)


def rule_of(limits: Limits, weights: Weights | None) -> Rule:
    """By what a plan is chosen."""
    if weights:
        return "weighed"
    return "fastest" if limits.budget is not None and limits.deadline_hours is None else "cheapest"


def probability_of(candidates: Candidates, limits: Limits) -> Numbers:
    """How probably each keeps both limits; 0 where its hours are unknown."""
    hours, cash = candidates.calendar_hours[1], candidates.cash[1]
    if limits == Limits():
        return np.where(np.isfinite(hours), CERTAIN, 0.0)
    return probability_within(hours, cash, candidates.futures(), limits)


def first_of(candidates: Candidates, among: Positions, rule: Rule, weights: Weights | None) -> int:
    """The best of these by the rule; of near ties the one that asks least.

    Raises MissingFact where the weights ask for a number that none of them has.
    """
    (found,) = firsts_of(candidates.of(among), np.ones(len(among), dtype=np.bool_), 1, rule, weights)
    assert found is not None
    return int(among[found])


def firsts_of(
    candidates: Candidates, allowed: NDArray[np.bool_], times: int, rule: Rule, weights: Weights | None
) -> list[int | None]:
    """The same for `times` sets of as many candidates each, one after the other: places within each set; None
    where nothing is allowed."""
    may = allowed.reshape(times, -1)
    cost = np.where(allowed, candidates.cost[1], np.inf).reshape(times, -1)
    hours = np.where(allowed, candidates.calendar_hours[1], np.inf).reshape(times, -1)
    if weights:
        first = np.where(allowed, weighed_of(candidates, weights), np.inf).reshape(times, -1)
        if (first[may.any(axis=1)].min(axis=1, initial=np.inf) == np.inf).any():
            raise MissingFact(
                worded("the CO2 of any plan within the limits"), worded("leave its weight at 0")
            )
        second = np.zeros_like(first)
        tied = first <= first.min(axis=1, keepdims=True) + sum(weights) * np.log1p(NEAR_TIE)
    else:
        first, second = (hours, cost) if rule == "fastest" else (cost, hours)
        leader = np.lexsort((second, first), axis=1)[:, :1]
        least, beside = (np.take_along_axis(column, leader, axis=1) for column in (first, second))
        limit = 1 + NEAR_TIE
        tied = (first <= least * limit) & (second <= beside * limit) & (least > 0) & (beside > 0)
        np.put_along_axis(tied, leader, True, axis=1)
    effort = candidates.effort.reshape(times, -1)
    chosen = np.lexsort((second, first, effort, ~(tied & may)), axis=1)[:, 0]
    return [int(i) if row.any() else None for i, row in zip(chosen, may, strict=True)]


def merit_of(candidates: Candidates, rule: Rule, weights: Weights | None) -> Numbers:
    """What the rule looks at first, the lower the better."""
    if weights:
        return weighed_of(candidates, weights)
    merit: Numbers = (candidates.calendar_hours if rule == "fastest" else candidates.cost)[1]
    return merit


def near_first(merit: float, weights: Weights | None) -> float:
    """Up to where something can come first beside one of this merit: its near ties."""
    return merit + (sum(weights) * float(np.log1p(NEAR_TIE)) if weights else abs(merit) * NEAR_TIE)


def weighed_of(candidates: Candidates, weights: Weights) -> Numbers:
    """One number per candidate at its medians, the lower the better."""
    return weighed(candidates.cost[1], candidates.calendar_hours[1], candidates.co2_kg, weights)


def _front(candidates: Candidates, within: NDArray[np.bool_]) -> tuple[int, ...]:
    found: set[int] = set()
    for allowed in (candidates.may_be_chosen, within):
        cost = np.where(allowed, candidates.cost[1], np.nan)
        front = non_dominated(cost, candidates.calendar_hours[1], candidates.co2_kg)
        found |= set(map(int, front))
    return tuple(sorted(found, key=lambda i: (candidates.cost[1][i], i)))


def _refuse_impossible(
    limits: Limits, weights: tuple[float, float, float] | None, least_probability: float
) -> None:
    for name, value in (("budget", limits.budget), ("deadline", limits.deadline_hours)):
        if value is not None and not 0 < value < np.inf:
            raise InvalidValue(name, value, worded("must be more than 0"))
    if weights is not None and (min(weights) < 0 or not 0 < sum(weights) < np.inf):
        raise InvalidValue("weights", weights, worded("must be numbers from 0 on, one of them above 0"))
    if not 0 < least_probability <= CERTAIN:
        problem = worded(
            "must be above 0 and at most {certain:.3f}: no estimate deserves to be believed more",
            certain=CERTAIN,
        )
        raise InvalidValue("least_probability", least_probability, problem)
