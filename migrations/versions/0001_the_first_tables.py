"""The first tables

Revision: 0001
Revises: nothing
Created: 2026-11-24 11:38:20.090164
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EXACT = sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite")
OFFER_KEY = ("provider_id", "instance", "region", "gpu_count", "tier", "term_months", "gpu_raw_name")
MEASURED = (
    ("n_params", sa.Double), ("n_layers", sa.Integer), ("d_model", sa.Integer), ("n_heads", sa.Integer),
    ("n_kv_heads", sa.Integer), ("d_ff", sa.Integer), ("vocab_size", sa.Integer), ("seq_len", sa.Integer),
    ("tokens", sa.Double), ("nodes", sa.Integer), ("precision", sa.String), ("optimizer", sa.String),
    ("engine", sa.String), ("attention", sa.String), ("checkpointing", sa.String),
    ("offload", sa.Boolean), ("parallelism", sa.String), ("micro_batch", sa.Integer),
    ("global_batch_tokens", sa.BigInteger), ("hours", sa.Double), ("tokens_per_s", sa.Double),
    ("peak_memory_gib", sa.Double), ("gpu_watts", sa.Double), ("node_watts", sa.Double),
    ("workload", sa.String), ("year", sa.Integer), ("confidence", sa.String),
)  # fmt: skip
LAST_FIRST = (
    "offer_prices", "workload_sources", "workload_aliases", "spot_prices", "provider_sources", "offers",
    "measured_runs", "gpu_sources", "gpu_aliases", "figures", "exchange_rates", "electricity_rates",
    "carbon_intensities", "workloads", "sources", "refreshes", "providers", "job_leases", "gpus",
    "data_version", "comparisons", "api_tokens",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_api_tokens_name")),
        sa.UniqueConstraint("sha256", name=op.f("uq_api_tokens_sha256")),
    )
    op.create_table(
        "comparisons",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("data_version", sa.Integer(), nullable=False),
        sa.Column("code_version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comparisons")),
    )
    data_version = op.create_table(
        "data_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        checked("data_version", "one_row", "id = 1"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_version")),
    )
    op.bulk_insert(data_version, [{"id": 1, "version": 0, "changed_at": datetime(1970, 1, 1, tzinfo=UTC)}])
    op.create_table(
        "gpus",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("architecture", sa.String(), nullable=False),
        sa.Column("compute_capability", sa.String(), nullable=False),
        sa.Column("tensor_rate", sa.String(), nullable=False),
        sa.Column("released", sa.Date(), nullable=True),
        sa.Column("sm_count", sa.Integer(), nullable=False),
        sa.Column("boost_clock_mhz", sa.Double(), nullable=False),
        sa.Column("memory_gib", sa.Double(), nullable=False),
        sa.Column("memory_bandwidth_gb_per_s", sa.Double(), nullable=False),
        sa.Column("board_watts", sa.Double(), nullable=False),
        sa.Column("pcie_generation", sa.Integer(), nullable=True),
        sa.Column("pcie_lanes", sa.Integer(), nullable=True),
        sa.Column("gpu_link_gb_per_s", sa.Double(), nullable=True),
        sa.Column("published_tensor_tflops", sa.Double(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        checked("gpus", "tensor_rate_known", "tensor_rate IN ('full', 'half', 'quarter')"),
        checked("gpus", "board_watts_positive", "board_watts > 0"),
        checked("gpus", "boost_clock_mhz_positive", "boost_clock_mhz > 0"),
        checked("gpus", "memory_bandwidth_gb_per_s_positive", "memory_bandwidth_gb_per_s > 0"),
        checked("gpus", "memory_gib_positive", "memory_gib > 0"),
        checked("gpus", "sm_count_positive", "sm_count > 0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gpus")),
        sa.UniqueConstraint("slug", name=op.f("uq_gpus_slug")),
    )
    op.create_table(
        "job_leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_started", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_finished", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_leases")),
    )
    op.create_table(
        "providers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("billing_increment_s", sa.Double(), nullable=True),
        sa.Column("minimum_billing_s", sa.Double(), nullable=True),
        sa.Column("pue", sa.Double(), nullable=True),
        sa.Column("pue_basis", sa.String(), nullable=False),
        sa.Column("egress_per_gb", EXACT, nullable=True),
        sa.Column("storage_per_gb_month", EXACT, nullable=True),
        sa.Column("fee_currency", sa.String(), nullable=True),
        checked("providers", "egress_per_gb_not_negative", "egress_per_gb >= 0"),
        checked("providers", "pue_at_least_one", "pue >= 1"),
        checked("providers", "storage_per_gb_month_not_negative", "storage_per_gb_month >= 0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
        sa.UniqueConstraint("slug", name=op.f("uq_providers_slug")),
    )
    op.create_table(
        "refreshes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        checked("refreshes", "outcome_known", "outcome IN ('ok', 'failed', 'asleep', 'unchanged')"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refreshes")),
    )
    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.create_index("ix_refreshes_latest", ["source_name", "started_at"], unique=False)

    op.create_table(
        "sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("published", sa.Date(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("slug", name=op.f("uq_sources_slug")),
    )
    op.create_table(
        "workloads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("architecture", sa.JSON(), nullable=False),
        sa.Column("recipe", sa.JSON(), nullable=False),
        sa.Column("other_stages_fraction", sa.Double(), nullable=False),
        sa.Column("reference_hours", sa.Double(), nullable=True),
        sa.Column("reference_gpu", sa.String(), nullable=True),
        sa.Column("reference_gpu_count", sa.Integer(), nullable=True),
        checked("workloads", "other_stages_fraction_not_negative", "other_stages_fraction >= 0"),
        checked("workloads", "reference_gpu_count_positive", "reference_gpu_count > 0"),
        checked("workloads", "reference_hours_positive", "reference_hours > 0"),
        checked("workloads", "tokens_positive", "tokens > 0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workloads")),
        sa.UniqueConstraint("slug", name=op.f("uq_workloads_slug")),
    )
    op.create_table(
        "carbon_intensities",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_name", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("grams_co2e_per_kwh", sa.Double(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("accounting", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        checked("carbon_intensities", "accounting_known", "accounting IN ('production', 'consumption')"),
        checked("carbon_intensities", "scope_known", "scope IN ('lifecycle', 'direct')"),
        checked("carbon_intensities", "grams_co2e_per_kwh_not_negative", "grams_co2e_per_kwh >= 0"),
        refers("carbon_intensities", "source_id", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carbon_intensities")),
        sa.UniqueConstraint("slug", name=op.f("uq_carbon_intensities_slug")),
    )
    with op.batch_alter_table("carbon_intensities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_carbon_intensities_zone"), ["zone"], unique=False)

    op.create_table(
        "electricity_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("zone_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("per_kwh", EXACT, nullable=False),
        sa.Column("taxes", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        checked("electricity_rates", "kind_known", "kind IN ('retail', 'spot')"),
        checked("electricity_rates", "taxes_known", "taxes IN ('all', 'excl_vat', 'excl_taxes')"),
        refers("electricity_rates", "source_id", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_electricity_rates")),
        sa.UniqueConstraint("slug", name=op.f("uq_electricity_rates_slug")),
    )
    with op.batch_alter_table("electricity_rates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_electricity_rates_zone"), ["zone"], unique=False)

    op.create_table(
        "exchange_rates",
        sa.Column("base", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("rate", EXACT, nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        checked("exchange_rates", "rate_positive", "rate > 0"),
        refers("exchange_rates", "source_id", "sources"),
        sa.PrimaryKeyConstraint("base", "quote", "as_of", name=op.f("pk_exchange_rates")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "figures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=True),
        sa.Column("high", sa.Double(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=True),
        refers("figures", "source_id", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
        sa.UniqueConstraint("slug", name=op.f("uq_figures_slug")),
    )
    create_aliases("gpu")
    create_sources("gpu")
    op.create_table(
        "measured_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("project", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("gpu", sa.String(), nullable=True),
        sa.Column("gpu_count", sa.Integer(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("use_for", sa.String(), nullable=False),
        *(sa.Column(name, kind(), nullable=True) for name, kind in MEASURED),
        refers("measured_runs", "source_id", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measured_runs")),
        sa.UniqueConstraint("slug", name=op.f("uq_measured_runs_slug")),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=True),
        sa.Column("gpu", sa.String(), nullable=True),
        sa.Column("gpu_raw_name", sa.String(), nullable=False),
        sa.Column("gpu_count", sa.Integer(), nullable=False),
        sa.Column("memory_gib_per_gpu", sa.Double(), nullable=True),
        sa.Column("total_memory_gib", sa.Double(), nullable=True),
        sa.Column("vcpus", sa.Integer(), nullable=True),
        sa.Column("ram_gib", sa.Double(), nullable=True),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("hourly_price", EXACT, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_since", sa.Date(), nullable=False),
        sa.Column("price_first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_eur_sort", sa.Double(), nullable=False),
        checked(
            "offers", "tier_known", "tier IN ('on_demand', 'spot', 'reserved', 'community', 'marketplace')"
        ),
        checked("offers", "gpu_count_positive", "gpu_count > 0"),
        checked("offers", "hourly_price_positive", "hourly_price > 0"),
        checked("offers", "memory_gib_per_gpu_positive", "memory_gib_per_gpu > 0"),
        checked("offers", "term_months_not_negative", "term_months >= 0"),
        refers("offers", "provider_id", "providers"),
        refers("offers", "source_id", "sources"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint(*OFFER_KEY, name="uq_offers_key"),
        sa.UniqueConstraint("slug", name=op.f("uq_offers_slug")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_by_price", ["price_eur_sort", "slug"], unique=False)
        batch_op.create_index(
            "ix_offers_gpu_by_price", ["gpu", "gpu_count", "tier", "price_eur_sort", "slug"], unique=False
        )

    create_sources("provider")
    op.create_table(
        "spot_prices",
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("slot_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("slot_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("per_mwh", EXACT, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        checked("spot_prices", "slot_in_order", "slot_end > slot_start"),
        refers("spot_prices", "source_id", "sources"),
        sa.PrimaryKeyConstraint("zone", "slot_start", "source_id", name=op.f("pk_spot_prices")),
        sqlite_with_rowid=False,
    )
    create_aliases("workload")
    create_sources("workload")
    op.create_table(
        "offer_prices",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_as_of", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hourly_price", EXACT, nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        checked("offer_prices", "hourly_price_positive", "hourly_price > 0"),
        checked("offer_prices", "as_of_in_order", "last_as_of >= as_of"),
        refers("offer_prices", "offer_id", "offers"),
        refers("offer_prices", "source_id", "sources"),
        sa.PrimaryKeyConstraint("offer_id", "as_of", "first_seen", name=op.f("pk_offer_prices")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """A table takes its indexes with it."""
    for table in LAST_FIRST:
        op.drop_table(table)


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """`column` of `table` is the id of a row of the other table."""
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))


def checked(table: str, name: str, condition: str) -> sa.CheckConstraint:
    """What every row of `table` keeps to."""
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def create_aliases(noun: str) -> None:
    """Other names of gpus or workloads."""
    table, owner = f"{noun}_aliases", f"{noun}_id"
    op.create_table(
        table,
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column(owner, sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        refers(table, owner, f"{noun}s"),
        sa.PrimaryKeyConstraint("alias_key", name=op.f(f"pk_{table}")),
    )
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_{table}_{owner}"), [owner], unique=False)


def create_sources(noun: str) -> None:
    """Where the fields of gpus, providers or workloads come from."""
    table, owner = f"{noun}_sources", f"{noun}_id"
    op.create_table(
        table,
        sa.Column(owner, sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=True),
        *(refers(table, *key) for key in sorted([(owner, f"{noun}s"), ("source_id", "sources")])),
        sa.PrimaryKeyConstraint(owner, "field", name=op.f(f"pk_{table}")),
    )
