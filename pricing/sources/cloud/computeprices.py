"""ComputePrices: what some 50 providers' pages and services ask, one row per provider, GPU, number and terms.

`price_per_hour_usd` is of one GPU, `total_hourly_usd` of `gpu_count` of them; a row in which they differ is
refused. `pricing_type` is on_demand, spot or reserved (with `commitment_months`); `last_updated` is when the
price was last seen at the provider, months ago at some. `region`, `variant` (the provider's class of service)
and `available` are newer and often null; null is unknown, never in stock. An answer has 1000 rows at most: of
a full one on-demand and spot rows are asked for again by themselves, and what is still full is said.

Verified against its document (computeprices.com/docs/api, openapi.json: "free to use with attribution", 60
requests an hour without a key), the answer of 2026-05-26 kept by maheshbabugorantla/whatcanirun
tests/fixtures/cp_gpu_prices_2026-05-26.json (be46bc91) and the rows of September in koen-nebius/price-monitor
fetchers/computeprices.py (7217f001). That one says that since 2026-07-09 nothing is answered without a key
(free, 750 requests a day): then the refresh says so. Three requests at most every six hours.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from pricing.countries import country_of
from pricing.json_answers import (
    Row,
    Unusable,
    bearer,
    joined,
    known_price,
    offers_of,
    opened,
    price_of,
    refused,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.sellers import seller, tier_there
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut, with_query
from service.facts import CloudOffer, Tier

NAME = "computeprices"
TITLE = "ComputePrices"
URL = "https://computeprices.com/api/v1/gpu-prices"
LICENCE = "free to use with attribution, computeprices.com; facts re-keyed"
FULL = 1000
"""Rows of one answer at most, as the recorded one has; no document states it."""
ASKED_APART = ("on_demand", "spot")
TIERS: tuple[Tier, ...] = ("on_demand", "spot", "reserved")
EQUAL = Decimal("0.01")


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All rows in one answer; of a full one also those of each tier that can be asked for."""
    headers = bearer(asked.key)
    first = way_out.get(asked.url, headers)
    if not _is_full(first.content) or asked.url.endswith(".json"):
        return first
    apart = [way_out.get(with_query(asked.url, pricing_type=one), headers) for one in ASKED_APART]
    return joined([first, *apart], asked)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every row of a provider that we know. Raises UnreadablePayload."""
    source = stated("computeprices-gpu-prices", TITLE, "https://computeprices.com", LICENCE, payload)
    rows = {json.dumps(row, sort_keys=True, default=str): row for row in rows_under(payload.content, "data")}

    def read(row: Row) -> Iterator[CloudOffer]:
        provider = seller(row.get("provider_slug"), row.get("provider"))
        tier, term_months = _tier(row)
        count, region = whole_gpus(row["gpu_count"]), str(row.get("region") or "")
        day, available = date.fromisoformat(str(row["last_updated"])[:10]), row.get("available")
        yield CloudOffer(
            provider=provider,
            instance=" ".join(filter(None, (f"{count}x", str(row["gpu"]), str(row.get("variant") or "")))),
            region=region,
            country=country_of(provider, region),
            gpu=None,
            gpu_raw_name=whole_card(str(row["gpu"])),
            gpu_count=count,
            memory_gib_per_gpu=float(row["vram_gb"]) if row.get("vram_gb") else None,
            tier=tier_there(provider, tier),
            hourly_price=_price(row, count),
            currency="USD",
            as_of=min(day, source.as_of),
            source=source,
            term_months=term_months,
            note=f"read at {row.get('source_url') or 'a page that is not named'}",
            in_stock=available if isinstance(available, bool) else None,
        )

    return offers_of(rows.values(), read) + _said_full(payload.content)


def _tier(row: Row) -> tuple[Tier, int | None]:
    """The tier and the months that are committed to."""
    tier = next((one for one in TIERS if one == row["pricing_type"]), None)
    if tier is None:
        raise Unusable(f"rented as {row['pricing_type']}, on terms nobody states")
    months = row.get("commitment_months")
    if (tier == "reserved") != bool(months):
        raise Unusable(f"{tier} with {months} months of commitment")
    return tier, int(months) if months else None


def _price(row: Row, count: int) -> Decimal:
    """Of all its GPUs; raises Unusable where the two prices of a row contradict each other."""
    one, whole = known_price(row.get("price_per_hour_usd")), known_price(row.get("total_hourly_usd"))
    if one and whole and abs(one * count - whole) > EQUAL * whole:
        raise Unusable(f"{whole:f} for {count} GPUs is not {count} times {one:f}")
    if whole:
        return whole
    return price_of(one * count if one else None)


def _is_full(content: bytes) -> bool:
    try:
        return len(rows_under(content, "data")) == FULL
    except UnreadablePayload:
        return False


def _said_full(content: bytes) -> list[Rejected]:
    """Which answers had no place for more rows."""
    answer = opened(content)
    pages = answer.get("pages") or [answer]
    names = ("every tier", *ASKED_APART)
    full = [name for name, page in zip(names, pages, strict=False) if len(page["data"]) == FULL]
    if len(pages) > 1 and not {*ASKED_APART} & {*full}:
        full = ["reserved"] if full else []
    reason = f"an answer of {FULL} rows is a full one: others are not in it"
    return [refused(name, reason) for name in full]


SOURCE = PriceSource(
    NAME,
    TITLE,
    URL,
    timedelta(hours=6),
    parse,
    LICENCE,
    fetch=fetch,
    optional_key="HEIMVORTEIL_COMPUTEPRICES_KEY",
    states_its_day=True,
)
