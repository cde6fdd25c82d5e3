"""One rental is one rental: a comparison and a decision tell the same hours, kWh, CO2 and bill of it."""

import pytest

QUESTIONS = {
    "the usual": (),
    "a deadline": ("--deadline", "3d"),
    "any tier": ("--tier", "any", "--deadline", "10d"),
    "a small model": ("nanochat-d12",),
    "one's own terms": ("--rent", "idle_share=0.3", "--rent", "set_up_hours=2", "--rent", "tax_share=0.19"),
    "in dollars": ("--currency", "USD", "--budget", "2000"),
}
OF_DECISIONS_ALONE = ("--deadline", "--budget", "--tier")
"""The tier of a comparison is that of the offer it names."""


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_comparison_and_a_decision_tell_the_same_of_one_rental(ask, name):
    words = QUESTIONS[name]
    told = [p for p in ask("decide", *words)["shortlist"] if p["plan"] == "rent" and p["instances"] == 1]
    assert told
    asked = [w for i, w in enumerate(words) if not {w, *words[max(i - 1, 0) : i]} & {*OF_DECISIONS_ALONE}]
    for plan in told[:3]:
        option = ask("compare", *asked, "--cloud", plan["offer"]["slug"])["options"][1]
        for field in ("hours", "calendar_hours", "energy_kwh", "co2_kg", "wall_watts", "tokens_per_s"):
            same = plan[field] if plan[field] is None else pytest.approx(plan[field], rel=1e-6)
            assert option[field] == same, field
        assert option["cost"]["items"] == plan["cost"]["items"]
        assert option["cost"]["p50"] == pytest.approx(plan["cost"]["p50"], abs=0.02)
        if option["co2_kg"]:
            assert option["co2_kg"]["p50"] == pytest.approx(plan["plan_co2_kg"], rel=5e-3, abs=0.06)


def test_what_a_verdict_calls_faster_is_from_start_to_end(ask):
    c = ask("compare")
    home, cloud = c["options"]
    held = sum(i["quantity"]["p50"] for i in cloud["cost"]["items"] if i["quantity_unit"] == "h")
    assert cloud["hours"]["p50"] < cloud["calendar_hours"]["p50"] < held
    ratio = home["calendar_hours"]["p50"] / cloud["calendar_hours"]["p50"]
    assert c["verdict"]["slow_down"] == pytest.approx(ratio, rel=1e-3)


def test_power_from_ones_own_roof_is_not_the_grids(ask):
    grid = ask("compare")["options"][0]
    roof = ask("compare", "--solar-share", "0.6", "--feed-in", "0.08")["options"][0]
    grams = {n["name"]: n for n in roof["sources"]}["solar_grams_per_kwh"]
    assert grams["low"] < grams["value"] < grams["high"] and "IPCC" in grams["source"]
    mixed = 0.4 * grid["carbon"]["grams_co2e_per_kwh"] + 0.6 * grams["value"]
    assert roof["co2_kg"]["p50"] == pytest.approx(roof["energy_kwh"]["p50"] * mixed / 1000, rel=1e-3)
    assert roof["co2_kg"]["p50"] < 0.6 * grid["co2_kg"]["p50"]


def test_the_price_per_kwh_at_which_a_verdict_turns_moves_the_paused_hours_too(ask):
    terms = ("--hours-per-day", "8", "--paused-watts", "60", "--heating-share", "0.4", "--heat-price", "0.1")
    turns = ask("compare", *terms)["break_even"]["per_kwh"]
    there = ask("compare", *terms, "--kwh-price", f"{turns:.9f}")
    at_home, rented = there["options"]
    assert at_home["cost"]["p50"] == pytest.approx(rented["cost"]["p50"], rel=1e-3)


@pytest.mark.parametrize("price", ["0.2", "0.6"])
@pytest.mark.parametrize(("plan", "terms"), [("rent", ()), ("hybrid", ("--rent", "idle_share=0.3"))])
def test_the_rent_at_which_a_decision_turns_moves_what_is_debugged_at_home_too(ask, price, plan, terms):
    """A line between a machine at home and a rented run: one that is debugged on it takes electricity too."""
    words = ("--deadline", "200d", *terms)
    now = ask("decide", *words)
    rented = next(p for p in now["shortlist"] if p["is_compared"] and p["plan"] == plan)
    tax = next(i["unit_price"] for i in rented["cost"]["items"] if i["code"] == "tax")
    line = {p["per_kwh"]: p["rent_per_hour"] for p in now["break_even"]}
    then = ask("decide", *words, "--kwh-price", price)
    own = next(p for p in then["shortlist"] if p["plan"] == "own")
    lines = {i["code"]: i for i in rented["cost"]["items"]}
    held = sum(i["quantity"]["p50"] for i in lines.values() if i["quantity_unit"] == "h")
    assert ("electricity" in lines) == (plan == "hybrid")
    debugged = lines["electricity"]["quantity"]["p50"] * float(price) if plan == "hybrid" else 0.0
    assert line[float(price)] * held * (1 + tax) + debugged == pytest.approx(own["cost"]["p50"], rel=2e-3)


def test_a_rent_far_from_the_median_of_its_kind_is_part_of_the_verdict(ask):
    """The same GPU, as many, of the same tier; nothing is said of one near it, or of few."""
    c = ask("compare")
    market = c["options"][1]["offer"]["market"]
    assert (market["tier"], market["offers"] >= 4) == ("on_demand", True)
    price = next(i["unit_price"] for i in c["options"][1]["cost"]["items"] if i["code"] == "rent")
    assert market["of_median"] == pytest.approx(price / float(market["median_per_hour"]), abs=1e-3)
    assert market["of_median"] < 2 / 3
    assert f"a fifth of the median of {market['offers']} such offers" in c["verdict"]["summary"]
    usual = None
    for plan in ask("decide", "--deadline", "2d")["shortlist"]:
        offer = plan["offer"]
        if (
            offer
            and offer["market"]
            and 2 / 3 <= offer["market"]["of_median"] <= 1.5
            and plan["instances"] == 1
        ):
            usual = offer["slug"]
    assert usual is not None
    assert "the median of" not in ask("compare", "--cloud", usual)["verdict"]["summary"]
    best = ask("decide", "--own", "none", "--deadline", "2d")
    of = best["best"]["offer"]["market"]["of_median"]
    assert ("of the median of" in best["summary"]) == (of < 2 / 3)
