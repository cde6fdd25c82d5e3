"""A document as an Excel workbook: a sheet per table, live formulas for the bills, charts, all sources.

Text is written as strings, never parsed, so that nothing in a name can become a formula.
"""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from service.reports.document.document import (
    Bullets,
    Cell,
    Column,
    Day,
    Document,
    Linked,
    Missing,
    MoneySpread,
    Paragraph,
    Product,
    Row,
    Share,
    Table,
    Total,
    Words,
    shown,
)
from service.reports.formats.as_csv import parts
from service.reports.formats.workbook_charts import CHART_ROWS, WIDTH_PX, insert_chart
from service.reports.formats.workbook_sheets import (
    AS_STORED,
    HEAD_ROW,
    LINE_POINTS,
    Formats,
    Sheet,
    lines,
    pattern,
    sheet_name,
)
from service.reports.words.wording import wording

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

OPTIONS = ("plans", "options")
"""Tables of what is chosen from."""
TITLE_LETTER_PX = 10
SUMMARY_WIDTHS = (46, 64)


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
    taken = {document.labels["summary"].lower(), document.sources_title.lower()}
    tables = [*document.tables, *(chart.data for chart in document.charts if chart.data)]
    sheets = {table.key: Sheet(table, sheet_name(table.title, taken), document) for table in tables}
    look = Formats(book, document.language)
    _summary(document, book, look, sheets)
    for sheet in sheets.values():
        page = book.add_worksheet(sheet.name)
        _write_table(document, page, sheet, sheets, look)
        rows, columns = sheet.last_row, len(sheet.widths) - 1
        drawn = [c for c in document.charts if c.drawn.table == sheet.table.key]
        columns = max(columns, sheet.columns_under(TITLE_LETTER_PX * len(title_of(document, sheet.table))))
        for chart in drawn:
            insert_chart(book, page, sheet, chart, look["day"].num_format)
            rows, columns = rows + CHART_ROWS + 2, max(columns, sheet.columns_under(WIDTH_PX))
        _print(page, rows, columns, landscape=True, pages=1 if drawn else 0)
    _sources(document, book, look)
    book.close()
    return content.getvalue()


def _summary(document: Document, book: "Workbook", look: Formats, sheets: Mapping[str, Sheet]) -> None:
    page, labels = book.add_worksheet(document.labels["summary"]), document.labels
    for i, width in enumerate(SUMMARY_WIDTHS):
        page.set_column(i, i, width)
    said: list[tuple[str, str]] = []
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
            said += [("text", ""), ("bold", section.title), *paragraphs]
    if document.notes:
        said += [("text", ""), ("bold", document.notes_title)]
        said += [("text", f"{i} {note}") for i, note in enumerate(document.notes, 1)]
    said += [("text", ""), ("text", document.made)]
    page.write_string(0, 0, document.title, look["title"])
    page.merge_range(1, 0, 1, 1, "", look["text"])
    page.write_string(1, 0, document.subtitle, look["text"])
    row = _live(document, page, look, sheets)
    page.write_string(row, 0, labels["as_stored"], look["soft"])
    for kind, text in said:
        row += 1
        if not text:
            continue
        page.merge_range(row, 0, row, 1, "", look[kind])
        page.write_string(row, 0, text, look[kind])
        page.set_row(row, LINE_POINTS * lines(text, sum(SUMMARY_WIDTHS)))
    _print(page, row, 1, landscape=False)


def _live(document: Document, page: "Worksheet", look: Formats, sheets: Mapping[str, Sheet]) -> int:
    """The cheapest of the options as the workbook's own prices have it; the row after it."""
    labels = document.labels
    sheet = next((sheets[key] for key in OPTIONS if key in sheets), None)
    if sheet is None:
        return 3
    place = [c.key for c in sheet.table.columns].index("cost")
    within = [row for row in sheet.table.rows if not row.is_outside]
    costs = [(row, cost) for row in within if isinstance(cost := row.cells[place], MoneySpread)]
    if not costs:
        return 3
    keys = [row.key for row in within]
    name = "plan" if "plan" in sheet.places else "option"
    names = [c.key for c in sheet.table.columns].index(name)
    row, cost = min(costs, key=lambda pair: pair[1].interval.p50)
    least = f"MIN({sheet.over('cost', keys)})"
    page.set_row(3, 2 * LINE_POINTS)
    page.write_string(3, 0, labels["cheapest"], look["bold"])
    page.write_formula(
        3, 1, f"=INDEX({sheet.over(name, keys)},MATCH({least},{sheet.over('cost', keys)},0))",
        look["bold"], shown(wording(document.language), row.cells[names]).line,
    )  # fmt: skip
    page.write_string(4, 0, labels["its_cost"], look["text"])
    digits = pattern(cost, cost.interval.p50, cost.currency)
    page.write_formula(4, 1, f"={least}", look.of("number_left", digits), cost.interval.p50)
    return 6


def title_of(document: Document, table: Table) -> str:
    """The title of a sheet, with a remark where it does not follow changed prices."""
    return f"{table.title} ({document.labels['as_stored']})" if table.key in AS_STORED else table.title


def _write_table(
    document: Document, page: "Worksheet", sheet: Sheet, sheets: Mapping[str, Sheet], look: Formats
) -> None:
    labels, table = document.labels, sheet.table
    page.write_string(0, 0, title_of(document, table), look["title"])
    for column in table.columns:
        place = sheet.places[column.key]
        head = look["number_head" if column.is_number else "head"]
        page.write_string(1, place, column.title, head)
        if sheet.has_interval[column.key]:
            page.write_string(1, place + 1, labels["low"], head)
            page.write_string(1, place + 2, labels["high"], head)
        if column.key in sheet.units:
            page.write_string(1, sheet.units[column.key], labels["unit"], look["head"])
    for place, width in enumerate(sheet.widths):
        page.set_column(place, place, width)
    heads = [lines(c.title, 0.8 * sheet.widths[sheet.places[c.key]]) for c in table.columns]
    if any(sheet.has_interval.values()):
        heads.append(2)
    page.set_row(1, LINE_POINTS * max(heads))
    for row in table.rows:
        page.set_row(sheet.rows[row.key], LINE_POINTS * sheet.lines_of(row, document.language))
        for column, cell in zip(table.columns, row.cells, strict=True):
            _write_cell(page, sheet, row, column, cell, document=document, sheets=sheets, look=look)
    page.freeze_panes(HEAD_ROW, 1)
    page.repeat_rows(1)


def _write_cell(
    page: "Worksheet",
    sheet: Sheet,
    row: Row,
    column: Column,
    cell: Cell,
    *,
    document: Document,
    sheets: Mapping[str, Sheet],
    look: Formats,
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
            words = shown(wording(document.language), cell).line
            kind = "bold" if row.is_total else "text"
            if isinstance(cell, Missing) and column.is_number:
                kind = "right"
            page.write_string(line, place, words, look[kind])
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
    middle = numbers[0] or 0.0
    if (units := sheet.units.get(column.key)) is not None and unit:
        page.write_string(line, units, unit, look["text"])
        unit = ""
    digits = pattern(cell, middle, unit)
    for part, value in enumerate(numbers):
        if value is None or (part and not sheet.has_interval[column.key]):
            continue
        if formula is None:
            page.write_number(line, place + part, value, look.of(kind, digits))
        else:
            words = _formula(formula, sheet, sheets, row=row.key, column=column.key, part=part)
            page.write_formula(line, place + part, words, look.of(kind, digits), value)


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


def _sources(document: Document, book: "Workbook", look: Formats) -> None:
    page = book.add_worksheet(document.sources_title)
    labels = document.labels
    heads = (labels["number"], labels["source"], labels["as_of"], labels["note"], labels["address"])
    for i, (head, width) in enumerate(zip(heads, (9, 60, 12, 46, 70), strict=True)):
        page.write_string(0, i, head, look["head"])
        page.set_column(i, i, width)
    for i, source in enumerate(document.sources, 1):
        taken = (lines(source.title, 60), lines(source.provenance, 46), lines(source.url, 70))
        page.set_row(i, LINE_POINTS * max(taken))
        page.write_number(i, 0, source.number, look["number"])
        page.write_string(i, 1, source.title, look["text"])
        page.write_datetime(i, 2, source.as_of, look["day"])
        page.write_string(i, 3, source.provenance, look["text"])
        page.write_string(i, 4, source.url, look["text"])
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    _print(page, len(document.sources), 4, landscape=True)


def _print(page: "Worksheet", last_row: int, last_column: int, *, landscape: bool, pages: int = 0) -> None:
    page.set_paper(9)
    page.set_margins(left=0.5, right=0.5, top=0.5, bottom=0.6)
    page.set_footer("&L&8&A&R&8&P / &N")
    page.fit_to_pages(1, pages)
    page.print_area(0, 0, last_row, last_column)
    if landscape:
        page.set_landscape()
