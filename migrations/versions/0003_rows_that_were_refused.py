"""Rows that were refused

Revision: 0003
Revises: 0002
Created: 2026-11-24 15:35:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rejected_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refresh_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("raw", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["refresh_id"], ["refreshes.id"], name=op.f("fk_rejected_rows_refresh_id_refreshes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected_rows")),
    )
    op.create_index(op.f("ix_rejected_rows_refresh_id"), "rejected_rows", ["refresh_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_rejected_rows_refresh_id"), table_name="rejected_rows")
    op.drop_table("rejected_rows")
