"""Answers that earlier code stored are read, opened in every format, and go on saying the same."""

from itertools import pairwise

import orjson
import pytest

from service.answers.reading import read_comparison, read_decision
from service.reports.formats.renderers import RENDERERS
from tests.answers import record

VERSIONS = {name.split("-")[0] for name in record.ANSWERS if name.startswith("v")}


def read(name):
    return (read_decision if record.is_decision(name) else read_comparison)(record.answer(name))


def test_every_version_is_recorded():
    assert sorted(VERSIONS) == ["v1", "v2", "v3", "v4"] and len(record.QUESTIONS) == 16
    assert sum(record.is_decision(name) for name in record.ANSWERS) == 9


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", record.ANSWERS)
def test_it_opens_in_every_format(name, language):
    document = record.document(name, language)
    opened_below = {extension for one, extension in record.texts() if one == name and one.endswith(language)}
    # Charts and pages take seconds; in the other language they are drawn by the tests of formats.
    is_own = name.endswith(".de") == (language == "de")
    drawn = set() if is_own else {"html", "pdf"}
    for extension in RENDERERS.keys() - opened_below - drawn:
        assert len(RENDERERS[extension].render(document)) > 1000, extension
    assert RENDERERS["json"].render(document) == record.answer(name)


@pytest.mark.parametrize(("name", "extension"), list(record.texts()))
def test_its_report_says_what_it_said(name, extension):
    said = record.text(RENDERERS[extension].render(record.document(name)), extension)
    assert said == record.recorded(name, extension)


def test_a_text_knows_its_words_and_leaves_out_what_is_drawn():
    page = "<style>a{}</style><p>one</p>\n<svg x='1'>\n<text>two</text></svg><p>three</p>"
    assert record.text(page.encode(), "html") == "<p>one</p>\n<p>three</p>"
    for name, extension in record.texts():
        assert len(record.recorded(name, extension)) > 2000, (name, extension)
    bilingual = [name for name in record.QUESTIONS if name.startswith(("c01", "d02"))]
    for one, other in pairwise(bilingual):
        assert record.recorded(one, "md") != record.recorded(other, "md")


@pytest.mark.parametrize("name", record.ANSWERS)
def test_everything_it_said_is_read_as_it_was_said(name):
    told, now = orjson.loads(record.answer(name)), orjson.loads(read(name).model_dump_json())
    leaves = list(differing(told, now))
    # What moved rented minus home, whatever the limits, says nothing of today's next plan: it is not read.
    assert [leaf for leaf, differs in leaves if differs and leaf != ".sensitivity"] == []
    assert len(leaves) > 500


def differing(told, now, at=""):
    """Every leaf of what was told, and whether it is another now or missing."""
    if isinstance(told, dict) and isinstance(now, dict):
        for key, value in told.items():
            yield from differing(value, now.get(key, "missing"), f"{at}.{key}")
    elif isinstance(told, list) and isinstance(now, list) and len(told) == len(now):
        for i, (one, other) in enumerate(zip(told, now, strict=True)):
            yield from differing(one, other, f"{at}.{i}")
    else:
        yield at, told != now


def test_what_is_lost_or_another_is_noticed():
    assert list(differing({"a": [1, {"b": 2}], "c": 3}, {"a": [1, {"b": 5}]})) == [
        (".a.0", False), (".a.1.b", True), (".c", True),
    ]  # fmt: skip
    assert list(differing([1, 2], [1])) == [("", True)]
