"""/api/v1/grid-carbon: greenhouse gas per kilowatt-hour of a grid by the slot."""

from datetime import date, datetime, timedelta
from typing import Any

from service.api.collections import Collection, Page, publish, sliced
from service.api.market_slots import SlotQuery, slot_of, slot_slug
from service.api.schemas import SourceOut, page_of
from service.errors import UnknownName
from service.estimate import market_day
from service.facts import UNITS, Accounting, GridCarbon, Scope
from service.reports.listings.sourced import source_of
from service.state import state
from service.store import grid_carbon
from service.store.snapshot import Snapshot


class GridCarbonQuery(SlotQuery):
    """Which intensities: of one zone, over market days in Central European time."""


class GridCarbonOut(SourceOut):
    """The carbon intensity of one slot with the method that makes it comparable."""

    slug: str
    zone: str
    market_day: date
    slot_start: datetime
    slot_end: datetime
    grams_co2e_per_kwh: float
    scope: Scope
    accounting: Accounting
    is_forecast: bool
    fetched_at: datetime


def carbon_item(fact: GridCarbon) -> dict[str, Any]:
    """A slot's intensity as plain values."""
    return {
        "slug": slot_slug(fact.zone, fact.slot_start),
        "zone": fact.zone,
        "market_day": market_day.day_of(fact.slot_start),
        "slot_start": fact.slot_start,
        "slot_end": fact.slot_end,
        "grams_co2e_per_kwh": fact.grams_co2e_per_kwh,
        "scope": fact.scope,
        "accounting": fact.accounting,
        "is_forecast": fact.is_forecast,
        "fetched_at": fact.fetched_at,
        **source_of(UNITS["grams_co2e_per_kwh"], fact.source),
    }


def find(_snapshot: Snapshot, query: GridCarbonQuery) -> Page:
    """Intensities of a zone in order of time, measured where they are, else forecast."""
    zone = query.zone.upper()
    with state().sessions.reading() as session:
        asked = query.days(grid_carbon.last_day(session, zone))
        if asked is None:
            raise UnknownName("zone", query.zone, grid_carbon.zones(session))
        begin, end = market_day.bounds(asked[0])[0], market_day.bounds(asked[1])[1]
        rows = grid_carbon.between(session, zone, begin, end)
    return sliced(rows, query, carbon_item)


def get(_snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One slot, as de-2025-10-01t2215z."""
    named = slot_of(slug)
    if named is None:
        return None
    zone, start = named
    with state().sessions.reading() as session:
        slots = grid_carbon.between(session, zone, start, start + timedelta(seconds=1))
    return carbon_item(slots[0]) if slots else None


blueprint = publish(
    Collection(
        name="grid-carbon",
        one="grid carbon slot",
        summary="carbon intensity of a zone by the slot",
        query=GridCarbonQuery,
        item=GridCarbonOut,
        page=page_of("GridCarbonPage", GridCarbonOut),
        find=find,
        get=get,
    )
)
