"""The shapes of answers, as the OpenAPI description shows them."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field, create_model


class SourceOut(BaseModel):
    """Where a number was read, and when it was true."""

    unit: str = Field(description="Unit of the number")
    source: str
    url: str
    as_of: date
    read_on: date | None
    licence: str


class IntervalOut(BaseModel):
    """A median with its 80 % interval."""

    p10: float
    p50: float
    p90: float


class InputOut(SourceOut):
    """One number an answer was computed from."""

    subject: str
    name: str
    value: float
    low: float | None
    high: float | None
    basis: str = Field(description="measured | published | derived | fitted | estimate | assumed | user")


class AdjustmentOut(BaseModel):
    """One departure from the published recipe."""

    code: str
    before: str
    after: str
    time_factor: float
    needs_code_change: bool
    text: str


class RungOut(BaseModel):
    """One rung of the ladder: everything above it and one thing more."""

    code: str
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
    text: str


class ContributionOut(BaseModel):
    """One part of the time or of the doubt."""

    code: str
    amount: float
    unit: str
    share: float


class WitnessOut(BaseModel):
    """A measured run that an estimate rests on."""

    id: str
    gpu: str
    code_base: str
    tokens_per_s: float
    weight: float = Field(description="Percent that the estimate moves when this run moves by one")


class ExplanationOut(BaseModel):
    """Where time and doubt come from, and which runs an estimate rests on."""

    time: list[ContributionOut]
    doubt: list[ContributionOut]
    terms: list[ContributionOut]
    runs: list[WitnessOut]
    runs_in_all: int
    same_code_base_and_gpu: int
    same_gpu: int
    same_code_base: int
    size_ratio: float | None
    text: list[str]


class FitOut(BaseModel):
    """Does the run fit the memory, and with which adjustments."""

    verdict: Literal["fits", "fits_with_adjustments", "marginal", "does_not_fit"]
    adjustments: list[AdjustmentOut]
    micro_batch: int
    gradient_accumulation: int
    peak_memory_gib: float
    peak_memory_interval_gib: IntervalOut
    available_memory_gib: float
    host_memory_gib: float
    fit_probability: float = Field(description="Probability that the peak stays within the memory")
    time_factor: float = Field(description="Time of a step over the published recipe's on this machine")
    ladder: list[RungOut] = Field(description="Every other way to hold the run; empty where it fits as is")


class CostItemOut(BaseModel):
    """One line of the bill: quantity times unit price; null where nobody has told us the price."""

    code: str
    quantity: IntervalOut
    quantity_unit: str
    unit_price: float | None
    currency: str
    p10: float | None
    p50: float | None
    p90: float | None
    is_counted: bool = Field(description="False: shown, but paid with or without the run")


class SaidOut(BaseModel):
    """Who says so, and for which day."""

    source: str
    url: str
    as_of: date
    read_on: date | None
    licence: str


class CostExchangeOut(SaidOut):
    """A rate that a cost was converted with."""

    base: str
    quote: str
    rate: str = Field(description="Exact decimal, `quote` for one `base`")


class CostOut(IntervalOut):
    """What an option costs."""

    currency: str
    items: list[CostItemOut]
    exchange_rates: list[CostExchangeOut]


class HouseholdRateOut(SaidOut):
    """The tariff behind the electricity of an option at home."""

    zone: str
    zone_name: str
    kind: str
    per_kwh: str = Field(description="Exact decimal per kWh")
    currency: str
    note: str


class GridOut(SaidOut):
    """The grid behind the CO2e of an option."""

    zone: str
    zone_name: str
    grams_co2e_per_kwh: float
    year: int
    scope: str
    accounting: str


class MarketOut(BaseModel):
    """What the same configuration costs elsewhere."""

    offers: int
    cheapest_per_hour: str
    median_per_hour: str
    dearest_per_hour: str
    currency: str
    tier: str = Field(description="The tier all of them are of, or any")


class LikenessOut(BaseModel):
    """How like the GPU asked for this one is; ratios are its figures over the asked one's."""

    to: str
    distance: float = Field(description="Length of the three ratios' natural logarithms; 0 is the same card")
    peak_bf16_ratio: float
    memory_ratio: float
    memory_bandwidth_ratio: float


class SuggestionOut(BaseModel):
    """What could be rented where nobody rents out what was asked for; never put in its place."""

    slug: str
    provider: str
    gpu: str
    gpu_name: str
    gpu_count: int
    tier: str
    hourly_price: str = Field(description="Exact decimal, whole instance")
    currency: str
    as_of: date
    source: str
    likeness: LikenessOut


class RentedOfferOut(SaidOut):
    """The offer behind a rented option."""

    slug: str
    provider: str
    provider_name: str
    instance: str
    region: str
    country: str | None
    tier: str
    term_months: int | None = Field(description="Of a reserved offer")
    hourly_price: str = Field(description="Exact decimal, whole instance")
    currency: str
    instances: int
    note: str
    market: MarketOut | None


class StageOut(BaseModel):
    """A part of the hours."""

    code: str = Field(description="pretraining | later_stages | warm_up | checkpoints | restarts | fleet")
    hours: float | None


class LimitStepOut(BaseModel):
    """The run under one power limit."""

    limit_share: float
    limit_watts: float
    hours: float
    wall_watts: float
    energy_kwh: float


class PowerLimitOut(BaseModel):
    """The power limit with the least energy, from curves measured in training."""

    best: LimitStepOut
    worth_while: bool
    hours_added: float
    energy_kwh_saved: IntervalOut
    steps: list[LimitStepOut]
    measured_on: str
    stand_in: bool = Field(description="The curve is another card's")
    source: str
    url: str
    as_of: date


class TariffOut(BaseModel):
    """The price of one more kilowatt-hour at home, by the contract."""

    kind: Literal["flat", "time_of_use", "dynamic"]
    currency: str
    per_kwh: str = Field(description="Mean over the hours that are used, own solar power included")
    low: str | None = Field(description="80 % range of days that the past shows; null for a fixed price")
    high: str | None
    paused_per_kwh: str | None = Field(description="Mean over the hours that are not used")
    source: str
    url: str
    as_of: date


class HourOfDayOut(BaseModel):
    """A local hour over the days."""

    hour: int = Field(description="0-23, Central European time")
    low: float
    mean: float
    high: float


class HoursEffectOut(BaseModel):
    """What a rule does to the price of a day."""

    code: Literal["through", "cheapest", "window"]
    share: float
    mean: float
    kept: float
    dropped: float | None
    low: float
    high: float
    starts_per_hour: float


class DayShapeOut(BaseModel):
    """What the days of a price or of a grid's CO2 look like."""

    unit: str
    zone: str
    first_day: date
    last_day: date
    days: int
    grain_minutes: int
    by_hour: list[HourOfDayOut]
    effects: list[HoursEffectOut]
    source: str
    url: str
    as_of: date


class PausePlanOut(BaseModel):
    """Running in chosen hours against running through."""

    code: Literal["cheapest", "window"]
    share: float = Field(description="Of each day's hours that are used")
    paused_watts: float
    change: float = Field(description="Share; below 0 saves")
    amount: float = Field(description="Over the whole run: money, or kg CO2e")
    calendar_hours: float
    break_even_watts: float | None = Field(description="Drawing more than this while paused loses")


class WhenToRunOut(BaseModel):
    """Whether it pays to choose hours; `best` is null where running through is the advice."""

    prices: DayShapeOut
    plans: list[PausePlanOut]
    best: PausePlanOut | None
    carbon: DayShapeOut | None
    carbon_plans: list[PausePlanOut]


class ConsumptionOut(BaseModel):
    """The household's year without and with the run, with Eurostat's consumption bands."""

    yearly_kwh: float
    with_run_kwh: float
    band: str
    band_with_run: str
    per_kwh: str | None
    per_kwh_with_run: str | None
    currency: str


class OptionOut(BaseModel):
    """One way to do the run; null where it cannot be said."""

    kind: Literal["home", "cloud"]
    label: str
    gpu: str
    gpu_count: int
    gpu_memory_gib: float
    gpu_category: str
    fit: FitOut
    hours: IntervalOut | None = Field(description="h")
    calendar_hours: IntervalOut | None = Field(description="h from start to end")
    tokens_per_s: float | None
    mfu: float | None
    stages: list[StageOut] = Field(description="What the median hours consist of")
    evidence: str | None
    wall_watts: IntervalOut = Field(description="W at the meter")
    power_limit: PowerLimitOut | None = Field(description="At home: the cheapest limit for the whole machine")
    energy_kwh: IntervalOut | None = Field(description="kWh at the meter")
    cost: CostOut | None
    co2_kg: IntervalOut | None = Field(description="kg CO2e")
    offer: RentedOfferOut | None
    rate: HouseholdRateOut | None = Field(description="At home: the tariff")
    tariff: TariffOut | None = Field(description="At home: what one more kilowatt-hour costs")
    when_to_run: WhenToRunOut | None = Field(description="At home, where the price changes by the hour")
    consumption: ConsumptionOut | None = Field(description="At home, with `yearly_kwh`")
    carbon: GridOut | None
    suggestions: list[SuggestionOut] = Field(description="Where there is no offer: the nearest that are")
    sources: list[InputOut]
    explanation: ExplanationOut | None = Field(None, description="With `explain`; hours alone")


class VerdictOut(BaseModel):
    """Which option wins, and how surely."""

    cheaper: Literal["home", "cloud"] | None
    faster: Literal["home", "cloud"] | None
    cheaper_probability: float | None
    saving: float | None
    slow_down: float | None
    summary: str


class BreakEvenOut(BaseModel):
    """Prices at which the verdict turns."""

    currency: str
    rent_per_hour: float | None
    per_kwh: float | None


class ReferenceMethodOut(BaseModel):
    """The well-known rule of three on the same question."""

    gpu_hours: float
    ratio_low: float
    ratio_high: float
    hours_low: float
    hours_high: float
    days_low: float
    days_high: float
    watts: float
    energy_kwh_low: float
    energy_kwh_high: float


class WorkloadSummaryOut(BaseModel):
    """The run, as counted and as published."""

    slug: str
    name: str
    family: str
    parameters: int
    flops_per_token: int
    tokens: int
    steps: int
    total_flops: float
    seq_len: int
    global_batch_tokens: int
    precision: str
    optimizer: str
    engine: str
    n_experts: int
    reference_hours: float | None
    reference_gpu_count: int | None


class ComparisonOut(BaseModel):
    """The answer to a comparison, as kept."""

    id: str
    asked_at: datetime
    data_version: int
    zone: str
    workload: WorkloadSummaryOut
    considered_offers: int
    options: list[OptionOut]
    verdict: VerdictOut
    break_even: BreakEvenOut
    reference_method: ReferenceMethodOut | None
    sources: list[InputOut]


class EstimatesOut(BaseModel):
    """Fit, hours and energy per machine, without prices."""

    workload: WorkloadSummaryOut
    estimates: list[OptionOut]
    sources: list[InputOut]


def page_of(name: str, item: type[BaseModel]) -> type[BaseModel]:
    """The page model of a collection."""
    return create_model(
        name,
        __doc__=f"A page of {item.__name__}.",
        items=(list[item], ...),  # type: ignore[valid-type]
        total=(int, ...),
        limit=(int, ...),
        offset=(int, ...),
        next=(str | None, ...),
    )
