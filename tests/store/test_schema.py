"""The migrations build what the models say, on both databases."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from service.errors import DatabaseNotReady, InvalidValue
from service.store import session as store_session
from service.store import versions
from service.store.session import HEAD_REVISION, MIGRATIONS, REVISIONS, Sessions, engine_for, prepare, upgrade

ROOT = MIGRATIONS.parent


def alembic(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def revision(url: str) -> str | None:
    engine = engine_for(url)
    try:
        return store_session.schema_revision(engine)
    finally:
        engine.dispose()


def test_revisions_are_alembics() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS
    assert scripts.get_heads() == [HEAD_REVISION]


def test_upgrade_check_downgrade_upgrade(empty_database_url: str) -> None:
    assert revision(empty_database_url) is None
    upgrade(empty_database_url)
    assert revision(empty_database_url) == HEAD_REVISION
    command.check(alembic(empty_database_url))
    command.downgrade(alembic(empty_database_url), "base")
    assert revision(empty_database_url) is None
    command.upgrade(alembic(empty_database_url), "head")
    command.check(alembic(empty_database_url))
    upgrade(empty_database_url)
    assert revision(empty_database_url) == HEAD_REVISION


@pytest.mark.long
def test_the_alembic_command_reads_the_url_from_the_environment(empty_database_url: str) -> None:
    environment = {**os.environ, "HEIMVORTEIL_DATABASE_URL": empty_database_url}
    for words in (["upgrade", "head"], ["check"]):
        run = [sys.executable, "-m", "alembic", *words]
        done = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert revision(empty_database_url) == HEAD_REVISION


def test_migrations_do_not_import_our_code() -> None:
    files = list((MIGRATIONS / "versions").glob("*.py"))
    assert len(files) == len(REVISIONS)
    assert not [file for file in files if "service" in file.read_text()]


@pytest.mark.long
def test_alembic_is_not_imported_to_look_at_a_ready_database(database_url: str) -> None:
    code = (
        "import sys; from service.store.session import prepare; prepare(sys.argv[1]); "
        "print('alembic' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, database_url], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_an_empty_postgresql_says_what_to_do(empty_database_url: str) -> None:
    if empty_database_url.startswith("postgresql"):
        with pytest.raises(DatabaseNotReady, match="heimvorteil db upgrade"):
            prepare(empty_database_url)


def test_a_newer_schema_is_refused(database_url: str) -> None:
    engine = engine_for(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DatabaseNotReady, match="newer than"):
        prepare(database_url)


def test_an_unreachable_database_is_said_without_its_password() -> None:
    with pytest.raises(DatabaseNotReady, match="cannot reach") as caught:
        prepare("postgresql://me:secret@127.0.0.1:1/nothing")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(InvalidValue, match="database_url"):
        engine_for(url)


def test_first_use_creates_and_seeds(tmp_path: Path, small_catalog: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new' / 'home.db'}"
    engine, created = prepare(url, small_catalog)
    with Sessions(engine).reading() as session:
        assert versions.data_version(session) > 0
    engine.dispose()
    assert created
    engine, created = prepare(url, small_catalog)
    engine.dispose()
    assert not created


def test_a_failed_first_use_leaves_nothing_behind(tmp_path: Path, small_catalog: Path) -> None:
    (small_catalog / "offers.csv").unlink()
    with pytest.raises(InvalidValue, match=r"offers\.csv"):
        prepare(f"sqlite:///{tmp_path / 'home.db'}", small_catalog)
    assert revision(f"sqlite:///{tmp_path / 'home.db'}") is None


@pytest.mark.long
def test_several_processes_may_use_it_first(tmp_path: Path, small_catalog: Path) -> None:
    url = f"sqlite:///{tmp_path / 'home.db'}"
    code = (
        "import sys; from pathlib import Path; from service.store.session import prepare; "
        "print(prepare(sys.argv[1], Path(sys.argv[2]))[1])"
    )

    def first_use(_: int) -> str:
        arguments = [sys.executable, "-c", code, url, str(small_catalog)]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(first_use, range(4))) == ["False", "False", "False", "True"]
    engine = engine_for(url)
    with Sessions(engine).reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM gpus")).scalar() == 1
    engine.dispose()


def test_writers_queue(sessions: Sessions) -> None:
    def write(_: int) -> None:
        with sessions.begin() as session:
            versions.lock(session)
            versions.bump(session)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with sessions.reading() as session:
        assert versions.data_version(session) == 40
