"""GPU Rental Prices: one snapshot a day of what some 37 providers' own pages ask, CC BY 4.0, keyless.

The site's file of today; the same is kept by day on the Hugging Face hub (gpurentalprices/gpu-rental-prices,
data/snapshots). `usd_hr` is USD per GPU and hour without disk and traffic, `min_gpus` how many must be rented
together: the price of those is given. `kind` is on-demand, secure, spot, community, marketplace, reserved
(with `commitment`) or serverless. A page that could not be read is carried over from the last day; its
`fetched_at`, and `last_verified` of the provider, keep that day. Google's page and some others state the
price of a GPU without the machine around it: refused. `gpu` is a slug whose last number is the memory.

Verified against its recorded snapshot of 2026-10-08 and its README (adriannutiu/gpu-rental-prices 7f1ceef1,
3f079f09) and two readers: jwilliamross/compute-curve docs of 2026-10-05, franzwollang/gpucloud-store.
Attribution asked for: "GPU rental price data by gpurentalprices.com".
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from pricing.countries import country_of
from pricing.json_answers import (
    Row,
    Unusable,
    offers_of,
    opened,
    price_of,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.sellers import seller, tier_there
from pricing.source import Payload, PriceSource, Rejected
from service.countries import code_named
from service.facts import CloudOffer, Tier

NAME = "gpu_rental_prices"
TITLE = "GPU rental price data by gpurentalprices.com"
URL = "https://gpurentalprices.com/api/latest.json"
LICENCE = "CC BY 4.0, gpurentalprices.com"
TIERS: Mapping[str, Tier] = {
    "on-demand": "on_demand",
    "secure": "on_demand",
    "spot": "spot",
    "community": "community",
    "marketplace": "marketplace",
    "reserved": "reserved",
}
IN_STOCK = {"in-stock": True, "out-of-stock": False}
MEMORY = re.compile(r"-(40|80)$")
WITHOUT_MACHINE = re.compile(r"GPU rate only|billed separately", re.I)
PRICES_GPUS_ALONE = frozenset({"gcp"})


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every offer of a provider that we know. Raises UnreadablePayload."""
    answer = opened(payload.content)
    source = stated("gpu-rental-prices", TITLE, URL, LICENCE, payload)
    told = answer.get("providers") if isinstance(answer, dict) else None
    checked: Mapping[str, Any] = told if isinstance(told, dict) else {}

    def read(row: Row) -> Iterator[CloudOffer]:
        provider = seller(row["provider"])
        instance = str(row.get("instance") or "")
        if provider in PRICES_GPUS_ALONE or WITHOUT_MACHINE.search(instance):
            raise Unusable("the price of a GPU without the machine around it")
        tier, term_months = _tier(row)
        name = MEMORY.sub("", str(row["gpu"])).replace("-", " ").upper()
        count, region = whole_gpus(row.get("min_gpus") or 1), str(row.get("region") or "")
        day = _day(row["fetched_at"], (checked.get(str(row["provider"])) or {}).get("last_verified"))
        yield CloudOffer(
            provider=provider,
            instance=instance or f"{count}x {name}",
            region=region,
            country=country_of(provider, region) or code_named(region.rpartition(",")[2]),
            gpu=None,
            gpu_raw_name=whole_card(name),
            gpu_count=count,
            memory_gib_per_gpu=float(row["vram_gb"]) if row.get("vram_gb") else None,
            tier=tier_there(provider, tier),
            hourly_price=price_of(price_of(row["usd_hr"]) * count),
            currency="USD",
            as_of=min(day, source.as_of),
            source=source,
            term_months=term_months,
            note=f"read at {row.get('source_url') or 'a page that is not named'}",
            in_stock=IN_STOCK.get(str(row.get("availability"))),
        )

    return offers_of(rows_under(payload.content, "offers"), read)


def _tier(row: Row) -> tuple[Tier, int | None]:
    """The tier and the months that are committed to."""
    tier = TIERS.get(str(row["kind"]))
    if tier is None:
        raise Unusable(f"rented as {row['kind']}: no machine for hours")
    if tier != "reserved":
        return tier, None
    committed = row.get("commitment") or {}
    if committed.get("type") != "term" or not committed.get("months"):
        raise Unusable("reserved for a time that is not said")
    return tier, int(committed["months"])


def _day(*moments: object) -> date:
    """The earliest of the days that are known: what is carried over was true then."""
    return min(date.fromisoformat(str(moment)[:10]) for moment in moments if moment)


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(hours=12), parse, LICENCE, states_its_day=True)
