"""Refreshing through the real store: kept, refused, recorded, and asked once however many ask."""

import gzip
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest
import sqlalchemy as sa
import time_machine

from pricing import http
from pricing.checks import Known, check
from pricing.http import Door, FetchFailed
from pricing.leased_refresh import run_one, waiting
from pricing.loop import Loop
from pricing.pace import Pace
from pricing.refresh import address, refresh
from pricing.registry import register
from pricing.rounds import refresh_all
from pricing.schedule import RETRY_AFTER, next_due
from pricing.source import Asked, Payload
from pricing.sources import SOURCES
from service.facts import ExchangeRate, SpotPrice
from service.store import exchange_rates, leases, price_sources, refreshes
from service.store.held_lease import Stopped
from service.store.price_sources import lease_name
from service.store.session import Sessions
from tests.facts_for_tests import SOURCE
from tests.pricing.test_every_source import recorded
from tests.waiting import PATIENCE_S, until

HOUR = timedelta(hours=1)
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)
ECB = next(source for source in SOURCES if source.name == "ecb")


@pytest.fixture
def sessions(engine):
    return Sessions(engine)


def fetch(_asked: Asked) -> Payload:
    return recorded("ecb")


def test_a_refresh_keeps_rates_and_a_second_changes_nothing(sessions):
    assert refresh(sessions, ECB, NOW, fetch, {}).outcome == "ok"
    again = refresh(sessions, ECB, NOW + timedelta(hours=6), fetch, {})
    assert (again.outcome, again.accepted) == ("unchanged", 3)
    with sessions.reading() as session:
        assert exchange_rates.newest_rates(session)["USD"].rate == Decimal("1.1172")
        assert len(refreshes.recent(session, "ecb")) == 2


def test_a_failure_is_recorded_and_the_old_rates_stay(sessions):
    refresh(sessions, ECB, NOW, fetch, {})

    def down(asked: Asked) -> Payload:
        raise FetchFailed(f"{asked.url}: HTTP 503")

    failed = refresh(sessions, ECB, NOW + timedelta(hours=6), down, {})
    assert failed.outcome == "failed" and "503" in failed.error
    broken = refresh(sessions, ECB, NOW, lambda asked: Payload(b"<html/>", asked.url, NOW), {})
    assert broken.outcome == "failed" and "Cube" in broken.error
    with sessions.reading() as session:
        assert exchange_rates.newest_rates(session)["USD"].rate == Decimal("1.1172")
        assert refreshes.latest(session)["ecb"].outcome == "failed"
        assert refreshes.latest(session, ("ok", "unchanged"))["ecb"].outcome == "ok"


def test_an_answer_of_bytes_is_no_reason_of_a_thousand_lines(sessions):
    source = next(source for source in SOURCES if source.name == "energy_charts")
    answer = Payload(bytes(range(256)) * 1_000, source.url, NOW)
    failed = refresh(sessions, source, NOW, lambda _: answer, {})
    assert failed.outcome == "failed" and "no unix_seconds" in failed.error
    assert len(failed.error) < 500


def test_a_source_without_its_key_sleeps_and_says_so(sessions):
    keyed = replace(ECB, key="HEIMVORTEIL_TEST_KEY")
    asleep = refresh(sessions, keyed, NOW, fetch, {})
    assert asleep.outcome == "asleep" and "HEIMVORTEIL_TEST_KEY" in asleep.error
    assert refresh(sessions, keyed, NOW, fetch, {"HEIMVORTEIL_TEST_KEY": "x"}).outcome == "ok"


def test_a_setting_replaces_the_address_and_days_are_filled_in():
    energy = next(source for source in SOURCES if source.name == "energy_charts")
    assert address(energy, NOW, {}).endswith("start=2026-10-30&end=2026-10-31")
    mirror = {"HEIMVORTEIL_SOURCE_ECB_URL": "http://127.0.0.1:1/x"}
    assert address(ECB, NOW, mirror) == "http://127.0.0.1:1/x"


def test_unbelievable_facts_are_refused_with_a_reason():
    def rate(value):
        return ExchangeRate("EUR", "USD", Decimal(value), NOW.date(), SOURCE)

    assert not check([rate("1.2")], Known(rates={"USD": Decimal("1.1")})).rejected
    assert "before" in check([rate("12")], Known(rates={"USD": Decimal("1.1")})).rejected[0][1]
    assert "positive" in check([rate("0")], Known()).rejected[0][1]
    assert "positive" in check([rate("NaN")], Known()).rejected[0][1]

    def spot(value):
        return SpotPrice("DE-LU", NOW, NOW + timedelta(hours=1), Decimal(value), "EUR", SOURCE, NOW)

    assert not check([spot("-60"), spot("0")], Known()).rejected
    assert len(check([spot("0"), spot("0")], Known()).rejected) == 2
    assert "range" in check([spot("99999")], Known()).rejected[0][1]


def test_a_source_is_due_from_now_and_sooner_after_a_failure():
    assert next_due(ECB, "ok", NOW) == NOW + ECB.every
    assert next_due(ECB, "failed", NOW) == NOW + RETRY_AFTER


PACE = Pace(tick=timedelta(seconds=1), lease=timedelta(minutes=1))


def due(sessions, ago):
    """Say that ECB was due that long ago."""
    with sessions.begin() as session:
        now = leases.clock(session)
        leases.ensure(session, lease_name("ecb"), now)
        session.execute(sa.text("UPDATE job_leases SET due = :due"), {"due": str(now - ago)})


def test_many_threads_read_a_source_once_and_a_missed_run_is_caught_up_once(sessions):
    asked = []

    def counting(wanted: Asked) -> Payload:
        asked.append(wanted.url)
        return recorded("ecb")

    def together():
        def one():
            run_one(sessions, ECB, PACE, fetch=counting)

        threads = [threading.Thread(target=one) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together()
    assert len(asked) == 1
    together()
    assert len(asked) == 1
    due(sessions, 10 * ECB.every)
    assert waiting(sessions, SOURCES) == [ECB]
    together()
    assert len(asked) == 2 and waiting(sessions, SOURCES) == []
    with sessions.reading() as session:
        assert leases.all(session)[0].due - leases.clock(session) > 0.99 * ECB.every


def test_the_lease_of_a_dead_holder_is_taken_over_and_its_run_is_ended(sessions):
    with sessions.begin() as session:
        now = leases.clock(session)
        leases.ensure(session, lease_name("ecb"), now)
        assert leases.take(session, lease_name("ecb"), "dead", now, timedelta(minutes=10))
        refreshes.start(session, "ecb", now, refreshes.request(session, "ecb", "ci", now))
    assert run_one(sessions, ECB, PACE, fetch=fetch) is None
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE job_leases SET until = :until"), {"until": str(now - HOUR)})
    assert waiting(sessions, SOURCES) == [ECB]
    assert run_one(sessions, ECB, PACE, fetch=fetch).outcome == "ok"
    with sessions.reading() as session:
        asked, lost = refreshes.get(session, 1), refreshes.get(session, 2)
        assert (asked.outcome, asked.requested_by) == ("ok", "ci")
        assert lost.outcome == "failed" and "dead fell silent" in lost.error
        assert refreshes.counts(session) == {("ecb", "ok"): 1, ("ecb", "failed"): 1}


def test_a_holder_whose_lease_was_taken_over_keeps_and_records_nothing(sessions):
    def taken_meanwhile(asked: Asked) -> Payload:
        with sessions.begin() as session:
            session.execute(sa.text("UPDATE job_leases SET owner = 'quicker'"))
        return recorded("ecb")

    outcome = run_one(sessions, ECB, PACE, fetch=taken_meanwhile)
    assert outcome.outcome == "failed" and "taken over" in outcome.error
    with sessions.reading() as session:
        assert exchange_rates.newest_rates(session) == {}
        assert leases.all(session)[0].owner == "quicker"
        assert refreshes.latest(session) == {}


def test_a_long_refresh_renews_its_lease(sessions):
    pace = replace(PACE, lease=timedelta(seconds=1))

    def lasts_until():
        with sessions.reading() as session:
            return leases.all(session)[0].until

    def slow(asked: Asked) -> Payload:
        first = lasts_until()
        until(lambda: lasts_until() > first + pace.lease, "the lease is renewed for longer than it lasts")
        return recorded("ecb")

    outcome = run_one(sessions, ECB, pace, fetch=slow)
    assert (outcome.outcome, outcome.error) == ("ok", "")


def test_what_is_told_to_stop_leaves_its_source_to_others_at_once(sessions):
    told, free = threading.Event(), threading.Event()

    def endless(asked: Asked) -> Payload:
        told.set()
        free.wait(PATIENCE_S)
        return recorded("ecb")

    with pytest.raises(Stopped):
        run_one(sessions, ECB, PACE, is_stopping=told.is_set, fetch=endless)
    free.set()
    assert waiting(sessions, SOURCES) == [ECB]
    with sessions.reading() as session:
        assert "stopped before" in refreshes.latest(session)["ecb"].error
    assert run_one(sessions, ECB, PACE, fetch=fetch).outcome == "ok"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (KeyError("price"), "not what broken answers: KeyError: 'price'"),
        (AssertionError("x"), "our own fault: AssertionError: x"),
    ],
)
def test_a_fault_in_one_source_is_its_own_failure(sessions, fault, said):
    def broken(payload: Payload):
        raise fault

    broken_source = replace(ECB, name="broken", parse=broken)
    outcomes = refresh_all(
        sessions,
        [replace(broken_source, fetch=one_recorded), replace(ECB, fetch=one_recorded)],
        PACE,
        lambda *_: None,
    )
    assert [o.outcome for o in outcomes] == ["failed", "ok"]
    assert said in outcomes[0].error


def one_recorded(way_out, asked: Asked) -> Payload:
    return recorded("ecb")


def test_a_request_is_answered_at_the_next_look_under_its_own_number(sessions):
    register(sessions, SOURCES)
    assert set(waiting(sessions, SOURCES)) == set(SOURCES)
    due(sessions, -HOUR)
    assert waiting(sessions, SOURCES) == []
    with sessions.begin() as session:
        number = refreshes.request(session, "ecb", "ci", leases.clock(session))
        assert refreshes.request(session, "ecb", "other", leases.clock(session)) == number
    assert waiting(sessions, SOURCES) == [ECB]
    assert run_one(sessions, ECB, PACE, fetch=fetch).changed == 3
    assert waiting(sessions, SOURCES) == []
    with sessions.reading() as session:
        done = refreshes.get(session, number)
        assert (done.outcome, done.accepted, done.changed, done.requested_by) == ("ok", 3, 3, "ci")
        assert refreshes.page(session, "ecb", None, 10, 0).total == 1


def test_how_a_source_stands_is_told_through_the_database(sessions):
    second = next(source for source in SOURCES if source.name == "frankfurter")
    frankfurter = replace(second, fallback_for="ecb")
    register(sessions, (ECB, frankfurter))

    def standing(hours_later):
        with sessions.reading() as session:
            now = leases.clock(session) + hours_later * HOUR
            return {s.source.name: s for s in price_sources.standings(session, now)}

    assert {s.state for s in standing(0).values()} == {"new"}
    never = standing(40)["ecb"]
    assert never.state == "stale" and "never read since" in never.complaint
    run_one(sessions, ECB, PACE, fetch=fetch)
    assert (standing(17)["ecb"].state, standing(40)["ecb"].state) == ("fresh", "stale")
    assert standing(17)["frankfurter"].state == "standby", "what stands in for a fresh one is not missed"
    assert standing(40)["frankfurter"].state == "stale"

    def down(asked: Asked) -> Payload:
        raise FetchFailed("HTTP 503")

    run_one(sessions, ECB, PACE, early=True, fetch=down)
    assert standing(1)["ecb"].state == "failing" and standing(1)["ecb"].last.error == "HTTP 503"
    assert standing(40)["ecb"].complaint.endswith("ago, read every 6 h: HTTP 503")
    register(sessions, (ECB,))
    assert set(standing(0)) == {"ecb"}


def test_looking_goes_on_when_the_clock_is_set_back(sessions, monkeypatch):
    looks = []
    monkeypatch.setattr(Loop, "look", lambda self: looks.append(time.monotonic()))
    loop, over = Loop(sessions, (), Pace(tick=timedelta(seconds=0.2))), threading.Event()
    looking = threading.Thread(target=loop.run, args=(over.is_set,))
    looking.start()
    try:
        until(lambda: len(looks) >= 2, "it looks")
        with time_machine.travel(datetime.now(UTC) - HOUR, tick=True):
            before = len(looks)
            until(lambda: len(looks) >= before + 5, "it looks on")
    finally:
        over.set()
        looking.join(PATIENCE_S)
    assert all(later - sooner > 0.19 for sooner, later in pairwise(looks)), "and not all the time"
    assert not looking.is_alive()


@pytest.fixture
def server():
    """A real HTTP server on loopback that answers by path."""

    class Handler(BaseHTTPRequestHandler):
        failures = 2

        def do_GET(self):
            if self.path == "/flaky" and Handler.failures:
                Handler.failures -= 1
                self.send_response(503)
                self.send_header("Retry-After", "0")
                self.end_headers()
                return
            status = {"/secret": 401, "/gone": 404}.get(self.path, 200)
            body = gzip.compress(b"0" * 3_000_000) if self.path == "/bomb" else b"fine"
            self.send_response(status)
            if self.path == "/bomb":
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def test_the_way_out_retries_and_refuses(server, monkeypatch):
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 1_000_000)
    assert Door().get(f"{server}/flaky").content == b"fine"
    with pytest.raises(FetchFailed, match="key"):
        Door().get(f"{server}/secret")
    with pytest.raises(FetchFailed, match="404"):
        Door().get(f"{server}/gone")
    with pytest.raises(FetchFailed, match="more than"):
        Door().get(f"{server}/bomb")
    with pytest.raises(FetchFailed):
        Door().get("http://127.0.0.1:1/nothing-listens-here")
