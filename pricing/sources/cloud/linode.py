"""Linode (Akamai) types: the price of the whole instance, with regions that cost more or less.

GPU memory is not in the answer (`memory` is the host's, MiB) and "RTX6000" there is the Quadro card of
2018: which card a type has is told by its name and the table here. `gpus` counts whole cards; VPUs
(`accelerated_devices`) are none. New types come without a price first.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pricing.countries import country_of
from pricing.json_answers import (
    MIB_PER_GIB,
    Row,
    every_page,
    offers_of,
    price_of,
    rows_under,
    stated,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, WayOut, with_query
from service.estimate.superseded import Coverage
from service.facts import CloudOffer

NAME = "linode"
TITLE = "Linode (Akamai) instance types"
URL = "https://api.linode.com/v4/linode/types"
LICENCE = "terms of service; facts re-keyed"
CARD = re.compile(r"-gpu-([a-z0-9]+?)(?:-|$)")
CARDS = {
    "rtx6000": ("Quadro RTX 6000", 24.0),
    "rtx4000a1": ("RTX 4000 Ada", 20.0),
    "rtx4000a2": ("RTX 4000 Ada", 20.0),
    "rtx4000a4": ("RTX 4000 Ada", 20.0),
}
"""Part of the type's id -> the card and its memory [GiB], https://www.linode.com/pricing/#compute-gpu."""


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages."""
    return every_page(way_out, asked, {}, _next)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All types with GPUs, in every region that has a price of its own. Raises UnreadablePayload."""
    source = stated("linode-types", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        if not row.get("gpus"):
            return
        count, kind = whole_gpus(row["gpus"]), CARD.search(str(row["id"]))
        card, memory_gib = CARDS.get(kind[1] if kind else "", (str(row["label"]), None))
        hourly = {"": row["price"]["hourly"]}
        hourly |= {str(region["id"]): region["hourly"] for region in row.get("region_prices") or ()}
        for region, price in hourly.items():
            yield CloudOffer(
                provider="linode",
                instance=str(row["id"]),
                region=region,
                country=country_of("linode", region),
                gpu=None,
                gpu_raw_name=card,
                gpu_count=count,
                memory_gib_per_gpu=memory_gib,
                tier="on_demand",
                hourly_price=price_of(price),
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=int(row["vcpus"]),
                ram_gib=float(row["memory"]) / MIB_PER_GIB,
            )

    return offers_of(rows_under(payload.content, "data"), read)


def _next(answer: Any, url: str) -> str | None:
    page, pages = answer.get("page"), answer.get("pages")
    is_more = isinstance(page, int) and isinstance(pages, int) and page < pages
    return with_query(url, page=str(page + 1)) if is_more else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch,
    covers=(Coverage("linode", ("on_demand",)),),
)  # fmt: skip
