"""`db backup`, `restore`, `check`, `export`, `prune` as a person types them, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from service.cli import main
from service.store import comparisons
from service.store.comparisons import StoredComparison
from service.store.session import Sessions, engine_for


@pytest.fixture
def db(monkeypatch):
    def run(url, *words, code=0):
        monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
        told = CliRunner().invoke(main, ["db", *map(str, words)])
        assert told.exit_code == code, told.output
        return told.output.strip()

    return run


def sql(url, statement):
    engine = engine_for(url)
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement))
        value = done.scalar() if done.returns_rows else None
    engine.dispose()
    return value


@pytest.mark.long
def test_a_database_moves_from_either_to_either(db, catalog_database_url, empty_database_url, tmp_path):
    made = db(catalog_database_url, "backup", tmp_path)
    (copy,) = tmp_path.glob("heimvorteil-*.zip")
    assert str(copy) in made
    whole = db(catalog_database_url, "check", copy)
    told = db(empty_database_url, "restore", copy)
    rows = made.split(": ")[1].split(" rows")[0]
    assert rows in whole and rows in told and told.endswith("all proven")
    assert f"{rows} rows of" in db(empty_database_url, "check")
    assert "is not empty" in db(empty_database_url, "restore", copy, code=2)
    assert db(empty_database_url, "restore", copy, "--replace").endswith("all proven")
    assert "rows of" in db(empty_database_url, "export", tmp_path / "facts.zip")


def test_a_look_through_that_finds_something_ends_with_1(db, catalog_database_url):
    sql(catalog_database_url, "UPDATE offers SET price_since = '1999-01-01' WHERE id = 1")
    assert "history does not tell" in db(catalog_database_url, "check", code=1)


def test_what_expired_is_let_go_by_hand_and_by_the_settings(db, catalog_database_url, monkeypatch):
    engine, at = engine_for(catalog_database_url), datetime.now(UTC) - timedelta(days=20)
    with Sessions(engine).begin() as session:
        comparisons.add(session, StoredComparison("old", at, b"{}", b"{}", 1, "9", "decision", at))
    engine.dispose()
    kept = "SELECT count(*) FROM comparisons"
    assert db(catalog_database_url, "prune").startswith("gone: 0 answers")
    monkeypatch.setenv("HEIMVORTEIL_ANSWER_DAYS", "10")
    assert db(catalog_database_url, "prune", "--dry-run").startswith("would go: 1 answers")
    assert sql(catalog_database_url, kept) == 1
    assert db(catalog_database_url, "prune").startswith("gone: 1 answers")
    assert sql(catalog_database_url, kept) == 0
    monkeypatch.setenv("HEIMVORTEIL_ANSWER_DAYS", "0")
    assert "HEIMVORTEIL_ANSWER_DAYS" in db(catalog_database_url, "prune", code=2)
