"""Whether an offer could be rented when it was last read, how many of it, and when it last could;
how often a spot machine is taken away

Revision: 0015
Revises: 0014
Created: 2026-11-28 12:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("offers") as table:
        table.add_column(sa.Column("in_stock", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("rentable_count", sa.Integer(), nullable=True))
        table.add_column(sa.Column("seen_rentable_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "spot_interruptions",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("instance", sa.String(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("share_low", sa.Double(), nullable=False),
        sa.Column("share_high", sa.Double(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "share_low >= 0 AND share_low < 1", name=op.f("ck_spot_interruptions_share_low_is_a_share")
        ),
        sa.CheckConstraint(
            "share_high > share_low AND share_high <= 1",
            name=op.f("ck_spot_interruptions_share_high_is_a_share"),
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_spot_interruptions_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("provider", "instance", "region", name=op.f("pk_spot_interruptions")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("spot_interruptions")
    with op.batch_alter_table("offers") as table:
        table.drop_column("seen_rentable_at")
        table.drop_column("rentable_count")
        table.drop_column("in_stock")
