"""What waiting saves, and after how many runs a card to buy pays: both against plans that keep the limits."""

import math

import numpy as np

from service.decide.choice import Choice
from service.decide.decision import RatedOption
from service.decide.frontier import Limits
from service.decide.sensitivity import saved_per_day as per_day_of_waiting
from service.estimate.home_bill import Purchase, runs_until_bought_pays
from service.usecases.candidate_plans import Plans


def cheapest_without_buying(plans: Plans, choice: Choice) -> int | None:
    """The cheapest plan that keeps the limits and buys nothing; None where none does."""
    is_bought = np.zeros(len(plans.candidates), dtype=np.bool_)
    is_bought[: len(plans.homes)] = [way == "buy" for way, _ in plans.homes]
    among = np.flatnonzero(choice.within & ~is_bought)
    return int(among[np.argmin(plans.candidates.cost[1][among])]) if len(among) else None


def runs_until_bought(plans: Plans, shortlist: tuple[RatedOption, ...], without: int | None) -> int | None:
    """Of the cheapest card to buy, against the cheapest plan without it; None where it is sold before."""
    for rated in shortlist:
        purchase = _purchase_of(rated)
        if purchase is None or rated.cost is None or rated.set_aside or without is None:
            continue
        running = rated.cost.p50 - purchase.whole_loss / purchase.runs
        runs = runs_until_bought_pays(purchase, running, float(plans.candidates.cost[1][without]))
        hours = rated.option.elapsed_hours
        most = purchase.most_runs(hours.p50) if hours else None
        return None if runs is None or (most is not None and runs > most) else runs
    return None


def _purchase_of(rated: RatedOption) -> Purchase | None:
    return rated.option.purchase if rated.way == "buy" else None


def saved_per_day(plans: Plans, choice: Choice, limits: Limits) -> float | None:
    """From the fastest to the cheapest plan that keeps the limits, also at its medians."""
    c = plans.candidates
    budget, deadline = (math.inf if x is None else x for x in (limits.budget, limits.deadline_hours))
    is_within = choice.within & (c.cash[1] <= budget) & (c.calendar_hours[1] <= deadline)
    known = [(float(c.cost[1][i]), float(c.calendar_hours[1][i])) for i in choice.front if is_within[i]]
    if not known:
        return None
    return per_day_of_waiting(min(known), min(known, key=lambda pair: (pair[1], pair[0])))
