"""A document as an Excel workbook: a sheet per table, live formulas for the bills, all sources.

Text is written as strings, never parsed, so that nothing in a name can become a formula.
"""

import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from service.reports.document.document import (
    Bullets,
    Cell,
    Column,
    Day,
    Document,
    Lasting,
    Linked,
    Missing,
    MoneySpread,
    Paragraph,
    Product,
    Row,
    Share,
    Spread,
    Stated,
    Table,
    Total,
    Words,
    shown,
)
from service.reports.formats.as_csv import parts
from service.reports.words.wording import wording

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

HEAD_ROW = 2
"""Rows above a table's first line: its title, its heads."""
LARGEST_NAME = 31
NUMBERS = "#,##0.00##"


class Sheet:
    """Where a table's cells stand: a column takes one place, three with an interval, and one for its unit."""

    def __init__(self, table: Table, name: str) -> None:
        self.table = table
        self.name = name
        self.rows = {row.key: HEAD_ROW + i for i, row in enumerate(table.rows)}
        self.places: dict[str, int] = {}
        self.has_interval: dict[str, bool] = {}
        self.has_unit: dict[str, bool] = {}
        place = 0
        for i, column in enumerate(table.columns):
            cells = [row.cells[i] for row in table.rows]
            self.places[column.key] = place
            self.has_interval[column.key] = any(_is_interval(cell) for cell in cells)
            self.has_unit[column.key] = any(getattr(cell, "unit", "") or _currency(cell) for cell in cells)
            place += (3 if self.has_interval[column.key] else 1) + self.has_unit[column.key]

    def at(self, row: str, column: str, part: int) -> str:
        """The address of a cell's median (0), low (1) or high (2) end."""
        from xlsxwriter.utility import xl_rowcol_to_cell

        shift = part if self.has_interval[column] else 0
        address: str = xl_rowcol_to_cell(self.rows[row], self.places[column] + shift)
        return address


def render(document: Document) -> bytes:
    """The file; its only date is the answer's."""
    from xlsxwriter import Workbook

    content = io.BytesIO()
    book = Workbook(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties(
        {
            "title": document.title,
            "author": "Heimvorteil",
            "comments": document.made,
            "created": document.made_at.replace(tzinfo=None, microsecond=0),
        }
    )
    labels = document.labels
    taken = {labels["summary"].lower(), document.sources_title.lower()}
    sheets = {table.key: Sheet(table, _name(table.title, taken)) for table in document.tables}
    look = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format(
            {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "bg_color": "#F3F5F8"}
        ),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "number": book.add_format({"num_format": NUMBERS, "valign": "top"}),
        "input": book.add_format({"num_format": "#,##0.0000##", "valign": "top", "bg_color": "#FFF7DB"}),
        "total": book.add_format({"num_format": NUMBERS, "bold": True, "top": 1, "valign": "top"}),
        "share": book.add_format({"num_format": "0.0%", "valign": "top"}),
        "day": book.add_format({"num_format": _day_format(document.language), "valign": "top"}),
        "bold": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
    }
    _summary(document, book, look)
    for sheet in sheets.values():
        _write_table(document, book.add_worksheet(sheet.name), sheet, sheets, look)
    _sources(document, book, look)
    book.close()
    return content.getvalue()


def _summary(document: Document, book: "Workbook", look: Mapping[str, Any]) -> None:
    page = book.add_worksheet(document.labels["summary"])
    page.set_column(0, 0, 110)
    lines: list[tuple[str, str]] = [("title", document.title), ("text", document.subtitle)]
    for section in document.sections:
        paragraphs: list[tuple[str, str]] = []
        for block in section.blocks:
            match block:
                case Paragraph(text, is_lead):
                    paragraphs.append(("bold" if is_lead else "text", text))
                case Bullets(items):
                    paragraphs += [("text", f"• {item}") for item in items]
                case _:
                    pass
        if paragraphs:
            lines += [("text", ""), ("bold", section.title), *paragraphs]
    if document.notes:
        lines += [("text", ""), ("bold", document.notes_title)]
        lines += [("text", f"{i} {note}") for i, note in enumerate(document.notes, 1)]
    lines += [("text", ""), ("text", document.made)]
    for i, (kind, text) in enumerate(lines):
        page.write_string(i, 0, text, look[kind])
    _print(page, landscape=False)


def _write_table(
    document: Document,
    page: "Worksheet",
    sheet: Sheet,
    sheets: Mapping[str, Sheet],
    look: Mapping[str, Any],
) -> None:
    labels, table = document.labels, sheet.table
    page.write_string(0, 0, table.title, look["title"])
    for column in table.columns:
        place = sheet.places[column.key]
        page.write_string(1, place, column.title, look["head"])
        if sheet.has_interval[column.key]:
            page.write_string(1, place + 1, labels["low"], look["head"])
            page.write_string(1, place + 2, labels["high"], look["head"])
        if sheet.has_unit[column.key]:
            after = place + (3 if sheet.has_interval[column.key] else 1)
            page.write_string(1, after, labels["unit"], look["head"])
        page.set_column(place, place, _width(column.title, is_number=column.is_number))
    for row in table.rows:
        for column, cell in zip(table.columns, row.cells, strict=True):
            _write_cell(page, sheet, row, column, cell, document=document, sheets=sheets, look=look)
    page.freeze_panes(HEAD_ROW, 1)
    _print(page, landscape=True)


def _write_cell(
    page: "Worksheet",
    sheet: Sheet,
    row: Row,
    column: Column,
    cell: Cell,
    *,
    document: Document,
    sheets: Mapping[str, Sheet],
    look: Mapping[str, Any],
) -> None:
    line, place = sheet.rows[row.key], sheet.places[column.key]
    match cell:
        case Day(day):
            page.write_datetime(line, place, day, look["day"])
            return
        case Share(share):
            page.write_number(line, place, share, look["share"])
            return
        case Words() | Missing():
            page.write_string(line, place, shown(wording(document.language), cell).line, look["text"])
            return
    text, numbers, unit, _ = parts(document, cell)
    if text:
        page.write_string(line, place, text, look["text"])
    formula = getattr(cell, "formula", None)
    kind = "number"
    if row.is_total:
        kind = "total"
    elif column.key == "unit_price" and formula is None:
        kind = "input"
    for part, value in enumerate(numbers):
        if value is None:
            continue
        if formula is None:
            page.write_number(line, place + part, value, look[kind])
        else:
            words = _formula(formula, sheet, sheets, row=row.key, column=column.key, part=part)
            page.write_formula(line, place + part, words, look[kind], value)
    if unit and sheet.has_unit[column.key]:
        after = place + (3 if sheet.has_interval[column.key] else 1)
        page.write_string(line, after, unit, look["text"])


def _formula(
    formula: Product | Total | Linked,
    sheet: Sheet,
    sheets: Mapping[str, Sheet],
    *,
    row: str,
    column: str,
    part: int,
) -> str:
    match formula:
        case Product(left, right):
            return f"={sheet.at(row, left, part)}*{sheet.at(row, right, part)}"
        case Total(rows, other):
            return f"=SUM({','.join(sheet.at(r, other or column, part) for r in rows)})"
        case Linked(table, other_row, other_column):
            there = sheets[table]
            return f"='{there.name}'!{there.at(other_row, other_column, part)}"


def _sources(document: Document, book: "Workbook", look: Mapping[str, Any]) -> None:
    page = book.add_worksheet(document.sources_title)
    labels = document.labels
    heads = (labels["number"], labels["source"], labels["as_of"], labels["note"], labels["address"])
    for i, (head, width) in enumerate(zip(heads, (8, 60, 12, 34, 60), strict=True)):
        page.write_string(0, i, head, look["head"])
        page.set_column(i, i, width)
    for i, source in enumerate(document.sources, 1):
        page.write_number(i, 0, source.number)
        page.write_string(i, 1, source.title, look["text"])
        page.write_datetime(i, 2, source.as_of, look["day"])
        page.write_string(i, 3, source.provenance, look["text"])
        page.write_string(i, 4, source.url, look["text"])
    page.freeze_panes(1, 0)
    _print(page, landscape=True)


def _is_interval(cell: Cell) -> bool:
    return isinstance(cell, Spread | Lasting | MoneySpread) or (
        isinstance(cell, Stated) and cell.low is not None
    )


def _currency(cell: Cell) -> str:
    return str(getattr(cell, "currency", ""))


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: at most 31 characters, none of []:*?/\\', each used once."""
    plain = re.sub(r"[\[\]:*?/\\']", " ", title).strip() or "-"
    name, copies = plain[:LARGEST_NAME].strip(), 1
    while name.lower() in taken:
        copies += 1
        name = f"{plain[: LARGEST_NAME - 4].strip()} {copies}"
    taken.add(name.lower())
    return name


def _width(title: str, *, is_number: bool) -> int:
    return max(12, min(len(title) + 2, 18)) if is_number else 34


def _day_format(language: str) -> str:
    return "d.m.yyyy" if language == "de" else "yyyy-mm-dd"


def _print(page: "Worksheet", *, landscape: bool) -> None:
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    if landscape:
        page.set_landscape()
