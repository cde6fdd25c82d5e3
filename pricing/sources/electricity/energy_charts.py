"""Day-ahead electricity prices from Energy-Charts (Fraunhofer ISE), EUR per MWh in every zone.

The answer gives slot starts only (pricing/slot_ends.py). Its `unit` text has changed over the years
("EUR/MWh", "No Unit", "EUR / MWh") and is not read; nor does it name the zone. The licence differs by
zone and comes with each answer. Before tomorrow is published there is only today, or 404 "no content
available". Before tax and network charges: not what a household pays.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing.json_answers import exact
from pricing.slot_ends import slot_ends
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import Source, SpotPrice

ADDRESS = "https://api.energy-charts.info/price?bzn={zone}"
OPEN = "CC BY 4.0, Bundesnetzagentur | SMARD.de"
PRIVATE = "for private and internal use only"
OPEN_ZONES = ("DE-LU", "AT", "CH", "FR", "NL", "BE", "PL", "CZ", "HU", "SI")
PRIVATE_ZONES = ("DK1", "DK2", "NO2", "SE3", "SE4", "FI", "IT-North", "ES")


def source_of(zone: str) -> PriceSource:
    """The prices of one bidding zone; Germany's source has no suffix."""
    name = "energy_charts" if zone == "DE-LU" else f"energy_charts_{zone.lower().replace('-', '_')}"
    title = f"Energy-Charts day-ahead price, {zone}"
    page = ADDRESS.format(zone=zone)
    expected = OPEN if zone in OPEN_ZONES else PRIVATE

    def parse(payload: Payload) -> list[SpotPrice | Rejected]:
        """All priced slots; a slot without a price is left out. Raises UnreadablePayload."""
        try:
            answer = json.loads(payload.content, parse_float=exact, parse_int=exact)
            starts = [datetime.fromtimestamp(int(second), UTC) for second in answer["unix_seconds"]]
            prices = list(answer["price"])
            if len(starts) != len(prices):
                raise UnreadablePayload(f"{len(starts)} slots but {len(prices)} prices")
            ends = slot_ends(starts)
        except (ValueError, KeyError, TypeError, ArithmeticError, OSError) as error:
            raise UnreadablePayload(f"no unix_seconds and price in it: {error!r}") from error
        day = payload.fetched_at.date()
        licence = str(answer.get("license_info") or expected)
        slug = f"energy-charts-price-{zone.lower()}"
        if _kind(licence) != _kind(expected):
            slug += f"-{_kind(licence)}"
        source = Source(slug, title, page, day, licence, day)
        found: list[SpotPrice | Rejected] = []
        for start, end, price in zip(starts, ends, prices, strict=True):
            if isinstance(price, Decimal):
                found.append(SpotPrice(zone.upper(), start, end, price, "EUR", source, payload.fetched_at))
            elif price is not None:
                found.append(Rejected(f"{start:%Y-%m-%dT%H:%MZ} {price!r}", "the price is no number"))
        if not any(isinstance(fact, SpotPrice) for fact in found):
            raise UnreadablePayload("no slot with a price")
        return found

    return PriceSource(
        name,
        title,
        f"{page}&start={{today}}&end={{tomorrow}}",
        timedelta(hours=1),
        parse,
        expected,
        market_zone=zone.upper(),
    )


def _kind(licence: str) -> str:
    """cc-by | private | other: batches of another licence are kept under a source of their own."""
    text = licence.lower()
    return "cc-by" if "cc by" in text else "private" if "private" in text else "other"


SOURCES = tuple(source_of(zone) for zone in (*OPEN_ZONES, *PRIVATE_ZONES))
