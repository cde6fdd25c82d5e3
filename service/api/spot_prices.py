"""/api/v1/spot-prices: day-ahead prices by the slot; not what a home pays."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from service.answers.asked import Question
from service.api.collections import Collection, Page, publish
from service.api.exchange_rates import ExchangeRateOut
from service.api.market_slots import SlotQuery, slot_of, slot_slug
from service.api.schemas import SourceOut, page_of
from service.api.sourced import converter
from service.errors import HeimvorteilError, MissingFact, UnknownName, nearest_first, worded
from service.estimate import market_day
from service.facts import SpotPrice, Taxes
from service.reports.listings.sourced import amount, rates_of, source_of
from service.state import state
from service.store import spot_prices, zones_in_use
from service.store.snapshot import Snapshot
from service.store.spot_prices import PricedDay

CURRENCY = Field(None, pattern="^[A-Za-z]{3}$", description="Convert at the dated rate")
KWH_PER_MWH = Decimal(1000)


class SpotPriceQuery(SlotQuery):
    """Which prices: of one zone, over market days in Central European time."""

    currency: str | None = CURRENCY


class SpotPriceItemQuery(Question):
    """How to show one price."""

    currency: str | None = CURRENCY


class SpotPriceOut(SourceOut):
    """The day-ahead price of one slot; exact decimals, may be negative."""

    slug: str
    zone: str
    market_day: date
    day_is_complete: bool = Field(description="Whether every slot of the day is known")
    known_of_day: str = Field(description="day 2026-10-25: 24 of 25 hours")
    slot_start: datetime
    slot_end: datetime
    per_mwh: str
    per_kwh: str
    currency: str
    quoted_per_mwh: str
    quoted_currency: str
    exchange_rates: list[ExchangeRateOut]
    taxes: Taxes = Field(description="excl_taxes: wholesale, no home pays it; all: a tariff's own price")
    fetched_at: datetime


def price_item(snapshot: Snapshot, day: PricedDay, price: SpotPrice, currency: str | None) -> dict[str, Any]:
    """A slot's price as plain values."""
    converted = converter(snapshot, price.currency, currency)
    shown = (currency or price.currency).upper()
    per_mwh = price.per_mwh * converted.factor
    return {
        "slug": slot_slug(price.zone, price.slot_start),
        "zone": price.zone,
        "market_day": day.cover.day,
        "day_is_complete": day.cover.is_complete,
        "known_of_day": day.cover.text,
        "slot_start": price.slot_start,
        "slot_end": price.slot_end,
        "per_mwh": amount(per_mwh),
        "per_kwh": amount(per_mwh / KWH_PER_MWH),
        "currency": shown,
        "quoted_per_mwh": amount(price.per_mwh),
        "quoted_currency": price.currency,
        "exchange_rates": rates_of(converted),
        "taxes": price.taxes,
        "fetched_at": price.fetched_at,
        **source_of(f"{shown}/MWh", price.source),
    }


def find(snapshot: Snapshot, query: SpotPriceQuery) -> Page:
    """Prices of a zone in order of time, each day's of the first source that has the day complete."""
    zone = query.zone.upper()
    converter(snapshot, "EUR", query.currency)
    with state().sessions.reading() as session:
        asked = query.days(spot_prices.last_day(session, zone))
        if asked is None:
            raise _nothing_stored(query.zone, spot_prices.zones(session), zones_in_use.known(session))
        days = spot_prices.days(session, zone, *asked)
    rows = [(day, price) for day in days for price in day.prices]
    part = rows[query.offset : query.offset + query.limit]
    return Page([price_item(snapshot, day, price, query.currency) for day, price in part], len(rows))


def _nothing_stored(zone: str, stored: list[str], fetchable: list[str]) -> HeimvorteilError:
    """What to do about a zone without a price: fetch it, or name another one."""
    if zone.upper() not in fetchable:
        return UnknownName("zone", zone, {*stored, *fetchable})
    known = ", ".join(nearest_first(zone, stored)) or "none"
    remedy = worded(
        "fetch them (heimvorteil prices refresh --zone {zone}); stored are: {known}",
        zone=zone.upper(),
        known=known,
    )
    return MissingFact(worded("any day-ahead price of {zone}", zone=zone.upper()), remedy)


def get(snapshot: Snapshot, slug: str, query: SpotPriceItemQuery) -> dict[str, Any] | None:
    """One slot, as de-lu-2025-10-01t2215z."""
    named = slot_of(slug)
    if named is None:
        return None
    zone, start = named
    with state().sessions.reading() as session:
        day = spot_prices.day(session, zone, market_day.day_of(start))
    prices = [] if day is None else [p for p in day.prices if p.slot_start == start]
    return price_item(snapshot, day, prices[0], query.currency) if day and prices else None


blueprint = publish(
    Collection(
        name="spot-prices",
        one="spot price",
        summary="day-ahead prices of a zone by the slot",
        query=SpotPriceQuery,
        item=SpotPriceOut,
        page=page_of("SpotPricePage", SpotPriceOut),
        find=find,
        get=get,
        item_query=SpotPriceItemQuery,
    )
)
