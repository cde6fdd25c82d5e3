"""German day-ahead electricity price from Energy-Charts (Fraunhofer ISE), EUR per MWh.

The answer gives slot starts only: a slot ends where the next begins, the last lasts as long as the
one before. The `unit` text has changed over the years ("EUR/MWh", "No Unit", "EUR / MWh") and is
not read. Before tax and network charges: not what a household pays.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from pricing.source import Payload, PriceSource, UnreadablePayload
from service.facts import Source, SpotPrice

NAME = "energy_charts"
TITLE = "Energy-Charts day-ahead price"
ZONE = "DE-LU"
URL = "https://api.energy-charts.info/price?bzn=DE-LU&start={today}&end={tomorrow}"
LONGEST_SLOT = timedelta(hours=1)


def parse(payload: Payload) -> list[SpotPrice]:
    """All priced slots; a slot without a price is left out. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content, parse_float=Decimal, parse_int=Decimal)
        starts = [datetime.fromtimestamp(int(second), UTC) for second in answer["unix_seconds"]]
        prices = answer["price"]
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no unix_seconds and price in it: {error!r}") from error
    if len(starts) != len(prices) or len(starts) < 2:
        raise UnreadablePayload(f"{len(starts)} slots but {len(prices)} prices")
    lasts = [later - start for start, later in pairwise(starts)]
    lasts.append(lasts[-1])
    if min(lasts) <= timedelta(0):
        raise UnreadablePayload("slots are not in order of time")
    source = Source(
        "energy-charts-price",
        TITLE,
        payload.url,
        payload.fetched_at.date(),
        str(answer.get("license_info", "")),
        payload.fetched_at.date(),
    )
    return [
        SpotPrice(ZONE, start, start + min(last, LONGEST_SLOT), price, "EUR", source, payload.fetched_at)
        for start, last, price in zip(starts, lasts, prices, strict=True)
        if price is not None
    ]


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=1), parse, "CC BY 4.0, Bundesnetzagentur | SMARD.de")
