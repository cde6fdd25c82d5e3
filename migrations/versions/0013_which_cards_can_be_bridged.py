"""Which cards can be bridged, how many of them by one bridge, and how fast

Revision: 0013
Revises: 0012
Created: 2026-11-28 10:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("gpus") as table:
        table.add_column(sa.Column("bridge_gb_per_s", sa.Double(), nullable=True))
        table.add_column(sa.Column("bridged_cards", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("gpus") as table:
        table.drop_column("bridged_cards")
        table.drop_column("bridge_gb_per_s")
