"""Where no plan keeps the limits: the smallest change of budget, deadline or tokens that helps."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.decide.candidates import Candidates, Positions, too_long
from service.decide.choice import (
    LEAST_PROBABILITY,
    Weights,
    choose,
    probability_of,
    sure_enough,
    sure_if_rents_hold,
)
from service.decide.frontier import Limits
from service.errors import MissingFact

Loosened = Literal["budget", "deadline", "tokens"]
LEAST_SHARE = 1e-4
"""Of the tokens: a run on fewer is another run."""
SEARCH_STEPS = 30
"""Halvings of a range of less than 10^9: exact to a few parts in 10^8."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The smallest change that makes one plan possible."""

    code: Loosened
    value: float
    """The budget or the deadline [h] on three significant digits, or the share of the tokens."""
    position: int
    """The candidate that is possible then."""
    needs_stated_rent: bool = False
    """Whether it is so only at the rent that was stated."""


def nearest_changes(
    candidates: Candidates,
    limits: Limits,
    least: float = LEAST_PROBABILITY,
    weights: Weights | None = None,
) -> tuple[Nearest, ...]:
    """Where no candidate keeps the limits: the smallest budget alone, and the latest deadline alone, that
    makes one possible, and the one that `choose` names then. A limit that moving does not help is left out,
    and one within which no plan has a number that the weights ask for.
    """
    changes = []
    if limits.budget is not None:
        changes.append(_moved("budget", candidates, limits, least, weights))
    if limits.deadline_hours is not None:
        changes.append(_moved("deadline", candidates, limits, least, weights))
    return tuple(change for change in changes if change is not None)


def gentlest_first(changes: Iterable[Nearest], limits: Limits) -> tuple[Nearest, ...]:
    """Changes of budget, deadline and tokens, the smallest factor first."""
    return tuple(sorted(changes, key=lambda change: _change_factor(change, limits)))


def _change_factor(change: Nearest, limits: Limits) -> float:
    if change.code == "tokens":
        return 1 / change.value
    asked = limits.budget if change.code == "budget" else limits.deadline_hours
    return change.value / asked if asked else np.inf


def _possible(candidates: Candidates, limits: Limits, least: float) -> Positions:
    """The candidates that keep the limits surely enough, if only at the rents that were stated: `choose`
    falls back on those."""
    keeps = sure_enough(candidates, probability_of(candidates, limits), least)
    held, _probability = sure_if_rents_hold(candidates, limits, least)
    return np.flatnonzero(keeps | held)


def _moved(
    code: Loosened, candidates: Candidates, limits: Limits, least: float, weights: Weights | None
) -> Nearest | None:
    """The smallest budget or deadline at which some candidate keeps both limits surely enough."""

    def moved(value: float) -> Limits:
        return Limits(value, limits.deadline_hours) if code == "budget" else Limits(limits.budget, value)

    highest = candidates.cash[2] if code == "budget" else candidates.calendar_hours[2]
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
    try:
        choice = choose(candidates, moved(rounded), weights, least)
    except MissingFact:
        return None
    assert choice.best is not None
    return Nearest(code, rounded, choice.best, choice.needs_stated_rent)


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

    Hours and money are straight lines through those of the whole run and of `less`, the same plans at
    `share` of the tokens: set-up and what a card loses stay as they are. Doubts are those of `less`, or of
    the whole run where it has none drawn.
    """

    def keeps(among: Positions, at: float) -> Positions:
        weight, some, all_ = (at - share) / (1 - share), less.of(among), whole.of(among)
        hours = some.calendar_hours + weight * (all_.calendar_hours - some.calendar_hours)
        moved = replace(
            some,
            calendar_hours=hours,
            drawn=all_.drawn if some.drawn is None else some.drawn,
            cost=some.cost + weight * (all_.cost - some.cost),
            cash=some.cash + weight * (all_.cash - some.cash),
            set_aside=too_long(hours, some.set_aside),
        )
        return among[_possible(moved, limits, least)]

    low, high, possible = LEAST_SHARE, 1.0, _Narrowed(len(whole), keeps)
    if not possible.at(low):
        return None
    for _ in range(SEARCH_STEPS):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if possible.at(middle) else (low, middle)
    return Nearest("tokens", low, possible.first)
