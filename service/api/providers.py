"""/api/v1/providers"""

from typing import Any

from pydantic import BaseModel, Field

from service.answers.asked import Question
from service.api.collections import Collection, Page, PageQuery, publish, sliced
from service.api.exchange_rates import ExchangeRateOut
from service.api.schemas import SourceOut, page_of
from service.api.sourced import converter
from service.facts import Basis, PriceVat, Provider, ProviderKind
from service.reports.listings.sourced import amount, rates_of, sources_of
from service.store.snapshot import Snapshot

CURRENCY = Field(None, pattern="^[A-Za-z]{3}$", description="Convert fees at the dated rate")


class ProviderQuery(PageQuery):
    """Filters for providers."""

    kind: ProviderKind | None = None
    currency: str | None = CURRENCY


class ProviderItemQuery(Question):
    """How to show one provider."""

    currency: str | None = CURRENCY


class EgressTierOut(BaseModel):
    """What each GB costs from a monthly amount on."""

    from_gb: str
    per_gb: str


class IncludedOut(BaseModel):
    """What an hour's price contains beside the GPU; null is unknown, false is billed apart."""

    processor: bool | None
    memory: bool | None
    local_disk: bool | None
    egress: bool | None = Field(description="True where what is sent out costs nothing extra")


class ProviderOut(BaseModel):
    """Who rents out GPUs; null is unknown, 0 is free."""

    slug: str
    name: str
    url: str
    kind: ProviderKind
    headquarters: str | None = Field(description="Country of the seller's seat, ISO 3166")
    price_vat: PriceVat | None = Field(
        description="Of the prices it shows: net, VAT comes on top; gross, in it"
    )
    billing_increment_s: float | None
    minimum_billing_s: float | None
    includes: IncludedOut
    pue: float | None
    pue_basis: Basis
    egress_per_gb: str | None = Field(description="Of the first tier")
    egress_tiers: list[EgressTierOut] = Field(description="The tiers after it; each prices what is beyond it")
    storage_per_gb_month: str | None
    fee_currency: str | None
    exchange_rates: list[ExchangeRateOut]
    sources: dict[str, SourceOut]


def provider_item(snapshot: Snapshot, provider: Provider, currency: str | None) -> dict[str, Any]:
    """A provider as plain values."""
    quoted = provider.fee_currency
    converted = converter(snapshot, quoted, currency) if quoted else None
    factor = converted.factor if converted else 1

    def fee(name: str) -> str | None:
        value = getattr(provider, name)
        return None if value is None else amount(value * factor)

    return {
        "slug": provider.slug,
        "name": provider.name,
        "url": provider.url,
        "kind": provider.kind,
        "headquarters": provider.headquarters,
        "price_vat": provider.price_vat,
        "billing_increment_s": provider.billing_increment_s,
        "minimum_billing_s": provider.minimum_billing_s,
        "includes": {
            "processor": provider.includes_processor,
            "memory": provider.includes_memory,
            "local_disk": provider.includes_local_disk,
            "egress": provider.includes_egress,
        },
        "pue": provider.pue,
        "pue_basis": provider.pue_basis,
        "egress_per_gb": fee("egress_per_gb"),
        "egress_tiers": [
            {"from_gb": amount(tier.from_gb), "per_gb": amount(tier.per_gb * factor)}
            for tier in provider.egress_tiers
        ],
        "storage_per_gb_month": fee("storage_per_gb_month"),
        "fee_currency": (currency or quoted).upper() if quoted else None,
        "exchange_rates": rates_of(converted) if converted else [],
        "sources": sources_of(provider.sources),
    }


def find(snapshot: Snapshot, query: ProviderQuery) -> Page:
    """Providers that match, by slug."""
    rows = list(snapshot.providers.values())
    if query.kind is not None:
        rows = [p for p in rows if p.kind == query.kind]
    return sliced(rows, query, lambda p: provider_item(snapshot, p, query.currency))


def get(snapshot: Snapshot, slug: str, query: ProviderItemQuery) -> dict[str, Any] | None:
    """One provider by slug."""
    provider = snapshot.providers.get(slug)
    return provider_item(snapshot, provider, query.currency) if provider else None


blueprint = publish(
    Collection(
        name="providers",
        one="provider",
        summary="providers",
        query=ProviderQuery,
        item=ProviderOut,
        page=page_of("ProviderPage", ProviderOut),
        find=find,
        get=get,
        item_query=ProviderItemQuery,
    )
)
