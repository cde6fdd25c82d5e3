"""Clore.ai: what hosts ask for their machines, in USD per DAY for the whole machine; each is an offer.

`price.usd.on_demand_usd` is read; `price.on_demand` holds the same by coin, and the smallest bid of the
spot market is nearly always 0 and says nothing. `specs.gpu` is "8x NVIDIA GeForce RTX 4090" or "mixed",
`gpuram` GB of one GPU, `cpus` cores/threads, `net.cc` the country. Machines that are rented stay in the list.
Keyless: the vendor's own client asks for it without one. Its documents advise against polling more often than
every minute.

The unit is established: "price/day" in the vendor's documents (docs.clore.ai guidlines/api,
clore.ai/assets/html/api.html), divided by 24 in py77/frontier-monitor
backend/app/services/gpu_rental_ingest.py (d0331b1a, "UNIT TRAP") and taken as USD a day in
hydrahive/hydrahive2-modules mining/backend/clore.py (aa6f89be); the shape also in the vendor's Python client
clore-ai 0.1.1. Others take it for an hour's: two scripts that set a host's price, and that client's help. The
second reader adds a renter's fee of 5 %, which nothing else confirms: it is not in the price.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pricing.json_answers import (
    Row,
    Unusable,
    known_price,
    offers_of,
    price_of,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Payload, PriceSource, Rejected
from service.countries import code_of
from service.estimate.superseded import Coverage
from service.facts import CloudOffer

NAME = "clore"
TITLE = "Clore.ai marketplace"
URL = "https://api.clore.ai/v1/marketplace"
LICENCE = "terms of service; facts re-keyed"
HOURS_PER_DAY = Decimal(24)
LEAST_RELIABLE = 0.9
"""Below it readers of the list count no machine: it is often offline."""
GPUS = re.compile(r"\s*(\d+)\s*x\s+(.+)", re.I)
RUN_TOGETHER = re.compile(r"(SXM\d|PCIe|NVL)(?=\d)", re.I)
"""Tesla V100SXM232GB."""


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every machine with GPUs of one kind whose price in USD is known. Raises UnreadablePayload."""
    source = stated("clore-marketplace", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        specs, reliable = row["specs"], row.get("reliability")
        gpus = GPUS.fullmatch(str(specs["gpu"]))
        if gpus is None or gpus[2].lower().startswith("mixed"):
            raise Unusable(f"GPUs of several kinds or of none: {specs['gpu']}")
        if reliable is not None and float(reliable) < LEAST_RELIABLE:
            raise Unusable(f"its host is reliable to {float(reliable):.2f}, less than {LEAST_RELIABLE}")
        per_day = known_price(row["price"]["usd"].get("on_demand_usd"))
        if per_day is None:
            raise Unusable("the price in USD is not known")
        country = str((specs.get("net") or {}).get("cc") or "").upper()
        rented = row.get("rented")
        yield CloudOffer(
            provider="clore",
            instance=f"machine {int(row['id'])}",
            region=country,
            country=code_of(country),
            gpu=None,
            gpu_raw_name=whole_card(RUN_TOGETHER.sub(r" \1 ", gpus[2])),
            gpu_count=whole_gpus(gpus[1]),
            memory_gib_per_gpu=float(specs["gpuram"]) if specs.get("gpuram") else None,
            tier="marketplace",
            hourly_price=price_of(per_day / HOURS_PER_DAY),
            currency="USD",
            as_of=source.as_of,
            source=source,
            vcpus=_threads(specs.get("cpus")),
            ram_gib=float(specs["ram"]) if specs.get("ram") else None,
            note=_note(per_day, row.get("allowed_coins")),
            in_stock=not rented if isinstance(rented, bool) else None,
            rentable_count=1 if rented is False else None,
        )

    return offers_of(rows_under(payload.content, "servers"), read)


def _threads(cpus: object) -> int | None:
    """Of "16/32" the threads."""
    threads = str(cpus or "").rpartition("/")[2]
    return int(threads) if threads.isdigit() and int(threads) else None


def _note(per_day: Decimal, coins: object) -> str:
    paid = f", paid in {' or '.join(map(str, coins))}" if isinstance(coins, list) and coins else ""
    return f"{per_day:f} USD a day{paid}; whether a fee of Clore comes on top is not said"


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE,
    covers=(Coverage("clore", ("marketplace",)),),
)  # fmt: skip
