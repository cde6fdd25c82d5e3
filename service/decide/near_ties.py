"""Plans that cost hardly more than the best and buy much: time, or certainty; and what the best was taken
instead of. Pure, over columns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.decide.candidates import Candidates, Positions
from service.decide.choice import Choice, measures_of
from service.decide.ties import (
    AS_SURE,
    CLEARLY,
    EFFORT_OF_A_CODE_CHANGE,
    MUCH,
    MUCH_CERTAINTY,
    NEAR_TIE,
    SMALL_SUM,
    WORK,
)

AT_MOST = 1.25
"""Times the best plan's money: beyond it no interval makes more a little."""
AN_HOUR, SHORTEST_HOURS = 1.0, 2.0
"""Of a run of two hours or more an hour is a little."""
MOST_TOLD = 2

Drawback = Literal["slower", "dearer", "less_sure", "code_change", "more_work", "harder_to_get"]
"""Why the first by the rule was passed over: the other measure, how surely it keeps the limits, what it asks
of one; or its stock, the age of its price, more GPUs."""


@dataclass(frozen=True, slots=True)
class NearTie:
    """A plan for a little more than the best and what it buys, or the one passed over; at medians."""

    position: int
    extra_cost: float
    """In the decision's currency; negative where it costs less."""
    saved_hours: float
    """On the calendar; negative where it takes longer."""
    gained_probability: float
    drawback: Drawback | None = None
    """Of the first by the rule, where it was passed over for a plan as good by the rule; else None."""


def near_ties(candidates: Candidates, choice: Choice) -> tuple[NearTie, ...]:
    """The first by the rule, where another plan was taken instead; then at most two plans within the limits
    for a little more money than the chosen one.

    A little is 5 %: for that a plan that clearly saves time (at most 0.85 of it is left) is told. Then up to
    the chosen plan's own 90th percentile and at most a quarter: for that one that saves much (0.7). Where
    there is none, one that keeps the limits much more surely. Of the fastest plan: for a little more time,
    an hour of a run of two or more included, what saves money. None under weights, which say what time is
    worth. Where the chosen one keeps the limits only if its rent is what was stated: the surest as rents are
    today, of all that cost at most a quarter more, if it is much surer.
    """
    if choice.best is None or choice.rule == "weighed":
        return ()
    best, among = choice.best, np.flatnonzero(choice.within)
    told = [*_passed_over(candidates, choice, best), *_surer_today(candidates, choice, best)]
    paid, gained = measures_of(candidates, choice.rule)
    some_more = SMALL_SUM
    if choice.rule == "fastest":
        some_more = AN_HOUR if paid[1][best] >= SHORTEST_HOURS else 0.0
    if paid[1][best] <= 0 or gained[1][best] <= 0:
        return tuple(told)
    among = among[~np.isin(among, [best, *(tie.position for tie in told)])]
    left, at_risk = gained[1][best], 1 - choice.probability[best]
    bought: list[NearTie] = []
    most = max(min(paid[2][best], paid[1][best] * AT_MOST), paid[1][best] + some_more)
    for limit, share in ((paid[1][best] * (1 + NEAR_TIE), CLEARLY), (most, MUCH)):
        near = among[paid[1][among] <= limit]
        saving = near[gained[1][near] <= share * left]
        surer = near[
            (gained[1][near] <= gained[1][best] * (1 + NEAR_TIE))
            & (1 - choice.probability[near] <= at_risk / 2)
            & (choice.probability[near] - choice.probability[best] >= MUCH_CERTAINTY)
        ]
        if len(saving):
            ahead = saving[gained[1][saving] <= gained[1][saving].min() * (1 + NEAR_TIE)]
            found = ahead[np.lexsort((ahead, gained[1][ahead], paid[1][ahead]))[0]]
        elif len(surer) and not bought:
            found = surer[np.lexsort((surer, paid[1][surer], -choice.probability[surer]))[0]]
        else:
            continue
        left, at_risk = gained[1][found], 1 - choice.probability[found]
        found = _with_less_work(candidates, among, int(found))
        bought.append(_against(candidates, choice, best, int(found)))
    return (*told, *bought[:MOST_TOLD])


def _with_less_work(candidates: Candidates, among: Positions, found: int) -> int:
    """The same machine without debugging at home first, where that is hardly dearer; else the plan itself."""
    cost, work = candidates.cost[1], candidates.effort // WORK
    same = among[candidates.rests_on[among] == candidates.rests_on[found]]
    simpler = same[(work[same] < work[found]) & (cost[same] <= cost[found] * (1 + NEAR_TIE))]
    return int(simpler[np.argmin(cost[simpler])]) if len(simpler) else found


def _passed_over(candidates: Candidates, choice: Choice, best: int) -> list[NearTie]:
    """The first by the rule; not where it is ahead by 1 % or less, or the same machine elsewhere for as much
    work."""
    leader = choice.leader
    if leader is None or leader == best:
        return []
    first = measures_of(candidates, choice.rule)[0][1]
    if first[best] <= first[leader] * (1 + AS_SURE):
        return []
    more_work = candidates.effort[leader] // WORK - candidates.effort[best] // WORK
    if candidates.rests_on[leader] == candidates.rests_on[best] and more_work <= 0:
        return []
    return [_against(candidates, choice, best, leader, _drawback(candidates, choice, best, leader))]


def _surer_today(candidates: Candidates, choice: Choice, best: int) -> list[NearTie]:
    if not choice.needs_stated_rent:
        return []
    sure, cost, hours = choice.probability, candidates.cost[1], candidates.calendar_hours[1]
    may = candidates.may_be_chosen & (sure >= sure[best] + MUCH_CERTAINTY)
    may &= (cost <= cost[best] * AT_MOST) & ((cost > cost[best]) | (hours > hours[best]))
    found = np.flatnonzero(may)
    if not len(found):
        return []
    found = found[sure[found] >= sure[found].max() - AS_SURE]
    return [_against(candidates, choice, best, int(found[np.argmin(cost[found])]))]


def _drawback(candidates: Candidates, choice: Choice, best: int, leader: int) -> Drawback:
    second = measures_of(candidates, choice.rule)[1][1]
    if second[best] <= CLEARLY * second[leader]:
        return "dearer" if choice.rule == "fastest" else "slower"
    if choice.probability[best] - choice.probability[leader] >= MUCH_CERTAINTY:
        return "less_sure"
    code, work = (candidates.effort[[leader, best]] // of for of in (EFFORT_OF_A_CODE_CHANGE, WORK))
    if code[0] > code[1]:
        return "code_change"
    if work[0] > work[1]:
        return "more_work"
    if second[best] <= (1 - AS_SURE) * second[leader]:
        return "dearer" if choice.rule == "fastest" else "slower"
    return "harder_to_get"


def _against(
    candidates: Candidates, choice: Choice, best: int, other: int, drawback: Drawback | None = None
) -> NearTie:
    cost, hours = candidates.cost[1], candidates.calendar_hours[1]
    return NearTie(
        other,
        float(cost[other] - cost[best]),
        float(hours[best] - hours[other]),
        float(choice.probability[other] - choice.probability[best]),
        drawback,
    )
