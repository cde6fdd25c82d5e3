"""SMARD of the German network agency: day-ahead prices of Germany and its neighbours, EUR per MWh.

An index names weekly chunks by their first instant; the last two are read, so that the change of week
loses nothing. Their names are never guessed: a wrong one is a 404. Slots to come hold null. German SMARD
tables also circulate in ct/kWh: pricing/checks.py refuses those.
"""

import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import exact
from pricing.slot_ends import slot_ends
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.market_day import bounds
from service.facts import Source, SpotPrice

LICENCE = "CC BY 4.0, Bundesnetzagentur | SMARD.de"
PAGE = "https://www.smard.de/home/marktdaten"
ADDRESS = "https://www.smard.de/app/chart_data/{filter}/{region}/index_quarterhour.json"
FILTERS = {
    "DE-LU": 4169, "AT": 4170, "BE": 4996, "NO2": 4997, "DK1": 252, "DK2": 253, "FR": 254,
    "IT-NORTH": 255, "NL": 256, "PL": 257, "CH": 259, "SI": 260, "CZ": 261, "HU": 262,
}  # fmt: skip
CHUNKS = 2
PAUSE_S = 0.3
"""Between chunks, as its other clients do."""


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The last two weekly chunks as one series; an address that holds a chunk itself is taken as it is."""
    index = way_out.get(asked.url)
    try:
        stamps = _wanted(sorted(int(stamp) for stamp in json.loads(index.content)["timestamps"]), asked)
    except (ValueError, KeyError, TypeError):
        return index
    folder, _, file = asked.url.rpartition("/")
    filter_, region = folder.split("/")[-2:]
    resolution = file.removeprefix("index_").removesuffix(".json")
    series: list[Any] = []
    for stamp in stamps:
        if series:
            time.sleep(PAUSE_S)
        link = f"{folder}/{filter_}_{region}_{resolution}_{stamp}.json"
        series += _series(way_out.get(way_out.same_host(link, asked.url)))
    joined = json.dumps({"series": series}, default=str).encode()
    return Payload(joined, asked.url, index.fetched_at)


def _wanted(stamps: list[int], asked: Asked) -> list[int]:
    """The chunks with the days asked for, the last ones without any; each ends where the next begins."""
    if asked.days is None:
        return stamps[-CHUNKS:]
    first, after = (int(bounds(day)[edge].timestamp() * 1000) for edge, day in enumerate(asked.days))
    ends = [*stamps[1:], after]
    return [stamp for stamp, end in zip(stamps, ends, strict=True) if stamp < after and first < end]


def source_of(zone: str) -> PriceSource:
    """The prices of one bidding zone."""
    name = zone.lower().replace("-", "_")
    title = f"SMARD day-ahead price, {zone}"

    def parse(payload: Payload) -> list[SpotPrice | Rejected]:
        """All priced slots of the series. Raises UnreadablePayload."""
        by_start: dict[datetime, object] = {}
        try:
            for stamp, price in _series(payload):
                by_start[datetime.fromtimestamp(int(stamp) / 1000, UTC)] = price
            starts = sorted(by_start)
            ends = slot_ends(starts)
        except (ValueError, TypeError, OSError, ArithmeticError) as error:
            raise UnreadablePayload(f"no series of slots in it: {error!r}") from error
        day = payload.fetched_at.date()
        source = Source(f"smard-price-{zone.lower()}", title, PAGE, day, LICENCE, day)
        found: list[SpotPrice | Rejected] = []
        for start, end in zip(starts, ends, strict=True):
            price = by_start[start]
            try:
                value = None if price is None else Decimal(str(price))
            except ArithmeticError:
                found.append(Rejected(f"{start:%Y-%m-%dT%H:%MZ} {price!r}", "the price is no number"))
                continue
            if value is not None:
                found.append(SpotPrice(zone, start, end, value, "EUR", source, payload.fetched_at))
        if not any(isinstance(fact, SpotPrice) for fact in found):
            raise UnreadablePayload("no slot with a price")
        return found

    return PriceSource(
        f"smard_{name}",
        title,
        ADDRESS.format(filter=FILTERS[zone], region="DE-LU" if zone == "DE-LU" else "DE"),
        timedelta(hours=1),
        parse,
        LICENCE,
        fetch=fetch,
        fallback_for="energy_charts" if zone == "DE-LU" else f"energy_charts_{name}",
        market_zone=zone,
        takes_days=True,
    )


def _series(payload: Payload) -> list[Any]:
    try:
        series = json.loads(payload.content, parse_float=exact)["series"]
        if not isinstance(series, list):
            raise TypeError("its series is not a list")
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no series in it: {error!r}") from error
    return series


SOURCES = tuple(source_of(zone) for zone in FILTERS)
