"""The traps of grid carbon and of exchange rates."""

import io
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from pricing.checks import Known, check
from pricing.refresh import refresh
from pricing.source import Asked, Payload, Rejected, UnreadablePayload
from pricing.sources import SOURCES
from pricing.sources.currency import ecb_history
from service.facts import ExchangeRate, GridCarbon
from service.store import exchange_rates, grid_carbon
from tests.facts_for_tests import SOURCE
from tests.pricing.test_electricity_sources import Web
from tests.pricing.test_every_source import recorded

BY_NAME = {source.name: source for source in SOURCES}
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)


def parsed(name, content=None):
    payload = recorded(name) if content is None else Payload(content, BY_NAME[name].url, NOW)
    return BY_NAME[name].parse(payload)


def kept(found):
    return [fact for fact in found if not isinstance(fact, Rejected)]


def test_measured_carbon_wins_over_its_forecast_and_null_tails_are_nothing():
    found = kept(parsed("energy_charts_co2_fr"))
    assert [(f.grams_co2e_per_kwh, f.is_forecast) for f in found] == [
        (64.8, False), (64.7, False), (64.0, False), (63.8, False), (48.1, True), (48.3, True),
    ]  # fmt: skip
    assert {(f.zone, f.scope, f.accounting) for f in found} == {("FR", "lifecycle", "production")}
    assert all(f.slot_end - f.slot_start == timedelta(minutes=15) for f in found)
    with pytest.raises(UnreadablePayload):
        parsed("energy_charts_co2_de", b"Error: country not found")


def test_british_half_hours_are_measured_when_they_are_over():
    found = kept(parsed("uk_carbon_intensity"))
    assert [(f.grams_co2e_per_kwh, f.is_forecast, f.scope) for f in found] == [
        (263.0, False, "direct"), (270.0, True, "direct"),
    ]  # fmt: skip


def test_electricity_maps_estimates_wait_for_measurements_and_the_token_is_in_a_header():
    found = parsed("electricity_maps")
    assert [(f.grams_co2e_per_kwh, f.is_forecast, f.accounting) for f in kept(found)] == [
        (400.0, False, "consumption"), (410.0, True, "consumption"),
    ]  # fmt: skip
    assert [row.reason for row in found if isinstance(row, Rejected)] == ["the intensity is not known"]
    latest = json.dumps({**json.loads(recorded("electricity_maps").content)["history"][0], "zone": "FR"})
    assert parsed("electricity_maps", latest.encode())[0].zone == "FR"
    with pytest.raises(UnreadablePayload):
        parsed("electricity_maps", b'{"status": "no-data", "countryCode": "DE", "data": {}}')
    source = BY_NAME["electricity_maps"]
    web = Web({source.url: {}})
    source.fetch(web, Asked(source.url, NOW, "secret"))
    assert web.asked == [(source.url, {"auth-token": "secret"})]


def test_one_method_answers_for_a_day_of_carbon(sessions):
    def slots(grain, slug, grams, accounting, forecast=False, hours=24):
        begin = datetime(2026, 10, 28, 23, tzinfo=UTC)
        said = SOURCE.__class__(slug, slug, "https://example.org", date(2026, 10, 29))
        return [
            GridCarbon("DE", begin + i * grain, begin + (i + 1) * grain, grams, "lifecycle", accounting,
                       forecast, said, NOW)
            for i in range(int(timedelta(hours=hours) / grain))
        ]  # fmt: skip

    hour, quarter = timedelta(hours=1), timedelta(minutes=15)
    with sessions.begin() as session:
        grid_carbon.put_all(session, slots(hour, "electricity-maps-de", 400.0, "consumption"))
        grid_carbon.put_all(session, slots(quarter, "energy-charts-co2eq-de", 300.0, "production", hours=20))
        begin, end = datetime(2026, 10, 28, 23, tzinfo=UTC), datetime(2026, 10, 29, 23, tzinfo=UTC)
        found = grid_carbon.between(session, "DE", begin, end)
        assert len(found) == 24 and {f.accounting for f in found} == {"consumption"}
        grid_carbon.put_all(session, slots(quarter, "energy-charts-co2eq-de", 300.0, "production"))
        found = grid_carbon.between(session, "DE", begin, end)
        assert len(found) == 96 and {f.accounting for f in found} == {"production"}
        # A forecast never replaces what was measured.
        late = slots(quarter, "energy-charts-co2eq-de", 1.0, "production", True)
        assert grid_carbon.put_all(session, late) == 0


def test_history_leaves_gaps_out_and_ignores_the_trailing_comma():
    found = kept(parsed("ecb_history"))
    rates = {(r.quote, r.as_of): r for r in found}
    assert rates["USD", date(2026, 10, 30)].rate == Decimal("1.1172")
    assert ("BGN", date(2026, 10, 30)) not in rates and ("BGN", date(2010, 12, 31)) in rates
    assert {r.quote for r in found} == {"USD", "JPY", "BGN", "GBP", "TRY", "EEK"}
    assert rates["USD", date(1999, 1, 4)].source.as_of == date(1999, 1, 4)


def test_history_may_be_the_table_or_the_xml_of_ninety_days():
    text = zipfile.ZipFile(io.BytesIO(recorded("ecb_history").content)).read("eurofxref-hist.csv")
    assert len(parsed("ecb_history", text)) == len(parsed("ecb_history"))
    assert len(parsed("ecb_history", recorded("ecb").content)) == 3


def test_a_zip_bomb_and_a_broken_zip_are_refused(monkeypatch):
    def zipped(size):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("eurofxref-hist.csv", b"Date,USD,\n" + b"0" * size)
        return file.getvalue()

    bomb = zipped(ecb_history.LARGEST_TABLE_BYTES)
    assert len(bomb) < 100_000
    with pytest.raises(UnreadablePayload, match="more than"):
        parsed("ecb_history", bomb)
    whole = recorded("ecb_history").content
    for broken in (whole[: len(whole) // 2], whole[:40] + b"\0\0\0\0" + whole[44:]):
        with pytest.raises(UnreadablePayload):
            parsed("ecb_history", broken)


def test_history_fills_the_store_and_nothing_changes_the_second_time(sessions):
    source = BY_NAME["ecb_history"]
    outcome = refresh(sessions, source, NOW, lambda a: recorded("ecb_history"), {})
    assert outcome.outcome == "ok" and outcome.rejected == 0
    assert refresh(sessions, source, NOW, lambda a: recorded("ecb_history"), {}).outcome == "unchanged"
    assert refresh(sessions, BY_NAME["ecb"], NOW, lambda a: recorded("ecb"), {}).outcome in (
        "ok",
        "unchanged",
    )
    assert refresh(sessions, BY_NAME["frankfurter"], NOW, lambda a: recorded("frankfurter"), {}).outcome == (
        "unchanged"
    )
    with sessions.reading() as session:
        # Easter: the rate of Maundy Thursday holds until Tuesday.
        easter = exchange_rates.rates_on(session, date(2026, 4, 6))["USD"]
        assert (easter.rate, easter.as_of) == (Decimal("1.1525"), date(2026, 4, 2))
        assert exchange_rates.rates_on(session, date(2026, 4, 7))["USD"].as_of == date(2026, 4, 7)
        newest = exchange_rates.newest_rates(session)
        assert newest["USD"].source.slug == "ecb-eurofxref" and "EEK" not in newest
        assert "EEK" in exchange_rates.rates_on(session, date(2011, 1, 3))
        assert exchange_rates.rates_for(session, date(1998, 1, 1))["USD"].as_of == date(1999, 1, 4)


def test_many_rates_are_stored_as_exactly_as_few(sessions):
    days = [date(1999, 1, 4) + timedelta(days=i) for i in range(700)]
    rates = [
        ExchangeRate("EUR", "USD", Decimal("1.1") + Decimal(i) / 10000, day, SOURCE)
        for i, day in enumerate(days)
    ]
    with sessions.begin() as session:
        assert exchange_rates.put_all(session, rates) == 700
        assert exchange_rates.put_all(session, rates) == 0
        assert exchange_rates.rates_on(session, days[123])["USD"].rate == rates[123].rate


def test_a_rate_that_stands_alone_is_refused_and_a_jump_that_lasts_is_the_markets():
    def rates(*values):
        return [
            ExchangeRate("EUR", "TRL", Decimal(value), date(2001, 2, 20) + timedelta(days=i), SOURCE)
            for i, value in enumerate(values)
        ]

    assert [r[0].rate for r in check(rates("600", "60", "610", "620"), Known()).rejected] == [Decimal(60)]
    assert not check(rates("600", "1000", "1010"), Known()).rejected
    assert len(check(rates("600", "610", "1000"), Known()).rejected) == 1
    away = [*rates("290"), ExchangeRate("EUR", "TRL", Decimal(136), date(2018, 2, 1), SOURCE)]
    assert not check(away, Known()).rejected
    known = Known(rates={"TRL": Decimal(55)}, rate_days={"TRL": date(2026, 10, 30)})
    assert not check(rates("600"), known).rejected


def test_frankfurter_speaks_two_versions_and_a_blend_is_not_the_ecbs():
    source = BY_NAME["frankfurter"]
    rows = [
        {"date": "2026-10-30", "base": "EUR", "quote": quote, "rate": rate}
        for quote, rate in (("EUR", 1.0), ("GBP", 0.8338), ("USD", 1.1172))
    ]
    content = json.dumps(rows).encode()
    asked = "https://api.frankfurter.dev/v2/rates?base=EUR&providers=ecb"
    assert {r.quote: str(r.rate) for r in source.parse(Payload(content, asked, NOW))} == {
        "GBP": "0.8338", "USD": "1.1172",
    }  # fmt: skip
    with pytest.raises(UnreadablePayload, match="blended"):
        source.parse(Payload(content, "https://api.frankfurter.dev/v2/rates?base=EUR", NOW))
    with pytest.raises(UnreadablePayload, match="not found"):
        source.parse(Payload(b'{"message": "not found"}', source.url, NOW))
    with pytest.raises(UnreadablePayload, match="one euro"):
        source.parse(
            Payload(b'{"amount":1.0,"base":"USD","date":"2026-10-30","rates":{"EUR":0.8951}}', "", NOW)
        )
    assert source.fallback_for == "ecb"
