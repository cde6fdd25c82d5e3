"""The traps of each electricity source."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from entsoe.mappings import Area

from pricing import standing
from pricing.checks import Known, check
from pricing.http import FetchFailed
from pricing.refresh import address, refresh
from pricing.source import Asked, Payload, Rejected, UnreadablePayload
from pricing.sources import SOURCES
from pricing.sources.electricity import entsoe
from service.estimate.market_day import bounds, cover, incomplete
from service.facts import ElectricityRate, SpotPrice
from service.store import refreshes, spot_prices
from service.store.session import Sessions
from tests.pricing.test_every_source import FIXTURES, recorded

BY_NAME = {source.name: source for source in SOURCES}
NOW = datetime(2026, 10, 30, 18, tzinfo=UTC)
DAYS = FIXTURES / "market_days"
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
AUTUMN, SPRING = date(2025, 10, 26), date(2026, 3, 29)


def parsed(name, content=None):
    payload = recorded(name) if content is None else Payload(content, BY_NAME[name].url, NOW)
    return BY_NAME[name].parse(payload)


def from_file(name, file: Path):
    return parsed(name, file.read_bytes())


def kept(found):
    return [fact for fact in found if not isinstance(fact, Rejected)]


def reasons(found):
    return [fact.reason for fact in found if isinstance(fact, Rejected)]


class Web:
    """A way out that answers from a table of addresses and remembers what was asked."""

    def __init__(self, pages):
        self.pages, self.asked = pages, []

    def get(self, url, headers=None):
        self.asked.append((url, dict(headers or {})))
        if url not in self.pages:
            raise FetchFailed(f"{url}: HTTP 404")
        return Payload(json.dumps(self.pages[url]).encode(), url, NOW)

    def post(self, url, json, headers=None):
        self.asked.append((url, dict(headers or {})))
        return Payload(self.pages[url], url, NOW)

    def same_host(self, link, asked):
        return link.replace("https://real.example", "https://mirror.example")


@pytest.mark.parametrize(
    ("file", "slots", "days"),
    [
        ("2026-03-29", 92, [SPRING]),
        ("2025-10-26", 100, [AUTUMN]),
        ("2025-09-30_2025-10-01", 24 + 96, [date(2025, 9, 30), date(2025, 10, 1)]),
        ("2026-05-01", 96, [date(2026, 5, 1)]),
    ],
)
def test_energy_charts_days_of_any_length_are_complete(file, slots, days):
    prices = kept(from_file("energy_charts_at", DAYS / f"energy_charts_AT_{file}.json"))
    assert len(prices) == slots and incomplete(prices) == []
    assert all(cover(day, prices).is_complete for day in days)
    assert {p.zone for p in prices} == {"AT"} and not check(prices, Known()).rejected


def test_energy_charts_keeps_the_most_negative_price():
    prices = kept(from_file("energy_charts_at", DAYS / "energy_charts_AT_2026-05-01.json"))
    assert min(p.per_mwh for p in prices) == Decimal("-498.65")
    assert not check(prices, Known()).rejected


def test_an_hour_before_the_change_to_quarter_hours_stays_an_hour():
    prices = kept(from_file("energy_charts_at", DAYS / "energy_charts_AT_2025-09-30_2025-10-01.json"))
    lengths = [p.slot_end - p.slot_start for p in prices]
    assert lengths == [HOUR] * 24 + [QUARTER] * 96


def test_a_hole_in_quarter_hours_is_no_longer_slot():
    starts = [1759269600 + 900 * i for i in (0, 1, 2, 6, 7)]
    prices = kept(
        parsed("energy_charts", json.dumps({"unix_seconds": starts, "price": [1, 2, 3, 4, 5]}).encode())
    )
    assert {p.slot_end - p.slot_start for p in prices} == {QUARTER}


def test_the_licence_goes_with_the_batch_and_another_one_gets_a_source_of_its_own():
    answer = json.loads(recorded("energy_charts").content)
    sweden = kept(parsed("energy_charts_se4"))
    assert sweden[0].zone == "SE4" and sweden[0].source.slug == "energy-charts-price-se4-cc-by"
    private = {**answer, "license_info": "for private and internal use only"}
    sweden = kept(parsed("energy_charts_se4", json.dumps(private).encode()))
    assert sweden[0].source.slug == "energy-charts-price-se4" and "private" in sweden[0].source.licence
    germany = kept(parsed("energy_charts", json.dumps(private).encode()))
    assert germany[0].source.slug == "energy-charts-price-de-lu-private"
    silent = {key: value for key, value in answer.items() if key != "license_info"}
    assert "private" in kept(parsed("energy_charts_se4", json.dumps(silent).encode()))[0].source.licence


@pytest.mark.parametrize("unit", ["EUR/MWh", "No Unit", "EUR / MWh", None])
def test_the_unit_text_of_energy_charts_is_not_read(unit):
    answer = {**json.loads(recorded("energy_charts").content), "unit": unit}
    assert len(kept(parsed("energy_charts", json.dumps(answer).encode()))) == 3


def test_before_publication_energy_charts_has_nothing_to_read():
    with pytest.raises(UnreadablePayload):
        parsed("energy_charts", b'{"detail": "no content available"}')


def test_a_day_of_zeros_is_refused_by_market_day_and_its_neighbours_stay():
    first, after = bounds(date(2026, 7, 2))
    said = kept(parsed("energy_charts"))[0].source
    slots = [
        (first - HOUR, "80"),
        *[(first + i * HOUR, "0") for i in range(24)],
        (after, "0"),
        (after + HOUR, "7"),
    ]
    prices = [SpotPrice("SE3", at, at + HOUR, Decimal(value), "EUR", said, NOW) for at, value in slots]
    checked = check(prices, Known())
    assert len(checked.rejected) == 24 and {p.slot_start for p in checked.accepted} == {
        first - HOUR, after, after + HOUR,
    }  # fmt: skip


def test_a_german_year_in_cents_is_not_taken_for_euros_per_megawatt_hour():
    said = kept(parsed("energy_charts"))[0].source
    begin = datetime(2024, 1, 1, tzinfo=UTC)

    def year(scale, days=366, zone="DE-LU"):
        return [
            SpotPrice(zone, begin + i * HOUR, begin + (i + 1) * HOUR,
                      Decimal(scale) * (40 + i % 24 * 4 if i % 24 else -20), "EUR", said, NOW)
            for i in range(24 * days)
        ]  # fmt: skip

    assert not check(year("1"), Known()).rejected
    refused = check(year("0.1"), Known())
    assert not refused.accepted and "ct/kWh" in refused.rejected[0][1]
    assert not check(year("0.1", 14), Known()).accepted and not check(year("10"), Known()).accepted
    # One cheap day, and a country of cheap water power, are believed.
    assert not check(year("0.1", 1), Known()).rejected
    assert not check(year("0.1", zone="NO2"), Known()).rejected


def smard_web():
    base = "https://mirror.example/app/chart_data/4169/DE-LU"
    monday = 1759096800000
    week = 7 * 24 * 3600 * 1000

    def chunk(first, values):
        return {"meta_data": {}, "series": [[first + 900_000 * i, v] for i, v in enumerate(values)]}

    return base, Web({
        f"{base}/index_quarterhour.json": {"timestamps": [monday, monday + week, monday - week]},
        f"{base}/4169_DE-LU_quarterhour_{monday}.json": chunk(monday, [1.5, 2, None]),
        f"{base}/4169_DE-LU_quarterhour_{monday + week}.json": chunk(monday + week, [-3, 4, None, None]),
    })  # fmt: skip


def test_smard_reads_the_last_two_chunks_of_its_index_and_drops_nulls():
    base, web = smard_web()
    source = BY_NAME["smard_de_lu"]
    payload = source.fetch(web, Asked(f"{base}/index_quarterhour.json", NOW))
    assert len(web.asked) == 3 and payload.url.endswith("index_quarterhour.json")
    prices = kept(source.parse(payload))
    assert [p.per_mwh for p in prices] == [Decimal("1.5"), 2, -3, 4]
    assert all(p.slot_end - p.slot_start == QUARTER for p in prices)


def test_smard_may_be_pointed_at_a_chunk_itself_and_a_missing_chunk_is_a_failure():
    base, web = smard_web()
    source = BY_NAME["smard_de_lu"]
    url = f"{base}/4169_DE-LU_quarterhour_1759096800000.json"
    assert len(kept(source.parse(source.fetch(web, Asked(url, NOW))))) == 2
    del web.pages[url]
    with pytest.raises(FetchFailed):
        source.fetch(web, Asked(f"{base}/index_quarterhour.json", NOW))


def test_awattar_is_asked_for_both_ends_of_its_days_also_when_the_clocks_change():
    at_noon = datetime(2026, 10, 25, 12, tzinfo=UTC)
    url = address(BY_NAME["awattar_de"], at_noon, {})
    start, end = (int(part.split("=")[1]) / 1000 for part in url.split("?")[1].split("&"))
    assert datetime.fromtimestamp(start, UTC) == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert (end - start) / 3600 == 25 + 24
    # At 00:30 in Berlin today is not yesterday of UTC.
    assert "start=2026-07-02&end=2026-07-03" in address(
        BY_NAME["energy_charts"], datetime(2026, 7, 1, 22, 30, tzinfo=UTC), {}
    )


def test_a_day_with_an_hour_missing_is_kept_and_said(sessions):
    content = (DAYS / "awattar_at_2025-10-26.json").read_bytes()
    source = BY_NAME["awattar_at"]
    outcome = refresh(sessions, source, NOW, lambda asked: Payload(content, asked.url, NOW), {})
    assert (outcome.outcome, outcome.accepted) == ("ok", 24)
    assert "day 2025-10-26: 24 of 25 hours" in outcome.error
    with sessions.reading() as session:
        assert "24 of 25 hours" in refreshes.latest(session)["awattar_at"].error
        day = spot_prices.day(session, "AT", AUTUMN)
    assert not day.cover.is_complete and day.source.slug == "awattar-at"


def test_the_complete_day_of_the_better_source_answers_and_hours_never_mix_in(sessions: Sessions):
    def read(name, file):
        content = (DAYS / file).read_bytes()
        return refresh(sessions, BY_NAME[name], NOW, lambda asked: Payload(content, asked.url, NOW), {})

    read("energy_charts_at", "energy_charts_AT_2025-10-26.json")
    read("awattar_at", "awattar_at_2025-10-26.json")
    with sessions.reading() as session:
        day = spot_prices.day(session, "AT", AUTUMN)
        assert day.source.slug == "energy-charts-price-at" and len(day.prices) == 100
        begin, end = bounds(AUTUMN)
        assert spot_prices.between(session, "AT", begin, end) == list(day.prices)
        assert spot_prices.last_complete_day(session, "AT", AUTUMN) == AUTUMN
        assert spot_prices.last_complete_day(session, "AT", AUTUMN, "awattar") is None
        assert spot_prices.day(session, "AT", SPRING) is None
        assert spot_prices.zones(session) == ["AT"]


def test_octopus_is_all_in_pence_and_says_what_is_no_half_hour():
    found = parsed("octopus_agile")
    assert [(p.per_mwh, p.currency, p.taxes) for p in kept(found)] == [
        (Decimal("220.5"), "GBP", "all"), (Decimal("-12.6"), "GBP", "all"),
    ]  # fmt: skip
    assert len(reasons(found)) == 2 and any("no end" in reason for reason in reasons(found))


def test_octopus_pages_are_followed_on_the_mirror():
    rows = json.loads(recorded("octopus_agile").content)["results"]
    web = Web({
        "https://mirror.example/a": {"results": rows[:1], "next": "https://real.example/b"},
        "https://mirror.example/b": {"results": rows[1:], "next": None},
    })  # fmt: skip
    source = BY_NAME["octopus_agile"]
    payload = source.fetch(web, Asked("https://mirror.example/a", NOW))
    assert len(source.parse(payload)) == 4
    web.pages["https://mirror.example/b"]["next"] = "https://real.example/b"
    with pytest.raises(UnreadablePayload, match="pages"):
        source.fetch(web, Asked("https://mirror.example/a", NOW))


def test_tibber_is_all_in_with_the_token_in_its_header_and_errors_despite_status_200():
    source = BY_NAME["tibber"]
    web = Web({source.url: recorded("tibber").content})
    prices = kept(source.parse(source.fetch(web, Asked(source.url, NOW, "secret"))))
    assert web.asked == [(source.url, {"Authorization": "Bearer secret"})]
    assert [p.per_mwh for p in prices] == [Decimal("293.1"), Decimal("287.4"), Decimal("180.1")]
    assert prices[0].slot_start == datetime(2025, 9, 30, 22, tzinfo=UTC) and prices[0].taxes == "all"
    with pytest.raises(UnreadablePayload, match="not authenticated"):
        source.parse(Payload(b'{"errors": [{"message": "not authenticated"}], "data": null}', "", NOW))


def test_entsoe_fills_what_curve_type_a03_leaves_out_and_takes_the_auction():
    found = parsed("entsoe_de_lu")
    prices = kept(found)
    assert [p.slot_end - p.slot_start for p in prices] == [HOUR] * 24 + [QUARTER] * 96
    assert incomplete(prices) == []
    assert [p.per_mwh for p in prices[:9]] == [
        Decimal(v) for v in ("100.3", *["94.74"] * 5, "138.9", *["244"] * 2)
    ]
    assert prices[24].per_mwh == Decimal("108.87") and prices[24 + 60].per_mwh == Decimal("-4.5")
    assert sum("classification" in reason for reason in reasons(found)) == 1
    assert sum("of area" in reason for reason in reasons(found)) == len(entsoe.AREAS) - 1


def test_entsoe_without_data_says_so():
    space = "urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"
    reason = "<Reason><code>999</code><text>No matching data found</text></Reason>"
    kind = "Acknowledgement_MarketDocument"
    text = f'<{kind} xmlns="{space}">{reason}</{kind}>'.encode()
    with pytest.raises(UnreadablePayload, match="no data: No matching data found"):
        parsed("entsoe_fr", text)


def test_entsoe_areas_are_entsoe_pys_and_the_token_is_in_no_kept_address():
    known = {area.value for area in Area}
    assert set(entsoe.AREAS.values()) <= known
    source = BY_NAME["entsoe_de_lu"]
    url = address(source, datetime(2026, 11, 24, 12, tzinfo=UTC), {})
    assert "periodStart=202611232300&periodEnd=202611252300" in url
    web = Web({f"{url}&securityToken=secret": {}})
    assert "secret" not in source.fetch(web, Asked(url, NOW, "secret")).url


def test_eia_cents_become_dollars_of_a_state_and_regions_are_no_states():
    found = parsed("eia")
    rates = {rate.zone: rate for rate in kept(found)}
    assert {zone: str(rate.per_kwh) for zone, rate in rates.items()} == {
        "US": "0.1805", "US-CA": "0.336", "US-HI": "0.3974",
    }  # fmt: skip
    assert (rates["US"].valid_from, rates["US"].valid_until) == (date(2026, 2, 1), date(2026, 2, 28))
    assert reasons(found) == ["the price is not known"]
    dollars = recorded("eia").content.replace(b"cents per kilowatt-hour", b"dollars per kilowatt-hour")
    with pytest.raises(UnreadablePayload):
        parsed("eia", dollars)


def test_spot_prices_are_not_rates_of_a_household():
    for name in ("energy_charts", "smard_de_lu", "awattar_de", "octopus_agile", "tibber", "entsoe_de_lu"):
        assert not [fact for fact in parsed(name) if isinstance(fact, ElectricityRate)]


def test_a_fallback_is_asked_when_its_first_choice_fails_and_not_while_it_does_well(sessions):
    first, fallback = BY_NAME["energy_charts_at"], BY_NAME["awattar_at"]
    day = (DAYS / "energy_charts_AT_2025-10-26.json").read_bytes()
    asked, is_down = [], []

    def fetch(wanted: Asked) -> Payload:
        asked.append("awattar" if "awattar" in wanted.url else "energy-charts")
        if is_down and asked[-1] == "energy-charts":
            raise FetchFailed("HTTP 503")
        content = day if asked[-1] == "energy-charts" else (DAYS / "awattar_at_2025-10-26.json").read_bytes()
        return Payload(content, wanted.url, at)

    chain = (first, replace(fallback, fallback_for=first.name))

    def ask_all(now):
        for source in chain:
            if standing.wanted(sessions, source, chain, now):
                refresh(sessions, source, now, fetch)

    at = datetime(2025, 10, 26, 9, tzinfo=UTC)
    ask_all(at)
    assert asked == ["energy-charts"]
    is_down.append(True)
    at = datetime(2025, 10, 26, 12, tzinfo=UTC)
    ask_all(at)
    assert asked == ["energy-charts", "energy-charts", "awattar"]


def test_a_source_that_asks_for_patience_gets_it(sessions):
    source = BY_NAME["energy_charts_at"]
    at = datetime(2025, 10, 26, 12, tzinfo=UTC)

    def busy(_wanted: Asked) -> Payload:
        raise FetchFailed("HTTP 429", 7200.0)

    outcome = refresh(sessions, source, at, busy)
    assert standing.due_after(sessions, source, outcome, at) == at + timedelta(hours=2)
