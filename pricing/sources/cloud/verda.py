"""Verda (DataCrunch) instance types: on-demand and spot price of the whole instance, as strings.

`gpu_memory` is the sum over all GPUs. The list names no regions. Keyless when last seen; where it wants a
key the refresh says so.
"""

from collections.abc import Iterator
from datetime import timedelta

from pricing.json_answers import Row, Unusable, known_price, offers_of, opened, stated, whole_card, whole_gpus
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Tier

NAME = "verda"
TITLE = "Verda instance types"
URL = "https://api.datacrunch.io/v1/instance-types"
LICENCE = "terms of service; facts re-keyed"


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All instances with GPUs. Raises UnreadablePayload."""
    instances = opened(payload.content)
    if not isinstance(instances, list) or not instances:
        raise UnreadablePayload("not a list of instance types")
    source = stated("verda-instance-types", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        if not row["gpu"]["number_of_gpus"]:
            return
        count = whole_gpus(row["gpu"]["number_of_gpus"])
        fields: tuple[tuple[Tier, str], ...] = (("on_demand", "price_per_hour"), ("spot", "spot_price"))
        prices = {tier: known_price(row.get(field)) for tier, field in fields}
        if not any(prices.values()):
            raise Unusable("neither price is known")
        for tier, price in prices.items():
            if price:
                yield CloudOffer(
                    provider="verda",
                    instance=str(row["instance_type"]),
                    region="",
                    country=None,
                    gpu=None,
                    gpu_raw_name=whole_card(str(row["name"])),
                    gpu_count=count,
                    memory_gib_per_gpu=float(row["gpu_memory"]["size_in_gigabytes"]) / count,
                    tier=tier,
                    hourly_price=price,
                    currency=str(row["currency"]).upper(),
                    as_of=source.as_of,
                    source=source,
                    vcpus=int(row["cpu"]["number_of_cores"]),
                    ram_gib=float(row["memory"]["size_in_gigabytes"]),
                )

    return offers_of(instances, read)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE,
    covers=(Coverage("verda", ("on_demand", "spot")),),
)  # fmt: skip
