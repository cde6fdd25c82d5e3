"""Charts of a workbook, drawn by the spreadsheet itself out of a sheet's cells."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

from service.reports.charts.charts import brief
from service.reports.document.document import Chart, Day, Row, Words
from service.reports.formats.workbook_sheets import Sheet

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

WHOLE_FROM = 20
"""From this value on an axis has no decimals."""
CHART_ROWS = 19
"""Lines of a sheet that a chart covers."""
WIDTH_PX, HEIGHT_PX = 760, 360


def insert_chart(book: "Workbook", page: "Worksheet", sheet: Sheet, chart: Chart, day_format: str) -> None:
    """The chart below its table."""
    rows = sheet.table.rows
    if not rows:
        return
    drawn = chart.drawn
    titles = {c.key: c.title for c in sheet.table.columns}
    is_dated = any(isinstance(_cell(sheet, row, drawn.x), Day) for row in rows)
    is_named = any(isinstance(_cell(sheet, row, drawn.x), Words) for row in rows)
    if drawn.kind == "bar":
        subtype = "stacked" if chart.data else "clustered"
        made = book.add_chart({"type": "bar", "subtype": subtype})
    elif is_named:
        made = book.add_chart({"type": "line"})
    else:
        look = {} if drawn.kind == "scatter" else {"subtype": "straight"}
        made = book.add_chart({"type": "scatter", **look})
    for name, some in _series(sheet, chart):
        for y in drawn.y:
            made.add_series(_one(sheet, chart, name or titles[y], some, y))
    made.set_title({"name": chart.title, "name_font": {"size": 12}, "overlay": False})
    across: dict[str, Any] = {"name": titles[drawn.x]}
    up: dict[str, Any] = {"name": titles[drawn.y[0]] if len(drawn.y) == 1 else ""}
    if is_dated:
        across["num_format"] = day_format
    elif not is_named:
        across["num_format"] = "General"
    most = max(abs(_value(sheet, row, y)) for row in rows for y in drawn.y)
    up["num_format"] = "#,##0.00" if drawn.kind == "line" and most < WHOLE_FROM else "#,##0"
    if drawn.kind == "line":
        up["min"] = 0
    if drawn.is_log and all(_value(sheet, row, k) > 0 for row in rows for k in (drawn.x, *drawn.y)):
        across["log_base"] = up["log_base"] = 10
    if drawn.kind == "bar":
        up, across = {"reverse": True, "label_position": "low"}, {"num_format": "#,##0"}
        if drawn.base is not None:
            # Bars begin where the axis of their names crosses, in Excel and in LibreOffice.
            across |= {"crossing": drawn.base, "name": sheet.table.title}
    made.set_x_axis(across)
    made.set_y_axis(up)
    made.set_legend(
        {"none": True} if drawn.kind == "scatter" or len(made.series) == 1 else {"position": "top"}
    )
    made.set_size({"width": WIDTH_PX, "height": HEIGHT_PX})
    page.insert_chart(sheet.last_row + 2, 0, made, {"description": chart.alt[:250]})


def _series(sheet: Sheet, chart: Chart) -> list[tuple[str, list[str]]]:
    """Rows by series, each with its name; one without a name where they are all one."""
    rows = sheet.table.rows
    if not chart.drawn.by:
        return [("", [row.key for row in rows])]

    def name(row: Row) -> str:
        cell = _cell(sheet, row, chart.drawn.by)
        return cell.text if isinstance(cell, Words) else ""

    return [(key, [row.key for row in some]) for key, some in groupby(rows, name)]


def _one(sheet: Sheet, chart: Chart, name: str, rows: list[str], y: str) -> dict[str, Any]:
    drawn = chart.drawn
    series: dict[str, Any] = {
        # A name that begins with = would be read as an address.
        "name": name.lstrip("="),
        "categories": f"={sheet.over(drawn.x, rows)}",
        "values": f"={sheet.over(y, rows)}",
    }
    if drawn.base is not None:
        series |= {"overlap": 100, "gap": 60}
    if drawn.kind == "scatter":
        # Not by address: LibreOffice would show the numbers instead.
        names = {row.key: row.cells[0].text for row in sheet.table.rows if isinstance(row.cells[0], Words)}
        labels = [{"value": brief(names.get(row, "")).lstrip("=")} for row in rows]
        series["marker"] = {"type": "circle", "size": 7}
        series["data_labels"] = {"value": True, "custom": labels, "position": "right"}
    return series


def _cell(sheet: Sheet, row: Row, column: str) -> Any:
    return row.cells[[c.key for c in sheet.table.columns].index(column)]


def _value(sheet: Sheet, row: Row, column: str) -> float:
    cell = _cell(sheet, row, column)
    interval = getattr(cell, "interval", None)
    return float(interval.p50 if interval else getattr(cell, "value", 0.0))
