"""/api/v1/index: what one GPU costs an hour, median and quartiles by GPU, tier and day."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Day, Question
from service.api.collections import Collection, Page, PageQuery, publish, respond_all, sliced
from service.api.columns import Columns
from service.api.contract import contract
from service.api.parquet import parquet_of
from service.api.schemas import page_of
from service.errors import InvalidValue, worded
from service.estimate.index_check import IndexCheck
from service.facts import Tier
from service.state import state
from service.store import exchange_rates, price_index
from service.store.price_index import IndexRow
from service.store.snapshot import Snapshot
from service.usecases import find_gpu

CURRENCY = Field("USD", pattern="^[A-Za-z]{3}$")
DAY_LENGTH = len("2026-11-24")


class IndexQuery(PageQuery):
    """Filters for the index."""

    gpu: str | None = Field(None, description="Slug or alias of the GPU")
    tier: Tier | None = None
    day: Day | None = Field(None, description="As known on that day; the newest day with prices")
    currency: str = CURRENCY


class IndexItemQuery(Question):
    """How to show one row."""

    currency: str = CURRENCY


class IndexCheckOut(BaseModel):
    """What an index of rents says of the same card and time; a check, not a price one could rent at."""

    index: str
    gpu: str = Field(description="As the index calls it")
    gpus: list[str] = Field(description="The cards that this may mean")
    as_of: date
    per_gpu_hour: float
    off: float = Field(description="The median over the index, less one")
    is_off: bool = Field(
        description="Whether it is more than 0.25 off, and so are the medians of all cards that it may mean"
    )
    source: str
    source_url: str
    licence: str


class IndexOut(BaseModel):
    """Of every offer listed that day, its price last stated within 30 days, per GPU and hour."""

    slug: str
    gpu: str
    tier: Tier
    day: date
    offers: int
    providers: int
    unit: str
    least: float
    lower_quartile: float
    median: float
    upper_quartile: float
    most: float
    checks: list[IndexCheckOut]


def find(snapshot: Snapshot, query: IndexQuery) -> Page:
    """The index of a day, by GPU and tier."""
    gpu = find_gpu(snapshot, "gpu", query.gpu).slug if query.gpu else None
    rows = _rows(query.day, query.currency.upper(), gpu, query.tier)
    return sliced(rows, query, lambda row: _item(row, query.currency.upper()))


def get(snapshot: Snapshot, slug: str, query: IndexItemQuery) -> dict[str, Any] | None:
    """The row of `GPU-TIER-DAY`."""
    gpu, _, tier = slug[: -DAY_LENGTH - 1].rpartition("-")
    try:
        day = date.fromisoformat(slug[-DAY_LENGTH:])
    except ValueError:
        return None
    rows = _rows(day, query.currency.upper(), gpu, tier) if gpu and tier else []
    return _item(rows[0], query.currency.upper()) if rows else None


def _rows(day: date | None, currency: str, gpu: str | None, tier: str | None) -> list[IndexRow]:
    with state().sessions.reading() as session:
        day = day or price_index.newest_day(session)
        if day is None:
            return []
        rates = exchange_rates.rates_for(session, day)
        if currency not in {"EUR", *rates}:
            raise InvalidValue(
                "currency", currency, worded("no exchange rate is known"), sorted({"EUR", *rates})
            )
        return price_index.price_index(session, day, currency, rates, gpu=gpu, tier=tier)


def _item(row: IndexRow, currency: str) -> dict[str, Any]:
    prices = ("least", "lower_quartile", "median", "upper_quartile", "most")
    return {
        "slug": f"{row.gpu}-{row.tier}-{row.day}",
        "gpu": row.gpu,
        "tier": row.tier,
        "day": row.day,
        "offers": row.offers,
        "providers": row.providers,
        "unit": f"{currency}/GPU-h",
        **{name: round(getattr(row, name), 6) for name in prices},
        "checks": [_check(one) for one in row.checks],
    }


def _check(one: IndexCheck) -> dict[str, Any]:
    index = one.index
    return {
        "index": index.name,
        "gpu": index.gpu_raw_name,
        "gpus": list(index.gpus),
        "as_of": index.as_of,
        "per_gpu_hour": round(one.per_gpu_hour, 6),
        "off": round(one.off, 4),
        "is_off": one.is_off,
        "source": index.source.title,
        "source_url": index.source.url,
        "licence": index.source.licence,
    }


blueprint = publish(
    Collection(
        name="index",
        one="index row",
        summary="what one GPU costs an hour: median and quartiles by GPU and tier of a day",
        query=IndexQuery,
        item=IndexOut,
        page=page_of("IndexPage", IndexOut),
        find=find,
        get=get,
        item_query=IndexItemQuery,
    )
)


@blueprint.get("/index.parquet")
@contract.validate(
    query=IndexQuery, resp=Answers("HTTP_200"), tags=["index"], operation_id="index_list_parquet"
)
def as_parquet(query: IndexQuery) -> Response:
    """List the index as Parquet; 406 where no library writes it."""
    return respond_all(query, _all, parquet_of(IndexOut))


def _all(snapshot: Snapshot, query: IndexQuery) -> Iterator[Columns]:
    items = find(snapshot, query).items
    return iter([{name: [item[name] for item in items] for name in IndexOut.model_fields}])
