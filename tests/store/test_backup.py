"""A copy of the whole database: whole or not there, proven when it is put back, on both databases."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.errors import DatabaseNotReady, InvalidValue
from service.store import comparisons, offers, tokens, versions
from service.store.backup import MANIFEST, back_up, lines_of, proven, written_whole
from service.store.checking import check
from service.store.comparisons import StoredComparison
from service.store.exporting import export
from service.store.restoring import restore
from service.store.session import HEAD_REVISION, MIGRATIONS, Sessions, engine_for
from service.store.tables import Base
from tests.waiting import until

NOW = datetime(2026, 11, 28, 12, 0, 0, 123456, tzinfo=UTC)
ROOT = MIGRATIONS.parent


@pytest.fixture
def filled(market, a):
    """A few rows of several kinds: exact prices, instants, an infinity, packed bytes, all letters."""
    with market.begin() as session:
        offers.add_all(session, [a.offer(), a.offer(instance="ä\u20ac🚀", currency="CHF")], NOW)
        offers.add_all(
            session,
            [a.offer(hourly_price=Decimal("1.000000001"), as_of=date(2026, 3, 2))],
            NOW + timedelta(days=1),
        )
        comparisons.add(
            session, StoredComparison("abc", NOW, '{"é":1}'.encode(), b'{"x":[1]}', 3, "9", "decision", NOW)
        )
        tokens.create(session, "me", NOW)
    return market


@pytest.fixture
def copy(filled, tmp_path):
    file = tmp_path / "copy.zip"
    back_up(filled, file, NOW)
    return file


def everything(sessions):
    with sessions.reading() as session:
        return {table.name: sorted(lines_of(session, table)) for table in Base.metadata.sorted_tables}


def opened(url):
    engine = engine_for(url)
    return Sessions(engine), engine


def test_a_copy_put_into_either_database_is_the_same_rows(filled, copy, empty_database_url):
    made = restore(empty_database_url, copy)
    assert made.tables["offers"].rows == 2 and made.tables["offer_prices"].rows == 3
    sessions, engine = opened(empty_database_url)
    assert everything(sessions) == everything(filled)
    assert check(sessions).faults == ()
    with sessions.begin() as session:
        tokens.create(session, "the next one", NOW)
    engine.dispose()


def test_what_is_not_empty_is_only_replaced_when_told_to_and_then_all_of_it(filled, copy, database_url, a):
    url = filled.engine.url.render_as_string(hide_password=False)
    before = everything(filled)
    with filled.begin() as session:
        tokens.create(session, "later", NOW)
        versions.bump(session)
        known = versions.data_version(session)
    with pytest.raises(InvalidValue, match="is not empty"):
        restore(url, copy)
    assert everything(filled) != before
    restore(url, copy, replace=True)
    now = everything(filled)
    assert now.pop("data_version") != before.pop("data_version")
    assert now == before
    with filled.reading() as session:
        assert versions.data_version(session) == known + 1, "servers must see that facts have changed"


def changed(copy, name, change):
    """The copy with one of its files changed."""
    other = copy.with_name("changed.zip")
    with zipfile.ZipFile(copy) as old, zipfile.ZipFile(other, "w") as new:
        for one in old.namelist():
            new.writestr(one, change(old.read(one)) if one == name else old.read(one))
    return other


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("offers.jsonl", lambda rows: rows.replace(b"1.5", b"1.6", 1), "offers is damaged"),
        ("api_tokens.jsonl", lambda _: b"", "api_tokens has 0 rows instead of 1"),
        (MANIFEST, lambda text: text.replace(HEAD_REVISION.encode(), b"9999"), "schema revision 9999"),
        (MANIFEST, lambda text: text.replace(b'"format": 1', b'"format": 2'), "format 2"),
        (MANIFEST, lambda _: b"{}", "no manifest"),
    ],
)
def test_a_damaged_copy_is_refused_and_nothing_is_made(copy, tmp_path, name, change, says):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(InvalidValue, match=says):
        restore(url, changed(copy, name, change))
    engine = engine_for(url)
    assert not sa.inspect(engine).get_table_names()
    engine.dispose()


def test_rows_that_a_database_refuses_leave_it_as_it_was(filled, copy, database_url):
    """A row that breaks a reference, in a copy whose checksums are right."""
    url = filled.engine.url.render_as_string(hide_password=False)
    before = everything(filled)
    with zipfile.ZipFile(copy) as old:
        manifest = json.loads(old.read(MANIFEST))
    manifest["tables"]["sources"] = {**manifest["tables"]["sources"], "rows": 0, "checksum": f"{0:064x}"}
    other = changed(copy, "sources.jsonl", lambda _: b"")
    other = changed(
        other.rename(copy.with_name("half.zip")), MANIFEST, lambda _: json.dumps(manifest).encode()
    )
    with pytest.raises(DatabaseNotReady):
        restore(url, other, replace=True)
    assert everything(filled) == before


@pytest.mark.parametrize("other", ["nothing", "text"])
def test_what_is_no_copy_is_said_in_one_line(tmp_path, other):
    file = tmp_path / "other.zip"
    if other == "text":
        file.write_text("hello")
    with pytest.raises(InvalidValue, match="cannot be read as a copy") as refused:
        proven(file)
    assert "\n" not in str(refused.value)


def test_a_copy_never_overwrites_and_leaves_nothing_half_written(filled, copy, tmp_path, monkeypatch):
    with pytest.raises(InvalidValue, match="not overwritten"):
        back_up(filled, copy, NOW)
    with pytest.raises(InvalidValue, match="cannot be written"):
        back_up(filled, tmp_path / "none" / "copy.zip", NOW)
    with monkeypatch.context() as patch:
        patch.setattr("service.store.backup.json.dumps", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            back_up(filled, tmp_path / "second.zip", NOW)
    assert {file.suffix for file in tmp_path.iterdir()} <= {".zip", ".db", ".db-wal", ".db-shm"}
    assert not (tmp_path / "second.zip").exists()
    assert copy.stat().st_mode & 0o077 == 0, "it holds the secrets of webhooks"


@pytest.mark.parametrize("has_links", [True, False])
def test_a_name_that_another_takes_meanwhile_stays_theirs(tmp_path, monkeypatch, has_links):
    def no_links(*_args):
        raise PermissionError("not here")

    if not has_links:
        monkeypatch.setattr("service.store.report_files.os.link", no_links)
    file = tmp_path / "copy.zip"
    with pytest.raises(InvalidValue, match="File exists"), written_whole(file) as whole:
        whole.write(b"ours")
        file.write_bytes(b"theirs")
    assert file.read_bytes() == b"theirs" and list(tmp_path.iterdir()) == [file]


def test_a_copy_is_of_one_moment_while_others_write(filled, tmp_path, monkeypatch):
    """Whoever writes after it began is not in it, and is not held up by it."""
    from service.store import backup

    write_table = backup._write_table

    def then_somebody_writes(session, table, made):
        proof = write_table(session, table, made)
        if table is Base.metadata.sorted_tables[0]:
            with filled.begin() as writing:
                tokens.create(writing, "meanwhile", NOW)
        return proof

    monkeypatch.setattr(backup, "_write_table", then_somebody_writes)
    made = back_up(filled, tmp_path / "moment.zip", NOW)
    assert made.tables["api_tokens"].rows == 1
    assert len(everything(filled)["api_tokens"]) == 2


KILLED = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from service.store import backup, restoring, session
what, url, file, sign = sys.argv[1:]
def stop(*_args, **_kwargs):
    Path(sign).write_text("here")
    time.sleep(60)
if what == "backup":
    backup.json.dumps = stop
    backup.back_up(session.Sessions(session.engine_for(url)), Path(file), datetime.now(UTC))
elif what == "restore":
    restoring.refuse_other = stop
    restoring.restore(url, Path(file), replace=True)
"""


@pytest.mark.long
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_in_the_middle_the_old_state_is_left(filled, copy, tmp_path, what):
    url = filled.engine.url.render_as_string(hide_password=False)
    with filled.begin() as session:
        tokens.create(session, "later", NOW)
    before, sign = everything(filled), tmp_path / "sign"
    file = copy if what == "restore" else tmp_path / "killed.zip"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, what, url, file, sign],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        until(sign.exists, "it is in the middle of it")
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: everything(filled) == before, "it is as it was")
    assert check(filled).faults == ()
    if what == "backup":
        assert not file.exists()


def test_a_look_through_finds_what_is_wrong(filled):
    assert check(filled).faults == () and check(filled).rows["offers"] == 2
    with filled.begin() as session:
        session.execute(sa.text("UPDATE comparisons SET answer = :junk"), {"junk": b"junk"})
        session.execute(sa.text("UPDATE offers SET price_since = '1999-01-01' WHERE id = 1"))
    said = " ".join(check(filled).faults)
    assert "answers that cannot be read: abc" in said
    assert "1 have a price that their history does not tell" in said


def test_a_look_through_finds_broken_references_and_damaged_pages(tmp_path, sqlite_template):
    file = tmp_path / "broken.db"
    file.write_bytes(Path(sqlite_template).read_bytes())
    engine = engine_for(f"sqlite:///{file}", foreign_keys=False)
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO gpu_aliases (alias_key, gpu_id, alias, position) VALUES ('x', 99, 'x', 0)")
        )
    assert check(Sessions(engine)).faults == (
        "gpu_aliases.gpu_id: 1 rows refer to gpus.id that is not there",
    )
    engine.dispose()


def test_facts_are_exported_with_names_and_without_what_was_asked(filled, tmp_path):
    rows = export(filled, tmp_path / "facts.zip", "csv")
    assert rows["offers"] == 2 and "comparisons" not in rows and "api_tokens" not in rows
    with zipfile.ZipFile(tmp_path / "facts.zip") as kept:
        prices = kept.read("offer_prices.csv").decode().splitlines()
        offered = kept.read("offers.csv").decode()
    assert prices[0] == "offer,as_of,first_seen,last_as_of,last_seen,hourly_price,currency,source"
    assert any(",1.000000001,USD,vendor" in line for line in prices)
    assert "cumulus" in offered and "ä\u20ac🚀" in offered
    export(filled, tmp_path / "facts2.zip", "jsonl")
    with zipfile.ZipFile(tmp_path / "facts2.zip") as kept:
        first = json.loads(kept.read("offer_prices.jsonl").splitlines()[0])
    assert first["source"] == "vendor" and first["hourly_price"] == "1.5"
