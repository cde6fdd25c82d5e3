"""What grows with the years is found by an index: the first day of prices, answers that reports refer to

Revision: 0020
Revises: 0019
Created: 2026-11-28 21:00:00
"""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEXES = (
    ("offer_prices", "as_of"),
    ("report_runs", "decision_id"),
    ("report_runs", "before_id"),
    ("report_schedules", "decision_id"),
)


def upgrade() -> None:
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
