"""Plans as good as each other by the rule they are chosen by, and which of them to take. Pure, over columns.

A tie is nearer than any estimate knows; so what a plan has beside decides: clearly less of the other measure,
clearly more certainty, less work.
"""

import numpy as np
from numpy.typing import NDArray

from service.decide.frontier import Numbers

NEAR_TIE = 0.05
"""Plans that differ by less, in money or in time, are as good in it: no estimate knows better."""
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


def tied_with_first(
    first: Numbers, second: Numbers, sure: Numbers, leader: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which are as good as the leader of their row, shape (rows, n): no more than a tie behind it by the
    rule's measure and by the other one, and as sure. Where the leader costs nothing, itself alone."""
    least, beside, surest = (np.take_along_axis(of, leader, axis=1) for of in (first, second, sure))
    limit = 1 + NEAR_TIE
    tied = (first <= least * limit) & (second <= beside * limit) & (sure >= surest - AS_SURE)
    tied &= (least > 0) & (beside > 0)
    np.put_along_axis(tied, leader, True, axis=1)
    return np.asarray(tied)


def best_of_ties(first: Numbers, second: Numbers, sure: Numbers, effort: NDArray[np.int64]) -> int:
    """Of plans as good as each other by the rule's measure, the place of the one that asks least, then of the
    first by the rule; of those alone that no other one beats.

    A plan is beaten by one of no more work, or ahead of it by the rule too, that is as sure and clearly
    better by the other measure, or clearly surer and no worse, or better in both; one's own card also by one
    rented machine that is as sure and much better. Whoever beats has no more of the other measure: one is
    unbeaten.
    """
    second = np.maximum(second, np.finfo(np.float64).tiny)
    work: NDArray[np.int64] = effort // WORK
    may = (work[:, None] <= work) | (first[:, None] <= first)
    more_sure, of_other = sure[:, None] - sure, second[:, None] / second
    as_sure = more_sure >= -AS_SURE
    clearly = (of_other <= CLEARLY) & as_sure
    surer = (of_other <= 1) & (more_sure >= MUCH_CERTAINTY)
    both = (of_other <= 1 - AS_SURE) & (more_sure >= AS_SURE)
    much = (work[:, None] <= EFFORT_OF_RENTING // WORK) & (of_other <= MUCH) & as_sure
    beats = (may & (clearly | surer | both)) | much
    left = ~beats.any(axis=0)
    return int(np.lexsort((second, first, effort, ~left))[0])
