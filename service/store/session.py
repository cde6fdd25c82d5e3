"""Engines, sessions and the state of the schema, on SQLite or PostgreSQL, by URL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from service.errors import DatabaseNotReady, InvalidValue, NotKept, worded
from service.store import versions
from service.store.versions import CATALOG, ONE_STATE

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0007", "0008", "0009", "0010", "0011", "0012", "0013",
    "0014", "0015", "0016", "0017", "0018", "0019",
)  # fmt: skip
"""All schema revisions, oldest first: what Alembic's own scripts say, without importing Alembic."""
HEAD_REVISION = REVISIONS[-1]

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
BUSY_TIMEOUT_S = 30
READ_ONLY = "readonly"
"""In what SQLite and, with a hyphen, PostgreSQL say of a database that may only be read."""


def engine_for(url: str, *, foreign_keys: bool = True) -> Engine:
    """An engine for a SQLite file or a PostgreSQL server; connects to nothing yet.

    `foreign_keys=False` is for migrations, which rebuild tables. Raises InvalidValue on a URL that is
    neither, and on a SQLite database in memory: every thread would see one of its own.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        raise InvalidValue(
            "database_url", url, worded("not a database URL"), ("sqlite:///file", "postgresql://host/name")
        ) from None
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    if parsed.get_backend_name() != "sqlite":
        raise InvalidValue(
            "database_url", _shown(parsed), worded("unknown database"), ("sqlite", "postgresql")
        )
    if parsed.database in (None, "", ":memory:"):
        raise InvalidValue(
            "database_url", url, worded("SQLite needs a file"), ("sqlite:////path/to/file.db",)
        )
    engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S, "isolation_level": None})
    sa.event.listen(engine, "connect", _prepare_sqlite_connection(foreign_keys))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


class Sessions:
    """Where transactions come from: `begin()` to write, `reading()` to read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # On SQLite a writer that starts as a reader fails with "database is locked" when another
        # writer was faster; BEGIN IMMEDIATE lets it queue instead.
        self._writing = engine.execution_options(begin="IMMEDIATE")
        self._writers = sessionmaker(self._writing, expire_on_commit=False)
        self._readers = sessionmaker(engine, expire_on_commit=False)

    def reading_one(self) -> AbstractContextManager[Connection]:
        """For a single statement that reads: a third of the time that a session takes to be made."""
        return self.engine.connect()

    @contextmanager
    def writing_one(self) -> Iterator[Connection]:
        """For a single statement that writes, committed at the end of the block; otherwise likewise.

        Raises NotKept for a database that may only be read.
        """
        try:
            with self._writing.begin() as connection:
                yield connection
        except DBAPIError as error:
            if READ_ONLY not in str(error.orig).lower().replace("-", ""):
                raise
            raise NotKept(
                worded(
                    "{url} cannot be written: {first_line}",
                    url=_shown(self.engine.url),
                    first_line=_first_line(error),
                )
            ) from error

    def begin(self) -> AbstractContextManager[Session]:
        """A transaction that may write: committed at the end of the block, rolled back by an error."""
        return self._writers.begin()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the data throughout and is rolled back at the end."""
        with self._readers(info={ONE_STATE: {}}) as session:
            if self.engine.dialect.name == "postgresql":
                session.connection(
                    execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                )
            yield session


def schema_revision(engine: Engine) -> str | None:
    """The revision the database is at, None for an empty one; DatabaseNotReady if unreachable."""
    try:
        with engine.connect() as connection:
            return revision_of(connection)
    except SQLAlchemyError as error:
        raise DatabaseNotReady(
            worded("cannot reach {url}: {first_line}", url=_shown(engine.url), first_line=_first_line(error))
        ) from error


def require_head(engine: Engine) -> None:
    """DatabaseNotReady, saying what to do, unless the schema is the one of this version."""
    revision = schema_revision(engine)
    _refuse_newer(engine.url, revision)
    if revision != HEAD_REVISION:
        state = (
            worded("is empty")
            if revision is None
            else worded("has schema revision {revision}", revision=revision)
        )
        raise DatabaseNotReady(
            worded(
                "{url} {state}, this version needs {head_revision}; run: heimvorteil db upgrade",
                url=_shown(engine.url),
                state=state,
                head_revision=HEAD_REVISION,
            )
        )


def upgrade(url: str) -> None:
    """Bring the schema of the database to HEAD_REVISION, all of it or nothing of it.

    On PostgreSQL the task queue's own tables are brought up to date with it, of a SQLite file a copy is kept
    first. DatabaseNotReady for one that was written by a newer version of the product.
    """
    with migrating(url) as connection:
        upgrade_on(connection)


def upgrade_on(connection: Connection) -> None:
    """The same in the transaction of a connection that `migrating` gave."""
    _migrate(connection)
    if connection.dialect.name == "postgresql":
        from service.store import task_queue

        task_queue.install(connection)


def prepare(url: str, catalog: Path | None = None) -> tuple[Engine, bool]:
    """An engine for a database that is ready to use, and whether this call created its tables.

    A SQLite file is created, migrated and seeded from `catalog` (default: ours) on first use, and an
    older one is upgraded; several processes may do so at the same moment, one does it, the others wait.
    A PostgreSQL schema is somebody's to upgrade: DatabaseNotReady says how. The same error is raised
    for a database that cannot be reached or was written by a newer version of the product.
    """
    engine = engine_for(url)
    try:
        return engine, _make_ready(engine, url, catalog)
    except BaseException:
        engine.dispose()
        raise


def _make_ready(engine: Engine, url: str, catalog: Path | None) -> bool:
    # A database named as a URI, file:/path?mode=ro, is there or is not; its name is no folder.
    if engine.dialect.name == "sqlite" and not str(engine.url.database).startswith("file:"):
        try:
            Path(str(engine.url.database)).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseNotReady(
                worded("cannot create the folder of {url}: {error}", url=_shown(engine.url), error=error)
            ) from error
    revision = schema_revision(engine)
    if revision == HEAD_REVISION:
        if engine.dialect.name == "sqlite":
            _keep_up_with(engine, catalog)
        return False
    _refuse_newer(engine.url, revision)
    if engine.dialect.name != "sqlite":
        require_head(engine)
    return _first_use(url, catalog)


def _refuse_newer(url: URL, revision: str | None) -> None:
    if revision is not None and revision not in REVISIONS:
        raise DatabaseNotReady(
            worded(
                "{url} has schema revision {revision}, newer than {head_revision} of this "
                "version; update the product",
                url=_shown(url),
                revision=revision,
                head_revision=HEAD_REVISION,
            )
        )


def _keep_up_with(engine: Engine, catalog: Path | None) -> None:
    """Seed again when the catalog has changed since: a new version of the product knows newer facts."""
    now = versions.fingerprint(catalog or CATALOG)
    sessions = Sessions(engine)
    with sessions.reading() as session:
        if versions.seeded_catalog(session) == now:
            return
    from service.store import seed

    with sessions.begin() as session:
        if versions.seeded_catalog(session) != now:
            seed.seed(session, catalog or CATALOG)


def _first_use(url: str, catalog: Path | None) -> bool:
    from service.store import seed

    with migrating(url) as connection:
        before = revision_of(connection)
        if before == HEAD_REVISION:
            return False
        _migrate(connection)
        with Session(connection) as session:
            seed.seed(session, catalog or seed.CATALOG)
            session.flush()
        return before is None


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """A transaction that may change the schema, one at a time; it may leave no reference broken."""
    engine = engine_for(url, foreign_keys=False)
    try:
        with engine.execution_options(begin="IMMEDIATE").begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7405116)"))
            yield connection
            if engine.dialect.name == "sqlite":
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise DatabaseNotReady(
                        worded("the upgrade would break a reference: {broken}", broken=tuple(broken))
                    )
    except SQLAlchemyError as error:
        raise DatabaseNotReady(
            worded(
                "cannot upgrade {url}: {first_line}", url=_shown(engine.url), first_line=_first_line(error)
            )
        ) from error
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
    before = revision_of(connection)
    _refuse_newer(connection.engine.url, before)
    if before == HEAD_REVISION:
        return
    from alembic import command
    from alembic.config import Config

    if before is not None and connection.dialect.name == "sqlite":
        from service.store.copy_before import copy_before_upgrade

        copy_before_upgrade(connection, before)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def revision_of(connection: Connection) -> str | None:
    """The revision of the schema that a connection sees, None where there is none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _prepare_sqlite_connection(foreign_keys: bool) -> Any:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
        _use_wal(cursor)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    return on_connect


def _use_wal(cursor: sqlite3.Cursor) -> None:
    # SQLite does not wait for its busy timeout when the journal mode changes: two processes that
    # create one file at the same moment would fail with "database is locked".
    give_up = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    # The driver's own transactions are off (isolation_level None): it would begin them too late.
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().split("\n")[0]
