"""The tables. Units are part of the column names; facts.py says what each column means.

Every number leads to a source: by a `source_id` beside it, or by a row of `<noun>_sources` per field.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.store.column_types import ExactDecimal, UtcDateTime

TIERS = ("on_demand", "spot", "reserved", "community", "marketplace")
_OFFER_KEY = (
    "provider_id", "instance", "region", "gpu_count", "tier", "term_months", "gpu_raw_name", "origin",
)  # fmt: skip
OUTCOMES = ("requested", "running", "ok", "failed", "asleep", "unchanged")


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime(),
        Decimal: ExactDecimal(),
        float: sa.Double(),
        dict[str, Any]: sa.JSON(),
    }


def _one_of(column: str, choices: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _positive(*columns: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"{column} > 0", name=f"{column}_positive") for column in columns]


def _source() -> Mapped[int]:
    return mapped_column(sa.ForeignKey("sources.id"))


class SourceRow(Base):
    __tablename__ = "sources"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    url: Mapped[str]
    published: Mapped[date]
    licence: Mapped[str]


class GpuRow(Base):
    __tablename__ = "gpus"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    vendor: Mapped[str]
    category: Mapped[str]
    architecture: Mapped[str]
    compute_capability: Mapped[str]
    tensor_rate: Mapped[str]
    released: Mapped[date | None]
    sm_count: Mapped[int]
    boost_clock_mhz: Mapped[float]
    memory_gib: Mapped[float]
    memory_bandwidth_gb_per_s: Mapped[float]
    board_watts: Mapped[float]
    pcie_generation: Mapped[int | None]
    pcie_lanes: Mapped[int | None]
    gpu_link_gb_per_s: Mapped[float | None]
    published_tensor_tflops: Mapped[float | None]
    note: Mapped[str]
    __table_args__ = (
        *_positive("sm_count", "boost_clock_mhz", "memory_gib", "memory_bandwidth_gb_per_s", "board_watts"),
        _one_of("tensor_rate", ("full", "half", "quarter")),
    )


class GpuAliasRow(Base):
    __tablename__ = "gpu_aliases"
    alias_key: Mapped[str] = mapped_column(primary_key=True)
    gpu_id: Mapped[int] = mapped_column(sa.ForeignKey("gpus.id"), index=True)
    alias: Mapped[str]
    position: Mapped[int]


class OwnGpuNameRow(Base):
    """What a GPU name in price lists stands for, as a user has told; beside what the catalog says."""

    __tablename__ = "own_gpu_names"
    alias_key: Mapped[str] = mapped_column(primary_key=True)
    memory_gib: Mapped[float] = mapped_column(primary_key=True)
    """Per GPU; 0 for any memory."""
    name: Mapped[str]
    """As it was written."""
    gpu_id: Mapped[int] = mapped_column(sa.ForeignKey("gpus.id"))
    told_at: Mapped[datetime]
    __table_args__ = (sa.CheckConstraint("memory_gib >= 0", name="memory_gib_not_negative"),)


class GpuSourceRow(Base):
    __tablename__ = "gpu_sources"
    gpu_id: Mapped[int] = mapped_column(sa.ForeignKey("gpus.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[int] = _source()
    read_on: Mapped[date | None]


class WorkloadRow(Base):
    __tablename__ = "workloads"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    family: Mapped[str]
    kind: Mapped[str]
    tokens: Mapped[int] = mapped_column(sa.BigInteger())
    note: Mapped[str]
    architecture: Mapped[dict[str, Any]]
    recipe: Mapped[dict[str, Any]]
    other_stages_fraction: Mapped[float]
    reference_hours: Mapped[float | None]
    reference_gpu: Mapped[str | None]
    reference_gpu_count: Mapped[int | None]
    __table_args__ = (
        *_positive("tokens", "reference_hours", "reference_gpu_count"),
        sa.CheckConstraint("other_stages_fraction >= 0", name="other_stages_fraction_not_negative"),
    )


class WorkloadAliasRow(Base):
    __tablename__ = "workload_aliases"
    alias_key: Mapped[str] = mapped_column(primary_key=True)
    workload_id: Mapped[int] = mapped_column(sa.ForeignKey("workloads.id"), index=True)
    alias: Mapped[str]
    position: Mapped[int]


class WorkloadSourceRow(Base):
    __tablename__ = "workload_sources"
    workload_id: Mapped[int] = mapped_column(sa.ForeignKey("workloads.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[int] = _source()
    read_on: Mapped[date | None]


class ProviderRow(Base):
    __tablename__ = "providers"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    url: Mapped[str]
    kind: Mapped[str]
    billing_increment_s: Mapped[float | None]
    minimum_billing_s: Mapped[float | None]
    pue: Mapped[float | None]
    pue_basis: Mapped[str]
    egress_per_gb: Mapped[Decimal | None]
    egress_tiers: Mapped[str] = mapped_column(server_default="")
    """Tiers after the first as "1024:0.11 10240:0.08": from how many GB on a GB costs how much."""
    storage_per_gb_month: Mapped[Decimal | None]
    fee_currency: Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("pue >= 1", name="pue_at_least_one"),
        sa.CheckConstraint("egress_per_gb >= 0", name="egress_per_gb_not_negative"),
        sa.CheckConstraint("storage_per_gb_month >= 0", name="storage_per_gb_month_not_negative"),
    )


class ProviderSourceRow(Base):
    __tablename__ = "provider_sources"
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("providers.id"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[int] = _source()
    read_on: Mapped[date | None]


class OfferRow(Base):
    """An offer and the price last seen; ids are dealt by offers.add_all under the writers' lock."""

    __tablename__ = "offers"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slug: Mapped[str] = mapped_column(unique=True)
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("providers.id"))
    instance: Mapped[str]
    region: Mapped[str]
    country: Mapped[str | None]
    gpu: Mapped[str | None]
    gpu_raw_name: Mapped[str]
    gpu_count: Mapped[int]
    memory_gib_per_gpu: Mapped[float | None]
    total_memory_gib: Mapped[float | None]
    vcpus: Mapped[int | None]
    ram_gib: Mapped[float | None]
    tier: Mapped[str]
    term_months: Mapped[int]
    note: Mapped[str]
    hourly_price: Mapped[Decimal]
    currency: Mapped[str]
    as_of: Mapped[date]
    source_id: Mapped[int] = _source()
    fetched_at: Mapped[datetime]
    price_since: Mapped[date]
    price_first_seen: Mapped[datetime]
    price_eur_sort: Mapped[float]
    """In EUR at the newest stored rate; infinity while no rate of the currency is known."""
    origin: Mapped[str] = mapped_column(server_default="catalog")
    """Which list says so; two lists that price one instance are two offers, each with its history."""
    unlisted_since: Mapped[datetime | None]
    """When a newer answer of the same list first left it out; its last price is then history."""
    __table_args__ = (
        sa.UniqueConstraint(*_OFFER_KEY, name="uq_offers_key"),
        *_positive("hourly_price", "gpu_count", "memory_gib_per_gpu"),
        _one_of("tier", TIERS),
        sa.CheckConstraint("term_months >= 0", name="term_months_not_negative"),
        sa.Index("ix_offers_gpu_by_price", "gpu", "gpu_count", "tier", "price_eur_sort", "slug"),
        sa.Index("ix_offers_by_price", "price_eur_sort", "slug"),
        sa.Index("ix_offers_by_origin", "origin"),
    )


class OfferPriceRow(Base):
    """One price of an offer, first stated for `as_of` and last for `last_as_of`; rows are only added.

    The newest row of an unchanged price has its `last_as_of` and `last_seen` moved on instead.
    """

    __tablename__ = "offer_prices"
    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("offers.id"), primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    first_seen: Mapped[datetime] = mapped_column(primary_key=True)
    last_as_of: Mapped[date]
    last_seen: Mapped[datetime]
    hourly_price: Mapped[Decimal]
    currency: Mapped[str]
    source_id: Mapped[int] = _source()
    __table_args__ = (
        *_positive("hourly_price"),
        sa.CheckConstraint("last_as_of >= as_of", name="as_of_in_order"),
        {"sqlite_with_rowid": False},
    )


class ElectricityRateRow(Base):
    __tablename__ = "electricity_rates"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str] = mapped_column(index=True)
    zone_name: Mapped[str]
    kind: Mapped[str]
    currency: Mapped[str]
    per_kwh: Mapped[Decimal]
    taxes: Mapped[str]
    band: Mapped[str]
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    as_of: Mapped[date]
    source_id: Mapped[int] = _source()
    note: Mapped[str]
    __table_args__ = (
        *(_one_of("kind", ("retail", "spot")), _one_of("taxes", ("all", "excl_vat", "excl_taxes"))),
    )


class SpotPriceRow(Base):
    __tablename__ = "spot_prices"
    zone: Mapped[str] = mapped_column(primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"), primary_key=True)
    slot_end: Mapped[datetime]
    per_mwh: Mapped[Decimal]
    currency: Mapped[str]
    taxes: Mapped[str] = mapped_column(server_default="excl_taxes")
    """excl_taxes: the wholesale price; all: a dynamic tariff's own price with everything in it."""
    fetched_at: Mapped[datetime]
    __table_args__ = (
        sa.CheckConstraint("slot_end > slot_start", name="slot_in_order"),
        _one_of("taxes", ("all", "excl_vat", "excl_taxes")),
        {"sqlite_with_rowid": False},
    )


class GridCarbonRow(Base):
    """Carbon intensity of a grid by the slot; measured values replace forecasts."""

    __tablename__ = "grid_carbon"
    zone: Mapped[str] = mapped_column(primary_key=True)
    slot_start: Mapped[datetime] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("sources.id"), primary_key=True)
    slot_end: Mapped[datetime]
    grams_co2e_per_kwh: Mapped[float]
    scope: Mapped[str]
    accounting: Mapped[str]
    is_forecast: Mapped[bool]
    fetched_at: Mapped[datetime]
    __table_args__ = (
        sa.CheckConstraint("slot_end > slot_start", name="slot_in_order"),
        sa.CheckConstraint("grams_co2e_per_kwh >= 0", name="grams_co2e_per_kwh_not_negative"),
        _one_of("scope", ("lifecycle", "direct")),
        _one_of("accounting", ("production", "consumption")),
        {"sqlite_with_rowid": False},
    )


class CarbonIntensityRow(Base):
    __tablename__ = "carbon_intensities"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    zone: Mapped[str] = mapped_column(index=True)
    zone_name: Mapped[str]
    year: Mapped[int]
    grams_co2e_per_kwh: Mapped[float]
    scope: Mapped[str]
    accounting: Mapped[str]
    as_of: Mapped[date]
    source_id: Mapped[int] = _source()
    note: Mapped[str]
    __table_args__ = (
        sa.CheckConstraint("grams_co2e_per_kwh >= 0", name="grams_co2e_per_kwh_not_negative"),
        _one_of("scope", ("lifecycle", "direct")),
        _one_of("accounting", ("production", "consumption")),
    )


class ExchangeRateRow(Base):
    __tablename__ = "exchange_rates"
    base: Mapped[str] = mapped_column(primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal]
    source_id: Mapped[int] = _source()
    __table_args__ = (*_positive("rate"), {"sqlite_with_rowid": False})


class MeasuredRunRow(Base):
    __tablename__ = "measured_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    project: Mapped[str]
    model: Mapped[str]
    gpu: Mapped[str | None]
    gpu_count: Mapped[int | None]
    source_id: Mapped[int] = _source()
    use_for: Mapped[str]
    n_params: Mapped[float | None]
    n_layers: Mapped[int | None]
    d_model: Mapped[int | None]
    n_heads: Mapped[int | None]
    n_kv_heads: Mapped[int | None]
    d_ff: Mapped[int | None]
    vocab_size: Mapped[int | None]
    seq_len: Mapped[int | None]
    tokens: Mapped[float | None]
    nodes: Mapped[int | None]
    precision: Mapped[str | None]
    optimizer: Mapped[str | None]
    engine: Mapped[str | None]
    attention: Mapped[str | None]
    checkpointing: Mapped[str | None]
    offload: Mapped[bool | None]
    parallelism: Mapped[str | None]
    micro_batch: Mapped[int | None]
    global_batch_tokens: Mapped[int | None] = mapped_column(sa.BigInteger())
    hours: Mapped[float | None]
    tokens_per_s: Mapped[float | None]
    peak_memory_gib: Mapped[float | None]
    gpu_watts: Mapped[float | None]
    node_watts: Mapped[float | None]
    workload: Mapped[str | None]
    year: Mapped[int | None]
    confidence: Mapped[str | None]
    chunked_cross_entropy: Mapped[bool | None]
    gradient_release: Mapped[bool | None]
    activations_on_host: Mapped[bool | None]
    optimizer_bits: Mapped[int | None]
    power_limit_watts: Mapped[float | None]


class FigureRow(Base):
    __tablename__ = "figures"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    value: Mapped[float]
    low: Mapped[float | None]
    high: Mapped[float | None]
    unit: Mapped[str]
    basis: Mapped[str]
    source_id: Mapped[int] = _source()
    read_on: Mapped[date | None]


class RefreshRow(Base):
    __tablename__ = "refreshes"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_name: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str]
    accepted: Mapped[int]
    rejected: Mapped[int]
    error: Mapped[str]
    requested_by: Mapped[str] = mapped_column(server_default="")
    """Who asked for it by hand; "" for one on schedule."""
    changed: Mapped[int | None]
    """New or different facts; None where the refresh kept none or did not say."""
    __table_args__ = (
        _one_of("outcome", OUTCOMES),
        sa.Index("ix_refreshes_latest", "source_name", "started_at"),
        # However often a source is asked for before anybody gets round to it, it is read once.
        sa.Index(
            "uq_refreshes_one_request",
            "source_name",
            unique=True,
            sqlite_where=sa.text("outcome = 'requested'"),
            postgresql_where=sa.text("outcome = 'requested'"),
        ),
    )


class RefreshCountRow(Base):
    """How often a source's refresh ended in which way since counting began."""

    __tablename__ = "refresh_counts"
    source_name: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    refreshes: Mapped[int]


class PriceSourceRow(Base):
    """A price source as the pricing wing describes it; the web knows sources from here alone."""

    __tablename__ = "price_sources"
    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    url: Mapped[str]
    licence: Mapped[str]
    every_s: Mapped[float]
    stale_after_s: Mapped[float]
    key_variable: Mapped[str | None]
    """Environment variable with the access key; None where none is needed."""
    fallback_for: Mapped[str | None]
    known_since: Mapped[datetime]
    __table_args__ = (*_positive("every_s", "stale_after_s"),)


class RejectedRowRow(Base):
    __tablename__ = "rejected_rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    refresh_id: Mapped[int] = mapped_column(sa.ForeignKey("refreshes.id"), index=True)
    reason: Mapped[str]
    raw: Mapped[str]


class SourceAnswerRow(Base):
    """What a price source last answered: the next request can ask for something newer only."""

    __tablename__ = "source_answers"
    name: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    etag: Mapped[str]
    last_modified: Mapped[str]
    sha256: Mapped[str]
    """Of the decoded answer."""
    answered_at: Mapped[datetime]


class AlertRow(Base):
    """A saved rule on rental prices: fires once when its condition becomes true."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    gpu: Mapped[str]
    gpu_count: Mapped[int]
    tier: Mapped[str | None]
    provider: Mapped[str | None]
    currency: Mapped[str]
    threshold_per_hour: Mapped[Decimal | None]
    """Of the whole instance; fires when the cheapest offer falls to it or below."""
    fall_percent: Mapped[float | None]
    """Fires when the cheapest offer falls this far below the dearest since it last fired."""
    webhook_url: Mapped[str]
    webhook_secret: Mapped[str]
    is_armed: Mapped[bool]
    """False from firing until the condition has been false again."""
    reference_per_hour: Mapped[Decimal | None]
    last_per_hour: Mapped[Decimal | None]
    last_checked_at: Mapped[datetime | None]
    __table_args__ = (
        *_positive("gpu_count", "threshold_per_hour", "fall_percent"),
        sa.CheckConstraint("(threshold_per_hour IS NULL) <> (fall_percent IS NULL)", name="one_condition"),
    )


class AlertEventRow(Base):
    """One firing of an alert and how its delivery goes."""

    __tablename__ = "alert_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(sa.ForeignKey("alerts.id"), index=True)
    fired_at: Mapped[datetime]
    price_per_hour: Mapped[Decimal]
    reference_per_hour: Mapped[Decimal]
    currency: Mapped[str]
    offer_slug: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text())
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    """None once delivered, given up, or where there is no webhook."""
    delivered_at: Mapped[datetime | None]
    error: Mapped[str]


class AlertAttemptRow(Base):
    """One try to deliver an event to its webhook."""

    __tablename__ = "alert_attempts"
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("alert_events.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    at: Mapped[datetime]
    status: Mapped[int | None]
    """HTTP status of the answer; None where there was none."""
    error: Mapped[str]


class ReportScheduleRow(Base):
    """A decision that is asked again and reported on a cadence; when it is due stands in its job lease."""

    __tablename__ = "report_schedules"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    request: Mapped[str] = mapped_column(sa.Text())
    """The question as JSON, in the report's language."""
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("comparisons.id"))
    """The answer it was made from, which the first run is held against."""
    cadence: Mapped[str]
    first_at: Mapped[datetime]
    """Runs are counted from here."""
    format: Mapped[str]
    """Extension of the file."""
    language: Mapped[str]
    folder: Mapped[str]
    """Absolute path; "" for no file."""
    webhook_url: Mapped[str]
    webhook_secret: Mapped[str]
    paused_at: Mapped[datetime | None]


class ReportRunRow(Base):
    """One time that a schedule's question was asked again, or could not be; written once, never changed."""

    __tablename__ = "report_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(sa.ForeignKey("report_schedules.id"))
    number: Mapped[int]
    """Of the schedule's runs, from 1."""
    due_at: Mapped[datetime | None]
    """The due time that it served; None for one by hand between two of them."""
    at: Mapped[datetime]
    state: Mapped[str]
    decision_id: Mapped[str | None] = mapped_column(sa.ForeignKey("comparisons.id"))
    before_id: Mapped[str] = mapped_column(sa.ForeignKey("comparisons.id"))
    """The decision it was held against."""
    verdict_changed: Mapped[bool]
    headline: Mapped[str] = mapped_column(sa.Text())
    summary: Mapped[str] = mapped_column(sa.Text())
    changes: Mapped[str] = mapped_column(sa.Text())
    """JSON."""
    error: Mapped[str] = mapped_column(sa.Text())
    __table_args__ = (
        _one_of("state", ("done", "failed")),
        sa.UniqueConstraint("schedule_id", "number"),
        # However many workers there are: one run for one due time.
        sa.UniqueConstraint("schedule_id", "due_at"),
    )


class ReportDeliveryRow(Base):
    """What a run has to bring somewhere, and how that goes."""

    __tablename__ = "report_deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("report_runs.id"))
    kind: Mapped[str]
    """file into the folder; report, notice or failure to the webhook"""
    body: Mapped[str] = mapped_column(sa.Text())
    """What a webhook is told, without the decision itself; "" for a file."""
    file_name: Mapped[str]
    """Of the file that was written; "" before."""
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    """None once delivered or given up."""
    delivered_at: Mapped[datetime | None]
    error: Mapped[str]
    __table_args__ = (
        _one_of("kind", ("file", "report", "notice", "failure")),
        sa.UniqueConstraint("run_id", "kind"),
    )


class ReportAttemptRow(Base):
    """One try to deliver."""

    __tablename__ = "report_attempts"
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("report_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    at: Mapped[datetime]
    status: Mapped[int | None]
    """HTTP status of a webhook's answer; None where there was none."""
    error: Mapped[str]


class ComparisonRow(Base):
    __tablename__ = "comparisons"
    id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    request: Mapped[str] = mapped_column(sa.Text())
    answer: Mapped[str] = mapped_column(sa.Text())
    inputs: Mapped[str] = mapped_column(sa.Text())
    data_version: Mapped[int]
    code_version: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="comparison")
    """comparison | decision: which question it answers"""
    __table_args__ = (_one_of("kind", ("comparison", "decision")),)


class ApiTokenRow(Base):
    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class DataVersionRow(Base):
    __tablename__ = "data_version"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    changed_at: Mapped[datetime]
    catalog: Mapped[str] = mapped_column(server_default="")
    """Fingerprint of the catalog that was seeded last; "" before the first."""
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)


class JobLeaseRow(Base):
    __tablename__ = "job_leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[datetime]
    owner: Mapped[str | None]
    until: Mapped[datetime | None]
    last_started: Mapped[datetime | None]
    last_finished: Mapped[datetime | None]
