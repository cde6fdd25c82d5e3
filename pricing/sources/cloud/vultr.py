"""Vultr plans, with a key: cloud GPUs and bare metal, the price of the whole machine.

Cloud plans state the memory that is rented (`gpu_vram_gb`), which may be a share of a card or several:
the card's own memory, in the table here, tells. Metal plans tell card and number in their id alone.
`hourly_cost` is what an hour costs; a month is billed as 672 of them. The list also answers without a
key, but then types and locations in it are not to be relied on.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import (
    MIB_PER_GIB,
    Row,
    Unusable,
    bearer,
    every_page,
    joined,
    known_price,
    offers_of,
    opened,
    price_of,
    stated,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut, with_query
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Tier
from service.store.regions import country_of

NAME = "vultr"
TITLE = "Vultr plans"
URL = "https://api.vultr.com/v2/plans?type=all&per_page=500"
LICENCE = "terms of service; facts re-keyed"
CARD_GIB = {
    "a16": 16, "a40": 48, "a100": 80, "l40s": 48, "h100": 80, "gh200": 96, "b200": 192, "b300": 288,
    "mi300x": 192, "mi325x": 256, "mi355x": 288,
}  # fmt: skip
"""Memory of one GPU as Vultr counts it, https://docs.vultr.com/products/compute/instances/cloud-gpu."""
METAL = re.compile(r"-(?:(?P<count>\d+)-)?(?P<card>[a-z]+\d+[a-z]*)-gpu\b")


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages of cloud plans and of metal plans; a recorded answer may hold both in one."""
    plans = every_page(way_out, asked, bearer(asked.key), _next)
    if b'"plans_metal"' in plans.content or "/plans" not in asked.url:
        return plans
    url = asked.url.replace("/plans", "/plans-metal", 1).replace("type=all&", "")
    metal = every_page(way_out, Asked(url, asked.now, asked.key), bearer(asked.key), _next)
    return joined([plans, metal], asked)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All plans with whole GPUs in every location. Raises UnreadablePayload."""
    source = stated("vultr-plans", TITLE, URL.partition("?")[0], LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        slug, vcpus = str(row["id"]), row.get("vcpu_count") or row.get("cpu_threads")
        card, count = _cloud(row) if row.get("gpu_type") else _metal(slug)
        prices: dict[Tier, Decimal | None] = {
            "on_demand": price_of(row["hourly_cost"]),
            "spot": known_price(row.get("hourly_cost_preemptible")),
        }
        for region in row.get("locations") or [""]:
            for tier, price in prices.items():
                if price:
                    yield CloudOffer(
                        provider="vultr",
                        instance=slug,
                        region=str(region),
                        country=country_of("vultr", str(region)),
                        gpu=None,
                        gpu_raw_name=card.upper(),
                        gpu_count=count,
                        memory_gib_per_gpu=float(CARD_GIB[card]),
                        tier=tier,
                        hourly_price=price,
                        currency="USD",
                        as_of=source.as_of,
                        source=source,
                        vcpus=int(vcpus) if vcpus else None,
                        ram_gib=round(float(row["ram"]) / MIB_PER_GIB, 1),
                        note="" if region else "in no location when read",
                        in_stock=None if region else False,
                    )

    rows = [row for row in _plans(payload) if not isinstance(row, dict) or _has_gpu(row)]
    return offers_of(rows, read)


def _plans(payload: Payload) -> list[Row]:
    """Cloud and metal plans of one answer or of several."""
    answer = opened(payload.content)
    found = list(_plans_in(answer)) if isinstance(answer, dict) else []
    if not found:
        raise UnreadablePayload("no plans in it")
    return found


def _plans_in(answer: Row) -> Iterator[Row]:
    for page in answer.get("pages") or ():
        yield from _plans_in(page)
    yield from answer.get("plans") or ()
    yield from answer.get("plans_metal") or ()


def _has_gpu(row: Row) -> bool:
    return bool(row.get("gpu_type")) or "-gpu" in str(row.get("id"))


def _cloud(row: Row) -> tuple[str, int]:
    """Card and number of whole GPUs; raises Unusable for a share of one or a card nobody knows."""
    card = _known(str(row["gpu_type"]).rpartition("_")[2].lower())
    count = Decimal(str(row["gpu_vram_gb"])) / CARD_GIB[card]
    if count < 1 or count != int(count):
        raise Unusable(f"{row['gpu_vram_gb']} GB of a {card.upper()} with {CARD_GIB[card]}: a share of one")
    return card, int(count)


def _metal(slug: str) -> tuple[str, int]:
    found = METAL.search(slug)
    if found is None:
        raise Unusable("its id does not tell the GPU")
    if found["count"] is None:
        raise Unusable("its id does not tell how many GPUs")
    return _known(found["card"]), int(found["count"])


def _known(card: str) -> str:
    if card not in CARD_GIB:
        raise Unusable(f"a card of unknown memory, {card.upper()}")
    return card


def _next(answer: Any, url: str) -> str | None:
    cursor = ((answer.get("meta") or {}).get("links") or {}).get("next")
    return with_query(url, cursor=str(cursor)) if cursor else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=6), parse, LICENCE, key="HEIMVORTEIL_VULTR_KEY", fetch=fetch,
    covers=(Coverage("vultr", ("on_demand", "spot")),),
)  # fmt: skip
