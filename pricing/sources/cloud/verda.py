"""Verda (DataCrunch) instance types: on-demand and spot price of the whole instance, as strings.

`gpu_memory` is the sum over all GPUs. Keyless when last seen; an answer of 401 or 403 says so by failing.
"""

import json
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import CloudOffer, Source

NAME = "verda"
TITLE = "Verda instance types"
URL = "https://api.datacrunch.io/v1/instance-types"
LICENCE = "terms of service; facts re-keyed"


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All instances with GPUs. Raises UnreadablePayload."""
    try:
        instances = json.loads(payload.content)
        assert isinstance(instances, list) and instances and all(isinstance(i, dict) for i in instances)
    except (ValueError, AssertionError) as error:
        raise UnreadablePayload("not a list of instance types") from error
    day = payload.fetched_at.date()
    source = Source("verda-instance-types", TITLE, URL, day, LICENCE, day)
    found: list[CloudOffer | Rejected] = []
    for instance in instances:
        try:
            count = int(instance["gpu"]["number_of_gpus"])
            if not count:
                continue
            prices = {
                tier: Decimal(str(instance[field]))
                for tier, field in (("on_demand", "price_per_hour"), ("spot", "spot_price"))
                if instance.get(field) not in (None, "")
            }
            found += [
                CloudOffer(
                    provider="verda",
                    instance=str(instance["instance_type"]),
                    region="",
                    country=None,
                    gpu=None,
                    gpu_raw_name=str(instance["name"]),
                    gpu_count=count,
                    memory_gib_per_gpu=float(instance["gpu_memory"]["size_in_gigabytes"]) / count,
                    tier=tier,
                    hourly_price=price,
                    currency=str(instance["currency"]).upper(),
                    as_of=day,
                    source=source,
                    vcpus=int(instance["cpu"]["number_of_cores"]),
                    ram_gib=float(instance["memory"]["size_in_gigabytes"]),
                )
                for tier, price in prices.items()
                if price > 0
            ]
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            found.append(Rejected(json.dumps(instance)[:500], f"not an instance type as known: {error!r}"))
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no instance with a GPU and a price")
    return found


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE)
