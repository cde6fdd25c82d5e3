"""Cloud offers: search them, look one up, see its price history; `add_all` takes new observations in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, NotFound, worded
from service.estimate.superseded import CATALOG
from service.facts import CloudOffer, ExchangeRate, Source
from service.store import exchange_rates, sources
from service.store.column_types import as_float
from service.store.models import OfferPriceRow, OfferRow, ProviderRow
from service.store.offer_intake import CHUNK, Added, add_all, offer_slug
from service.store.superseding import is_current, is_known_since

__all__ = [
    "ORDERS",
    "Added",
    "OfferFilter",
    "OfferPage",
    "PriceSeen",
    "add_all",
    "by_slugs",
    "cheapest_per_gpu",
    "get",
    "has_region",
    "history",
    "offer_slug",
    "pages",
    "regions",
    "search",
    "stored",
]

Order = Literal["price", "-price", "memory", "-memory", "slug"]
"""Of a search: by price in euros, by memory of the whole instance, by slug; "-" is descending."""
ORDERS: tuple[Order, ...] = get_args(Order)

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]
_providers: sa.Table = ProviderRow.__table__  # type: ignore[assignment]
_STOCK = ("in_stock", "rentable_count", "seen_rentable_at")
"""What is known for now alone."""


@dataclass(frozen=True, slots=True)
class OfferFilter:
    """Which offers: every condition given must hold; an offer that does not tell fails it."""

    gpu: str | None = None
    """Exact GPU slug."""
    gpu_count_min: int | None = None
    gpu_count_max: int | None = None
    memory_gib_per_gpu_min: float | None = None
    memory_gib_per_gpu_max: float | None = None
    total_memory_gib_min: float | None = None
    total_memory_gib_max: float | None = None
    provider: str | None = None
    """Exact provider slug."""
    region: str | None = None
    """Exact region, upper or lower case."""
    region_countries: frozenset[str] = frozenset()
    """Beside the region of that name: every region in these countries."""
    country: str | None = None
    tier: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    currency: str = "EUR"
    """Currency of price_min and price_max; other prices are compared at the rates of the day."""
    as_of: date | None = None
    """The price as known on that day; offers not observed by then are absent."""
    known_since: date | None = None
    """Only prices stated for that day or later; of a provider's own list also what was read then."""
    is_shipped: bool | None = None
    """False: only what was read from a source or entered, not what came with the product."""
    unlisted: bool = False
    """Also those that a newer answer of their list has left out, or that another list has superseded."""
    sold_out: bool = False
    """Also those that were last seen without stock; of a past day they are always among them."""


@dataclass(frozen=True, slots=True)
class OfferPage:
    """Some of the offers found, in order, and how many there are in all."""

    offers: tuple[CloudOffer, ...]
    total: int


@dataclass(frozen=True, slots=True)
class PriceSeen:
    """A price and the days for which it was first and last stated."""

    first_as_of: date
    last_as_of: date
    hourly_price: Decimal
    currency: str
    source: Source
    first_seen: datetime
    """When it was first read; what was known at a moment never changes."""


def search(
    session: Session,
    wanted: OfferFilter,
    *,
    order: Order = "price",
    limit: int = 50,
    offset: int = 0,
    rates: Mapping[str, ExchangeRate] | None = None,
) -> OfferPage:
    """The offers that match, equal ones by slug; prices stay in each offer's own currency.

    `rates` are the exchange rates of the day by quote currency, where the asker has them at hand. Raises
    InvalidValue for an unknown order, a negative limit or offset, or price bounds in a currency for which
    no exchange rate is stored.
    """
    if order not in ORDERS:
        raise InvalidValue("order", order, worded("unknown"), ORDERS)
    for name, value in (("limit", limit), ("offset", offset)):
        if value < 0:
            raise InvalidValue(name, value, worded("must not be negative"))
    found = stored(session, wanted, rates)
    total = session.execute(_counted(session, wanted, rates, found)).scalar_one()
    rows = session.execute(_arranged(found, order).limit(limit).offset(offset)).mappings().all()
    said = sources.by_id(session, (row["source_id"] for row in rows)) if rows else {}
    return OfferPage(tuple(_offer(row, said) for row in rows), total)


def pages(
    session: Session,
    wanted: OfferFilter,
    *,
    at_a_time: int,
    order: Order = "price",
    rates: Mapping[str, ExchangeRate] | None = None,
) -> Iterator[OfferPage]:
    """Every offer that `search` finds, in its order, so many at a time: they are never all in memory."""
    found = stored(session, wanted, rates)
    total = session.execute(_counted(session, wanted, rates, found)).scalar_one()
    said = sources.by_id(session)
    streamed = session.execute(_arranged(found, order), execution_options={"yield_per": at_a_time})
    for rows in streamed.mappings().partitions():
        yield OfferPage(tuple(_offer(row, said) for row in rows), total)


def _arranged(found: sa.Select[Any], order: Order) -> sa.Select[Any]:
    in_eur = found.selected_columns.price_eur_sort
    key = {"price": in_eur, "memory": _offers.c.total_memory_gib}.get(order.lstrip("-"))
    arranged: list[sa.ColumnElement[Any]] = [_offers.c.slug]
    if key is not None:
        directed = key.desc() if order.startswith("-") else key.asc()
        arranged.insert(0, directed if key is in_eur else directed.nulls_last())
    return found.order_by(*arranged)


def cheapest_per_gpu(
    session: Session, wanted: OfferFilter, rates: Mapping[str, ExchangeRate] | None = None
) -> dict[str, CloudOffer]:
    """GPU slug -> the cheapest of its offers that match, equal ones by slug; a price whose currency has no
    rate is left out."""
    found = stored(session, wanted, rates).where(_offers.c.gpu.is_not(None)).subquery()
    place = sa.func.row_number().over(
        partition_by=found.c.gpu, order_by=(found.c.price_eur_sort, found.c.slug)
    )
    ranked = (
        sa.select(found, place.label("place"))
        .where(found.c.price_eur_sort < sa.literal(float("inf"), sa.Double()))
        .subquery()
    )
    rows = session.execute(sa.select(ranked).where(ranked.c.place == 1)).mappings().all()
    said = sources.by_id(session)
    return {row["gpu"]: _offer(row, said) for row in rows}


def by_slugs(session: Session, slugs: Iterable[str]) -> dict[str, CloudOffer]:
    """The offers of these slugs at the price last seen; slugs of none are passed over."""
    wanted = sorted(set(slugs))
    said = sources.by_id(session) if wanted else {}
    found = {}
    for start in range(0, len(wanted), CHUNK):
        statement = _current().where(_offers.c.slug.in_(wanted[start : start + CHUNK]))
        found.update({row["slug"]: _offer(row, said) for row in session.execute(statement).mappings()})
    return found


def regions(session: Session) -> list[str]:
    """Every region that an offer names, sorted."""
    return sorted(session.execute(sa.select(_offers.c.region).distinct()).scalars())


def has_region(session: Session, region: str) -> bool:
    """Whether an offer names this region, upper or lower case."""
    statement = sa.select(_offers.c.id).where(sa.func.lower(_offers.c.region) == region.lower()).limit(1)
    return session.execute(statement).scalar() is not None


def get(session: Session, slug: str) -> CloudOffer:
    """The offer of that slug at the price last seen; NotFound if there is none."""
    row = session.execute(_current().where(_offers.c.slug == slug)).mappings().one_or_none()
    if row is None:
        raise NotFound(worded("offer"), slug)
    return _offer(row, sources.by_id(session, [row["source_id"]]))


def history(session: Session, slug: str) -> list[PriceSeen]:
    """Every price seen of the offer, oldest day first; NotFound if there is no such offer."""
    offer_id = session.execute(sa.select(_offers.c.id).where(_offers.c.slug == slug)).scalar()
    if offer_id is None:
        raise NotFound(worded("offer"), slug)
    said = sources.by_id(session)
    statement = (
        sa.select(_prices)
        .where(_prices.c.offer_id == offer_id)
        .order_by(_prices.c.as_of, _prices.c.first_seen)
    )
    return [
        PriceSeen(
            first_as_of=row.as_of,
            last_as_of=row.last_as_of,
            hourly_price=row.hourly_price,
            currency=row.currency,
            source=sources.stated(said[row.source_id], row.last_as_of),
            first_seen=row.first_seen,
        )
        for row in session.execute(statement)
    ]


def _current() -> sa.Select[Any]:
    return sa.select(_offers, _providers.c.slug.label("provider")).join(
        _providers, _providers.c.id == _offers.c.provider_id
    )


def stored(
    session: Session, wanted: OfferFilter, rates: Mapping[str, ExchangeRate] | None = None
) -> sa.Select[Any]:
    """The rows that match, each with its provider and, of a past day, at the price known then."""
    if wanted.as_of is None:
        bounds = _price_bounds(session, wanted, rates, _offers.c)
        return _current().where(*_conditions(wanted), *bounds, *_still_listed(session, wanted))
    rates = rates or exchange_rates.rates_for(session, wanted.as_of)
    divisors = {"EUR": 1.0} | {quote: float(rate.rate) for quote, rate in rates.items()}
    spans = _spans_on(wanted.as_of, _conditions(wanted))
    in_eur = sa.case(
        *(
            (spans.c.currency == currency, as_float(spans.c.hourly_price) / divisor)
            for currency, divisor in divisors.items()
        ),
        else_=sa.literal(float("inf"), sa.Double()),
    )
    own = [
        sa.null().label(c.name) if c.name in _STOCK else c
        for c in _offers.c
        if c.name not in ("hourly_price", "currency", "as_of", "source_id", "fetched_at")
    ]
    return (
        sa.select(
            *(c for c in own if c.name != "price_eur_sort"),
            _providers.c.slug.label("provider"),
            spans.c.hourly_price,
            spans.c.currency,
            spans.c.told_on.label("as_of"),
            spans.c.source_id,
            spans.c.told_at.label("fetched_at"),
            in_eur.label("price_eur_sort"),
        )
        .join(_providers, _providers.c.id == _offers.c.provider_id)
        .join(spans, (spans.c.offer_id == _offers.c.id) & (spans.c.place == 1))
        .where(*_price_bounds(session, wanted, rates, spans.c), *_still_listed(session, wanted))
        .where(sa.true() if wanted.known_since is None else spans.c.told_on >= wanted.known_since)
    )


def _counted(
    session: Session, wanted: OfferFilter, rates: Mapping[str, ExchangeRate] | None, found: sa.Select[Any]
) -> sa.Select[Any]:
    """How many are found; looking up the provider of each would take longer than counting them."""
    count = sa.select(sa.func.count())
    if wanted.as_of is not None:
        return count.select_from(found.with_only_columns(sa.literal(1)).subquery())
    bounds = _price_bounds(session, wanted, rates, _offers.c)
    return count.select_from(_offers).where(*_conditions(wanted), *bounds, *_still_listed(session, wanted))


def _still_listed(session: Session, wanted: OfferFilter) -> list[sa.ColumnElement[bool]]:
    """What is current and, of now, what is not known to be sold out."""
    conditions: list[sa.ColumnElement[bool]] = []
    if not wanted.sold_out and wanted.as_of is None:
        conditions.append(_offers.c.in_stock.is_distinct_from(sa.false()))
    if wanted.is_shipped is False:
        conditions.append(_offers.c.origin != CATALOG)
    if wanted.known_since is not None and wanted.as_of is None:
        conditions.append(is_known_since(session, wanted.known_since))
    if wanted.unlisted:
        return conditions
    at = None if wanted.as_of is None else datetime.combine(wanted.as_of, time.max, UTC)
    return [*conditions, *is_current(at)]


def _spans_on(day: date, conditions: Sequence[sa.ColumnElement[bool]]) -> sa.Subquery:
    # The same ranking as PriceSpan.rank_on, in SQL.
    over = _prices.c.last_as_of <= day
    told_on = sa.case((over, _prices.c.last_as_of), else_=_prices.c.as_of)
    told_at = sa.case((over, _prices.c.last_seen), else_=_prices.c.first_seen)
    place = sa.func.row_number().over(
        partition_by=_prices.c.offer_id,
        order_by=(told_on.desc(), told_at.desc(), _prices.c.first_seen.desc()),
    )
    return (
        sa.select(_prices, told_on.label("told_on"), told_at.label("told_at"), place.label("place"))
        .join(_offers, _offers.c.id == _prices.c.offer_id)
        .join(_providers, _providers.c.id == _offers.c.provider_id)
        .where(_prices.c.as_of <= day, *conditions)
        .subquery()
    )


def _conditions(wanted: OfferFilter) -> list[sa.ColumnElement[bool]]:
    c = _offers.c
    equal = (
        (c.gpu, wanted.gpu),
        (c.tier, wanted.tier),
        (sa.func.lower(c.country), wanted.country and wanted.country.lower()),
    )
    ranges = (
        (c.gpu_count, wanted.gpu_count_min, wanted.gpu_count_max),
        (c.memory_gib_per_gpu, wanted.memory_gib_per_gpu_min, wanted.memory_gib_per_gpu_max),
        (c.total_memory_gib, wanted.total_memory_gib_min, wanted.total_memory_gib_max),
    )
    return [
        *(column == value for column, value in equal if value is not None),
        *_sold_by(wanted),
        *_places(wanted),
        *(column >= low for column, low, _ in ranges if low is not None),
        *(column <= high for column, _, high in ranges if high is not None),
    ]


def _sold_by(wanted: OfferFilter) -> list[sa.ColumnElement[bool]]:
    if wanted.provider is None:
        return []
    provider = sa.select(_providers.c.id).where(_providers.c.slug == wanted.provider).scalar_subquery()
    return [_offers.c.provider_id == provider]


def _places(wanted: OfferFilter) -> list[sa.ColumnElement[bool]]:
    if wanted.region is None:
        return []
    places = [sa.func.lower(_offers.c.region) == wanted.region.lower()]
    if wanted.region_countries:
        places.append(_offers.c.country.in_(sorted(wanted.region_countries)))
    return [sa.or_(*places)]


def _price_bounds(
    session: Session,
    wanted: OfferFilter,
    known: Mapping[str, ExchangeRate] | None,
    c: sa.sql.base.ReadOnlyColumnCollection[str, Any],
) -> list[sa.ColumnElement[bool]]:
    if wanted.price_min is None and wanted.price_max is None:
        return []
    known = known or exchange_rates.rates_for(session, wanted.as_of)
    bounds = exchange_rates.bounds_by_currency(wanted.price_min, wanted.price_max, wanted.currency, known)
    alternatives = []
    for currency, (least, most) in bounds.items():
        within = [c.currency == currency]
        if least is not None:
            within.append(c.hourly_price >= least)
        if most is not None:
            within.append(c.hourly_price <= most)
        alternatives.append(sa.and_(*within))
    return [sa.or_(sa.false(), *alternatives)]


def _offer(row: Any, said: dict[int, Source]) -> CloudOffer:
    return CloudOffer(
        provider=row["provider"],
        instance=row["instance"],
        region=row["region"],
        country=row["country"],
        gpu=row["gpu"],
        gpu_raw_name=row["gpu_raw_name"],
        gpu_count=row["gpu_count"],
        memory_gib_per_gpu=row["memory_gib_per_gpu"],
        tier=row["tier"],
        hourly_price=row["hourly_price"],
        currency=row["currency"],
        as_of=row["as_of"],
        source=sources.stated(said[row["source_id"]], row["as_of"]),
        vcpus=row["vcpus"],
        ram_gib=row["ram_gib"],
        term_months=row["term_months"] or None,
        note=row["note"],
        slug=row["slug"],
        fetched_at=row["fetched_at"],
        origin=row["origin"],
        unlisted_since=row["unlisted_since"],
        superseded_by=row["superseded_by"],
        superseded_since=row["superseded_since"],
        in_stock=row["in_stock"],
        rentable_count=row["rentable_count"],
        seen_rentable_at=row["seen_rentable_at"],
    )
