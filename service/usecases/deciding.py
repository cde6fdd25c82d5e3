"""The best plan within a budget and a deadline, and what it hangs on."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from service.decide.choice import Choice, choose, nearest_changes
from service.decide.comparison import RENTED_BY_THE_HOUR
from service.decide.decision import Decision, NearestPlan, RatedOption
from service.decide.frontier import Limits
from service.decide.inputs import Input, workload_inputs
from service.decide.options import Option, cloud_option
from service.decide.rental import cloud_terms
from service.decide.sensitivity import Side, break_even_line, prices_around, saved_per_day, tornado
from service.errors import InvalidValue
from service.estimate.architecture import parameters
from service.estimate.cost import Cost, CostItem, conversion
from service.estimate.home_bill import Purchase, runs_until_bought_pays
from service.estimate.interval import Interval
from service.facts import Figure, Workload
from service.reports import decision_json
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.answering import kept_answer
from service.usecases.candidate_plans import Plans, column_of, per_kwh, plans_of_request
from service.usecases.finding import find_workload, rental_of, same_configuration
from service.usecases.knowledge import changes_of, knowledge_of
from service.usecases.past_prices import PastPrices, no_past, past_prices
from service.usecases.rented_offers import RentedPlans
from service.usecases.requests import DecisionRequest, request_as_json
from service.usecases.tariffs import NO_MARKET, MarketDays, market_of

MOST_SHORTLISTED = 10


def decide(
    snapshot: Snapshot,
    request: DecisionRequest,
    asked_at: datetime,
    market: MarketDays = NO_MARKET,
    past: PastPrices = no_past,
) -> Decision:
    """The best plan for a request, from the facts of one snapshot.

    `market` are the hours its tariff needs, `past` tells what an offer has cost.

    Raises UnknownName for names in no catalog (nearest first), InvalidValue for values out of range,
    MissingFact where there is nothing to choose from.
    """
    workload = find_workload(snapshot, request.workload, request.tokens, asked_at.date())
    limits = Limits(request.budget, request.deadline_hours)
    plans = plans_of_request(snapshot, request, workload, asked_at.date(), market)
    choice = choose(plans.candidates, limits, request.weights, request.least_probability)
    shown = _shortlisted(plans, choice, request.least_probability)
    rated = {i: _rated(snapshot, request, workload, plans, choice, i) for i in shown}
    best = rated[choice.best] if choice.best is not None else None
    nearest = _nearest(snapshot, request, workload, plans, choice, asked_at, market) if best is None else ()
    known = knowledge_of(snapshot)
    shortlist = tuple(rated[i] for i in shown)
    home = next((r for r in shortlist if r.plan in ("own", "buy") and r.cost), None)
    cloud = _reference_rental(shortlist, best, request.least_probability)
    sides = (
        (_home_side(home, known.figures), _cloud_side(cloud, snapshot, request, past))
        if home and cloud
        else None
    )
    return Decision(
        asked_at=asked_at,
        workload=workload,
        currency=request.currency,
        zone=request.country.strip().upper(),
        limits=limits,
        weights=request.weights,
        rule=choice.rule,
        least_probability=request.least_probability,
        best=best,
        shortlist=shortlist,
        dominated_count=choice.dominated_count,
        considered=len(plans.candidates),
        nearest=nearest,
        sensitivity=tornado(*sides) if sides else (),
        break_even=break_even_line(*sides, prices_around(sides[0].unit_price[1])) if sides else (),
        runs_until_bought=_runs_until_bought(shortlist, cloud),
        saved_per_day=_saved_per_day(shortlist),
        inputs=_inputs(snapshot, workload, shortlist),
        data_version=snapshot.data_version,
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
    snapshot: Snapshot, request: DecisionRequest, workload: Workload, plans: Plans, choice: Choice, i: int
) -> RatedOption:
    plan, place = plans.of(i)
    c = plans.candidates
    instances = 1
    if plan in ("own", "buy"):
        option = plans.homes[place][1]
    else:
        assert plans.rented is not None
        instances = int(plans.rented.instances[place])
        option = _rented_option(snapshot, request, workload, plans.rented, place)
    cost, calendar = _interval(c.cost[:, i]), _interval(c.calendar_hours[:, i])
    if plan == "hybrid" and cost and calendar:
        option = _debugged_at_home(option, plans, cost, calendar)
    return RatedOption(
        plan=plan,
        option=option,
        cost=cost,
        calendar_hours=calendar,
        co2_kg=float(c.co2_kg[i]) if np.isfinite(c.co2_kg[i]) else None,
        probability=float(choice.probability[i]),
        is_on_front=i in choice.front,
        instances=instances,
    )


def _rented_option(
    snapshot: Snapshot, request: DecisionRequest, workload: Workload, rented: RentedPlans, place: int
) -> Option:
    machine = int(rented.machine[place])
    gpu, count = rented.hardware[machine]
    planned = rented.planned[machine]
    known = knowledge_of(snapshot)
    offer = snapshot.offers.row(int(rented.row[place]))
    rental = replace(rental_of(snapshot, offer, request), instances=int(rented.instances[place]))
    return cloud_option(
        workload, gpu, count, rental, request.currency, known, planned,
        changes_of(snapshot, workload, gpu, count, planned),
        cloud_terms(workload, known.figures, dict(request.cloud_terms)),
    )  # fmt: skip


def _debugged_at_home(option: Option, plans: Plans, cost: Interval, calendar: Interval) -> Option:
    """The rented option without its idle hours, which are spent at home at the price of electricity."""
    own = next(home for plan, home in plans.homes if plan == "own" and home.time)
    assert option.cost and option.calendar_hours
    kilowatts = own.power.watts.p50 / 1000
    whole, rented = column_of(calendar), column_of(option.calendar_hours)
    kwh = Interval(*((all_h - rented_h) * kilowatts for all_h, rented_h in zip(whole, rented, strict=True)))
    price = per_kwh(own)
    lines = _without_idle(option.cost)
    at_home = CostItem("electricity", kwh, "kWh", price, kwh * float(price))
    return replace(
        option, cost=replace(option.cost, total=cost, items=(*lines, at_home)), calendar_hours=calendar
    )


def _without_idle(cost: Cost) -> tuple[CostItem, ...]:
    """The lines of a bill without the idle hours and the tax on them."""
    idle = next((item.amount for item in cost.items if item.code == "idle"), None)
    lines = []
    for item in cost.items:
        if item.code == "tax" and idle and item.unit_price is not None:
            q = item.quantity
            net = Interval(q.p10 - idle.p10, q.p50 - idle.p50, q.p90 - idle.p90)
            lines.append(replace(item, quantity=net, amount=net * float(item.unit_price)))
        elif item.code != "idle":
            lines.append(item)
    return tuple(lines)


def _interval(column: NDArray[np.float64]) -> Interval | None:
    if not np.isfinite(column).all():
        return None
    return Interval(*(float(value) for value in column))


def _nearest(
    snapshot: Snapshot,
    request: DecisionRequest,
    workload: Workload,
    plans: Plans,
    choice: Choice,
    asked_at: datetime,
    market: MarketDays,
) -> tuple[NearestPlan, ...]:
    found = []
    limits = Limits(request.budget, request.deadline_hours)
    for change in nearest_changes(plans.candidates, limits, request.least_probability):
        value = change.value * workload.tokens if change.code == "tokens" else change.value
        plan = _rated(snapshot, request, workload, plans, choice, change.position)
        found.append(NearestPlan(change.code, value, plan))
    smaller = _smaller_model(snapshot, request, workload, asked_at, market)
    return (*found, smaller) if smaller else tuple(found)


def _smaller_model(
    snapshot: Snapshot,
    request: DecisionRequest,
    workload: Workload,
    asked_at: datetime,
    market: MarketDays,
) -> NearestPlan | None:
    """The largest smaller model of the same family that some plan trains within the limits."""
    size = parameters(workload.architecture)
    family = sorted(
        (w for w in snapshot.workloads.values() if w.family == workload.family and w.kind == workload.kind),
        key=lambda w: (-parameters(w.architecture), w.slug),
    )
    for smaller in family:
        if parameters(smaller.architecture) >= size:
            continue
        plans = plans_of_request(snapshot, replace(request, tokens=None), smaller, asked_at.date(), market)
        choice = choose(
            plans.candidates, Limits(request.budget, request.deadline_hours), request.weights,
            request.least_probability,
        )  # fmt: skip
        if choice.best is not None:
            plan = _rated(snapshot, request, smaller, plans, choice, choice.best)
            return NearestPlan("model", float(parameters(smaller.architecture)), plan, smaller.slug)
    return None


def _reference_rental(
    shortlist: tuple[RatedOption, ...], best: RatedOption | None, least: float
) -> RatedOption | None:
    """The rented plan to hold home against: the best, else the cheapest that keeps the limits, else the
    cheapest."""
    rented = [r for r in shortlist if r.plan in ("rent", "hybrid") and r.cost]
    if best is not None and best in rented:
        return best
    within = [r for r in rented if r.probability >= least]
    return next(iter(within or rented), None)


def _home_side(home: RatedOption, figures: Mapping[str, Figure]) -> Side:
    option = home.option
    assert option.hours and option.cost
    price = float(per_kwh(option))
    _, other = option.cost.split(("electricity",))
    low, high = price, price
    if option.price and option.price.low is not None and option.price.high is not None:
        scale = price / float(option.price.per_kwh)
        low, high = float(option.price.low) * scale, float(option.price.high) * scale
    elif option.rate and option.rate.kind == "retail":
        spread = figures["home_run.contract_spread"].value
        low, high = price * (1 - spread), price * (1 + spread)
    watts = option.power.watts
    return Side(
        column_of(option.hours), column_of(watts), (low, price, high), fixed=other,
    )  # fmt: skip


def _cloud_side(cloud: RatedOption, snapshot: Snapshot, request: DecisionRequest, past: PastPrices) -> Side:
    option = cloud.option
    assert option.hours and option.cost and option.rental
    hours, other = option.cost.split(RENTED_BY_THE_HOUR)
    price = float(option.cost.items[0].unit_price or 0)
    market = option.rental.market
    low = high = price
    if market is None and option.rental.offer is not None:
        low, high = _price_range(snapshot, option, price, cloud.instances, request, past)
    idle = snapshot.figures["cloud_run.idle_share"]
    factor = hours / option.hours.p50 * option.cost.tax_factor
    spread = None
    is_paid_idle = cloud.plan != "hybrid" and "idle_share" not in dict(request.cloud_terms)
    if idle.low is not None and idle.high is not None and is_paid_idle:
        tax = option.cost.tax_factor
        spread = (factor + (idle.low - idle.value) * tax, factor + (idle.high - idle.value) * tax)
    return Side(
        column_of(option.hours), None, (low, price, high), factor, spread, other * option.cost.tax_factor
    )


def _price_range(
    snapshot: Snapshot,
    option: Option,
    price: float,
    instances: int,
    request: DecisionRequest,
    past: PastPrices,
) -> tuple[float, float]:
    """What the rent per hour may be: the middle 80 % of what other stored offers of the same GPU, count and
    tier ask, and everything this offer cost within the last year. No forecast."""
    offer = option.rental.offer if option.rental else None
    if offer is None or offer.gpu is None:
        return price, price
    rows = same_configuration(snapshot, offer.gpu, offer.gpu_count, offer.tier)
    rates = knowledge_of(snapshot).exchange_rates
    factor = float(conversion("EUR", request.currency, rates).factor)
    asked = snapshot.offers.price_eur[rows] * factor * instances
    others = [float(np.quantile(asked, q)) for q in (0.1, 0.9)] if len(asked) else []
    own = [
        float(cost * conversion(currency, request.currency, rates).factor) * instances
        for cost, currency in past(offer.slug)
    ]
    return min(price, *others, *own, price), max(price, *others, *own, price)


def _runs_until_bought(shortlist: tuple[RatedOption, ...], cloud: RatedOption | None) -> int | None:
    for rated in shortlist:
        purchase = _purchase_of(rated)
        if purchase is None or rated.cost is None or cloud is None or cloud.cost is None:
            continue
        running = rated.cost.p50 - float(purchase.per_run)
        return runs_until_bought_pays(purchase, running, cloud.cost.p50)
    return None


def _purchase_of(rated: RatedOption) -> Purchase | None:
    return rated.option.purchase if rated.plan == "buy" else None


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
    sessions: Sessions, snapshot: Snapshot, request: DecisionRequest, asked_at: datetime
) -> Decision:
    """The decision with what the store knows beyond a snapshot: the market's hours, what offers have cost."""
    market = market_of(sessions, snapshot, request, asked_at.date())
    return decide(snapshot, request, asked_at, market, past_prices(sessions, asked_at))


def answer_decision(
    sessions: Sessions, snapshot: Snapshot, request: DecisionRequest, asked_at: datetime
) -> StoredComparison:
    """The decision as JSON, kept with the facts it was computed from, written once per question and day."""
    asked = orjson.dumps(request_as_json(request))

    def rendered() -> dict[str, Any]:
        decision = decide_from_store(sessions, snapshot, request, asked_at)
        return decision_json.render(decision, request.language)

    return kept_answer(sessions, snapshot, "decision", asked, asked_at, rendered, "shortlist")


def hours_of(text: str) -> float:
    """Hours of a deadline like `30d`, `12h`, `2w` or a plain number. InvalidValue for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([hdw]?)\s*", text.lower())
    if match is None:
        raise InvalidValue("deadline", text, "is not like 30d", ["36h", "30d", "2w"])
    unit = {"": timedelta(hours=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
    return float(match[1]) * (unit[match[2]] / timedelta(hours=1))
