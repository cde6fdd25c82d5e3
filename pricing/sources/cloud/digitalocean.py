"""DigitalOcean sizes, with a key: the price of the whole droplet.

`gpu_info.vram` is the sum over all GPUs (gpuhunt takes it for one). A slug that ends in -spot can be
interrupted, -lc is cooled with liquid. `memory` is MiB of the host. Many sizes name no region: those
cannot be rented anywhere at the moment, and count as sold out.

Verified 2026-11-28: fields, an empty `regions` and the sum of vram against dstackai/gpuhunt
src/gpuhunt/providers/digitalocean.py (be7f2315) and its test (gpu-h100x8-640gb, 640 GiB, 23.92); address and
key against docs.digitalocean.com/reference/api/reference/sizes (28 April 2026).
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pricing.json_answers import (
    MIB_PER_GIB,
    Row,
    Unusable,
    bearer,
    every_page,
    offers_of,
    price_of,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, WayOut
from service.estimate.superseded import Coverage
from service.facts import CloudOffer
from service.store.regions import country_of

NAME = "digitalocean"
TITLE = "DigitalOcean droplet sizes"
URL = "https://api.digitalocean.com/v2/sizes?per_page=200"
LICENCE = "terms of service; facts re-keyed"
TOTAL_GB = re.compile(r"-(\d+)gb")


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages, with the key."""
    return every_page(way_out, asked, bearer(asked.key), _next)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All sizes with GPUs in every region that has them. Raises UnreadablePayload."""
    source = stated("digitalocean-sizes", TITLE, URL.partition("?")[0], LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        gpu = row.get("gpu_info")
        if not gpu:
            return
        if row.get("available") is False:
            raise Unusable("cannot be rented now")
        slug, count, price = str(row["slug"]), whole_gpus(gpu["count"]), price_of(row["price_hourly"])
        for region in row.get("regions") or [""]:
            yield CloudOffer(
                provider="digitalocean",
                instance=slug,
                region=str(region),
                country=country_of("digitalocean", str(region)),
                gpu=None,
                gpu_raw_name=whole_card(str(gpu["model"])).replace("_", " "),
                gpu_count=count,
                memory_gib_per_gpu=_memory_gib_per_gpu(slug, gpu.get("vram"), count),
                tier="spot" if slug.endswith("-spot") else "on_demand",
                hourly_price=price,
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=int(row["vcpus"]),
                ram_gib=float(row["memory"]) / MIB_PER_GIB,
                note="" if region else "no region named when read",
                in_stock=bool(region),
            )

    return offers_of(rows_under(payload.content, "sizes"), read)


def _memory_gib_per_gpu(slug: str, vram: Any, count: int) -> float | None:
    """The amount divided by the number of GPUs, unless the slug shows that it is that of one already."""
    if not vram or str(vram.get("unit", "gib")).lower() not in ("gib", "gb"):
        return None
    amount, total = float(vram["amount"]), TOTAL_GB.search(slug)
    is_per_gpu = count > 1 and total is not None and amount * count == float(total[1])
    return amount if is_per_gpu else amount / count


def _next(answer: Any, _url: str) -> str | None:
    link = ((answer.get("links") or {}).get("pages") or {}).get("next")
    return str(link) if link else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=6), parse, LICENCE, key="HEIMVORTEIL_DIGITALOCEAN_KEY", fetch=fetch,
    covers=(Coverage("digitalocean", ("on_demand", "spot")),),
)  # fmt: skip
