"""Answers that nobody keeps expire; how large each is; which ids had one

Nobody knows who asked for the answers that are there: their days begin now, none is lost at once.

Revision: 0018
Revises: 0017
Created: 2026-11-28 16:00:00
"""

import lzma
import zlib
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

XZ_BEGINS = b"\xfd7zXZ"
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("comparisons") as table:
        table.add_column(sa.Column("expires_from", INSTANT, nullable=True))
        table.add_column(sa.Column("stored_bytes", sa.Integer(), server_default="0", nullable=False))
        table.create_index("ix_comparisons_expiring", ["expires_from", "stored_bytes"])
    size = "octet_length" if op.get_bind().dialect.name == "postgresql" else "length"
    kept = sa.table(
        "comparisons", sa.column("expires_from", INSTANT), sa.column("stored_bytes"), sa.column("request"),
        sa.column("answer"),
    )  # fmt: skip
    bytes_of = getattr(sa.func, size)
    op.execute(
        sa.update(kept).values(
            expires_from=datetime.now(UTC),
            stored_bytes=bytes_of(kept.c.request) + bytes_of(kept.c.answer),
        )
    )
    op.create_table(
        "expired_answers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("expired_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expired_answers")),
    )
    with op.batch_alter_table("expired_answers") as table:
        table.create_index(op.f("ix_expired_answers_expired_at"), ["expired_at"])


def downgrade() -> None:
    """What expired stays away; large answers are packed as the version before reads them."""
    op.drop_table("expired_answers")
    connection = op.get_bind()
    kept = sa.table("comparisons", sa.column("id"), sa.column("answer", sa.LargeBinary()))
    for (identity,) in connection.execute(sa.select(kept.c.id)).all():
        answer = connection.execute(sa.select(kept.c.answer).where(kept.c.id == identity)).scalar_one()
        if answer.startswith(XZ_BEGINS):
            plain = zlib.compress(lzma.decompress(answer))
            connection.execute(sa.update(kept).where(kept.c.id == identity).values(answer=plain))
    with op.batch_alter_table("comparisons") as table:
        table.drop_index("ix_comparisons_expiring")
        table.drop_column("stored_bytes")
        table.drop_column("expires_from")
