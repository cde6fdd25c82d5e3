"""The tables of procrastinate, the task queue of several machines, in a PostgreSQL schema of their own."""

from importlib.resources import files

import sqlalchemy as sa
from sqlalchemy.engine import Connection

SCHEMA = "procrastinate"
_APPLIED = f"{SCHEMA}.heimvorteil_applied"


def install(connection: Connection) -> None:
    """Create the queue's tables, or bring those of an older procrastinate up to date; again does nothing.

    procrastinate ships its whole schema and, per release, the steps to it, and leaves it to its user to
    know which were taken: their names are kept beside its tables.
    """
    shipped = files("procrastinate.sql")
    steps = sorted(f.name for f in shipped.joinpath("migrations").iterdir() if f.name.endswith(".sql"))
    before = connection.execute(sa.text("SHOW search_path")).scalar_one()
    connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
    connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {_APPLIED} (step text PRIMARY KEY)"))
    applied = set(connection.execute(sa.text(f"SELECT step FROM {_APPLIED}")).scalars())  # nosec B608
    missing = [step for step in steps if step not in applied]
    connection.execute(sa.text(f"SET LOCAL search_path TO {SCHEMA}"))
    scripts = ["schema.sql"] if not applied else [f"migrations/{step}" for step in missing]
    for script in scripts:
        text = shipped.joinpath(script).read_text(encoding="utf-8")
        connection.execution_options(no_parameters=True).exec_driver_sql(text)
    if missing:
        connection.execute(
            sa.text(f"INSERT INTO {_APPLIED} (step) VALUES (:step)"),  # nosec B608
            [{"step": step} for step in missing],
        )
    connection.execute(sa.text("SELECT set_config('search_path', :path, true)"), {"path": before})


def is_installed(connection: Connection) -> bool:
    """Whether the queue's tables are there."""
    return sa.inspect(connection).has_table("procrastinate_jobs", schema=SCHEMA)
