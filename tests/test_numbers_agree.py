"""Screen, pages, tables and files say the numbers of the stored answer, and no others."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from service import usecases
from service.answers.question import AskedDecision
from service.estimate import market_day
from service.estimate.interval import Interval
from service.facts import Source, SpotPrice
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.formats.renderers import RENDERERS
from service.reports.words.sentences import HOURS_PER_MONTH, HOURS_PER_YEAR
from service.reports.words.wording import LANGUAGES, Wording, wording
from service.store import spot_prices
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.deciding import answer_decision
from tests.reports.test_report_formats import evaluated
from tests.reports.told_for_tests import screen as on_screen

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAYS = 12
LARGEST = 1e15
DYNAMIC = {"tariff": {"kind": "dynamic", "zone": "AT"}, "hours_per_day": 12}
COMPARISONS = {
    "headline": usecases.AskedComparison.of(),
    "dynamic, half the day": usecases.AskedComparison.of(**DYNAMIC),
    "yen": usecases.AskedComparison.of(currency="JPY"),
    "a run of minutes": usecases.AskedComparison.of(workload="gpt2-124m", tokens=20_000_000),
    "a run of millions": usecases.AskedComparison.of(workload="llama-2-70b"),
}
DECISIONS = {
    "limits": AskedDecision.of(budget=700.0, deadline_hours=720.0),
    "dynamic, half the day": AskedDecision.of(budget=700.0, deadline_hours=3600.0, **DYNAMIC),
    "none": AskedDecision.of(budget=10.0, deadline_hours=36.0),
    "a run of minutes": AskedDecision.of(workload="gpt2-124m", tokens=20_000_000, budget=5.0),
}
QUESTIONS = [("comparison", name) for name in COMPARISONS] + [("decision", name) for name in DECISIONS]
QUICK = ("headline", "limits", "yen")
CASES = [
    pytest.param(kind, name, language, marks=() if name in QUICK else pytest.mark.long)
    for i, (kind, name) in enumerate(QUESTIONS)
    for j, language in enumerate(LANGUAGES)
    if name in ("headline", "limits") or (i + j) % 2
]
"""The first question of each kind in every language, the others in one by turns."""
QUANTITIES = (("hours", "h"), ("energy_kwh", "kWh"), ("co2_kg", "kg"))
UNITS = r"kWh|kg|h|W|GiB|days?|Tagen?|hours?|Stunden?|minutes|Minuten|seconds|Sekunden|tokens/s|Tokens/s"
MEASURED = re.compile(
    rf"(?<![\w.,/×])(?<!RTX )(\d[\d.,]*\d|\d) (?:{UNITS})(?![\w²])(?! (?:old|alt|since|from|seit|von)\b)"
)
"""A quantity with its unit; no name of a card, no age of a price, no tick before the title of an axis."""
AMOUNT = {
    "en": re.compile(r"(?<!\w)[€$¥](\d[\d.,]*\d|\d)"),
    "de": re.compile(r"(?<![\w.,])(\d[\d.,]*\d|\d) [€$¥]"),
}


@pytest.fixture(scope="module")
def told(catalog_copy):
    """Every question's stored answer, by kind, name and language."""
    engine = engine_for(catalog_copy())
    source = Source("test-spot", "Day-ahead price", "https://example.org/price", NOW.date())
    spots = []
    for back in range(1, DAYS + 1):
        begin, end = market_day.bounds(NOW.date() - timedelta(days=back))
        while begin < end:
            price = Decimal(40 + 7 * back + (90 if begin.hour > 10 else 0))
            after = begin + timedelta(hours=1)
            spots.append(SpotPrice("AT", begin, after, price, "EUR", source, NOW))
            begin = after
    with Sessions(engine).begin() as session:
        spot_prices.put_all(session, spots)
    sessions = Sessions(engine)
    snapshot = load(sessions)
    kept = {}
    for language in LANGUAGES:
        for name, asked in COMPARISONS.items():
            stored = usecases.answer(sessions, snapshot, asked.model_copy(update={"lang": language}), NOW)
            kept["comparison", name, language] = json.loads(stored.answer)
        for name, wanted in DECISIONS.items():
            stored = answer_decision(sessions, snapshot, wanted.model_copy(update={"lang": language}), NOW)
            kept["decision", name, language] = json.loads(stored.answer)
    engine.dispose()
    return kept


def screen(content: bytes, language: str) -> str:
    return on_screen(content, language, width=400)


def document(kind: str, content: bytes, language: str):
    return (comparison_document if kind == "comparison" else decision_document)(content, language)


class Words(HTMLParser):
    """What a browser shows, without pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.parts = 0, []

    def handle_starttag(self, tag, attrs):
        self.inside += tag in ("svg", "style")

    def handle_endtag(self, tag):
        self.inside -= tag in ("svg", "style")

    def handle_data(self, data):
        if not self.inside:
            self.parts.append(data)


def texts(kind: str, content: bytes, language: str) -> dict[str, str]:
    """The words of every format that is read by people."""
    made = document(kind, content, language)
    html = Words()
    html.feed(RENDERERS["html"].render(made).decode())
    pages = PdfReader(io.BytesIO(RENDERERS["pdf"].render(made))).pages
    found = {
        "screen": screen(content, language),
        "html": " ".join(html.parts),
        "pdf": " ".join(p.extract_text() for p in pages).replace("\u200b", ""),
        "md": RENDERERS["md"].render(made).decode().replace("\\", ""),
    }
    titles = {" ".join(title.split()) for title in re.findall(r'"source": "([^"]+)"', content.decode())}
    return {key: without(titles, " ".join(text.split())) for key, text in found.items()}


def without(titles: set[str], text: str) -> str:
    """The text without the titles of sources, whose numbers are theirs."""
    for title in titles:
        text = text.replace(title, "")
    return text


def numbers(value: Any) -> Iterator[float]:
    """Every number of an answer, prices in strings too, and how old each of its dates is."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, str):
        if re.fullmatch(r"\d+(\.\d+)?", value):
            yield float(value)
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            yield (NOW.date() - date.fromisoformat(value)).days
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def derived(answer: dict[str, Any]) -> Iterator[float]:
    """What sentences work out from an answer: differences of hours, what hours and kWh are worth."""
    yield from (24, 65, 3600, 730, 0.3, 1)
    options = answer.get("options") or answer["shortlist"]
    for option in options:
        hours, calendar = option["hours"], option["calendar_hours"]
        if hours is None:
            continue
        stretch = calendar["p50"] / hours["p50"] if calendar and option["kind"] == "home" else 1.0
        yield round(24 / stretch, 1)
        unit_prices = (
            [i["unit_price"] for i in option["cost"]["items"] if i["unit_price"]] if option["cost"] else []
        )
        if limit := option["power_limit"]:
            yield limit["hours_added"] * stretch
            more = limit["best"]["energy_kwh"] - limit["least"]["energy_kwh"]
            yield (limit["least"]["hours"] - limit["best"]["hours"]) * stretch
            yield more
            saved = (*limit["energy_kwh_saved"].values(), more)
            yield from (kwh * price for price in unit_prices for kwh in saved)
        if when := option["when_to_run"]:
            yield from (plan["calendar_hours"] - hours["p50"] for plan in when["plans"])
        if offer := option["offer"]:
            yield float(offer["hourly_price"]) * offer["instances"]
        factor = option["fit"]["time_factor"]
        for rung in option["fit"]["ladder"]:
            if rung["hours"] and factor:
                yield hours["p50"] * (rung["hours"] / (rung["hours"] - rung["hours_added"]) / factor - 1)
    if "options" in answer:
        home, cloud = options[0], options[1]
        if home["hours"] and cloud["hours"]:
            at_home, rented = ((o["calendar_hours"] or o["hours"])["p50"] for o in (home, cloud))
            wait = at_home - rented
            yield wait
            if answer["verdict"]["saving"]:
                yield answer["verdict"]["saving"] / (wait / 24)
        return
    best = next((o for o in options if o["cost"] and o["plan"] in ("rent", "hybrid")), None)
    line = answer["break_even"]
    if best and len(line) > 1:
        first, last = line[0], line[-1]
        slope = (last["rent_per_hour"] - first["rent_per_hour"]) / (last["per_kwh"] - first["per_kwh"])
        for option in options:
            items = option["cost"]["items"] if option["cost"] else []
            for item in items:
                if item["code"] == "electricity":
                    yield first["rent_per_hour"] + slope * (item["unit_price"] - first["per_kwh"])
    costs = [o["cost"]["p50"] for o in options if o["cost"]]
    yield from (abs(a - b) for a in costs for b in costs)


def allowed(w: Wording, answer: dict[str, Any], currency: str) -> set[str]:
    """Every way these numbers are written in the language, without unit and sign."""
    known = {abs(x) for x in (*numbers(answer), *derived(answer)) if abs(x) < LARGEST}
    ends = {end for low, high in ranges(answer) for end in w.ends(low, high)}
    return ends | {way for number in known for way in ways(w, number, currency)}


def ranges(value: Any) -> Iterator[tuple[float, float]]:
    """The ends of every interval in it, which are rounded alike."""
    if isinstance(value, dict):
        if value.get("p10") is not None and value.get("p90") is not None:
            yield value["p10"], value["p90"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from ranges(inner)


@cache
def ways(w: Wording, number: float, currency: str) -> set[str]:
    """Every way this number is written."""
    found = {w.number(number, digits) for digits in (1, 2, 4)}
    for hours in (24, 1 / 60, 1 / 3600, HOURS_PER_MONTH, HOURS_PER_YEAR, 1):
        found |= {w.few(number / hours), w.few(number / hours, at_least=True)}
    for value in {number, number / 24, number / 8766, number * 60, number * 3600, number / 1000}:
        found |= {w.rounded(value), w.number(value), w.exact(value), w.stated(value), w.whole(value)}
    for code in {currency, "USD", "EUR"}:
        said = (
            w.about(number, code),
            w.about(number, code, at_least=True),
            w.unit_price(number, code),
            w.stated_money(number, code),
        )
        found |= {re.sub(r"[^\d.,]", "", one) for one in (*said, w.money(number, code, 4))}
    return found


def expected(w: Wording, answer: dict[str, Any]) -> list[str]:
    """The figures a decision is taken by, as every format has to show them."""
    currency = answer.get("currency") or answer["break_even"]["currency"]
    found = []
    for option in answer.get("options") or answer["shortlist"]:
        if option["cost"]:
            cost = Interval(*(option["cost"][q] for q in ("p10", "p50", "p90")))
            found += [w.about(cost.p50, currency), w.about_between(cost, currency)]
        if "plan" not in option:
            known = [(option[key], unit) for key, unit in QUANTITIES if option[key]]
            found += [f"{w.rounded(quantity['p50'])} {unit}" for quantity, unit in known]
        elif option["plan_co2_interval_kg"]:
            found.append(f"{w.rounded(option['plan_co2_interval_kg']['p50'])} kg")
            if answer["limits"]["budget"] and option["cost"]:
                found.append(w.likely(option["probability_within_limits"]))
    return found


@pytest.mark.parametrize(("kind", "name", "language"), CASES)
def test_every_figure_of_the_answer_is_shown_and_no_other(told, kind, name, language):
    answer = told[kind, name, language]
    w = wording(language)
    currency = answer.get("currency") or answer["break_even"]["currency"]
    known, figures = allowed(w, answer, currency), expected(w, answer)
    assert len(figures) > 4
    for form, text in texts(kind, json.dumps(answer).encode(), language).items():
        shown = MEASURED.findall(text) + AMOUNT[language].findall(text)
        assert len(shown) > 20, form
        assert [x for x in shown if x not in known] == [], form
        assert [x for x in figures if x not in text] == [], form


@pytest.mark.parametrize(("kind", "name", "language"), CASES)
def test_csv_and_workbook_hold_the_numbers_themselves(told, kind, name, language):
    answer = told[kind, name, language]
    made = document(kind, json.dumps(answer).encode(), language)
    is_german = language == "de"
    table = csv.reader(io.StringIO(RENDERERS["csv"].render(made).decode("utf-8-sig")),
                       delimiter=";" if is_german else ",")  # fmt: skip
    cells = [cell.replace(",", ".") if is_german else cell for row in table for cell in row]
    in_csv = {float(cell) for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)}
    book = openpyxl.load_workbook(io.BytesIO(RENDERERS["xlsx"].render(made)))
    in_book = []
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            found = (evaluated(book, sheet.title, cell.coordinate) for cell in row if cell.value is not None)
            in_book += [float(x) for x in found if isinstance(x, int | float)]
    wanted = []
    for option in answer.get("options") or answer["shortlist"]:
        keys = ("hours", "energy_kwh", "co2_kg") if "plan" not in option else ("calendar_hours",)
        wanted += [option[key][q] for key in keys if option[key] for q in ("p10", "p50", "p90")]
        if option["cost"]:
            wanted.append(option["cost"]["p50"])
    assert len(wanted) > 6
    assert [x for x in wanted if not any(math.isclose(x, y, rel_tol=1e-9) for y in in_csv)] == []
    # A workbook multiplies and adds what the answer rounded line by line: a cent, or a ten-thousandth of it.
    assert [
        x for x in wanted if not any(math.isclose(x, y, rel_tol=2e-4, abs_tol=0.02) for y in in_book)
    ] == []
