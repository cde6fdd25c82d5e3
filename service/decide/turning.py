"""What would change the choice: each input over its range, and the value at which another plan is chosen.

The choice is made anew with the input changed, limits and all, among the plans that could become it: a plan
that no change of this input can make the best is never told to turn anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

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
    sure_enough,
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
FINER_STEPS = 40
ROUNDS = 4
"""Of closing in: exact to a few parts in 10^6."""
FEW = 8
"""Plans that are chosen from sooner than it is found which of them cannot win."""
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
        moves: Flags = (self.cost_part != 0) | (self.cash_part != 0) | (self.hours_part != 0)
        return moves

    @property
    def trades(self) -> Flags:
        """Of which it moves money one way and hours the other, shape (n,)."""
        trades: Flags = (self.cost_part * self.hours_part < 0) | (self.cash_part * self.hours_part < 0)
        return trades

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

    def sure(self, candidates: Candidates) -> tuple[Flags, Numbers]:
        """Which may be chosen and keep the limits surely enough, and how surely each does."""
        probability = probability_of(candidates, self.limits)
        return sure_enough(candidates, probability, self.least_probability), probability

    def held(self, candidates: Candidates) -> tuple[Flags, Numbers]:
        """Which do if rents stay what was stated, and how surely."""
        return sure_if_rents_hold(candidates, self.limits, self.least_probability)


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """All plans, and by what they are chosen: made once for all inputs."""

    candidates: Candidates
    choice: Choice
    question: Question
    sure: Flags
    """Which keep the limits surely enough."""
    merit: Numbers
    """What the rule looks at, the lower the better; infinite where it is not known."""

    @staticmethod
    def of(candidates: Candidates, choice: Choice, question: Question) -> "Contest":
        """A best there must be."""
        assert choice.best is not None
        sure = sure_enough(candidates, choice.probability, question.least_probability)
        merit = merit_of(candidates, choice.rule, question.weights)
        return Contest(candidates, choice, question, sure, merit)

    def is_another(self, chosen: int | None) -> bool:
        """Whether a candidate, or none, is another plan than today's."""
        assert self.choice.best is not None
        own = self.candidates.rests_on[self.choice.best]
        return chosen is None or bool(self.candidates.rests_on[chosen] != own)

    def race(self, lever: Lever) -> "Race":
        """All that can win at some value of a lever that is looked at."""
        whole = Race(self, lever, self.candidates, np.arange(len(self.candidates)))
        (low, high), now = lever.ends, lever.now
        return whole.between(min(low, lever.low / now), max(high, lever.high / now))


@dataclass(frozen=True, slots=True, eq=False)
class Race:
    """Some candidates, and the input that moves them."""

    contest: Contest
    lever: Lever
    candidates: Candidates
    positions: Positions
    """Of these candidates among all."""
    keeps: bool = False
    """Whether one of them keeps the limits surely enough as far as this race goes."""

    @property
    def is_open(self) -> bool:
        """Whether another plan than today's could be chosen."""
        return not self.keeps or any(map(self.contest.is_another, self.positions.tolist()))

    def of(self, places: Positions) -> "Race":
        """Those of them only."""
        return Race(self.contest, self.lever.of(places), self.candidates.of(places), self.positions[places])

    def between(self, low: float, high: float) -> "Race":
        """Those that can win from one ratio to today's value to another: what keeps the limits at either and
        is there at least as good as what keeps them at both; rents held where nothing does. In between
        nothing is better than at both, but what trades money for hours may be: that stays."""
        contest, asked, moves = self.contest, self.contest.question, np.flatnonzero(self.lever.moves)
        if not len(moves):
            return self
        some = self.of(moves)
        moved = some.lever.moved(some.candidates, self.lever.now * low, self.lever.now * high)

        def at_ends(known: NDArray[Any], of_moved: NDArray[Any]) -> NDArray[Any]:
            both = np.tile(known[self.positions], (2, 1))
            both[:, moves] = of_moved.reshape(2, -1)
            return both

        merit = at_ends(contest.merit, merit_of(moved, contest.choice.rule, asked.weights))
        may = at_ends(contest.sure, asked.sure(moved)[0])
        keeps = self._as_good_throughout(merit, may)
        if keeps is None:
            held = at_ends(contest.choice.held, asked.held(moved)[0])
            keeps = self._as_good_throughout(merit, held)
            may |= held if keeps is None else held & keeps
        else:
            may &= keeps
        may = (may | self.lever.trades) & (merit < np.inf)
        return replace(self.of(np.flatnonzero(may.any(axis=0))), keeps=keeps is not None)

    def _as_good_throughout(self, merit: Numbers, keeps: Flags) -> Flags | None:
        """Who is at one of two ends as good as the best of those that keep the limits at both is at its worse
        one, shape (2, n); None where none does."""
        throughout = np.max(merit[:, keeps.all(axis=0)], axis=0)
        if not len(throughout):
            return None
        rule, weights = self.contest.choice.rule, self.contest.question.weights
        as_good: Flags = merit.min(axis=0) <= near_first(float(throughout.min()), rule, weights)
        return np.tile(as_good, (2, 1))

    def chosen(self, values: Sequence[float]) -> list[int | None]:
        """Who is chosen at each value of the lever, as `choose` does: positions among all candidates."""
        asked, times = self.contest.question, len(values)
        moved = self.lever.moved(self.candidates, *values)
        within, sure = sure_of(*asked.sure(moved), lambda: asked.held(moved), times)
        places = firsts_of(moved, within, sure, times, self.contest.choice.rule, asked.weights)
        return [None if place is None else int(self.positions[place]) for place in places]


def hangs_on(contest: Contest, levers: Sequence[Lever]) -> tuple[tuple[Swing, ...], tuple[Turn, ...]]:
    """The inputs that move the difference to the next plan most, each over its own range with the others at
    rest, nothing without a next plan; and for each input the nearest values below and above today's beyond
    which another plan is chosen, the nearest (as a ratio) first. Inputs that turn nothing within 20 times
    (hours, watts: 4) are left out.
    """
    swings, turns = [], []
    for lever in levers:
        if not lever.moves.any():
            continue
        race = contest.race(lever)
        swing = _swing(contest, lever, race)
        swings += [swing] if swing else []
        found = (_turn(race, end) for end in lever.ends if end != 1)
        turns += [turn for turn in found if turn is not None]
    return (
        tuple(sorted(swings, key=lambda swing: (-swing.width, swing.code))[:MOST_SWINGS]),
        tuple(sorted(turns, key=lambda turn: abs(np.log(turn.at / turn.now)))),
    )


def _swing(contest: Contest, lever: Lever, race: Race) -> Swing | None:
    best, rival, cost = contest.choice.best, contest.choice.rival, contest.candidates.cost[1]
    if best is None or rival is None or not lever.high > lever.low * (1 + 1e-9):
        return None
    parts, today = lever.cost_part[rival] - lever.cost_part[best], cost[rival] - cost[best]
    low, high = (float(today + parts * (v / lever.now - 1)) for v in (lever.low, lever.high))
    if abs(high - low) <= LEAST_WIDTH * abs(cost[best]):
        return None
    turns = any(map(contest.is_another, race.chosen([lever.low, lever.high])))
    return Swing(lever.code, lever.low, lever.high, low, high, turns)


def _turn(race: Race, bound: float) -> Turn | None:
    """The first value from today's to `bound` times it at which another plan is chosen."""
    code, now = race.lever.code, race.lever.now
    inside, outside, found, steps = 1.0, bound, None, FIRST_STEPS
    for _ in range(ROUNDS):
        if len(race.positions) > FEW:
            race = race.between(inside, outside)
        if not race.is_open:
            break
        ratios = np.exp(np.linspace(np.log(inside), np.log(outside), steps + 1))[1:]
        chosen = race.chosen([now * ratio for ratio in ratios])
        at = next((k for k, winner in enumerate(chosen) if race.contest.is_another(winner)), None)
        if at is None:
            break
        inside, outside = (float(ratios[at - 1]) if at else inside), float(ratios[at])
        found, steps = Turn(code, now, now * outside, chosen[at]), FINER_STEPS
    return found
