"""Lambda instance types, with a key: the price of the whole instance in cents, no spot.

`data` is an object by instance name. An instance without capacity anywhere (an empty list of regions) has
its price still and is kept without a region. "RTX 6000 (24 GB)" is the Quadro card of 2018. Charges
include sales tax by billing address.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from pricing.json_answers import (
    Row,
    bearer,
    offers_of,
    opened,
    price_in_cents,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.countries import code_named
from service.estimate.superseded import Coverage
from service.facts import CloudOffer

NAME = "lambda_cloud"
TITLE = "Lambda instance types"
URL = "https://cloud.lambda.ai/api/v1/instance-types"
LICENCE = "terms of service; facts re-keyed"
MEMORY = re.compile(r"(\d{1,9})\s{0,9}GB")
SOLD_OUT = "no capacity in any region when read"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request with the key."""
    return way_out.get(asked.url, bearer(asked.key))


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every instance with GPUs in every region that has it. Raises UnreadablePayload."""
    answer = opened(payload.content)
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or not data:
        raise UnreadablePayload("no instance types by name in it")
    source = stated("lambda-instance-types", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        kind = row["instance_type"]
        specs = kind["specs"]
        if specs.get("gpus") == 0:
            return
        count, price = whole_gpus(specs["gpus"]), price_in_cents(kind["price_cents_per_hour"])
        card = whole_card(str(kind.get("gpu_description") or kind["description"]))
        memory = MEMORY.search(card)
        for region in row["regions_with_capacity_available"] or [{"name": "", "description": ""}]:
            country = str(region.get("description") or "").rsplit(",", 1)[-1].strip()
            yield CloudOffer(
                provider="lambda",
                instance=str(kind["name"]),
                region=str(region["name"]),
                country=code_named(country),
                gpu=None,
                gpu_raw_name=f"Quadro {card}" if card.startswith("RTX 6000 (24 GB") else card,
                gpu_count=count,
                memory_gib_per_gpu=float(memory[1]) if memory else None,
                tier="on_demand",
                hourly_price=price,
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=int(specs["vcpus"]),
                ram_gib=float(specs["memory_gib"]),
                note="" if region["name"] else SOLD_OUT,
                in_stock=bool(region["name"]),
            )

    return offers_of(data.values(), read)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(minutes=30), parse, LICENCE, key="HEIMVORTEIL_LAMBDA_CLOUD_KEY", fetch=fetch,
    covers=(Coverage("lambda", ("on_demand",)),),
)  # fmt: skip
