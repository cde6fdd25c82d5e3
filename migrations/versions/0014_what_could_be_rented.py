"""Whether an offer could be rented when it was last read, how many of it, and when it last could

Revision: 0014
Revises: 0013
Created: 2026-11-28 12:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("offers") as table:
        table.add_column(sa.Column("in_stock", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("rentable_count", sa.Integer(), nullable=True))
        table.add_column(sa.Column("seen_rentable_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("offers") as table:
        table.drop_column("seen_rentable_at")
        table.drop_column("rentable_count")
        table.drop_column("in_stock")
