"""Decisions over HTTP: answered, kept, found again, refused with the field to blame."""

import pytest

from tests.api.conftest import assert_problem


def test_a_decision_is_kept_and_found_again(client):
    asked = {"budget": 700, "deadline_hours": 720}
    made = client.post("/api/v1/decisions", json=asked)
    assert made.status_code == 201
    answer = made.get_json()
    best = answer["best"]
    assert best["probability_within_limits"] < 0.8 <= best["probability_if_rent_holds"]
    assert best["cost"]["p50"] <= 700 and best["calendar_hours"]["p50"] <= 720
    assert {"best", "shortlist", "dominated_count", "limits", "nearest_possible", "sensitivity"} <= set(
        answer
    )
    assert any(option["plan"] == "own" for option in answer["shortlist"])
    found = client.get(made.headers["Location"])
    assert found.data == made.data and found.headers["ETag"]
    assert client.post("/api/v1/decisions", json=asked).data == made.data
    assert_problem(client.get(f"/api/v1/comparisons/{answer['id']}"), 404)
    assert_problem(client.get("/api/v1/decisions/none"), 404)


def test_what_would_be_better_if_its_rent_holds_is_named_and_stands_in_the_shortlist(client):
    answer = client.post("/api/v1/decisions", json={"workload": "nanochat-d20", "budget": 60}).get_json()
    held, (plan,) = answer["if_rents_hold"], (p for p in answer["shortlist"] if p["is_best_if_rents_hold"])
    assert answer["best"]["plan"] == "own" and not answer["needs_stated_rent"]
    assert held["probability_within_limits"] < 0.8 <= held["probability_if_rent_holds"]
    assert held["plan"]["label"] == plan["label"] and held["saved_hours"] > 24
    assert held["probability_if_rent_holds"] == plan["probability_if_rent_holds"]
    assert held["sentence"] in answer["summary"] and held["sentence"].startswith("Perhaps better: rent ")
    no_budget = client.post("/api/v1/decisions", json={"workload": "nanochat-d20"}).get_json()
    assert no_budget["if_rents_hold"] is None


def test_a_front_has_no_option_that_another_beats(client):
    shortlist = client.post("/api/v1/decisions", json={"tier": "any"}).get_json()["shortlist"]
    front = [
        (o["cost"]["p50"], o["calendar_hours"]["p50"], o["plan_co2_kg"] or float("inf"))
        for o in shortlist if o["is_on_front"]
    ]  # fmt: skip
    assert len(front) > 3
    for a in front:
        assert not any(b != a and all(x <= y for x, y in zip(b, a, strict=True)) for b in front)


def test_lines_of_a_bill_add_up_to_its_total(client):
    """At the median; at its ends a line knows the doubt of the hours alone, the total every doubt."""
    for option in client.post("/api/v1/decisions", json={"rent_terms": {"tax_share": 0.19}}).get_json()[
        "shortlist"
    ]:
        cost = option["cost"]
        low, middle, high = (
            sum(i[quantile] for i in cost["items"] if i["is_counted"] and i[quantile] is not None)
            for quantile in ("p10", "p50", "p90")
        )
        assert middle == pytest.approx(cost["p50"], abs=0.06), option["label"]
        assert cost["p10"] <= low + 0.06 and cost["p90"] >= high - 0.06, option["label"]


def test_within_nothing_possible_it_says_what_would_be(client):
    answer = client.post("/api/v1/decisions", json={"budget": 20, "deadline_hours": 100}).get_json()
    assert answer["best"] is None and answer["nearest_possible"]
    changes = {change["change"]: change for change in answer["nearest_possible"]}
    assert changes["budget"]["value"] > 20 and changes["model"]["workload"].startswith("nanochat-d")
    again = client.post(
        "/api/v1/decisions", json={"budget": changes["budget"]["value"] * 1.001, "deadline_hours": 100}
    ).get_json()
    assert again["best"] is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"own": ["rtx-407"]}, "own"),
        ({"buy": ["rtx-9090=5"]}, "buy"),
        ({"buy": ["=5"]}, "buy"),
        ({"budget": 0}, "budget"),
        ({"deadline_hours": -1}, "deadline_hours"),
        ({"weights": [0, 0, 0]}, "weights"),
        ({"weights": [1, 2]}, "weights.2"),
        ({"rent_terms": {"idle": 1}}, "rent_terms"),
        ({"rent_terms": {"download_mbit_per_s": 0}}, "download_mbit_per_s"),
        ({"hours_per_day": 25}, "hours_per_day"),
        ({"country": "XX"}, "country"),
        ({"tier": "cheap"}, "tier"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_cannot_be_used_is_named(client, body, field):
    assert_problem(client.post("/api/v1/decisions", json=body), 422, field)


def test_nothing_to_choose_from_is_said(client):
    assert_problem(client.post("/api/v1/decisions", json={"own": [], "tier": "none"}), 422)


def test_a_card_without_a_stored_price_asks_for_one(client):
    problem = assert_problem(client.post("/api/v1/decisions", json={"buy": ["h200-nvl"]}), 422)
    assert "h200-nvl=PRICE" in problem["detail"]
