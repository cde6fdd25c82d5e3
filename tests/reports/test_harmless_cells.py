"""No text in any table we write begins a formula: reports as CSV and workbook, lists over REST."""

import ast
import csv
import io
import re
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path

import openpyxl
import pytest

from service.api.columns import as_csv
from service.harmless_cells import FORMULA_STARTS, NUMBER, harmless
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.formats.renderers import RENDERERS
from tests.reports import decisions_for_tests
from tests.reports.answers_for_tests import HISTORY, headline

ROOT = Path(__file__).parent.parent.parent
OURS = ("key", "language", "currency", "labels", "formula", "spec")
"""Fields of a document that no name reaches."""


def spoiled(part, start):
    """The document with a formula in place of every text in it."""
    if isinstance(part, str):
        return f"{start}SUM(1;2) {part}"
    if isinstance(part, tuple):
        return tuple(spoiled(one, start) for one in part)
    if not is_dataclass(part):
        return part
    return replace(
        part, **{f.name: spoiled(getattr(part, f.name), start) for f in fields(part) if f.name not in OURS}
    )


@cache
def documents():
    stored = decisions_for_tests.stored(decisions_for_tests.headline())
    return comparison_document(headline(), "en", HISTORY), decision_document(stored, "de", HISTORY)


def dangerous(cells):
    return [cell for cell in cells if cell.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(cell)]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_report_as_csv_holds_no_formula(start):
    for document in documents():
        text = RENDERERS["csv"].render(spoiled(document, start)).decode("utf-8-sig")
        delimiter = ";" if document.language == "de" else ","
        cells = [c for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for c in row]
        assert sum(c.startswith(f"'{start}") for c in cells) > 300
        assert dangerous(cells) == []


@pytest.mark.parametrize(
    "start", [*FORMULA_STARTS[:2], *(pytest.param(x, marks=pytest.mark.long) for x in FORMULA_STARTS[2:])]
)
def test_a_workbook_holds_no_formula_but_its_own(start):
    for document in documents():
        book = openpyxl.load_workbook(io.BytesIO(RENDERERS["xlsx"].render(spoiled(document, start))))
        cells = [cell for sheet in book for row in sheet.rows for cell in row if cell.value is not None]
        # A sheet's name is part of a formula, in quotes.
        formulas = [re.sub(r"'[^']*'", "", c.value) for c in cells if c.data_type == "f"]
        assert formulas and not [formula for formula in formulas if "SUM(1;2)" in formula]
        assert [c for c in cells if c.data_type == "s" and "SUM(1;2)" in c.value]


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_list_over_rest_holds_no_formula(start):
    bad = f"{start}SUM(1;2)"
    items = [{"slug": "a", bad: bad, "sources": {bad: {"title": bad}}, "notes": [bad, bad], "price": "-0.5"}]
    cells = [cell for row in csv.reader(io.StringIO(as_csv(items), newline="")) for cell in row]
    assert dangerous(cells) == [] and "-0.5" in cells
    assert sum(cell.startswith(f"'{start}") for cell in cells) == 4


def test_numbers_stay_numbers():
    numbers = ("-1", "+0.5", "-3,25", "-1e-9")
    assert [harmless(text) for text in numbers] == list(numbers)
    assert [harmless(text) for text in ("-1+1", "-inf", "+", "=1")] == ["'-1+1", "'-inf", "'+", "'=1"]


def test_whoever_writes_a_table_is_looked_at_above():
    writers = {
        file.relative_to(ROOT).as_posix()
        for room in ("service", "pricing")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("csv.writer", "csv.DictWriter", "writer", "DictWriter", "Workbook")
    }
    assert writers == {
        "service/api/columns.py",
        "service/reports/formats/as_csv.py",
        "service/reports/formats/as_workbook.py",
        "service/store/exporting.py",
    }
