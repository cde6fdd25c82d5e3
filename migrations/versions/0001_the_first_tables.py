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
        sa.CheckConstraint("id = 1", name=op.f("ck_data_version_one_row")),
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
        sa.CheckConstraint(
            "tensor_rate IN ('full', 'half', 'quarter')", name=op.f("ck_gpus_tensor_rate_known")
        ),
        sa.CheckConstraint("board_watts > 0", name=op.f("ck_gpus_board_watts_positive")),
        sa.CheckConstraint("boost_clock_mhz > 0", name=op.f("ck_gpus_boost_clock_mhz_positive")),
        sa.CheckConstraint(
            "memory_bandwidth_gb_per_s > 0", name=op.f("ck_gpus_memory_bandwidth_gb_per_s_positive")
        ),
        sa.CheckConstraint("memory_gib > 0", name=op.f("ck_gpus_memory_gib_positive")),
        sa.CheckConstraint("sm_count > 0", name=op.f("ck_gpus_sm_count_positive")),
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
        sa.Column("egress_per_gb", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column(
            "storage_per_gb_month", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column("fee_currency", sa.String(), nullable=True),
        sa.CheckConstraint("egress_per_gb >= 0", name=op.f("ck_providers_egress_per_gb_not_negative")),
        sa.CheckConstraint("pue >= 1", name=op.f("ck_providers_pue_at_least_one")),
        sa.CheckConstraint(
            "storage_per_gb_month >= 0", name=op.f("ck_providers_storage_per_gb_month_not_negative")
        ),
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
        sa.CheckConstraint(
            "outcome IN ('ok', 'failed', 'asleep', 'unchanged')", name=op.f("ck_refreshes_outcome_known")
        ),
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
        sa.CheckConstraint(
            "other_stages_fraction >= 0", name=op.f("ck_workloads_other_stages_fraction_not_negative")
        ),
        sa.CheckConstraint("reference_gpu_count > 0", name=op.f("ck_workloads_reference_gpu_count_positive")),
        sa.CheckConstraint("reference_hours > 0", name=op.f("ck_workloads_reference_hours_positive")),
        sa.CheckConstraint("tokens > 0", name=op.f("ck_workloads_tokens_positive")),
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
        sa.CheckConstraint(
            "accounting IN ('production', 'consumption')", name=op.f("ck_carbon_intensities_accounting_known")
        ),
        sa.CheckConstraint(
            "scope IN ('lifecycle', 'direct')", name=op.f("ck_carbon_intensities_scope_known")
        ),
        sa.CheckConstraint(
            "grams_co2e_per_kwh >= 0", name=op.f("ck_carbon_intensities_grams_co2e_per_kwh_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_carbon_intensities_source_id_sources")
        ),
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
        sa.Column("per_kwh", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("taxes", sa.String(), nullable=False),
        sa.Column("band", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('retail', 'spot')", name=op.f("ck_electricity_rates_kind_known")),
        sa.CheckConstraint(
            "taxes IN ('all', 'excl_vat', 'excl_taxes')", name=op.f("ck_electricity_rates_taxes_known")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_electricity_rates_source_id_sources")
        ),
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
        sa.Column("rate", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate_positive")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_exchange_rates_source_id_sources")
        ),
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
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_figures_source_id_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figures")),
        sa.UniqueConstraint("slug", name=op.f("uq_figures_slug")),
    )
    op.create_table(
        "gpu_aliases",
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column("gpu_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["gpu_id"], ["gpus.id"], name=op.f("fk_gpu_aliases_gpu_id_gpus")),
        sa.PrimaryKeyConstraint("alias_key", name=op.f("pk_gpu_aliases")),
    )
    with op.batch_alter_table("gpu_aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_gpu_aliases_gpu_id"), ["gpu_id"], unique=False)

    op.create_table(
        "gpu_sources",
        sa.Column("gpu_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["gpu_id"], ["gpus.id"], name=op.f("fk_gpu_sources_gpu_id_gpus")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_gpu_sources_source_id_sources")),
        sa.PrimaryKeyConstraint("gpu_id", "field", name=op.f("pk_gpu_sources")),
    )
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
        sa.Column("n_params", sa.Double(), nullable=True),
        sa.Column("n_layers", sa.Integer(), nullable=True),
        sa.Column("d_model", sa.Integer(), nullable=True),
        sa.Column("n_heads", sa.Integer(), nullable=True),
        sa.Column("n_kv_heads", sa.Integer(), nullable=True),
        sa.Column("d_ff", sa.Integer(), nullable=True),
        sa.Column("vocab_size", sa.Integer(), nullable=True),
        sa.Column("seq_len", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.Double(), nullable=True),
        sa.Column("nodes", sa.Integer(), nullable=True),
        sa.Column("precision", sa.String(), nullable=True),
        sa.Column("optimizer", sa.String(), nullable=True),
        sa.Column("engine", sa.String(), nullable=True),
        sa.Column("attention", sa.String(), nullable=True),
        sa.Column("checkpointing", sa.String(), nullable=True),
        sa.Column("offload", sa.Boolean(), nullable=True),
        sa.Column("parallelism", sa.String(), nullable=True),
        sa.Column("micro_batch", sa.Integer(), nullable=True),
        sa.Column("global_batch_tokens", sa.BigInteger(), nullable=True),
        sa.Column("hours", sa.Double(), nullable=True),
        sa.Column("tokens_per_s", sa.Double(), nullable=True),
        sa.Column("peak_memory_gib", sa.Double(), nullable=True),
        sa.Column("gpu_watts", sa.Double(), nullable=True),
        sa.Column("node_watts", sa.Double(), nullable=True),
        sa.Column("workload", sa.String(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("confidence", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_measured_runs_source_id_sources")
        ),
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
        sa.Column("hourly_price", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_since", sa.Date(), nullable=False),
        sa.Column("price_first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price_eur_sort", sa.Double(), nullable=False),
        sa.CheckConstraint(
            "tier IN ('on_demand', 'spot', 'reserved', 'community', 'marketplace')",
            name=op.f("ck_offers_tier_known"),
        ),
        sa.CheckConstraint("gpu_count > 0", name=op.f("ck_offers_gpu_count_positive")),
        sa.CheckConstraint("hourly_price > 0", name=op.f("ck_offers_hourly_price_positive")),
        sa.CheckConstraint("memory_gib_per_gpu > 0", name=op.f("ck_offers_memory_gib_per_gpu_positive")),
        sa.CheckConstraint("term_months >= 0", name=op.f("ck_offers_term_months_not_negative")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_offers_provider_id_providers")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_offers_source_id_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
        sa.UniqueConstraint(
            "provider_id",
            "instance",
            "region",
            "gpu_count",
            "tier",
            "term_months",
            "gpu_raw_name",
            name="uq_offers_key",
        ),
        sa.UniqueConstraint("slug", name=op.f("uq_offers_slug")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_by_price", ["price_eur_sort", "slug"], unique=False)
        batch_op.create_index(
            "ix_offers_gpu_by_price", ["gpu", "gpu_count", "tier", "price_eur_sort", "slug"], unique=False
        )

    op.create_table(
        "provider_sources",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_provider_sources_provider_id_providers")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_provider_sources_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("provider_id", "field", name=op.f("pk_provider_sources")),
    )
    op.create_table(
        "spot_prices",
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("slot_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("slot_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("per_mwh", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("slot_end > slot_start", name=op.f("ck_spot_prices_slot_in_order")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_spot_prices_source_id_sources")),
        sa.PrimaryKeyConstraint("zone", "slot_start", "source_id", name=op.f("pk_spot_prices")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "workload_aliases",
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column("workload_id", sa.Integer(), nullable=False),
        sa.Column("alias", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workload_id"], ["workloads.id"], name=op.f("fk_workload_aliases_workload_id_workloads")
        ),
        sa.PrimaryKeyConstraint("alias_key", name=op.f("pk_workload_aliases")),
    )
    with op.batch_alter_table("workload_aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workload_aliases_workload_id"), ["workload_id"], unique=False)

    op.create_table(
        "workload_sources",
        sa.Column("workload_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_workload_sources_source_id_sources")
        ),
        sa.ForeignKeyConstraint(
            ["workload_id"], ["workloads.id"], name=op.f("fk_workload_sources_workload_id_workloads")
        ),
        sa.PrimaryKeyConstraint("workload_id", "field", name=op.f("pk_workload_sources")),
    )
    op.create_table(
        "offer_prices",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_as_of", sa.Date(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hourly_price", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("hourly_price > 0", name=op.f("ck_offer_prices_hourly_price_positive")),
        sa.CheckConstraint("last_as_of >= as_of", name=op.f("ck_offer_prices_as_of_in_order")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_offer_prices_offer_id_offers")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_offer_prices_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("offer_id", "as_of", "first_seen", name=op.f("pk_offer_prices")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("offer_prices")
    op.drop_table("workload_sources")
    with op.batch_alter_table("workload_aliases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_workload_aliases_workload_id"))

    op.drop_table("workload_aliases")
    op.drop_table("spot_prices")
    op.drop_table("provider_sources")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_gpu_by_price")
        batch_op.drop_index("ix_offers_by_price")

    op.drop_table("offers")
    op.drop_table("measured_runs")
    op.drop_table("gpu_sources")
    with op.batch_alter_table("gpu_aliases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_gpu_aliases_gpu_id"))

    op.drop_table("gpu_aliases")
    op.drop_table("figures")
    op.drop_table("exchange_rates")
    with op.batch_alter_table("electricity_rates", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_electricity_rates_zone"))

    op.drop_table("electricity_rates")
    with op.batch_alter_table("carbon_intensities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_carbon_intensities_zone"))

    op.drop_table("carbon_intensities")
    op.drop_table("workloads")
    op.drop_table("sources")
    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.drop_index("ix_refreshes_latest")

    op.drop_table("refreshes")
    op.drop_table("providers")
    op.drop_table("job_leases")
    op.drop_table("gpus")
    op.drop_table("data_version")
    op.drop_table("comparisons")
    op.drop_table("api_tokens")
