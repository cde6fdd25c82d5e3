"""Every collection in one manner; offers filter exactly."""

import csv
from decimal import Decimal
from io import StringIO

import pytest

from tests.api.conftest import assert_problem

COLLECTIONS = ("gpus", "workloads", "providers", "offers", "electricity-rates", "carbon-intensities",
               "exchange-rates", "measured-runs")  # fmt: skip


@pytest.mark.parametrize("name", COLLECTIONS)
def test_paging_shows_each_item_once_in_a_stable_order(client, name):
    url, seen = f"/api/v1/{name}?limit=37", []
    while url:
        page = client.get(url).get_json()
        assert len(page["items"]) <= 37
        seen += [item["slug"] for item in page["items"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == page["total"] > 10
    assert [i["slug"] for i in client.get(f"/api/v1/{name}?limit=37").get_json()["items"]] == seen[:37]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_items_have_an_address_an_etag_and_a_source(client, name):
    first = client.get(f"/api/v1/{name}?limit=1")
    item = first.get_json()["items"][0]
    one = client.get(f"/api/v1/{name}/{item['slug']}")
    assert one.status_code == 200 and one.get_json() == item
    assert item.get("source") or "sources" in item
    for source in item.get("sources", {"": item}).values():
        assert source["unit"] and source["source"] and source["as_of"]
    for response in (first, one):
        again = client.get(
            response.request.full_path.rstrip("?"), headers={"If-None-Match": response.headers["ETag"]}
        )
        assert again.status_code == 304 and not again.data
    assert_problem(client.get(f"/api/v1/{name}/no-such-thing"), 404)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_csv_holds_the_same_items(client, name):
    response = client.get(f"/api/v1/{name}.csv?limit=20")
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(StringIO(response.get_data(as_text=True))))
    items = client.get(f"/api/v1/{name}?limit=20").get_json()["items"]
    assert [row["slug"] for row in rows] == [item["slug"] for item in items]
    assert not any(cell.startswith(("=", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("offset=-1", "offset"),
        ("limit=x", "limit"),
        ("colour=red", "colour"),
        ("offset=99999999999999999999", "offset"),
    ],
)
def test_bad_queries_name_the_field(client, name, query, field):
    assert_problem(client.get(f"/api/v1/{name}?{query}"), 422, field)


def offers(client, query):
    items, url = [], f"/api/v1/offers?limit=500&{query}"
    while url:
        page = client.get(url).get_json()
        items += page["items"]
        url = page["next"]
    return items


def test_a10_never_returns_a100(client):
    found = {item["gpu"] for item in offers(client, "gpu=a10")}
    assert found == {"a10"}
    assert {item["gpu"] for item in offers(client, "gpu=A100%20SXM%2080%20GB")} == {"a100-sxm-80gb"}


def test_an_unknown_gpu_lists_the_nearest_first(client):
    body = assert_problem(client.get("/api/v1/offers?gpu=rtx-407"), 422, "gpu")
    assert body["errors"][0]["choices"][0] == "rtx-4070"
    assert_problem(client.get("/api/v1/offers?provider=lamda"), 422, "provider")
    assert_problem(client.get("/api/v1/offers?tier=cheap"), 422, "tier")
    assert_problem(client.get("/api/v1/offers?currency=XXX"), 422, "currency")


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("gpu_count_min=8", lambda o: o["gpu_count"] >= 8),
        ("gpu_count_min=2&gpu_count_max=4", lambda o: 2 <= o["gpu_count"] <= 4),
        ("memory_gib_min=80", lambda o: o["memory_gib_per_gpu"] >= 80),
        ("total_memory_gib_min=640", lambda o: o["total_memory_gib"] >= 640),
        ("total_memory_gib_max=24", lambda o: o["total_memory_gib"] <= 24),
        ("provider=aws", lambda o: o["provider"] == "aws"),
        ("region=US-EAST-1", lambda o: o["region"] == "us-east-1"),
        ("country=de", lambda o: o["country"] == "DE"),
        ("tier=spot", lambda o: o["tier"] == "spot"),
        ("price_max=0.5", lambda o: Decimal(o["price_per_hour"]) <= Decimal("0.5")),
        ("price_min=10&price_max=20", lambda o: 10 <= Decimal(o["price_per_hour"]) <= 20),
        ("as_of=2025-05-01", lambda o: o["as_of"] <= "2025-05-01"),
    ],
)
def test_filters_keep_exactly_what_matches(client, query, holds):
    everything = offers(client, query.split("as_of")[0] and "") if "as_of" not in query else []
    found = offers(client, query)
    assert found and all(holds(o) for o in found)
    if everything:

        def fits(offer):
            try:
                return holds(offer)
            except TypeError:
                return False

        assert {o["slug"] for o in everything if fits(o)} == {o["slug"] for o in found}


def test_offers_come_cheapest_first_across_currencies_and_convert_by_the_dated_rate(client):
    found = offers(client, "currency=EUR&gpu_count_min=8&gpu=h100-sxm")
    prices = [Decimal(o["price_per_hour"]) for o in found]
    assert prices == sorted(prices)
    aws = next(o for o in found if o["provider"] == "aws")
    assert aws["quoted_price_per_hour"] == "55.04" and aws["quoted_currency"] == "USD"
    assert round(Decimal(aws["price_per_hour"]), 2) == round(Decimal("55.04") / Decimal("1.1172"), 2)
    assert aws["exchange_rates"][0]["rate"] == "1.1172"
    assert aws["exchange_rates"][0]["as_of"] == "2026-10-30"


def test_as_of_shows_the_price_of_that_day_and_history_shows_all(client):
    then = next(o for o in offers(client, "provider=aws&gpu=h100-sxm&gpu_count_min=8&as_of=2025-05-01"))
    now = next(o for o in offers(client, "provider=aws&gpu=h100-sxm&gpu_count_min=8"))
    assert then["price_per_hour"] == "98.32" and now["price_per_hour"] == "55.04"
    history = client.get(f"/api/v1/offers/{now['slug']}/history").get_json()["prices"]
    assert [p["price_per_hour"] for p in history] == ["98.32", "55.04"]
    assert_problem(client.get("/api/v1/offers/nope/history"), 404)


def test_money_converts_wherever_it_is(client):
    swiss = client.get("/api/v1/electricity-rates?zone=CH&currency=EUR").get_json()["items"][0]
    assert swiss["quoted_per_kwh"] == "0.277" and swiss["currency"] == "EUR"
    assert round(Decimal(swiss["per_kwh"]), 4) == round(Decimal("0.277") / Decimal("0.9194"), 4)
    aws = client.get("/api/v1/providers/aws?currency=EUR").get_json()
    assert Decimal(aws["egress_per_gb"]) < Decimal("0.09") and aws["fee_currency"] == "EUR"
    runpod = client.get("/api/v1/providers/runpod").get_json()
    assert runpod["egress_per_gb"] == "0"
    assert client.get("/api/v1/providers/modal").get_json()["egress_per_gb"] is None


def test_the_peak_is_derived_and_says_so(client):
    gpu = client.get("/api/v1/gpus/4070").get_json()
    assert gpu["slug"] == "rtx-4070" and gpu["peak_bf16_tflops"] == pytest.approx(58.3, rel=0.01)
    assert "derived" in gpu["sources"]["peak_bf16_tflops"]["unit"]
    d32 = client.get("/api/v1/workloads/nanochat-d32").get_json()
    assert d32["parameters"] == 1_879_048_192 and d32["steps"] == 71_680
    assert client.get("/api/v1/electricity-rates?zone=de&newest=true&taxes=all").get_json()["total"] == 1


def test_a_bound_beyond_every_price_is_no_fault_in_any_currency(client):
    """1 million USD are more IDR than a stored price can hold (found by the fuzzer)."""
    everything = client.get("/api/v1/offers?limit=1").get_json()["total"]
    assert client.get("/api/v1/offers?limit=1&price_max=999999.99").get_json()["total"] == everything
    assert client.get("/api/v1/offers?limit=1&price_min=999999.99").get_json()["total"] == 0
