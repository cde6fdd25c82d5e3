"""Plans as good as each other by the rule they are chosen by, and which of them to take. Pure, over columns.

A tie is nearer than any estimate knows; so what a plan has beside decides: clearly less of the other measure,
clearly more certainty, less work.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.decide.frontier import Numbers

NEAR_TIE = 0.05
"""Plans that differ by less, in money or in time, are as good in it: no estimate knows better."""
SMALL_SUM, SHORT_TIME_HOURS = 2.0, 0.25
"""In the currency of the decision, and in hours: less is nothing to decide by, whatever share it is."""
AS_SURE = 0.01
"""Probability: less is nothing that a person would be told."""
CLEARLY, MUCH = 0.85, 0.7
"""What is left of a plan's time (or money) where another saves it clearly: a reason among plans of no more
work; and where it saves so much that one rents a machine for it."""
MUCH_CERTAINTY = 0.05
"""More probability to keep the limits."""
EFFORT_OF_A_CODE_CHANGE, EFFORT_OF_SEVERAL_NODES, EFFORT_OF_DEBUGGING_AT_HOME = 2000, 500, 300
EFFORT_OF_BUYING, EFFORT_OF_RENTING = 200, 100
"""What a plan asks of a person, in this order: changing the code asks more than a cluster, that more than to
debug at home first, that more than a machine not one's own. Every doubling of a cluster asks as much again as
renting."""
EFFORT_OF_UNKNOWN_STOCK, EFFORT_OF_AN_OLD_PRICE, EFFORT_OF_TWICE_THE_GPUS = 20, 10, 1
WORK = 100
"""Of effort: what is less is no work, and only tells plans of as much work apart."""


LEAST = np.finfo(np.float64).tiny
"""Of either measure: a share of nothing is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Plans by the rule's own measure and by the other one, money and hours, or hours and money; shape (rows,
    n), a choice in each row."""

    first: Numbers
    at_worst: Numbers
    """The rule's measure again, at its 90th percentile."""
    second: Numbers
    sure: Numbers
    """The probability to keep the limits."""
    effort: NDArray[np.int64]
    is_by_money: bool
    """Whether money is the rule's measure."""

    def of(self, places: NDArray[np.intp]) -> "Measures":
        """Of each row those places only, shape (rows, places)."""
        columns = (self.first, self.at_worst, self.second, self.sure)
        first, at_worst, second, sure = (np.take_along_axis(of, places, axis=1) for of in columns)
        effort = np.take_along_axis(self.effort, places, axis=1)
        return Measures(first, at_worst, second, sure, effort, self.is_by_money)

    @property
    def slack(self) -> tuple[float, float]:
        """How much more of either measure is nothing to decide by."""
        both = (SMALL_SUM, SHORT_TIME_HOURS)
        return both if self.is_by_money else (both[1], both[0])


def tied_with_first(plans: Measures, leader: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which are as good as the leader of their row, shape (rows, n): no more than a tie behind it by the
    rule's measure and by the other one, not clearly worse at worst, and as sure. Where the leader costs
    nothing, itself alone."""
    columns = (plans.first, plans.at_worst, plans.second, plans.sure)
    least, worst, beside, surest = (np.take_along_axis(of, leader, axis=1) for of in columns)
    tied = (plans.sure >= surest - AS_SURE) & (least > 0) & (beside > 0)
    tied &= plans.at_worst <= np.maximum(worst / CLEARLY, worst + plans.slack[0])
    for of, ahead, slack in zip((plans.first, plans.second), (least, beside), plans.slack, strict=True):
        tied &= of <= np.maximum(ahead * (1 + NEAR_TIE), ahead + slack)
    np.put_along_axis(tied, leader, True, axis=1)
    return tied


def best_of_ties(plans: Measures, tied: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Of plans as good as each other by the rule's measure, those `tied` in each row, the place of the one
    that is least work, asks least beside, and is first by the rule; of those alone that no other one beats.

    A plan is beaten by one that is no more than a tie behind it by the rule, no more work (or ahead by the
    rule too), as sure and clearly better by the other measure, or clearly surer and no worse, or better in
    both; for a small sum by one that is no more work and much better; one's own card also by one rented
    machine that is. Whoever beats has no more of the other measure: one is unbeaten.
    """
    # Of every row its ties alone: each of them is held against each.
    places = np.argsort(~tied, axis=1, kind="stable")[:, : tied.sum(axis=1).max()]
    few, tied = plans.of(places), np.take_along_axis(tied, places, axis=1)
    left = tied & ~(_beats(few, tied) & tied[:, :, None]).any(axis=1)
    work, first = few.effort // WORK, few.first
    left &= work == _least_of(work, left)
    left &= first <= _least_of(first, left) * (1 + NEAR_TIE)
    chosen = np.lexsort((few.second, first, few.effort, ~left), axis=1)[:, :1]
    found: NDArray[np.intp] = np.take_along_axis(places, chosen, axis=1)[:, 0]
    return found


def _beats(plans: Measures, tied: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """In each row, whether the one (second axis) beats the other (third axis)."""

    def against(of: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        return of[:, :, None], of[:, None, :]

    first, other_first = against(np.where(tied, plans.first, 1.0))
    second, other_second = against(np.where(tied, np.maximum(plans.second, LEAST), 1.0))
    sure, other_sure = against(plans.sure)
    work, other_work = against(plans.effort // WORK)
    slack, other_slack = plans.slack
    no_more_work = work <= other_work
    is_ahead = (first <= other_first) & (plans.is_by_money | (other_second - second > other_slack))
    behind = 0.0 if plans.is_by_money else other_first + slack
    near = first <= np.maximum(other_first * (1 + NEAR_TIE), behind)
    more_sure, of_other = sure - other_sure, second / other_second
    as_sure = more_sure >= -AS_SURE
    clearly = (of_other <= CLEARLY) & as_sure
    surer = (of_other <= 1) & (more_sure >= MUCH_CERTAINTY)
    both = (of_other <= 1 - AS_SURE) & (more_sure >= AS_SURE)
    much = (of_other <= MUCH) & as_sure
    beats: NDArray[np.bool_] = (no_more_work | is_ahead) & near & (clearly | surer | both)
    beats |= much & no_more_work & (first <= other_first + slack)
    beats |= much & near & (work <= EFFORT_OF_RENTING // WORK)
    return beats


def _least_of(numbers: NDArray[Any], left: NDArray[np.bool_]) -> NDArray[Any]:
    """The least of those left in each row, shape (rows, 1)."""
    least: NDArray[Any] = np.where(left, numbers, np.inf).min(axis=1, keepdims=True)
    return least
