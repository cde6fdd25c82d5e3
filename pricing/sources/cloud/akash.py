"""Akash: what its providers bid for one GPU an hour, by model, memory and interface; and how many are free.

A reverse auction: `price` sums up one bid per provider of the last 31 days in USD per GPU and hour (min, max,
avg, weightedAverage, med), of a GPU with the usual processor and memory around it. The median is read: the
smallest bid is one provider's on one day. `availability.available` counts GPUs that are free now; none is
sold out, and a model without a bid has no price. Keyless. It starts from the inventory of all providers, so
what it does not name nobody has; but bids for more than one GPU are left out of it, so it says nothing of
machines with several. Verified against the code that answers, akash-network/console
apps/api/src/gpu/services/gpu-price.service.ts (0997bbc7), and four public readers of 2026 that agree on the
shape, among them parvathamtej/computex-market-graph, which found no clause against reading it.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from pricing.json_answers import Row, Unusable, known_price, offers_of, rows_under, stated, whole_card
from pricing.source import Payload, PriceSource, Rejected
from service.estimate.superseded import Coverage
from service.facts import CloudOffer

NAME = "akash"
TITLE = "Akash GPU prices"
URL = "https://console-api.akash.network/v1/gpu-prices"
LICENCE = "no licence stated; facts re-keyed"
GIB = re.compile(r"(\d{1,9})\s{0,9}Gi?B?$", re.I)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every model that was bid for, one GPU each. Raises UnreadablePayload."""
    source = stated("akash-gpu-prices", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        price = row["price"] or {}
        if price and price.get("currency") != "USD":
            raise Unusable(f"its currency is {price.get('currency')}")
        per_hour = known_price(price.get("med"))
        if per_hour is None:
            raise Unusable("nobody has bid for it")
        memory = GIB.search(str(row.get("ram") or ""))
        name = " ".join(filter(None, (str(row["model"]), str(row.get("interface") or ""))))
        free = int(row["availability"]["available"])
        yield CloudOffer(
            provider="akash",
            instance=f"1x {name} {row.get('ram') or ''}".strip(),
            region="",
            country=None,
            gpu=None,
            gpu_raw_name=whole_card(name.upper()),
            gpu_count=1,
            memory_gib_per_gpu=float(memory[1]) if memory else None,
            tier="marketplace",
            hourly_price=per_hour,
            currency="USD",
            as_of=source.as_of,
            source=source,
            note=f"the median of bids, from {price.get('min')} to {price.get('max')} USD",
            in_stock=free > 0,
            rentable_count=free or None,
        )

    return offers_of(rows_under(payload.content, "models"), read)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE,
    covers=(Coverage("akash", ("marketplace",), counts="named"),),
)  # fmt: skip
