"""What a token of the API may do, until when, when it was last used, and the value before a rotation

Revision: 0019
Revises: 0018
Created: 2026-11-28 16:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SCOPES = "scope IN ('read', 'write', 'admin')"
MOMENTS = ("expires_at", "last_used_at", "previous_until")


def upgrade() -> None:
    with op.batch_alter_table("api_tokens") as table:
        table.add_column(sa.Column("scope", sa.String(), server_default="write", nullable=False))
        for name in MOMENTS:
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("previous_sha256", sa.String(), nullable=True))
        table.create_check_constraint(op.f("ck_api_tokens_scope_known"), SCOPES)
        table.create_unique_constraint(op.f("uq_api_tokens_previous_sha256"), ["previous_sha256"])
    # Sources are told to everybody; the names of tokens are not.
    op.execute("UPDATE sources SET title = 'private quote' WHERE slug LIKE 'quote:%'")


def downgrade() -> None:
    # A token that may not write would be able to in the tables of before, and one that has ended would count.
    op.execute("DELETE FROM api_tokens WHERE scope = 'read' OR expires_at IS NOT NULL")
    with op.batch_alter_table("api_tokens") as table:
        table.drop_constraint(op.f("uq_api_tokens_previous_sha256"), type_="unique")
        table.drop_constraint(op.f("ck_api_tokens_scope_known"), type_="check")
        for name in ("previous_sha256", *MOMENTS, "scope"):
            table.drop_column(name)
