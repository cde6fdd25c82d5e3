"""All euro reference rates since 1999 of the European Central Bank, as of their own days.

A zip with one table: the newest day first, `N/A` where a currency was not quoted, a comma too many at the
end of each line. Both are unpacked with a cap: a small zip can hold gigabytes. The address may also be
set to the table itself or to the XML of the last 90 days.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import ExchangeRate, Source

NAME = "ecb_history"
TITLE = "ECB euro foreign exchange reference rates"
PAGE = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
LICENCE = "free reuse with credit"
LARGEST_TABLE_BYTES = 20 * 2**20
MISSING = frozenset({"", "N/A"})
CUBE = "{http://www.ecb.int/vocabulary/2002-08-01/eurofxref}Cube"
Quoted = tuple[date, str, str]
"""Day, currency, units per euro as written."""


def parse(payload: Payload) -> list[ExchangeRate | Rejected]:
    """All rates of all days. Raises UnreadablePayload."""
    content = payload.content
    if content.startswith(b"PK"):
        content = _unzipped(content)
    try:
        quoted = list(_of_xml(content) if content.lstrip().startswith(b"<") else _of_table(content))
    except (ValueError, KeyError, csv.Error, ElementTree.ParseError) as error:
        raise UnreadablePayload(f"no dated rates in it: {error!r}") from error
    read_on = payload.fetched_at.date()
    said = {
        day: Source("ecb-eurofxref", TITLE, PAGE, day, LICENCE, read_on)
        for day in {day for day, _, _ in quoted}
    }
    found: list[ExchangeRate | Rejected] = []
    for day, currency, text in quoted:
        try:
            found.append(ExchangeRate("EUR", currency, Decimal(text), day, said[day]))
        except InvalidOperation:
            found.append(Rejected(f"{day} {currency} {text}", "the rate is no number"))
    if not any(isinstance(fact, ExchangeRate) for fact in found):
        raise UnreadablePayload("no rate in it")
    return found


def _of_table(content: bytes) -> Iterator[Quoted]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    head = [name.strip() for name in next(rows, [])]
    if not head or head[0] != "Date":
        raise ValueError("no column Date")
    for row in rows:
        if not row:
            continue
        day = date.fromisoformat(row[0].strip())
        for currency, text in zip(head[1:], row[1:], strict=False):
            if currency and text.strip() not in MISSING:
                yield day, currency, text.strip()


def _of_xml(content: bytes) -> Iterator[Quoted]:
    for day in ElementTree.fromstring(content).iter(CUBE):  # nosec B314
        if "time" in day.attrib:
            for cube in day.iter(CUBE):
                if "currency" in cube.attrib:
                    yield date.fromisoformat(day.attrib["time"]), cube.attrib["currency"], cube.attrib["rate"]


def _unzipped(content: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tables = [info for info in archive.infolist() if info.filename.endswith(".csv")]
            if len(tables) != 1:
                raise UnreadablePayload(f"{len(tables)} tables in the zip, not one")
            with archive.open(tables[0]) as table:
                text = table.read(LARGEST_TABLE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadablePayload(f"not a zip that can be read: {error!r}") from error
    if len(text) > LARGEST_TABLE_BYTES:
        raise UnreadablePayload(f"more than {LARGEST_TABLE_BYTES} bytes in the zip")
    return text


SOURCE = PriceSource(NAME, f"{TITLE}, since 1999", URL, timedelta(days=7), parse, LICENCE)
