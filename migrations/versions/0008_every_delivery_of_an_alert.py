"""Every try to deliver an alert; egress by marginal tiers

Revision: 0008
Revises: 0007
Created: 2026-11-24 17:06:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_attempts",
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["alert_events.id"], name=op.f("fk_alert_attempts_event_id_alert_events")
        ),
        sa.PrimaryKeyConstraint("event_id", "number", name=op.f("pk_alert_attempts")),
    )
    with op.batch_alter_table("providers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("egress_tiers", sa.String(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("providers", schema=None) as batch_op:
        batch_op.drop_column("egress_tiers")
    op.drop_table("alert_attempts")
