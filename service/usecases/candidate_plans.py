"""Every plan for a run as columns: at home, on a card to buy, rented, debugged at home and then rented."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial

import numpy as np
from numpy.typing import NDArray

from service.answers.question import AskedBuying, AskedDecision
from service.decide.candidates import Candidates, joined, too_long
from service.decide.choice import probability_of
from service.decide.frontier import Futures, Limits, Numbers
from service.decide.household import Household
from service.decide.options import Option, Way
from service.decide.ties import EFFORT_OF_A_CODE_CHANGE, EFFORT_OF_BUYING, EFFORT_OF_DEBUGGING_AT_HOME
from service.errors import MissingFact, worded
from service.estimate.adjustments import code_changes
from service.estimate.cloud_bill import CloudBill, CloudTerms, cloud_bill
from service.estimate.cloud_futures import cloud_futures
from service.estimate.cost import conversion
from service.estimate.debugging import Debugging, debugged_futures, debugging_of, with_debugging
from service.estimate.interval import Interval, certain
from service.estimate.memory_plan import published_plan
from service.estimate.tariff import grams_per_kwh
from service.facts import Gpu, Workload
from service.store.snapshot import Snapshot
from service.usecases.asked_vat import asked_terms
from service.usecases.buying import purchase_of
from service.usecases.finding import checked_currency, household_of, machine_called
from service.usecases.idle_options import NO_RENT, refuse_idle
from service.usecases.knowledge import home_option_of, knowledge_of
from service.usecases.market_days import MarketDays
from service.usecases.rented_offers import (
    CLUSTER_SIZES,
    RentedPlans,
    rented_plans,
)
from service.usecases.smaller_models import with_smaller_model

DRAWN_AT_ONCE = 512
"""Offers: all at once every step between would be twice as large as what is found."""
EVEN = 0.5
"""Who asks for less may be told of a plan that keeps the limits only if all goes well."""
Drawn = tuple[Numbers, Numbers, Numbers]
"""Calendar hours, money, and money at stated rents in each future, shape (futures, offers) each."""


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """All plans as columns, and what each position stands for."""

    candidates: Candidates
    homes: tuple[tuple[Way, Option], ...]
    """Plans at home, own or bought, at the first positions."""
    rented: RentedPlans | None
    """Then every rented one, then the same again debugged at home where one has a machine for it."""
    terms: CloudTerms
    """Of the rented ones that are not debugged at home."""
    hybrid_bill: CloudBill | None = None
    """Of those, in EUR."""
    hybrid_electricity: Numbers | None = None
    """What debugging each at home costs, in the decision's currency (median)."""

    def of(self, position: int) -> tuple[Way, int]:
        """The way of a plan, and its place among those of its way."""
        if position < len(self.homes):
            return self.homes[position][0], position
        rented = len(self.rented) if self.rented else 0
        place = position - len(self.homes)
        return ("rent", place) if place < rented else ("hybrid", place - rented)

    def row_of(self, position: int) -> int | None:
        """The offer's row that a plan rests on; None at home."""
        if position < len(self.homes) or self.rented is None:
            return None
        return int(self.rented.row[self.of(position)[1]])

    def same_rent(self, position: int) -> NDArray[np.bool_]:
        """Which plans are paid by this one's price: a provider's machine in any region and number."""
        found = np.zeros(len(self.candidates), dtype=np.bool_)
        if self.rented is not None and position >= len(self.homes):
            same = self.rented.same_rent == self.rented.same_rent[self.of(position)[1]]
            found[len(self.homes) :] = np.tile(same, (len(found) - len(self.homes)) // len(same))
        return found

    def instances_of(self, position: int) -> int:
        """Rented machines that train together; 1 at home."""
        if position < len(self.homes) or self.rented is None:
            return 1
        return int(self.rented.instances[self.of(position)[1]])

    def training_hours(self, position: int) -> tuple[float, float, float]:
        """Hours of training alone: 10th, 50th, 90th percentile."""
        way, place = self.of(position)
        if way in ("own", "buy"):
            return column_of(self.homes[place][1].hours)
        assert self.rented is not None
        low, middle, high = (float(hours) for hours in self.rented.hours[:, place])
        return low, middle, high

    def gpu_of_each(self) -> list[str]:
        """The GPU of every plan, by slug."""
        found = [option.gpu.slug for _, option in self.homes]
        if self.rented is not None:
            of_machine = [gpu.slug for gpu, _ in self.rented.hardware]
            rented = [of_machine[int(m)] for m in self.rented.machine]
            found += rented * ((len(self.candidates) - len(found)) // max(len(rented), 1))
        return found


def chance_if_rent_holds(plans: Plans, position: int, limits: Limits) -> float | None:
    """How probably a plan keeps its limits if its rent is still what was stated, until the run is done; None
    where no rent is in doubt, or none matters."""
    one = plans.candidates.of(np.array([position]))
    if limits.budget is None or one.drawn is None or one.drawn.at_rent is None:
        return None
    if (one.drawn.at_rent == one.drawn.money).all():
        return None
    return float(probability_of(one.at_stated_rents(), limits)[0])


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
    snapshot: Snapshot,
    request: AskedDecision,
    workload: Workload,
    household: Household,
    today: date,
    *,
    only_hopeful: bool = False,
    draws: bool = True,
) -> Plans:
    """All plans that a request allows, or only those that could be as sure to keep its limits as it asks;
    their doubts are drawn where it has limits. Raises MissingFact where there is none."""
    own = [machine_called(snapshot, "own", name) for name in request.own]
    homes = home_plans(snapshot, request, workload, own, household, today)
    terms = asked_terms(snapshot, request, workload, today)
    rented = None
    if request.tier != NO_RENT:
        try:
            within = _limits_in_eur(snapshot, request) if only_hopeful else None
            rented = rented_plans(
                snapshot, workload, request.tier, terms, today, clusters=True, within=within
            )
        except MissingFact:
            if not homes:
                raise
    if not homes and (rented is None or not len(rented)):
        raise MissingFact(
            worded("a plan for this run"), worded("it fits no machine named and no stored offer")
        )
    draws = draws and request.has_limits
    return _as_columns(snapshot, request, workload, homes, rented, terms, draws=draws)


def _limits_in_eur(snapshot: Snapshot, request: AskedDecision) -> Limits | None:
    """None where a plan need not even be as likely as not to keep them."""
    if request.least_probability < EVEN:
        return None
    if request.budget is None:
        return Limits(None, request.deadline_hours)
    factor = conversion("EUR", request.currency, knowledge_of(snapshot).exchange_rates).factor
    return Limits(request.budget / float(factor), request.deadline_hours)


def home_plans(
    snapshot: Snapshot,
    request: AskedBuying,
    workload: Workload,
    own: Iterable[tuple[Gpu, int]],
    usual: Household,
    today: date,
) -> list[tuple[Way, Option]]:
    """The run on every machine one has, each once, and on every one to buy."""
    homes: list[tuple[Way, Option]] = []

    def at_home(gpu: Gpu, count: int, household: Household) -> Option:
        def of(run: Workload) -> Option:
            return home_option_of(snapshot, run, gpu, count, household, currency=request.currency)

        return with_smaller_model(snapshot, workload, of(workload), of)

    # A machine said twice, or by two of its names, is one.
    for gpu, count in {(gpu.slug, count): (gpu, count) for gpu, count in own}.values():
        homes.append(("own", at_home(gpu, count, usual)))
    for wish in dict.fromkeys(request.buy):
        gpu, count, purchase = purchase_of(snapshot, request, wish, today, partial(machine_called, snapshot))
        terms = replace(request.home_terms, purchase=purchase)
        household = replace(usual, terms=terms)
        homes.append(("buy", at_home(gpu, count, household)))
    return homes


def _as_columns(
    snapshot: Snapshot,
    request: AskedDecision,
    workload: Workload,
    homes: list[tuple[Way, Option]],
    rented: RentedPlans | None,
    terms: CloudTerms,
    *,
    draws: bool,
) -> Plans:
    blocks: list[Candidates] = []
    if homes:
        blocks.append(_at_home(workload, homes))
    if rented is not None:
        factor = float(conversion("EUR", request.currency, knowledge_of(snapshot).exchange_rates).factor)
        bill, told = rented.bill, partial(_in_currency, factor=factor)
        hours, cost = bill.calendar_hours, bill.total * factor
        drawn = _drawn(rented, bill, terms, (hours[1], cost[1]), told) if draws else None
        blocks.append(_rented(rented, bill, hours, cost, drawn))
        own = debugging_machine(homes)
        if own is not None and len(rented):
            debugging = debugging_of(terms, snapshot.figures)
            bill, spent, plans = _debugged_at_home(own, rented, debugging, factor, draws=draws)
            return Plans(joined([*blocks, plans]), tuple(homes), rented, terms, bill, spent)
    return Plans(joined(blocks), tuple(homes), rented, terms)


def _at_home(workload: Workload, homes: list[tuple[Way, Option]]) -> Candidates:
    published = published_plan(workload.recipe, workload.architecture.n_layers)
    hours = np.array([column_of(o.calendar_hours) for _, o in homes]).T
    effort = [
        EFFORT_OF_A_CODE_CHANGE * code_changes(o.planned.plan, published)
        + (EFFORT_OF_BUYING if way == "buy" else 0)
        for way, o in homes
    ]
    return Candidates(
        hours,
        np.array([column_of(o.cost.total if o.cost else None) for _, o in homes]).T,
        np.array([column_of(o.cost.cash if o.cost else None) for _, o in homes]).T,
        np.array([o.co2_kg.p50 if o.co2_kg else np.nan for _, o in homes]),
        np.array(effort, dtype=np.int64),
        -1 - np.arange(len(homes), dtype=np.int64),
        too_long(hours, np.zeros(len(homes), dtype=np.int8)),
    )


def _rented(
    rented: RentedPlans,
    bill: CloudBill,
    calendar_hours: Numbers,
    cost: Numbers,
    drawn: Futures | None,
) -> Candidates:
    """Rented plans, in the decision's currency: what they cost is what is paid."""
    return Candidates(
        calendar_hours,
        cost,
        cost,
        rented.co2_kg(bill),
        rented.effort,
        rented.same_rent * (1 + max(CLUSTER_SIZES)) + rented.instances,
        too_long(calendar_hours, rented.set_aside),
        drawn,
    )


def _drawn(
    rented: RentedPlans,
    bill: CloudBill,
    terms: CloudTerms,
    medians: tuple[Numbers, Numbers],
    told: Callable[[Drawn], Drawn],
) -> Futures:
    """Every doubt of rented plans drawn, with medians of calendar hours and cost; `told` makes of what the
    rented runs take and cost what the plans do."""
    tax_factor, blocks = bill.tax_factor, []
    for first in range(0, max(len(rented), 1), DRAWN_AT_ONCE):
        some = slice(first, first + DRAWN_AT_ONCE)
        runs = cloud_futures(rented.hours[:, some], rented.offers.of(some), terms, tax_factor[some])
        of_some = medians[0][some], medians[1][some]
        blocks.append(Futures.over(of_some, *told(runs)))
    return Futures.side_by_side(blocks)


def _debugged_at_home(
    own: Option, rented: RentedPlans, debugging: Debugging, factor: float, *, draws: bool
) -> tuple[CloudBill, Numbers, Candidates]:
    """The rented plans after debugging at home, their bill and what home takes.

    As many hours for one GPU as for 64: it is a person who debugs.
    """
    bill = cloud_bill(rented.hours, rented.offers, debugging.terms)
    kilowatts, price = own.power.watts.p50 / 1000, per_kwh_doubted(own)
    cost, calendar = with_debugging(bill.total * factor, bill.calendar_hours, debugging, kilowatts, price)

    def told(runs: Drawn) -> Drawn:
        return debugged_futures(_in_currency(runs, factor), debugging, kilowatts, price)

    drawn = _drawn(rented, bill, debugging.terms, (calendar[1], cost[1]), told) if draws else None
    plans = _rented(rented, bill, calendar, cost, drawn)
    plans = replace(
        plans,
        co2_kg=plans.co2_kg + debugging.hours.p50 * kilowatts * _kg_per_kwh(own),
        effort=plans.effort + EFFORT_OF_DEBUGGING_AT_HOME,
    )
    return bill, np.full(len(rented), debugging.hours.p50 * kilowatts * price.p50), plans


def _in_currency(runs: Drawn, factor: float) -> Drawn:
    """Calendar hours, and both sums of money times `factor`."""
    hours, paid, at_stated_rent = runs
    return hours, paid * factor, at_stated_rent * factor


def debugging_machine(homes: Iterable[tuple[Way, Option]]) -> Option | None:
    """The first machine one has that can hold the run."""
    return next((option for way, option in homes if way == "own" and option.time), None)


def column_of(value: Interval | None) -> tuple[float, float, float]:
    """The three percentiles, NaN for what is unknown."""
    return (np.nan, np.nan, np.nan) if value is None else (value.p10, value.p50, value.p90)


def per_kwh(option: Option) -> Decimal | None:
    """What a kilowatt-hour costs at home in the currency of its bill; None without a bill."""
    items = option.cost.items if option.cost else ()
    return next((item.unit_price for item in items if item.code == "electricity"), None)


def per_kwh_doubted(option: Option) -> Interval:
    """The same with the doubt of the contract; NaN without a bill."""
    price = per_kwh(option)
    if price is None:
        return certain(np.nan)
    return (option.price.doubt if option.price else certain(1.0)) * float(price)


def _kg_per_kwh(option: Option) -> float:
    if option.carbon is None:
        return float("nan")
    return grams_per_kwh(option.carbon.grams_co2e_per_kwh, option.price) / 1000
