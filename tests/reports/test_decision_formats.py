"""Every format of a decision's report: the same numbers, the same bytes, nothing that runs."""

import csv
import hashlib
import io
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
from pypdf import PdfReader

from service.answers.reading import read_decision
from service.estimate.interval import Interval, certain
from service.reports.decision_report import decision_document
from service.reports.document.document import DASH, Lasting, shown
from service.reports.formats.renderers import RENDERERS
from service.reports.words.sentences import duration, stated_duration
from service.reports.words.turning_sentences import input_name
from service.reports.words.wording import LANGUAGES, wording
from tests.reports.answers_for_tests import HISTORY
from tests.reports.decisions_for_tests import (
    at_home_only,
    headline,
    hostile,
    impossible,
    many,
    nothing,
    stored,
    without_price,
)
from tests.reports.test_report_formats import (
    Elements,
    evaluated,
    hostile_names_are_names,
    printed_elsewhere,
)

ROOT = Path(__file__).parent.parent.parent
AWKWARD = (impossible, at_home_only, without_price, nothing, lambda: many(150))


def made(answer, extension, language="en", history=HISTORY):
    return RENDERERS[extension].render(decision_document(stored(answer), language, history))


def said_numbers(answer, language):
    """Every number of a decision's shortlist, and what it hangs on, in the words of its language."""
    w = wording(language)
    currency = answer["currency"]
    found = [w.number(answer["considered"]), w.number(answer["dominated_count"])]
    for option in answer["shortlist"]:
        cost = Interval(*(option["cost"][q] for q in ("p10", "p50", "p90")))
        found += [w.about(cost.p50, currency), w.about_between(cost, currency)]
        hours, co2 = option["calendar_hours"], option["plan_co2_interval_kg"]
        lasting = Lasting(Interval(**hours))
        found += [duration(w, hours["p50"]), *shown(w, lasting).below.split(DASH)]
        found += [w.rounded(co2["p50"]), *w.ends(co2["p10"], co2["p90"])]
        found += [w.likely(option["probability_within_limits"])]
    for swing in answer["sensitivity"]:
        found += [w.about(swing[key], currency) for key in ("difference_low", "difference_high")]
    found += [w.unit_price(p["rent_per_hour"], currency) for p in answer["break_even"]]
    limits = answer["limits"]
    return [*found, w.money(limits["budget"], currency), stated_duration(w, limits["deadline_hours"])]


def pdf_text(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return " ".join(" ".join(p.extract_text() for p in pages).replace("\u200b", "").split()), len(pages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdfs_text_has_every_number_of_the_shortlist_on_three_pages_at_most(language):
    answer = headline()
    text, pages = pdf_text(made(answer, "pdf", language))
    numbers = said_numbers(answer, language)
    assert len(numbers) > 60
    assert [n for n in numbers if n not in text] == []
    assert 2 <= pages <= 3


@pytest.mark.parametrize("extension", ["html", "md"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_in_text_have_every_number_too(extension, language):
    answer = headline()
    text = made(answer, extension, language).decode().replace("\xa0", " ")
    assert [n for n in said_numbers(answer, language) if n not in text] == []


@pytest.mark.long
@pytest.mark.parametrize("answer", AWKWARD, ids=["impossible", "at home", "no price", "nothing", "150 plans"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_awkward_decisions_are_documents_of_few_pages(answer, language):
    _, pages = pdf_text(made(answer(), "pdf", language, ()))
    assert 1 <= pages <= 3


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_is_one_file_that_runs_nothing_and_says_what_its_pictures_show(language):
    elements = Elements(made(headline(), "html", language).decode()).found
    tags = [tag for tag, _ in elements]
    assert not {"script", "link", "iframe", "img", "form"} & set(tags)
    figures = [a for tag, a in elements if tag == "figure"]
    assert 2 * len(figures) == tags.count("svg") == 8
    assert all(a["role"] == "img" and len(a["aria-label"]) > 40 for a in figures)
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))


def test_charts_use_the_languages_numbers():
    svg = re.compile(r"<svg.*?</svg>", re.S)
    pages = (made(headline(), "html", language).decode() for language in ("de", "en"))
    german, english = (" ".join(re.findall(r">([^<>]+)</text>", " ".join(svg.findall(p)))) for p in pages)
    assert "Frist 30 Tage" in german and "Budget 1.500 €" in german and "0,20" in german
    moved = read_decision(stored(headline())).sensitivity
    assert len(moved) == 5 and all(input_name(wording("en"), s.input) in english for s in moved)
    assert "deadline 30 days" in english and "budget €1,500" in english and "0.20" in english


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbooks_formulas_give_the_answers_numbers_and_follow_a_changed_rent(language):
    answer = headline()
    content = made(answer, "xlsx", language)
    book = openpyxl.load_workbook(io.BytesIO(content))
    kept = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    document = decision_document(stored(answer), language)
    tables = {t.key: t for t in document.tables}
    names = {key: table.title[:31] for key, table in tables.items()}
    plans, bill = book[names["plans"]], book[names["bill"]]
    formulas = [(s.title, c.coordinate) for s in book for r in s.rows for c in r if c.data_type == "f"]
    assert len(formulas) > 3 * 2 * len(answer["shortlist"])
    for sheet, address in formulas:
        told = kept[sheet][address].value
        assert evaluated(book, sheet, address) == (
            told if isinstance(told, str) else pytest.approx(told, abs=0.011)
        )
    heads = [c.value for c in plans[2]]
    cost = heads.index(next(c.title for c in tables["plans"].columns if c.key == "cost")) + 1
    others = [o for o in answer["shortlist"] if o != answer["best"]]
    others.sort(key=lambda o: not o["keeps_limits"])
    for row, option in enumerate([answer["best"], *others], 3):
        for shift, key in enumerate(("p50", "p10", "p90")):
            address = plans.cell(row, cost + shift).coordinate
            assert evaluated(book, names["plans"], address) == pytest.approx(option["cost"][key], abs=0.011)
    time = heads.index(next(c.title for c in tables["plans"].columns if c.key == "time")) + 1
    assert plans.cell(3, time).value == answer["best"]["calendar_hours"]["p50"]
    assert plans.cell(3, time).number_format.endswith('"h"')
    price = [c.value for c in bill[2]].index(
        next(c.title for c in tables["bill"].columns if c.key == "unit_price")
    )
    before = evaluated(book, names["plans"], plans.cell(3, cost).coordinate)
    rent = bill.cell(3, price + 1)
    assert rent.value == answer["best"]["cost"]["items"][0]["unit_price"]
    rent.value *= 2
    after = evaluated(book, names["plans"], plans.cell(3, cost).coordinate)
    assert after == pytest.approx(2 * before, rel=0.01)


def test_the_workbooks_bars_begin_at_what_the_next_plan_costs_more():
    book = zipfile.ZipFile(io.BytesIO(made(headline(), "xlsx")))
    charts = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/charts/chart")]
    (bars,) = (chart for chart in charts if "<c:barChart>" in chart and 'overlap val="100"' in chart)
    answer = read_decision(stored(headline()))
    more = answer.rival.cost.p50 - answer.best.cost.p50
    assert float(re.search(r'<c:crossesAt val="([^"]+)"', bars)[1]) == pytest.approx(more, abs=1e-5)


def test_csv_has_numbers_as_each_languages_spreadsheet_reads_them():
    answer = headline()
    english, german = (
        list(csv.DictReader(io.StringIO(made(answer, "csv", one).decode("utf-8-sig")), delimiter=mark))
        for one, mark in (("en", ","), ("de", ";"))
    )
    assert len(english) == len(german) > 200
    time = next(r for r in english if r["column"] == "Duration" and r["row"] == "1")
    assert float(time["median"]) == answer["best"]["calendar_hours"]["p50"] and time["unit"] == "h"
    dauer = next(r for r in german if r["Spalte"] == "Dauer" and r["Zeile"] == "1")
    assert dauer["Median"] == time["median"].replace(".", ",")


@pytest.mark.long
@pytest.mark.parametrize("extension", list(RENDERERS))
@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_stay_names(extension, language):
    hostile_names_are_names(made(hostile(), extension, language), extension, language)


DIGESTS = """
import hashlib
from service.answers.reading import read_decision
from service.reports.decision_report import decision_document
from service.reports.formats.renderers import RENDERERS
from tests.reports.answers_for_tests import HISTORY
from tests.reports.decisions_for_tests import headline, stored
for language in ("de",):
    document = decision_document(stored(headline()), language, HISTORY)
    for extension, renderer in RENDERERS.items():
        print(language, extension, hashlib.sha256(renderer.render(document)).hexdigest())
"""


@pytest.mark.long
def test_the_same_decision_gives_the_same_bytes_in_another_process():
    there = printed_elsewhere(DIGESTS)
    here = [
        f"{language} {extension} {hashlib.sha256(made(headline(), extension, language)).hexdigest()}"
        for language in ("de",)
        for extension in RENDERERS
    ]
    assert there.split("\n")[:-1] == here


def test_the_file_is_the_stored_answer_itself():
    content = stored(headline())
    assert RENDERERS["json"].render(decision_document(content)) == content


def test_a_duration_is_shown_as_a_person_would_and_kept_in_hours():
    for language, said in (("en", ("30 minutes", "2 days", "10 days")),
                           ("de", ("30 Minuten", "2 Tage", "10 Tage"))):  # fmt: skip
        w = wording(language)
        for hours, text in zip((0.5, 48, 240), said, strict=True):
            assert shown(w, Lasting(certain(hours))).line == text
