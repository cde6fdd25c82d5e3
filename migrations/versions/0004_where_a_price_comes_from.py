"""Which list a price comes from, what a source last answered, grid carbon by the slot, alerts

Revision: 0004
Revises: 0003
Created: 2026-11-24 16:18:29
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


OUTCOMES = "outcome IN ('ok', 'failed', 'asleep', 'unchanged')"
MORE_OUTCOMES = "outcome IN ('requested', 'running', 'ok', 'failed', 'asleep', 'unchanged')"
TAXES = "taxes IN ('all', 'excl_vat', 'excl_taxes')"


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("gpu", sa.String(), nullable=False),
        sa.Column("gpu_count", sa.Integer(), nullable=False),
        sa.Column("tier", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column(
            "threshold_per_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column("fall_percent", sa.Double(), nullable=True),
        sa.Column("webhook_url", sa.String(), nullable=False),
        sa.Column("webhook_secret", sa.String(), nullable=False),
        sa.Column("is_armed", sa.Boolean(), nullable=False),
        sa.Column(
            "reference_per_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=True
        ),
        sa.Column("last_per_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=True),
        sa.Column("last_checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(threshold_per_hour IS NULL) <> (fall_percent IS NULL)", name=op.f("ck_alerts_one_condition")
        ),
        sa.CheckConstraint("fall_percent > 0", name=op.f("ck_alerts_fall_percent_positive")),
        sa.CheckConstraint("gpu_count > 0", name=op.f("ck_alerts_gpu_count_positive")),
        sa.CheckConstraint("threshold_per_hour > 0", name=op.f("ck_alerts_threshold_per_hour_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("slug", name=op.f("uq_alerts_slug")),
    )
    op.create_table(
        "source_answers",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_source_answers")),
    )
    op.create_table(
        "alert_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Integer(), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "price_per_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column(
            "reference_per_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False
        ),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("offer_slug", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert_id"], ["alerts.id"], name=op.f("fk_alert_events_alert_id_alerts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_events")),
    )
    with op.batch_alter_table("alert_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alert_events_alert_id"), ["alert_id"], unique=False)

    op.create_table(
        "grid_carbon",
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("slot_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("slot_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grams_co2e_per_kwh", sa.Double(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("accounting", sa.String(), nullable=False),
        sa.Column("is_forecast", sa.Boolean(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "accounting IN ('production', 'consumption')", name=op.f("ck_grid_carbon_accounting_known")
        ),
        sa.CheckConstraint("scope IN ('lifecycle', 'direct')", name=op.f("ck_grid_carbon_scope_known")),
        sa.CheckConstraint(
            "grams_co2e_per_kwh >= 0", name=op.f("ck_grid_carbon_grams_co2e_per_kwh_not_negative")
        ),
        sa.CheckConstraint("slot_end > slot_start", name=op.f("ck_grid_carbon_slot_in_order")),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_grid_carbon_source_id_sources")),
        sa.PrimaryKeyConstraint("zone", "slot_start", "source_id", name=op.f("pk_grid_carbon")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("origin", sa.String(), server_default="catalog", nullable=False))
        batch_op.add_column(sa.Column("unlisted_since", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("uq_offers_key"), type_="unique")
        batch_op.create_unique_constraint(
            "uq_offers_key",
            [
                "provider_id",
                "instance",
                "region",
                "gpu_count",
                "tier",
                "term_months",
                "gpu_raw_name",
                "origin",
            ],
        )
        batch_op.create_index("ix_offers_by_origin", ["origin"], unique=False)

    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requested_by", sa.String(), server_default="", nullable=False))
        batch_op.drop_constraint(op.f("ck_refreshes_outcome_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refreshes_outcome_known"), MORE_OUTCOMES)

    with op.batch_alter_table("spot_prices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("taxes", sa.String(), server_default="excl_taxes", nullable=False))
        batch_op.create_check_constraint(op.f("ck_spot_prices_taxes_known"), TAXES)


def downgrade() -> None:
    # One list per instance again: what other lists say of it cannot stay.
    others = "SELECT id FROM offers WHERE origin <> 'catalog'"
    op.execute(f"DELETE FROM offer_prices WHERE offer_id IN ({others})")
    op.execute("DELETE FROM offers WHERE origin <> 'catalog'")
    pending = "SELECT id FROM refreshes WHERE outcome IN ('requested', 'running')"
    op.execute(f"DELETE FROM rejected_rows WHERE refresh_id IN ({pending})")
    op.execute("DELETE FROM refreshes WHERE outcome IN ('requested', 'running')")
    with op.batch_alter_table("spot_prices", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_spot_prices_taxes_known"), type_="check")
        batch_op.drop_column("taxes")

    with op.batch_alter_table("refreshes", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_refreshes_outcome_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_refreshes_outcome_known"), OUTCOMES)
        batch_op.drop_column("requested_by")

    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_by_origin")
        batch_op.drop_constraint("uq_offers_key", type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_offers_key"),
            ["provider_id", "instance", "region", "gpu_count", "tier", "term_months", "gpu_raw_name"],
        )
        batch_op.drop_column("unlisted_since")
        batch_op.drop_column("origin")

    op.drop_table("grid_carbon")
    with op.batch_alter_table("alert_events", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alert_events_alert_id"))

    op.drop_table("alert_events")
    op.drop_table("source_answers")
    op.drop_table("alerts")
