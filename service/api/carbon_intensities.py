"""/api/v1/carbon-intensities"""

from typing import Any

from pydantic import Field

from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.schemas import SourceOut, page_of
from service.facts import UNITS, Accounting, CarbonIntensity, Scope
from service.reports.listings.sourced import source_of
from service.store.snapshot import Snapshot


class CarbonIntensityQuery(PageQuery):
    """Filters for grid intensities."""

    zone: str | None = Field(None, description="Country or US-STATE")
    year: int | None = Field(None, ge=1990, le=2100)
    scope: Scope | None = None
    accounting: Accounting | None = None


class CarbonIntensityOut(SourceOut):
    """Greenhouse gas per kilowatt-hour with the method it was counted by."""

    slug: str
    zone: str
    zone_name: str
    year: int
    grams_co2e_per_kwh: float
    scope: Scope
    accounting: Accounting
    note: str


def carbon_item(carbon: CarbonIntensity) -> dict[str, Any]:
    """An intensity as plain values."""
    return {
        "slug": carbon.slug,
        "zone": carbon.zone,
        "zone_name": carbon.zone_name,
        "year": carbon.year,
        "grams_co2e_per_kwh": carbon.grams_co2e_per_kwh,
        "scope": carbon.scope,
        "accounting": carbon.accounting,
        "note": carbon.note,
        **source_of(UNITS["grams_co2e_per_kwh"], carbon.source),
        "as_of": carbon.as_of,
    }


def find(snapshot: Snapshot, query: CarbonIntensityQuery) -> Page:
    """Intensities that match, by zone, the newest first."""
    zones = sorted(snapshot.carbon) if query.zone is None else [query.zone.upper()]
    rows = [
        carbon
        for zone in zones
        for carbon in snapshot.carbon.get(zone, ())
        if query.year in (None, carbon.year)
        and query.scope in (None, carbon.scope)
        and query.accounting in (None, carbon.accounting)
    ]
    return sliced(rows, query, carbon_item)


def get(snapshot: Snapshot, slug: str, _query: object) -> dict[str, Any] | None:
    """One intensity by slug."""
    matches = (carbon for rows in snapshot.carbon.values() for carbon in rows if carbon.slug == slug)
    return next((carbon_item(carbon) for carbon in matches), None)


blueprint = publish(
    Collection(
        name="carbon-intensities",
        one="carbon intensity",
        summary="grid carbon intensities",
        query=CarbonIntensityQuery,
        item=CarbonIntensityOut,
        page=page_of("CarbonIntensityPage", CarbonIntensityOut),
        find=find,
        get=get,
    )
)
