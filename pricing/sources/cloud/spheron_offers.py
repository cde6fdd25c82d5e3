"""Spheron's own offers: whole instances of several data centres, on demand or spot, with the stock of each.

`data` holds groups by GPU, each with `offers`; the pages are counted in `totalPages`. `price` is of the whole
instance in USD per hour; an offer of `instanceType` SPOT has its spot price there, others may have one beside
it. `available` false or `maintenance`: cannot be rented now. `clusters` are the regions. Verified against
SkyPilot's fetch_spheron.py and Spheron's own blog tools (per GPU = price / gpuCount); the first sends a key,
three others of 2026 none: it is optional. A deployment names an offer of this list, and SkyPilot's catalogue
is made of it alone: what it does not name Spheron does not rent out, whichever tier others give it.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from pricing.countries import country_of
from pricing.json_answers import (
    Row,
    Unusable,
    bearer,
    every_page,
    known_price,
    offers_of,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, WayOut, with_query
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Tier

NAME = "spheron_offers"
TITLE = "Spheron GPU offers"
URL = "https://app.spheron.ai/api/gpu-offers?page=1&limit=100"
LICENCE = "terms of service; facts re-keyed"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """Every page."""
    return every_page(way_out, asked, bearer(asked.key), _next_page)


def _next_page(answer: Row, url: str) -> str | None:
    page = int(dict(parse_qsl(urlsplit(url).query)).get("page", 1))
    more = answer.get("data") and page < int(answer.get("totalPages") or 1)
    return with_query(url, page=str(page + 1)) if more else None


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every offer in every one of its clusters. Raises UnreadablePayload."""
    source = stated("spheron-gpu-offers", TITLE, URL.partition("?")[0], LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        prices = _prices(row)
        if not prices:
            raise Unusable("the price is not known")
        count, memory = whole_gpus(row["gpuCount"]), row.get("gpu_memory")
        for region in row.get("clusters") or [row.get("region") or ""]:
            for tier, price in prices.items():
                yield CloudOffer(
                    provider="spheron",
                    instance=f"{row['provider']} {row['offerId']}",
                    region=str(region),
                    country=country_of("spheron", str(region)),
                    gpu=None,
                    gpu_raw_name=whole_card(str(row["gpuType"])).replace("-", " ").upper(),
                    gpu_count=count,
                    memory_gib_per_gpu=float(memory) if memory else None,
                    tier=tier,
                    hourly_price=price,
                    currency="USD",
                    as_of=source.as_of,
                    source=source,
                    vcpus=int(row["vcpus"]) if row.get("vcpus") else None,
                    ram_gib=float(row["memory"]) if row.get("memory") else None,
                    in_stock=bool(row.get("available")) and not row.get("maintenance"),
                )

    return offers_of(_offers(rows_under(payload.content, "data")), read)


def _offers(groups: list[Row]) -> list[Row]:
    """The offers with the name of their group's GPU; a group that cannot be read stays one row."""
    return [
        {"gpuType": group.get("gpuType"), **offer}
        for group in groups
        for offer in (group.get("offers") or [{"group": group}])
    ]


def _prices(row: Row) -> dict[Tier, Decimal]:
    price, beside = known_price(row.get("price")), known_price(row.get("spot_price"))
    if str(row.get("instanceType") or "").upper() == "SPOT":
        found: dict[Tier, Decimal | None] = {"spot": price}
    else:
        found = {"on_demand": price, "spot": beside}
    return {tier: known for tier, known in found.items() if known is not None}


SOURCE = PriceSource(
    NAME,
    TITLE,
    URL,
    timedelta(minutes=30),
    parse,
    LICENCE,
    fetch=fetch,
    optional_key="HEIMVORTEIL_SPHERON_OFFERS_KEY",
    covers=(Coverage("spheron", ("on_demand", "spot", "marketplace")),),
)
