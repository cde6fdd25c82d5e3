"""What the price sources are, how their refreshes ended, one open request per source

Revision: 0007
Revises: 0005
Created: 2026-11-24 17:05:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_sources",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("licence", sa.String(), nullable=False),
        sa.Column("every_s", sa.Double(), nullable=False),
        sa.Column("stale_after_s", sa.Double(), nullable=False),
        sa.Column("key_variable", sa.String(), nullable=True),
        sa.Column("fallback_for", sa.String(), nullable=True),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("every_s > 0", name=op.f("ck_price_sources_every_s_positive")),
        sa.CheckConstraint("stale_after_s > 0", name=op.f("ck_price_sources_stale_after_s_positive")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_price_sources")),
    )
    op.create_table(
        "refresh_counts",
        sa.Column("source_name", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("refreshes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_name", "outcome", name=op.f("pk_refresh_counts")),
    )
    op.execute(
        "INSERT INTO refresh_counts (source_name, outcome, refreshes) "
        "SELECT source_name, outcome, count(*) FROM refreshes "
        "WHERE outcome NOT IN ('requested', 'running') GROUP BY source_name, outcome"
    )
    op.add_column("refreshes", sa.Column("changed", sa.Integer(), nullable=True))
    requested = sa.text("outcome = 'requested'")
    op.create_index(
        "uq_refreshes_one_request",
        "refreshes",
        ["source_name"],
        unique=True,
        sqlite_where=requested,
        postgresql_where=requested,
    )


def downgrade() -> None:
    op.drop_index("uq_refreshes_one_request", table_name="refreshes")
    op.drop_column("refreshes", "changed")
    op.drop_table("refresh_counts")
    op.drop_table("price_sources")
