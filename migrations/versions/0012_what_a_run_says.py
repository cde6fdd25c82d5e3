"""What a measured run says of its adapters, weights, trainer and memory; what waits on the host, by name

Revision: 0012
Revises: 0011
Created: 2026-11-28 09:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NEW = (
    ("adapter_rank", sa.Integer()), ("adapter_targets", sa.String()), ("trainer", sa.String()),
    ("weights_in", sa.String()), ("frozen_bits", sa.Integer()), ("gated_mlp", sa.Boolean()),
    ("tied_embeddings", sa.Boolean()), ("memory_cap_gib", sa.Double()), ("reserved_memory_gib", sa.Double()),
    ("gpu_link", sa.Boolean()),
)  # fmt: skip


def upgrade() -> None:
    runs = sa.table("measured_runs", sa.column("offload", sa.Boolean()), sa.column("waits", sa.String()))
    with op.batch_alter_table("measured_runs") as table:
        table.add_column(sa.Column("waits", sa.String(), nullable=True))
        for name, kind in NEW:
            table.add_column(sa.Column(name, kind, nullable=True))
    said = sa.case((runs.c.offload.is_(sa.true()), "some"), else_="none")
    op.execute(sa.update(runs).where(runs.c.offload.is_not(None)).values(waits=said))
    _replace_offload(sa.String())


def downgrade() -> None:
    """What waits on the host is no longer named: whether anything does is kept."""
    runs = sa.table("measured_runs", sa.column("offload", sa.String()), sa.column("waits", sa.Boolean()))
    with op.batch_alter_table("measured_runs") as table:
        table.add_column(sa.Column("waits", sa.Boolean(), nullable=True))
    op.execute(sa.update(runs).where(runs.c.offload.is_not(None)).values(waits=runs.c.offload != "none"))
    _replace_offload(sa.Boolean())
    with op.batch_alter_table("measured_runs") as table:
        for name, _ in reversed(NEW):
            table.drop_column(name)


def _replace_offload(kind: sa.types.TypeEngine) -> None:
    with op.batch_alter_table("measured_runs") as table:
        table.drop_column("offload")
        table.alter_column("waits", new_column_name="offload", existing_type=kind, existing_nullable=True)
