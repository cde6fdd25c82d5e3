"""Every format of a report: the same numbers, the same bytes, nothing that runs."""

import csv
import hashlib
import io
import json
import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import orjson
import pytest
from pypdf import PdfReader

from service.estimate.interval import Interval
from service.reports.comparison_report import comparison_document
from service.reports.formats.renderers import RENDERERS
from service.reports.words.wording import LANGUAGES, wording
from tests.reports.answers_for_tests import (
    HISTORY,
    HOSTILE,
    headline,
    hostile,
    long_bills,
    many,
    packed,
    stored,
    without_price,
)

ROOT = Path(__file__).parent.parent.parent


def made(content, extension, language="en", history=HISTORY):
    return RENDERERS[extension].render(comparison_document(content, language, history))


def said_numbers(answer, language):
    """Every number of an answer that a report states, in the words of its language."""
    w = wording(language)
    currency = answer["break_even"]["currency"]
    found = [w.day(date(2026, 11, 24)), w.number(answer["workload"]["steps"])]
    for option in answer["options"]:
        fit = option["fit"]
        found += [w.rounded(fit["available_memory_gib"])]
        for quantity in (
            fit["peak_memory_interval_gib"],
            option["hours"],
            option["energy_kwh"],
            option["co2_kg"],
        ):
            found += [w.rounded(quantity["p50"]), *w.ends(quantity["p10"], quantity["p90"])]
        found += [w.rounded(option["hours"]["p50"] / 24), w.rounded(option["wall_watts"]["p50"])]
        cost = Interval(*(option["cost"][q] for q in ("p10", "p50", "p90")))
        found += [w.about(cost.p50, currency), w.about_between(cost, currency)]
        found += [w.unit_price(i["unit_price"], currency) for i in option["cost"]["items"] if i["unit_price"]]
        found += [w.number(option["tokens_per_s"])]
        found += [w.rounded(rung["hours_added"]) for rung in fit["ladder"]]
    turns = answer["break_even"]
    found += [w.unit_price(turns[key], currency) for key in ("rent_per_hour", "per_kwh")]
    found += [w.money(float(answer["options"][1]["offer"]["hourly_price"]), "USD", 2)]
    reference = answer["reference_method"]
    found += [w.number(reference[key]) for key in ("hours_low", "hours_high", "days_low", "watts")]
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdfs_text_has_every_number_of_the_answer(language):
    answer = stored()
    reader = PdfReader(io.BytesIO(made(packed(answer), "pdf", language)))
    text = " ".join(" ".join(p.extract_text() for p in reader.pages).replace("\u200b", "").split())
    numbers = said_numbers(answer, language)
    assert len(numbers) > 50
    assert [n for n in numbers if n not in text] == []
    assert 1 <= len(reader.pages) <= 3


@pytest.mark.parametrize("extension", ["html", "md"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_in_text_have_every_number_too(extension, language):
    answer = stored()
    text = made(packed(answer), extension, language).decode().replace("\xa0", " ")
    assert [n for n in said_numbers(answer, language) if n not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_tagged_has_bookmarks_a_language_and_its_own_fonts(language):
    reader = PdfReader(io.BytesIO(made(headline(), "pdf", language)))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/StructTreeRoot"] and root["/Lang"].startswith(language)
    document = comparison_document(headline(), language, HISTORY)

    def titles(items):
        for item in items:
            yield from titles(item) if isinstance(item, list) else [item["/Title"]]

    bookmarks = list(titles(reader.outline))
    assert bookmarks[0] == document.title
    assert [s.title for s in document.sections] == [
        t for t in bookmarks if t in {s.title for s in document.sections}
    ]
    assert b"pdfuaid" in reader.xmp_metadata.stream.get_data() and reader.metadata.title == document.title
    assert reader.metadata.creation_date.date() == document.made_at.date()
    fonts = {f for p in reader.pages for f in p["/Resources"].get("/Font", {})}
    assert fonts
    for p in reader.pages:
        for font in p["/Resources"].get("/Font", {}).values():
            assert (
                "Libertinus" in font.get_object()["/BaseFont"] or "DejaVu" in font.get_object()["/BaseFont"]
            )


def test_charts_say_in_words_what_they_show():
    root = PdfReader(io.BytesIO(made(headline(), "pdf"))).trailer["/Root"]

    def alternatives(node):
        node = node.get_object()
        if "/Alt" in node:
            yield str(node["/Alt"])
        kids = node.get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            if hasattr(kid.get_object() if hasattr(kid, "get_object") else None, "get"):
                yield from alternatives(kid)

    found = list(alternatives(root["/StructTreeRoot"]))
    assert len(found) == 2 and all("€" in text or "$" in text for text in found)


class Elements(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_needs_nothing_else_and_reads_aloud(language):
    text = made(headline(), "html", language).decode()
    elements = Elements(text).found
    tags = [tag for tag, _ in elements]
    assert elements[0] == ("html", {"lang": language})
    assert not {"script", "link", "img", "iframe", "object", "foreignobject"} & set(tags)
    assert not re.search(r"""(?:src=|url\((?!#)|@import|xlink:href=)""", text)
    assert tags.count("table") == tags.count("caption") == 9
    assert all(a.get("scope") in ("col", "row") for tag, a in elements if tag == "th")
    figures = [a for tag, a in elements if tag == "figure"]
    assert 2 * len(figures) == tags.count("svg") == 4 and all(
        a["role"] == "img" and a["aria-label"] for a in figures
    )
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert "@media print" in text


def test_charts_use_the_languages_numbers():
    german, english = (made(headline(), "html", language).decode() for language in ("de", "en"))
    svg = re.compile(r"<svg.*?</svg>", re.S)
    months = [" ".join(re.findall(r">([^<>]+)</text>", " ".join(svg.findall(t)))) for t in (german, english)]
    assert "Kosten in EUR" in months[0] and "cost, EUR" in months[1]
    assert "Okt 2026" in months[0] and "Oct 2026" in months[1]
    big = stored()
    for option in big["options"]:
        for cost in (option["cost"], *option["cost"]["items"]):
            cost.update({key: cost[key] and cost[key] * 100 for key in ("p10", "p50", "p90")})
    assert ">20.000<" in made(packed(big), "html", "de").decode()
    assert ">20,000<" in made(packed(big), "html", "en").decode()


def evaluated(book, sheet, address):
    """The value of a cell, its formula worked out here: products, sums, references."""
    value = book[sheet][address].value
    if not (isinstance(value, str) and book[sheet][address].data_type == "f"):
        return value
    formula = value.removeprefix("=")
    if product := re.fullmatch(r"([A-Z]+\d+)\*([A-Z]+\d+)", formula):
        return evaluated(book, sheet, product[1]) * evaluated(book, sheet, product[2])
    if total := re.fullmatch(r"SUM\(([A-Z\d,]+)\)", formula):
        return sum(evaluated(book, sheet, one) for one in total[1].split(","))
    if least := re.fullmatch(r"MIN\((.+)\)", formula):
        return min(x for x in ranged(book, least[1]) if isinstance(x, int | float))
    if found := re.fullmatch(r"INDEX\((.+),MATCH\((MIN\(.+\)),(.+),0\)\)", formula):
        names, values = ranged(book, found[1]), ranged(book, found[3])
        return names[values.index(min(x for x in values if isinstance(x, int | float)))]
    other = re.fullmatch(r"'([^']+)'!([A-Z]+\d+)", formula)
    return evaluated(book, other[1], other[2])


def ranged(book, address):
    """The values of a column of cells, 'Sheet'!$C$3:$C$7."""
    sheet, column, first, last = re.fullmatch(r"'([^']+)'!\$([A-Z]+)\$(\d+):\$\2\$(\d+)", address).groups()
    return [evaluated(book, sheet, f"{column}{row}") for row in range(int(first), int(last) + 1)]


def test_the_workbook_says_what_is_cheapest_by_its_own_prices_and_marks_what_does_not_follow():
    answer = stored()
    book = openpyxl.load_workbook(io.BytesIO(made(packed(answer), "xlsx")))
    document = comparison_document(packed(answer), "en", HISTORY)
    summary, bill = book["Summary"], book[next(t.title for t in document.tables if t.key == "bill")]
    home, cloud = answer["options"]
    assert evaluated(book, "Summary", "B4").startswith(home["label"])
    assert evaluated(book, "Summary", "B5") == pytest.approx(home["cost"]["p50"], abs=0.01)
    price = [c.value for c in bill[2]].index("Unit price") + 1
    bill.cell(3, price).value *= 10
    assert evaluated(book, "Summary", "B4").startswith(cloud["label"])
    stale = "as of the stored answer; it does not follow changed prices"
    assert summary["A7"].value == stale and stale in book["What would change the verdict"]["A1"].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbooks_columns_hold_their_content_and_its_charts_are_the_spreadsheets_own(language):
    document = comparison_document(headline(), language, HISTORY)
    book = openpyxl.load_workbook(io.BytesIO(made(headline(), "xlsx", language)))
    charts = [chart for sheet in book for chart in sheet._charts]
    assert len(charts) == len(document.charts) == 2
    for sheet in book:
        assert sheet.print_area and sheet.page_setup.paperSize == 9
        for column in filter(None, sheet.iter_cols(min_row=3)):
            width = sheet.column_dimensions[column[0].column_letter].width
            for c in column:
                if isinstance(c.value, int | float) and '"' in c.number_format:
                    unit = c.number_format.split('"')[1]
                    digits = len(c.number_format.split(" ")[0].partition(".")[2])
                    assert len(f"{c.value:,.{digits}f} {unit}") <= width, (sheet.title, c.coordinate)
                    assert digits <= 2 or abs(c.value) < 10 or c.value == 0, (c.coordinate, c.number_format)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("content", [headline, long_bills])
def test_the_workbooks_formulas_give_the_answers_numbers_and_follow_a_changed_price(content, language):
    answer = orjson.loads(content())
    book = openpyxl.load_workbook(io.BytesIO(made(content(), "xlsx", language)))
    kept = openpyxl.load_workbook(io.BytesIO(made(content(), "xlsx", language)), data_only=True)
    document = comparison_document(content(), language)
    names = {t.key: t.title[:31] for t in document.tables}
    bill, options = book[names["bill"]], book[names["options"]]
    formulas = [(s.title, c.coordinate) for s in book for r in s.rows for c in r if c.data_type == "f"]
    lines = sum(len([i for i in o["cost"]["items"] if i["unit_price"]]) for o in answer["options"])
    assert len(formulas) >= 3 * (lines + 2)
    for sheet, address in formulas:
        told = kept[sheet][address].value
        assert evaluated(book, sheet, address) == (
            told if isinstance(told, str) else pytest.approx(told, abs=0.006)
        )
    heads = [c.value for c in options[2]]
    cost = heads.index(next(c.title for c in document.tables[0].columns if c.key == "cost")) + 1
    for row, option in enumerate(answer["options"], 3):
        for shift, key in enumerate(("p50", "p10", "p90")):
            address = options.cell(row, cost + shift).coordinate
            assert evaluated(book, names["options"], address) == pytest.approx(option["cost"][key], abs=0.006)
        assert options.cell(row, cost).number_format.endswith('"EUR"')
    before = evaluated(book, names["options"], options.cell(3, cost).coordinate)
    price = [c.value for c in bill[2]].index(
        next(c.title for c in document.tables[1].columns if c.key == "unit_price")
    )
    per_kwh = bill.cell(3, price + 1)
    electricity = evaluated(book, names["bill"], bill.cell(3, 3).coordinate) * per_kwh.value
    per_kwh.value *= 2
    after = evaluated(book, names["options"], options.cell(3, cost).coordinate)
    assert after == pytest.approx(before + electricity)


def test_the_workbook_lists_every_number_and_every_source():
    answer = stored()
    book = openpyxl.load_workbook(io.BytesIO(made(packed(answer), "xlsx")))
    numbers = {
        (n["subject"], n["name"])
        for n in answer["sources"] + [x for o in answer["options"] for x in o["sources"]]
    }
    record = {key for key in numbers if key[0] == "track record"}
    assert book["Assumptions"].max_row - 2 == len(numbers - record)
    assert book["Sources"].max_row - 1 == len(comparison_document(packed(answer), "en", HISTORY).sources)
    assert book.properties.created.isoformat() == "2026-11-24T12:00:00"


def test_csv_has_numbers_as_each_languages_spreadsheet_reads_them():
    answer = stored()
    english = list(csv.DictReader(io.StringIO(made(packed(answer), "csv").decode("utf-8-sig"))))
    german = list(
        csv.DictReader(io.StringIO(made(packed(answer), "csv", "de").decode("utf-8-sig")), delimiter=";")
    )
    assert len(english) == len(german) > 300
    hours = next(r for r in english if r["column"] == "Training, hours")
    assert float(hours["median"]) == answer["options"][0]["hours"]["p50"] and hours["unit"] == "h"
    stunden = next(r for r in german if r["Spalte"] == "Training, Stunden")
    assert stunden["Median"] == hours["median"].replace(".", ",")


@pytest.mark.long
@pytest.mark.parametrize("extension", list(RENDERERS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_stay_names(extension, language):
    hostile_names_are_names(made(hostile(), extension, language), extension, language)


def hostile_names_are_names(content, extension, language):
    """No name of HOSTILE is read as markup, a formula, a link or a mention in a file of that extension."""
    if extension == "html":
        elements = Elements(content.decode()).found
        assert "script" not in [tag for tag, _ in elements] and "b" not in [tag for tag, _ in elements]
        assert not [a for _, a in elements if any(k.startswith("on") for k in a)]
        assert all(a.get("href", "https://").startswith("https://") for _, a in elements)
    elif extension == "pdf":
        text = "".join("".join(p.extract_text() for p in PdfReader(io.BytesIO(content)).pages).split())
        text = text.replace("\u200b", "")
        for name in HOSTILE[:4]:
            assert "".join(name.split()) in text, name
        assert "W" * 60 in text
    elif extension == "txt":
        text = content.decode()
        assert not re.search(r"[^\n\x20-\x7e\xa0-\uffff]", text)
        flat = "".join(text.split())
        assert "".join(HOSTILE[0].split()) in flat
    elif extension == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = [c for sheet in book for row in sheet.rows for c in row if c.value is not None]
        assert all(
            re.match(r"=(?:SUM\(|MIN\('|INDEX\('|'|[A-Z]+\d+\*)", c.value)
            for c in cells
            if c.data_type == "f"
        )
        assert any(str(c.value).startswith("=HYPERLINK") and c.data_type == "s" for c in cells)
        assert not any(c.hyperlink for c in cells)
    elif extension == "csv":
        rows = list(
            csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";" if language == "de" else ",")
        )
        assert len({len(row) for row in rows}) == 1
        number = re.compile(r"-?[\d.,]+")
        dangerous = ("=", "+", "-", "@", "\t")
        assert not [c for row in rows for c in row if c.startswith(dangerous) and not number.fullmatch(c)]
        assert any(c.startswith("'@everyone") for row in rows for c in row)
    elif extension == "md":
        text = content.decode()
        assert "@everyone" not in text and not re.search(r"(?<!\\)<(?!https://)", text)
        assert not re.search(r"(?<!\\)\[", text) and not re.search(r"(?<!\\)`", text)
        for block in re.findall(r"(?:^\|.*\n)+", text, re.M):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(widths) == 1, block
    else:
        assert json.loads(content)["workload"]["name"] == HOSTILE[0]


@pytest.mark.long
@pytest.mark.parametrize("content", [without_price, lambda: many(150)], ids=["no price", "150 options"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_awkward_answers_are_documents_of_few_pages(content, language):
    reader = PdfReader(io.BytesIO(made(content(), "pdf", language, ())))
    assert 2 <= len(reader.pages) <= 4


DIGESTS = """
import hashlib
from service.reports.comparison_report import comparison_document
from service.reports.formats.renderers import RENDERERS
from tests.reports.answers_for_tests import HISTORY, headline
for language in ("en",):
    document = comparison_document(headline(), language, HISTORY)
    for extension, renderer in RENDERERS.items():
        print(language, extension, hashlib.sha256(renderer.render(document)).hexdigest())
"""


def printed_elsewhere(code):
    """What the code prints in another process, another time zone and another order of hashes."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
        "TZ": "Pacific/Auckland",
        "PYTHONHASHSEED": "7",
    }
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    ).stdout


@pytest.mark.long
def test_the_same_answer_gives_the_same_bytes_in_another_process():
    there = printed_elsewhere(DIGESTS)
    here = [
        f"{language} {extension} {hashlib.sha256(made(headline(), extension, language)).hexdigest()}"
        for language in ("en",)
        for extension in RENDERERS
    ]
    assert there.split("\n")[:-1] == here
