"""The catalog's rates of VAT by country and day.

Read from their file, not from the database: a person looks them up, and nothing refreshes them.
"""

from functools import lru_cache
from pathlib import Path

from service.countries import code_of
from service.facts import VatKind, VatRate
from service.store.catalog_fields import CsvRow, Sources, rows, source_of, wrong
from service.store.catalog_files import sources_of_catalog
from service.store.sources import stated
from service.store.versions import CATALOG

RATES = "vat_rates.csv"
COLUMNS = ("country", "kind", "share", "valid_from", "read_on", "source", "note")


@lru_cache(maxsize=4)
def vat_rates(path: Path = CATALOG) -> tuple[VatRate, ...]:
    """All rates of the catalog. Raises InvalidValue naming the row that cannot be read."""
    sources = sources_of_catalog(path)
    with (path / RATES).open(encoding="utf-8", newline="") as lines:
        return tuple(_rate(row, sources) for row in rows(RATES, lines, COLUMNS))


def _rate(row: CsvRow, sources: Sources) -> VatRate:
    country, share = row.known("country"), row.known_number("share", float)
    if code_of(country) != country:
        raise wrong(row.where, "country", country, "must be an ISO 3166 code")
    if not 0 <= share < 1:
        raise wrong(row.where, "share", share, "must be a share of the price before it, such as 0.19")
    said = source_of(row.where, "source", row.text("source"), sources)
    return VatRate(
        country=country,
        kind=row.word("kind", VatKind),
        share=share,
        valid_from=row.day("valid_from"),
        source=stated(said, said.as_of, row.known_day("read_on")),
        note=row.text("note"),
    )
