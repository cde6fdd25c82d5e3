"""What would change the choice: each input over its range, and the value at which another plan is chosen.

The choice is made anew with the input changed, limits and all, among the plans that could become it: a plan
that no change of this input can make the best is never told to turn anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.decide.candidates import Candidates, Positions, too_long
from service.decide.choice import Choice, Weights, firsts_of, probability_of
from service.decide.frontier import Limits, Numbers, weighed

LeverCode = Literal[
    "rent",
    "rival_rent",
    "kwh_price",
    "hours",
    "rival_hours",
    "home_watts",
    "idle_hours",
    "card_price",
    "card_loss",
]
"""The rent per hour of the chosen offer and of the next one, the price per kWh at home, the hours of the
chosen and of the next machine, the watts at the plug, set-up and idle hours of rented plans over training,
the price of a card to buy and what it loses per run."""
FARTHEST = {"hours": 4.0, "rival_hours": 4.0, "home_watts": 4.0}
"""How many times as much, or as little, a turning point is looked for; others 20 times."""
USUAL_FARTHEST = 20.0
FIRST_STEPS = 24
"""Looked at on each side, in equal ratios: a choice that changes twice between two of them is missed."""
FINER_STEPS = 12
ROUNDS = 5
"""Of closing in: exact to a few parts in 10^6."""
NEXT_BEST = 8
MOST_SWINGS = 5
LEAST_WIDTH = 0.005
"""Of the chosen plan's cost: what moves the difference by less is not worth a bar."""


@dataclass(frozen=True, slots=True, eq=False)
class Lever:
    """One input of a decision, and what of every candidate moves in proportion to it (medians)."""

    code: LeverCode
    low: float
    now: float
    high: float
    cost_part: Numbers
    """Money, shape (n,)."""
    cash_part: Numbers
    """Money to be paid, shape (n,)."""
    hours_part: Numbers
    """Calendar hours, shape (n,)."""

    def of(self, positions: Positions) -> "Lever":
        """The same for those candidates only."""
        return replace(
            self,
            cost_part=self.cost_part[positions],
            cash_part=self.cash_part[positions],
            hours_part=self.hours_part[positions],
        )

    def moved(self, candidates: Candidates, *values: float) -> Candidates:
        """The candidates as they are at other values, all at the first, then all at the next; spreads keep
        their ratios."""
        more = np.array(values)[:, None] / self.now - 1
        hours = _scaled(candidates.calendar_hours, self.hours_part * more)
        times = len(values)
        return Candidates(
            hours,
            _scaled(candidates.cost, self.cost_part * more),
            _scaled(candidates.cash, self.cash_part * more),
            np.tile(candidates.co2_kg, times),
            np.tile(candidates.effort, times),
            np.tile(candidates.rests_on, times),
            too_long(hours, np.tile(candidates.set_aside, times)),
        )


def _scaled(percentiles: Numbers, added: Numbers) -> Numbers:
    """Percentiles, shape (3, n), with so much added to their medians, shape (values, n): (3, values x n)."""
    median = percentiles[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = percentiles[:, None] * ((median + added) / median)
    shifted = np.where(median > 0, scaled, percentiles[:, None] + added)
    moved: Numbers = np.where(added == 0, percentiles[:, None], shifted)
    return moved.reshape(3, -1)


@dataclass(frozen=True, slots=True)
class Swing:
    """How far one input moves what the next plan costs beyond the chosen one."""

    code: LeverCode
    low: float
    high: float
    """The input's range."""
    difference_low: float
    """The next plan minus the chosen one, in the decision's currency, with the input at its low end."""
    difference_high: float
    turns: bool
    """Whether another plan, or none, would be chosen at either end."""

    @property
    def width(self) -> float:
        """How much it moves the difference."""
        return abs(self.difference_high - self.difference_low)


@dataclass(frozen=True, slots=True)
class Turn:
    """The value of one input beyond which another plan is chosen."""

    code: LeverCode
    now: float
    at: float
    then: int | None
    """The candidate that is chosen beyond it; None where none keeps the limits any more."""


@dataclass(frozen=True, slots=True)
class Question:
    """By what a plan is chosen."""

    limits: Limits
    weights: Weights | None
    least_probability: float


def swings(
    candidates: Candidates, choice: Choice, question: Question, levers: Sequence[Lever], always: Positions
) -> tuple[Swing, ...]:
    """The inputs that move the difference to the next plan most, each over its own range with the others at
    rest; nothing without a next plan. `always` are candidates that may become the best however far behind.
    """
    if choice.best is None or choice.rival is None:
        return ()
    best, rival = choice.best, choice.rival
    picked = contenders(candidates, choice, question, always)
    few = candidates.of(picked)
    found = []
    for lever in levers:
        if not lever.high > lever.low * (1 + 1e-9):
            continue
        parts = lever.cost_part[rival] - lever.cost_part[best]
        today = candidates.cost[1][rival] - candidates.cost[1][best]
        low, high = (float(today + parts * (v / lever.now - 1)) for v in (lever.low, lever.high))
        chosen = _chosen(few, choice, question, lever.of(picked), [lever.low, lever.high])
        own = candidates.rests_on[best]
        turns = any(i is None or few.rests_on[i] != own for i in chosen)
        if abs(high - low) > LEAST_WIDTH * abs(candidates.cost[1][best]):
            found.append(Swing(lever.code, lever.low, lever.high, low, high, turns))
    return tuple(sorted(found, key=lambda swing: (-swing.width, swing.code))[:MOST_SWINGS])


def turning_points(
    candidates: Candidates, choice: Choice, question: Question, levers: Sequence[Lever], always: Positions
) -> tuple[Turn, ...]:
    """For each input the nearest values below and above today's beyond which another plan is chosen, the
    nearest (as a ratio) first; inputs that turn nothing within 20 times (hours, watts: 4) are left out.
    """
    if choice.best is None:
        return ()
    picked = contenders(candidates, choice, question, always)
    few, own = candidates.of(picked), candidates.rests_on[choice.best]
    turns = []
    for lever in levers:
        here = lever.of(picked)
        if not (here.cost_part.any() or here.cash_part.any() or here.hours_part.any()):
            continue
        farthest = FARTHEST.get(lever.code, USUAL_FARTHEST)
        for bound in (1 / farthest, farthest):
            turn = _turn(few, choice, question, here, bound, int(own))
            if turn is not None:
                then = turn.then if turn.then is None else int(picked[turn.then])
                turns.append(replace(turn, then=then))
    return tuple(sorted(turns, key=lambda turn: abs(np.log(turn.at / turn.now))))


def contenders(candidates: Candidates, choice: Choice, question: Question, always: Positions) -> Positions:
    """The chosen plan with all others that rest on the same, the next best of every effort, and `always`."""
    assert choice.best is not None
    within = np.flatnonzero(choice.within)
    if question.weights:
        by_rule = weighed(
            candidates.cost[1], candidates.calendar_hours[1], candidates.co2_kg, question.weights
        )
    else:
        by_rule = candidates.calendar_hours[1] if choice.rule == "fastest" else candidates.cost[1]
    order = within[np.lexsort((within, by_rule[within]))]
    near = [order[:NEXT_BEST]]
    near += [order[candidates.effort[order] == e][:NEXT_BEST] for e in np.unique(candidates.effort[order])]
    same = np.flatnonzero(candidates.rests_on == candidates.rests_on[choice.best])
    rival = [] if choice.rival is None else [choice.rival]
    named = np.array([choice.best, *rival], dtype=np.intp)
    return np.unique(np.concatenate((*near, same, always, named)))


def _turn(
    few: Candidates, choice: Choice, question: Question, lever: Lever, bound: float, own: int
) -> Turn | None:
    """The first value from today's to `bound` times it at which another plan is chosen."""
    ratios = np.exp(np.linspace(0.0, np.log(bound), FIRST_STEPS + 1))[1:]
    inside, then = 1.0, None
    for round_ in range(ROUNDS):
        chosen = _chosen(few, choice, question, lever, [lever.now * r for r in ratios])
        at = next((k for k, i in enumerate(chosen) if i is None or few.rests_on[i] != own), None)
        if at is None:
            if round_ == 0:
                return None
            break
        inside, outside, then = (float(ratios[at - 1]) if at else inside), float(ratios[at]), chosen[at]
        ratios = np.exp(np.linspace(np.log(inside), np.log(outside), FINER_STEPS + 1))[1:]
    return Turn(lever.code, lever.now, lever.now * float(ratios[-1]), then)


def _chosen(
    few: Candidates, choice: Choice, question: Question, lever: Lever, values: Sequence[float]
) -> list[int | None]:
    """Who is chosen at each of the values: the places among `few`."""
    moved = lever.moved(few, *values)
    within = (probability_of(moved, question.limits) >= question.least_probability) & moved.may_be_chosen
    return firsts_of(moved, within, len(values), choice.rule, question.weights)
