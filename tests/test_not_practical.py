"""A run above two years is no plan: another sentence, what would be one, and no verdict on money or time."""

import pytest

from service.decide.candidates import LONGEST_HOURS
from service.decide.practical import is_too_long, practical_of
from service.estimate.interval import certain
from tests.facts_for_tests import D32

TOO_MUCH = ("llama-3-8b", "--host-memory", "256")


def test_what_would_be_practical_takes_two_years_at_most():
    assert practical_of(D32, 1, None) is None
    assert practical_of(D32, 1, certain(LONGEST_HOURS)) is None
    assert is_too_long(certain(LONGEST_HOURS + 1))
    told = practical_of(D32, 2, certain(10.5 * LONGEST_HOURS))
    assert told.gpu_count == 21
    assert 0.97 * D32.tokens / 10.5 < told.tokens <= D32.tokens / 10.5
    hopeless = practical_of(D32, 1, certain(1e6 * LONGEST_HOURS))
    assert (hopeless.tokens, hopeless.gpu_count) == (None, None)


def test_a_comparison_gives_no_verdict_where_one_side_takes_years(ask):
    c = ask("compare", *TOO_MUCH, "--home", "rtx-4090", "--cloud", "8xb200-sxm", "--tokens", "1000000000000")
    home, cloud = c["options"]
    assert home["calendar_hours"]["p50"] > LONGEST_HOURS > cloud["calendar_hours"]["p50"]
    verdict, turns = c["verdict"], c["break_even"]
    assert {verdict[k] for k in ("cheaper", "faster", "cheaper_probability", "saving", "slow_down")} == {None}
    assert turns["rent_per_hour"] is turns["per_kwh"] is None
    assert "not practical (about 20" in verdict["summary"] and "years)" in verdict["summary"]
    assert "B200 SXM can: it takes" in verdict["summary"]
    assert home["practical"]["tokens"] < 1e12 and home["practical"]["gpu_count"] > 1
    assert cloud["practical"] is None
    fewer = ask("compare", *TOO_MUCH, "--home", "rtx-4090", "--tokens", str(home["practical"]["tokens"]))
    assert fewer["options"][0]["practical"] is None


def test_a_smaller_model_that_is_named_is_practical(ask):
    words = ("compare", *TOO_MUCH, "--home", "rtx-4090", "--tokens", "1000000000000")
    smaller = ask(*words)["options"][1]["practical"]
    smaller = smaller or ask("compare", "llama-3-70b")["options"][1]["practical"]
    assert smaller["smaller"]
    assert ask("compare", smaller["smaller"])["options"][1]["practical"] is None


@pytest.mark.parametrize("extension", ["md", "html", "csv", "xlsx", "pdf"])
@pytest.mark.parametrize("command", ["compare", "decide"])
def test_every_format_says_so_and_gives_no_price_of_waiting(say, ask, tmp_path, command, extension):
    machine = ("--home", "rtx-4090") if command == "compare" else ("--own", "rtx-4090")
    answer = ask(command, *TOO_MUCH, *machine)
    file = tmp_path / f"answer.{extension}"
    say("report", answer["id"], "-o", str(file))
    content = file.read_bytes()
    assert content
    if extension in ("md", "html"):
        text = " ".join(content.decode().replace("\\", "").split())
        assert "not practical (about 296 years)" in text
        for phrase in ("is cheaper", "is faster", "a day of waiting"):
            assert phrase not in text
        if command == "compare":
            assert "a day" not in text.split("Options")[0]


def test_a_decision_keeps_the_row_of_a_named_machine_that_takes_years_with_the_reason(say, ask):
    d = ask("decide", *TOO_MUCH, "--own", "rtx-4090")
    own = next(p for p in d["shortlist"] if p["plan"] == "own")
    assert (own["set_aside"], own["is_compared"]) == ("too_long", False)
    assert own["practical"]["gpu_count"] > 100
    assert d["best"]["plan"] in ("rent", "hybrid") and not d["best"]["practical"]
    screen = " ".join(say("decide", *TOO_MUCH, "--own", "rtx-4090").split())
    assert "GeForce RTX 4090: not practical (about 296 years)." in screen


def test_where_nothing_is_practical_the_nearest_is_told(ask):
    d = ask("decide", *TOO_MUCH, "--own", "rtx-4090", "--tier", "none")
    assert d["best"] is None and d["saved_per_day"] is None and not d["break_even"]
    assert d["summary"].startswith("No plan is practical")
    (fewer,) = [n for n in d["nearest_possible"] if n["change"] == "tokens"]
    assert fewer["option"]["calendar_hours"]["p50"] <= LONGEST_HOURS
    again = ask(
        "decide", *TOO_MUCH, "--own", "rtx-4090", "--tier", "none", "--tokens", str(int(fewer["value"]))
    )
    assert again["best"]["plan"] == "own"
    smaller = ask("decide", "llama-2-70b", "--own", "8xrtx-4090", "--host-memory", "2000", "--tier", "none")
    assert smaller["best"] is None
    assert [n["workload"] for n in smaller["nearest_possible"] if n["change"] == "model"]
