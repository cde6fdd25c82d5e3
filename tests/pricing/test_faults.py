"""Every source through the real way out, against a server that misbehaves: nothing lost, nothing half
written, every fault visible by name."""

import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from pricing import http
from pricing.refresh import Outcome, refresh
from pricing.sources import SOURCES
from service.cli import main
from service.store import source_answers
from service.store.session import Sessions, engine_for, prepare
from tests.made_once import made_once, of_all_processes
from tests.pricing.replay import FAULTS, Replay, one_of_each_form, replaying

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEYLESS = tuple(source for source in SOURCES if source.key is None)
NAMED = {
    "429, wait an hour": "asks to wait 3600 s",
    "500 for ever": "HTTP 500",
    "401": "needs a key now",
    "slow drip": "not done after",
    "cut connection": "IncompleteRead",
    "truncated gzip": "cut off inside its compression",
    "gzip bomb": "more than",
    "redirect to a private address": "redirect to a private address",
    "redirect loop": "redirects",
}
"""What a failed refresh must say of a fault that the source's own form cannot hide."""
FORMS = one_of_each_form(SOURCES)
HARMLESS = ("429 with Retry-After", "500 thrice", "duplicate rows")
OF_THE_WAY_OUT = ("429 with Retry-After", "slow drip", "redirect loop", "gzip bomb")
"""Faults that end in the way out whatever the source: shown for one source of each way of asking."""


@pytest.fixture(scope="module")
def server():
    with replaying() as replay:
        yield replay


@pytest.fixture
def impatient(monkeypatch):
    """The same limits, sooner reached."""
    monkeypatch.setattr(http, "RETRIES", http.RETRIES.new(backoff_factor=0, backoff_jitter=0))
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 1_000_000)
    monkeypatch.setattr(http, "LARGEST_STREAM_BYTES", 1_000_000)


@pytest.fixture(scope="module")
def sessions(request, tmp_path_factory, sqlite_catalog_template, server: Replay):
    """A database with what every source answers that is tried in this run; every test leaves it as it was."""
    params = (
        getattr(item, "callspec", None) for item in request.session.items if item.module is request.module
    )
    tried = {KEYLESS[0].name, *(one.params["source"].name for one in params if one)}

    def fill(new: Path) -> None:
        shutil.copy(sqlite_catalog_template, new)
        engine = engine_for(f"sqlite:///{new}")
        environment = server.environment(SOURCES)
        for source in (one for one in KEYLESS if one.name in tried):
            outcome = refresh(Sessions(engine), source, NOW, None, environment)
            assert outcome.outcome in ("ok", "unchanged"), outcome
        engine.dispose()

    filled = made_once(of_all_processes(tmp_path_factory) / "faults.db", fill)
    own = shutil.copy(filled, tmp_path_factory.mktemp("filled") / "facts.sqlite3")
    engine = engine_for(f"sqlite:///{own}")
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def before(sessions: Sessions):
    """What the database holds before and after every test."""
    return contents(sessions)


def contents(sessions: Sessions) -> dict[str, list[tuple]]:
    """Every fact in the database, by table; when it was last looked at is no fact."""
    tables = {
        "offers": "slug, hourly_price, currency, gpu, unlisted_since",
        "offer_prices": "offer_id, as_of, first_seen, hourly_price, currency",
        "spot_prices": "zone, slot_start, source_id, slot_end, per_mwh, taxes",
        "grid_carbon": "zone, slot_start, source_id, grams_co2e_per_kwh, is_forecast",
        "electricity_rates": "slug, per_kwh, currency",
        "carbon_intensities": "slug, grams_co2e_per_kwh",
        "exchange_rates": "base, quote, as_of, rate",
    }
    with sqlite3.connect(sessions.engine.url.database) as connection:
        found = {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}").fetchall()
            for table, columns in tables.items()
        }
    connection.close()
    return found


def faulty(sessions: Sessions, server: Replay, source, fault: str) -> Outcome:
    server.asked.clear()
    server.fault = fault
    try:
        # An hour later: a source's own last answer must not stand in for the new one.
        return refresh(sessions, source, NOW + timedelta(hours=1), None, server.environment(SOURCES))
    finally:
        server.fault = ""


def kinds_of_asking():
    """One source for each way of asking."""
    found = {}
    for source in KEYLESS:
        found.setdefault(source.fetch, source)
    return list(found.values())


QUICK = kinds_of_asking()[:2]
"""Of the others the second command of the README tries every fault."""
CASES = [
    pytest.param(
        source, fault, id=f"{source.name}-{fault}", marks=() if source in QUICK else pytest.mark.long
    )
    for fault in FAULTS
    for source in (kinds_of_asking() if fault in OF_THE_WAY_OUT else FORMS)
]


@pytest.mark.parametrize(("source", "fault"), CASES)
def test_a_fault_is_named_and_costs_nothing(source, fault, sessions, before, server, impatient, monkeypatch):
    answer = last_answer(sessions, source)
    with monkeypatch.context() as impatience:
        if fault == "slow drip":
            impatience.setattr(http, "LONGEST_REFRESH_S", 0.5)
        outcome = faulty(sessions, server, source, fault)
    after = contents(sessions)
    if fault in HARMLESS:
        assert outcome.outcome in ("ok", "unchanged"), outcome
        assert after == before
        return
    if fault == "absurd prices":
        assert outcome.outcome == "failed" or outcome.rejected or after == before, outcome
        assert largest_price(after) <= largest_price(before)
    else:
        assert outcome.outcome == "failed", outcome
    assert after == before
    if outcome.outcome == "failed":
        assert outcome.error and NAMED.get(fault, "") in outcome.error, outcome
        assert last_answer(sessions, source) == answer
        # So the next refresh finds what it would have found, whatever failed: shown for some.
        if not (source in kinds_of_asking() or fault == "changed schema"):
            return
    well = faulty(sessions, server, source, "")
    assert well.outcome in ("ok", "unchanged") and contents(sessions) == before


def last_answer(sessions: Sessions, source) -> source_answers.SourceAnswer | None:
    with sessions.reading() as session:
        return source_answers.get(session, source.name)


def largest_price(found: dict[str, list[tuple]]) -> int:
    return max(row[1] for row in found["offers"])


@pytest.mark.long
def test_an_empty_database_fills_from_every_keyless_source(tmp_path, server, monkeypatch):
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", url)
    for name, value in server.environment(SOURCES).items():
        monkeypatch.setenv(name, value)
    for source in SOURCES:
        if source.key:
            monkeypatch.delenv(source.key, raising=False)
    result = CliRunner().invoke(main, ["prices", "refresh"])
    assert result.exit_code == 0, result.output
    engine, _ = prepare(url)
    from service.store import refreshes

    with Sessions(engine).reading() as session:
        last = refreshes.latest(session)
    engine.dispose()
    assert {name for name, done in last.items() if done.accepted} == {s.name for s in KEYLESS}
    assert {name for name, done in last.items() if done.outcome == "asleep"} == {
        s.name for s in SOURCES if s.key
    }


def test_a_redirect_on_the_same_host_is_followed(sessions, server):
    source = replace(KEYLESS[0], url=f"{server.base}/{KEYLESS[0].name}/")
    assert refresh(sessions, source, NOW, None, {}).outcome in ("ok", "unchanged")
