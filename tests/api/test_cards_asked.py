"""A card's name over REST: several candidates with what tells them apart, and cards that are not told."""

import pytest

PROBLEM = "application/problem+json"


def test_a_name_of_several_cards_lists_them_with_the_difference(client):
    said = {"home": "A100 40GB", "cloud": "8xh100-sxm", "workload": "nanochat-d12"}
    answer = client.post("/api/v1/comparisons", json=said)
    assert answer.status_code == 422 and answer.mimetype == PROBLEM
    (error,) = answer.json["errors"]
    assert error["field"] == "home" and error["choices"] == ["a100-pcie-40gb", "a100-sxm-40gb"]
    assert error["candidates"] == [
        {"slug": "a100-pcie-40gb", "difference": "250 W, PCIe"},
        {"slug": "a100-sxm-40gb", "difference": "400 W, NVLink 600 GB/s"},
    ]


@pytest.mark.parametrize(
    ("name", "status"),
    [("rtx4090", 200), ("7900 xtx", 200), ("H100", 422), ("m4 max", 422), ("rtx-407", 404)],
)
def test_a_card_by_the_name_people_type(client, name, status):
    answer = client.get(f"/api/v1/gpus/{name}")
    assert answer.status_code == status
    if status == 422:
        (error,) = answer.json["errors"]
        assert error["choices"] and (error.get("candidates") is None) == (name != "H100")


def test_a_count_before_a_name_of_several_is_asked_back_too(client):
    said = {"home": "rtx-4070", "cloud": "8xH100", "workload": "nanochat-d12"}
    (error,) = client.post("/api/v1/comparisons", json=said).json["errors"]
    assert error["field"] == "cloud" and len(error["candidates"]) == 4
