"""What would change the choice: each input over its range, and the value at which another plan is chosen.

The choice is made anew with the input changed, limits and all, among the plans that could become it: a plan
that no change of this input can make the best is never told to turn anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.decide.candidates import Candidates, Positions, too_long
from service.decide.choice import (
    Choice,
    Weights,
    firsts_of,
    merit_of,
    near_first,
    probability_of,
    sure_if_rents_hold,
    sure_of,
)
from service.decide.frontier import Limits, Numbers

Flags = NDArray[np.bool_]
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

    @property
    def ends(self) -> tuple[float, float]:
        """How far a turning point is looked for, as ratios to today's value."""
        farthest = FARTHEST.get(self.code, USUAL_FARTHEST)
        return 1 / farthest, max(1.0, min(farthest, MOST.get(self.code, np.inf) / self.now))

    @property
    def moves(self) -> Flags:
        """Which it moves, shape (n,)."""
        return (self.cost_part != 0) | (self.cash_part != 0) | (self.hours_part != 0)

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
    """All plans, and by what they are chosen: made once for all inputs."""

    candidates: Candidates
    choice: Choice
    question: Question
    sure: Flags
    """Which keep the limits surely enough."""
    held: Flags
    """Which do if rents stay what was stated."""
    merit: Numbers
    """What the rule looks at, the lower the better; infinite where it is not known."""

    @staticmethod
    def of(candidates: Candidates, choice: Choice, question: Question) -> "Contest":
        """A best there must be."""
        assert choice.best is not None
        limits, least = question.limits, question.least_probability
        sure = (choice.probability >= least) & candidates.may_be_chosen
        held = sure_if_rents_hold(candidates, limits, least)
        merit = merit_of(candidates, choice.rule, question.weights)
        return Contest(candidates, choice, question, sure, held, merit)

    def is_another(self, chosen: int | None) -> bool:
        """Whether a candidate, or none, is another plan than today's."""
        assert self.choice.best is not None
        own = self.candidates.rests_on[self.choice.best]
        return chosen is None or bool(self.candidates.rests_on[chosen] != own)

    def race(self, lever: Lever) -> "Race":
        """All that can win at some value of a lever: what keeps the limits at either end of it, rents held
        where nothing keeps them throughout, and is there at least as good as what does."""
        c, asked, moves = self.candidates, self.question, np.flatnonzero(lever.moves)
        here = Race(self, lever.of(moves), c.of(moves), moves)
        sure, held, merit = (np.tile(column, (2, 1)) for column in (self.sure, self.held, self.merit))
        sure[:, moves], held[:, moves], merit[:, moves] = here.at_ends()
        throughout = np.max(merit[:, sure.all(axis=0)], axis=0)
        most = near_first(np.min(throughout, initial=np.inf), asked.weights)
        may = (sure if len(throughout) else sure | held).any(axis=0) & (merit.min(axis=0) <= most)
        picked = np.flatnonzero(may & (self.merit < np.inf))
        return Race(self, lever.of(picked), c.of(picked), picked)


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """Some candidates, and the input that moves them."""

    contest: Contest
    lever: Lever
    candidates: Candidates
    positions: Positions
    """Of these candidates among all."""

    def at_ends(self) -> tuple[Flags, Flags, Numbers]:
        """Who keeps the limits at either end of the lever, who would if rents held, and their merit there:
        shape (2, n). Between them nothing is better than at both."""
        asked, ends = self.contest.question, self.lever.ends
        moved = self.lever.moved(self.candidates, *(self.lever.now * end for end in ends))
        limits, least = asked.limits, asked.least_probability
        sure = (probability_of(moved, limits) >= least) & moved.may_be_chosen
        held = sure_if_rents_hold(moved, limits, least)
        merit = merit_of(moved, self.contest.choice.rule, asked.weights)
        return sure.reshape(2, -1), held.reshape(2, -1), merit.reshape(2, -1)

    def chosen(self, values: Sequence[float]) -> list[int | None]:
        """Who is chosen at each value of the lever, as `choose` does: positions among all candidates."""
        asked, rule = self.contest.question, self.contest.choice.rule
        limits, least = asked.limits, asked.least_probability
        moved = self.lever.moved(self.candidates, *values)
        sure = (probability_of(moved, limits) >= least) & moved.may_be_chosen
        within = sure_of(sure, lambda: sure_if_rents_hold(moved, limits, least), len(values))
        places = firsts_of(moved, within, len(values), rule, asked.weights)
        return [None if place is None else int(self.positions[place]) for place in places]


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
            turns = any(map(contest.is_another, contest.race(lever).chosen([lever.low, lever.high])))
            found.append(Swing(lever.code, lever.low, lever.high, low, high, turns))
    return tuple(sorted(found, key=lambda swing: (-swing.width, swing.code))[:MOST_SWINGS])


def turning_points(contest: Contest, levers: Sequence[Lever]) -> tuple[Turn, ...]:
    """For each input the nearest values below and above today's beyond which another plan is chosen, the
    nearest (as a ratio) first; inputs that turn nothing within 20 times (hours, watts: 4) are left out.
    """
    turns = []
    for lever in levers:
        if not lever.moves.any():
            continue
        race = contest.race(lever)
        found = (_turn(race, end) for end in lever.ends if end != 1)
        turns += [turn for turn in found if turn is not None]
    return tuple(sorted(turns, key=lambda turn: abs(np.log(turn.at / turn.now))))


def _turn(race: Race, bound: float) -> Turn | None:
    """The first value from today's to `bound` times it at which another plan is chosen."""
    code, now = race.lever.code, race.lever.now
    ratios = np.exp(np.linspace(0.0, np.log(bound), FIRST_STEPS + 1))[1:]
    inside, found = 1.0, None
    for _ in range(ROUNDS):
        chosen = race.chosen([now * ratio for ratio in ratios])
        at = next((k for k, winner in enumerate(chosen) if race.contest.is_another(winner)), None)
        if at is None:
            break
        inside, outside = (float(ratios[at - 1]) if at else inside), float(ratios[at])
        found = Turn(code, now, now * outside, chosen[at])
        ratios = np.exp(np.linspace(np.log(inside), np.log(outside), FINER_STEPS + 1))[1:]
    return found
