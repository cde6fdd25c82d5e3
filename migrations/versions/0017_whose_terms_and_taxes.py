"""Where providers have their seat, whether their prices contain VAT, what an hour's price includes; which
price sources sleep until they are switched on, and why

Revision: 0017
Revises: 0016
Created: 2026-11-28 13:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

PROVIDERS = {
    "headquarters": sa.String(),
    "price_vat": sa.String(),
    "includes_processor": sa.Boolean(),
    "includes_memory": sa.Boolean(),
    "includes_local_disk": sa.Boolean(),
}
PRICE_SOURCES = {"switch_variable": sa.String(), "off_because": sa.String()}


def upgrade() -> None:
    for table_name, columns in (("providers", PROVIDERS), ("price_sources", PRICE_SOURCES)):
        with op.batch_alter_table(table_name) as table:
            for name, kind in columns.items():
                table.add_column(sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for table_name, columns in (("price_sources", PRICE_SOURCES), ("providers", PROVIDERS)):
        with op.batch_alter_table(table_name) as table:
            for name in columns:
                table.drop_column(name)
