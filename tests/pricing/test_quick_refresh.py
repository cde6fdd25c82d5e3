"""A quick refresh: what a first answer needs, in time, whatever is slow; offered, never done unasked."""

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from pricing import rounds
from pricing.loop import Loop
from pricing.pace import Pace
from pricing.quick import quick_sources
from pricing.refresh import Outcome
from pricing.registry import register
from pricing.source import Payload, PriceSource
from pricing.sources import SOURCES
from service.cli import main
from service.cli.refreshing import offer_to_refresh
from service.errors import UnknownName
from service.store import source_answers
from service.store.snapshot import load
from tests.pricing.replay import recorded_bytes

ECB = next(source for source in SOURCES if source.name == "ecb")
RATES = recorded_bytes("ecb")


def named(country="DE"):
    return [source.name for source in quick_sources(SOURCES, country)]


def test_it_asks_for_no_key_for_nothing_slow_and_for_one_country():
    names = named()
    assert names[0] == "ecb" and {"runpod", "vast", "oci", "skypilot_lambda", "energy_charts"} <= {*names}
    not_now = {"aws", "azure", "vultr", "ecb_history", "frankfurter", "energy_charts_fr", "gpuhunt_v2"}
    assert not not_now & {*names}
    own = [source.name for source in SOURCES if source.covers and source.name in names]
    assert names[1 : 1 + len(own)] == own
    for france in ("FR", "France", "Frankreich"):
        assert {*named(france)} - {*names} == {"energy_charts_fr"}
    assert "linode" in named("US-CA")
    with pytest.raises(UnknownName, match="Atlantis"):
        named("Atlantis")


def source_of(name, fetch):
    return PriceSource(name, name, "https://example.org", timedelta(days=1), ECB.parse, "", fetch=fetch)


def test_what_takes_longer_is_given_up_and_what_is_done_is_kept(database):
    released = threading.Event()

    def at_once(_, asked):
        return Payload(RATES, asked.url, asked.now)

    def slowly(_, asked):
        released.wait(20)
        return Payload(RATES, asked.url, asked.now)

    fast, slow = source_of("fast", at_once), source_of("slow", slowly)
    late = source_of("late", at_once)
    began = time.monotonic()
    try:
        done = rounds.refresh_all(
            database, [fast, slow, late], Pace(at_once=1), lambda *_: None, timedelta(seconds=3)
        )
    finally:
        released.set()
    assert time.monotonic() - began < 15
    assert [(o.source, o.outcome) for o in done] == [
        ("fast", "unchanged"),
        ("slow", "failed"),
        ("late", "failed"),
    ]
    assert "nothing of it was kept" in done[1].error and "not begun within 3 s" in done[2].error
    with database.reading() as session:
        assert source_answers.get(session, "fast") and not source_answers.get(session, "slow")


def test_the_command_passes_on_sources_and_time_and_fails_only_where_all_failed(database, monkeypatch):
    asked = []

    def refreshed(_sessions, sources, pace, _say, within):
        asked.append(([source.name for source in sources], pace.at_once, within))
        return [Outcome(source.name, "ok" if source.name in works else "failed") for source in sources]

    monkeypatch.setattr(rounds, "refresh_all", refreshed)
    works = set()
    assert CliRunner().invoke(main, ["prices", "refresh", "--quick"]).exit_code == 1
    works.add("ecb")
    assert CliRunner().invoke(main, ["prices", "refresh", "--quick"]).exit_code == 0
    assert asked[0] == (named(), 12, timedelta(seconds=30))
    assert CliRunner().invoke(main, ["prices", "refresh", "ecb", "linode"]).exit_code == 1
    assert asked[-1][2] is None


def test_the_loop_of_serve_begins_with_them(database):
    begun = []

    def fetch_of(name):
        def fetch(_, asked):
            begun.append(name)
            return Payload(RATES, asked.url, asked.now)

        return fetch

    register(database)
    sources = [source_of(name, fetch_of(name)) for name in ("aws", "azure", "linode")]
    loop = Loop(database, sources, Pace(at_once=1), first=["linode"])
    loop.run(lambda: len(begun) == 3)
    assert begun[0] == "linode" and len(begun) == 3


class Terminal:
    """Standard output or error that says whether somebody looks."""

    def __init__(self, stream, is_terminal):
        self._stream, self._is_terminal = stream, is_terminal

    def isatty(self):
        return self._is_terminal

    def __getattr__(self, name):
        return getattr(self._stream, name)


@pytest.mark.parametrize(
    ("is_terminal", "lang", "said"),
    [(False, "en", ""), (True, "en", "prices refresh --quick --country FR"), (True, "de", "heutigen Preise")],
)
def test_it_is_offered_on_a_terminal_alone(database, monkeypatch, capsys, is_terminal, lang, said):
    facts = load(database)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, Terminal(getattr(sys, name), is_terminal))
    offer_to_refresh(facts, "FR", lang, datetime.now(UTC).date())
    told = capsys.readouterr().err
    assert said in told and bool(told) == is_terminal


def test_compare_in_a_pipe_says_nothing_beside_its_answer(database):
    told = CliRunner().invoke(main, ["compare", "gpt2-124m", "--json"])
    assert json.loads(told.stdout)["prices"]["is_refreshed"] is False and told.stderr == ""
