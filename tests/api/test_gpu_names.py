"""GPU names in price lists over HTTP: what is left to map, and the last word of whoever has a token."""

from tests.api.conftest import assert_problem
from tests.api.test_writing_and_refresh import headers


def test_a_name_is_told_with_a_token_and_its_offers_follow_at_once(own_app):
    client = own_app.test_client()
    left = client.get("/api/v1/gpu-names").get_json()
    assert left["told"] == [] and left["unmapped"][0]["offers"] >= left["unmapped"][-1]["offers"] >= 1
    name = left["unmapped"][0]["name"]
    wanted = {"name": name, "gpu": "H200 SXM"}
    assert_problem(client.post("/api/v1/gpu-names", json=wanted), 401)
    token = headers(own_app)
    before = client.get("/api/v1/offers?gpu=h200-sxm&limit=1").get_json()["total"]
    told = client.post("/api/v1/gpu-names", json=wanted, headers=token)
    assert told.status_code == 200, told.get_data(as_text=True)
    changed = told.get_json()
    assert changed["gpu"] == "h200-sxm" and changed["offers_changed"] >= left["unmapped"][0]["offers"]
    after = client.get("/api/v1/offers?gpu=h200-sxm&limit=1").get_json()["total"]
    assert after == before + changed["offers_changed"]
    now = client.get("/api/v1/gpu-names").get_json()
    assert now["told"] == [{"name": name, "gpu": "h200-sxm", "memory_gib": None}]
    assert name not in {row["name"] for row in now["unmapped"]}
    for change, field in (
        ({"gpu": "h200-smx"}, "gpu"),
        ({"name": "--"}, "name"),
        ({"memory_gib": 0}, "memory_gib"),
    ):
        refused = client.post("/api/v1/gpu-names", json=wanted | change, headers=token)
        assert_problem(refused, 422, field)
