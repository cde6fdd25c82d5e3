"""What indices of rents say, as a check on offers; which regions of a list are still to be read

Revision: 0016
Revises: 0015
Created: 2026-11-28 13:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rental_indices",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gpu_raw_name", sa.String(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("gpus", sa.String(), nullable=False),
        sa.Column("per_gpu_hour", sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_gpu_hour > 0", name=op.f("ck_rental_indices_per_gpu_hour_positive")),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_rental_indices_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("name", "gpu_raw_name", "as_of", name=op.f("pk_rental_indices")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("source_answers") as table:
        table.add_column(sa.Column("left_out", sa.JSON(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("asked_all_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("source_answers") as table:
        table.drop_column("asked_all_at")
        table.drop_column("left_out")
    op.drop_table("rental_indices")
