"""One way to do a run: at home or rented, with everything it takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from service.decide.candidates import SetAside
from service.decide.household import Household, hours_to_choose, year_with_run
from service.decide.knowledge import Knowledge
from service.decide.own_card import Told
from service.decide.practical import Practical, practical_of
from service.decide.when_to_run import WhenToRun
from service.estimate.adjustments import Adjustment, adjustments
from service.estimate.architecture import flops_per_token
from service.estimate.believable import refuse_unbelievable_plug, refuse_unbelievable_rest
from service.estimate.board_power import activity, board_watts
from service.estimate.cloud_bill import CloudTerms
from service.estimate.cost import Cost
from service.estimate.energy import (
    WallPower,
    cloud_power,
    co2_kg,
    energy_kwh,
    household_power,
    is_pc,
    node_watts,
)
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.home_bill import Purchase, calendar_hours, home_cost, paused_kwh
from service.estimate.inputs import (
    Input,
    carbon_inputs,
    cloud_inputs,
    gpu_inputs,
    home_inputs,
    tariff_inputs,
)
from service.estimate.interval import Interval
from service.estimate.ladder import Rung, ladder
from service.estimate.nearest_gpu import Likeness
from service.estimate.planned_step import PlannedStep, plan_steps
from service.estimate.power_limit import PowerLimitAdvice, power_limit_advice
from service.estimate.rental import cloud_terms, rented_cost, terms_inputs
from service.estimate.tariff import CONTRACT_SPREAD, Consumption, MarginalPrice, flat, grams_per_kwh
from service.estimate.training_time import TrainingTime, check_gpu_count, training_time
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    Figure,
    Gpu,
    Provider,
    Source,
    Workload,
)

Side = Literal["home", "cloud"]
Way = Literal["own", "buy", "rent", "hybrid"]
"""On a machine one has, on one to buy, rented, or debugged at home and rented for the long run."""


@dataclass(frozen=True, slots=True)
class Market:
    """What the same configuration costs elsewhere, so that one price is never alone."""

    offers: int
    cheapest_per_hour: Decimal
    median_per_hour: Decimal
    dearest_per_hour: Decimal
    currency: str
    tier: str = "any"
    """The tier all of them are of."""
    of_median: float | None = None
    """What the offer itself asks, of the median; None where that is 0."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What could be rented where nobody rents out what was asked for: named, never put in its place."""

    offer: CloudOffer
    gpu: Gpu
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Rental:
    """A rented configuration: the offer, who makes it, the grid it runs on, its market."""

    offer: CloudOffer | None
    provider: Provider | None = None
    carbon: CarbonIntensity | None = None
    market: Market | None = None
    instances: int = 1
    rent_today: Figure | None = None
    """How far the rent may have moved since it was stated; None where it stands still or is one's own."""
    unseen_share: float = 0.0
    """How often the rent moves as nobody has seen one move (FURTHEST of rent_moves) until the run is done."""
    rents_seen_days: int | None = None
    """After how many days such rents were looked at again, at the most; None where this one is younger."""
    suggestions: tuple[Suggestion, ...] = ()
    """Where there is no offer: the nearest GPUs that are rented out so many at once."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to do the run, with everything it takes; None where it cannot be said."""

    kind: Side
    label: str
    gpu: Gpu
    gpu_count: int
    planned: PlannedStep
    adjustments: tuple[Adjustment, ...]
    time: TrainingTime | None
    power: WallPower
    energy_kwh: Interval | None
    """Of all hours the machine runs: at home with pauses, rented with set-up and idle ones."""
    cost: Cost | None
    co2_kg: Interval | None
    inputs: tuple[Input, ...]
    rate: ElectricityRate | None = None
    rental: Rental | None = None
    carbon: CarbonIntensity | None = None
    ladder: tuple[Rung, ...] = ()
    """Every other way to hold the run on this machine; empty where it fits as published."""
    power_limit: PowerLimitAdvice | None = None
    """The power limit to set at home; None where nothing can be said of it."""
    calendar_hours: Interval | None = None
    """From start to end: set-up, interruptions and hours a day at home included."""
    price: MarginalPrice | None = None
    """Of a kilowatt-hour at home."""
    purchase: Purchase | None = None
    """Of a card bought for this."""
    when: WhenToRun | None = None
    """Whether it pays to choose hours, where the price changes by the hour."""
    consumption: Consumption | None = None
    """What the run does to the household's year, where that is known."""
    told: tuple[Told, ...] = ()
    """What the asker said of how the cards are built in."""
    is_as_asked: bool = False
    practical: Practical | None = None
    """What would be practical where this takes more than two years; None where it does not."""
    set_aside: SetAside | None = None
    """Why it is not recommended, whatever it costs."""
    is_sold_out: bool = False
    """It was rented out, and could not be had when last looked at."""

    @property
    def hours(self) -> Interval | None:
        """Hours of the run; None when it does not fit."""
        return self.time.hours if self.time else None

    @property
    def elapsed_hours(self) -> Interval | None:
        """From start to end: at home with the hours of the day that it may not run, rented with set-up and
        interruptions."""
        return self.calendar_hours or self.hours


def home_option(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    household: Household,
    *,
    currency: str,
    knowledge: Knowledge,
    planned: PlannedStep | None = None,
    changes: tuple[Adjustment, ...] | None = None,
    rungs: tuple[Rung, ...] | None = None,
) -> Option:
    """The run on one's own machine; `planned`, `changes` and `rungs` are worked out unless they are given.

    They are of the card as the catalog has it: where one's own is built in otherwise, they are not used.
    Raises InvalidValue for cards that cannot be built in so.
    """
    spare = home_memory_gib(household, knowledge)
    own_card, limit_watts = household.own_card, None
    told: tuple[Told, ...] = ()
    if own_card is not None:
        limit_watts, curves = own_card.power_limit_watts, knowledge.power_curves
        usual, gpu = gpu, own_card.mounted(gpu, gpu_count, curves)
        posterior = knowledge.calibration.posterior
        (step,) = plan_steps(workload, [(gpu, gpu_count)], posterior, [spare], household.display_gib)
        planned, changes, rungs = own_card.slowed(step, gpu, curves), None, None
        told = own_card.told(workload, usual, gpu_count, planned, curves=curves, terms=posterior.terms)
    planned, changes, time = _settled(
        workload, gpu, gpu_count, knowledge,
        planned=planned, changes=changes, host_memory_gib=spare, display_gib=household.display_gib,
        at_home=True,
    )  # fmt: skip
    calendar = calendar_hours(time.hours, household.terms) if time else None
    if calendar and (bought := household.terms.purchase):
        terms = replace(household.terms, purchase=bought.of_runs(calendar.p50))
        household = replace(household, terms=terms)
    figures = {**knowledge.figures, **household.own_figures}
    if rungs is None:
        rungs = ladder_of(workload, gpu, gpu_count, planned, knowledge=knowledge, host_memory_gib=spare)
    plug = household.plug_watts
    board = board_watts(gpu, planned.step, planned.log_spread, limit_watts)
    if household.terms.purchase is None:
        _refuse_unbelievable_watts(household, board, gpu_count)
    power = household_power(board, gpu_count, plug.value if plug else None, figures)
    energy = energy_kwh(time.hours, power) if time else None
    cost = when = None
    price = household.price or (
        flat(household.rate, figures.get(CONTRACT_SPREAD)) if household.rate else None
    )
    if energy and time and price:
        cost = home_cost(time.hours, energy, price, currency, knowledge.exchange_rates, terms=household.terms)
        when = hours_to_choose(household, time.hours, power, cost, figures)
        energy = energy + paused_kwh(time.hours, household.terms)
    carbon = household.carbon
    limit = None
    if time and limit_watts is None:
        limit = power_limit_advice(gpu, time.hours.p50, power, knowledge.power_curves)
    return Option(
        kind="home",
        label=_label(gpu, gpu_count),
        gpu=gpu,
        gpu_count=gpu_count,
        planned=planned,
        adjustments=changes,
        time=time,
        power=power,
        energy_kwh=energy,
        cost=cost,
        co2_kg=co2_kg(energy, grams_per_kwh(carbon.grams_co2e_per_kwh, price)) if energy and carbon else None,
        inputs=(
            *gpu_inputs(gpu),
            *(own_card.inputs(gpu, knowledge.power_curves, knowledge.figures) if own_card else ()),
            *home_inputs(household.rate, cost, figures, limit, plug),
            *tariff_inputs(price, household.terms, currency, figures, may_pause=when is not None),
            *carbon_inputs("home", carbon),
        ),
        rate=household.rate,
        carbon=carbon,
        ladder=rungs,
        power_limit=limit,
        calendar_hours=calendar,
        practical=practical_of(workload, gpu_count, calendar),
        price=price,
        purchase=household.terms.purchase,
        when=when,
        consumption=year_with_run(household, time, energy),
        told=told,
        is_as_asked=workload.is_as_asked,
    )


def ladder_of(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    planned: PlannedStep,
    *,
    knowledge: Knowledge,
    host_memory_gib: float,
) -> tuple[Rung, ...]:
    """All rungs on a machine that cannot hold the run as published; empty where it can."""
    if planned.verdict == "fits":
        return ()
    return ladder(
        workload,
        gpu,
        gpu_count,
        planned,
        terms=knowledge.calibration.terms,
        host_memory_gib=host_memory_gib,
    )


def cloud_option(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    rental: Rental,
    *,
    currency: str,
    knowledge: Knowledge,
    planned: PlannedStep | None = None,
    changes: tuple[Adjustment, ...] | None = None,
    terms: CloudTerms | None = None,
) -> Option:
    """The run on a rented configuration; without an offer its cost is None, never 0.

    `terms` is what it needs beside its hours; None takes what is usual for such a run.
    """
    spare = cloud_memory_gib(gpu_count, knowledge)
    planned, changes, time = _settled(
        workload, gpu, gpu_count, knowledge,
        planned=planned, changes=changes, host_memory_gib=spare, at_home=False,
    )  # fmt: skip
    pue = pue_of(rental.provider, knowledge.figures, gpu)
    power = rented_power(gpu, gpu_count, planned, pue, knowledge.figures)
    run = None
    needs = terms or cloud_terms(workload, knowledge.figures)
    if time and rental.offer:
        run = rented_cost(
            time.hours,
            rental.offer,
            rental.provider,
            currency=currency,
            rates=knowledge.exchange_rates,
            terms=needs,
            instances=rental.instances,
            rent_today=rental.rent_today,
        )
    cost = run.cost if run else None
    running = run.machine_hours if run else time.hours if time else None
    energy = energy_kwh(running, power) if running else None
    bill_inputs = (
        terms_inputs(needs, knowledge.figures, rental.offer, rental.provider) if rental.offer else ()
    )
    carbon = rental.carbon
    return Option(
        kind="cloud",
        label=_label(gpu, gpu_count),
        gpu=gpu,
        gpu_count=gpu_count,
        planned=planned,
        adjustments=changes,
        time=time,
        power=power,
        energy_kwh=energy,
        cost=cost,
        co2_kg=co2_kg(energy, carbon.grams_co2e_per_kwh) if energy and carbon else None,
        inputs=(
            *gpu_inputs(gpu),
            *cloud_inputs(
                rental.offer,
                rental.provider,
                cost,
                pue,
                knowledge.figures,
                rent_today=rental.rent_today,
                in_a_pc=is_pc(gpu),
            ),
            *bill_inputs,
            *carbon_inputs("cloud", carbon),
        ),
        rental=rental,
        carbon=carbon,
        calendar_hours=run.calendar_hours if run else None,
        practical=practical_of(
            workload, gpu_count, run.calendar_hours if run else time.hours if time else None
        ),
        is_as_asked=workload.is_as_asked,
    )


PUE_OF_KIND = {"hyperscaler": "cloud.pue_hyperscaler", "gpu-cloud": "cloud.pue_gpu_cloud"}
REFERENCE_BOARD_WATTS = 700.0
"""Board power of the H100 SXM, for whose node the host overhead is known; others are scaled by it."""


def home_memory_gib(household: Household, knowledge: Knowledge) -> float:
    """Host memory a home machine can spare [GiB]: as stated, else the usual."""
    stated = household.host_memory_gib
    return knowledge.figures["home.host_memory_gib"].value if stated is None else stated


def cloud_memory_gib(gpu_count: int, knowledge: Knowledge) -> float:
    """Host memory a rented node can spare for so many GPUs [GiB]."""
    return knowledge.figures["cloud.host_memory_gib_per_gpu"].value * gpu_count


def _refuse_unbelievable_watts(household: Household, board: Interval, gpu_count: int) -> None:
    """Raises InvalidValue for watts that this machine cannot draw; none that is bought was measured."""
    plug, rest = household.plug_watts, household.own_figures.get("home.rest_of_pc_watts")
    if plug is not None:
        refuse_unbelievable_plug(plug.value, board.p10 * gpu_count, board.p90 * gpu_count, gpu_count)
    if rest is not None:
        refuse_unbelievable_rest(rest.value, gpu_count)


def _settled(
    workload: Workload,
    gpu: Gpu,
    gpu_count: int,
    knowledge: Knowledge,
    *,
    planned: PlannedStep | None,
    changes: tuple[Adjustment, ...] | None,
    host_memory_gib: float,
    display_gib: float = 0.0,
    at_home: bool,
) -> tuple[PlannedStep, tuple[Adjustment, ...], TrainingTime | None]:
    """The plan on a machine, what it changes, and how long it takes (None when nothing fits)."""
    check_gpu_count(workload, gpu_count)
    terms = knowledge.calibration.terms
    if planned is None:
        machine, spare = [(gpu, gpu_count)], [host_memory_gib]
        planned = plan_steps(workload, machine, knowledge.calibration.posterior, spare, display_gib)[0]
    if changes is None:
        host = planned.peak.host_memory_gib
        changes = adjustments(workload, gpu, gpu_count, planned.plan, host_memory_gib=host, terms=terms)
    if planned.verdict == "does_not_fit":
        return planned, changes, None
    time = training_time(
        workload,
        gpu,
        gpu_count,
        planned,
        knowledge.calibration,
        at_home=at_home,
        counted_flops_per_token=flops_per_token(workload.architecture, workload.recipe.seq_len),
        peak_tflops=dense_tensor_tflops(gpu),
    )
    return planned, changes, time


def _label(gpu: Gpu, count: int) -> str:
    return gpu.name if count == 1 else f"{count} x {gpu.name}"


def cloud_watts_without_pue(
    gpu: Gpu, gpu_count: int, planned: PlannedStep, figures: Mapping[str, Figure]
) -> float:
    """Median watts of a rented machine at its own power supplies, before the data centre's overhead."""
    if is_pc(gpu):
        return _pc_power(gpu, gpu_count, planned, figures).watts.p50
    rated = node_watts(gpu, gpu_count, _host_share(figures), activity(gpu, planned.step))
    return figures["cloud.node_power_share_of_tdp"].value * rated


def rented_power(
    gpu: Gpu, gpu_count: int, planned: PlannedStep, pue: Figure, figures: Mapping[str, Figure]
) -> WallPower:
    """Watts of a rented machine at the data centre's meter; a PC draws what it draws at home."""
    if is_pc(gpu):
        return _pc_power(gpu, gpu_count, planned, figures).cooled(pue)
    return cloud_power(
        gpu,
        gpu_count,
        node_share=figures["cloud.node_power_share_of_tdp"],
        host_watts_per_gpu_watt=_host_share(figures),
        pue=pue,
        gpu_activity=activity(gpu, planned.step),
    )


def _pc_power(gpu: Gpu, gpu_count: int, planned: PlannedStep, figures: Mapping[str, Figure]) -> WallPower:
    board = board_watts(gpu, planned.step, planned.log_spread)
    return household_power(board, gpu_count, None, figures)


def _host_share(figures: Mapping[str, Figure]) -> Figure:
    overhead = figures["cloud.node_overhead_watts_per_gpu"]
    share = overhead.value / REFERENCE_BOARD_WATTS
    return Figure("host_watts_per_gpu_watt", share, "W/W", overhead.source, basis="derived")


def pue_of(provider: Provider | None, figures: Mapping[str, Figure], gpu: Gpu | None = None) -> Figure:
    """The provider's published PUE, or the one assumed for its kind with its range; of a PC (of a consumer
    card) on a market place that of a room."""
    if gpu and is_pc(gpu) and provider and provider.kind == "marketplace":
        return figures["cloud.pue_of_a_pc"]
    if provider is None or provider.pue is None or provider.pue_basis != "published":
        usual = figures["cloud.pue_unpublished"]
        return figures.get(PUE_OF_KIND.get(provider.kind, ""), usual) if provider else usual
    return Figure("pue", provider.pue, "ratio", _source(provider, "pue", figures), basis="published")


def _source(provider: Provider, field: str, figures: Mapping[str, Figure]) -> Source:
    return provider.sources.get(field, figures["cloud.pue_unpublished"].source)
