"""aWATTar's hourly day-ahead prices of Austria and Germany: the fallback behind SMARD.

Slots carry their own ends. `start` without `end` is answered with exactly 24 hours: on the day in October
that has 25 the last is missing, in March the first of the next day comes along. Both are always sent; an
hour that is missing anyway stays missing. Before tax and network charges.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing.json_answers import exact
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import Source, SpotPrice

LICENCE = "service for customers, fair use; facts re-keyed"
ZONES = {
    "awattar_at": ("AT", "https://api.awattar.at/v1/marketdata", "smard_at"),
    "awattar_de": ("DE-LU", "https://api.awattar.de/v1/marketdata", "smard_de_lu"),
}
UNIT = "eur/mwh"


def source_of(name: str) -> PriceSource:
    """The prices of one country."""
    zone, url, first = ZONES[name]
    title = f"aWATTar day-ahead price, {zone}"

    def parse(payload: Payload) -> list[SpotPrice | Rejected]:
        """All slots of the answer. Raises UnreadablePayload."""
        try:
            slots = json.loads(payload.content, parse_float=exact, parse_int=exact)["data"]
            day = payload.fetched_at.date()
            source = Source(name.replace("_", "-"), title, url, day, LICENCE, day)
            found: list[SpotPrice | Rejected] = []
            for slot in slots:
                if str(slot["unit"]).lower() != UNIT:
                    found.append(Rejected(str(slot), f"unit {slot['unit']} is not EUR/MWh"))
                    continue
                start, end = (
                    datetime.fromtimestamp(int(slot[key]) / 1000, UTC)
                    for key in ("start_timestamp", "end_timestamp")
                )
                if end <= start:
                    raise UnreadablePayload("a slot ends before it starts")
                price = Decimal(slot["marketprice"])
                found.append(SpotPrice(zone, start, end, price, "EUR", source, payload.fetched_at))
        except (ValueError, KeyError, TypeError, ArithmeticError, OSError) as error:
            raise UnreadablePayload(f"no market data in it: {error!r}") from error
        if not found:
            raise UnreadablePayload("no slot in it")
        return found

    return PriceSource(
        name,
        title,
        f"{url}?start={{start_ms}}&end={{end_ms}}",
        timedelta(hours=1),
        parse,
        LICENCE,
        fallback_for=first,
        market_zone=zone,
    )


SOURCES = tuple(source_of(name) for name in ZONES)
