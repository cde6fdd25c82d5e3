"""Carbon intensity of Great Britain by the half-hour, National Energy System Operator.

Direct emissions of power stations, imports included. `actual` is null until the half-hour is over: then
it wins over `forecast`. The list may begin one half-hour before the time that was asked for.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import GridCarbon, Source

NAME = "uk_carbon_intensity"
TITLE = "UK Carbon Intensity API, Great Britain"
PAGE = "https://api.carbonintensity.org.uk/intensity"
LICENCE = "CC BY 4.0, National Energy System Operator"


def parse(payload: Payload) -> list[GridCarbon | Rejected]:
    """All half-hours of which something is known. Raises UnreadablePayload."""
    try:
        rows = json.loads(payload.content)["data"]
        if not isinstance(rows, list):
            raise TypeError("its data are not a list")
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no data in it: {error!r}") from error
    day = payload.fetched_at.date()
    source = Source("uk-carbon-intensity", TITLE, PAGE, day, LICENCE, day)
    found = [fact for row in rows if (fact := _slot(row, source, payload.fetched_at)) is not None]
    if not any(isinstance(fact, GridCarbon) for fact in found):
        raise UnreadablePayload("no half-hour with a value")
    return found


def _slot(row: Any, source: Source, fetched_at: datetime) -> GridCarbon | Rejected | None:
    raw = json.dumps(row)[:500]
    try:
        start, end = (datetime.fromisoformat(row[edge]).astimezone(UTC) for edge in ("from", "to"))
        actual, forecast = row["intensity"]["actual"], row["intensity"]["forecast"]
        value = forecast if actual is None else actual
        if value is None:
            return None
        if end <= start:
            return Rejected(raw, "ends before it starts")
        return GridCarbon(
            "GB",
            start,
            end,
            float(value),
            scope="direct",
            accounting="consumption",
            is_forecast=actual is None,
            source=source,
            fetched_at=fetched_at,
        )
    except (KeyError, TypeError, ValueError) as error:
        return Rejected(raw, f"not a half-hour as known: {error!r}")


SOURCE = PriceSource(NAME, TITLE, f"{PAGE}/{{start_z}}/fw48h", timedelta(minutes=30), parse, LICENCE)
