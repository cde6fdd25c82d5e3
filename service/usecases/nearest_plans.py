"""Where no plan keeps the limits: the smallest changes that make one possible."""

import math
from datetime import date
from typing import Protocol

from service.answers.question import AskedDecision
from service.decide.choice import Choice, choose
from service.decide.decision import NearestPlan, RatedOption
from service.decide.frontier import Limits
from service.decide.nearest_change import (
    Nearest,
    fewer_tokens,
    gentlest_first,
    nearest_changes,
)
from service.errors import MissingFact
from service.estimate.architecture import parameters
from service.facts import Workload
from service.store.snapshot import Snapshot
from service.usecases.candidate_plans import Plans
from service.usecases.finding import with_tokens
from service.usecases.smaller_models import smaller_models

FIRST_SHARE = 0.5
"""Of the tokens: where the plans are looked at a second time, to see what tokens cost."""
MOST_TRIES = 4
A_LITTLE_LESS = 0.998
"""Where as many as should do are still too many: bills have steps."""


class PlansOf(Protocol):
    """The plans of another workload: all, or those that could keep the limits; their doubts drawn or not."""

    def __call__(self, workload: Workload, /, *, only_hopeful: bool = False, draws: bool = True) -> Plans: ...


class Rate(Protocol):
    """One of the plans of a workload with its chances; `i` is its place among them."""

    def __call__(self, workload: Workload, plans: Plans, /, *, choice: Choice, i: int) -> RatedOption: ...


def nearest_plans(
    snapshot: Snapshot,
    request: AskedDecision,
    workload: Workload,
    *,
    plans: Plans,
    choice: Choice,
    today: date,
    plans_of: PlansOf,
    rate: Rate,
) -> tuple[NearestPlan, ...]:
    """Changes of budget, deadline and tokens, the gentlest first, then the largest smaller model.

    A plan on fewer tokens, or of a smaller model, is shown as it would be then.
    """
    limits = Limits(request.budget, request.deadline_hours)
    rated: dict[Nearest, RatedOption] = {}
    for change in nearest_changes(plans.candidates, limits, request.least_probability, request.weights):
        rated[change] = rate(workload, plans, choice=choice, i=change.position)
    fewer = _fewer_tokens(request, workload, plans, today=today, plans_of=plans_of, rate=rate)
    rated |= dict([fewer] if fewer else [])
    changes = [
        NearestPlan(
            c.code,
            c.value * workload.tokens if c.code == "tokens" else c.value,
            rated[c],
            needs_stated_rent=c.needs_stated_rent,
        )
        for c in gentlest_first(rated, limits)
    ]
    smaller = _smaller_model(snapshot, request, workload, plans_of, rate)
    return (*changes, smaller) if smaller else tuple(changes)


def _fewer_tokens(
    request: AskedDecision,
    workload: Workload,
    plans: Plans,
    *,
    today: date,
    plans_of: PlansOf,
    rate: Rate,
) -> tuple[Nearest, RatedOption] | None:
    """The largest share of the tokens that some plan does within the limits, asked again to be sure."""
    limits, least = Limits(request.budget, request.deadline_hours), request.least_probability
    tokens = int(FIRST_SHARE * workload.tokens)
    for attempt in range(MOST_TRIES):
        if tokens < workload.recipe.global_batch_tokens:
            return None
        smaller, share = with_tokens(workload, tokens, today), tokens / workload.tokens
        less = plans_of(smaller, draws=attempt > 0)
        choice = _chosen(request, less) if attempt else None
        if choice is not None and choice.best is not None:
            found = Nearest("tokens", share, choice.best, choice.needs_stated_rent)
            return found, rate(smaller, less, choice=choice, i=choice.best)
        change = fewer_tokens(plans.candidates, less.candidates, share, limits, least)
        if change is None:
            return None
        tokens = _rounded_down(change.value * workload.tokens * A_LITTLE_LESS**attempt)
    return None


def _chosen(request: AskedDecision, plans: Plans) -> Choice | None:
    """What `decide` would choose of these; None where none has a number that the weights ask for."""
    limits = Limits(request.budget, request.deadline_hours)
    try:
        return choose(plans.candidates, limits, request.weights, request.least_probability)
    except MissingFact:
        return None


def _rounded_down(tokens: float) -> int:
    """Three digits, and no more: as many as are said are few enough."""
    step = 10 ** max(0, math.floor(math.log10(tokens)) - 2)
    return int(tokens // step * step)


def _smaller_model(
    snapshot: Snapshot, request: AskedDecision, workload: Workload, plans_of: PlansOf, rate: Rate
) -> NearestPlan | None:
    """The largest smaller model of the same family that some plan trains within the limits."""
    for smaller in smaller_models(snapshot, workload):
        try:
            plans = plans_of(smaller, only_hopeful=True)
        except MissingFact:
            continue
        choice = _chosen(request, plans)
        if choice is not None and choice.best is not None:
            plan = rate(smaller, plans, choice=choice, i=choice.best)
            size = float(parameters(smaller.architecture))
            return NearestPlan("model", size, plan, smaller.slug, choice.needs_stated_rent)
    return None
