"""Which list has taken an offer's place, and what a provider's own list is complete for

Revision: 0014
Revises: 0013
Created: 2026-11-28 11:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("offers") as table:
        table.add_column(sa.Column("superseded_by", sa.String(), nullable=True))
        table.add_column(sa.Column("superseded_since", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("source_answers") as table:
        table.add_column(sa.Column("covers", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    """What another list has taken the place of is kept as unlisted."""
    offers = sa.table("offers", sa.column("unlisted_since"), sa.column("superseded_since"))
    gone = sa.func.coalesce(offers.c.unlisted_since, offers.c.superseded_since)
    op.execute(sa.update(offers).values(unlisted_since=gone))
    with op.batch_alter_table("source_answers") as table:
        table.drop_column("covers")
    with op.batch_alter_table("offers") as table:
        table.drop_column("superseded_since")
        table.drop_column("superseded_by")
