"""A database of every revision that was ever released is brought up to today's, on SQLite and PostgreSQL."""

import gzip
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner

from service.cli import main
from service.errors import DatabaseNotReady
from service.store import comparisons, copy_before
from service.store.checking import check
from service.store.session import HEAD_REVISION, MIGRATIONS, REVISIONS, Sessions, engine_for, prepare, upgrade
from tests.store.old_databases import ANSWER, FOLDER
from tests.store.test_schema import alembic, revision
from tests.waiting import until

ROOT = MIGRATIONS.parent
COUNTED_ANEW = {"refresh_counts"}


def old_file(number, file):
    """The database of a revision as a SQLite file."""
    with sqlite3.connect(file) as connection:
        connection.executescript(gzip.decompress((FOLDER / f"{number}.sql.gz").read_bytes()).decode())
    connection.close()
    return f"sqlite:///{file}"


def as_postgres(number, url, file):
    """The same rows in PostgreSQL, in the schema of that revision."""
    command.upgrade(alembic(url), number)
    source, target = engine_for(old_file(number, file)), engine_for(url)
    there, here = sa.MetaData(), sa.MetaData()
    there.reflect(source)
    here.reflect(target)
    with source.connect() as reading, target.begin() as writing:
        for table in here.sorted_tables:
            rows = [dict(row) for row in reading.execute(sa.select(there.tables[table.name])).mappings()]
            writing.execute(sa.delete(table))
            writing.execute(sa.insert(table), rows)
    source.dispose()
    target.dispose()
    return url


def rows_of(url):
    engine = engine_for(url)
    known = sa.MetaData()
    known.reflect(engine)
    with engine.connect() as connection:
        counted = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in known.sorted_tables
        }
    engine.dispose()
    return counted


def test_every_revision_before_this_one_is_kept_with_a_row_in_every_table(tmp_path):
    assert {file.name.split(".")[0] for file in FOLDER.iterdir()} >= set(REVISIONS[:-1])
    for file in FOLDER.iterdir():
        number = file.name.split(".")[0]
        url = old_file(number, tmp_path / f"{number}.db")
        assert revision(url) == number
        assert set(rows_of(url).values()) == {1}


@pytest.mark.parametrize(
    "number",
    [REVISIONS[0], *(pytest.param(one, marks=pytest.mark.long) for one in REVISIONS[1:-1])],
)
def test_an_old_database_is_brought_up_to_today_with_all_its_rows(empty_database_url, tmp_path, number):
    is_sqlite = empty_database_url.startswith("sqlite")
    url = (
        old_file(number, tmp_path / "old.db")
        if is_sqlite
        else as_postgres(number, empty_database_url, tmp_path / "old.db")
    )
    before = rows_of(url)
    upgrade(url)
    assert revision(url) == HEAD_REVISION
    command.check(alembic(url))
    now = rows_of(url)
    assert {name: now.get(name, 0) for name in before} == before
    engine = engine_for(url)
    with Sessions(engine).reading() as session:
        assert comparisons.find(session, "0123456789abcdef0123").answer == ANSWER.encode()
    assert check(Sessions(engine)).faults == ()
    engine.dispose()


def test_sqlite_keeps_a_copy_before_it_upgrades_itself_and_the_last_two_of_them(tmp_path, small_catalog):
    url = old_file("0016", tmp_path / "home.db")
    for old in ("0001", "0002", "0003"):
        (tmp_path / f"home.db.before-upgrade-{old}").touch()
    engine, created = prepare(url, small_catalog)
    engine.dispose()
    assert not created
    copies = sorted(file.name for file in tmp_path.glob("home.db.before-upgrade-*"))
    assert copies == ["home.db.before-upgrade-0003", "home.db.before-upgrade-0016"]
    kept = f"sqlite:///{tmp_path / copies[-1]}"
    assert revision(kept) == "0016" and set(rows_of(kept).values()) == {1}
    engine, _ = prepare(url, small_catalog)
    engine.dispose()
    assert sorted(file.name for file in tmp_path.glob("home.db.before-upgrade-*-0018")) == []


def test_without_room_for_the_copy_nothing_is_upgraded(tmp_path, monkeypatch):
    url = old_file("0016", tmp_path / "home.db")

    def full(_source, _target):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(copy_before, "_copy", full)
    with pytest.raises(DatabaseNotReady, match=r"no copy of .* disk is full; make room"):
        upgrade(url)
    assert revision(url) == "0016" and not list(tmp_path.glob("*.unfinished"))


KILLED = """
import sys, time
from pathlib import Path
from alembic import command
from service.store import copy_before, session
where, url, sign = sys.argv[1:]
def stop(*_args, **_kwargs):
    Path(sign).write_text("here")
    time.sleep(60)
migrate = command.upgrade
def upgrade_and_stop(*given):
    migrate(*given)
    stop()
if where == "copy":
    copy_before.os.fsync = stop
else:
    command.upgrade = upgrade_and_stop
session.upgrade(url)
"""


@pytest.mark.long
@pytest.mark.parametrize("where", ["copy", "upgrade"])
def test_killed_in_the_middle_of_an_upgrade_the_old_database_is_left(tmp_path, where):
    url, sign = old_file("0016", tmp_path / "home.db"), tmp_path / "sign"
    words = [sys.executable, "-c", KILLED, where, url, sign]
    process = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        until(sign.exists, "it is in the middle of it")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert revision(url) == "0016" and set(rows_of(url).values()) == {1}
    assert (tmp_path / "home.db.before-upgrade-0016").exists() == (where == "upgrade")
    upgrade(url)
    assert revision(url) == HEAD_REVISION
    assert {file.name for file in tmp_path.glob("*before-upgrade*")} == {"home.db.before-upgrade-0016"}


def test_a_newer_database_is_refused_in_one_line_by_every_command(database_url, monkeypatch, tmp_path):
    engine = engine_for(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", database_url)
    for words in (["upgrade"], ["backup", str(tmp_path / "copy.zip")], ["prune"]):
        told = CliRunner().invoke(main, ["db", *words])
        assert told.exit_code == 2 and told.output.count("\n") == 1, told.output
        assert "9999" in told.output
    assert not Path(tmp_path / "copy.zip").exists()
