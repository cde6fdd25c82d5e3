"""/api/v1/offers: rentable instances, cheapest first; a private quote with a token."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, abort
from pydantic import BaseModel, Field, field_validator
from spectree import Response as Answers

from service.answers.asked import Day, Question
from service.answers.option import AnsweredLikeness
from service.api.collections import (
    CSV,
    JSON,
    Collection,
    Page,
    PageQuery,
    etag,
    finish,
    json_response,
    not_modified,
    publish,
    respond_all,
    unchanged,
)
from service.api.columns import Columns
from service.api.contract import contract
from service.api.exchange_rates import ExchangeRateOut
from service.api.parquet import EXACT, parquet_of
from service.api.schemas import SourceOut, page_of
from service.api.sourced import converter
from service.api.tokens import bearer
from service.countries import code_of
from service.errors import InvalidValue, NotFound, UnknownName, worded
from service.facts import CloudOffer, Source, Tier
from service.reports.listings.offer_items import offer_item
from service.reports.listings.sourced import amount
from service.state import facts, now, state
from service.store import offers
from service.store.offer_conflicts import conflicts_of
from service.store.snapshot import Snapshot
from service.usecases import find_gpu
from service.usecases.offers import all_offers, find_offers, not_older, offer_columns, offer_items

CURRENCY = Field(None, pattern="^[A-Za-z]{3}$", description="Convert prices at the dated rate")
LARGEST_PRICE = Decimal(1_000_000)


class OffersAsked(Question):
    """Filters for offers; all must hold, bounds are inclusive."""

    gpu: str | None = Field(None, description="Slug or alias of the GPU; exact, never a part of a name")
    nearest: str | None = Field(
        None,
        description="GPU: one offer of each GPU instead, the most like it first",
    )
    gpu_count: int | None = Field(None, ge=0, le=1024, description="Exactly so many; else by min and max")
    gpu_count_min: int | None = Field(None, ge=0, le=1024)
    gpu_count_max: int | None = Field(None, ge=0, le=1024)
    memory_gib_min: float | None = Field(None, ge=0, le=10_000, description="Per GPU")
    memory_gib_max: float | None = Field(None, ge=0, le=10_000, description="Per GPU")
    total_memory_gib_min: float | None = Field(None, ge=0, le=10**7)
    total_memory_gib_max: float | None = Field(None, ge=0, le=10**7)
    provider: str | None = None
    region: str | None = Field(
        None, description="Exact, upper or lower case; or a part of the world: eu, europe, us, asia, ..."
    )
    country: str | None = Field(None, description="ISO 3166 alpha-2")
    tier: Tier | None = None
    price_min: Decimal | None = Field(
        None,
        ge=0,
        le=LARGEST_PRICE,
        max_digits=16,
        description="Whole instance per hour, in `currency` (else USD)",
    )
    price_max: Decimal | None = Field(
        None,
        ge=0,
        le=LARGEST_PRICE,
        max_digits=16,
        description="Whole instance per hour, in `currency` (else USD)",
    )
    currency: str | None = CURRENCY
    as_of: Day | None = Field(None, description="Prices as known on that day")
    max_age_days: int | None = Field(
        None, ge=0, le=36_500, description="How old a price may be, by `as_of` or today; any without"
    )
    unlisted: bool = Field(False, description="Also those that are left out of their list or superseded")
    sold_out: bool = Field(False, description="Also those that were last seen without stock")


class OfferQuery(OffersAsked, PageQuery):
    """Filters for offers; all must hold, bounds are inclusive."""


class OfferItemQuery(Question):
    """How to show one offer."""

    currency: str | None = CURRENCY


class ConflictOut(BaseModel):
    """Another list's price of the same thing, more than 1.5 times apart; both are shown."""

    slug: str
    origin: str
    instance: str
    price_per_hour: str | None
    currency: str
    ratio: float = Field(description="The other list's price over this one's")
    source: str
    url: str
    as_of: date


class OfferOut(SourceOut):
    """A whole instance for rent; exact decimals; a null GPU is a name nobody has mapped."""

    slug: str
    provider: str
    instance: str
    region: str
    country: str | None
    gpu: str | None
    gpu_raw_name: str
    gpu_count: int
    memory_gib_per_gpu: float | None
    total_memory_gib: float | None
    vcpus: int | None
    ram_gib: float | None
    tier: Tier
    term_months: int | None
    price_per_hour: str | None = Field(
        description="Null where its currency has no exchange rate", json_schema_extra=EXACT
    )
    price_per_gpu_hour: str | None = Field(json_schema_extra=EXACT)
    currency: str
    quoted_price_per_hour: str = Field(json_schema_extra=EXACT)
    quoted_currency: str
    exchange_rates: list[ExchangeRateOut]
    note: str
    origin: str = Field(description="Which list says so: catalog, a price source, or own")
    fetched_at: datetime | None
    unlisted_since: datetime | None = Field(description="When a newer answer of its list left it out")
    superseded_by: str | None = Field(description="The list that has taken its place; then it is history")
    superseded_since: datetime | None
    in_stock: bool | None = Field(
        description="Whether it could be rented when last read; null where its source does not tell"
    )
    rentable_count: int | None = Field(description="How many then, where the source counts them")
    seen_rentable_at: datetime | None = Field(description="When it was last seen rentable")
    conflicts: list[ConflictOut]
    likeness: AnsweredLikeness | None = Field(description="With `nearest`")


class PriceSeenOut(BaseModel):
    """A price and the days for which it was first and last stated."""

    first_as_of: date
    last_as_of: date
    price_per_hour: str
    currency: str
    unit: str
    source: str
    url: str


class OfferHistoryOut(BaseModel):
    """All prices of an offer, the oldest first."""

    slug: str
    prices: list[PriceSeenOut]


class OfferIn(Question):
    """A private quote or a correction: one offer as one's provider states it."""

    provider: str = Field(min_length=1, max_length=60, description="Slug of a known provider")
    instance: str = Field(min_length=1, max_length=120)
    region: str = Field("", max_length=60)
    country: str | None = Field(None, pattern="^[A-Z]{2}$")
    gpu: str = Field(min_length=1, max_length=80)
    gpu_count: int = Field(ge=1, le=1024)
    tier: Tier = "on_demand"
    term_months: int | None = Field(None, ge=1, le=120)
    hourly_price: Decimal = Field(gt=0, le=LARGEST_PRICE, max_digits=16, decimal_places=9)
    currency: str = Field(pattern="^[A-Z]{3}$")
    as_of: Day
    note: str = Field("", max_length=300)
    yes: bool = Field(
        False, description="Keep it even where it changes the cheapest price of a card by more than half"
    )

    @field_validator("hourly_price", mode="before")
    @classmethod
    def _finite(cls, value: Any) -> Any:
        return str(value) if isinstance(value, float) else value


def find(snapshot: Snapshot, query: OfferQuery) -> Page:
    """Offers that match, by true price, equal ones by slug; or the nearest GPUs with their cheapest offer."""
    wanted, currency = _wanted(query)
    page = find_offers(
        state().sessions,
        snapshot,
        wanted,
        currency=currency,
        nearest=query.nearest,
        limit=query.limit,
        offset=query.offset,
    )
    return Page(offer_items(page, currency), page.total)


def find_all(snapshot: Snapshot, query: OffersAsked) -> Iterator[Columns]:
    """All that `find` would page through, some at a time."""
    wanted, currency = _wanted(query)
    pages = all_offers(state().sessions, snapshot, wanted, currency=currency, nearest=query.nearest)
    return (offer_columns(page, currency) for page in pages)


def _wanted(query: OffersAsked) -> tuple[offers.OfferFilter, str | None]:
    """The filter, and the currency to show."""
    currency = query.currency.upper() if query.currency else None
    wanted = offers.OfferFilter(
        gpu=query.gpu,
        gpu_count_min=query.gpu_count_min if query.gpu_count is None else query.gpu_count,
        gpu_count_max=query.gpu_count_max if query.gpu_count is None else query.gpu_count,
        memory_gib_per_gpu_min=query.memory_gib_min,
        memory_gib_per_gpu_max=query.memory_gib_max,
        total_memory_gib_min=query.total_memory_gib_min,
        total_memory_gib_max=query.total_memory_gib_max,
        provider=query.provider,
        region=query.region,
        country=query.country,
        tier=query.tier,
        price_min=query.price_min,
        price_max=query.price_max,
        currency=currency or "USD",
        as_of=query.as_of,
        unlisted=query.unlisted,
        sold_out=query.sold_out,
    )
    return not_older(wanted, query.max_age_days, now().date()), currency


def get(snapshot: Snapshot, slug: str, query: OfferItemQuery) -> dict[str, Any] | None:
    """One offer by slug."""
    converter(snapshot, "EUR", query.currency)
    with state().sessions.reading() as session:
        try:
            offer = offers.get(session, slug)
        except NotFound:
            return None
        conflicts = conflicts_of(session, [offer]).get(slug, ())
    return offer_item(offer, query.currency, tuple(snapshot.exchange.values()), conflicts=conflicts)


blueprint: Blueprint = publish(
    Collection(
        name="offers",
        one="offer",
        summary="cloud offers, cheapest first",
        query=OfferQuery,
        item=OfferOut,
        page=page_of("OfferPage", OfferOut),
        find=find,
        get=get,
        item_query=OfferItemQuery,
    )
)


class OffersOut(BaseModel):
    """All offers that match."""

    items: list[OfferOut]
    total: int


@blueprint.get("/offers/all.json")
@contract.validate(
    query=OffersAsked, resp=Answers(HTTP_200=OffersOut), tags=["offers"], operation_id="offers_all"
)
def everything(query: OffersAsked) -> Response:
    """All offers that match, in one answer, sent while they are read."""
    return respond_all(query, find_all, JSON)


@blueprint.get("/offers/all.csv")
@contract.validate(
    query=OffersAsked, resp=Answers("HTTP_200"), tags=["offers"], operation_id="offers_all_csv"
)
def everything_as_table(query: OffersAsked) -> Response:
    """All offers that match as CSV, sent while they are read."""
    return respond_all(query, find_all, CSV)


@blueprint.get("/offers/all.parquet")
@contract.validate(
    query=OffersAsked, resp=Answers("HTTP_200"), tags=["offers"], operation_id="offers_all_parquet"
)
def everything_as_parquet(query: OffersAsked) -> Response:
    """All offers that match as Parquet, sent a row group at a time; 406 where no library writes it."""
    return respond_all(query, find_all, parquet_of(OfferOut))


@blueprint.get("/offers/<string:slug>/history")
@contract.validate(resp=Answers(HTTP_200=OfferHistoryOut), tags=["offers"], operation_id="offers_history")
def history(slug: str) -> Response:
    """All prices of one offer over time."""
    snapshot = facts()
    tag = etag(snapshot)
    with state().sessions.reading() as session:
        offers.get(session, slug)
        seen = offers.history(session, slug)
    if unchanged(tag):
        return not_modified(tag)
    prices = [
        {
            "first_as_of": p.first_as_of,
            "last_as_of": p.last_as_of,
            "price_per_hour": amount(p.hourly_price),
            "currency": p.currency,
            "unit": f"{p.currency}/h",
            "source": p.source.title,
            "url": p.source.url,
        }
        for p in seen
    ]
    return finish(json_response({"slug": slug, "prices": prices}), tag)


@contract.validate(
    json=OfferIn,
    resp=Answers(HTTP_201=OfferOut),
    tags=["offers"],
    operation_id="offers_add",
    security={"token": []},
)
def quoted(json: OfferIn) -> Response:
    """Add a private quote, if it is believable; the same quote again changes nothing."""
    who = bearer()
    keep_quote = state().keep_quote
    if keep_quote is None:
        abort(501, "this process was started without pricing; `heimvorteil serve` takes in quotes")
    snapshot = facts()
    if json.provider not in snapshot.providers:
        raise UnknownName("provider", json.provider, snapshot.providers)
    if (json.term_months is None) != (json.tier != "reserved"):
        raise InvalidValue(
            "term_months", json.term_months, worded("goes with tier reserved, and only with it")
        )
    today = now()
    if json.as_of > today.date():
        raise InvalidValue("as_of", json.as_of.isoformat(), worded("is in the future"))
    gpu = find_gpu(snapshot, "gpu", json.gpu)
    # Offers and answers are for everybody; the names of tokens are not.
    key = sha256(who.encode()).hexdigest()[:8]
    source = Source(f"quote:{key}", "private quote", "", json.as_of, "own", today.date())
    offer = CloudOffer(
        provider=json.provider, instance=json.instance, region=json.region,
        country=json.country and (code_of(json.country) or json.country),
        gpu=gpu.slug, gpu_raw_name=json.gpu, gpu_count=json.gpu_count, memory_gib_per_gpu=gpu.memory_gib,
        tier=json.tier, hourly_price=json.hourly_price, currency=json.currency, as_of=json.as_of,
        source=source, term_months=json.term_months, note=json.note, origin="own",
    )  # fmt: skip
    converter(snapshot, "EUR", json.currency)
    keep_quote(state().sessions, offer, today, yes=json.yes)
    slug = offers.offer_slug(offer)
    with state().sessions.reading() as session:
        stored = offers.get(session, slug)
    response = json_response(offer_item(stored, None, ()), 201)
    response.headers["Location"] = f"/api/v1/offers/{slug}"
    return response


@blueprint.post("/offers")
@wraps(quoted)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    response: Response = quoted()
    return response
