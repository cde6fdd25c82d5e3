"""Household electricity prices of European countries by half-year and consumption band, Eurostat nrg_pc_204.

JSON-stat 2.0: values are a sparse map from a flat position to a number, and a missing cell is missing.
Greece is EL, the United Kingdom UK (nothing since 2020), Switzerland is not in it. A price without
taxes may exceed the one with all: reliefs are booked as negative taxes. A half-year is published four
months after it ends; a country that is late still has the one before.
"""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from math import prod
from typing import Any

from pricing.json_answers import exact
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.countries import code_of
from service.facts import ElectricityRate, Source, Taxes

NAME = "eurostat"
TITLE = "Eurostat nrg_pc_204, household electricity prices"
PAGE = "https://ec.europa.eu/eurostat/databrowser/view/nrg_pc_204/default/table"
BANDS = {
    "KWH_LT1000": "under 1000 kWh/yr",
    "KWH1000-2499": "1000-2499 kWh/yr",
    "KWH2500-4999": "2500-4999 kWh/yr",
    "KWH5000-14999": "5000-14999 kWh/yr",
    "KWH_GE15000": "15000 kWh/yr and more",
}
LETTERS = dict(zip(BANDS, ("DA", "DB", "DC", "DD", "DE"), strict=True))
TAXES: dict[str, Taxes] = {"I_TAX": "all", "X_VAT": "excl_vat", "X_TAX": "excl_taxes"}
URL = (
    "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0/data/nrg_pc_204?format=JSON&lang=EN"
    + "".join(f"&nrg_cons={band}" for band in BANDS)
    + "&unit=KWH"
    + "".join(f"&tax={tax}" for tax in TAXES)
    + "&currency=EUR&lastTimePeriod=3"
)
LICENCE = "reuse with acknowledgement (2011/833/EU)"
UNION, UNION_ZONE, UNION_NAME = "EU27_2020", "EU27", "European Union (27)"
AGGREGATES = frozenset({"EA", "EU"})
FLAGS = {"p": "provisional", "e": "estimated", "b": "break in the series", "u": "low reliability"}
HALVES = {"1": ((1, 1), (6, 30)), "2": ((7, 1), (12, 31))}
DIMENSIONS = ("nrg_cons", "unit", "tax", "currency", "geo", "time")


def parse(payload: Payload) -> list[ElectricityRate | Rejected]:
    """A retail rate per country, half-year, band and tax level. Raises UnreadablePayload."""
    try:
        answer = json.loads(payload.content, parse_float=exact, parse_int=exact)
        published = date.fromisoformat(str(answer["updated"])[:10])
        flags = dict(answer.get("status") or {})
        cells = list(_cells(answer))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError) as error:
        raise UnreadablePayload(f"not a JSON-stat dataset as known: {error!r}") from error
    names = answer["dimension"]["geo"]["category"].get("label", {})
    found = [
        _rate(
            cell,
            value,
            str(flags.get(position, "")),
            names=names,
            published=published,
            read_on=payload.fetched_at.date(),
        )
        for position, cell, value in cells
        if _is_place(cell["geo"])
    ]
    if not any(isinstance(fact, ElectricityRate) for fact in found):
        raise UnreadablePayload("no country with a price")
    return found


def _cells(answer: dict[str, Any]) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Position, category per dimension, and value of every cell that is there."""
    names, sizes = list(answer["id"]), [int(size) for size in answer["size"]]
    if missing := [name for name in DIMENSIONS if name not in names]:
        raise KeyError(missing[0])
    codes = []
    for name, size in zip(names, sizes, strict=True):
        index = answer["dimension"][name]["category"]["index"]
        by_place = {int(place): code for code, place in index.items()}
        codes.append([by_place[place] for place in range(size)])
    for position, value in answer["value"].items():
        rest, cell = int(position), {}
        if not 0 <= rest < prod(sizes):
            raise IndexError(f"position {rest} of {prod(sizes)}")
        for name, size, known in zip(reversed(names), reversed(sizes), reversed(codes), strict=True):
            rest, place = divmod(rest, size)
            cell[name] = known[place]
        yield position, cell, value


def _is_place(geo: str) -> bool:
    return geo == UNION or (code_of(geo) is not None and geo not in AGGREGATES)


def _rate(
    cell: dict[str, str],
    value: Any,
    flag: str,
    *,
    names: dict[str, str],
    published: date,
    read_on: date,
) -> ElectricityRate | Rejected:
    raw = f"{' '.join(cell[name] for name in DIMENSIONS)} {value} {flag}".strip()
    if cell["unit"] != "KWH" or cell["currency"] != "EUR":
        return Rejected(raw, f"in {cell['currency']} per {cell['unit']}, not EUR per KWH")
    half = re.fullmatch(r"(\d{4})-S([12])", cell["time"])
    band, taxes, geo = BANDS.get(cell["nrg_cons"]), TAXES.get(cell["tax"]), cell["geo"]
    if half is None or band is None or taxes is None:
        return Rejected(raw, "a period, band or tax level that is not known")
    if not isinstance(value, Decimal):
        return Rejected(raw, "the price is no number")
    first, last = (date(int(half[1]), *edge) for edge in HALVES[half[2]])
    # The shipped table names its sources so: a later answer corrects its rows in place.
    slug = f"eurostat-nrg-pc-204-{half[1]}s{half[2]}"
    ordinal = {"1": "1st", "2": "2nd"}[half[2]]
    title = f"{TITLE}, {ordinal} half {half[1]}"
    if LETTERS[cell["nrg_cons"]] != "DC":
        slug += f"-{LETTERS[cell['nrg_cons']].lower()}"
    title += f", band {LETTERS[cell['nrg_cons']]}"
    told = [FLAGS.get(letter, f"flag {letter}") for letter in flag]
    return ElectricityRate(
        zone=UNION_ZONE if geo == UNION else code_of(geo) or geo,
        zone_name=UNION_NAME if geo == UNION else names.get(geo, geo).split(" (")[0].rstrip("*"),
        kind="retail",
        currency="EUR",
        per_kwh=value,
        taxes=taxes,
        as_of=last,
        source=Source(slug, title, PAGE, published, LICENCE, read_on),
        band=band,
        valid_from=first,
        valid_until=last,
        note=", ".join(told),
    )


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(days=7), parse, LICENCE)
