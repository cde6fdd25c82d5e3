"""Carbon intensity of one zone by the hour from Electricity Maps: what it uses, imports traced.

A free token is good for one zone; the address, a setting, says which. `isEstimated` marks hours that
nobody has measured yet: they are kept as forecasts, so that a measured value replaces them.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import GridCarbon, Source

NAME = "electricity_maps"
TITLE = "Electricity Maps, carbon intensity of one zone"
URL = "https://api.electricitymaps.com/v3/carbon-intensity/history?zone=DE"
PAGE = "https://app.electricitymaps.com/"
LICENCE = "terms of Electricity Maps, for your own use"
KEY = "HEIMVORTEIL_ELECTRICITY_MAPS_KEY"
HOUR = timedelta(hours=1)


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request, the token in its header."""
    return way_out.get(asked.url, {"auth-token": asked.key})


def parse(payload: Payload) -> list[GridCarbon | Rejected]:
    """The hours of a history, or the one hour of a latest answer. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content)
        rows = answer.get("history", [answer])
        zone = str(answer["zone"])
        if not isinstance(rows, list):
            raise TypeError("its history is not a list")
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no zone with hours in it: {error!r}") from error
    day = payload.fetched_at.date()
    source = Source(f"electricity-maps-{zone.lower()}", f"{TITLE}, {zone}", PAGE, day, LICENCE, day)
    found = [_slot(row, zone, source, payload.fetched_at) for row in rows]
    if not any(isinstance(fact, GridCarbon) for fact in found):
        raise UnreadablePayload("no hour with a value")
    return found


def _slot(row: Any, zone: str, source: Source, fetched_at: datetime) -> GridCarbon | Rejected:
    raw = json.dumps(row)[:500]
    try:
        if row["carbonIntensity"] is None:
            return Rejected(raw, "the intensity is not known")
        scope = row.get("emissionFactorType", "lifecycle")
        if scope not in ("lifecycle", "direct"):
            return Rejected(raw, f"emission factors of type {scope}")
        start = datetime.fromisoformat(row["datetime"])
        if start.utcoffset() is None:
            return Rejected(raw, "a time without its zone")
        start = start.astimezone(UTC)
        is_forecast = bool(row.get("isEstimated"))
        value = float(row["carbonIntensity"])
        return GridCarbon(
            zone,
            start,
            start + HOUR,
            value,
            scope=scope,
            accounting="consumption",
            is_forecast=is_forecast,
            source=source,
            fetched_at=fetched_at,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Rejected(raw, f"not an hour as known: {error!r}")


SOURCE = PriceSource(NAME, TITLE, URL, HOUR, parse, LICENCE, key=KEY, fetch=fetch)
