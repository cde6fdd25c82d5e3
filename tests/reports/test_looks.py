"""What once read wrong or looked ugly is not seen again: plurals, limits, signs, small amounts, colours."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from pypdf import PdfReader

from service import usecases
from service.decide.sensitivity import prices_around
from service.estimate.interval import Interval
from service.reports.charts.charts import SHADES
from service.reports.charts.drawing import DARK_OF, draw
from service.reports.charts.label_places import LinePlace, beside_line
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.document.page import FULL_WIDTH_PX, page
from service.reports.formats.as_html import FONT, PX_SCALE
from service.reports.formats.as_terminal import render as as_terminal
from service.reports.formats.renderers import RENDERERS
from service.reports.words.sentences import duration, duration_ends, stated_duration
from service.reports.words.source_notes import note_sentence
from service.reports.words.wording import LANGUAGES, wording
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from tests.reports.answers_for_tests import HISTORY, headline, packed, stored
from tests.reports.decisions_for_tests import headline as decided
from tests.reports.decisions_for_tests import stored as stored_decision
from tests.reports.told_for_tests import as_plain_comparison, screen

CATALOG = Path(usecases.__file__).parent.parent / "catalog"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EN, DE = wording("en"), wording("de")
MINUS = "\N{MINUS SIGN}"
PHONE_PX = 320 - 2 * 0.3 * 16
"""What a screen of 320 pixels has between its margins."""


@pytest.fixture(scope="module")
def compare(catalog_copy):
    engine = engine_for(catalog_copy())
    snapshot = load(Sessions(engine))

    def ask(**asked):
        request = usecases.AskedComparison.of(**asked)
        return as_plain_comparison(usecases.compare_home_with_cloud(snapshot, request, NOW), request.lang)

    yield ask
    engine.dispose()


def said(document):
    return orjson.dumps(page(document)).decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_day_one_plan_one_option_are_not_many(language):
    yesterday = (NOW.date() - timedelta(days=1)).isoformat()
    text = packed(stored()).decode()
    fresh = re.sub(r'("as_of":\s*)"\d{4}-\d\d-\d\d"', rf'\1"{yesterday}"', text).encode()
    comparison = comparison_document(fresh, language)
    told = said(comparison) + screen(fresh, language)
    answer = decided()
    answer["dominated_count"] = answer["runs_until_bought"] = 1
    told += said(decision_document(stored_decision(answer), language))
    assert not re.search(
        r"(?<![\d.,])1 (days|Tage|plans|Pläne|runs|weitere Pläne|further plans|such runs)\b", told
    )
    expected = {"en": ("1 day old", " 1 beaten in cost", "after a single such run."),
                "de": ("1 Tag alt", " 1 in Kosten, Zeit ", "schon beim ersten ")}[language]  # fmt: skip
    assert all(phrase in told for phrase in expected)


@pytest.mark.parametrize(
    ("hours", "english", "german"),
    [
        (720, "30 days", "30 Tage"),
        (36, "36 hours", "36 Stunden"),
        (24, "24 hours", "24 Stunden"),
        (1, "1 hour", "1 Stunde"),
        (0.5, "30 minutes", "30 Minuten"),
        (100.5, "100.5 hours", "100,5 Stunden"),
    ],
)
def test_a_limit_is_said_as_it_was_stated(hours, english, german):
    assert (stated_duration(EN, hours), stated_duration(DE, hours)) == (english, german)


def test_a_budget_is_said_as_it_was_stated():
    assert [EN.stated_money(x, "EUR") for x in (10, 700, 12.9)] == ["€10", "€700", "€12.90"]
    assert "30.0 days" not in said(decision_document(stored_decision(decided())))


def test_a_run_of_seconds_has_seconds():
    assert duration(EN, 0.001389) == "5 seconds" and duration(DE, 0.5) == "30 Minuten"


@pytest.mark.parametrize(
    ("amount", "currency", "about", "unit"),
    [
        (0.0104, "EUR", "€0.01", "€0.0104"),
        (0.58, "EUR", "€0.58", "€0.58"),
        (17.186, "EUR", "€17", "€17.19"),
        (1162.99, "JPY", "¥1,160", "¥1,163"),
        (44.99, "JPY", "¥45", "¥45"),
        (348530.23, "IDR", "IDR 349,000", "IDR 348,530"),
        (-38.2, "EUR", f"{MINUS}€38", f"{MINUS}€38.20"),
    ],
)
def test_amounts_in_every_size_and_currency(amount, currency, about, unit):
    assert (EN.about(amount, currency), EN.unit_price(amount, currency)) == (about, unit)


@pytest.mark.parametrize(
    ("low", "high", "money", "number"),
    [
        (0.0004, 75.0, ("€0", "€75"), ("0", "75.0")),
        (5.7e-13, 1518.0, ("€0", "€1,520"), ("0", "1,520")),
        (9.56, 11.6, ("€10", "€12"), ("9.6", "11.6")),
        (0.98, 4.5, ("€0.98", "€4.50"), ("0.98", "4.50")),
        (709, 1019, ("€710", "€1,020"), ("710", "1,020")),
        (10.1, 10.2, ("€10", "€10"), ("10.1", "10.2")),
        (-38.2, 4.5, (f"{MINUS}€38", "€4"), (f"{MINUS}38.2", "4.5")),
    ],
)
def test_both_ends_of_a_range_are_rounded_alike(low, high, money, number):
    assert EN.about_ends(low, high, "EUR") == money and EN.ends(low, high) == number


def test_both_ends_of_a_duration_are_rounded_alike():
    assert duration_ends(EN, Interval(2.4, 5, 9.2)) == "2\N{EN DASH}9"
    assert duration_ends(EN, Interval(2.4, 3, 4.1)) == "2.4\N{EN DASH}4.1"


def test_no_hyphen_stands_for_minus():
    numbers = (EN.number(-3.2, 1), EN.rounded(-202.4), EN.exact(-1.5), EN.share(-0.25), EN.stated(-7))
    assert all(x.startswith(MINUS) for x in numbers)
    answer = decided()
    answer["sensitivity"][0]["difference_low"] = -38.2
    assert not re.search(r"(?<![\w\d])-[€$]?\d", said(decision_document(stored_decision(answer))))


def test_small_shares_and_chances_are_not_nothing():
    assert EN.likely(0.0) == "under 1%" and DE.likely(0.004) == "unter 1 %" and EN.likely(0.05) == "5%"
    assert EN.part(0.0004) == "0.04%" and EN.part(0.86) == "86%"


def test_prices_of_electricity_lie_about_ones_own_in_any_currency():
    assert prices_around(0.372) == prices_around(0.15) == (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)
    assert prices_around(44.99) == (5, 10, 20, 30, 40, 60, 80)
    assert prices_around(0.0)[0] == 0.05


def test_a_rent_below_nothing_is_not_offered_on_the_screen():
    answer = decided()
    for point in answer["break_even"]:
        point["rent_per_hour"] -= 1000
    told = screen(stored_decision(answer))
    assert "renting wins below" not in told and "home stays cheaper whatever the rent" in told
    document = decision_document(stored_decision(answer))
    assert "line" not in [t.key for t in document.tables]


def test_small_runs_keep_their_digits(compare):
    answer = compare(workload="gpt2-124m", tokens=20_000_000)
    for option in answer["options"]:
        for key in ("hours", "energy_kwh", "cost", "co2_kg"):
            low, middle, high = (option[key][q] for q in ("p10", "p50", "p90"))
            assert 0 < low <= middle <= high and (low < high or key == "cost"), key
    told = [n for n in answer["sources"] + answer["options"][0]["sources"] if n["name"] == "tokens"]
    assert {n["as_of"] for n in told} == {"2026-11-24"}


def test_what_a_limit_of_power_adds_is_told_in_days_of_the_calendar(compare):
    def added(hours):
        told = screen(compare(hours_per_day=hours))
        return float(re.search(r"takes ([\d.]+) days longer", " ".join(told.split()))[1])

    assert added(12.0) == pytest.approx(2 * added(24.0), abs=1.5)


def test_a_bill_of_more_than_electricity_is_not_called_electricity(compare):
    worn = compare(wear_per_hour=0.02)
    plain = compare()
    assert "of electricity against" in screen(plain)
    assert "of electricity against" not in screen(worn)


def test_a_machine_that_cannot_hold_the_run_draws_nothing(compare):
    content = orjson.dumps(compare(workload="llama-2-70b"))
    document = comparison_document(content)
    fit = next(t for t in document.tables if t.key == "fit")
    assert type(fit.rows[0].cells[-1]).__name__ == "Missing"
    assert "turns" not in [t.key for t in document.tables]
    assert "GiB per GPU, and 11.7 GiB can be used" in said(document)


@pytest.mark.parametrize("file", ["offers.csv", "household_rates.csv"])
def test_remarks_of_shipped_facts_are_german_in_german(file):
    with (CATALOG / file).open() as rows:
        notes = [row["note"] for row in csv.DictReader(rows) if row["note"]]
    often = {note for note in notes if notes.count(note) > 1}
    assert often
    for note in often | {"mean of many tariffs; real contracts differ from it by up to 40 %"}:
        assert note not in note_sentence(DE, note) and note in note_sentence(EN, note)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_of_a_page_ends_between_a_number_and_its_unit(language):
    html = RENDERERS["html"].render(comparison_document(headline(), language)).decode()
    words = re.sub(r"<svg.*?</svg>|<style.*?</style>|<title>.*?</title>", "", html, flags=re.S)
    assert not re.search(r"\d (?:€|%|kWh|GiB|kg|h|W|Tage|days)(?![\w])", words)
    assert re.search("\\d\xa0(?:kWh|GiB)", words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_chart_and_its_explanation_stay_together(language):
    document = decision_document(stored_decision(decided()), language)
    reader = PdfReader(io.BytesIO(RENDERERS["pdf"].render(document)))
    ends = {"en": "A bought card is paid on the first day", "de": "Eine gekaufte Karte wird am ersten Tag"}
    axis = {"en": "days since the start", "de": "Tage seit Beginn"}[language]
    pages = [" ".join(p.extract_text().split()) for p in reader.pages]
    assert [ends[language] in text for text in pages] == [axis in text for text in pages]


def test_words_at_a_line_keep_clear_of_signs():
    assert beside_line("budget 3,000", [], 50, 540, True) == LinePlace(True, True)
    assert beside_line("budget 3,000", [(30, 70)], 50, 540, True) == LinePlace(True, False)
    crowded = [(30, 70), (30, 30)]
    assert beside_line("budget 3,000", crowded, 50, 540, True) == LinePlace(False, True)


def luminance(colour: str) -> float:
    parts = [
        int(part * (3 - len(part)), 16) / 255
        for part in re.findall("." if len(colour) == 4 else "..", colour[1:])
    ]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_stands_out_from_its_ground():
    html = RENDERERS["html"].render(decision_document(stored_decision(decided()), history=HISTORY)).decode()
    html += RENDERERS["html"].render(comparison_document(headline())).decode()
    drawn = set(re.findall(r'<text[^>]*fill="(#[0-9a-f]+)"', html))
    assert len(drawn) >= 3
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]+)", css)) for css in re.findall(r":root \{.*", html)[:2]
    )
    for colours, words in ((light, drawn), (dark, {DARK_OF[ink] for ink in drawn})):
        grounds = [colours["ground"], colours["band"]]
        for ink in (*(colours[name] for name in ("ink", "soft", "brand")), *words):
            assert all(contrast(ink, ground) >= 4.5 for ground in grounds), ink
    assert all(contrast("#111111", shade) >= 4.5 for shade in SHADES)
    assert all(contrast(DARK_OF["#111111"], DARK_OF[shade]) >= 4.5 for shade in SHADES)


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_colour_of_a_chart_has_one_for_the_dark():
    documents = (
        comparison_document(headline()),
        decision_document(stored_decision(decided()), history=HISTORY),
    )
    svg = "".join(draw(c.spec, "en", FONT, c.key) for d in documents for c in d.charts)
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{3,6}|[a-z]+)"', svg)) - {"none", "transparent"}
    assert used and used <= set(DARK_OF)


def test_nothing_is_too_small_to_read():
    typ = (Path(usecases.__file__).parents[1] / "templates" / "report.typ").read_text()
    points = [float(x) for x in re.findall(r"(?:size: |-size = )([\d.]+)pt", typ)]
    assert len(points) > 5 and min(points) >= 8 and not re.search(r"size: [\d.]+em", typ)
    html = RENDERERS["html"].render(comparison_document(headline())).decode()
    screen, print_ = html.split("@media print")
    sizes = [float(x) for x in re.findall(r"font(?:-size)?: ([\d.]+)px", screen)]
    assert len(sizes) > 8 and min(sizes) >= 14 and not re.search(r"font-size: [\d.]+(?:r?em|%)", html)
    assert min(float(x) for x in re.findall(r"font-size: ([\d.]+)pt", print_)) >= 8
    page_points = 182 / 25.4 * 72
    for document in (comparison_document(headline()), decision_document(stored_decision(decided()))):
        for found in document.charts:
            svg = draw(found.spec, "de", FONT, found.key)
            width = float(re.search(r'width="([\d.]+)"', svg)[1])
            smallest = min(float(x) for x in re.findall(r'font-size="([\d.]+)px"', svg))
            assert smallest * PX_SCALE >= 14
            assert smallest * page_points / max(width, FULL_WIDTH_PX) >= 8, found.key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_is_drawn_again_for_a_phone(language):
    documents = (comparison_document(headline(), language, HISTORY),
                 decision_document(stored_decision(decided()), language, HISTORY))  # fmt: skip
    for document in documents:
        html = RENDERERS["html"].render(document).decode()
        assert html.count('<div class="narrow">') == len(document.charts) > 1
        for found in document.charts:
            svg = draw(found.narrow, language, FONT, found.key)
            width = float(re.search(r'width="([\d.]+)"', svg)[1])
            smallest = min(float(x) for x in re.findall(r'font-size="([\d.]+)px"', svg))
            assert smallest * PHONE_PX / width >= 14, found.key


def test_a_plan_outside_the_limits_is_faint_in_colour_alone():
    document = decision_document(stored_decision(decided()))
    faint = "\x1b[2m"
    plans = replace(document, sources=(), screen=tuple(s for s in document.screen if s.key == "plans"))
    for width in (60, 120):
        colour, bold, plain = (as_terminal(plans, width, ink).decode() for ink in ("colour", "bold", "none"))
        assert faint in colour and faint not in bold + plain


def test_a_card_for_several_runs_is_not_said_to_be_sold_after_this_one():
    answer = decided()
    (bought,) = {id(p): p for p in answer["shortlist"] if p["purchase"]}.values()
    whole = bought["purchase"]["price"]["p50"] * (1 - bought["purchase"]["resale_share"]["p50"])
    told = {}
    for runs in (1, 5):
        bought["purchase"]["loss_per_run"] = dict.fromkeys(("p10", "p50", "p90"), whole / runs)
        told[runs] = said(decision_document(stored_decision(answer)))
    assert "after the sale" in told[1] and "of it for this run" not in told[1]
    assert "of it for this run" in told[5] and "after the sale" not in told[5]


@pytest.mark.parametrize("language", LANGUAGES)
def test_behind_every_picture_are_its_numbers(language):
    for document in (comparison_document(headline(), language),
                     decision_document(stored_decision(decided()), language, HISTORY)):  # fmt: skip
        html = RENDERERS["html"].render(document).decode()
        tables = {t.key for t in document.tables}
        assert html.count("<details>") == sum(1 for c in document.charts if c.data)
        for found in document.charts:
            assert found.data.rows if found.data else found.drawn.table in tables


@pytest.mark.parametrize("language", LANGUAGES)
def test_headings_follow_each_other_and_tables_say_what_their_heads_head(language):
    for document in (comparison_document(headline(), language),
                     decision_document(stored_decision(decided()), language)):  # fmt: skip
        html = RENDERERS["html"].render(document).decode()
        levels = [int(level) for level in re.findall(r"<h(\d)", html)]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        assert f'<html lang="{language}">' in html
        assert html.count("<th") - html.count("<thead") == len(re.findall(r'<th scope="(?:col|row)"', html))
        assert html.count("<table>") == html.count("<caption>") == html.count('role="region"')
