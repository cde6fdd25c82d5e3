"""A first question about a zone's dynamic prices: fetching its year is offered, on a terminal alone."""

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from pricing import zone_days
from service.cli import first_days, main
from tests.test_tariffs import stored

GERMAN = "compare --tariff dynamic"


@pytest.fixture
def ask(catalog_copy, monkeypatch):
    """The command line on a terminal or not; a made-up year comes in place of the network's."""
    url, fetched = catalog_copy(), []

    def fetch(sessions, zone):
        fetched.append(zone)
        stored(url, zone, 300)

    monkeypatch.setattr(zone_days, "fetched", fetch)

    def asked(words, *, answer="y\n", is_terminal=True):
        stream = SimpleNamespace(isatty=lambda: is_terminal)
        monkeypatch.setattr(first_days, "sys", SimpleNamespace(stdin=stream, stderr=stream))
        env = {"HEIMVORTEIL_DATABASE_URL": url}
        result = CliRunner().invoke(main, words.split(), env=env, input=answer, catch_exceptions=False)
        return result.exit_code, " ".join(result.output.split()), tuple(fetched)

    return asked


def test_on_a_terminal_the_year_is_offered_and_counts_at_once(ask):
    code, told, fetched = ask(GERMAN)
    assert (code, fetched) == (0, ("DE-LU",))
    assert "Fetch the last 400 days now" in told and "300 whole days" in told and "typical" not in told
    assert ask(f"{GERMAN} --hours-per-day 12")[2] == ("DE-LU",), "once is enough"


def test_who_says_no_is_answered_by_the_typical_year_and_not_asked_again(ask):
    code, told, fetched = ask(GERMAN, answer="n\n")
    assert (code, fetched) == (0, ()) and "typical days" in told
    code, told, fetched = ask(f"{GERMAN} --hours-per-day 12", answer="")
    assert (code, fetched) == (0, ()) and "Fetch the last 400 days now" not in told


def test_in_a_pipe_nothing_is_asked_or_fetched(ask):
    code, told, fetched = ask(GERMAN, answer="", is_terminal=False)
    assert (code, fetched) == (0, ()) and "days now" not in told
    assert "heimvorteil prices refresh --zone DE-LU" in told
    french = "compare --country FR --tariff dynamic --surcharges 0.1 --vat 0.2"
    code, told, fetched = ask(french, answer="", is_terminal=False)
    assert (code, fetched) == (2, ()) and "heimvorteil prices refresh --zone FR" in told


def test_a_flat_contract_and_json_ask_nothing(ask):
    for words in ("compare", f"{GERMAN} --json"):
        code, told, fetched = ask(words, answer="")
        assert (code, fetched) == (0, ()) and "days now" not in told
