"""What GPU names in price lists stand for, as a user has told

Revision: 0005
Revises: 0004
Created: 2026-11-24 17:20:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "own_gpu_names",
        sa.Column("alias_key", sa.String(), nullable=False),
        sa.Column("memory_gib", sa.Double(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gpu_id", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("memory_gib >= 0", name=op.f("ck_own_gpu_names_memory_gib_not_negative")),
        sa.ForeignKeyConstraint(["gpu_id"], ["gpus.id"], name=op.f("fk_own_gpu_names_gpu_id_gpus")),
        sa.PrimaryKeyConstraint("alias_key", "memory_gib", name=op.f("pk_own_gpu_names")),
    )


def downgrade() -> None:
    op.drop_table("own_gpu_names")
