"""What a report says: structure, numbers, languages, what is cut, what is missing."""

import json
import re
from datetime import UTC, date, datetime

import orjson
import pytest

from service.errors import InvalidValue, UnknownName
from service.facts import Source
from service.reports.comparison_report import comparison_document
from service.reports.document.document import (
    DASH,
    Chart,
    Linked,
    Missing,
    MoneySpread,
    Product,
    Spread,
    Total,
    shown,
)
from service.reports.document.frame import safe_name
from service.reports.document.notebook import Notebook
from service.reports.document.page import page
from service.reports.formats.renderers import RENDERERS, renderer
from service.reports.words.wording import LANGUAGES, wording
from tests.reports.answers_for_tests import HISTORY, headline, long_bills, many, packed, stored, without_price

SECTIONS = [
    "verdict",
    "options",
    "bill",
    "turns",
    "history",
    "fit",
    "energy",
    "record",
    "assumptions",
]


def table(document, key):
    return next(t for t in document.tables if t.key == key)


def cell(document, key, row, column):
    found = table(document, key)
    place = [c.key for c in found.columns].index(column)
    return found.rows[row].cells[place]


def words(document):
    """Everything a reader sees, as one text."""
    return json.dumps(page(document), ensure_ascii=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_comes_first_and_every_section_has_its_place(language):
    document = comparison_document(headline(), language, HISTORY)
    assert [s.key for s in document.sections] == SECTIONS
    lead = document.sections[0].blocks[0]
    assert lead.is_lead and len(re.findall(r"[.!](?:\s|$)", lead.text)) == 2
    assert [t.key for t in document.tables] == [
        "options", "bill", "turns", "fit", "ladder", "record", "assumptions",
    ]  # fmt: skip
    charts = [b.key for s in document.sections for b in s.blocks if isinstance(b, Chart)]
    assert charts == ["bill", "history"]
    assert all(s.title for s in document.sections)


def test_every_number_is_the_answers():
    answer = stored()
    document = comparison_document(packed(answer))
    for row, option in enumerate(answer["options"]):
        for column, key in (
            ("hours", "hours"),
            ("energy", "energy_kwh"),
            ("co2", "co2_kg"),
            ("cost", "cost"),
        ):
            shown_cell = cell(document, "options", row, column)
            assert isinstance(shown_cell, Spread | MoneySpread)
            i = shown_cell.interval
            assert [i.p10, i.p50, i.p90] == [option[key][q] for q in ("p10", "p50", "p90")]
        item = option["cost"]["items"][0]
        assert cell(document, "bill", row, "unit_price").value == item["unit_price"]
        assert cell(document, "bill", row, "amount").interval.p50 == item["p50"]
        memory = cell(document, "fit", row, "need").interval
        assert memory.p50 == option["fit"]["peak_memory_gib"]
    assert cell(document, "turns", 0, "turns").value == answer["break_even"]["rent_per_hour"]
    assert cell(document, "turns", 1, "turns").value == answer["break_even"]["per_kwh"]
    assert cell(document, "record", 0, "error").value == 0.0301
    assert document.sections[0].blocks[0].text.startswith(answer["verdict"]["summary"].split(". ")[0])


def chart(document, key):
    return next(c for c in document.charts if c.key == key)


def test_a_bill_is_drawn_with_its_items_and_its_total_named_in_the_picture():
    answer = stored()
    found = chart(comparison_document(packed(answer)), "bill")
    bars, names, intervals, totals = (layer["data"]["values"] for layer in found.spec["layer"])
    for option, interval in zip(answer["options"], intervals, strict=True):
        counted = [i["p50"] for i in option["cost"]["items"] if i["is_counted"] and i["p50"]]
        own = [bar for bar in bars if bar["option"] == interval["option"]]
        assert [bar["amount"] for bar in own] == counted
        assert own[-1]["to"] == pytest.approx(option["cost"]["p50"], abs=0.02)
        assert (interval["low"], interval["high"]) == (option["cost"]["p10"], option["cost"]["p90"])
    assert {n["item"] for n in names} == {"electricity", "training hours"}
    assert [t["words"] for t in totals] == [
        wording("en").about(o["cost"]["p50"], "EUR") for o in answer["options"]
    ]
    assert "legend" not in json.dumps(found.spec).replace('"legend": null', "")


def test_where_nothing_is_bought_money_over_time_is_no_picture():
    assert "over-time" not in [s.key for s in comparison_document(packed(stored())).sections]


def test_every_assumption_has_unit_source_date_and_age():
    document = comparison_document(headline())
    numbers = table(document, "assumptions")
    assert 10 < numbers.on_page < len(numbers.rows)
    places = {c.key: i for i, c in enumerate(numbers.columns)}
    w = wording("en")
    cited = {s.number for s in document.sources}
    for row in numbers.rows[: numbers.on_page]:
        texts = [shown(w, c).text for c in row.cells]
        assert re.search(r"\d", texts[places["value"]])
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", texts[places["as_of"]])
        assert texts[places["age"]].endswith(" days")
        assert set(row.cells[places["source"]].numbers) <= cited
    assert [s.number for s in document.sources] == list(range(1, len(document.sources) + 1))
    assert "days old" in document.sources[0].provenance


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_price_is_a_dash_with_a_footnote(language):
    document = comparison_document(without_price(), language)
    price = cell(document, "options", 1, "cost")
    assert isinstance(price, Missing) and document.notes[price.note - 1]
    text = words(document)
    assert f"{DASH}¹" in text
    assert not re.search(r"[€$]0(?:\.0+)?(?![.\d])|(?<![,.\d])0(?:,0+)? €", text)
    marks = set(re.findall(f"{DASH}([¹²³⁴⁵⁶⁷⁸⁹]+)", text))
    assert len(marks) == len(document.notes)


def test_what_does_not_fit_says_so_and_shows_no_price():
    answer = stored()
    home = answer["options"][0]
    home["fit"]["verdict"] = "does_not_fit"
    for key in ("hours", "energy_kwh", "cost", "co2_kg", "tokens_per_s", "mfu", "evidence", "power_limit"):
        home[key] = None
    answer["verdict"].update(cheaper=None, faster=None, saving=None, slow_down=None, cheaper_probability=None)
    document = comparison_document(packed(answer))
    assert "cannot hold this run" in document.sections[0].blocks[0].text
    assert all(isinstance(cell(document, "options", 0, key), Missing) for key in ("hours", "cost", "co2"))
    for extension in RENDERERS:
        assert RENDERERS[extension].render(document)


def test_without_any_rented_option_it_is_still_a_page():
    answer = stored()
    answer["options"] = answer["options"][:1]
    answer["verdict"].update(cheaper=None, faster=None, saving=None, slow_down=None, cheaper_probability=None)
    for language in LANGUAGES:
        document = comparison_document(packed(answer), language)
        assert len(table(document, "options").rows) == 1
        assert all(RENDERERS[extension].render(document) for extension in RENDERERS)


def test_many_options_are_cut_on_the_page_and_whole_in_the_files():
    document = comparison_document(many(2_000))
    options = table(document, "options")
    assert len(options.rows) == 2_001 and options.on_page == 10
    laid_out = page(document)
    html = RENDERERS["html"].render(document).decode()
    markdown = RENDERERS["md"].render(document).decode()
    for text in (html, markdown, json.dumps(laid_out)):
        assert "and 1,991 more" in text
    assert len(html) < 150_000 and html.count("<tr") < 120
    assert RENDERERS["csv"].render(document).decode().count("\r\nOptions,") > 14_000


HOME_LINES = ["electricity", "wear", "purchase", "heat", "base_fee"]
RENTED_LINES = ["rent", "set_up", "idle", "interruptions", "storage", "egress", "tax"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_bill_of_several_lines_has_its_total_and_says_what_it_leaves_out(language):
    answer = orjson.loads(long_bills())
    codes = [[item["code"] for item in option["cost"]["items"]] for option in answer["options"]]
    assert codes == [HOME_LINES, RENTED_LINES]
    document = comparison_document(packed(answer), language)
    rows = {row.key: row.cells for row in table(document, "bill").rows}
    assert len(rows) == len(HOME_LINES) + len(RENTED_LINES) + 2
    assert rows["bill-1-total"][-1].formula == Total(tuple(f"bill-1-{i}" for i in (1, 2, 3, 4)))
    assert rows["bill-2-total"][-1].formula == Total(tuple(f"bill-2-{i}" for i in (1, 2, 3, 4, 5, 7)))
    assert rows["bill-2-1"][-1].formula == Product("quantity", "unit_price")
    assert rows["bill-2-3"][-2].formula == Linked("bill", "bill-2-1", "unit_price")
    heat, egress, tax = rows["bill-1-4"], rows["bill-2-6"], rows["bill-2-7"]
    assert heat[-1].interval.p50 < 0 and shown(wording("en"), tax[-2]).text == "19.0%"
    assert isinstance(egress[-1], Missing) and isinstance(egress[-2], Missing)
    assert document.notes[egress[-1].note - 1]
    assert tax[-3].formula == Total(tuple(f"bill-2-{i}" for i in (1, 2, 3, 4, 5)), "amount")
    assert cell(document, "options", 1, "cost").formula == Linked("bill", "bill-2-total", "amount")
    said = {"en": ("paid with or without the run", "price unknown: traffic"),
            "de": ("Grundgebühr", "Preis unbekannt: Datenverkehr")}[language]  # fmt: skip
    assert all(phrase in words(document) for phrase in said)


def test_german_is_german_and_english_english():
    german = words(comparison_document(headline(), "de", HISTORY))
    english = words(comparison_document(headline(), "en", HISTORY))
    # What sources and runs are called is theirs, not ours.
    for name in ("nanochat d32 (October 2025)", "A test's own source"):
        german, english = german.replace(name, ""), english.replace(name, "")
    for word in ("Urteil", "Möglichkeiten", "Annahmen", "Quellen", "24.11.2026", "2.112", "Tage"):
        assert word in german, word
    for word in ("the", "and", "of", "with", "days", "hours", "Cost", "Source", "at home", "rented", "price"):
        assert not re.search(
            rf"\b{word}\b", re.sub(r'"(?:key|kind|\w+_title)": "[^"]*"|"\w+":', "", german)
        ), word
    for word in ("Verdict", "Options", "Assumptions", "2026-11-24", "2,112"):
        assert word in english, word
    for word in ("und", "der", "Tage", "Stunden", "Kosten", "zu Hause", "gemietet"):
        assert not re.search(rf"\b{word}\b", english), word
    assert not re.search(r"[äöüß]", english)


def test_no_history_no_section():
    for prices in ((), HISTORY[:1]):
        keys = [s.key for s in comparison_document(headline(), "en", prices).sections]
        assert keys == [key for key in SECTIONS if key != "history"]


def test_an_answer_stored_before_these_keys_existed_is_still_a_report():
    answer = stored()
    del answer["workload"]["n_experts"], answer["workload"]["reference_hours"]
    del answer["workload"]["reference_gpu_count"]
    for option in answer["options"]:
        for key in ("rate", "carbon", "gpu_memory_gib", "gpu_category"):
            del option[key]
        del option["fit"]["time_factor"]
        for item in option["cost"]["items"]:
            del item["is_counted"]
        del option["cost"]["exchange_rates"]
        if option["offer"]:
            for key in ("provider_name", "source", "url", "read_on", "licence", "term_months"):
                del option["offer"][key]
    document = comparison_document(packed(answer))
    assert cell(document, "turns", 1, "today").value == 0.372
    assert "lambda gpu_8x_h100_sxm5" in words(document)
    assert "12 GiB" in words(document)


def test_names_of_files_are_safe():
    assert safe_name("heimvorteil", "../../etc/passwd", "Ünïcode & \n") == "heimvorteil-etc-passwd-n-code"
    assert len(safe_name("x" * 500)) == 80
    assert comparison_document(headline()).name == "heimvorteil-nanochat-d32-01234567"


def test_unknown_formats_and_languages_name_the_choices():
    with pytest.raises(UnknownName, match="pdf"):
        renderer("pfd")
    with pytest.raises(InvalidValue, match="de"):
        comparison_document(headline(), "fr")


def test_a_source_of_many_days_is_one_line_that_says_from_when_to_when():
    days = [date(2026, 11, day) for day in (20, 1, 7)]
    for language, line in (
        ("en", "as of 2026-11-01 to 2026-11-20 (3 numbers), the newest 8 days old"),
        ("de", "Stand 1.11.2026 bis 20.11.2026 (3 Zahlen), die neueste 8 Tage alt"),
    ):
        n = Notebook(wording(language), datetime(2026, 11, 28, tzinfo=UTC))
        n.cite(Source("other", "Another", "https://example.org", days[0]))
        cited = {n.cite(Source("hosts", "Hosts", "https://example.net", day)).numbers for day in days}
        assert cited == {(2,)}
        other, hosts = n.sources
        assert (hosts.provenance, hosts.as_of, hosts.number) == (line, days[0], 2)
        assert "(" not in other.provenance
