"""Octopus Agile in London (region C): half-hours of a dynamic tariff, in pence per kWh, newest first.

`value_inc_vat` holds 5 % VAT and everything but the daily standing charge, so these prices are all-in and
not wholesale. A rate without an end belongs to another kind of tariff. Where a tariff has a price per
payment method the one for direct debit is taken. The product's code changes when Octopus renews it: the
address is a setting.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import exact
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import Source, SpotPrice

NAME = "octopus_agile"
TITLE = "Octopus Agile unit rates, London, VAT included"
ZONE = "GB-AGILE-C"
PRODUCT = "AGILE-24-10-01"
PAGE = (
    f"https://api.octopus.energy/v1/products/{PRODUCT}/electricity-tariffs/E-1R-{PRODUCT}-C/"
    "standard-unit-rates/"
)
LICENCE = "public API, terms of Octopus Energy; facts re-keyed"
PENCE_PER_KWH_IN_POUNDS_PER_MWH = 10
MOST_PAGES = 20


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages as one list; where one page says it all it is kept as it is."""
    first = page = way_out.get(asked.url)
    results: list[Any] = []
    for _ in range(MOST_PAGES):
        answer = _answer(page)
        results += answer["results"]
        if not answer.get("next"):
            break
        page = way_out.get(way_out.same_host(str(answer["next"]), asked.url))
    else:
        raise UnreadablePayload(f"more than {MOST_PAGES} pages")
    if page is first:
        return first
    joined = json.dumps({"results": results}, default=str).encode()
    return Payload(joined, asked.url, first.fetched_at)


def parse(payload: Payload) -> list[SpotPrice | Rejected]:
    """All half-hours of the answer. Raises UnreadablePayload."""
    day = payload.fetched_at.date()
    source = Source("octopus-agile-c", TITLE, PAGE, day, LICENCE, day)
    found = [_slot(row, source, payload.fetched_at) for row in _answer(payload)["results"]]
    if not any(isinstance(fact, SpotPrice) for fact in found):
        raise UnreadablePayload("no half-hour with a price")
    return found


def _slot(row: Any, source: Source, fetched_at: datetime) -> SpotPrice | Rejected:
    raw = json.dumps(row, default=str)[:500]
    try:
        if row.get("payment_method") not in (None, "DIRECT_DEBIT"):
            return Rejected(raw, f"the price for payment by {row['payment_method']}")
        if row["valid_to"] is None:
            return Rejected(raw, "no end: not a half-hour's price")
        start, end = _instants((row["valid_from"], row["valid_to"]))
        if end <= start:
            return Rejected(raw, "ends before it starts")
        per_mwh = Decimal(str(row["value_inc_vat"])) * PENCE_PER_KWH_IN_POUNDS_PER_MWH
        return SpotPrice(ZONE, start, end, per_mwh, "GBP", source, fetched_at, taxes="all")
    except (AttributeError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        return Rejected(raw, f"not a rate as known: {error!r}")


def _instants(texts: Iterable[str]) -> list[datetime]:
    """Aware UTC instants. Raises ValueError for one without a zone."""
    found = [datetime.fromisoformat(text) for text in texts]
    if any(at.utcoffset() is None for at in found):
        raise ValueError("a time without its zone")
    return [at.astimezone(UTC) for at in found]


def _answer(payload: Payload) -> dict[str, Any]:
    try:
        answer = json.loads(payload.content, parse_float=exact)
        if not isinstance(answer["results"], list):
            raise TypeError("its results are not a list")
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no results in it: {error!r}") from error
    return dict(answer)


SOURCE = PriceSource(
    NAME,
    TITLE,
    PAGE + "?period_from={start_z}&period_to={end_z}&page_size=1500",
    timedelta(hours=6),
    parse,
    LICENCE,
    fetch=fetch,
    market_zone=ZONE,
)
