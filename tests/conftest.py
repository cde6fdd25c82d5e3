"""Databases for tests: every test that asks for one runs on SQLite and on a real PostgreSQL."""

import gc
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import Engine, make_url

from service.cli import main
from service.store import seed
from service.store import session as store_session
from service.store import snapshot as store_snapshot
from service.store.session import Sessions, engine_for
from service.store.snapshot import Snapshot
from tests import drawn_once, facts_kept
from tests.made_once import PROCESS, RUN, alone, made_once, of_all_processes, postgres

# The suite stays within four minutes on two cores: fewer tries a run, other ones every run. How long a try
# takes says how busy the machine is.
settings.register_profile(
    "suite", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")
# Tests make many objects and few circles: looking for these as often as by default takes a tenth of the time.
gc.set_threshold(20_000, 20, 50)
# What this machine speaks, and how wide it writes, must not decide which words a test reads.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("COLUMNS", None)
DATABASES = ("sqlite", "postgresql")
GIVEN_POSTGRES = os.environ.get("HEIMVORTEIL_TEST_POSTGRES_URL")


def pytest_configure(config: pytest.Config) -> None:
    """Long tests are left out where neither a mark nor a path is named; house.md says which are long."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS and not config.option.markexpr:
        config.option.markexpr = "not long"
    facts_kept.install()
    drawn_once.install()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """PostgreSQL is asked quickly in the room of the store; elsewhere it is asked with the long tests."""
    for item in items:
        asked = getattr(item, "callspec", None)
        if asked and "postgresql" in asked.params.values() and not item.nodeid.startswith("tests/store/"):
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the one of HEIMVORTEIL_TEST_POSTGRES_URL, else one started for this run.

    Without either, tests fail where CI is set and are skipped with the reason elsewhere.
    """
    if GIVEN_POSTGRES:
        yield GIVEN_POSTGRES
        _server_engine(GIVEN_POSTGRES).dispose()
        return
    with ExitStack() as stack:
        try:
            url = stack.enter_context(postgres(of_all_processes(tmp_path_factory) / "postgres.lock"))
        except Exception as error:
            reason = f"no PostgreSQL for the tests: {type(error).__name__}: {error}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        # Nothing here has to outlive a power cut, and a thousand databases are made and dropped.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            _on_server(url, f"ALTER SYSTEM SET {setting} = off")
        _on_server(url, "SELECT pg_reload_conf()")
        yield url
        _server_engine(url).dispose()


def _on_server(url: str, statement: str) -> object:
    """The first value it gives, if it gives one."""
    with _server_engine(url).connect() as connection:
        done = connection.execute(sa.text(statement))
        return done.scalar() if done.returns_rows else None


@cache
def _server_engine(url: str) -> Engine:
    return store_session.engine_for(url).execution_options(isolation_level="AUTOCOMMIT")


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _postgres_template(
    server: str, kind: str, lock: Path, make: Callable[[str], None], after: str = "template1"
) -> Iterator[str]:
    """The name of a database to be copied; on our own server the first process makes it for all."""
    name = f"heimvorteil_{kind}_{RUN}" + (PROCESS if GIVEN_POSTGRES else "")
    with alone(lock):
        known = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        if _on_server(server, known) is None:
            unfinished = f"{name}_unfinished"
            _on_server(server, f"CREATE DATABASE {unfinished} TEMPLATE {after} STRATEGY file_copy")
            make(_database(server, unfinished))
            _on_server(server, f"ALTER DATABASE {unfinished} RENAME TO {name}")
    yield name
    if GIVEN_POSTGRES:
        _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a migrated, empty database on the server, to be copied for each test."""
    lock = of_all_processes(tmp_path_factory) / "postgres.lock"
    yield from _postgres_template(postgres_url, "template", lock, store_session.upgrade)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied for each test."""
    file = of_all_processes(tmp_path_factory) / "template.db"
    return made_once(file, lambda new: store_session.upgrade(f"sqlite:///{new}"))


def _fill(url: str) -> None:
    engine = store_session.engine_for(url)
    with Sessions(engine).begin() as session:
        assert seed.seed(session), "the shipped catalog fills an empty database"
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_catalog_template(
    postgres_url: str, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a database with the shipped catalog, to be copied for each test: seeding takes seconds."""
    lock = of_all_processes(tmp_path_factory) / "postgres.lock"
    yield from _postgres_template(postgres_url, "catalog", lock, _fill, after=postgres_template)


@pytest.fixture(scope="session")
def sqlite_catalog_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A SQLite file with the shipped catalog, to be copied for each test."""

    def make(new: Path) -> None:
        shutil.copy(sqlite_template, new)
        _fill(f"sqlite:///{new}")

    file = made_once(of_all_processes(tmp_path_factory) / "catalog.db", make)
    facts_kept.of_copies(file)
    return file


@pytest.fixture(scope="session")
def catalog_copy(
    sqlite_catalog_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], str]:
    """Makes a SQLite database with the shipped catalog and says its URL: what a first use leaves, at once."""

    def copy() -> str:
        folder = tmp_path_factory.mktemp("catalog")
        return f"sqlite:///{shutil.copy(sqlite_catalog_template, folder / 'facts.sqlite3')}"

    return copy


@pytest.fixture
def facts_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time: for tests of the reading itself, and of what is written and is no news of facts."""
    monkeypatch.setattr(facts_kept, "IS_ON", False)


@pytest.fixture(scope="module")
def database(catalog_copy: Callable[[], str]) -> str:
    """A catalog of a module's own, by its URL."""
    return catalog_copy()


@pytest.fixture(scope="module")
def snapshot(database: str) -> Iterator[Snapshot]:
    """Its facts."""
    engine = engine_for(database)
    yield store_snapshot.load(Sessions(engine))
    engine.dispose()


@pytest.fixture
def run(database: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command line on it, as a user types: what it says, once its exit code is the one expected."""
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database)

    def invoke(*words: object, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, result.output
        return result

    return invoke


@pytest.fixture
def say(run: Callable[..., Result]) -> Callable[..., str]:
    """What it says, in one line and with plain blanks alone."""
    return lambda *words: " ".join(run(*words).output.replace("\xa0", " ").split())


@pytest.fixture
def ask(run: Callable[..., Result]) -> Callable[..., dict[str, Any]]:
    """Its answer to a question, as values with plain blanks alone."""
    return lambda *words: json.loads(run(*words, "--json").stdout.replace("\xa0", " "))


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"test_{uuid.uuid4().hex}"
    _on_server(server, f"CREATE DATABASE {name}")
    yield _database(server, name)
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database of its own without any fact."""
    yield from _copied(request, tmp_path, "template")


@pytest.fixture(params=DATABASES)
def catalog_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of its own with the shipped catalog."""
    yield from _copied(request, tmp_path, "catalog_template")


def _copied(request: pytest.FixtureRequest, tmp_path: Path, template: str) -> Iterator[str]:
    if request.param == "sqlite":
        file = tmp_path / "test.db"
        shutil.copy(request.getfixturevalue(f"sqlite_{template}"), file)
        yield f"sqlite:///{file}"
        return
    yield from _copied_postgres(
        request.getfixturevalue("postgres_url"), request.getfixturevalue(f"postgres_{template}")
    )


def _copied_postgres(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _on_server(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield _database(server, name)
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_catalog_url(postgres_url: str, postgres_catalog_template: str) -> Iterator[str]:
    """A PostgreSQL database of its own with the shipped catalog."""
    yield from _copied_postgres(postgres_url, postgres_catalog_template)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine for a migrated database without any fact."""
    engine = store_session.engine_for(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def catalog_engine(catalog_database_url: str) -> Iterator[Engine]:
    """An engine for a database of its own with the shipped catalog."""
    engine = store_session.engine_for(catalog_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    """Sessions on a migrated database without any fact."""
    return Sessions(engine)
