"""What changes facts: a private quote with a token; answers follow, on SQLite and PostgreSQL."""

import gc
import threading
import weakref
from datetime import UTC, date, datetime
from decimal import Decimal

from service.api.state import EXTENSION
from service.facts import ExchangeRate
from service.store import exchange_rates, tokens
from tests.api.conftest import assert_problem
from tests.facts_for_tests import SOURCE

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
    ):
        assert_problem(client.post("/api/v1/offers", json={**QUOTE, **change}, headers=token), 422, field)
    with sessions(own_app).begin() as session:
        tokens.revoke(session, "ci", datetime.now(UTC))
    assert_problem(client.post("/api/v1/offers", json=QUOTE, headers=token), 401)


def test_answers_stay_whole_while_facts_change(own_app):
    """Readers compare while a writer moves the exchange rate: every answer is of one version."""
    client, seen, errors = own_app.test_client(), [], []
    stop = threading.Event()

    def reading():
        mine = own_app.test_client()
        while not stop.is_set():
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


def test_old_facts_leave_memory_after_a_change(own_app):
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
