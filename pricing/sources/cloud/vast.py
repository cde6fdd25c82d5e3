"""Vast.ai: what hosts ask right now, each machine an offer with its own disk price, traffic and location.

`dph_total` is `dph_base` and 5 GiB of disk (`storage_total_cost`); a row where the sum is not right is
refused. `min_bid` is the floor for an interruptible rental of the same machine, disk extra. `gpu_ram` is
MiB of one GPU; some RTX 4090 have twice their memory and are not what their name says. The server gives
64 offers at most whatever the limit: a full answer is asked again per GPU, a full one of those per number
of GPUs, and what is still full is said.

It sleeps until it is switched on. The terms of use (vast.ai/terms) of 2025-11-10 forbid to retrieve data
systematically for a collection or database without written permission: so a reader of 2026-08-31 who, with
the same API and a key, waits for that permission; another of 2026-09-09 says the same. Of the version
of 2023-12-15 only the beginning could be read here.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pricing.countries import country_of
from pricing.json_answers import (
    MIB_PER_GIB,
    Row,
    Unusable,
    bearer,
    known_price,
    offers_of,
    opened,
    posted,
    refused,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.errors import worded
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Tier

NAME = "vast"
TITLE = "Vast.ai offers"
URL = "https://console.vast.ai/api/v0/bundles/"
LICENCE = "terms of service; facts re-keyed"
OFF_BECAUSE = worded(
    "its terms forbid gathering its data into a database without written permission ({where})",
    where="vast.ai/terms, 2025-11-10",
)
LIMIT = 5_000
FULL = 64
"""What the server gives at most, seen in 2026 by others; it states no limit."""
EQUAL_USD = Decimal("0.0001")
GB_PER_TB = 1000
COUNTS = (1, 2, 4, 8)
GPUS = (
    "RTX 3060", "RTX 3060 Ti", "RTX 3070", "RTX 3070 Ti", "RTX 3080", "RTX 3080 Ti", "RTX 3090",
    "RTX 3090 Ti", "RTX 4060", "RTX 4060 Ti", "RTX 4070", "RTX 4070S", "RTX 4070 Ti", "RTX 4070S Ti",
    "RTX 4080", "RTX 4080S", "RTX 4090", "RTX 4090D", "RTX 5060 Ti", "RTX 5070", "RTX 5070 Ti",
    "RTX 5080", "RTX 5090", "RTX A4000", "RTX A5000", "RTX A6000", "RTX 4000Ada", "RTX 5000Ada",
    "RTX 6000Ada", "RTX PRO 6000 S", "RTX PRO 6000 WS", "Q RTX 6000", "Q RTX 8000", "L4", "L40", "L40S",
    "A10", "A40", "A100 PCIE", "A100 SXM4", "H100 PCIE", "H100 SXM", "H100 NVL", "H200", "H200 NVL",
    "B200", "B300", "Tesla T4", "Tesla V100",
)  # fmt: skip
"""Names as Vast.ai writes them."""


def question(**more: Any) -> dict[str, Any]:
    """What is posted: verified machines that can be rented now, the cheapest first."""
    wanted = {
        "verified": {"eq": True},
        "rentable": {"eq": True},
        "type": "on-demand",
        "order": [["dph_total", "asc"]],
        "limit": LIMIT,
    }
    return wanted | {name: {"eq": value} for name, value in more.items()}


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One question, or where its answer is full one per GPU and number of GPUs; `full` names the rest."""
    headers = bearer(asked.key)
    first = posted(way_out, asked, question(), headers)
    if not _is_full(first) or asked.url.endswith(".json"):
        return first
    pages, full = [first], []
    for gpu in GPUS:
        pages.append(way_out.post(asked.url, question(gpu_name=gpu), headers))
        if _is_full(pages[-1]):
            for count in COUNTS:
                pages.append(way_out.post(asked.url, question(gpu_name=gpu, num_gpus=count), headers))
                if _is_full(pages[-1]):
                    full.append(f"{count} x {gpu}")
    content = b", ".join(page.content for page in pages)
    content = b'{"pages": [' + content + b'], "full": ' + json.dumps(full).encode() + b"}"
    return Payload(content, asked.url, first.fetched_at)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All machines that can be rented, on demand and by bid. Raises UnreadablePayload."""
    offers = rows_under(payload.content, "offers")
    source = stated("vast-bundles", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        if row.get("rentable") is not True:
            raise Unusable("cannot be rented now")
        if row.get("verification", "verified") != "verified":
            raise Unusable(f"its host is not verified but {row['verification']}")
        if row.get("is_bid"):
            raise Unusable("its price is a bid, not what the host asks")
        disk = _disk_usd(row)
        floor = known_price(row.get("min_bid"))
        prices: dict[Tier, Decimal | None] = {
            "marketplace": known_price(row["dph_total"]),
            "spot": floor + disk if floor else None,
        }
        if not any(prices.values()):
            raise Unusable("the price is not known")
        place = str(row.get("geolocation") or "").strip(" ,")
        cores, share = row.get("cpu_cores_effective"), _share_of_host(row)
        for tier, price in prices.items():
            if price:
                # What a host asks for several GPUs counts for its machine: the machine is the instance.
                yield CloudOffer(
                    provider="vast",
                    instance=f"machine {int(row['machine_id'])}",
                    region=place,
                    country=country_of("vast", place),
                    gpu=None,
                    gpu_raw_name=whole_card(str(row["gpu_name"])),
                    gpu_count=whole_gpus(row["num_gpus"]),
                    memory_gib_per_gpu=float(row["gpu_ram"]) / MIB_PER_GIB,
                    tier=tier,
                    hourly_price=round(price, 6),
                    currency="USD",
                    as_of=source.as_of,
                    source=source,
                    vcpus=int(cores) or None if cores else None,
                    ram_gib=round(float(row["cpu_ram"]) * share / MIB_PER_GIB, 1) if share else None,
                    note=_note(row, tier),
                    in_stock=True,
                    rentable_count=1,
                )

    return offers_of(_once(offers), read) + _said_full(payload, offers)


def _once(offers: list[Row]) -> list[Row]:
    """Every offer once: the answers per GPU repeat those of the first."""
    by_id = {row.get("id", i) if isinstance(row, dict) else i: row for i, row in enumerate(offers)}
    return list(by_id.values())


def _disk_usd(row: Row) -> Decimal:
    """The disk's part of the price per hour; raises Unusable where the parts are not the whole."""
    base, disk, total = (known_price(row.get(k)) for k in ("dph_base", "storage_total_cost", "dph_total"))
    if base and total and abs(base + (disk or 0) - total) > max(EQUAL_USD, total / 1000):
        raise Unusable(f"dph_total {total:f} is not dph_base {base:f} and disk {disk or 0:f}")
    return disk or Decimal(0)


def _share_of_host(row: Row) -> float | None:
    """The share of the host's processor, and so of its memory; its number of cores may be null."""
    cores, all_cores = row.get("cpu_cores_effective"), row.get("cpu_cores")
    return float(cores) / float(all_cores) if cores and all_cores else None


def _note(row: Row, tier: Tier) -> str:
    """The host's own prices of disk and traffic."""
    said = ["the floor of bids: others may bid more"] if tier == "spot" else []
    if row.get("storage_cost") is not None:
        said.append(f"5 GiB of disk in it, more at {float(row['storage_cost']):.4g} USD/GB and month")
    into, out = _per_tb(row, "down"), _per_tb(row, "up")
    if into is not None and out is not None:
        said.append(f"traffic {into:.4g} USD/TB in, {out:.4g} USD/TB out")
    return "; ".join(said)


def _per_tb(row: Row, direction: str) -> float | None:
    per_tb, per_gb = row.get(f"internet_{direction}_cost_per_tb"), row.get(f"inet_{direction}_cost")
    if per_tb is not None:
        return float(per_tb)
    return None if per_gb is None else float(per_gb) * GB_PER_TB


def _is_full(page: Payload) -> bool:
    try:
        return len(rows_under(page.content, "offers")) in (FULL, LIMIT)
    except UnreadablePayload:
        return False


def _said_full(payload: Payload, offers: list[Row]) -> list[Rejected]:
    answer = opened(payload.content)
    if "pages" in answer:
        reason = f"the server gives {FULL} offers at most: dearer machines are not in the answer"
        return [refused(name, reason) for name in answer.get("full", ())]
    if len(offers) in (FULL, LIMIT):
        reason = f"an answer of {len(offers)} offers is a full one: dearer machines are not in it"
        return [refused("all offers", reason)]
    return []


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE, fetch=fetch, optional_key="HEIMVORTEIL_VAST_KEY",
    covers=(Coverage("vast", ("marketplace", "spot"), gpus="named"),), off_because=OFF_BECAUSE,
)  # fmt: skip
