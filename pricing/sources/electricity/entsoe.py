"""ENTSO-E's transparency platform: day-ahead prices of every European zone, per MWh; needs a free token.

The traps are the document's: curve type A03 leaves out points that equal the one before (entsoe-py fills
them), one day may be told by several TimeSeries of which the lowest classification position is the
auction's, hours and quarter-hours mix around 2025-10-01, and an Acknowledgement document means that there
is nothing for the days asked. 400 requests a minute, then ten minutes of 429.
"""

from datetime import UTC, datetime, timedelta
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
from service.facts import Source, SpotPrice

LICENCE = "ENTSO-E transparency platform terms"
PAGE = "https://transparency.entsoe.eu/"
ADDRESS = (
    "https://web-api.tp.entsoe.eu/api?documentType=A44&in_Domain={area}&out_Domain={area}"
    "&periodStart={{start_minute}}&periodEnd={{end_minute}}"
)
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
        document, currencies, refused = _auction(payload.content, AREAS[zone])
        found: list[SpotPrice | Rejected] = list(refused)
        for start, end, price in _slots(document):
            found.append(SpotPrice(zone, start, end, price, currencies, source, payload.fetched_at))
        if not any(isinstance(fact, SpotPrice) for fact in found):
            raise UnreadablePayload("no day-ahead price of this zone in it")
        return found

    return PriceSource(
        f"entsoe_{name}",
        title,
        ADDRESS.format(area=AREAS[zone]),
        timedelta(hours=1),
        parse,
        LICENCE,
        key=KEY,
        fetch=fetch,
        fallback_for=before,
        market_zone=zone,
    )


def _auction(content: bytes, area: str) -> tuple[str, str, list[Rejected]]:
    """The document with the one series per day that counts, its currency, and what was left out."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise UnreadablePayload(f"not XML: {error}") from error
    space, _, kind = root.tag.rpartition("}")
    if kind == "Acknowledgement_MarketDocument":
        raise UnreadablePayload(f"no data: {_text(root, space, 'text') or 'no reason given'}")
    if kind != "Publication_MarketDocument":
        raise UnreadablePayload(f"{kind or 'a document'} is no publication of prices")
    series = root.findall(_tag(space, "TimeSeries"))
    objections = {id(one): _objection(one, space, area) for one in series}
    usable = [one for one in series if objections[id(one)] is None]
    first: dict[str, ElementTree.Element] = {}
    for one in sorted(usable, key=lambda one: _position(one, space)):
        auction = first.setdefault(_text(one, space, "start"), one)
        if auction is not one:
            objections[id(one)] = f"classification position {_position(one, space)}, not the auction's"
    refused = []
    for one in series:
        if (reason := objections[id(one)]) is not None:
            refused.append(Rejected(f"TimeSeries {_text(one, space, 'mRID')}", reason))
            root.remove(one)
    currencies = {_text(one, space, "currency_Unit.name") or "EUR" for one in first.values()}
    if len(currencies) > 1:
        raise UnreadablePayload(f"prices in {' and '.join(sorted(currencies))}")
    # Without it the elements would be ns0:TimeSeries, which entsoe-py does not find.
    ElementTree.register_namespace("", space.removeprefix("{"))
    return ElementTree.tostring(root, "unicode"), next(iter(currencies), "EUR"), refused


def _objection(series: ElementTree.Element, space: str, area: str) -> str | None:
    there, unit = (_text(series, space, name) for name in ("in_Domain.mRID", "price_Measure_Unit.name"))
    if there not in ("", area):
        return f"of area {there}, not {area}"
    return f"per {unit}, not per MWh" if unit not in ("", "MWH") else None


def _position(series: ElementTree.Element, space: str) -> int:
    text = _text(series, space, "classificationSequence_AttributeInstanceComponent.position")
    return int(text) if text.isdigit() else 0


def _slots(document: str) -> list[tuple[datetime, datetime, Decimal]]:
    """Start, end and price of every slot."""
    # pandas and BeautifulSoup come with it.
    from entsoe import parsers

    read: Any = parsers.parse_prices
    try:
        by_grain = read(document)
    except Exception as error:  # its parser raises whatever it stumbles over
        raise UnreadablePayload(f"entsoe-py cannot read it: {error!r}") from error
    return sorted(
        (
            start := at.to_pydatetime().astimezone(UTC),
            start + GRAINS[grain],
            round(Decimal(repr(float(price))), DECIMALS),
        )
        for grain, series in by_grain.items()
        for at, price in series.dropna().items()
    )


def _tag(space: str, name: str) -> str:
    return f"{space}}}{name}" if space else name


def _text(element: ElementTree.Element, space: str, name: str) -> str:
    found = element.find(f".//{_tag(space, name)}")
    return (found.text or "").strip() if found is not None else ""


SOURCES = tuple(source_of(zone) for zone in AREAS)
