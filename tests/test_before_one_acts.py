"""What somebody must be told before acting on a verdict: how a machine is rented, what else nearly keeps the
limits, what a bill is of."""

import json

import pytest
from click.testing import CliRunner

from service.cli import main


@pytest.fixture(scope="module")
def say(catalog_copy):
    url = catalog_copy()

    def said(*words):
        result = CliRunner().invoke(main, words, env={"HEIMVORTEIL_DATABASE_URL": url})
        assert result.exit_code == 0, result.output
        return " ".join(result.output.replace("\xa0", " ").split())

    return said


def ask(say, *words):
    output = say(*words, "--json")
    return json.loads(output[output.index("{") :])


def test_a_plan_says_how_it_is_rented_where_that_is_not_by_the_hour_as_one_likes(say):
    """A spot machine may be taken away, a reserved one is paid for years: both once bore the name of one on
    demand, and two terms of a machine the same name."""
    any_tier = ("decide", "nanochat-d20", "--tier", "any", "--deadline", "3d")
    best = ask(say, *any_tier)["best"]
    assert best["offer"]["tier"] == "spot"
    assert f"rent {best['label']} at {best['offer']['provider_name']} (spot)" in say(*any_tier)
    reserved = ("decide", "nanochat-d20", "--tier", "reserved", "--deadline", "3d")
    d = ask(say, *reserved)
    assert d["best"]["offer"]["term_months"] == 12
    assert {turn["then"]["tier"] for turn in d["turns"] if turn["then"]} == {"reserved"}
    assert "mieten (für 12 Monate reserviert)" in say(*reserved, "--lang", "de")
    assert "(on demand)." not in ask(say, "decide", "nanochat-d20", "--deadline", "3d")["summary"]
