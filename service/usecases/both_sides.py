"""Home and rented in the numbers that move the verdict, read off their bills, with their ranges."""

from collections.abc import Mapping

import numpy as np

from service.answers.question import AskedDecision
from service.decide.comparison import RENTED_BY_THE_HOUR
from service.decide.decision import RatedOption
from service.decide.options import Option
from service.decide.sensitivity import HomeSide, RentedSide
from service.estimate.cloud_bill import HOURS_PER_MONTH
from service.estimate.cost import conversion
from service.facts import Figure
from service.store.snapshot import Snapshot
from service.usecases.candidate_plans import column_of
from service.usecases.finding import same_configuration
from service.usecases.knowledge import knowledge_of
from service.usecases.past_prices import PastPrices


def home_side(home: RatedOption, figures: Mapping[str, Figure]) -> HomeSide:
    """A plan at home that has a bill; its price ranges over what the days of the past or contracts differ."""
    option = home.option
    assert option.hours and option.cost
    hours, bill = option.hours.p50, option.cost
    price = float(bill.line("electricity").unit_price or 0)
    paused = bill.amount("paused")
    heated_kwh = bill.line("electricity").quantity.p50
    return HomeSide(
        hours=column_of(option.hours),
        watts=column_of(option.power.watts),
        per_kwh=_price_per_kwh(option, price, figures),
        waiting_watts=paused / hours / price * 1000 if price else 0.0,
        heat_per_kwh=-bill.amount("heat") / heated_kwh if heated_kwh else 0.0,
        per_hour=bill.amount("wear") / hours,
        fixed=bill.amount("purchase"),
        fixed_range=column_of(option.purchase.loss_per_run) if option.purchase else None,
    )


def _price_per_kwh(option: Option, price: float, figures: Mapping[str, Figure]) -> tuple[float, float, float]:
    if option.price and option.price.low is not None and option.price.high is not None:
        scale = price / float(option.price.per_kwh) if option.price.per_kwh else 1.0
        return float(option.price.low) * scale, price, float(option.price.high) * scale
    if option.rate and option.rate.kind == "retail":
        spread = figures["home_run.contract_spread"].value
        return price * (1 - spread), price, price * (1 + spread)
    return price, price, price


def rented_side(
    cloud: RatedOption, snapshot: Snapshot, request: AskedDecision, past: PastPrices
) -> RentedSide:
    """A rented plan; its rent ranges over what others ask and what it has cost, idle hours as assumed."""
    option = cloud.option
    assert option.hours and option.cost and option.rental and option.rental.offer
    bill, hours = option.cost, option.hours.p50
    held = sum(i.quantity.p50 for i in bill.items if i.code in RENTED_BY_THE_HOUR and i.code != "commitment")
    rent = float(bill.line("rent").unit_price or 0)
    factor = held / hours
    idle, is_told = snapshot.figures["cloud_run.idle_share"], "idle_share" in request.rent_terms
    spread = None
    if idle.low is not None and idle.high is not None and cloud.way != "hybrid" and not is_told:
        spread = (factor + idle.low - idle.value, factor + idle.high - idle.value)
    low, high = _rent_range(snapshot, option, rent, instances=cloud.instances, request=request, past=past)
    set_up = next((item.quantity.p50 for item in bill.items if item.code == "set_up"), 0.0)
    return RentedSide(
        hours=column_of(option.hours),
        rent=(low, rent, high),
        factor=factor,
        factor_range=spread,
        set_up_hours=set_up,
        per_hour=bill.amount("storage") / held,
        term_hours=(option.rental.offer.term_months or 0) * HOURS_PER_MONTH,
        fees=bill.amount("egress"),
        tax_factor=bill.tax_factor,
        at_home=bill.amount("electricity"),
    )


def _rent_range(
    snapshot: Snapshot,
    option: Option,
    price: float,
    *,
    instances: int,
    request: AskedDecision,
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
    rents = (price, *others, *own)
    return min(rents), max(rents)
