"""ENTSO-E's transparency platform: day-ahead prices of every European zone, per MWh; needs a free token.

The traps are the document's: curve type A03 leaves out points that equal the one before (entsoe-py fills
them); a document may hold intraday auctions too (contract type A07, up to three of them in Spain), so
day-ahead (A01) is asked for and nothing else is taken; one day may be told by several TimeSeries, of which
one is taken, that of the lowest classification position; hours and quarter-hours mix around 2025-10-01;
an Acknowledgement document means that there is nothing for the days asked. In DE-LU and AT only position 1
is the day-ahead coupling: position 2 is EXAA's auction of 10:15, which stands there first and, on
2026-07-01, stood there alone. 400 requests a minute, then ten minutes of 429.

Verified 2026-11-28: parameters against entsoe-py 0.8.1 (query_day_ahead_prices: contract_MarketAgreement.type
A01, sequence 1 for DE_LU and AT) and its issues 446, 469 and 518; the document against two recordings of
electricitymaps-contrib, ES_day_ahead_price.xml (d11a934f, 2025-10-01, no position at all) and
DE_exaa_price.xml (4820a0c6, 2026-09-04); the outage of position 1 after ha_epex_spot pull request 317.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from pricing.source import (
    Asked,
    Payload,
    PriceSource,
    Rejected,
    UnreadablePayload,
    WayOut,
    with_query,
)
from service.estimate.market_day import day_of
from service.facts import Source, SpotPrice

LICENCE = "ENTSO-E transparency platform terms"
PAGE = "https://transparency.entsoe.eu/"
ADDRESS = (
    "https://web-api.tp.entsoe.eu/api?documentType=A44&contract_MarketAgreement.type=A01"
    "&in_Domain={area}&out_Domain={area}{sequence}&periodStart={{start_minute}}&periodEnd={{end_minute}}"
)
DAY_AHEAD = "A01"
COUPLED_ALONE = "&classificationSequence_AttributeInstanceComponent.position=1"
TWO_AUCTIONS = frozenset({"DE-LU", "AT"})
"""Zones where position 2 is another exchange's auction; elsewhere the lowest position counts."""
KEY = "HEIMVORTEIL_ENTSOE_KEY"
AREAS = {
    "DE-LU": "10Y1001A1001A82H", "AT": "10YAT-APG------L", "CH": "10YCH-SWISSGRIDZ",
    "FR": "10YFR-RTE------C", "NL": "10YNL----------L", "BE": "10YBE----------2",
    "PL": "10YPL-AREA-----S", "CZ": "10YCZ-CEPS-----N", "HU": "10YHU-MAVIR----U",
    "SI": "10YSI-ELES-----O", "DK1": "10YDK-1--------W", "DK2": "10YDK-2--------M",
    "NO2": "10YNO-2--------T", "SE3": "10Y1001A1001A46L", "SE4": "10Y1001A1001A47J",
    "FI": "10YFI-1--------U", "IT-NORTH": "10Y1001A1001A73I", "ES": "10YES-REE------0",
}  # fmt: skip
AFTER_AWATTAR = {"DE-LU": "awattar_de", "AT": "awattar_at"}
AFTER_SMARD = ("CH", "FR", "NL", "BE", "PL", "CZ", "HU", "SI", "DK1", "DK2", "NO2", "IT-NORTH")
GRAINS = {
    "15min": timedelta(minutes=15),
    "30min": timedelta(minutes=30),
    "60min": timedelta(hours=1),
}
DECIMALS = 6
MOST_SAID = 3
Slots = list[tuple[datetime, datetime, Decimal]]


@dataclass(frozen=True, slots=True)
class Series:
    """One TimeSeries of a document that may be the auction's."""

    name: str
    position: int
    slots: Slots


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request, the token in its query; the address that is kept has none."""
    answer = way_out.get(with_query(asked.url, securityToken=asked.key))
    return Payload(answer.content, asked.url, answer.fetched_at)


def source_of(zone: str) -> PriceSource:
    """The prices of one bidding zone."""
    name = zone.lower().replace("-", "_")
    title = f"ENTSO-E day-ahead price, {zone}"
    before = AFTER_AWATTAR.get(zone) or (f"smard_{name}" if zone in AFTER_SMARD else f"energy_charts_{name}")

    def parse(payload: Payload) -> list[SpotPrice | Rejected]:
        """All slots of the document, gaps of curve type A03 filled. Raises UnreadablePayload."""
        day = payload.fetched_at.date()
        source = Source(f"entsoe-price-{zone.lower()}", title, PAGE, day, LICENCE, day)
        currency, series, refused = _auctions(payload.content, zone)
        found: list[SpotPrice | Rejected] = [
            SpotPrice(zone, start, end, price, currency, source, payload.fetched_at)
            for start, end, price in _one_a_day(series, refused)
        ]
        found += refused
        if not any(isinstance(fact, SpotPrice) for fact in found):
            said = "; ".join(dict.fromkeys(row.reason for row in refused[:MOST_SAID]))
            raise UnreadablePayload(f"no day-ahead price of this zone in it{said and ': '}{said}")
        return found

    return PriceSource(
        f"entsoe_{name}",
        title,
        ADDRESS.format(area=AREAS[zone], sequence=COUPLED_ALONE if zone in TWO_AUCTIONS else ""),
        timedelta(hours=1),
        parse,
        LICENCE,
        key=KEY,
        fetch=fetch,
        fallback_for=before,
        market_zone=zone,
    )


def _auctions(content: bytes, zone: str) -> tuple[str, list[Series], list[Rejected]]:
    """The currency, the series that may be the day-ahead auction's, and those that are not."""
    try:
        # expat reads nothing from outside and stops what grows without measure (2.4); the size has a limit.
        root = ElementTree.fromstring(content)  # nosec B314
    except ElementTree.ParseError as error:
        raise UnreadablePayload(f"not XML: {error}") from error
    space, _, kind = root.tag.rpartition("}")
    if kind == "Acknowledgement_MarketDocument":
        raise UnreadablePayload(f"no data: {_text(root, space, 'text') or 'no reason given'}")
    if kind != "Publication_MarketDocument":
        raise UnreadablePayload(f"{kind or 'a document'} is no publication of prices")
    # Without it the elements would be ns0:TimeSeries, which entsoe-py does not find.
    ElementTree.register_namespace("", space.removeprefix("{"))
    found, refused, currencies = [], [], set()
    for one in root.findall(_tag(space, "TimeSeries")):
        name = f"TimeSeries {_text(one, space, 'mRID')}"
        if (objection := _objection(one, space, zone)) is not None:
            refused.append(Rejected(name, objection))
            continue
        currencies.add(_text(one, space, "currency_Unit.name") or "EUR")
        found.append(Series(name, _position(one, space), _slots(one, root.tag)))
    if len(currencies) > 1:
        raise UnreadablePayload(f"prices in {' and '.join(sorted(currencies))}")
    return next(iter(currencies), "EUR"), found, refused


def _objection(series: ElementTree.Element, space: str, zone: str) -> str | None:
    names = ("in_Domain.mRID", "price_Measure_Unit.name", "contract_MarketAgreement.type")
    there, unit, contract = (_text(series, space, name) for name in names)
    if there not in ("", AREAS[zone]):
        return f"of area {there}, not {AREAS[zone]}"
    if unit not in ("", "MWH"):
        return f"per {unit}, not per MWh"
    if contract not in ("", DAY_AHEAD):
        return f"of contract type {contract}, not day-ahead ({DAY_AHEAD})"
    if zone in TWO_AUCTIONS and _position(series, space) > 1:
        return f"classification position {_position(series, space)}: another exchange's auction"
    return None


def _position(series: ElementTree.Element, space: str) -> int:
    text = _text(series, space, "classificationSequence_AttributeInstanceComponent.position")
    return int(text) if text.isdigit() else 0


def _one_a_day(series: list[Series], refused: list[Rejected]) -> Slots:
    """The slots of one series a day: of the lowest position, of several such the one with most of the day.

    A series that tells a part of a day never adds itself to another one's; what is left out goes to
    `refused`.
    """
    days: dict[date, list[tuple[int, timedelta, int]]] = {}
    by_day: dict[tuple[date, int], Slots] = {}
    for number, one in enumerate(series):
        for slot in one.slots:
            by_day.setdefault((day_of(slot[0]), number), []).append(slot)
    for (day, number), slots in by_day.items():
        covered = sum((end - start for start, end, _ in slots), timedelta(0))
        days.setdefault(day, []).append((series[number].position, -covered, number))
    taken: Slots = []
    for day, told in sorted(days.items()):
        _, _, chosen = min(told)
        taken += by_day[day, chosen]
        refused += [
            Rejected(
                f"{series[number].name}, {day}",
                f"classification position {position}, not the auction's: {series[chosen].name} is",
            )
            for position, _, number in sorted(told)
            if number != chosen
        ]
    return taken


def _slots(series: ElementTree.Element, document: str) -> Slots:
    """Start, end and price of every slot of a TimeSeries, as a document of its own is read."""
    # pandas and BeautifulSoup come with it.
    from entsoe import parsers

    root = ElementTree.Element(document)
    root.append(series)
    read: Any = parsers.parse_prices
    try:
        by_grain = read(ElementTree.tostring(root, "unicode"))
    except Exception as error:  # its parser raises whatever it stumbles over
        raise UnreadablePayload(f"entsoe-py cannot read it: {error!r}") from error
    return sorted(
        (
            start := at.to_pydatetime().astimezone(UTC),
            start + GRAINS[grain],
            round(Decimal(repr(float(price))), DECIMALS),
        )
        for grain, prices in by_grain.items()
        for at, price in prices.dropna().items()
    )


def _tag(space: str, name: str) -> str:
    return f"{space}}}{name}" if space else name


def _text(element: ElementTree.Element, space: str, name: str) -> str:
    found = element.find(f".//{_tag(space, name)}")
    return (found.text or "").strip() if found is not None else ""


SOURCES = tuple(source_of(zone) for zone in AREAS)
