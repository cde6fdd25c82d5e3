"""What changes facts: a private quote with a token; answers follow, on SQLite and PostgreSQL."""

import gc
import threading
import weakref
from datetime import UTC, date, datetime
from decimal import Decimal

from service.facts import ExchangeRate
from service.state import EXTENSION
from service.store import exchange_rates, tokens
from tests.api.conftest import assert_problem
from tests.facts_for_tests import SOURCE
from tests.waiting import until

QUOTE = {
    "provider": "lambda",
    "instance": "my-8xh100",
    "gpu": "h100-sxm",
    "gpu_count": 8,
    "hourly_price": "12.50",
    "currency": "USD",
    "as_of": "2026-11-20",
    "note": "=1+1",
}


def sessions(app):
    return app.extensions[EXTENSION].sessions


def headers(app, name="ci"):
    with sessions(app).begin() as session:
        return {"Authorization": f"Bearer {tokens.create(session, name, datetime.now(UTC))}"}


def test_a_quote_needs_a_token_and_then_counts_at_once(own_app):
    client = own_app.test_client()
    refused = client.post("/api/v1/offers", json=QUOTE)
    assert_problem(refused, 401)
    assert refused.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert_problem(client.post("/api/v1/offers", json={}), 401)
    assert_problem(client.post("/api/v1/offers", json=QUOTE, headers={"Authorization": "Bearer hv_no"}), 401)
    token = headers(own_app)
    before = client.post("/api/v1/comparisons", json={}).get_json()
    added = client.post("/api/v1/offers", json=QUOTE, headers=token)
    assert added.status_code == 201, added.get_data(as_text=True)
    assert client.get(added.headers["Location"]).get_json()["quoted_price_per_hour"] == "12.5"
    again = client.post("/api/v1/offers", json=QUOTE, headers=token)
    assert again.get_json()["slug"] == added.get_json()["slug"]
    after = client.post("/api/v1/comparisons", json={}).get_json()
    assert after["options"][1]["offer"]["instance"] == "my-8xh100"
    assert after["id"] != before["id"]
    kept = client.get(f"/api/v1/comparisons/{before['id']}").get_json()
    assert kept == before
    table = client.get("/api/v1/offers.csv?provider=lambda&limit=500").get_data(as_text=True)
    assert ",'=1+1," in table
    for change, field in (
        ({"hourly_price": 0}, "hourly_price"),
        ({"currency": "XXX"}, "currency"),
        ({"as_of": "2999-01-01"}, "as_of"),
        ({"gpu": "h10"}, "gpu"),
        ({"term_months": 12}, "term_months"),
        ({"provider": "lamda"}, "provider"),
        ({"hourly_price": "0.08"}, "hourly_price"),
        ({"hourly_price": "2000"}, "hourly_price"),
        ({"instance": "p5.48xlarge", "gpu_count": 1}, "gpu_count"),
        ({"instance": "p5.48xlarge", "gpu": "a100-sxm-80gb"}, "gpu"),
        ({"hourly_price": "5", "instance": "half"}, "yes"),
        ({"instance": "a\x1b[2J"}, "instance"),
        ({"region": "eu\nr2"}, "region"),
    ):
        assert_problem(client.post("/api/v1/offers", json={**QUOTE, **change}, headers=token), 422, field)
    with sessions(own_app).begin() as session:
        tokens.revoke(session, "ci", datetime.now(UTC))
    assert_problem(client.post("/api/v1/offers", json=QUOTE, headers=token), 401)


def test_a_quote_is_held_against_what_an_import_is_held_against(own_app):
    client, token = own_app.test_client(), headers(own_app)

    def posted(**change):
        return client.post("/api/v1/offers", json={**QUOTE, **change}, headers=token)

    (told,) = assert_problem(posted(hourly_price="0.08"), 422, "hourly_price")["errors"]
    assert told["value"] == "0.08"
    assert "0.01 USD per GPU and hour" in told["reason"] and "seen" in told["reason"]
    (told,) = assert_problem(posted(instance="p5.48xlarge", gpu_count=1), 422, "gpu_count")["errors"]
    assert told["reason"] == "1 GPU, but p5.48xlarge has 8"
    assert "by more than half" in posted(hourly_price="5").get_data(as_text=True)
    assert (
        client.get("/api/v1/offers?provider=lambda&gpu=h100-sxm&gpu_count=8&price_max=6").get_json()["total"]
        == 0
    )
    assert posted(hourly_price="5", yes=True).status_code == 201
    assert_problem(posted(hourly_price="0.08", yes=True), 422, "hourly_price")


def test_an_app_without_pricing_keeps_no_quote(own_app):
    from service.app import create_app
    from service.settings import Settings

    bare = create_app(Settings.from_environ({}), sessions(own_app)).test_client()
    assert_problem(bare.post("/api/v1/offers", json=QUOTE, headers=headers(own_app)), 501)


def test_answers_stay_whole_while_facts_change(own_app):
    """Readers compare while a writer moves the exchange rate: every answer is of one version."""
    client, seen, errors = own_app.test_client(), [], []
    stop = threading.Event()

    def reading():
        mine = own_app.test_client()
        while not stop.wait(0.005):
            response = mine.post("/api/v1/comparisons", json={"cloud": "any", "limit": 5})
            if response.status_code != 201:
                errors.append(response.get_data(as_text=True))
                return
            answer = response.get_json()
            rate = next(n["value"] for n in answer["options"][1]["sources"] if n["name"] == "USD per EUR")
            offer, cost = answer["options"][1]["offer"], answer["options"][1]["cost"]
            seen.append((answer["data_version"], rate))
            if abs(cost["items"][0]["unit_price"] - float(offer["hourly_price"]) / rate) > 1e-5:
                errors.append("price and rate of different versions")

    threads = [threading.Thread(target=reading) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: seen or errors, "they are answered")
    for step in range(12):
        rate = ExchangeRate("EUR", "USD", Decimal("1.10") + Decimal(step) / 100, date(2026, 11, 23), SOURCE)
        with sessions(own_app).begin() as session:
            exchange_rates.put_all(session, [rate])
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    by_version = dict(seen)
    assert all(by_version[version] == rate for version, rate in seen)
    assert client.get("/readyz").get_json()["status"] == "ready"


def test_old_facts_leave_memory_after_a_change(own_app, facts_are_read):
    """Nothing that answers are remembered by may hold a snapshot that was replaced."""
    client = own_app.test_client()
    client.post("/api/v1/comparisons", json={"cloud": "any"})
    client.get("/api/v1/offers")
    old = weakref.ref(own_app.extensions[EXTENSION].snapshots.current())
    rate = ExchangeRate("EUR", "USD", Decimal("1.2345"), date(2026, 11, 23), SOURCE)
    with sessions(own_app).begin() as session:
        exchange_rates.put_all(session, [rate])
    assert client.post("/api/v1/comparisons", json={"cloud": "any"}).status_code == 201
    gc.collect()
    assert old() is None


def test_a_log_is_learnt_from_with_a_token(own_app):
    from tests.test_measure import BANNER_D20, nanochat

    client = own_app.test_client()
    log = BANNER_D20 + nanochat(4000, dt_ms=60_000, tokens_per_s="8,738").replace("/71680", "/21400")
    assert len(log) > 262_144  # a log may be larger than any other body
    asked = {"gpu": "RTX 3090", "log": log, "plug_watts": 400, "yes": True}
    assert_problem(client.post("/api/v1/measured-runs", json=asked), 401)
    token = headers(own_app)
    question = {"workload": "nanochat-d26", "home": "rtx-3090"}
    before = client.post("/api/v1/comparisons", json=question).get_json()["options"][0]["tokens_per_s"]
    trial = client.post("/api/v1/measured-runs", json=asked | {"keep": False}, headers=token)
    assert trial.status_code == 201 and "Location" not in trial.headers
    added = client.post("/api/v1/measured-runs", json=asked, headers=token)
    answer = added.get_json()
    assert answer["kept"] and answer["log"]["format"] == "nanochat"
    assert answer["progress"]["steps_total"] == 21_400
    assert answer["progress"]["wall_watts"]["p50"] == 400
    stored = client.get(added.headers["Location"]).get_json()
    assert stored["confidence"] == "own" and stored["source"] == "measured by you"
    after = client.post("/api/v1/comparisons", json=question).get_json()["options"][0]["tokens_per_s"]
    assert after < 0.97 * before
    for change, field in (
        ({"log": None}, "log"),
        ({"log": "nothing"}, "log"),
        ({"gpu": "rtx-3099"}, "gpu"),
        ({"tokens_per_s": 5}, "log"),
    ):
        problem = client.post("/api/v1/measured-runs", json=asked | change, headers=token)
        assert_problem(problem, 422)
        assert field in problem.get_data(as_text=True), problem.get_json()


def test_an_estimate_explains_itself(own_app):
    client = own_app.test_client()
    asked = {
        "workload": "nanochat-d32",
        "hardware": [{"gpu": "rtx-4070"}, {"gpu": "h100-sxm", "gpu_count": 8}],
    }
    plain = client.post("/api/v1/estimates", json=asked).get_json()["estimates"]
    assert all(estimate.get("explanation") is None for estimate in plain)
    home, cloud = client.post("/api/v1/estimates", json=asked | {"explain": True}).get_json()["estimates"]
    for estimate in (home, cloud):
        why = estimate["explanation"]
        assert abs(sum(part["share"] for part in why["time"]) - 1) < 0.03
        assert abs(sum(part["share"] for part in why["doubt"]) - 1) < 0.03
        assert why["runs"] and why["runs_in_all"] > 100 and len(why["text"]) >= 4
    assert home["explanation"]["runs"][0]["gpu"] == "rtx-4070"
    ladder = home["fit"]["ladder"]
    assert [rung["code"] for rung in ladder][:2] == ["as_published", "micro_batch"]
    assert [rung["fits"] for rung in ladder] == [False] * 5 + [True] * 3
    assert home["power_limit"]["stand_in"] is True and cloud["fit"]["ladder"] == []
