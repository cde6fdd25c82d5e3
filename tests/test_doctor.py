"""`heimvorteil doctor`: each fault is found, graded and told with a way out; looking changes nothing."""

import json
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from pricing.reachable import Reached
from pricing.registry import register
from service.cli import doctoring, main
from service.reports.words.checkup import TOLD, told
from service.reports.words.wording import wording
from service.store.session import Sessions, engine_for
from service.usecases import checkup


@pytest.fixture
def url(catalog_copy):
    url = catalog_copy()
    engine = engine_for(url)
    register(Sessions(engine))
    engine.dispose()
    return url


def looked(url, *more, code=None, **environ):
    env = {"HEIMVORTEIL_DATABASE_URL": url, **environ}
    done = CliRunner().invoke(main, ["doctor", "--json", *more], env=env)
    assert done.exit_code in (0, 1), done.output
    told = json.loads(done.stdout)
    assert told["is_well"] == (done.exit_code == 0)
    assert code is None or done.exit_code == code, told
    assert all(one["way_out"] for one in told["findings"] if one["grade"] == "fault")
    return {one["kind"]: one for one in told["findings"]}


def change(url, statement, **values):
    engine = engine_for(url)
    with Sessions(engine).begin() as session:
        session.execute(sa.text(statement), values)
    engine.dispose()


def test_a_well_one_is_well(url):
    found = looked(url, code=0)
    assert {"settings_are_known", "database_is_well", "schema_is_current", "clock_is_well"} <= found.keys()
    assert {one["about"] for one in found.values()} >= {"sources", "disk", "versions"}
    done = CliRunner().invoke(main, ["doctor"], env={"HEIMVORTEIL_DATABASE_URL": url})
    assert done.exit_code == 0 and "!!" not in done.stdout


def test_a_misspelt_setting_is_named_with_the_nearest(url):
    found = looked(url, code=1, HEIMVORTEIL_TOKEN_SECONDS="3", HEIMVORTEIL_WORKERS="many")
    assert "HEIMVORTEIL_TICK_SECONDS" in found["unknown_setting"]["way_out"]
    assert "HEIMVORTEIL_WORKERS" in found["bad_setting"]["message"]
    assert "database_is_well" in found


def test_keys_and_addresses_of_sources_are_known(url):
    assert "unknown_setting" not in looked(
        url, HEIMVORTEIL_VAST_KEY="x", HEIMVORTEIL_SOURCE_ECB_URL="https://x"
    )


def test_looking_makes_no_database(tmp_path):
    file = tmp_path / "none.sqlite3"
    assert looked(f"sqlite:///{file}", code=0)["no_database"]["grade"] == "note"
    assert not file.exists()


def test_a_database_that_is_away_or_none(tmp_path):
    found = looked("postgresql://me:hunter2@127.0.0.1:1/none", code=1)
    assert found["database_away"] and "hunter2" not in str(found)
    (tmp_path / "text.sqlite3").write_text("no database at all, " * 100)
    assert looked(f"sqlite:///{tmp_path}/text.sqlite3", code=1)["database_away"]
    assert looked("mysql://x/y", code=1)["bad_setting"]


def test_a_schema_of_another_version(url):
    change(url, "UPDATE alembic_version SET version_num = '0011'")
    assert "db upgrade" in looked(url, code=1)["older_schema"]["way_out"]
    change(url, "UPDATE alembic_version SET version_num = '9999'")
    assert looked(url, code=1)["newer_schema"]


def test_one_that_cannot_be_written(url):
    assert looked(f"sqlite:///file:{url.removeprefix('sqlite:///')}?mode=ro&uri=true", code=1)["not_writable"]


def test_sources_that_are_old(url):
    change(url, "UPDATE price_sources SET known_since = '2026-01-01 00:00:00.000000'")
    stale = looked(url, code=1)["stale"]
    assert stale["about"] == "sources" and "never been read" in stale["message"]


def failing(name, error, kind="failing", age=None):
    return checkup.Finding("sources", "note", kind, {"name": name, "age": age, "error": error})


def test_sources_that_fail_for_one_cause_are_told_in_one_line():
    away = "https://{0}.org/x: address not found; is there a network? (Failed to resolve '{0}.org')"
    many = [failing(f"list{i}", away.format(f"list{i}")) for i in range(7)]
    other = failing("busy", "https://busy.org/x: HTTP 429")
    never = [failing(name, "", "stale") for name in ("a", "b")]
    old = [failing(name, "", "stale", timedelta(days=d)) for name, d in (("c", 3), ("d", 9))]
    found = checkup.grouped([*many[:5], other, *many[5:], *never, *old])
    assert [one.kind for one in found] == ["several_failing", "failing", "several_stale", "several_stale"]
    english, german = ([told(wording(w), one.kind, one.values)[0] for one in found] for w in ("en", "de"))
    assert english[0].startswith(
        "7 sources failed (address not found; is there a network?): list0, list1, list2 and 4 more."
    )
    assert "7 Quellen fielen aus (Adresse nicht gefunden; gibt es" in german[0]
    assert "list2 und 4 weitere. Ihre" in german[0]
    assert english[2] == "2 sources have never been read: a, b."
    assert english[3] == "2 sources are stale, the oldest was last read 9 days ago: c, d."


def test_none_that_was_read_is_not_well(url):
    change(url, "DELETE FROM refreshes")
    assert looked(url)["no_source_well"]["grade"] == "note"


def test_a_clock_that_is_behind(url):
    change(url, "UPDATE data_version SET changed_at = '2226-01-01 00:00:00.000000'")
    assert "facts last changed" in looked(url, code=1)["clock_is_behind"]["message"]
    now = datetime.now(UTC)
    apart = checkup.of_clock(now, {}, now + timedelta(minutes=5))
    assert [one.kind for one in apart] == ["clock_differs"]
    german = told(wording("de"), apart[0].kind, {"by": timedelta(days=4.5)})[0]
    assert "um 4,5 Tage von" in " ".join(german.split())
    assert [one.grade for one in checkup.of_clock(now, {"files": now + timedelta(seconds=5)}, now)] == ["ok"]


@pytest.mark.parametrize(("free", "grade"), [(10**8, "fault"), (10**9, "note"), (10**11, "ok")])
def test_room_on_the_disk(monkeypatch, tmp_path, free, grade):
    monkeypatch.setattr(checkup, "disk_usage", lambda _: namedtuple("Usage", "free")(free))
    (found,) = checkup.of_disk(tmp_path / "not" / "there")
    assert (found.grade, found.values["folder"]) == (grade, str(tmp_path))


@pytest.mark.parametrize(("error", "code"), [(None, 0), ("no route to host", 1)])
def test_the_network_is_asked_only_when_wanted(url, monkeypatch, error, code):
    monkeypatch.setattr("pricing.reachable.reach", lambda _: Reached("ECB", 0.2, error))
    assert "network" not in {one["about"] for one in looked(url).values()}
    found = looked(url, "--network", code=code)
    assert ("no_network" in found) == (error is not None)


def test_german_and_every_kind_has_words(url):
    done = CliRunner().invoke(main, ["doctor", "--lang", "de"], env={"HEIMVORTEIL_DATABASE_URL": url})
    assert "Die Uhr sagt" in done.stdout
    named = Path(checkup.__file__).read_text() + Path(doctoring.__file__).read_text()
    assert not [kind for kind in TOLD if f'"{kind}"' not in named]
