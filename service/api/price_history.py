"""/api/v1/price-history: what a GPU cost, by day, week or month."""

from datetime import date
from typing import Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Day, Question
from service.api.collections import etag, finish, json_response, not_modified, unchanged
from service.api.contract import contract
from service.api.exchange_rates import ExchangeRateOut
from service.facts import Tier
from service.state import facts, state
from service.usecases.offers import price_history_of

Interval = Literal["day", "week", "month"]


class PriceHistoryQuery(Question):
    """Which offers, over which days; without days the year up to the newest price."""

    gpu: str = Field(description="Slug or alias of the GPU")
    gpu_count: int | None = Field(None, ge=1, le=1024)
    tier: Tier | None = None
    provider: str | None = None
    first_day: Day | None = Field(None, alias="from")
    last_day: Day | None = Field(None, alias="to")
    interval: Interval = "day"
    currency: str = Field("USD", pattern="^[A-Za-z]{3}$")


class SpreadOut(BaseModel):
    """Exact decimals; the median is over the days of all offers."""

    min: str
    median: str
    max: str


class PricePeriodOut(BaseModel):
    """One interval; null prices are a gap: fewer than half of the series' offers have a price in it."""

    first_day: date
    last_day: date
    offers: int = Field(description="Those of the series with a price in it")
    price_per_hour: SpreadOut | None = Field(description="Whole instance")
    price_per_gpu_hour: SpreadOut | None


class PriceSeriesOut(BaseModel):
    """One tier and term, always over the same offers: a step is no mere change of who is listed."""

    tier: Tier
    term_months: int | None = Field(description="Of reserved offers")
    offers: int = Field(
        description="That count: with a price in at least two thirds of intervals_priced; 0: all come and go"
    )
    offers_priced: int = Field(description="All of this tier and term with a price in the whole time")
    intervals_priced: int = Field(description="Intervals in which any of those has a price")
    periods: list[PricePeriodOut]


class StatedByOut(BaseModel):
    """Who stated prices in it, last for that day."""

    source: str
    url: str
    as_of: date
    licence: str


class PriceHistoryOut(BaseModel):
    """Prices over time; each interval is converted at the newest rate up to its last day."""

    gpu: str
    gpu_count: int | None
    tier: Tier | None
    provider: str | None
    interval: Interval
    currency: str
    unit: str
    offers_without_exchange_rate: int
    series: list[PriceSeriesOut]
    exchange_rates: list[ExchangeRateOut]
    sources: list[StatedByOut]


blueprint = Blueprint("price_history", __name__)


@blueprint.get("/price-history")
@contract.validate(
    query=PriceHistoryQuery,
    resp=Answers(HTTP_200=PriceHistoryOut),
    tags=["offers"],
    operation_id="price_history_get",
)
def over_time(query: PriceHistoryQuery) -> Response:
    """Smallest, median and largest price of a GPU's offers per interval, each tier and term on its own."""
    snapshot = facts()
    tag = etag(snapshot)
    if unchanged(tag):
        return not_modified(tag)
    asked = query.model_dump()
    asked["currency"] = asked["currency"].upper()
    return finish(json_response(price_history_of(state().sessions, snapshot, **asked)), tag)
