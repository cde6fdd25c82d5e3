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
from service.decide.ties import (
    AS_SURE,
    CLEARLY,
    NEAR_TIE,
    SHORT_TIME_HOURS,
    SMALL_SUM,
    Measures,
    best_of_ties,
    tied_with_first,
)
from service.errors import InvalidValue, MissingFact, worded

Rule = Literal["cheapest", "fastest", "weighed"]
"""How the best was chosen among those within the limits."""
LEAST_PROBABILITY = 0.8
"""A plan is within its limits when it keeps them at least this surely."""

Weights = tuple[float, float, float]
Flags = NDArray[np.bool_]


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
    within: Flags
    """Which may be chosen and keep the limits surely enough."""
    held: Flags
    """Which would if rents stayed what was stated; none where that makes nothing surer."""
    leader: int | None = None
    """The first by the rule alone: another than the best where that is as good by the rule and better beside.
    """
    needs_stated_rent: bool = False
    """Whether none does, but some would at the rent that was stated: then those are `within`."""
    if_rents_hold: int | None = None
    """What would be chosen if rents still were what was stated, where that rests on another machine or offer
    than the best and is clearly better; None where the best itself needs the stated rent."""


def choose(
    candidates: Candidates,
    limits: Limits,
    weights: Weights | None = None,
    least_probability: float = LEAST_PROBABILITY,
) -> Choice:
    """The best candidate within the limits, the next one, and the front.

    With weights (cost, time, CO2): the lowest weighted geometric mean. Else with a budget alone the fastest
    within it, otherwise the cheapest; of plans as good as that one what `ties.best_of_ties` says.
    Raises InvalidValue for limits, weights or a probability that cannot be, MissingFact where the weights
    ask for a number that no plan within the limits has.
    """
    _refuse_impossible(limits, weights, least_probability)
    probability = probability_of(candidates, limits)
    flags = sure_enough(candidates, probability, least_probability)
    held = sure_if_rents_hold(candidates, limits, least_probability)
    within, sure = sure_of(flags, probability, lambda: held)
    needs_stated_rent = bool(within.any() and not flags.any())
    rule = rule_of(limits, weights)
    among = np.flatnonzero(within)
    best = rival = leader = if_rents_hold = None
    if len(among):
        best = first_of(candidates, among, sure, rule, weights)
        leader = best if weights else _leader(candidates, among, rule)
        others = among[candidates.rests_on[among] != candidates.rests_on[best]]
        if weights:
            others = others[weighed_of(candidates.of(others), weights) < np.inf]
        rival = first_of(candidates, others, sure, rule, weights) if len(others) else None
        if not needs_stated_rent:
            if_rents_hold = _better_if_rents_hold(candidates, best, (flags, probability), held, rule, weights)
    front = _front(candidates, within)
    beaten_count = int(candidates.may_be_chosen.sum()) - len(front)
    return Choice(
        best, rival, rule, front, beaten_count, probability, within, held[0],
        leader, needs_stated_rent, if_rents_hold,
    )  # fmt: skip


def sure_of(
    sure: Flags, probability: Numbers, if_rents_hold: Callable[[], tuple[Flags, Numbers]], times: int = 1
) -> tuple[Flags, Numbers]:
    """Which are chosen from, of `times` sets of candidates, one after the other, and how sure each is: those
    that keep the limits surely enough; of a set where none does those that would if rents stay what was
    stated."""
    lacks = ~sure.reshape(times, -1).any(axis=1)
    if not lacks.any():
        return sure, probability
    again = np.repeat(lacks, len(sure) // times)
    held, probability_if_held = if_rents_hold()
    return np.where(again, held, sure), np.where(again & held, probability_if_held, probability)


def sure_enough(candidates: Candidates, probability: Numbers, least: float) -> Flags:
    """Which may be chosen and keep the limits surely enough."""
    enough: Flags = probability >= least
    return enough & candidates.may_be_chosen


def sure_if_rents_hold(candidates: Candidates, limits: Limits, least: float) -> tuple[Flags, Numbers]:
    """Which do if rents stay what was stated, and how surely; none where that makes nothing surer."""
    if limits.budget is None or not candidates.has_moving_rents:
        return np.zeros(len(candidates), dtype=np.bool_), np.zeros(len(candidates))
    probability = probability_of(candidates.at_stated_rents(), limits)
    return sure_enough(candidates, probability, least), probability


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


def first_of(
    candidates: Candidates, among: Positions, sure: Numbers, rule: Rule, weights: Weights | None
) -> int:
    """The best of these by the rule; of near ties the one that asks least. `sure` are the probabilities of
    all candidates.

    Raises MissingFact where the weights ask for a number that none of them has.
    """
    allowed = np.ones(len(among), dtype=np.bool_)
    (found,) = firsts_of(candidates.of(among), allowed, sure[among], 1, rule, weights)
    assert found is not None
    return int(among[found])


def firsts_of(
    candidates: Candidates,
    allowed: Flags,
    sure: Numbers,
    times: int,
    rule: Rule,
    weights: Weights | None,
) -> list[int | None]:
    """The same for `times` sets of as many candidates each, one after the other: places within each set; None
    where nothing is allowed."""
    may, effort = allowed.reshape(times, -1), candidates.effort.reshape(times, -1)
    if not may.any():
        return [None] * times
    if weights:
        first = np.where(allowed, weighed_of(candidates, weights), np.inf).reshape(times, -1)
        if (first[may.any(axis=1)].min(axis=1, initial=np.inf) == np.inf).any():
            raise MissingFact(
                worded("the CO2 of any plan within the limits"), worded("leave its weight at 0")
            )
        tied = first <= first.min(axis=1, keepdims=True) + sum(weights) * np.log1p(NEAR_TIE)
        chosen = np.lexsort((first, effort, ~(tied & may)), axis=1)[:, 0]
    else:
        by_rule, other = measures_of(candidates, rule)
        first, at_worst, second = (
            np.where(allowed, of, np.inf).reshape(times, -1) for of in (by_rule[1], by_rule[2], other[1])
        )
        plans = Measures(first, at_worst, second, sure.reshape(times, -1), effort, rule != "fastest")
        leader = np.lexsort((second, first), axis=1)[:, :1]
        chosen = best_of_ties(plans, may & tied_with_first(plans, leader))
    return [int(i) if row.any() else None for i, row in zip(chosen, may, strict=True)]


def _better_if_rents_hold(
    candidates: Candidates,
    best: int,
    today: tuple[Flags, Numbers],
    held: tuple[Flags, Numbers],
    rule: Rule,
    weights: Weights | None,
) -> int | None:
    """The best of those that keep the limits if rents stay what was stated; None where that is today's best,
    is sure enough today too, or is a tie by the rule's measure and not clearly better by the other one."""
    merit, (keeps_today, probability), (keeps, sure) = merit_of(candidates, rule, weights), today, held
    among = np.flatnonzero(keeps & (merit < np.inf))
    if not len(among):
        return None
    first = first_of(candidates, among, sure, rule, weights)
    if keeps_today[first] or sure[first] - probability[first] < AS_SURE:
        return None
    if candidates.rests_on[first] == candidates.rests_on[best]:
        return None
    if merit[best] > near_first(merit[first], rule, weights):
        return first
    other: Rule = "cheapest" if rule == "fastest" else "fastest"
    beside = measures_of(candidates, rule)[1][1]
    is_clearly = (
        rule != "weighed"
        and merit[first] <= near_first(merit[best], rule, weights)
        and beside[best] > near_first(beside[first], other, None)
        and beside[first] <= CLEARLY * beside[best]
    )
    return first if is_clearly else None


def _leader(candidates: Candidates, among: Positions, rule: Rule) -> int:
    """The first by the rule alone; of equals the better by the other measure."""
    first, second = (of[1][among] for of in measures_of(candidates, rule))
    return int(among[np.lexsort((second, first))[0]])


def measures_of(candidates: Candidates, rule: Rule) -> tuple[Numbers, Numbers]:
    """The rule's own measure and the other one, money and hours or hours and money, shape (3, n) each."""
    both = (candidates.cost, candidates.calendar_hours)
    return (both[1], both[0]) if rule == "fastest" else both


def merit_of(candidates: Candidates, rule: Rule, weights: Weights | None) -> Numbers:
    """What the rule looks at first, the lower the better."""
    if weights:
        return weighed_of(candidates, weights)
    merit: Numbers = measures_of(candidates, rule)[0][1]
    return merit


def near_first(merit: float, rule: Rule, weights: Weights | None) -> float:
    """Up to where something can come first beside one of this merit: its near ties."""
    if weights:
        return merit + sum(weights) * float(np.log1p(NEAR_TIE))
    return merit + max(abs(merit) * NEAR_TIE, SHORT_TIME_HOURS if rule == "fastest" else SMALL_SUM)


def weighed_of(candidates: Candidates, weights: Weights) -> Numbers:
    """One number per candidate at its medians, the lower the better."""
    return weighed(candidates.cost[1], candidates.calendar_hours[1], candidates.co2_kg, weights)


def _front(candidates: Candidates, within: Flags) -> tuple[int, ...]:
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
