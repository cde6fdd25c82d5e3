"""Carbon intensity of one zone from Electricity Maps: what it uses, imports traced.

A free token is good for one zone; the address, a setting, says which. An answer says how long its slots are
(`temporalGranularity`: hourly, 15_minutes, 5_minutes); where it does not, the steps between them do, and an
answer of one slot alone is an hour's. `isEstimated` marks slots that nobody has measured yet: they are kept
as forecasts, so that a measured value replaces them. A token of the sandbox is answered with values made up
(SANDBOX_MODE_DATA): they are kept apart, under a source that says so.

Verified 2026-11-28: history and latest of v3 against their recordings in public clients; the granularity
and the rows of v4 (`data` in place of `history`) against clients of 2026 that ask for 15_minutes; what the
sandbox answers against two clients that refuse it. The documentation itself was not at hand.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
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
GRANULARITIES = {
    "hourly": HOUR, "30_minutes": timedelta(minutes=30), "15_minutes": timedelta(minutes=15),
    "5_minutes": timedelta(minutes=5),
}  # fmt: skip
SANDBOX = "SANDBOX_MODE_DATA"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request, the token in its header."""
    return way_out.get(asked.url, {"auth-token": asked.key})


def parse(payload: Payload) -> list[GridCarbon | Rejected]:
    """The slots of a history, or the one slot of a latest answer. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content)
        rows = answer.get("history", answer.get("data", [answer]))
        zone = str(answer["zone"])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError("its history is not a list of slots")
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no zone with slots in it: {error!r}") from error
    day, slug = payload.fetched_at.date(), f"electricity-maps-{zone.lower()}"
    real = Source(slug, f"{TITLE}, {zone}", PAGE, day, LICENCE, day)
    made_up = replace(real, slug=f"{slug}-sandbox", title=f"{real.title}: SANDBOX, values made up")
    lasts = _granularity(answer, rows)
    found = [
        _slot(
            row, zone, made_up if row.get("estimationMethod") == SANDBOX else real, payload.fetched_at, lasts
        )
        for row in rows
    ]
    if not any(isinstance(fact, GridCarbon) for fact in found):
        raise UnreadablePayload("no slot with a value")
    return found


def _granularity(answer: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> timedelta:
    """How long a slot is; raises UnreadablePayload for a granularity nobody has mapped."""
    stated = answer.get("temporalGranularity") or (rows[0].get("temporalGranularity") if rows else None)
    if stated is not None:
        if stated not in GRANULARITIES:
            raise UnreadablePayload(f"slots of {stated}; known are {', '.join(GRANULARITIES)}")
        return GRANULARITIES[stated]
    try:
        starts = sorted({datetime.fromisoformat(row["datetime"]) for row in rows})
        return min([HOUR, *(later - start for start, later in pairwise(starts))])
    except (KeyError, TypeError, ValueError):
        return HOUR  # such rows are refused one by one


def _slot(
    row: Any, zone: str, source: Source, fetched_at: datetime, lasts: timedelta
) -> GridCarbon | Rejected:
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
            start + lasts,
            value,
            scope=scope,
            accounting="consumption",
            is_forecast=is_forecast,
            source=source,
            fetched_at=fetched_at,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Rejected(raw, f"not a slot as known: {error!r}")


SOURCE = PriceSource(NAME, TITLE, URL, HOUR, parse, LICENCE, key=KEY, fetch=fetch)
