"""The best plan within a budget and a deadline, and what it hangs on."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.answers.answer import AnsweredDecision
from service.answers.question import AskedDecision
from service.answers.told import tell_decision
from service.answers.told_alternative import tell_decided
from service.decide.candidates import SET_ASIDE, Candidates, SetAside
from service.decide.choice import Choice, Weights, choose, merit_of
from service.decide.decision import (
    Decision,
    LeftAside,
    NearestPlan,
    RatedOption,
    RatedTie,
    RatedTurn,
)
from service.decide.frontier import Limits, non_dominated
from service.decide.near_ties import near_ties
from service.decide.options import Option, cloud_option
from service.decide.why_not import reason_of
from service.estimate.cloud_bill import CloudTerms
from service.estimate.cost import CostItem
from service.estimate.debugging import (
    Debugging,
    DebuggingBenefit,
    benefit_of,
    debugging_of,
    with_debugging,
)
from service.estimate.inputs import Input, workload_inputs
from service.estimate.interval import Interval
from service.facts import Workload
from service.reports.words.answer_sentences import say_decision
from service.reports.words.wording import wording
from service.store.answer_room import AnswerRoom
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.answering import kept_answer, unkept, with_trainer_file
from service.usecases.asked_vat import asked_vat
from service.usecases.candidate_plans import (
    Plans,
    chance_if_rent_holds,
    column_of,
    debugging_machine,
    household_of_request,
    per_kwh,
    per_kwh_doubted,
    plans_of_request,
)
from service.usecases.finding import rental_of, workload_asked
from service.usecases.knowledge import changes_of, knowledge_of, zone_of
from service.usecases.levers import Hangs, what_it_hangs_on
from service.usecases.market_days import NO_MARKET, MarketDays, market_of
from service.usecases.nearest_plans import nearest_plans
from service.usecases.past_prices import PastPrices, no_past, past_prices
from service.usecases.recent_prices import recent
from service.usecases.rented_offers import RentedPlans
from service.usecases.what_if import alternatives_of
from service.usecases.what_pays import cheapest_without_buying, runs_until_bought, saved_per_day

MOST_SHORTLISTED = 8


def decide(
    snapshot: Snapshot,
    request: AskedDecision,
    asked_at: datetime,
    market: MarketDays = NO_MARKET,
    past: PastPrices = no_past,
    *,
    is_beside: bool = False,
) -> Decision:
    """The best plan for a request, from the facts of one snapshot.

    `market` are the hours its tariff needs, `past` tells what an offer has cost. Beside another decision it
    is told by its best plan alone: what that hangs on is not worked out.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact where there is nothing to choose from.
    """
    snapshot, prices = recent(snapshot, request, asked_at.date())
    workload = workload_asked(
        snapshot, request.workload, request.tokens, asked_at.date(), request.trials, request.failed_runs
    )
    limits = Limits(request.budget, request.deadline_hours)
    today = asked_at.date()
    household = household_of_request(snapshot, request, today, market)
    plans = plans_of_request(snapshot, request, workload, household, today)
    choice = choose(plans.candidates, limits, request.weights, request.least_probability)
    ties = near_ties(plans.candidates, choice)
    hangs = Hangs() if is_beside else what_it_hangs_on(snapshot, request, plans, choice, past)
    rate = partial(_rated, snapshot, request, today)
    known: dict[int, RatedOption] = {}

    def rated(i: int) -> RatedOption:
        if i not in known:
            known[i] = rate(workload, plans, choice=choice, i=i)
        return known[i]

    shown = _shortlisted(plans, choice, [tie.position for tie in ties], request.weights)
    shortlist = tuple(rated(i) for i in shown)
    best = None if choice.best is None else rated(choice.best)
    rival = None if choice.rival is None else rated(choice.rival)
    held = None if choice.if_rents_hold is None else rated(choice.if_rents_hold)
    nearest: tuple[NearestPlan, ...] = ()
    if best is None:
        nearest = nearest_plans(
            snapshot, request, workload, plans=plans, choice=choice, today=today,
            plans_of=partial(plans_of_request, snapshot, request, household=household, today=today),
            rate=rate,
        )  # fmt: skip
    home = next((r for r in shortlist if r.way in ("own", "buy") and r.cost and not r.set_aside), None)
    cloud = _reference_rental(shortlist, best, rival, held)
    without = cheapest_without_buying(plans, choice)
    counts = _counts(plans, choice, shown)
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
        needs_stated_rent=choice.needs_stated_rent,
        if_rents_hold=held,
        rival=rival,
        shortlist=shortlist,
        home=home,
        rented=cloud,
        dominated_count=counts.beaten,
        unshown=counts.unshown,
        unpriced=counts.unpriced,
        considered=len(plans.candidates),
        near_ties=tuple(RatedTie(rated(tie.position), tie) for tie in ties),
        turns=tuple(RatedTurn(turn, None if turn.then is None else rated(turn.then)) for turn in hangs.turns),
        left_aside=tuple(
            LeftAside(reason, count, None if cheapest is None else rated(cheapest))
            for reason, count, cheapest in counts.left_aside
        ),
        nearest=nearest,
        sensitivity=hangs.swings,
        break_even=hangs.break_even,
        runs_until_bought=runs_until_bought(plans, shortlist, without),
        instead_of_buying=None if without is None or not request.buy else rated(without),
        saved_per_day=saved_per_day(plans, choice, limits),
        inputs=_inputs(snapshot, workload, shortlist),
        data_version=snapshot.data_version,
        prices=prices,
        vat=asked_vat(snapshot, request, today),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Every plan that is not shown, once."""

    beaten: int
    unshown: int
    unpriced: int
    left_aside: tuple[tuple[SetAside, int, int | None], ...]
    """Reason, how many, and the cheapest of all of them."""


def _counts(plans: Plans, choice: Choice, shown: list[int]) -> _Counts:
    c = plans.candidates
    hidden = np.ones(len(c), dtype=np.bool_)
    hidden[shown] = False
    front = np.zeros(len(c), dtype=np.bool_)
    front[list(choice.front)] = True
    aside = c.is_known & (c.set_aside > 0)
    left = []
    for place, reason in enumerate(SET_ASIDE, 1):
        which = np.flatnonzero(aside & (c.set_aside == place))
        count = int((hidden & aside & (c.set_aside == place)).sum())
        if count:
            left.append((reason, count, int(which[np.argmin(c.cost[1][which])])))
    return _Counts(
        int((hidden & c.may_be_chosen & ~front).sum()), int((hidden & front).sum()),
        int((hidden & ~c.is_known).sum()), tuple(left),
    )  # fmt: skip


def _shortlisted(plans: Plans, choice: Choice, ties: list[int], weights: Weights | None) -> list[int]:
    """The best, the next, the one to take if rents hold, near ties and every machine that was named; with
    them the plans within the limits that trade money for time, thinned out, their cleanest, and of those
    beyond the limits that would come before the best the likeliest to keep them.

    Where none keeps the limits: of all that nothing beats, thinned out; where none may be chosen, of those
    that are set aside. By cost.
    """
    c, front = plans.candidates, list(choice.front)
    named = (choice.best, choice.rival, choice.if_rents_hold, *ties)
    keep = set(range(len(plans.homes))) | {i for i in named if i is not None}
    room = max(3, MOST_SHORTLISTED - len(keep))
    if choice.best is None:
        keep |= {*_thinned(front or _set_aside_front(plans), room)}
    else:
        within = [i for i in front if choice.within[i]]
        cleanest = min(within, key=lambda i: (np.nan_to_num(c.co2_kg[i], nan=np.inf), i))
        merit = merit_of(c, choice.rule, weights)
        better = [i for i in front if not choice.within[i] and merit[i] < merit[choice.best]]
        told = set(c.rests_on[sorted(keep)])
        new = (i for i in better if c.rests_on[i] not in told)
        beyond = max(new, key=lambda i: (choice.probability[i], -i), default=cleanest)
        keep |= {cleanest, beyond, *_thinned(_faster_for_money(c, within), room - 1)}
    return sorted(keep, key=lambda i: (np.nan_to_num(c.cost[1][i], nan=np.inf), i))


def _set_aside_front(plans: Plans) -> list[int]:
    """Of what is possible and yet not recommended: what nothing beats in cost, time and CO2, by cost; without
    plans that begin at home: days of debugging are nothing beside years."""
    c = plans.candidates
    is_listed = c.is_known & (c.set_aside > 0)
    is_listed[len(plans.homes) + len(plans.rented or ()) :] = False
    cost = np.where(is_listed, c.cost[1], np.nan)
    return [int(i) for i in non_dominated(cost, c.calendar_hours[1], c.co2_kg)]


def _faster_for_money(c: Candidates, by_cost: list[int]) -> list[int]:
    """Of plans by cost those that are faster than every cheaper one."""
    kept: list[int] = []
    for i in by_cost:
        if not kept or c.calendar_hours[1][i] < c.calendar_hours[1][kept[-1]]:
            kept.append(i)
    return kept


def _thinned(positions: list[int], room: int) -> list[int]:
    """At most so many of them, evenly, with both ends."""
    places = np.linspace(0, len(positions) - 1, min(room, len(positions))).round()
    return [positions[int(place)] for place in places]


def _rated(
    snapshot: Snapshot,
    request: AskedDecision,
    today: date,
    workload: Workload,
    plans: Plans,
    *,
    choice: Choice,
    i: int,
) -> RatedOption:
    way, place = plans.of(i)
    c = plans.candidates
    instances, benefit = 1, None
    if way in ("own", "buy"):
        option = plans.homes[place][1]
    else:
        assert plans.rented is not None
        instances = int(plans.rented.instances[place])
        at_home = debugging_machine(plans.homes) if way == "hybrid" else None
        debugging = debugging_of(plans.terms, snapshot.figures)
        used = plans.terms if at_home is None else debugging.terms
        option = _rented_option(
            snapshot, request, workload, plans.rented, place=place, terms=used, today=today
        )
        if at_home is not None:
            benefit = _benefit(option, at_home, debugging)
            option = _debugged_at_home(option, at_home, debugging)
    return RatedOption(
        way=way,
        option=option,
        cost=_interval(c.cost[:, i]),
        calendar_hours=_interval(c.calendar_hours[:, i]),
        co2_kg=float(c.co2_kg[i]) if np.isfinite(c.co2_kg[i]) else None,
        probability=float(choice.probability[i]),
        if_rent_holds=chance_if_rent_holds(plans, i, Limits(request.budget, request.deadline_hours)),
        keeps_limits=not request.has_limits
        or bool(
            choice.within[i]
            if choice.needs_stated_rent
            else choice.probability[i] >= request.least_probability
        ),
        cash=_interval(c.cash[:, i]),
        is_on_front=i in choice.front,
        instances=instances,
        set_aside=SET_ASIDE[c.set_aside[i] - 1] if c.set_aside[i] else None,
        debugging=benefit,
        why_not=reason_of(c, choice, Limits(request.budget, request.deadline_hours), i),
    )


def _benefit(rented: Option, own: Option, debugging: Debugging) -> DebuggingBenefit | None:
    """Nothing of a term that is paid whole, however long it is used."""
    cost, hours = rented.cost, rented.hours
    if cost is None or hours is None or cost.amount("commitment"):
        return None
    per_hour = float(cost.line("rent").unit_price or 0) * cost.tax_factor
    return benefit_of(debugging, hours.p50, per_hour, own.power.watts.p50 / 1000, per_kwh_doubted(own))


def _rented_option(
    snapshot: Snapshot,
    request: AskedDecision,
    workload: Workload,
    rented: RentedPlans,
    *,
    place: int,
    terms: CloudTerms,
    today: date,
) -> Option:
    machine = int(rented.machine[place])
    gpu, count = rented.hardware[machine]
    planned = rented.planned[machine]
    rental = rental_of(snapshot, int(rented.row[place]), request, today)
    rental = replace(rental, instances=int(rented.instances[place]))
    return cloud_option(
        workload, gpu, count, rental, currency=request.currency, knowledge=knowledge_of(snapshot),
        planned=planned, changes=changes_of(snapshot, workload, gpu, count, planned), terms=terms,
    )  # fmt: skip


def _debugged_at_home(option: Option, own: Option, debugging: Debugging) -> Option:
    """The rented option with hours of debugging at home at the price of its electricity."""
    assert option.cost and option.calendar_hours and option.hours
    kilowatts, price = own.power.watts.p50 / 1000, per_kwh_doubted(own)
    amount = debugging.electricity(kilowatts, price)
    line = CostItem("electricity", debugging.hours * kilowatts, "kWh", per_kwh(own), amount)
    money, calendar = (np.array([column_of(of)]).T for of in (option.cost.total, option.calendar_hours))
    money, calendar = with_debugging(money, calendar, debugging, kilowatts, price)
    total = _interval(money[:, 0])
    assert total is not None
    rested_on = tuple(Input("rented run", figure) for figure in debugging.figures)
    return replace(
        option,
        cost=replace(option.cost, total=total, cash=total, items=(*option.cost.items, line)),
        calendar_hours=_interval(calendar[:, 0]),
        inputs=(*option.inputs, *rested_on),
    )


def _interval(column: NDArray[np.float64]) -> Interval | None:
    if not np.isfinite(column).all():
        return None
    return Interval(*(float(value) for value in column))


def _reference_rental(
    shortlist: tuple[RatedOption, ...],
    best: RatedOption | None,
    rival: RatedOption | None,
    held: RatedOption | None,
) -> RatedOption | None:
    """The rented plan to tell of: the best, else the next, else the cheapest that keeps the limits, else the
    one that would be chosen if rents held, else the cheapest."""
    rented = [r for r in shortlist if r.way in ("rent", "hybrid") and r.cost and not r.set_aside]
    for plan in (best, rival):
        if plan is not None and plan in rented:
            return plan
    within = [r for r in rented if r.keeps_limits]
    return next(iter(within), held or next(iter(rented), None))


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
    sessions: Sessions,
    snapshot: Snapshot,
    request: AskedDecision,
    asked_at: datetime,
    room: AnswerRoom | None = None,
) -> StoredComparison:
    """The decision as it is kept, written once per question and day: in the `room` for a while, without one
    for good."""
    return kept_answer(
        sessions,
        snapshot,
        kind="decision",
        asked=request.kept(),
        asked_at=asked_at,
        work_out=partial(told_decision, sessions, snapshot, request, asked_at),
        room=room,
    )


def told_decision(
    sessions: Sessions, snapshot: Snapshot, request: AskedDecision, asked_at: datetime
) -> AnsweredDecision:
    """The decision as it is told, kept nowhere: its id is empty."""

    def beside(asked: AskedDecision) -> Decision:
        market = market_of(sessions, snapshot, asked, asked_at.date())
        return decide(snapshot, asked, asked_at, market, is_beside=True)

    decision = decide_from_store(sessions, snapshot, request, asked_at)
    others = (tell_decided(decision, o, changes) for o, changes in alternatives_of(request, beside))
    told = tell_decision(decision).model_copy(update={"what_if": tuple(others)})
    return say_decision(wording(request.lang), with_trainer_file(told, request.workload))


def unkept_decision(
    sessions: Sessions, snapshot: Snapshot, request: AskedDecision, asked_at: datetime
) -> StoredComparison:
    """The same answer as it would be kept, under no id: whoever tries things out fills no database."""
    told = told_decision(sessions, snapshot, request, asked_at)
    return unkept(told, snapshot, kind="decision", asked=request.kept(), asked_at=asked_at)
