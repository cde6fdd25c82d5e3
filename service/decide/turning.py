"""What would change the choice: each input over its range, and the value at which another plan is chosen.

The choice is made anew with the input changed, limits and all, among the plans that could become it: a plan
that no change of this input can make the best is never told to turn anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.decide.candidates import Candidates, Positions, too_long
from service.decide.choice import Choice, Weights, firsts_of, probability_of, weighed_of
from service.decide.frontier import Limits, Numbers

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
    "capital_cost",
]
"""The rent per hour of the chosen offer and of the next one, the price per kWh at home, the hours of the
chosen and of the next machine, the watts at the plug, set-up and idle hours of rented plans over training,
the price of a card to buy and what it loses per run, the share a year that money would bring elsewhere."""
FARTHEST = {"hours": 4.0, "rival_hours": 4.0, "home_watts": 4.0}
"""How many times as much, or as little, a turning point is looked for; others 20 times."""
USUAL_FARTHEST = 20.0
MOST: dict[LeverCode, float] = {"idle_hours": 1.0, "capital_cost": 1.0}
"""Beyond it no value of an input is believed: a machine that is idle longer than it trains is given back."""
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
        their ratios, in every future."""
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
            candidates.drawn,
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


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """The plans that could become the best, and by what they are chosen: made once for all inputs."""

    candidates: Candidates
    choice: Choice
    question: Question
    picked: Positions
    """The chosen plan with all others that rest on the same, the next best of every effort, and those that
    may win however far behind."""
    few: Candidates
    """Those alone."""

    @staticmethod
    def of(candidates: Candidates, choice: Choice, question: Question, always: Positions) -> "Contest":
        """`always` are candidates that may become the best however far behind; a best there must be."""
        picked = _contenders(candidates, choice, question, always)
        return Contest(candidates, choice, question, picked, candidates.of(picked))

    def is_another(self, chosen: int | None) -> bool:
        """Whether a place among the few, or none, is another plan than today's."""
        assert self.choice.best is not None
        own = self.candidates.rests_on[self.choice.best]
        return chosen is None or bool(self.few.rests_on[chosen] != own)

    def chosen(self, lever: Lever, values: Sequence[float]) -> list[int | None]:
        """Who is chosen at each value of a lever of the few: places among them."""
        moved, asked = lever.moved(self.few, *values), self.question
        sure = probability_of(moved, asked.limits)
        within = (sure >= asked.least_probability) & moved.may_be_chosen
        return firsts_of(moved, within, sure, len(values), self.choice.rule, asked.weights)


def swings(contest: Contest, levers: Sequence[Lever]) -> tuple[Swing, ...]:
    """The inputs that move the difference to the next plan most, each over its own range with the others at
    rest; nothing without a next plan.
    """
    best, rival, cost = contest.choice.best, contest.choice.rival, contest.candidates.cost[1]
    if best is None or rival is None:
        return ()
    found = []
    for lever in levers:
        if not lever.high > lever.low * (1 + 1e-9):
            continue
        parts, today = lever.cost_part[rival] - lever.cost_part[best], cost[rival] - cost[best]
        low, high = (float(today + parts * (v / lever.now - 1)) for v in (lever.low, lever.high))
        if abs(high - low) > LEAST_WIDTH * abs(cost[best]):
            ends = contest.chosen(lever.of(contest.picked), [lever.low, lever.high])
            turns = any(map(contest.is_another, ends))
            found.append(Swing(lever.code, lever.low, lever.high, low, high, turns))
    return tuple(sorted(found, key=lambda swing: (-swing.width, swing.code))[:MOST_SWINGS])


def turning_points(contest: Contest, levers: Sequence[Lever]) -> tuple[Turn, ...]:
    """For each input the nearest values below and above today's beyond which another plan is chosen, the
    nearest (as a ratio) first; inputs that turn nothing within 20 times (hours, watts: 4) are left out.
    """
    turns = []
    for lever in levers:
        here = lever.of(contest.picked)
        if not (here.cost_part.any() or here.cash_part.any() or here.hours_part.any()):
            continue
        farthest = FARTHEST.get(lever.code, USUAL_FARTHEST)
        bounds = (1 / farthest, max(1.0, min(farthest, MOST.get(lever.code, np.inf) / lever.now)))
        found = (_turn(contest, here, bound) for bound in bounds if bound != 1)
        turns += [turn for turn in found if turn is not None]
    return tuple(sorted(turns, key=lambda turn: abs(np.log(turn.at / turn.now))))


def _contenders(candidates: Candidates, choice: Choice, question: Question, always: Positions) -> Positions:
    assert choice.best is not None
    within = np.flatnonzero(choice.within)
    if question.weights:
        by_rule = weighed_of(candidates, question.weights)
    else:
        by_rule = candidates.calendar_hours[1] if choice.rule == "fastest" else candidates.cost[1]
    order = within[np.lexsort((within, by_rule[within]))]
    near = [order[:NEXT_BEST]]
    near += [order[candidates.effort[order] == e][:NEXT_BEST] for e in np.unique(candidates.effort[order])]
    same = np.flatnonzero(candidates.rests_on == candidates.rests_on[choice.best])
    rival = [] if choice.rival is None else [choice.rival]
    named = np.array([choice.best, *rival], dtype=np.intp)
    return np.unique(np.concatenate((*near, same, always, named)))


def _turn(contest: Contest, lever: Lever, bound: float) -> Turn | None:
    """The first value from today's to `bound` times it at which another plan is chosen."""
    ratios = np.exp(np.linspace(0.0, np.log(bound), FIRST_STEPS + 1))[1:]
    inside, then = 1.0, None
    for round_ in range(ROUNDS):
        chosen = contest.chosen(lever, [lever.now * r for r in ratios])
        at = next((k for k, place in enumerate(chosen) if contest.is_another(place)), None)
        if at is None:
            if round_ == 0:
                return None
            break
        inside, outside, then = (float(ratios[at - 1]) if at else inside), float(ratios[at]), chosen[at]
        ratios = np.exp(np.linspace(np.log(inside), np.log(outside), FINER_STEPS + 1))[1:]
    position = None if then is None else int(contest.picked[then])
    return Turn(lever.code, lever.now, lever.now * float(ratios[-1]), position)
