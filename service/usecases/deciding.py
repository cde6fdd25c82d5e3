"""The best plan within a budget and a deadline, and what it hangs on."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.answers.answer import AnsweredDecision
from service.answers.question import AskedDecision
from service.answers.told import tell_decision
from service.decide.choice import Choice, choose
from service.decide.decision import Decision, NearestPlan, RatedOption
from service.decide.frontier import Limits
from service.decide.options import Option, cloud_option
from service.decide.sensitivity import break_even_line, prices_around, saved_per_day, tornado
from service.errors import InvalidValue
from service.estimate.cloud_bill import CloudTerms
from service.estimate.cost import CostItem
from service.estimate.home_bill import Purchase, runs_until_bought_pays
from service.estimate.inputs import Input, workload_inputs
from service.estimate.interval import Interval
from service.estimate.rental import cloud_terms
from service.facts import Workload
from service.reports.words.answer_sentences import say_decision
from service.reports.words.wording import wording
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.answering import kept_answer, with_trainer_file
from service.usecases.both_sides import home_side, rented_side
from service.usecases.candidate_plans import (
    Plans,
    debugging_machine,
    household_of_request,
    per_kwh,
    plans_of_request,
    without_idle,
)
from service.usecases.finding import rental_of, workload_asked
from service.usecases.knowledge import changes_of, knowledge_of, zone_of
from service.usecases.market_days import NO_MARKET, MarketDays, market_of
from service.usecases.nearest_plans import nearest_plans
from service.usecases.past_prices import PastPrices, no_past, past_prices
from service.usecases.recent_prices import recent
from service.usecases.rented_offers import RentedPlans

MOST_SHORTLISTED = 10


def decide(
    snapshot: Snapshot,
    request: AskedDecision,
    asked_at: datetime,
    market: MarketDays = NO_MARKET,
    past: PastPrices = no_past,
) -> Decision:
    """The best plan for a request, from the facts of one snapshot.

    `market` are the hours its tariff needs, `past` tells what an offer has cost.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact where there is nothing to choose from.
    """
    snapshot, prices = recent(snapshot, request, asked_at.date())
    workload = workload_asked(snapshot, request.workload, request.tokens, asked_at.date(), request.trials)
    limits = Limits(request.budget, request.deadline_hours)
    today = asked_at.date()
    household = household_of_request(snapshot, request, today, market)
    plans = plans_of_request(snapshot, request, workload, household, today)
    choice = choose(plans.candidates, limits, request.weights, request.least_probability)
    shown = _shortlisted(plans, choice, request.least_probability)
    rate = partial(_rated, snapshot, request)
    rated = {i: rate(workload, plans, choice=choice, i=i) for i in shown}
    best = rated[choice.best] if choice.best is not None else None
    nearest: tuple[NearestPlan, ...] = ()
    if best is None:
        nearest = nearest_plans(
            snapshot, request, workload, plans=plans, choice=choice, today=today,
            plans_of=lambda other: plans_of_request(snapshot, request, other, household, today),
            rate=rate,
        )  # fmt: skip
    known = knowledge_of(snapshot)
    shortlist = tuple(rated[i] for i in shown)
    home = next((r for r in shortlist if r.way in ("own", "buy") and r.cost), None)
    cloud = _reference_rental(shortlist, best)
    sides = (
        (home_side(home, known.figures), rented_side(cloud, snapshot, request, past))
        if home and cloud
        else None
    )
    return Decision(
        asked_at=asked_at,
        workload=workload,
        currency=request.currency,
        zone=zone_of(snapshot, request.country),
        limits=limits,
        weights=request.weights,
        rule=choice.rule,
        least_probability=request.least_probability,
        best=best,
        shortlist=shortlist,
        home=home,
        rented=cloud,
        dominated_count=choice.dominated_count,
        considered=len(plans.candidates),
        nearest=nearest,
        sensitivity=tornado(*sides) if sides else (),
        break_even=break_even_line(*sides, prices_around(sides[0].per_kwh[1])) if sides else (),
        runs_until_bought=_runs_until_bought(shortlist, cloud),
        saved_per_day=_saved_per_day(shortlist),
        inputs=_inputs(snapshot, workload, shortlist),
        data_version=snapshot.data_version,
        prices=prices,
    )


def _shortlisted(plans: Plans, choice: Choice, least: float) -> list[int]:
    """The front thinned out, at least half of it plans within the limits where there are so many, with its
    cleanest and fastest, the best and one's own machines; by cost."""
    front = [i for i in choice.front]
    keep = {i for i in range(len(plans.homes))} | ({choice.best} if choice.best is not None else set())
    room = max(4, MOST_SHORTLISTED - len(keep))
    within = [i for i in front if choice.probability[i] >= least]
    beyond = [i for i in front if choice.probability[i] < least]
    chosen = _thinned(within, max(room - room // 2, room - len(beyond)))
    keep |= {*chosen, *_thinned(beyond, room - len(chosen))}
    if front:
        cleanest = min(front, key=lambda i: (np.nan_to_num(plans.candidates.co2_kg[i], nan=np.inf), i))
        fastest = min(front, key=lambda i: (plans.candidates.calendar_hours[1][i], i))
        keep |= {cleanest, fastest}
    cost = plans.candidates.cost[1]
    return sorted(keep, key=lambda i: (np.nan_to_num(cost[i], nan=np.inf), i))


def _thinned(positions: list[int], room: int) -> list[int]:
    """At most so many of them, evenly, with both ends."""
    places = np.linspace(0, len(positions) - 1, min(room, len(positions))).round()
    return [positions[int(place)] for place in places]


def _rated(
    snapshot: Snapshot, request: AskedDecision, workload: Workload, plans: Plans, *, choice: Choice, i: int
) -> RatedOption:
    way, place = plans.of(i)
    c = plans.candidates
    instances = 1
    if way in ("own", "buy"):
        option = plans.homes[place][1]
    else:
        assert plans.rented is not None
        instances = int(plans.rented.instances[place])
        terms = cloud_terms(workload, knowledge_of(snapshot).figures, request.rent_terms)
        at_home = debugging_machine(plans.homes) if way == "hybrid" else None
        used = terms if at_home is None else without_idle(terms)
        option = _rented_option(snapshot, request, workload, plans.rented, place=place, terms=used)
        if at_home is not None:
            option = _debugged_at_home(option, at_home, terms.idle_share)
    return RatedOption(
        way=way,
        option=option,
        cost=_interval(c.cost[:, i]),
        calendar_hours=_interval(c.calendar_hours[:, i]),
        co2_kg=float(c.co2_kg[i]) if np.isfinite(c.co2_kg[i]) else None,
        probability=float(choice.probability[i]),
        keeps_limits=not request.has_limits or bool(choice.probability[i] >= request.least_probability),
        is_on_front=i in choice.front,
        instances=instances,
    )


def _rented_option(
    snapshot: Snapshot,
    request: AskedDecision,
    workload: Workload,
    rented: RentedPlans,
    *,
    place: int,
    terms: CloudTerms,
) -> Option:
    machine = int(rented.machine[place])
    gpu, count = rented.hardware[machine]
    planned = rented.planned[machine]
    offer = snapshot.offers.row(int(rented.row[place]))
    rental = replace(rental_of(snapshot, offer, request), instances=int(rented.instances[place]))
    return cloud_option(
        workload, gpu, count, rental, currency=request.currency, knowledge=knowledge_of(snapshot),
        planned=planned, changes=changes_of(snapshot, workload, gpu, count, planned), terms=terms,
    )  # fmt: skip


def _debugged_at_home(option: Option, own: Option, idle_share: float) -> Option:
    """The rented option without idle hours, with as many at home at the price of its electricity."""
    assert option.cost and option.calendar_hours and option.hours
    hours, price = option.hours * idle_share, per_kwh(own) or Decimal(0)
    kwh = hours * (own.power.watts.p50 / 1000)
    amount = kwh * float(price)
    line = CostItem("electricity", kwh, "kWh", price, amount)
    return replace(
        option,
        cost=replace(option.cost, total=option.cost.total + amount, items=(*option.cost.items, line)),
        calendar_hours=option.calendar_hours + hours,
        inputs=tuple(_assumed(i, "idle_share", idle_share) for i in option.inputs),
    )


def _assumed(given: Input, name: str, value: float) -> Input:
    """The same with another value, where it is the number of that name."""
    return replace(given, figure=replace(given.figure, value=value)) if given.figure.name == name else given


def _interval(column: NDArray[np.float64]) -> Interval | None:
    if not np.isfinite(column).all():
        return None
    return Interval(*(float(value) for value in column))


def _reference_rental(shortlist: tuple[RatedOption, ...], best: RatedOption | None) -> RatedOption | None:
    """The rented plan to hold home against: the best, else the cheapest that keeps the limits, else the
    cheapest."""
    rented = [r for r in shortlist if r.way in ("rent", "hybrid") and r.cost]
    if best is not None and best in rented:
        return best
    within = [r for r in rented if r.keeps_limits]
    return next(iter(within or rented), None)


def _runs_until_bought(shortlist: tuple[RatedOption, ...], cloud: RatedOption | None) -> int | None:
    for rated in shortlist:
        purchase = _purchase_of(rated)
        if purchase is None or rated.cost is None or cloud is None or cloud.cost is None:
            continue
        running = rated.cost.p50 - float(purchase.per_run)
        return runs_until_bought_pays(purchase, running, cloud.cost.p50)
    return None


def _purchase_of(rated: RatedOption) -> Purchase | None:
    return rated.option.purchase if rated.way == "buy" else None


def _saved_per_day(shortlist: tuple[RatedOption, ...]) -> float | None:
    known = [(r.cost.p50, r.calendar_hours.p50) for r in shortlist if r.cost and r.calendar_hours]
    if not known:
        return None
    return saved_per_day(min(known), min(known, key=lambda pair: (pair[1], pair[0])))


def _inputs(snapshot: Snapshot, workload: Workload, shortlist: tuple[RatedOption, ...]) -> tuple[Input, ...]:
    known = knowledge_of(snapshot)
    gpus = {r.option.gpu.slug: r.option.gpu for r in shortlist}
    return workload_inputs(workload, known.calibration, list(gpus.values()), known.figures)


def decide_from_store(
    sessions: Sessions, snapshot: Snapshot, request: AskedDecision, asked_at: datetime
) -> Decision:
    """The decision with what the store knows beyond a snapshot: the market's hours, what offers have cost."""
    market = market_of(sessions, snapshot, request, asked_at.date())
    return decide(snapshot, request, asked_at, market, past_prices(sessions, asked_at))


def answer_decision(
    sessions: Sessions, snapshot: Snapshot, request: AskedDecision, asked_at: datetime
) -> StoredComparison:
    """The decision as it is kept, written once per question and day."""

    def work_out() -> AnsweredDecision:
        decision = decide_from_store(sessions, snapshot, request, asked_at)
        return say_decision(
            wording(request.lang), with_trainer_file(tell_decision(decision), request.workload)
        )

    return kept_answer(
        sessions, snapshot, kind="decision", asked=request.kept(), asked_at=asked_at, work_out=work_out
    )


def hours_of(text: str) -> float:
    """Hours of a deadline like `30d`, `12h`, `2w` or a plain number. InvalidValue for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([hdw]?)\s*", text.lower())
    if match is None:
        raise InvalidValue("deadline", text, "is not like 30d", ["36h", "30d", "2w"])
    unit = {"": timedelta(hours=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    return float(match[1]) * (unit[match[2]] / timedelta(hours=1))
