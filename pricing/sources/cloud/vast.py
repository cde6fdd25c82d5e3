"""Vast.ai: what hosts ask right now, each machine an offer with its own disk price and location.

`dph_total` holds the GPUs and 5 GiB of disk; `min_bid` is the floor for an interruptible rental of the
same machine. `gpu_ram` is MiB of one GPU. Some RTX 4090 have twice their memory and are not what their
name says.
"""

import json
from datetime import timedelta
from decimal import Decimal

from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import CloudOffer, Source

NAME = "vast"
TITLE = "Vast.ai offers"
QUERY = (
    "%7B%22verified%22%3A%7B%22eq%22%3Atrue%7D%2C%22rentable%22%3A%7B%22eq%22%3Atrue%7D%2C"
    "%22type%22%3A%22on-demand%22%2C%22limit%22%3A2000%7D"
)
"""{"verified": {"eq": true}, "rentable": {"eq": true}, "type": "on-demand", "limit": 2000}"""
URL = f"https://console.vast.ai/api/v0/bundles/?q={QUERY}"
LICENCE = "terms of service; facts re-keyed"


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All machines that can be rented, on demand and by bid. Raises UnreadablePayload."""
    try:
        offers = json.loads(payload.content, parse_float=Decimal)["offers"]
        assert isinstance(offers, list) and offers
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise UnreadablePayload("no list of offers in it") from error
    day = payload.fetched_at.date()
    source = Source("vast-bundles", TITLE, "https://console.vast.ai/api/v0/bundles/", day, LICENCE, day)
    found: list[CloudOffer | Rejected] = []
    for offer in offers:
        try:
            if not offer["rentable"]:
                continue
            place = str(offer.get("geolocation") or "")
            country = place.rsplit(",", 1)[-1].strip()
            share = float(offer["cpu_cores_effective"]) / max(1.0, float(offer["cpu_cores"]))
            # What a host asks for several GPUs counts for its machine: the machine is the instance.
            found += [
                CloudOffer(
                    provider="vast",
                    instance=f"machine {int(offer['machine_id'])}",
                    region=place,
                    country=country if len(country) == 2 and country.isupper() else None,
                    gpu=None,
                    gpu_raw_name=str(offer["gpu_name"]),
                    gpu_count=int(offer["num_gpus"]),
                    memory_gib_per_gpu=float(offer["gpu_ram"]) / 1024,
                    tier=tier,
                    hourly_price=round(Decimal(offer[field]), 6),
                    currency="USD",
                    as_of=day,
                    source=source,
                    vcpus=int(float(offer["cpu_cores_effective"])) or None,
                    ram_gib=round(float(offer["cpu_ram"]) * share / 1024, 1),
                )
                for tier, field in (("marketplace", "dph_total"), ("spot", "min_bid"))
                if offer.get(field)
            ]
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            found.append(Rejected(json.dumps(offer, default=str)[:500], f"not an offer as known: {error!r}"))
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no machine that can be rented")
    return found


SOURCE = PriceSource(NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE)
