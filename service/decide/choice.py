"""The best plan for money, time and carbon within a budget and a deadline, and what it hangs on.

Works on columns: an option is a position in `Candidates`. What an option is (a card at home, an offer, a
card to buy) is the caller's to know.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.decide.frontier import (
    CERTAIN,
    Limits,
    LogNormal,
    Numbers,
    non_dominated,
    probability_within,
    spread_of,
    weighed,
)
from service.errors import InvalidValue, MissingFact

Rule = Literal["cheapest", "fastest", "weighed"]
"""How the best was chosen among those within the limits."""
Loosened = Literal["budget", "deadline", "tokens"]
Positions = NDArray[np.intp]
LEAST_PROBABILITY = 0.8
"""A plan is within its limits when it keeps them at least this surely."""
LEAST_SHARE = 1e-4
"""Of the tokens: a run on fewer is another run."""
SEARCH_STEPS = 30
"""Halvings of a range of less than 10^9: exact to a few parts in 10^8."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Every way to do the run, as columns; NaN is unknown."""

    calendar_hours: Numbers
    """From start to end, shape (3, n): 10th, 50th, 90th percentile."""
    cost: Numbers
    """In one currency, shape (3, n)."""
    co2_kg: Numbers
    """Median, shape (n,)."""

    def __post_init__(self) -> None:
        n = self.co2_kg.shape[0]
        if self.calendar_hours.shape != (3, n) or self.cost.shape != (3, n):
            raise InvalidValue("candidates", self.cost.shape, f"columns of another length than {n}")

    def __len__(self) -> int:
        return int(self.co2_kg.shape[0])

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Of which both hours and cost are known: only those can be chosen."""
        both: NDArray[np.bool_] = np.isfinite(self.calendar_hours[1]) & np.isfinite(self.cost[1])
        return both

    def of(self, positions: "Positions") -> "Candidates":
        """Those candidates only."""
        return Candidates(self.calendar_hours[:, positions], self.cost[:, positions], self.co2_kg[positions])

    def hours_spread(self) -> LogNormal:
        """The calendar hours as log-normals."""
        return spread_of(*self.calendar_hours)

    def cost_spread(self) -> LogNormal:
        """The costs as log-normals."""
        return spread_of(*self.cost)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The smallest change that makes one plan possible."""

    code: Loosened
    value: float
    """The budget or the deadline [h] on three significant digits, or the share of the tokens."""
    position: int
    """The candidate that is possible then."""


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What was chosen, and from what."""

    best: int | None
    """None when no candidate keeps within the limits."""
    rule: Rule
    front: tuple[int, ...]
    """What nothing beats in cost, time and CO2 together, by cost."""
    dominated_count: int
    probability: Numbers
    """Of every candidate to keep within both limits."""


def choose(
    candidates: Candidates,
    limits: Limits,
    weights: tuple[float, float, float] | None = None,
    least_probability: float = LEAST_PROBABILITY,
) -> Choice:
    """The best candidate within the limits, and the front.

    With weights (cost, time, CO2): the lowest weighted geometric mean. Else with a budget alone the fastest
    within it, otherwise the cheapest. Raises InvalidValue for limits, weights or a probability that cannot
    be, MissingFact where the weights ask for a number that no plan within the limits has.
    """
    _refuse_impossible(limits, weights, least_probability)
    hours, cost = candidates.hours_spread(), candidates.cost_spread()
    probability = probability_within(hours, cost, limits)
    probability = np.where(np.isfinite(candidates.calendar_hours[1]), probability, 0.0)
    front = non_dominated(candidates.cost[1], candidates.calendar_hours[1], candidates.co2_kg)
    within = np.flatnonzero((probability >= least_probability) & candidates.is_known)
    rule: Rule = (
        "weighed"
        if weights
        else "fastest"
        if limits.budget is not None and limits.deadline_hours is None
        else "cheapest"
    )
    best = None
    if len(within):
        score = _score(candidates, rule, weights)[within]
        if score.min() == np.inf:
            raise MissingFact("the CO2 of any plan within the limits", "leave its weight at 0")
        best = int(within[np.argmin(score)])
    priced = int(np.isfinite(candidates.cost[1]).sum())
    return Choice(best, rule, tuple(map(int, front)), priced - len(front), probability)


def _refuse_impossible(
    limits: Limits, weights: tuple[float, float, float] | None, least_probability: float
) -> None:
    for name, value in (("budget", limits.budget), ("deadline", limits.deadline_hours)):
        if value is not None and not 0 < value < np.inf:
            raise InvalidValue(name, value, "must be more than 0")
    if weights is not None and (min(weights) < 0 or not 0 < sum(weights) < np.inf):
        raise InvalidValue("weights", weights, "must be numbers from 0 on, one of them above 0")
    if not 0 < least_probability <= CERTAIN:
        problem = f"must be above 0 and at most {CERTAIN}: no estimate deserves to be believed more"
        raise InvalidValue("least_probability", least_probability, problem)


def _score(candidates: Candidates, rule: Rule, weights: tuple[float, float, float] | None) -> Numbers:
    if weights:
        return weighed(candidates.cost[1], candidates.calendar_hours[1], candidates.co2_kg, weights)
    first, second = candidates.cost[1], candidates.calendar_hours[1]
    if rule == "fastest":
        first, second = second, first
    # Of equals in the first, the better in the second; equal in both: the earlier candidate.
    order = np.lexsort((np.arange(len(candidates)), second, first))
    place: Numbers = np.empty(len(candidates))
    place[order] = np.arange(len(candidates))
    return place


def nearest_changes(
    candidates: Candidates, limits: Limits, least: float = LEAST_PROBABILITY
) -> tuple[Nearest, ...]:
    """Where no candidate keeps the limits: the smallest budget alone, and the latest deadline alone, that
    makes one possible. A limit that moving does not help is left out.
    """
    changes = []
    if limits.budget is not None:
        changes.append(_moved("budget", candidates, limits, least))
    if limits.deadline_hours is not None:
        changes.append(_moved("deadline", candidates, limits, least))
    return tuple(change for change in changes if change is not None)


def is_possible(candidates: Candidates, limits: Limits, least: float = LEAST_PROBABILITY) -> bool:
    """Whether some candidate keeps the limits surely enough; `choose` says which one."""
    return len(_possible(candidates, limits, least)) > 0


def gentlest_first(changes: Iterable[Nearest], limits: Limits) -> tuple[Nearest, ...]:
    """Changes of budget, deadline and tokens, the smallest factor first."""
    return tuple(sorted(changes, key=lambda change: _change_factor(change, limits)))


def _change_factor(change: Nearest, limits: Limits) -> float:
    if change.code == "tokens":
        return 1 / change.value
    asked = limits.budget if change.code == "budget" else limits.deadline_hours
    return change.value / asked if asked else np.inf


def _possible(candidates: Candidates, limits: Limits, least: float) -> Positions:
    """The candidates that keep the limits surely enough."""
    probability = probability_within(candidates.hours_spread(), candidates.cost_spread(), limits)
    return np.flatnonzero((probability >= least) & candidates.is_known)


def _moved(code: Loosened, candidates: Candidates, limits: Limits, least: float) -> Nearest | None:
    """The smallest budget or deadline at which some candidate keeps both limits surely enough."""

    def moved(value: float) -> Limits:
        return Limits(value, limits.deadline_hours) if code == "budget" else Limits(limits.budget, value)

    highest = candidates.cost[2] if code == "budget" else candidates.calendar_hours[2]
    highest = highest[np.isfinite(highest)]
    start = limits.budget if code == "budget" else limits.deadline_hours
    if not len(highest) or start is None:
        return None
    low, high = start, max(float(highest.max()) * 10, start)
    possible = _Narrowed(
        len(candidates), lambda among, value: among[_possible(candidates.of(among), moved(value), least)]
    )
    if not possible.at(high):
        return None
    for _ in range(SEARCH_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if possible.at(middle) else (middle, high)
    rounded = _rounded_up(high) if code == "budget" else _rounded_up_hours(high)
    return Nearest(code, rounded, possible.first)


class _Narrowed:
    """A search among candidates that forgets those which a looser limit has already ruled out."""

    def __init__(self, count: int, keeps: Callable[[Positions, float], Positions]) -> None:
        self._left, self._keeps = np.arange(count), keeps

    def at(self, value: float) -> bool:
        """Whether some candidate is possible; if so, only the possible ones are looked at from now on."""
        kept = self._keeps(self._left, value)
        if len(kept):
            self._left = kept
        return len(kept) > 0

    @property
    def first(self) -> int:
        """The first candidate that is possible."""
        return int(self._left[0])


def _rounded_up(value: float) -> float:
    """Three significant digits and no less, so that a limit is possible as it is said: 442.3 is 443."""
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return round(math.ceil(value / step - 1e-9) * step, 9)


def _rounded_up_hours(hours: float) -> float:
    """The same in the unit that a person would use: days from three on, hours, minutes below two hours."""
    unit = 24.0 if hours >= 72 else 1.0 if hours >= 2 else 1 / 60
    return _rounded_up(hours / unit) * unit


def fewer_tokens(
    whole: Candidates, less: Candidates, share: float, limits: Limits, least: float = LEAST_PROBABILITY
) -> Nearest | None:
    """The largest share of the tokens whose run some candidate does within both limits; None where even
    next to none are too many.

    Hours and cost are straight lines through those of the whole run and of `less`, the same plans at
    `share` of the tokens: set-up and what a card loses stay as they are.
    """

    def keeps(among: Positions, at: float) -> Positions:
        weight, some, all_ = (at - share) / (1 - share), less.of(among), whole.of(among)
        hours = some.calendar_hours + weight * (all_.calendar_hours - some.calendar_hours)
        cost = some.cost + weight * (all_.cost - some.cost)
        return among[_possible(Candidates(hours, cost, some.co2_kg), limits, least)]

    low, high, possible = LEAST_SHARE, 1.0, _Narrowed(len(whole), keeps)
    if not possible.at(low):
        return None
    for _ in range(SEARCH_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if possible.at(middle) else (low, middle)
    return Nearest("tokens", low, possible.first)
