"""An answer is kept once and compressed; a question is kept as the REST body that asks it

The column `inputs` repeated what the answer says. Ids and answers stay as they are; questions are written in
today's words, so that they can be asked again.

Revision: 0011
Revises: 0010
Created: 2026-11-27 23:10:00
"""

import json
import zlib

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FASTEST = 1
LONGEST_NAME = 80
"""Of a model of one's own; the command line took any name of a config file once."""
ASSUMED = "heimvorteil-assumption-recipe"
HOME_TERMS = (
    "hours_per_day", "paused_watts", "wear_per_hour", "base_fee_per_month", "heating_share", "heat_per_kwh",
)  # fmt: skip


def upgrade() -> None:
    op.add_column("comparisons", sa.Column("packed", sa.LargeBinary(), nullable=True))
    connection = op.get_bind()
    kept = sa.table(
        "comparisons", sa.column("id"), sa.column("request"), sa.column("answer"), sa.column("packed"),
    )  # fmt: skip
    for (identity,) in connection.execute(sa.select(kept.c.id)).all():
        row = connection.execute(sa.select(kept).where(kept.c.id == identity)).one()
        connection.execute(
            sa.update(kept).where(kept.c.id == identity).values(
                packed=zlib.compress(row.answer.encode(), FASTEST), request=in_todays_words(row.request)
            )
        )  # fmt: skip
    schedules = sa.table("report_schedules", sa.column("id"), sa.column("request"))
    for number, asked in connection.execute(sa.select(schedules.c.id, schedules.c.request)).all():
        connection.execute(
            sa.update(schedules).where(schedules.c.id == number).values(request=in_todays_words(asked))
        )
    with op.batch_alter_table("comparisons") as table:
        table.drop_column("answer")
        table.drop_column("inputs")
        table.alter_column("packed", new_column_name="answer", nullable=False, existing_type=sa.LargeBinary())


def downgrade() -> None:
    """Answers are unpacked; questions stay in the newer words, and what repeated the answers stays empty."""
    with op.batch_alter_table("comparisons") as table:
        table.add_column(sa.Column("plain", sa.Text(), nullable=True))
        table.add_column(sa.Column("inputs", sa.Text(), nullable=False, server_default="[]"))
    connection = op.get_bind()
    kept = sa.table("comparisons", sa.column("id"), sa.column("answer"), sa.column("plain"))
    for (identity,) in connection.execute(sa.select(kept.c.id)).all():
        packed = connection.execute(sa.select(kept.c.answer).where(kept.c.id == identity)).scalar_one()
        plain = zlib.decompress(packed).decode()
        connection.execute(sa.update(kept).where(kept.c.id == identity).values(plain=plain))
    with op.batch_alter_table("comparisons") as table:
        table.drop_column("answer")
        table.alter_column("plain", new_column_name="answer", nullable=False, existing_type=sa.Text())
        table.alter_column("inputs", server_default=None, existing_type=sa.Text(), existing_nullable=False)


def in_todays_words(asked: str) -> str:
    """A question as it was kept until 0010, as 0011 keeps it; one that is neither stays as it is."""
    old = json.loads(asked)
    if not isinstance(old, dict) or "language" not in old:
        return asked
    new = {key: value for key, value in old.items() if key not in ("language", "home_terms", "cloud_terms")}
    terms = old.get("home_terms") or {}
    new |= {name: terms[name] for name in HOME_TERMS if name in terms}
    new["rent_terms"] = dict(sorted((name, value) for name, value in old.get("cloud_terms", ())))
    new["lang"] = old["language"]
    if isinstance(old.get("workload"), dict):
        new["workload"] = own_model(old["workload"])
    return json.dumps(new, separators=(",", ":"))


def own_model(workload: dict) -> dict:
    """A model of one's own by its dimensions, with what was told of its recipe."""
    assumed = {name for name, source in workload["sources"].items() if source["slug"] == ASSUMED}
    recipe = workload["recipe"].items()
    return {
        "architecture": workload["architecture"],
        "config": None,
        "recipe": {name: value for name, value in recipe if f"recipe.{name}" not in assumed},
        "tokens": workload["tokens"],
        "name": workload["name"][:LONGEST_NAME],
    }
