"""Processes that refresh one source and are killed, held up, refused: nothing is kept twice, nothing is lost.

While one of them asks, anything may happen: the lease runs out, another takes over, one dies or is refused.
"""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pricing.http import FetchFailed
from pricing.leased_refresh import run_one
from pricing.pace import Pace
from pricing.source import Asked, Payload
from pricing.sources import SOURCES
from service.store import exchange_rates, leases, refreshes
from service.store.session import Sessions, engine_for
from tests.pricing.replay import recorded_bytes

ECB = next(source for source in SOURCES if source.name == "ecb")
PACE = Pace(lease=timedelta(minutes=10))
FIRST = datetime(2026, 10, 30, 18, tzinfo=UTC)
MEANWHILE = st.recursive(
    st.lists(st.sampled_from(["minutes pass", "the lease runs out", "somebody asks"]), max_size=3),
    lambda inside: st.lists(
        st.tuples(inside, st.sampled_from(["answers", "fails", "is killed"])) | st.just("the lease runs out"),
        max_size=3,
    ),
    max_leaves=6,
)
"""What happens while a process asks: time, requests, and other processes with what happens while they ask."""


class Killed(BaseException):
    """Nothing of the process runs any more: not even what it does about errors."""


class Refreshes(RuleBasedStateMachine):
    """A database and a clock that all processes share; every answer of the source has another rate."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder, self.now = TemporaryDirectory(), FIRST
        self.answers, self.kept, self.recorded, self.requests = 0, None, [], set()

    @initialize()
    def there_is_a_database(self) -> None:
        file = Path(self.folder.name) / "facts.sqlite3"
        shutil.copy(self.template, file)
        self.engine = engine_for(f"sqlite:///{file}")
        self.sessions = Sessions(self.engine)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(leases, "clock", lambda _session: self.now)

    @rule(meanwhile=MEANWHILE, end=st.sampled_from(["answers", "fails", "is killed"]), early=st.booleans())
    def a_process_looks(self, meanwhile: Sequence[Any], end: str, early: bool) -> None:
        self._process(meanwhile, end, early=early)

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def somebody_asks_for_it(self) -> None:
        with self.sessions.begin() as session:
            self.requests.add(refreshes.request(session, ECB.name, "me", self.now))

    def _process(self, meanwhile: Sequence[Any], end: str, *, early: bool = False) -> None:
        rate = None

        def fetch(asked: Asked) -> Payload:
            nonlocal rate
            self._happens(meanwhile)
            if end == "is killed":
                raise Killed
            if end == "fails":
                raise FetchFailed("HTTP 503")
            self.answers += 1
            rate = f"1.{1000 + self.answers}"
            content = recorded_bytes("ecb").replace(b"1.1172", rate.encode())
            assert rate.encode() in content
            return Payload(content, asked.url, self.now)

        try:
            outcome = run_one(self.sessions, ECB, PACE, early=early, fetch=fetch)
        except Killed:
            return
        if outcome is None:
            return
        lost = outcome.outcome == "failed" and "nothing of this run was kept" in outcome.error
        if not lost:
            self.recorded.append(outcome.outcome)
        if outcome.outcome == "ok":
            assert rate
            self.kept = Decimal(rate)

    def _happens(self, meanwhile: Sequence[Any]) -> None:
        for what in meanwhile:
            if what == "minutes pass":
                self.now += timedelta(minutes=3)
            elif what == "the lease runs out":
                self.now += PACE.lease + timedelta(minutes=1)
            elif what == "somebody asks":
                self.somebody_asks_for_it()
            else:
                self._process(*what)

    @invariant()
    def what_was_kept_is_there_and_every_end_is_recorded_once(self) -> None:
        with self.sessions.reading() as session:
            newest = exchange_rates.newest_rates(session).get("USD")
            rows = refreshes.recent(session, ECB.name, limit=10_000)
        assert (newest and newest.rate) == self.kept
        ended = [row.outcome for row in rows if "fell silent" not in row.error]
        for outcome in ("ok", "unchanged"):
            assert ended.count(outcome) == self.recorded.count(outcome)
        assert ended.count("running") <= 1 and ended.count("requested") <= 1

    def teardown(self) -> None:
        """At last a process is left alone: it answers what was asked, and nothing waits or runs any more."""
        if not hasattr(self, "engine"):
            return
        self.now += timedelta(days=2)
        self._process((), "answers")
        with self.sessions.reading() as session:
            rows = refreshes.recent(session, ECB.name, limit=10_000)
        assert rows[0].outcome == "ok"
        assert not [row for row in rows if row.outcome in ("running", "requested")]
        self.patch.undo()
        self.engine.dispose()
        self.folder.cleanup()


@pytest.mark.parametrize("tries", [3, pytest.param(8, marks=pytest.mark.long)])
def test_nothing_is_kept_twice_and_nothing_is_lost(sqlite_template, tries):
    machine = type("Of", (Refreshes,), {"template": sqlite_template}).TestCase
    machine.settings = settings(max_examples=tries, stateful_step_count=8 if tries < 5 else 20)
    machine().runTest()
