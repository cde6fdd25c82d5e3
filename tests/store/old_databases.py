"""Databases as each revision left them: `python -m tests.store.old_databases` adds those that are missing.

A row is in every table: of the first revision, moved on by the migrations themselves, and one of each table
that came later. They are kept as SQL with the schema as it was then, so that a migration that is changed
afterwards is noticed. A kept one is never written again.
"""

import gzip
import json
import sqlite3
import tempfile
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from service.store.session import REVISIONS, engine_for
from tests.store.test_schema import alembic

FOLDER = Path(__file__).parent / "old_databases"
AT = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
DAY = date(2026, 11, 24)
QUESTION = {
    "language": "en",
    "home_terms": {"hours_per_day": 8},
    "cloud_terms": [["setup_hours", 1]],
    "budget": 700,
}
ANSWER = '{"id":"0123456789abcdef0123","kept":"as it was said"}'
PROVEN = "3f" * 32
WORDS = {
    "tensor_rate": "full", "tier": "on_demand", "kind": "decision", "taxes": "all", "scope": "lifecycle",
    "accounting": "production", "outcome": "ok", "state": "done", "currency": "EUR", "base": "EUR",
    "quote": "USD",
    "webhook_url": "https://hook.example/", "cadence": "weekly", "origin": "catalog", "sha256": PROVEN,
}  # fmt: skip
ARCHITECTURE = {
    "n_layers": 2, "d_model": 64, "n_heads": 2, "n_kv_heads": 2, "head_dim": 32, "d_ff": 256,
    "vocab_size": 1000, "tied_embeddings": True,
}  # fmt: skip
RECIPE = {
    "optimizer": "adamw", "precision": "bf16", "engine": "torch-eager", "attention": "flash", "seq_len": 128,
    "global_batch_tokens": 4096, "micro_batch": 4,
}  # fmt: skip
OF_TABLE = {
    ("electricity_rates", "kind"): "retail", ("workloads", "kind"): "pretrain",
    ("providers", "kind"): "gpu-cloud", ("workloads", "architecture"): ARCHITECTURE,
    ("workloads", "recipe"): RECIPE,
    ("report_deliveries", "kind"): "file", ("spot_prices", "taxes"): "excl_taxes",
    ("comparisons", "id"): "0123456789abcdef0123",
    ("comparisons", "request"): json.dumps(QUESTION), ("report_schedules", "request"): json.dumps(QUESTION),
    ("comparisons", "inputs"): "[]", ("alerts", "threshold_per_hour"): 2, ("report_runs", "changes"): "[]",
    ("spot_interruptions", "share_low"): 0.05, ("spot_interruptions", "share_high"): 0.1,
    ("providers", "pue"): 1.2,
    ("grid_carbon", "slot_end"): AT.replace(hour=13), ("spot_prices", "slot_end"): AT.replace(hour=13),
}  # fmt: skip
UNSAID = {("alerts", "fall_percent"), ("report_deliveries", "next_attempt_at"), ("offers", "superseded_by")}


def fill_empty_tables(url: str) -> None:
    """A row in each table that has none."""
    engine = engine_for(url)
    known = sa.MetaData()
    known.reflect(engine)
    with engine.begin() as connection:
        for table in known.sorted_tables:
            if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0:
                connection.execute(sa.insert(table).values({c.name: _value(table, c) for c in table.columns}))
    engine.dispose()


def _value(table: sa.Table, column: sa.Column) -> object:
    place = (table.name, column.name)
    if place in UNSAID:
        return None
    if place in OF_TABLE:
        return OF_TABLE[place]
    if column.name in WORDS:
        return WORDS[column.name]
    key = next(iter(column.foreign_keys), None)
    if key is not None:
        return OF_TABLE[("comparisons", "id")] if key.column.table.name == "comparisons" else 1
    if table.name == "comparisons" and column.name == "answer":
        return zlib.compress(ANSWER.encode()) if isinstance(column.type, sa.LargeBinary) else ANSWER
    if isinstance(column.type, sa.DateTime):
        return AT.replace(tzinfo=None)
    if isinstance(column.type, sa.Date):
        return DAY
    if isinstance(column.type, sa.JSON):
        return []
    if isinstance(column.type, (sa.Boolean, sa.Integer, sa.Numeric, sa.Float)):
        return 1
    return f"{column.name} é"


def make(folder: Path) -> None:
    """Every revision's database that is not kept yet."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "old.db"
        url = f"sqlite:///{file}"
        for revision in REVISIONS:
            command.upgrade(alembic(url), revision)
            fill_empty_tables(url)
            kept = folder / f"{revision}.sql.gz"
            if not kept.exists():
                with sqlite3.connect(file) as connection:
                    text = "\n".join(connection.iterdump())
                kept.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    make(FOLDER)
