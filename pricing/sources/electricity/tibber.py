"""Tibber: the price of one's own home today and tomorrow, EUR/kWh and everything in it but the base fee.

One's own account, so with one's own token. GraphQL answers errors with status 200; a home without a
running contract holds null, and tomorrow is empty or null until it is published, about 13:00. One home
without slots costs the others nothing. Slots state only when they begin, in the home's own time with its
offset.

Verified 2026-11-28: priceInfo(resolution: QUARTER_HOURLY) against Danielhiversen/pyTibber (issue 361 and
pull request 366, October 2025); quarter-hours of a day against jpawlowski/hass.tibber_prices issue 60.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import exact
from pricing.slot_ends import slot_ends
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import Source, SpotPrice

NAME = "tibber"
TITLE = "Tibber, the price of your own contract"
URL = "https://api.tibber.com/v1-beta/gql"
LICENCE = "your own account's data"
KEY = "HEIMVORTEIL_TIBBER_KEY"
SLOT = "{total energy tax startsAt currency}"
QUERY = (
    "{viewer{homes{currentSubscription{priceInfo(resolution: QUARTER_HOURLY)"
    f"{{today{SLOT} tomorrow{SLOT}}}}}}}}}}}"
)
KWH_PER_MWH = 1000


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The one question, with the token in its header."""
    return way_out.post(asked.url, {"query": QUERY}, {"Authorization": f"Bearer {asked.key}"})


def parse(payload: Payload) -> list[SpotPrice | Rejected]:
    """The slots of every home, each home a zone of its own. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content, parse_float=exact, parse_int=exact)
        if answer.get("errors"):
            raise UnreadablePayload(f"Tibber says: {str(answer['errors'])[:200]}")
        homes = [home for home in answer["data"]["viewer"]["homes"] if home.get("currentSubscription")]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"no homes in it: {error!r}") from error
    day = payload.fetched_at.date()
    source = Source("tibber", TITLE, "https://developer.tibber.com/", day, LICENCE, day)
    found: list[SpotPrice | Rejected] = []
    for number, home in enumerate(homes, 1):
        zone = "TIBBER" if number == 1 else f"TIBBER-{number}"
        try:
            found += _home(zone, home, source, payload.fetched_at)
        except UnreadablePayload as reason:
            found.append(Rejected(json.dumps(home, default=str)[:500], str(reason)))
    if not any(isinstance(fact, SpotPrice) for fact in found):
        raise UnreadablePayload("no home with a priced slot")
    return found


def _home(zone: str, home: Any, source: Source, fetched_at: datetime) -> list[SpotPrice | Rejected]:
    try:
        info = home["currentSubscription"]["priceInfo"]
        told = [*(info.get("today") or ()), *(info.get("tomorrow") or ())]
        rows = sorted(told, key=lambda row: _instant(row["startsAt"]))
        starts = [_instant(row["startsAt"]) for row in rows]
        ends = slot_ends(starts)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadablePayload(f"no slots in a home: {error!r}") from error
    found: list[SpotPrice | Rejected] = []
    for row, start, end in zip(rows, starts, ends, strict=True):
        total, currency = row.get("total"), row.get("currency")
        if not isinstance(total, Decimal) or not isinstance(currency, str):
            found.append(Rejected(json.dumps(row, default=str)[:500], "no total with its currency"))
            continue
        per_mwh = total * KWH_PER_MWH
        found.append(SpotPrice(zone, start, end, per_mwh, currency, source, fetched_at, taxes="all"))
    return found


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.utcoffset() is None:
        raise ValueError("a time without its zone")
    return at.astimezone(UTC)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=6), parse, LICENCE, key=KEY, fetch=fetch, market_zone="TIBBER"
)
