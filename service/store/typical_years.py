"""The catalog's typical years of day-ahead prices, and how far few days or an old year are off.

Read from their files, not from the database: they stand in for days that nobody has fetched, and are used
nowhere else.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from service.estimate.typical_year import GROUPS, HOURS, Doubt, Factor, TypicalYear
from service.store.catalog_fields import CsvRow, rows, source_of, wrong
from service.store.catalog_files import sources_of_catalog
from service.store.sources import stated
from service.store.versions import CATALOG

YEARS, DOUBT = "typical_years.csv", "typical_year_doubt.csv"
HOUR_COLUMNS = tuple(f"h{hour:02d}" for hour in range(HOURS))
MONTHS = 12
Kind = Literal["days_known", "age_of_year"]


@cache
def typical_years(path: Path = CATALOG) -> Mapping[str, TypicalYear]:
    """By bidding zone. Raises InvalidValue for a year that lacks a month or a group of its days."""
    by_zone: dict[str, dict[tuple[int, int], CsvRow]] = {}
    columns = ("zone", "currency", "first_day", "last_day", "month", "group", *HOUR_COLUMNS, "source")
    for row in _rows(path, YEARS, columns):
        key = row.known_number("month", int), row.known_number("group", int)
        by_zone.setdefault(row.known("zone"), {})[key] = row
    return MappingProxyType({zone: _year(zone, found, path) for zone, found in by_zone.items()})


def _year(zone: str, found: Mapping[tuple[int, int], CsvRow], path: Path) -> TypicalYear:
    wanted = [(month, group) for month in range(1, MONTHS + 1) for group in range(1, GROUPS + 1)]
    if sorted(found) != wanted:
        raise wrong(YEARS, "month and group", f"{zone}: {len(found)} rows", f"must be {len(wanted)}")
    first = found[wanted[0]]
    last_day = first.known_day("last_day")
    return TypicalYear(
        zone,
        first.known("currency"),
        first.known_day("first_day"),
        last_day,
        tuple(tuple(found[key].known_number(hour, float) for hour in HOUR_COLUMNS) for key in wanted),
        stated(source_of(YEARS, "source", first.text("source"), sources_of_catalog(path)), last_day),
    )


@cache
def doubt(path: Path = CATALOG) -> Doubt:
    """How far a year's mean lies from that of few of its days, or of an older year."""
    found = _rows(path, DOUBT, ("kind", "days", "low", "high", "source"))
    by_kind: dict[str, dict[int, Factor]] = {"days_known": {}, "age_of_year": {}}
    for row in found:
        factor = Factor(row.known_number("low", float), row.known_number("high", float))
        by_kind[row.word("kind", Kind)][row.known_number("days", int)] = factor
    if not all(by_kind.values()):
        raise wrong(DOUBT, "kind", sorted(by_kind), "must have rows of each")
    source = source_of(DOUBT, "source", found[0].text("source"), sources_of_catalog(path))
    return Doubt(MappingProxyType(by_kind["days_known"]), MappingProxyType(by_kind["age_of_year"]), source)


def _rows(path: Path, name: str, columns: tuple[str, ...]) -> list[CsvRow]:
    with (path / name).open(encoding="utf-8", newline="") as lines:
        return rows(name, lines, columns)
