"""Plans as good as each other by the rule they are chosen by, and which of them to take. Pure, over columns.

A tie is nearer than any estimate knows; so what a plan has beside decides: clearly less of the other measure,
clearly more certainty, less work.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Plans by the rule's own measure and by the other one: money and hours, or hours and money."""

    first: Numbers
    at_worst: Numbers
    """The rule's measure again, at its 90th percentile."""
    second: Numbers
    sure: Numbers
    """The probability to keep the limits."""
    effort: NDArray[np.int64]
    is_by_money: bool
    """Whether money is the rule's measure."""

    def of(self, row: int, places: NDArray[np.intp]) -> "Measures":
        """Of a row those places only."""
        columns = (self.first, self.at_worst, self.second, self.sure)
        first, at_worst, second, sure = (of[row, places] for of in columns)
        return Measures(first, at_worst, second, sure, self.effort[row, places], self.is_by_money)

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


def best_of_ties(plans: Measures) -> int:
    """Of plans as good as each other by the rule's measure, the place of the one that is least work, asks
    least beside, and is first by the rule; of those alone that no other one beats.

    A plan is beaten by one that is no more than a tie behind it by the rule, no more work (or ahead by the
    rule too), as sure and clearly better by the other measure, or clearly surer and no worse, or better in
    both; for a small sum by one that is no more work and much better; one's own card also by one rented
    machine that is. Whoever beats has no more of the other measure: one is unbeaten.
    """
    first, sure = plans.first, plans.sure
    second = np.maximum(plans.second, np.finfo(np.float64).tiny)
    slack, other_slack = plans.slack
    work: NDArray[np.int64] = plans.effort // WORK
    no_more_work = work[:, None] <= work
    gained = second - second[:, None]
    is_ahead = (first[:, None] <= first) & (plans.is_by_money | (gained > other_slack))
    behind = np.zeros_like(first) if plans.is_by_money else first + slack
    near = first[:, None] <= np.maximum(first * (1 + NEAR_TIE), behind)
    more_sure, of_other = sure[:, None] - sure, second[:, None] / second
    as_sure = more_sure >= -AS_SURE
    clearly = (of_other <= CLEARLY) & as_sure
    surer = (of_other <= 1) & (more_sure >= MUCH_CERTAINTY)
    both = (of_other <= 1 - AS_SURE) & (more_sure >= AS_SURE)
    much = (of_other <= MUCH) & as_sure
    beats = (no_more_work | is_ahead) & near & (clearly | surer | both)
    beats |= much & no_more_work & (first[:, None] <= first + slack)
    beats |= much & near & (work[:, None] <= EFFORT_OF_RENTING // WORK)
    left = ~beats.any(axis=0)
    left &= work == work[left].min()
    left &= first <= first[left].min() * (1 + NEAR_TIE)
    return int(np.lexsort((second, first, plans.effort, ~left))[0])
