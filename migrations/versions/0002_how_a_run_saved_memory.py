"""How a measured run saved memory and power; which catalog was seeded last

Revision: 0002
Revises: 0001
Created: 2026-11-24 13:55:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("measured_runs") as table:
        table.add_column(sa.Column("chunked_cross_entropy", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("gradient_release", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("activations_on_host", sa.Boolean(), nullable=True))
        table.add_column(sa.Column("optimizer_bits", sa.Integer(), nullable=True))
        table.add_column(sa.Column("power_limit_watts", sa.Double(), nullable=True))
    with op.batch_alter_table("data_version") as table:
        table.add_column(sa.Column("catalog", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("data_version") as table:
        table.drop_column("catalog")
    with op.batch_alter_table("measured_runs") as table:
        for column in (
            "power_limit_watts",
            "optimizer_bits",
            "activations_on_host",
            "gradient_release",
            "chunked_cross_entropy",
        ):
            table.drop_column(column)
