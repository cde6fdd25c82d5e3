"""Numbers of real answers are written as their language writes them: no decimal point in German, no comma in
English, and no digits that nobody knows."""

import re

import orjson
import pytest

from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.formats import as_markdown, as_terminal
from service.reports.words.wording import LANGUAGES

QUESTIONS = (
    "decide nanochat-d20 --budget 700 --deadline 30d --what-if kwh-price=0.25",
    "decide nanochat-d20 --buy rtx-4090=1900.5 --runs 10 --budget 2500",
    "compare nanochat-d20 --what-if kwh-price=0.25 --what-if hours-per-day=8.5 --solar-share 0.4",
    "compare nanochat-d20 --tariff dynamic --hours-per-day 8",
)
NOT_A_NUMBER = re.compile(
    r"https?://\S+|\d{1,2}\.\d{1,2}\.\d{4}|\d{4}\.\d{1,2}\b|CC BY\S* \d\.\d|Apache-\d\.\d"
    r"|\b[a-z]\w*\.\w+|\(--rent [^)]*\)"
)
"""Addresses, days, versions, names of machines, options of the command line."""
FAULT = {
    "de": re.compile(r"\d\.(?!\d{3}(?:\D|$))\d+"),
    "en": re.compile(r"\d,(?!\d{3}(?:\D|$))\d+"),
}
TOO_EXACT = re.compile(r"(?<!\d)0[.,]0+[1-9]\d{3,} (?:€|\$)|[€$]0[.,]0+[1-9]\d{3,}")
"""Less than ten cents with more than three digits."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_numbers_are_written_as_the_language_writes_them(run, question, language):
    done = run(*question.split(), "--json", "--lang", language)
    written = decision_document if question.startswith("decide") else comparison_document
    document = written(orjson.dumps(orjson.loads(done.stdout)), language)
    for told in (as_terminal.render(document, 400), as_markdown.render(document)):
        text = NOT_A_NUMBER.sub("", told.decode().partition(f"## {document.sources_title}")[0])
        faults = [text[max(0, m.start() - 30) : m.end() + 20] for m in FAULT[language].finditer(text)]
        assert not faults
        assert not TOO_EXACT.findall(text)
