"""What the report of a decision says: structure, numbers, languages, what is cut, what is missing."""

import json
import re
from dataclasses import replace

import pytest

from service.answers.reading import read_decision
from service.errors import InvalidValue
from service.reports.charts.label_places import HALF_HEIGHT, places
from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.document.document import (
    DASH,
    Bullets,
    Chart,
    Lasting,
    Linked,
    Missing,
    Money,
    MoneySpread,
    Share,
    Spread,
    shown,
)
from service.reports.document.page import page
from service.reports.formats.renderers import RENDERERS
from service.reports.sections.decision_turning import rent_that_turns
from service.reports.sections.numbered_plans import chosen_plans, numbered_plans
from service.reports.words.wording import LANGUAGES, wording
from tests.reports.answers_for_tests import HISTORY
from tests.reports.decisions_for_tests import (
    at_home_only,
    decided,
    headline,
    impossible,
    many,
    nothing,
    rented,
    stored,
    without_price,
)

QUANTILES = ("p10", "p50", "p90")
SECTIONS = [
    "verdict", "plans", "front", "over-time", "bill", "turns", "history", "fit", "energy", "record",
    "assumptions",
]  # fmt: skip


def table(document, key):
    return next(t for t in document.tables if t.key == key)


def cells(document, key, row):
    found = table(document, key)
    return dict(zip((c.key for c in found.columns), found.rows[row].cells, strict=True))


def chart(document, key):
    return next(b for s in document.sections for b in s.blocks if isinstance(b, Chart) and b.key == key)


def bullets(document, key):
    blocks = next(s for s in document.sections if s.key == key).blocks
    return [item for block in blocks if isinstance(block, Bullets) for item in block.items]


def lead(document):
    return document.sections[0].blocks[0]


def words(document):
    """Everything a reader sees, as one text."""
    return json.dumps(page(document), ensure_ascii=False)


def layers(spec):
    """Every layer of a chart, however deep."""
    for one in spec.get("layer", []) + spec.get("hconcat", []):
        yield one
        yield from layers(one)


def ordered(answer):
    """The shortlist as the report numbers it: what is outside the limits stands last."""
    best = answer["best"]
    others = [o for o in answer["shortlist"] if o != best]
    return [best, *sorted(others, key=lambda o: not o["keeps_limits"])] if best else others


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_verdict_comes_first_and_every_section_has_its_place(language):
    document = decision_document(stored(headline()), language, HISTORY)
    assert [s.key for s in document.sections] == SECTIONS
    assert lead(document).is_lead and len(re.findall(r"[.!](?:\s|$)", lead(document).text)) == 2
    assert [t.key for t in document.tables] == [
        "plans", "bill", "hangs", "line", "fit", "record", "assumptions",
    ]  # fmt: skip
    charts = [b.key for s in document.sections for b in s.blocks if isinstance(b, Chart)]
    assert charts == ["front", "over-time", "turns", "history"]
    assert all(s.title for s in document.sections)
    assert document.name == "heimvorteil-plan-nanochat-d32-fedcba98"


def test_the_best_comes_first_and_every_number_is_the_answers():
    answer = headline()
    document = decision_document(stored(answer))
    plans = table(document, "plans")
    assert [row.is_best for row in plans.rows] == [True, False, False, False, False]
    for i, option in enumerate(ordered(answer)):
        found = cells(document, "plans", i)
        assert found["number"].text == str(i + 1)
        for key, told, kind in (
            ("cost", "cost", MoneySpread), ("time", "calendar_hours", Lasting),
            ("co2", "plan_co2_interval_kg", Spread),
        ):  # fmt: skip
            cell = found[key]
            assert isinstance(cell, kind)
            interval = cell.hours if isinstance(cell, Lasting) else cell.interval
            assert [interval.p10, interval.p50, interval.p90] == [
                option[told][q] for q in ("p10", "p50", "p90")
            ]
        assert found["sure"] == Share(option["probability_within_limits"], is_likelihood=True)
        assert found["as_of"].day.isoformat() == (option["offer"] or option["rate"])["as_of"]
    costs = [o["cost"]["p50"] for o in ordered(answer)]
    assert costs != sorted(costs) and costs[0] == answer["best"]["cost"]["p50"]
    assert answer["summary"].startswith(lead(document).text)


def test_the_picture_numbers_every_plan_of_the_table_and_names_the_few_that_matter():
    answer = headline()
    found = chart(decision_document(stored(answer)), "front")
    parts = list(layers(found.spec))
    signs = [v for one in parts if one["mark"].get("fill") for v in one["data"]["values"]]
    expected = [
        (round(o["calendar_hours"]["p50"] / 24, 8), o["cost"]["cash"]["p50"], o["keeps_limits"])
        for o in ordered(answer)
    ]  # fmt: skip
    assert sorted((v["day"], v["money"], v["is_within"]) for v in signs) == sorted(expected)
    assert {one["mark"]["fill"] for one in parts if one["mark"].get("fill")} == {"white", "#1f4e79"}
    named = [
        v["label"] for one in parts for v in one["data"]["values"]
        if "label" in v and one["mark"].get("fontWeight")
    ]  # fmt: skip
    assert named == [
        "1 · 8 x H100 SXM, Lambda",
        "2 · GeForce RTX 4090, at home",
        "3 · GeForce RTX 4070, at home",
        "4",
        "5",
    ]
    lines = [v for one in parts for v in one["data"]["values"] if "words" in v]
    assert {"days": 30.0, "words": "deadline 30 days"} in lines
    assert {"money": 1500, "words": "budget €1,500"} in lines
    scales = [one["encoding"][axis]["scale"]["type"] for one in parts[:1] for axis in one["encoding"]]
    assert scales == ["log"] and "legend" not in json.dumps(found.spec)
    told = [row.cells[2].interval.p50 for row in found.data.rows]
    assert told == [o["cost"]["cash"]["p50"] for o in ordered(answer)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_outside_the_limits_stands_apart(language):
    plans = table(decision_document(stored(headline()), language), "plans")
    assert [row.is_outside for row in plans.rows] == [False, False, True, True, True]
    nothing_keeps_them = table(decision_document(stored(impossible()), language), "plans")
    assert not any(row.is_outside for row in nothing_keeps_them.rows)
    html = RENDERERS["html"].render(decision_document(stored(headline()), language)).decode()
    heading = {"en": "Outside your limits", "de": "Außerhalb der eigenen Grenzen"}[language]
    assert html.count(heading) == 1


def test_money_over_time_starts_with_the_purchase_and_ends_with_the_sale():
    answer = headline()
    found = chart(decision_document(stored(answer)), "over-time")
    paths = {}
    for one in layers(found.spec):
        for v in one["data"]["values"]:
            if "step" in v:
                paths.setdefault(v["option"].split(" · ")[0], {})[v["step"]] = (v["day"], v["money"])
    bought = answer["shortlist"][1]
    cash, cost = bought["cost"]["cash"]["p50"], bought["cost"]["p50"]
    end = bought["calendar_hours"]["p50"] / 24
    start, bought_at, paid, left = (paths["2"][step] for step in range(4))
    assert start == (0, 0) and bought_at == (0, pytest.approx(1900, rel=0.01))
    assert paid == (pytest.approx(end), cash) and left == (pytest.approx(end), cost)
    assert [money for _, money in paths["1"].values()] == [0, 0, *[answer["best"]["cost"]["p50"]] * 2]


def test_every_bill_is_there_and_the_plans_repeat_its_total():
    document = decision_document(stored(headline()))
    bill = table(document, "bill")
    totals = {row.key: row.cells[-1] for row in bill.rows if row.is_total}
    assert len(totals) == 5
    for row in table(document, "plans").rows:
        cost = row.cells[2]
        assert isinstance(cost.formula, Linked) and cost.formula.table == "bill"
        assert totals[cost.formula.row].interval == cost.interval
    assert 3 <= bill.on_page < len(bill.rows) and "2 more options" in bill.more


def test_what_it_hangs_on_is_told_in_numbers_bars_and_words():
    answer = headline()
    document = decision_document(stored(answer))
    for i, swing in enumerate(answer["sensitivity"]):
        found = cells(document, "hangs", i)
        told = [found[key] for key in ("low", "high", "at_low", "at_high")]
        assert [c.hours.p50 if isinstance(c, Lasting) else c.value for c in told] == [
            swing[key] for key in ("low", "high", "difference_low", "difference_high")
        ]  # fmt: skip
        assert found["turns"].text == ("yes" if swing["turns_verdict"] else "no")
        assert swing["sentence"] in chart(document, "turns").alt
    tornado, line = chart(document, "turns").spec["hconcat"]
    bars = tornado["layer"][0]["data"]["values"]
    assert len(bars) == 2 * len(answer["sensitivity"])
    (rival,) = (p for p in answer["shortlist"] if p["is_rival"])
    today = rival["cost"]["p50"] - answer["best"]["cost"]["p50"]
    assert bars[0]["today"] == pytest.approx(today, abs=0.006)
    assert all(turn["sentence"] in bullets(document, "turns") for turn in answer["turns"])
    assert [p["rent"] for p in line["layer"][1]["data"]["values"]] == [
        p["rent_per_hour"] for p in answer["break_even"]
    ]
    assert [c.value for c in table(document, "line").rows[0].cells[1:]] == [
        p["rent_per_hour"] for p in answer["break_even"]
    ]
    said = " ".join(bullets(document, "turns"))
    assert "after 14 such runs" in said and "saves €23 for each day of waiting" in said


def test_the_rent_that_turns_lies_on_the_line():
    line = read_decision(stored(headline())).break_even
    for point in line:
        assert rent_that_turns(line, point.per_kwh) == pytest.approx(point.rent_per_hour, abs=1e-3)
    middle = rent_that_turns(line, 0.15)
    assert line[1].rent_per_hour < middle < line[2].rent_per_hour


def test_a_rent_below_nothing_is_a_dash_not_a_price():
    answer = headline()
    answer["break_even"][0]["rent_per_hour"] = -0.4
    document = decision_document(stored(answer))
    first = table(document, "line").rows[0].cells[1]
    assert isinstance(first, Missing) and "no rent is low enough" in document.notes[first.note - 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_nothing_keeps_the_limits_it_says_so_and_what_would(language):
    answer = impossible()
    document = decision_document(stored(answer), language)
    assert [s.key for s in document.sections] == [
        "verdict", "nearest", *(key for key in SECTIONS[1:] if key not in ("history", "over-time")),
    ]  # fmt: skip
    start = {"en": "There is no plan within €100 and 10 days", "de": "Es gibt keinen Plan für höchstens"}
    assert lead(document).text.startswith(start[language])
    # The first change is the smallest; its sentence is part of the lead.
    deadline = {"en": "Possible if it may take 38 days: ", "de": "Möglich, wenn es 38 Tage dauern darf: "}
    assert deadline[language] in lead(document).text
    rows = table(document, "nearest").rows
    assert [row.key for row in rows] == [
        "nearest-deadline",
        "nearest-budget",
        "nearest-tokens",
        "nearest-model",
    ]
    w = wording(language)
    needed = [shown(w, row.cells[2]).text for row in rows]
    assert needed == {
        "en": ["38 days", "€1,230", "11.67 billion", "nanochat-d24"],
        "de": ["38 Tage", "1.230 €", "11,67 Milliarden", "nanochat-d24"],
    }[language]  # fmt: skip
    assert isinstance(rows[1].cells[1], Money) and rows[1].cells[1].value == 100
    assert not any(row.is_best for row in table(document, "plans").rows)
    hollow = {"en": "Hollow and grey", "de": "Hohl und grau"}[language]
    assert hollow not in words(document)


def test_without_anything_rented_there_is_nothing_to_compare():
    for language in LANGUAGES:
        document = decision_document(stored(at_home_only()), language)
        keys = [s.key for s in document.sections]
        assert "front" not in keys and "history" not in keys and "over-time" not in keys
        assert [t.key for t in document.tables if t.key in ("hangs", "line", "nearest")] == []
        assert isinstance(cells(document, "plans", 0)["sure"], Missing)
        assert "ladder" in [t.key for t in document.tables]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_price_is_a_dash_with_a_footnote(language):
    document = decision_document(stored(without_price()), language)
    row = next(i for i, r in enumerate(table(document, "plans").rows) if "RTX 4070" in r.cells[1].text)
    found = cells(document, "plans", row)
    for key in ("cost", "sure", "as_of", "source"):
        assert isinstance(found[key], Missing) and document.notes[found[key].note - 1]
    assert isinstance(found["time"], Lasting)
    text = words(document)
    assert not re.search(r"[€$]0(?:\.0+)?(?![.\d])|(?<![,.\d])0(?:,0+)? €", text)
    marks = {int(m.translate(str.maketrans("¹²³⁴", "1234"))) for m in re.findall(f"{DASH}([¹²³⁴]+)", text)}
    assert marks == set(range(1, len(document.notes) + 1))


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_single_plan_it_is_still_a_page(language):
    document = decision_document(stored(nothing()), language)
    assert "Kein Plan" in lead(document).text or "No plan is possible" in lead(document).text
    assert table(document, "plans").rows == ()
    assert all(RENDERERS[extension].render(document) for extension in RENDERERS)


def test_many_plans_are_cut_on_the_page_and_whole_in_the_files():
    document = decision_document(stored(many(1_000)))
    plans = table(document, "plans")
    assert len(plans.rows) == 1_000 and plans.on_page == 16
    html = RENDERERS["html"].render(document).decode()
    markdown = RENDERERS["md"].render(document).decode()
    assert "and 984 more" in html and "and 984 more" in markdown
    assert len(html) < 200_000 and html.count("<tr") < 120
    assert RENDERERS["csv"].render(document).decode().count("\r\nPlans compared,") == 8_001
    assert "over-time" not in [c.key for c in document.charts]
    assert len(chart(document, "front").data.rows) == 16


def test_the_plans_looked_into_are_the_best_and_those_it_is_held_against():
    d = read_decision(stored(headline()))
    chosen = chosen_plans(d, numbered_plans(d))
    assert [(p.number, p.plan.plan) for p in chosen] == [(1, "rent"), (3, "own"), (2, "buy")]
    d = read_decision(stored(impossible()))
    chosen = chosen_plans(d, numbered_plans(d))
    assert {p.plan.plan for p in chosen} == {"own", "rent"} and not any(p.is_best for p in chosen)


def test_german_is_german_and_english_english():
    for answer in (headline(), impossible(), at_home_only(), without_price()):
        german = words(decision_document(stored(answer), "de", HISTORY))
        english = words(decision_document(stored(answer), "en", HISTORY))
        for name in ("nanochat d32 (October 2025)", "A test's own source"):
            german, english = german.replace(name, ""), english.replace(name, "")
        for word in ("Urteil", "Pläne im Vergleich", "Annahmen", "Quellen", "24.11.2026"):
            assert word in german, word
        german = re.sub(r'"(?:key|kind|\w+_title)": "[^"]*"|"\w+":', "", german)
        for word in ("the", "and", "of", "with", "days", "hours", "Cost", "Source", "at home", "rented",
                     "price", "plan", "budget", "deadline", "rent"):  # fmt: skip
            assert not re.search(rf"\b{word}\b", german), word
        for word in ("Verdict", "Plans compared", "Assumptions", "2026-11-24"):
            assert word in english, word
        for word in ("und", "der", "Tage", "Stunden", "Kosten", "zu Hause", "gemietet", "Frist", "mieten"):
            assert not re.search(rf"\b{word}\b", english), word
        assert not re.search(r"[äöüß]", english)


@pytest.mark.parametrize("answer", [headline, impossible, at_home_only, without_price])
def test_german_days_are_in_the_case_their_sentence_asks_for(answer):
    text = words(decision_document(stored(answer()), "de", HISTORY))
    assert "Tage" in text
    assert re.findall(r"\b(?:nach|in|von|innerhalb von|mit) [\d.,]+ Tage\b", text) == []


def test_an_answer_stored_before_these_keys_existed_is_still_a_report():
    answer = headline()
    for option in (answer["best"], *answer["shortlist"]):
        for key in ("plan_co2_interval_kg", "gpu_memory_gib", "gpu_category", "rate", "carbon"):
            del option[key]
        if option["offer"]:
            del option["offer"]["provider_name"]
    for key in ("saved_per_day", "runs_until_bought", "considered", "dominated_count", "sources"):
        del answer[key]
    del answer["limits"]["least_probability"]
    for language in LANGUAGES:
        document = decision_document(stored(answer), language)
        found = cells(document, "plans", 0)["co2"].interval
        assert found.p50 == pytest.approx(answer["best"]["plan_co2_kg"])
        assert found.p10 < found.p50 < found.p90
        assert all(RENDERERS[extension].render(document) for extension in RENDERERS)


def test_no_history_no_section_and_a_language_we_do_not_speak_is_refused():
    keys = [s.key for s in decision_document(stored(headline()), "en", HISTORY[:1]).sections]
    assert keys == [key for key in SECTIONS if key != "history"]
    with pytest.raises(InvalidValue):
        decision_document(stored(headline()), "fr")


def test_a_comparison_is_not_read_as_a_decision():
    with pytest.raises(KeyError):
        comparison_document(stored(headline()))


def test_labels_keep_clear_of_points_of_each_other_and_of_the_edge():
    points = [(20.0 + 9 * (i % 4), 60.0 + 7 * (i // 4)) for i in range(12)]
    radii, halves = [5.0] * 12, [7.0] * 12
    found = places(points, radii, halves, 300, 200)
    assert found == places(points, radii, halves, 300, 200)
    for i, (x, y) in enumerate(found):
        assert 7 <= x <= 293 and HALF_HEIGHT <= y <= 200 - HALF_HEIGHT
        for px, py in points:
            assert max(abs(x - px) - 7, 0) ** 2 + max(abs(y - py) - HALF_HEIGHT, 0) ** 2 >= 5**2
        for other_x, other_y in found[:i]:
            assert abs(x - other_x) >= 14 or abs(y - other_y) >= 2 * HALF_HEIGHT


def test_a_long_label_without_room_beside_its_point_stays_within_the_picture():
    """Beyond the edge it would widen the picture, which a page then draws at half its size."""
    points, halves = [(8.0, 85.0), (14.0, 88.0), (6.0, 92.0), (518.0, 113.0)], [112.0, 112.0, 112.0, 240.0]
    found = places(points, [5.0] * 4, halves, 550, 130)
    for i, ((x, y), half) in enumerate(zip(found, halves, strict=True)):
        assert half <= x <= 550 - half and HALF_HEIGHT <= y <= 130 - HALF_HEIGHT
        for (other_x, other_y), other in zip(found[:i], halves, strict=False):
            assert abs(x - other_x) >= half + other or abs(y - other_y) >= 2 * HALF_HEIGHT


@pytest.mark.parametrize(
    ("language", "title", "wanted"),
    [
        ("en", ", if its rent still holds: ", "At least 80% is wanted"),
        ("de", ", falls die Miete noch stimmt: ", "Verlangt sind mindestens 80 %"),
    ],
)
def test_that_only_the_stated_rent_keeps_the_limits_is_in_the_lead(language, title, wanted):
    """Before what it costs; and how sure it is stands nowhere twice."""
    best = replace(rented(probability=0.66), if_rent_holds=0.88, keeps_limits=True)
    answer = decided(best, [best], needs_stated_rent=True, language=language)
    lead, others = decision_document(stored(answer), language).sections[0].blocks
    text = lead.text.replace("\xa0", " ")
    assert lead.is_lead and text.index(title) < text.index(wanted) < text.index("945")
    assert not any(line.startswith(("How sure", "Wie sicher")) for line in others.items)
