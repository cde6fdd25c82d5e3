"""Every plan for a run as columns: at home, on a card to buy, rented, debugged at home and then rented."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.answers.question import AskedDecision
from service.decide.choice import Candidates
from service.decide.household import Household
from service.decide.options import Option, Way
from service.errors import MissingFact
from service.estimate.cloud_bill import CloudTerms, cloud_bill
from service.estimate.cost import conversion
from service.estimate.interval import Interval
from service.estimate.rental import cloud_terms
from service.facts import Gpu, Workload
from service.store.snapshot import Snapshot
from service.usecases.buying import purchase_of
from service.usecases.finding import CONFIGURATION, checked_count, checked_currency, find_gpu, household_of
from service.usecases.idle_options import NO_RENT, refuse_idle
from service.usecases.knowledge import home_option_of, knowledge_of
from service.usecases.market_days import MarketDays
from service.usecases.rented_offers import RentedPlans, rented_plans


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """All plans as columns, and what each position stands for."""

    candidates: Candidates
    homes: tuple[tuple[Way, Option], ...]
    """Plans at home, own or bought, at the first positions."""
    rented: RentedPlans | None
    """Then every rented one, then the same again debugged at home where one has a machine for it."""

    def of(self, position: int) -> tuple[Way, int]:
        """The way of a plan, and its place among those of its way."""
        if position < len(self.homes):
            return self.homes[position][0], position
        rented = len(self.rented) if self.rented else 0
        place = position - len(self.homes)
        return ("rent", place) if place < rented else ("hybrid", place - rented)


def household_of_request(
    snapshot: Snapshot, request: AskedDecision, today: date, market: MarketDays
) -> Household:
    """Where the plans at home stand, the same for every run. Raises UnknownName for a currency without an
    exchange rate, InvalidValue for an option that changes nothing, and what `household_of` raises.
    """
    checked_currency(request.currency, knowledge_of(snapshot).exchange_rates)
    refuse_idle(request)
    return household_of(snapshot, request, today, market)


def plans_of_request(
    snapshot: Snapshot, request: AskedDecision, workload: Workload, household: Household, today: date
) -> Plans:
    """All plans that a request allows. Raises MissingFact where there is none."""
    homes = _home_plans(snapshot, request, workload, household, today)
    terms = cloud_terms(workload, knowledge_of(snapshot).figures, request.rent_terms)
    rented = None
    if request.tier != NO_RENT:
        try:
            rented = rented_plans(snapshot, workload, request.tier, terms, clusters=True)
        except MissingFact:
            if not homes:
                raise
    if not homes and (rented is None or not len(rented)):
        raise MissingFact("a plan for this run", "it fits no machine named and no stored offer")
    return _as_columns(snapshot, request, homes, rented, terms)


def _home_plans(
    snapshot: Snapshot, request: AskedDecision, workload: Workload, usual: Household, today: date
) -> list[tuple[Way, Option]]:
    homes: list[tuple[Way, Option]] = []
    at_home = partial(home_option_of, currency=request.currency)
    machines = [_machine(snapshot, "own", name) for name in request.own]
    # A machine said twice, or by two of its names, is one.
    for gpu, count in {(gpu.slug, count): (gpu, count) for gpu, count in machines}.values():
        homes.append(("own", at_home(snapshot, workload, gpu, count, usual)))
    for wish in dict.fromkeys(request.buy):
        gpu, count, purchase = purchase_of(snapshot, request, wish, today, partial(_machine, snapshot))
        terms = replace(request.home_terms, purchase=purchase)
        household = replace(usual, terms=terms)
        homes.append(("buy", at_home(snapshot, workload, gpu, count, household)))
    return homes


def _machine(snapshot: Snapshot, field: str, name: str) -> tuple[Gpu, int]:
    match = CONFIGURATION.fullmatch(name.strip())
    gpu = find_gpu(snapshot, field, match["gpu"].strip() if match else name.strip())
    return gpu, checked_count(field, int(match["count"]) if match else 1)


def _as_columns(
    snapshot: Snapshot,
    request: AskedDecision,
    homes: list[tuple[Way, Option]],
    rented: RentedPlans | None,
    terms: CloudTerms,
) -> Plans:
    hours, cost = (
        [column_of(o.calendar_hours) for _, o in homes],
        [column_of(o.cost.total if o.cost else None) for _, o in homes],
    )
    co2 = [o.co2_kg.p50 if o.co2_kg else np.nan for _, o in homes]
    blocks: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]] = []
    if homes:
        blocks.append((np.array(hours).T, np.array(cost).T, np.array(co2)))
    if rented is not None:
        factor = float(conversion("EUR", request.currency, knowledge_of(snapshot).exchange_rates).factor)
        blocks.append((rented.bill.calendar_hours, rented.bill.total * factor, rented.co2_kg(rented.bill)))
        own = debugging_machine(homes)
        if own is not None and len(rented):
            blocks.append(_debugged_at_home(own, rented, terms, factor))
    columns = (np.concatenate([block[i] for block in blocks], axis=-1) for i in range(3))
    return Plans(Candidates(*columns), tuple(homes), rented)


def _debugged_at_home(
    own: Option, rented: RentedPlans, terms: CloudTerms, factor: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Hours, cost and CO2 of the rented plans whose idle hours are spent at home instead.

    As many hours are debugged at home, at the price of its electricity, before the machine is rented.
    """
    bill = cloud_bill(rented.hours, rented.offers, without_idle(terms))
    debug_h = rented.hours * terms.idle_share
    kilowatts = own.power.watts.p50 / 1000
    price = per_kwh(own)
    at_home = debug_h * kilowatts * (np.nan if price is None else float(price))
    return (
        bill.calendar_hours + debug_h,
        bill.total * factor + at_home,
        rented.co2_kg(bill) + debug_h[1] * kilowatts * _kg_per_kwh(own),
    )


def debugging_machine(homes: Iterable[tuple[Way, Option]]) -> Option | None:
    """The first machine one has that can hold the run."""
    return next((option for way, option in homes if way == "own" and option.time), None)


def without_idle(terms: CloudTerms) -> CloudTerms:
    """The terms of a rented run that is debugged at home."""
    return replace(terms, idle_share=0.0)


def column_of(value: Interval | None) -> tuple[float, float, float]:
    """The three percentiles, NaN for what is unknown."""
    return (np.nan, np.nan, np.nan) if value is None else (value.p10, value.p50, value.p90)


def per_kwh(option: Option) -> Decimal | None:
    """What a kilowatt-hour costs at home in the currency of its bill; None without a bill."""
    items = option.cost.items if option.cost else ()
    return next((item.unit_price for item in items if item.code == "electricity"), None)


def _kg_per_kwh(option: Option) -> float:
    return option.carbon.grams_co2e_per_kwh / 1000 if option.carbon else float("nan")
