"""Decisions are kept beside comparisons

Revision: 0009
Revises: 0008
Created: 2026-11-24 17:05:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KINDS = "kind IN ('comparison', 'decision')"


def upgrade() -> None:
    with op.batch_alter_table("comparisons") as table:
        table.add_column(sa.Column("kind", sa.String(), server_default="comparison", nullable=False))
        table.create_check_constraint(op.f("ck_comparisons_kind_known"), KINDS)


def downgrade() -> None:
    op.execute("DELETE FROM comparisons WHERE kind = 'decision'")
    with op.batch_alter_table("comparisons") as table:
        table.drop_constraint(op.f("ck_comparisons_kind_known"), type_="check")
        table.drop_column("kind")
