"""Engines, sessions and the state of the schema, on SQLite or PostgreSQL, by URL."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from service.errors import DatabaseAway, DatabaseNotReady, InvalidValue, system_reason, worded
from service.shown import MASK, is_secret
from service.store import faults, versions, waits
from service.store.faults import GATES, Gate
from service.store.versions import CATALOG, ONE_STATE
from service.store.waits import MIGRATING, PATIENT, Waits

REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0007", "0008", "0009", "0010", "0011", "0012", "0013",
    "0014", "0015", "0016", "0017", "0018", "0019", "0020",
)  # fmt: skip
"""All schema revisions, oldest first: what Alembic's own scripts say, without importing Alembic."""
HEAD_REVISION = REVISIONS[-1]

LARGEST_PORT = 65_535
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def engine_for(url: str, *, foreign_keys: bool = True, waiting: Waits = PATIENT) -> Engine:
    """An engine for a SQLite file or a PostgreSQL server; connects to nothing yet.

    `foreign_keys=False` is for migrations, which rebuild tables. Raises InvalidValue on a URL that is
    neither, and on a SQLite database in memory: every thread would see one of its own.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        from service.store.impatient import postgresql_engine

        return postgresql_engine(parsed, waiting)
    arguments = {"timeout": waiting.writer_s, "isolation_level": None}
    engine = sa.create_engine(parsed, connect_args=arguments, **waiting.of_the_pool)
    sa.event.listen(engine, "connect", _prepare_sqlite_connection(foreign_keys, waiting.writer_s))
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def engine_of_requests(url: str, longest_s: float, *, pooled: bool = True) -> Engine:
    """An engine for whoever answers others: nobody waits for longer [s], nor queues before what hangs."""
    engine = engine_for(url, waiting=waits.of_a_request(longest_s, pooled=pooled))
    if engine.dialect.name == "sqlite":
        waits.limit_sqlite_statements(engine, longest_s)
    engine.update_execution_options(**{GATES: (Gate(), Gate())})
    return engine


def _parsed(url: str) -> URL:
    """The URL of a database that we know. Raises InvalidValue without its password."""
    try:
        parsed = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        # What cannot be read as a URL may hold a password anywhere before its host.
        raise InvalidValue(
            "database_url",
            url.rpartition("@")[2],
            worded("not a database URL"),
            ("sqlite:///file", "postgresql://host/name"),
        ) from None
    if parsed.get_backend_name() == "postgresql":
        if parsed.port is not None and not 0 < parsed.port <= LARGEST_PORT:
            raise InvalidValue(
                "database_url", shown(parsed), worded("a port is from 1 to {largest}", largest=LARGEST_PORT)
            )
        return parsed
    if parsed.get_backend_name() != "sqlite":
        raise InvalidValue(
            "database_url", shown(parsed), worded("unknown database"), ("sqlite", "postgresql")
        )
    if parsed.database in (None, "", ":memory:"):
        raise InvalidValue(
            "database_url", url, worded("SQLite needs a file"), ("sqlite:////path/to/file.db",)
        )
    if "\0" in str(parsed.database):
        raise InvalidValue("database_url", url, worded("the name of a file holds no NUL"))
    return parsed


class Sessions:
    """Where transactions come from: `begin()` to write, `reading()` to read.

    All raise DatabaseAway for a database that cannot be reached, hangs or is out of order, and NotKept for
    one that cannot be written, whether that shows at the beginning of their block or within it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._gates = faults.gates_of(engine)
        # On SQLite a writer that starts as a reader fails with "database is locked" when another
        # writer was faster; BEGIN IMMEDIATE lets it queue instead.
        self._writing = engine.execution_options(begin="IMMEDIATE")
        self._writers = sessionmaker(self._writing, expire_on_commit=False)
        self._readers = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def reading_one(self) -> Iterator[Connection]:
        """For a single statement that reads: a third of the time that a session takes to be made."""
        with self._told(writes=False), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing_one(self) -> Iterator[Connection]:
        """For a single statement that writes, committed at the end of the block; otherwise likewise."""
        with self._told(writes=True), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that may write: committed at the end of the block, rolled back by an error."""
        with self._told(writes=True), self._writers.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that sees one state of the data throughout and is rolled back at the end."""
        with self._told(writes=False), self._readers(info={ONE_STATE: {}}) as session:
            if self.engine.dialect.name == "postgresql":
                session.connection(
                    execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                )
            yield session

    @contextmanager
    def _told(self, *, writes: bool) -> Iterator[None]:
        """What the database's errors mean, and a gate before it, where the engine has one."""
        gate = self._gates[writes] if self._gates else None
        if gate:
            gate.pass_through()
        began = time.monotonic()
        try:
            yield
        except SQLAlchemyError as error:
            said = faults.meaning(error, shown(self.engine.url), writes=writes)
            if gate and said and not faults.is_of_one_statement(error):
                gate.shut(said, time.monotonic() - began)
                gate = None
            if said is None:
                raise
            raise said from error
        finally:
            if gate:
                gate.open()


def schema_revision(engine: Engine) -> str | None:
    """The revision the database is at, None for an empty one; DatabaseNotReady if unreachable."""
    try:
        with engine.connect() as connection:
            return revision_of(connection)
    except SQLAlchemyError as error:
        raise _away(error, engine.url, reads=True) from error


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
                url=shown(engine.url),
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
                worded(
                    "cannot create the folder of {url}: {error}",
                    url=shown(engine.url),
                    error=system_reason(error),
                )
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
                url=shown(url),
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
    engine = engine_for(url, foreign_keys=False, waiting=MIGRATING)
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
        raise _away(error, engine.url, reads=False) from error
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


def _prepare_sqlite_connection(foreign_keys: bool, writer_s: float) -> Any:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {round(writer_s * 1000)}")
        _use_wal(cursor, writer_s)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        cursor.close()

    return on_connect


def _use_wal(cursor: sqlite3.Cursor, writer_s: float) -> None:
    # SQLite does not wait for its busy timeout when the journal mode changes: two processes that
    # create one file at the same moment would fail with "database is locked".
    give_up = time.monotonic() + writer_s
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


def shown(url: URL) -> str:
    """The URL without a password, also of its parameters."""
    masked = {name: MASK for name in url.query if is_secret(name)}
    return url.update_query_dict(masked).render_as_string(hide_password=True)


def _away(error: SQLAlchemyError, url: URL, *, reads: bool) -> DatabaseNotReady:
    said = faults.meaning(error, shown(url), writes=not reads)
    if said is not None:
        return said
    line = faults.first_line(error)
    if reads:
        return DatabaseAway(worded("cannot reach {url}: {first_line}", url=shown(url), first_line=line))
    return DatabaseAway(worded("cannot upgrade {url}: {first_line}", url=shown(url), first_line=line))
