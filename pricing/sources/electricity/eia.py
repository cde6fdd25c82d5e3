"""US residential electricity prices by state and month, Energy Information Administration; needs a free key.

Prices are strings in ct/kWh, about two months late, revenue divided by sales. Regions of several states
(three letters and more) come along and are no places of ours.
"""

import calendar
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pricing.source import (
    Asked,
    Payload,
    PriceSource,
    Rejected,
    UnreadablePayload,
    WayOut,
    with_query,
)
from service.countries import name_of
from service.facts import ElectricityRate, Source

NAME = "eia"
TITLE = "US EIA, average residential price by state"
PAGE = "https://www.eia.gov/electricity/data/browser/"
URL = (
    "https://api.eia.gov/v2/electricity/retail-sales/data/?frequency=monthly&data%5B0%5D=price"
    "&facets%5Bsectorid%5D%5B%5D=RES&sort%5B0%5D%5Bcolumn%5D=period&sort%5B0%5D%5Bdirection%5D=desc"
    "&length=250"
)
LICENCE = "public domain"
KEY = "HEIMVORTEIL_EIA_KEY"
UNIT = "cents per kilowatt-hour"
CENTS = 100


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request, the key in its query; the address that is kept has none."""
    answer = way_out.get(with_query(asked.url, api_key=asked.key))
    return Payload(answer.content, asked.url, answer.fetched_at)


def parse(payload: Payload) -> list[ElectricityRate | Rejected]:
    """A retail rate per state and month. Raises UnreadablePayload."""
    try:
        rows = json.loads(payload.content)["response"]["data"]
        if not isinstance(rows, list):
            raise TypeError("its data are not a list")
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadablePayload(f"no response.data in it: {error!r}") from error
    read_on = payload.fetched_at.date()
    found = [fact for row in rows if (fact := _rate(row, read_on)) is not None]
    if not any(isinstance(fact, ElectricityRate) for fact in found):
        raise UnreadablePayload("no state with a price")
    return found


def _rate(row: Any, read_on: date) -> ElectricityRate | Rejected | None:
    raw = json.dumps(row)[:500]
    try:
        state = str(row["stateid"])
        if len(state) != 2:
            return None
        if row["sectorid"] != "RES":
            return Rejected(raw, f"sector {row['sectorid']}, not households")
        if row["price-units"] != UNIT:
            return Rejected(raw, f"unit {row['price-units']} is not {UNIT}")
        if row["price"] in (None, ""):
            return Rejected(raw, "the price is not known")
        first = date.fromisoformat(f"{row['period']}-01")
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        return ElectricityRate(
            zone="US" if state == "US" else f"US-{state}",
            zone_name=(name_of(state) or state) if state == "US" else str(row["stateDescription"]),
            kind="retail",
            currency="USD",
            per_kwh=Decimal(str(row["price"])) / CENTS,
            taxes="all",
            as_of=last,
            source=Source("eia-retail-sales", TITLE, PAGE, last, LICENCE, read_on),
            valid_from=first,
            valid_until=last,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        return Rejected(raw, f"not a row as known: {error!r}")


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(days=7), parse, LICENCE, key=KEY, fetch=fetch)
