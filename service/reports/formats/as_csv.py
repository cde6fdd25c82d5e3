"""A document as one long table in CSV: a line per cell, numbers as numbers.

German files have semicolons and decimal commas, as spreadsheets there expect; dates are ISO in both.
"""

import csv
import io

from service.harmless_cells import harmless
from service.reports.document.document import (
    Bullets,
    Cell,
    Cited,
    Day,
    Document,
    Lasting,
    Missing,
    Money,
    MoneySpread,
    Number,
    Paragraph,
    Share,
    Spread,
    Stated,
    Words,
)
from service.reports.document.document import Table as DocumentTable


def render(document: Document) -> bytes:
    """The file in UTF-8 with a byte order mark, so that umlauts survive a double click."""
    page = io.StringIO()
    is_german = document.language == "de"
    writer = csv.writer(page, delimiter=";" if is_german else ",", lineterminator="\r\n")
    labels = document.labels
    heads = ("section", "row", "column", "text", "median", "low", "high", "unit", "note")
    writer.writerow([labels[head] for head in heads])

    def line(where: str, row: str, column: str, cell: Cell) -> None:
        text, numbers, unit, note = parts(document, cell)
        shown = ["" if x is None else plain(x, decimal_comma=is_german) for x in numbers]
        fields = [harmless(x) for x in (where, row, column, text, unit, note)]
        writer.writerow([*fields[:4], *shown, *fields[4:]])

    for section in document.sections:
        for block in section.blocks:
            match block:
                case Paragraph(text):
                    line(section.title, "", "", Words(text))
                case Bullets(items):
                    for item in items:
                        line(section.title, "", "", Words(item))
                case DocumentTable():
                    for i, row in enumerate(block.rows, 1):
                        for column, cell in zip(block.columns, row.cells, strict=True):
                            line(block.title, str(i), column.title, cell)
                case _:
                    pass
    for source in document.sources:
        words = Words(f"{source.title}; {source.provenance}. {source.url}".rstrip())
        line(document.sources_title, str(source.number), "", words)
    return page.getvalue().encode("utf-8-sig")


Numbers = tuple[float | None, float | None, float | None]
NONE: Numbers = (None, None, None)


def parts(document: Document, cell: Cell) -> tuple[str, Numbers, str, str]:
    """A cell as text, median and interval, unit, note."""
    match cell:
        case Words(text, more):
            return (f"{text} ({more})" if more else text), NONE, "", ""
        case Number(value, unit):
            return "", (value, None, None), unit, ""
        case Stated(value, unit, low, high):
            return "", (value, low, high), unit, ""
        case Spread(i, unit):
            return "", (i.p50, i.p10, i.p90), unit, ""
        case Lasting(i):
            return "", (i.p50, i.p10, i.p90), "h", ""
        case Money(value, currency, _, per):
            return "", (value, None, None), f"{currency}/{per}" if per else currency, ""
        case MoneySpread(i, currency):
            return "", (i.p50, i.p10, i.p90), currency, ""
        case Share(value):
            return "", (round(100 * value, 6), None, None), "%", ""
        case Day(day):
            return day.isoformat(), NONE, "", ""
        case Cited(numbers):
            return " ".join(f"[{n}]" for n in numbers), NONE, "", ""
        case Missing(note):
            return "", NONE, "", "" if note is None else document.notes[note - 1]


def plain(value: float, *, decimal_comma: bool) -> str:
    """A number without thousands separators: 840.978, in German 840,978."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if decimal_comma else text
