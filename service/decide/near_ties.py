"""Plans that cost hardly more than the best and buy much: time, or certainty. Pure, over columns."""

from dataclasses import dataclass

import numpy as np

from service.decide.candidates import Candidates
from service.decide.choice import Choice

A_LITTLE = 0.05
"""More than the best plan: as little as nobody would turn down much for."""
AT_MOST = 1.25
"""Times the best plan's money: beyond it no interval makes more a little."""
MUCH_SHARE = 0.7
"""Of the best plan's time (or money): what is left of it where much is saved."""
MUCH_CERTAINTY = 0.05
"""More probability to keep the limits, which halves the risk at least."""
MOST_TOLD = 2


@dataclass(frozen=True, slots=True)
class NearTie:
    """A plan for a little more than the best, and what it buys; at medians."""

    position: int
    extra_cost: float
    """In the decision's currency; negative where it costs less."""
    saved_hours: float
    """On the calendar; negative where it takes longer."""
    gained_probability: float


def near_ties(candidates: Candidates, choice: Choice) -> tuple[NearTie, ...]:
    """At most two plans within the limits for a little more money (5 %, then up to the best plan's own 90th
    percentile and at most a quarter) than the cheapest that take at most 0.7 of its time, or keep the limits
    much more surely; of the fastest plan: for a little more time at most 0.7 of its money. None under
    weights, which say what time is worth.
    """
    if choice.best is None or choice.rule == "weighed":
        return ()
    best, among = choice.best, np.flatnonzero(choice.within)
    paid, gained = candidates.cost, candidates.calendar_hours
    if choice.rule == "fastest":
        paid, gained = gained, paid
    if paid[1][best] <= 0 or gained[1][best] <= 0:
        return ()
    told: list[NearTie] = []
    left, at_risk = gained[1][best], 1 - choice.probability[best]
    for most in (paid[1][best] * (1 + A_LITTLE), min(paid[2][best], paid[1][best] * AT_MOST)):
        near = among[(paid[1][among] <= most) & (among != best)]
        saving = near[gained[1][near] <= MUCH_SHARE * left]
        surer = near[
            (gained[1][near] <= gained[1][best] * (1 + A_LITTLE))
            & (1 - choice.probability[near] <= at_risk / 2)
            & (choice.probability[near] - choice.probability[best] >= MUCH_CERTAINTY)
        ]
        if len(saving):
            found = saving[np.lexsort((saving, paid[1][saving], gained[1][saving]))[0]]
        elif len(surer) and not told:
            found = surer[np.lexsort((surer, paid[1][surer], -choice.probability[surer]))[0]]
        else:
            continue
        left, at_risk = gained[1][found], 1 - choice.probability[found]
        told.append(_against(candidates, choice, best, int(found)))
    return tuple(told[:MOST_TOLD])


def _against(candidates: Candidates, choice: Choice, best: int, other: int) -> NearTie:
    cost, hours = candidates.cost[1], candidates.calendar_hours[1]
    return NearTie(
        other,
        float(cost[other] - cost[best]),
        float(hours[best] - hours[other]),
        float(choice.probability[other] - choice.probability[best]),
    )
