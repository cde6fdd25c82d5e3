"""Refreshing through the real store: kept, refused, recorded, and asked once however many ask."""

import gzip
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pricing import http
from pricing.checks import Known, check
from pricing.http import Door, FetchFailed
from pricing.jobs import lease_name, run_due
from pricing.refresh import address, refresh
from pricing.schedule import RETRY_AFTER, next_due
from pricing.source import Asked, Payload
from pricing.sources import SOURCES
from service.facts import ExchangeRate, SpotPrice
from service.store import exchange_rates, leases, refreshes
from service.store.session import Sessions
from tests.facts_for_tests import SOURCE
from tests.pricing.test_every_source import recorded

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


def test_many_tickers_ask_a_source_once_and_a_missed_run_is_caught_up_once(sessions):
    asked = []

    def counting(wanted: Asked) -> Payload:
        asked.append(wanted.url)
        return recorded("ecb")

    def together(now):
        threads = [threading.Thread(target=run_due, args=(sessions, now, (ECB,), counting)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together(NOW)
    assert len(asked) == 1
    together(NOW + ECB.every / 2)
    assert len(asked) == 1
    together(NOW + 10 * ECB.every)
    assert len(asked) == 2


def test_a_lease_that_is_not_given_back_is_taken_over(sessions):
    with sessions.begin() as session:
        leases.ensure(session, lease_name(ECB), NOW)
        assert leases.take(session, lease_name(ECB), "killed", NOW, timedelta(minutes=10))
    assert run_due(sessions, NOW + timedelta(minutes=5), (ECB,), fetch) == []
    assert len(run_due(sessions, NOW + timedelta(minutes=11), (ECB,), fetch)) == 1


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
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
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
