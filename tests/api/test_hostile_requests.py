"""Bytes that no database keeps and days that are none, from wherever they come: refused in the one shape."""

import pytest

from service.store import tokens
from tests.api.conftest import assert_problem
from tests.facts_for_tests import ASKED_AT

PATHS = (
    "gpus/{}", "workloads/{}", "providers/{}", "offers/{}", "comparisons/{}", "comparisons/{}.pdf",
    "decisions/{}", "decisions/{}.json", "price-sources/{}", "electricity-rates/{}", "alerts/{}",
    "report-schedules/{}", "measured-runs/{}", "nothing/{}",
)  # fmt: skip
QUERIES = (
    "offers?region={}", "offers?gpu={}", "offers?provider={}", "offers?as_of={}", "refreshes?source={}",
    "price-history?gpu={}", "gpu-price-index?gpu={}", "gpus?q={}", "spot-prices?zone={}", "offers?{}=1",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_nul_in_a_path(own_app, path):
    client = own_app.test_client()
    for nul in ("%00", "a%00b"):
        assert_problem(client.get(f"/api/v1/{path.format(nul)}"), 400)
    assert_problem(client.delete(f"/api/v1/{path.format('%00')}"), 400)


@pytest.mark.parametrize("query", QUERIES)
def test_a_nul_in_a_query(own_app, query):
    assert_problem(own_app.test_client().get(f"/api/v1/{query.format('a%00b')}"), 422)


def test_a_nul_in_a_body(own_app):
    client = own_app.test_client()
    with own_app.extensions["heimvorteil"].sessions.begin() as session:
        token = tokens.create(session, "me", ASKED_AT)
    sent = {"Authorization": f"Bearer {token}"}
    for route, body, field in (
        ("comparisons", {"home": "a\0"}, "home"),
        ("comparisons", {"workload": {"config": {"a": ["b\0"]}}}, "workload.config.a"),
        ("decisions", {"own": ["a\0"]}, "own"),
        ("refreshes", {"source": "a\0"}, "source"),
        ("alerts", {"name": "a\0"}, "name"),
        ("offers/imports", {"provider": "lambda", "format": "csv", "table": "a\0b"}, "table"),
        ("offers/imports", {"provider": "lambda", "format": "json", "rows": [{"gpu": "a\0"}]}, "rows.gpu"),
        ("gpu-names", {"name": "a\0", "gpu": "h100-sxm"}, "name"),
        ("comparisons", {"a\0": 1}, "body"),
    ):
        assert_problem(client.post(f"/api/v1/{route}", json=body, headers=sent), 422, field)
    assert_problem(client.post("/api/v1/comparisons", data=b"\0", content_type="application/json"), 400)
    told = client.post("/api/v1/comparisons", json={"cloud": "\\u0000"})
    assert "NUL" not in assert_problem(told, 422)["detail"], "a backslash and letters are no NUL"


@pytest.mark.parametrize(
    "query",
    ["offers?as_of={}", "offers.csv?as_of={}", "exchange-rates?as_of={}", "price-history?gpu=h100&from={}",
     "market-slots?from={}"],
)  # fmt: skip
@pytest.mark.parametrize("day", ["0", "1764000000", "2026-1-1", "1e9", "2026-02-30", "today"])
def test_a_number_is_no_day(client, query, day):
    answer = client.get(f"/api/v1/{query.format(day)}")
    assert answer.status_code in (404, 422), answer.text
    if answer.status_code == 422:
        assert "day" in answer.get_json()["detail"] or "date" in answer.get_json()["detail"]


def test_a_day_before_any_price_is_told_so(client):
    body = assert_problem(client.get("/api/v1/offers?as_of=1990-01-01"), 422, "as_of")
    assert "no price is known of that day; the first is of 20" in body["detail"]
    assert client.get("/api/v1/offers?as_of=2026-11-01&region=eu&price_max=0.0001").status_code == 200
