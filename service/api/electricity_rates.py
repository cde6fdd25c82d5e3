"""/api/v1/electricity-rates"""

from datetime import date
from typing import Any, Literal

from pydantic import Field

from service.answers.asked import Question
from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.exchange_rates import ExchangeRateOut
from service.api.schemas import SourceOut, page_of
from service.api.sourced import converter
from service.facts import ElectricityRate, RateKind, Taxes
from service.reports.listings.sourced import amount, rates_of, source_of
from service.store.snapshot import Snapshot
from service.usecases.knowledge import newest_rate

CURRENCY = Field(None, pattern="^[A-Za-z]{3}$", description="Convert at the dated rate")


class ElectricityRateQuery(PageQuery):
    """Filters for electricity prices."""

    zone: str | None = Field(None, description="Country or US-STATE")
    kind: Literal["retail", "spot"] | None = None
    taxes: Taxes | None = None
    newest: bool = Field(
        False, description="Only the newest rate of each zone, kind and tax level, of the usual band"
    )
    currency: str | None = CURRENCY


class ElectricityRateItemQuery(Question):
    """How to show one rate."""

    currency: str | None = CURRENCY


class ElectricityRateOut(SourceOut):
    """What a kilowatt-hour costs; exact decimals."""

    slug: str
    zone: str
    zone_name: str
    kind: RateKind
    per_kwh: str
    currency: str
    quoted_per_kwh: str
    quoted_currency: str
    exchange_rates: list[ExchangeRateOut]
    taxes: Taxes
    band: str
    valid_from: date | None
    valid_until: date | None
    note: str


def rate_item(snapshot: Snapshot, rate: ElectricityRate, currency: str | None) -> dict[str, Any]:
    """A rate as plain values."""
    converted = converter(snapshot, rate.currency, currency)
    shown = (currency or rate.currency).upper()
    return {
        "slug": rate.slug,
        "zone": rate.zone,
        "zone_name": rate.zone_name,
        "kind": rate.kind,
        "per_kwh": amount(rate.per_kwh * converted.factor),
        "currency": shown,
        "quoted_per_kwh": amount(rate.per_kwh),
        "quoted_currency": rate.currency,
        "exchange_rates": rates_of(converted),
        "taxes": rate.taxes,
        "band": rate.band,
        "valid_from": rate.valid_from,
        "valid_until": rate.valid_until,
        "note": rate.note,
        **source_of(f"{shown}/kWh", rate.source),
        "as_of": rate.as_of,
    }


def find(snapshot: Snapshot, query: ElectricityRateQuery) -> Page:
    """Rates that match, by zone, the newest first."""
    zones = sorted(snapshot.electricity) if query.zone is None else [query.zone.upper()]
    rows = [
        rate
        for zone in zones
        for rate in snapshot.electricity.get(zone, ())
        if query.kind in (None, rate.kind) and query.taxes in (None, rate.taxes)
    ]
    if query.newest:
        groups: dict[tuple[str, str, str], list[ElectricityRate]] = {}
        for rate in rows:
            groups.setdefault((rate.zone, rate.kind, rate.taxes), []).append(rate)
        rows = [newest_rate(group) for group in groups.values()]
    return sliced(rows, query, lambda rate: rate_item(snapshot, rate, query.currency))


def get(snapshot: Snapshot, slug: str, query: ElectricityRateItemQuery) -> dict[str, Any] | None:
    """One rate by slug."""
    matches = (rate for rates in snapshot.electricity.values() for rate in rates if rate.slug == slug)
    return next((rate_item(snapshot, rate, query.currency) for rate in matches), None)


blueprint = publish(
    Collection(
        name="electricity-rates",
        one="electricity rate",
        summary="electricity prices",
        query=ElectricityRateQuery,
        item=ElectricityRateOut,
        page=page_of("ElectricityRatePage", ElectricityRateOut),
        find=find,
        get=get,
        item_query=ElectricityRateItemQuery,
    )
)
