"""The catalog's prices of cards: at launch, new and used.

Read from their file, not from the database: they are looked up for cards to buy, and used nowhere else.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path

from service.estimate.card_prices import CardPrice, CardPriceKind, CardPrices
from service.facts import Gpu, GpuClass, Source
from service.store.catalog_fields import CsvRow, Sources, rows, source_of, wrong
from service.store.catalog_files import sources_of_catalog
from service.store.sources import stated
from service.store.versions import CATALOG

PRICES = "card_prices.csv"
COLUMNS = ("gpu", "kind", "first_month", "last_month", "usd", "low", "high", "observations", "source")
RESALE = "heimvorteil-resale"


def card_prices(gpus: Mapping[str, Gpu], path: Path = CATALOG) -> CardPrices:
    """The catalog's prices of these cards. Raises InvalidValue naming the row that cannot be read."""
    return _of_classes(tuple((slug, gpu.category) for slug, gpu in gpus.items()), path)


def resale_source(path: Path = CATALOG) -> Source:
    """Who says how prices of cards moved: we, from the histories."""
    return source_of(PRICES, "source", RESALE, sources_of_catalog(path))


@lru_cache(maxsize=4)
def _of_classes(classes: tuple[tuple[str, GpuClass], ...], path: Path) -> CardPrices:
    sources = sources_of_catalog(path)
    with (path / PRICES).open(encoding="utf-8", newline="") as lines:
        return CardPrices([_price(row, sources) for row in rows(PRICES, lines, COLUMNS)], dict(classes))


def _price(row: CsvRow, sources: Sources) -> CardPrice:
    first, last = _month(row, "first_month"), _month(row, "last_month")
    last_day = date(last.year, last.month, monthrange(last.year, last.month)[1])
    if last_day < first:
        raise wrong(row.where, "last_month", row.text("last_month"), "is before first_month")
    said = source_of(row.where, "source", row.text("source"), sources)
    return CardPrice(
        gpu=row.known("gpu"),
        kind=row.word("kind", CardPriceKind),
        first_month=first,
        last_month=last_day,
        usd=row.known_number("usd", float),
        low=row.number("low", float),
        high=row.number("high", float),
        observations=row.number("observations", int),
        source=stated(said, last_day),
    )


def _month(row: CsvRow, field: str) -> date:
    try:
        return date.fromisoformat(f"{row.known(field)}-01")
    except ValueError:
        raise wrong(row.where, field, row.text(field), "must be a month, such as 2026-09") from None
