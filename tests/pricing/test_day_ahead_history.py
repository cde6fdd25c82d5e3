"""The last 400 days of a zone: in chunks, resumed, from the next source where one lacks a day."""

import json
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pricing import day_ahead_history, registry
from pricing.day_ahead_history import CHUNK_DAYS, DAYS, fetch_days, fetch_waiting
from pricing.http import FetchFailed
from pricing.pace import Pace
from pricing.source import Asked, Payload
from pricing.sources import SOURCES
from pricing.sources.electricity.smard import _wanted
from service.cli import main
from service.estimate.market_day import bounds, hours
from service.store import leases, spot_prices, zones_in_use

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
TODAY = date(2026, 11, 27)
FIRST = TODAY - timedelta(days=DAYS - 1)
QUARTERS_FROM = date(2026, 10, 1)
"""In these tests; the clocks change on both sides of it."""


class Market:
    """Stands in for Energy-Charts and SMARD of one zone, in their own shapes."""

    def __init__(self, lacks=(), down_after=99, down=()):
        self.asked = []
        self.lacks, self.down_after, self.down = set(lacks), down_after, down

    def __call__(self, source, asked):
        if source.name in self.down or len(self.asked) >= self.down_after:
            raise FetchFailed(f"{asked.url}: no way out")
        first, last = asked.days
        self.asked.append((source.name, first, last))
        slots = []
        for n in range((last - first).days + 1):
            day = first + timedelta(days=n)
            if source.name.startswith("energy_charts") and day in self.lacks:
                continue
            begin, end = bounds(day)
            grain = timedelta(minutes=15 if day >= QUARTERS_FROM else 60)
            while begin < end:
                slots.append(int(begin.timestamp()))
                begin += grain
        if source.name.startswith("energy_charts"):
            query = parse_qs(urlsplit(asked.url).query)
            assert (query["start"], query["end"]) == ([f"{first}"], [f"{last}"])
            answer = {"unix_seconds": slots, "price": [90.0] * len(slots), "license_info": "CC BY 4.0"}
        else:
            answer = {"series": [[second * 1000, 91.0] for second in slots]}
        return Payload(json.dumps(answer).encode(), asked.url, asked.now)


@pytest.fixture
def fetched(database):
    registry.register(database)
    return lambda market: fetch_days(database, "AT", NOW, fetch=market, settings={}, pause_s=0)


def test_400_days_come_in_four_requests_with_every_hour_of_them(fetched, database):
    market = Market()
    done = fetched(market)
    assert (done.before, done.known, done.is_enough, done.remarks) == (0, DAYS, True, ())
    assert len(market.asked) == 4 and {name for name, *_ in market.asked} == {"energy_charts_at"}
    assert all((last - first).days < CHUNK_DAYS for _, first, last in market.asked)
    with database.reading() as session:
        known = spot_prices.days(session, "AT", FIRST, TODAY)
    slots = {day.cover.day: len(day.prices) for day in known}
    assert slots == {d: hours(d) * (4 if d >= QUARTERS_FROM else 1) for d in slots} and len(slots) == DAYS
    assert (slots[date(2026, 3, 29)], slots[date(2026, 10, 25)], slots[FIRST]) == (23, 100, 24)


def test_what_was_interrupted_goes_on_where_it_stopped(fetched):
    broken = Market(down_after=2)
    done = fetched(broken)
    assert done.known == 2 * CHUNK_DAYS and not done.is_enough
    assert [last for _, _, last in broken.asked] == [TODAY, TODAY - timedelta(days=CHUNK_DAYS)]
    assert all("no way out" in remark for remark in done.remarks)
    again = Market()
    assert fetched(again).known == DAYS
    assert [last for _, _, last in again.asked] == [TODAY - timedelta(days=n * CHUNK_DAYS) for n in (2, 3)]
    idle = Market()
    assert (fetched(idle).before, idle.asked) == (DAYS, [])


def test_a_day_that_one_source_lacks_comes_from_the_next(fetched, database):
    gone = date(2026, 5, 4)
    market = Market(lacks=[gone])
    assert fetched(market).known == DAYS
    assert ("smard_at", gone, gone) in market.asked and len(market.asked) == 5
    with database.reading() as session:
        assert spot_prices.day(session, "AT", gone).source.slug.startswith("smard")


def test_a_source_that_cannot_be_reached_is_asked_once(fetched):
    market = Market(down=["energy_charts_at"])
    done = fetched(market)
    assert done.known == DAYS and len(done.remarks) == 1
    assert {name for name, *_ in market.asked} == {"smard_at"}


def test_a_zone_is_fetched_once_somebody_asks_about_it(database, monkeypatch):
    registry.register(database)
    fetched = []
    monkeypatch.setattr(
        day_ahead_history, "_one_chunk", lambda _, source, asked, fetch: fetched.append(asked)
    )
    monkeypatch.setattr(day_ahead_history, "PAUSE_S", 0)
    monkeypatch.setattr(day_ahead_history.time, "sleep", lambda _: None)
    fetch_waiting(database, SOURCES, Pace())
    assert not fetched
    for zone in ("FR", "NOWHERE"):
        zones_in_use.note(database, zone)
    with database.reading() as session:
        assert zones_in_use.waiting(session) == zones_in_use.used(session) == ["FR"]
        assert "NOWHERE" not in zones_in_use.known(session)
    fetch_waiting(database, SOURCES, Pace())
    assert fetched
    fetched.clear()
    # Nothing came of it: it is tried again in hours, not at the next look, whoever asks meanwhile.
    zones_in_use.note(database, "FR")
    fetch_waiting(database, SOURCES, Pace())
    assert not fetched
    with database.reading() as session:
        (due,) = (x.due for x in leases.all(session) if x.name == zones_in_use.lease_name("FR"))
        assert timedelta(hours=5) < due - leases.clock(session) < timedelta(hours=7)


@given(
    st.integers(2, 80),
    st.dates(date(2024, 1, 1), date(2026, 11, 27)),
    st.integers(0, 120),
)
def test_smards_weekly_chunks_cover_the_days_asked_for_and_no_more(weeks, first, length):
    week, last = timedelta(days=7), first + timedelta(days=length)
    starts = [date(2025, 1, 6) + n * week for n in range(weeks)]
    by_stamp = {int(bounds(day)[0].timestamp() * 1000): day for day in starts}
    found = [by_stamp[s] for s in _wanted(sorted(by_stamp), Asked("", NOW, days=(first, last)))]
    known = [day for day in starts if day <= last and first < day + week]
    assert found[: len(known)] == known
    # The newest chunk may still grow: it is asked for days behind it too.
    assert set(found) - set(known) <= {starts[-1]}


def test_the_command_names_the_zones_there_are(database):
    result = CliRunner().invoke(main, ["prices", "refresh", "--zone", "DELU"])
    assert result.exit_code == 2 and "DE-LU" in result.output.split("valid:")[1].split(",")[0]
    result = CliRunner().invoke(main, ["prices", "refresh", "ecb", "--zone", "AT"])
    assert result.exit_code == 2 and "--zone" in result.output


def test_without_a_network_the_command_says_so_and_fails(database, monkeypatch):
    def no_way(*_):
        raise FetchFailed("https://api.energy-charts.info/price: no way out")

    monkeypatch.setattr(day_ahead_history, "_one_chunk", no_way)
    monkeypatch.setattr(day_ahead_history.time, "sleep", lambda _: None)
    result = CliRunner().invoke(main, ["prices", "refresh", "--zone", "at", "--json"])
    assert result.exit_code == 1
    assert "no way out" in result.stderr and "0 of the last 400 days" in result.stderr
    (told,) = json.loads(result.stdout)
    assert (told["zone"], told["known"], told["known_before"]) == ("AT", 0, 0)
