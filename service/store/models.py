"""The tables of what is known. Every number leads to a source: by a `source_id` beside it, or by a row of
`<noun>_sources` per field.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.facts import Accounting, Scope, Taxes, Tier
from service.store.tables import Base, one_of, positive, source_id

TIERS: tuple[Tier, ...] = get_args(Tier)
_OFFER_KEY = (
    "provider_id", "instance", "region", "gpu_count", "tier", "term_months", "gpu_raw_name", "origin",
)  # fmt: skip


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
    bridge_gb_per_s: Mapped[float | None]
    bridged_cards: Mapped[int | None]
    published_tensor_tflops: Mapped[float | None]
    note: Mapped[str]
    __table_args__ = (
        *positive("sm_count", "boost_clock_mhz", "memory_gib", "memory_bandwidth_gb_per_s", "board_watts"),
        one_of("tensor_rate", ("full", "half", "quarter")),
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
    source_id: Mapped[int] = source_id()
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
        *positive("tokens", "reference_hours", "reference_gpu_count"),
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
    source_id: Mapped[int] = source_id()
    read_on: Mapped[date | None]


class ProviderRow(Base):
    __tablename__ = "providers"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    url: Mapped[str]
    kind: Mapped[str]
    headquarters: Mapped[str | None]
    price_vat: Mapped[str | None]
    billing_increment_s: Mapped[float | None]
    minimum_billing_s: Mapped[float | None]
    includes_processor: Mapped[bool | None]
    includes_memory: Mapped[bool | None]
    includes_local_disk: Mapped[bool | None]
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
    source_id: Mapped[int] = source_id()
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
    source_id: Mapped[int] = source_id()
    fetched_at: Mapped[datetime]
    price_since: Mapped[date]
    price_first_seen: Mapped[datetime]
    price_eur_sort: Mapped[float]
    """In EUR at the newest stored rate; infinity while no rate of the currency is known."""
    origin: Mapped[str] = mapped_column(server_default="catalog")
    """Which list says so; two lists that price one instance are two offers, each with its history."""
    unlisted_since: Mapped[datetime | None]
    """When a newer answer of the same list first left it out; its last price is then history."""
    superseded_by: Mapped[str | None]
    """The list that has taken its place (service/estimate/superseded.py); its price is then history too."""
    superseded_since: Mapped[datetime | None]
    in_stock: Mapped[bool | None]
    """At the last reading that told; null where no source does."""
    rentable_count: Mapped[int | None]
    seen_rentable_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint(*_OFFER_KEY, name="uq_offers_key"),
        *positive("hourly_price", "gpu_count", "memory_gib_per_gpu"),
        one_of("tier", TIERS),
        sa.CheckConstraint("term_months >= 0", name="term_months_not_negative"),
        sa.Index("ix_offers_gpu_by_price", "gpu", "gpu_count", "tier", "price_eur_sort", "slug"),
        sa.Index("ix_offers_by_price", "price_eur_sort", "slug"),
        sa.Index("ix_offers_by_origin", "origin"),
    )


class SpotInterruptionRow(Base):
    """What a provider tells of how often it takes a spot machine away; the newest list alone."""

    __tablename__ = "spot_interruptions"
    provider: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[str] = mapped_column(primary_key=True)
    share_low: Mapped[float]
    share_high: Mapped[float | None]
    as_of: Mapped[date]
    source_id: Mapped[int] = source_id()
    __table_args__ = (
        sa.CheckConstraint("share_low >= 0 AND share_low < 1", name="share_low_is_a_share"),
        sa.CheckConstraint("share_high > share_low AND share_high <= 1", name="share_high_is_a_share"),
        {"sqlite_with_rowid": False},
    )


class RentalIndexRow(Base):
    """What an index said of a GPU on a day; rows are only added, or put right for the same day."""

    __tablename__ = "rental_indices"
    name: Mapped[str] = mapped_column(primary_key=True)
    gpu_raw_name: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    gpus: Mapped[str]
    """Slugs with spaces between; empty while nobody knows the card."""
    per_gpu_hour: Mapped[Decimal]
    currency: Mapped[str]
    source_id: Mapped[int] = source_id()
    __table_args__ = (*positive("per_gpu_hour"), {"sqlite_with_rowid": False})


class OfferPriceRow(Base):
    """One price of an offer, first stated for `as_of` and last for `last_as_of`; rows are only added.

    The newest row of an unchanged price has its `last_as_of` and `last_seen` moved on instead.
    """

    __tablename__ = "offer_prices"
    offer_id: Mapped[int] = mapped_column(sa.ForeignKey("offers.id"), primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True, index=True)
    first_seen: Mapped[datetime] = mapped_column(primary_key=True)
    last_as_of: Mapped[date]
    last_seen: Mapped[datetime]
    hourly_price: Mapped[Decimal]
    currency: Mapped[str]
    source_id: Mapped[int] = source_id()
    __table_args__ = (
        *positive("hourly_price"),
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
    source_id: Mapped[int] = source_id()
    note: Mapped[str]
    __table_args__ = (*(one_of("kind", ("retail", "spot")), one_of("taxes", get_args(Taxes))),)


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
        one_of("taxes", get_args(Taxes)),
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
        one_of("scope", get_args(Scope)),
        one_of("accounting", get_args(Accounting)),
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
    source_id: Mapped[int] = source_id()
    note: Mapped[str]
    __table_args__ = (
        sa.CheckConstraint("grams_co2e_per_kwh >= 0", name="grams_co2e_per_kwh_not_negative"),
        one_of("scope", get_args(Scope)),
        one_of("accounting", get_args(Accounting)),
    )


class ExchangeRateRow(Base):
    __tablename__ = "exchange_rates"
    base: Mapped[str] = mapped_column(primary_key=True)
    quote: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal]
    source_id: Mapped[int] = source_id()
    __table_args__ = (*positive("rate"), {"sqlite_with_rowid": False})


class MeasuredRunRow(Base):
    __tablename__ = "measured_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    project: Mapped[str]
    model: Mapped[str]
    gpu: Mapped[str | None]
    gpu_count: Mapped[int | None]
    source_id: Mapped[int] = source_id()
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
    offload: Mapped[str | None]
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
    adapter_rank: Mapped[int | None]
    adapter_targets: Mapped[str | None]
    trainer: Mapped[str | None]
    weights_in: Mapped[str | None]
    frozen_bits: Mapped[int | None]
    gated_mlp: Mapped[bool | None]
    tied_embeddings: Mapped[bool | None]
    memory_cap_gib: Mapped[float | None]
    reserved_memory_gib: Mapped[float | None]
    gpu_link: Mapped[bool | None]


class FigureRow(Base):
    __tablename__ = "figures"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    value: Mapped[float]
    low: Mapped[float | None]
    high: Mapped[float | None]
    unit: Mapped[str]
    basis: Mapped[str]
    source_id: Mapped[int] = source_id()
    read_on: Mapped[date | None]
