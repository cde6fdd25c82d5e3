"""One way to do a run, as an answer tells it: fit, hours, energy, bill, offer, grid."""

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from service.answers.hours import AnsweredConsumption, AnsweredTariff, AnsweredWhenToRun
from service.answers.parts import (
    Answered,
    AnsweredLicensedSource,
    AnsweredNumber,
    AnsweredSource,
    Exact,
)
from service.decide.options import Side
from service.decide.own_card import ToldCode
from service.decide.why_not import WhyNot
from service.estimate.adjustments import AdjustmentCode
from service.estimate.cost import BillLine
from service.estimate.home_bill import BOUGHT
from service.estimate.interval import Interval
from service.estimate.ladder import RungCode
from service.estimate.memory import Fit
from service.estimate.training_time import Nearness, StageCode
from service.facts import Accounting, PriceVat, RateKind, Scope, Tier


class AnsweredAdjustment(Answered):
    """One departure from the published recipe."""

    code: AdjustmentCode
    before: str
    after: str
    time_factor: float
    needs_code_change: bool
    text: str


class AnsweredRung(Answered):
    """One rung of the ladder: everything above it and one thing more."""

    code: RungCode
    fits: bool
    fit_probability: float
    peak_memory_gib: float
    micro_batch: int
    checkpointed_layers: int
    chunked_cross_entropy: bool
    hours: float | None
    hours_added: float
    host_memory_gib: float
    host_memory_suffices: bool
    needs_code_change: bool
    experimental: bool
    fits_the_card: bool = Field(description="Surely enough, were the host's memory large enough")
    text: str


class AnsweredFit(Answered):
    """Does the run fit the memory, and with which adjustments."""

    verdict: Fit
    adjustments: tuple[AnsweredAdjustment, ...]
    micro_batch: int
    gradient_accumulation: int
    peak_memory_gib: float
    peak_memory_interval_gib: Interval
    available_memory_gib: float
    host_memory_gib: float
    fit_probability: float = Field(description="Probability that the peak stays within the memory")
    time_factor: float | None = Field(
        description="Time of a step over the published recipe's on this machine; null in answers of old"
    )
    ladder: tuple[AnsweredRung, ...] = Field(
        description="Every other way to hold the run; empty where it fits as is"
    )
    is_as_asked: bool = Field(
        False, description="Whether the recipe is the asker's own, and not a published one"
    )


class AnsweredStage(Answered):
    """A part of the hours."""

    code: StageCode
    hours: float | None


class AnsweredLimitStep(Answered):
    """The run under one power limit."""

    limit_share: float
    limit_watts: float
    hours: float
    wall_watts: float
    energy_kwh: float


class AnsweredPowerLimit(AnsweredSource):
    """The power limit to set, from curves measured in training."""

    best: AnsweredLimitStep = Field(description="The knee: beyond it little more is saved for much time")
    least: AnsweredLimitStep | None = Field(
        None, description="The one with the least energy, whatever time it takes; null in old answers"
    )
    worth_while: bool
    hours_added: float
    energy_kwh_saved: Interval
    steps: tuple[AnsweredLimitStep, ...]
    measured_on: str
    stand_in: bool = Field(description="The curve is another card's")


class AnsweredTold(Answered):
    """One thing that the asker said of how the cards at home are built in."""

    code: ToldCode
    value: float
    unit: str
    time_factor: float = Field(description="How many times as long a step takes by this alone")
    text: str


class AnsweredItem(Answered):
    """One line of the bill: quantity times unit price; null where nobody has told us the price."""

    code: BillLine
    quantity: Interval
    quantity_unit: str
    unit_price: float | None
    currency: str
    p10: float | None
    p50: float | None
    p90: float | None
    is_counted: bool = Field(description="False: shown, but paid with or without the run")

    @property
    def amount(self) -> Interval | None:
        """What the line comes to; None where nobody has told us the price."""
        if self.p10 is None or self.p50 is None or self.p90 is None:
            return None
        return Interval(self.p10, self.p50, self.p90)


class AnsweredExchange(AnsweredLicensedSource):
    """A rate that a cost was converted with."""

    base: str
    quote: str
    rate: Exact = Field(description="Exact decimal, `quote` for one `base`")


class AnsweredRestOfPc(AnsweredSource):
    """What is bought around a card where there is no PC, in the purchase's currency."""

    price: Interval
    resale_share: Interval = Field(description="What it brings when it is sold, of the price")
    is_told: bool = Field(description="Whether the asker said its price; otherwise our own estimate")


class AnsweredPurchase(AnsweredLicensedSource):
    """A card to buy: its price of that day, and what it brings when it is sold."""

    bought: Literal["new", "used"]
    price: Interval = Field(
        description="Of all cards together, in `currency`; of a dated price with its doubt"
    )
    currency: str
    usd_per_card: float | None = Field(description="As its source tells it; null where the asker said it")
    first_month: date | None = Field(description="The first of the months that the price is of")
    months_old: int | None
    is_before_tax: bool = Field(
        description="A dated price, which is without sales tax or VAT, and none was added"
    )
    vat_share: float | None = Field(None, description="Added to a dated price, of that without; in `price`")
    years_kept: float | None
    runs: int | None = Field(None, description="Over how many its loss is spread; null in old answers")
    runs_asked: int | None = Field(
        None, description="Where it is sold before it has done so many: then `runs` is how many it does"
    )
    resale_share: Interval = Field(description="What it brings then, of the price; never more than 1")
    has_history: bool = Field(
        description="Whether the card's own prices say so; otherwise those of its class, and more widely"
    )
    loss_per_run: Interval = Field(description="Of the cards alone")
    rest_of_pc: AnsweredRestOfPc | None = Field(None, description="null where there is a PC")
    capital_cost: float = Field(0.0, description="A year, of what is paid for all of it until it is sold")


class AnsweredCost(Answered):
    """What an option costs."""

    currency: str
    p10: float
    p50: float
    p90: float
    items: tuple[AnsweredItem, ...]
    exchange_rates: tuple[AnsweredExchange, ...]
    cash: Interval | None = Field(
        None, description="To be paid until the run ends, a bought card whole; null in old answers"
    )

    @property
    def total(self) -> Interval:
        """The sum, with its 80 % interval."""
        return Interval(self.p10, self.p50, self.p90)

    @property
    def unknown(self) -> tuple[BillLine, ...]:
        """Codes of the lines whose price nobody has told us."""
        return tuple(item.code for item in self.items if item.amount is None)

    def unit_price(self, code: BillLine) -> float | None:
        """What one unit of that line costs; None where there is no such line or no price."""
        return next((item.unit_price for item in self.items if item.code == code), None)

    @property
    def bought_per_run(self) -> float | None:
        """What all that is bought costs a run, with the money tied up in it; None where nothing is bought."""
        lines = [i.unit_price for i in self.items if i.code in BOUGHT and i.unit_price is not None]
        return sum(lines) if lines else None


class AnsweredRate(AnsweredLicensedSource):
    """The tariff behind the electricity of an option at home."""

    zone: str
    zone_name: str
    kind: RateKind
    per_kwh: Exact = Field(description="Exact decimal per kWh")
    currency: str
    note: str


class AnsweredGrid(AnsweredLicensedSource):
    """The grid behind the CO2e of an option."""

    zone: str
    zone_name: str
    grams_co2e_per_kwh: float
    year: int
    scope: Scope
    accounting: Accounting


class AnsweredMarket(Answered):
    """What the same configuration costs elsewhere."""

    offers: int
    cheapest_per_hour: Exact
    median_per_hour: Exact
    dearest_per_hour: Exact
    currency: str
    tier: str = Field(description="The tier all of them are of; any in old answers")
    of_median: float | None = Field(
        None, description="What this offer asks, of the median; null in old answers"
    )


class AnsweredLikeness(Answered):
    """How like the GPU asked for this one is; ratios are its figures over the asked one's."""

    to: str
    distance: float = Field(description="Length of the three ratios' natural logarithms; 0 is the same card")
    peak_bf16_ratio: float
    memory_ratio: float
    memory_bandwidth_ratio: float


class AnsweredSuggestion(Answered):
    """What could be rented where nobody rents out what was asked for; never put in its place."""

    slug: str
    provider: str
    gpu: str
    gpu_name: str
    gpu_count: int
    tier: Tier
    hourly_price: Exact = Field(description="Exact decimal, whole instance")
    currency: str
    as_of: date
    source: str
    likeness: AnsweredLikeness


class AnsweredOffer(AnsweredLicensedSource):
    """The offer behind a rented option."""

    slug: str
    provider: str
    provider_name: str
    instance: str
    region: str
    country: str | None
    tier: Tier
    term_months: int | None = Field(description="Of a reserved offer")
    hourly_price: Exact = Field(description="Exact decimal, whole instance")
    currency: str
    instances: int
    price_vat: PriceVat | None = Field(
        None, description="Of the provider's prices: net, VAT comes on top; null where nobody has told"
    )
    ram_gib: float | None = Field(None, description="Main memory of one instance; null where it is not said")
    note: str
    market: AnsweredMarket | None
    in_stock: bool | None = Field(
        None, description="Whether it could be rented when last read; null where nobody tells"
    )
    rentable_count: int | None = Field(None, description="How many then, where the source counts them")
    seen_rentable_at: datetime | None = Field(None, description="When it was last seen rentable")


class AnsweredContribution(Answered):
    """One part of the time or of the doubt."""

    code: str
    amount: float
    unit: str
    share: float


class AnsweredWitness(Answered):
    """A measured run that an estimate rests on."""

    id: str
    gpu: str
    code_base: str
    tokens_per_s: float
    weight: float = Field(description="Percent that the estimate moves when this run moves by one")


class AnsweredExplanation(Answered):
    """Where time and doubt come from, and which runs an estimate rests on."""

    time: tuple[AnsweredContribution, ...]
    doubt: tuple[AnsweredContribution, ...]
    terms: tuple[AnsweredContribution, ...]
    runs: tuple[AnsweredWitness, ...]
    runs_in_all: int
    same_code_base_and_gpu: int
    same_gpu: int
    same_code_base: int
    size_ratio: float | None
    text: tuple[str, ...]


class AnsweredPractical(Answered):
    """What would take two years at most, each alone; null where that does not help."""

    tokens: int | None = Field(description="As many at most")
    gpu_count: int | None = Field(description="As many such GPUs at least")
    smaller: str | None = Field(description="The largest smaller model that the machine trains in time")
    smaller_name: str | None


class AnsweredWhyNot(Answered):
    """Why an option is not the one to take."""

    code: WhyNot
    sentence: str


class AnsweredOption(Answered):
    """One way to do the run; null where it cannot be said."""

    kind: Side
    label: str
    gpu: str
    gpu_count: int
    gpu_memory_gib: float
    gpu_category: str
    fit: AnsweredFit
    hours: Interval | None = Field(description="h")
    calendar_hours: Interval | None = Field(description="h from start to end")
    tokens_per_s: float | None
    mfu: float | None
    stages: tuple[AnsweredStage, ...] = Field(description="What the median hours consist of")
    evidence: Nearness | None
    wall_watts: Interval = Field(description="W at the meter")
    power_limit: AnsweredPowerLimit | None = Field(
        description="At home: the limit to set, and the one with the least energy"
    )
    energy_kwh: Interval | None = Field(
        description="kWh at the meter over all hours it runs: pauses, set-up, idle and interrupted ones too"
    )
    cost: AnsweredCost | None
    co2_kg: Interval | None = Field(description="kg CO2e of that energy")
    offer: AnsweredOffer | None
    rate: AnsweredRate | None = Field(description="At home: the tariff")
    tariff: AnsweredTariff | None = Field(description="At home: what one more kilowatt-hour costs")
    when_to_run: AnsweredWhenToRun | None = Field(description="At home, where the price changes by the hour")
    consumption: AnsweredConsumption | None = Field(description="At home, with `yearly_kwh`")
    carbon: AnsweredGrid | None
    suggestions: tuple[AnsweredSuggestion, ...] = Field(
        description="Where there is no offer: the nearest that are"
    )
    sources: tuple[AnsweredNumber, ...]
    as_told: tuple[AnsweredTold, ...] = Field(
        (), description="At home: `power_limit_watts`, `pcie_lanes` and `nvlink` as they were asked"
    )
    explanation: AnsweredExplanation | None = Field(None, description="With `explain`; hours alone")
    purchase: AnsweredPurchase | None = Field(None, description="Of a card to buy")
    practical: AnsweredPractical | None = Field(
        None, description="Where it takes more than two years, which nobody waits: what would be"
    )
    why_not: AnsweredWhyNot | None = Field(
        None, description="Why it is not the one to take; null for that one, and in old answers"
    )

    @property
    def elapsed_hours(self) -> Interval | None:
        """From start to end: at home with the hours of the day that it may not run, rented with set-up and
        interruptions."""
        return self.calendar_hours or self.hours
