"""Screens of 60, 80, 100 and 200 columns: nothing wider, no word cut, the verdict first; bold only on one."""

import io
import re
from dataclasses import replace
from time import sleep

import orjson
import pytest

from service.cli.progress import CLEAR, working
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.document.document import shown
from service.reports.formats import as_terminal
from service.reports.listings import on_terminal
from service.reports.listings.as_table import numbered_sources, print_table
from service.reports.words.sentences import duration
from service.reports.words.wording import LANGUAGES, wording
from tests.reports import answers_for_tests as comparisons
from tests.reports import decisions_for_tests as decisions
from tests.reports.told_for_tests import screen

WIDTHS = (60, 80, 100, 200)
ANSWERS = {
    "comparison": comparisons.headline,
    "no price": comparisons.without_price,
    "seven offers": lambda: comparisons.many(7),
    "long bills": comparisons.long_bills,
    "decision": lambda: orjson.dumps(decisions.headline()),
    "nothing possible": lambda: orjson.dumps(decisions.impossible()),
    "at home alone": lambda: orjson.dumps(decisions.at_home_only()),
}
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ANSWERS)
def test_no_line_is_wider_and_no_word_is_cut(name, language):
    content = ANSWERS[name]()
    whole = set(screen(content, language, width=1000).split())
    for width in WIDTHS:
        told = screen(content, language, width=width)
        assert max(map(len, told.splitlines())) <= width
        cut = {word for word in told.split() if word.strip("─") and word.rstrip(":;") not in whole}
        heads = {word for word in cut if word.rstrip(":;") in {w.rstrip(":;") for w in whole}}
        assert not cut - heads, (width, cut - heads)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_stands_first_and_how_sure_on_the_first_24_lines(language):
    for content in (comparisons.headline(), orjson.dumps(decisions.headline())):
        lines = screen(content, language, width=80).splitlines()[:24]
        verdict = next(i for i, line in enumerate(lines) if line in ("Verdict", "Urteil"))
        assert verdict <= 3
        sure = {"en": "How sure:", "de": "Wie sicher:"}[language]
        assert any(sure in line for line in lines)


def test_below_80_columns_a_table_is_told_in_blocks():
    told = screen(comparisons.headline(), width=60)
    assert "\nAt home: GeForce RTX 4070\n  Does it fit?: yes, with adjustments\n" in told
    assert "─" not in told and "─" in screen(comparisons.headline(), width=80)
    plans = screen(orjson.dumps(decisions.headline()), width=60)
    assert re.search(r"\n\* rent 8 x H100 SXM at Lambda\n  Cost \(80 % range\): €", plans)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_plans_outside_the_limits_stand_apart_without_colour_too(language, width):
    document = decision_document(orjson.dumps(decisions.headline()), language)
    (plans,) = (section for section in document.screen if section.key == "plans")
    rows = plans.blocks[0].rows
    assert {row.is_outside for row in rows} == {True, False}
    told = as_terminal.render(replace(document, screen=(plans,)), width).decode()
    apart = told.index({"en": "Outside your", "de": "Außerhalb der"}[language])
    for row in rows:
        cost = shown(wording(language), row.cells[1]).text
        at = re.search(rf"(?<![\d.,–]){re.escape(cost)}(?![\d–])", told)
        assert at and (at.start() > apart) == row.is_outside, cost


def test_a_pipe_is_as_wide_as_columns_says(monkeypatch):
    assert on_terminal.columns(100) == 100
    monkeypatch.setenv("COLUMNS", "60")
    assert on_terminal.columns(100) == 60


def test_bold_and_colour_only_where_they_can_be_seen():
    document = comparison_document(comparisons.headline())
    plain, bold, colour = (as_terminal.render(document, 80, i).decode() for i in ("none", "bold", "colour"))
    assert "\x1b" not in plain
    assert "\x1b[1mTraining at home is cheaper" in bold and "\x1b[1mTraining at home is cheaper" in colour
    assert not re.search(r"\x1b\[[0-9;]*3\d", bold) and re.search(r"\x1b\[[0-9;]*3\d", colour)
    for inked in (bold, colour):
        assert ANSI.sub("", inked).split() == plain.split()
        assert max(len(ANSI.sub("", line)) for line in inked.splitlines()) <= 80


def test_a_number_and_its_unit_stand_in_one_line():
    for width in range(60, 130, 7):
        for language in LANGUAGES:
            told = screen(comparisons.headline(), language, width=width)
            assert not re.search(r"\d\n\s*(%|€|kWh|GiB|kg|W|Tage|days|hours|Stunden)\b", told), width


def test_plans_that_read_alike_stand_once_and_the_best_stays_marked():
    answer = decisions.headline()
    again = {**answer["best"], "sources": []}
    doubled = {**answer, "shortlist": [*answer["shortlist"], again]}
    told = screen(orjson.dumps(doubled), width=100)
    assert told.count("rent 8 x H100 SXM at Lambda ") == screen(orjson.dumps(answer), width=100).count(
        "rent 8 x H100 SXM at Lambda "
    )
    assert "* rent 8 x H100 SXM" in told


@pytest.mark.parametrize(
    ("hours", "english", "german"),
    [
        (0.75, "45 minutes", "45 Minuten"),
        (1.02, "1 hour", "1 Stunde"),
        (1.386, "1.4 hours", "1,4 Stunden"),
        (33.2, "33 hours", "33 Stunden"),
        (48, "2 days", "2 Tage"),
        (8.95 * 24, "9 days", "9 Tage"),
        (59.6 * 24, "60 days", "60 Tage"),
        (123 * 24, "about 4 months", "etwa 4 Monate"),
        (145 * 8766, "about 145 years", "etwa 145 Jahre"),
    ],
)
def test_a_time_is_as_precise_as_it_is_known(hours, english, german):
    assert (duration(wording("en"), hours), duration(wording("de"), hours)) == (english, german)


def test_what_suffices_is_never_rounded_down():
    w = wording("en")
    assert duration(w, 37.2 * 24, at_least=True) == "38 days" and duration(w, 37.2 * 24) == "37 days"
    assert w.about(1234.5, "EUR", at_least=True) == "€1,240" and w.about(1234.5, "EUR") == "€1,230"
    assert w.about(12.01, "EUR", at_least=True) == "€13"


def test_a_decision_says_the_reason_then_what_would_change_it_then_how_sure():
    said = " ".join(
        block.text if hasattr(block, "text") else " ".join(block.items)
        for block in decision_document(orjson.dumps(decisions.headline())).screen[1].blocks
    )
    order = ["Cheapest plan within", "It costs about", "more", "instead.", "How sure: it keeps the limits"]
    places = [said.index(part) for part in order]
    assert places == sorted(places)


def listed(monkeypatch, width, **how):
    """A listing as a terminal of this width shows it."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    page = Terminal()
    monkeypatch.setattr("sys.stdout", page)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    cited, sources = numbered_sources(["A page, 2026-05-24", "Another, 2026-05-07", "A page, 2026-05-24"])
    priced = {"hyperstack": 19.2, "nebius": 23.6, "an-uncommonly-long-provider": 31.92}
    rows = [
        [name, "n3-H100-SXM5x8 CANADA-1", f"{price}", number]
        for (name, price), number in zip(priced.items(), cited, strict=True)
    ]
    print_table(["provider", "instance and its region", "USD/h", "source"], rows, {2}, spare={1}, **how)
    assert sources == ["[1] A page, 2026-05-24", "[2] Another, 2026-05-07"] and cited == ["[1]", "[2]", "[1]"]
    return ANSI.sub("", page.getvalue())


def test_a_listing_shows_its_essential_columns_and_all_where_asked(monkeypatch):
    short, long = listed(monkeypatch, 80), listed(monkeypatch, 80, wide=True)
    assert "CANADA-1" not in short and "CANADA-1" in long
    for told in (short, long, listed(monkeypatch, 60, wide=True)):
        assert max(map(len, told.splitlines())) <= 80
        assert "an-uncommonly-long-provider" in told and "31.92" in told


class Stream(io.StringIO):
    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


def test_what_takes_long_says_so_on_a_terminal_alone_and_leaves_nothing():
    for is_terminal, takes_s in ((True, 0.05), (True, 0.0), (False, 0.05)):
        stream = Stream(is_terminal)
        with working(lambda: "working it out", stream, quiet_s=0.02):
            sleep(takes_s)
        said = stream.getvalue()
        assert ("working it out, 1 s" in said) == (is_terminal and takes_s > 0)
        assert not said or said.endswith(CLEAR)
