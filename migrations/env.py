"""Alembic's entry: which database, which tables.

The database is the connection handed over by service.store.session, else the URL of the configuration,
else the one in HEIMVORTEIL_DATABASE_URL.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alembic import context

from service.store import models, work_models  # noqa: F401
from service.store.column_types import ExactDecimal, Packed, UtcDateTime
from service.store.session import engine_for
from service.store.tables import Base


def render_item(kind, item, autogen_context):
    """Write our column types as SQLAlchemy's own, so that a migration never imports our code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, ExactDecimal):
        return 'sa.Numeric(20, 9).with_variant(sa.BigInteger(), "sqlite")'
    if kind == "type" and isinstance(item, Packed):
        return "sa.LargeBinary()"
    return False


def migrate(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def database_url():
    # get_main_option() fails where the configuration is pyproject.toml alone.
    configured = context.config.file_config.get("alembic", "sqlalchemy.url", fallback=None)
    url = configured or os.environ.get("HEIMVORTEIL_DATABASE_URL")
    if not url:
        raise SystemExit("say which database to migrate: HEIMVORTEIL_DATABASE_URL=sqlite:////path/to/file.db")
    return url


connection = context.config.attributes.get("connection")
if connection is not None:
    migrate(connection)
elif context.is_offline_mode():
    raise SystemExit("SQL scripts are not supported: migrate a database that can be reached")
else:
    engine = engine_for(database_url(), foreign_keys=False)
    with engine.execution_options(begin="IMMEDIATE").begin() as connection:
        migrate(connection)
    engine.dispose()
