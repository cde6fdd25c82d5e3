"""Offers and index as Parquet: the values of JSON; without the library that writes it, what to install."""

import io
from datetime import date, datetime
from decimal import Decimal

import orjson
import pytest

from service.api import parquet
from service.api.offers import OfferOut


@pytest.mark.parametrize(
    "query", ["", "?gpu=rtx-4090&currency=eur&unlisted=true", "?nearest=4070", "?price_max=0.000001"]
)
def test_offers_as_parquet_are_those_of_json(client, query, monkeypatch):
    pq = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(parquet, "ROWS_IN_GROUP", 300)
    answer = client.get(f"/api/v1/offers/all.parquet{query}")
    assert answer.mimetype == parquet.MEDIA_TYPE and answer.headers["ETag"]
    file = pq.ParquetFile(io.BytesIO(answer.data))
    items = client.get(f"/api/v1/offers/all.json{query}").get_json()["items"]
    assert [*file.schema_arrow.names] == [*OfferOut.model_fields]
    assert file.num_row_groups == -(-len(items) // 500)
    assert [plain(row) for row in file.read().to_pylist()] == items


def test_nothing_found_is_a_table_of_no_rows_with_the_same_columns(client):
    pq = pytest.importorskip("pyarrow.parquet")
    both = [
        client.get(f"/api/v1/offers/all.parquet?{q}").data for q in ("price_max=0.000001", "gpu=h100-sxm")
    ]
    none, some = (pq.read_table(io.BytesIO(data)) for data in both)
    assert len(none) == 0 < len(some) and none.schema == some.schema


def test_the_index_as_parquet(client):
    pq = pytest.importorskip("pyarrow.parquet")
    rows = pq.read_table(io.BytesIO(client.get("/api/v1/index.parquet?gpu=h100-sxm").data)).to_pylist()
    assert [plain(row) for row in rows] == client.get("/api/v1/index?gpu=h100-sxm").get_json()[
        "items"
    ] and rows


def test_without_the_library_the_answer_says_what_to_install(client, monkeypatch):
    monkeypatch.setattr(parquet, "find_spec", lambda name: None)
    for path in ("offers/all.parquet", "index.parquet"):
        answer = client.get(f"/api/v1/{path}")
        assert answer.status_code == 406 and answer.mimetype == "application/problem+json"
        assert "pip install 'heimvorteil[parquet]'" in answer.get_json(force=True)["detail"]


def plain(row):
    """As JSON tells it."""
    texts = {"exchange_rates", "conflicts", "likeness", "checks"}
    return {
        name: orjson.loads(value) if name in texts and value is not None else said(value)
        for name, value in row.items()
    }


def said(value):
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return orjson.loads(orjson.dumps(value)) if isinstance(value, (date, datetime)) else value
