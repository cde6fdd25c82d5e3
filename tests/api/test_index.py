"""GET /api/v1/index and /llms.txt."""

import re


def test_the_index_is_told_as_json_and_csv_and_row_by_row(client):
    page = client.get("/api/v1/index?gpu=h100-sxm&tier=on_demand").get_json()
    (row,) = page["items"]
    assert row["least"] <= row["lower_quartile"] <= row["median"] <= row["upper_quartile"] <= row["most"]
    assert row["unit"] == "USD/GPU-h" and row["offers"] >= row["providers"] >= 1
    assert client.get(f"/api/v1/index/{row['slug']}").get_json() == row
    assert client.get("/api/v1/index.csv").data.startswith(b"slug,gpu,tier,day,")
    assert client.get("/api/v1/index/h100-sxm-on_demand-yesterday").status_code == 404
    assert client.get("/api/v1/index?currency=XTS").status_code == 422


def test_every_address_that_llms_txt_names_answers(client):
    text = client.get("/llms.txt").get_data(as_text=True)
    addresses = re.findall(r"\]\((/[^)]+)\)", text)
    assert len(addresses) > 8
    assert {a for a in addresses if client.get(a).status_code != 200} == set()
