"""ENTSO-E's documents as they are: intraday beside day-ahead, two auctions a day, a part of a day.

Facts re-keyed from recordings of electricitymaps-contrib: ES_day_ahead_price.xml (d11a934f) and
DE_exaa_price.xml (4820a0c6).
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from pricing.source import Payload, Rejected, UnreadablePayload
from pricing.sources import SOURCES
from pricing.sources.electricity import entsoe
from service.estimate.market_day import incomplete

BY_NAME = {source.name: source for source in SOURCES}
NOW = datetime(2026, 10, 9, 18, tzinfo=UTC)
DAY = datetime(2026, 10, 9, 22, tzinfo=UTC)
SPACE = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"


def series(zone, prices, *, start=DAY, hours=24, grain="PT60M", contract="A01", position=None):
    """A TimeSeries of one Period; `prices` by position, what is left out equals the one before."""
    stamp = "%Y-%m-%dT%H:%MZ"
    points = "".join(
        f"<Point><position>{at}</position><price.amount>{price}</price.amount></Point>"
        for at, price in prices.items()
    )
    sequence = "classificationSequence_AttributeInstanceComponent.position"
    area = entsoe.AREAS[zone]
    return (
        f'<TimeSeries><mRID>1</mRID><in_Domain.mRID codingScheme="A01">{area}</in_Domain.mRID>'
        f'<out_Domain.mRID codingScheme="A01">{area}</out_Domain.mRID>'
        f"<contract_MarketAgreement.type>{contract}</contract_MarketAgreement.type>"
        "<currency_Unit.name>EUR</currency_Unit.name><price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
        + (f"<{sequence}>{position}</{sequence}>" if position else "")
        + f"<curveType>A03</curveType><Period><timeInterval><start>{start:{stamp}}</start>"
        f"<end>{start + timedelta(hours=hours):{stamp}}</end></timeInterval>"
        f"<resolution>{grain}</resolution>{points}</Period></TimeSeries>"
    )


def read(zone, *told):
    document = f'<Publication_MarketDocument xmlns="{SPACE}">{"".join(told)}</Publication_MarketDocument>'
    name = f"entsoe_{zone.lower().replace('-', '_')}"
    found = BY_NAME[name].parse(Payload(document.encode(), "", NOW))
    return [f for f in found if not isinstance(f, Rejected)], [f for f in found if isinstance(f, Rejected)]


def test_intraday_auctions_are_never_day_ahead_prices():
    prices, refused = read(
        "ES",
        series("ES", {1: 900}, contract="A07", position=1),
        series("ES", {1: 901}, contract="A07", position=2),
        series("ES", {1: 902}, contract="A07", position=3, start=DAY + timedelta(hours=12), hours=12),
        series("ES", {1: "51.6", 2: "47.7", 24: "88.6"}, position=1),
    )
    assert len(prices) == 24 and incomplete(prices) == []
    assert [p.per_mwh for p in prices[:3]] == [Decimal("51.6"), Decimal("47.7"), Decimal("47.7")]
    assert len(refused) == 3 and all("A07, not day-ahead" in row.reason for row in refused)
    with pytest.raises(UnreadablePayload, match="A07, not day-ahead"):
        read("ES", series("ES", {1: 900}, contract="A07", position=1))


def test_the_second_auction_of_germany_and_austria_is_never_the_day_ahead_price():
    early = {1: "157.14", 2: "153.63", 3: "151.37"}
    for zone in ("DE-LU", "AT"):
        with pytest.raises(UnreadablePayload, match="position 2: another exchange's auction"):
            read(zone, series(zone, early, grain="PT15M", position=2))
        prices, _ = read(
            zone,
            series(zone, early, grain="PT15M", position=2),
            series(zone, {1: 70}, grain="PT15M", position=1),
        )
        assert {p.per_mwh for p in prices} == {Decimal(70)} and len(prices) == 96
        url = BY_NAME[f"entsoe_{zone.lower().replace('-', '_')}"].url
        assert "position=1" in url and "contract_MarketAgreement.type=A01" in url
    assert "position" not in BY_NAME["entsoe_es"].url


def test_a_series_without_a_position_is_the_auctions():
    prices, refused = read("ES", series("ES", {1: "105.1", 2: "104.24", 13: "97.57"}, grain="PT15M"))
    assert len(prices) == 96 and not refused


def test_a_part_of_a_day_never_adds_itself_and_the_next_day_has_its_own_series():
    tomorrow = DAY + timedelta(days=1)
    prices, refused = read(
        "FR",
        series("FR", {1: 10}),
        series("FR", {1: 999}, start=DAY + timedelta(hours=12), hours=12),
        series("FR", {1: 20}, start=tomorrow, position=2),
    )
    assert [p.per_mwh for p in prices] == [Decimal(10)] * 24 + [Decimal(20)] * 24
    assert len(refused) == 1 and "not the auction's" in refused[0].reason
    later, _ = read(
        "FR", series("FR", {1: 999}, start=DAY + timedelta(hours=12), hours=12), series("FR", {1: 10})
    )
    assert {p.per_mwh for p in later} == {Decimal(10)}
