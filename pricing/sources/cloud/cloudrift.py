"""CloudRift instance types: prices of the whole instance in cents, memory sizes in bytes.

`vram` is that of one GPU; a variant lists its data centres with the nodes free there. One without free
nodes anywhere has a price still.
"""

from collections.abc import Iterator
from datetime import timedelta

from pricing.countries import country_of
from pricing.json_answers import (
    Row,
    Unusable,
    offers_of,
    opened,
    posted,
    price_in_cents,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.superseded import Coverage
from service.facts import GIB, CloudOffer

NAME = "cloudrift"
TITLE = "CloudRift instance types"
URL = "https://api.cloudrift.ai/api/v1/instance-types/list"
LICENCE = "terms of service; facts re-keyed"
QUESTION = {"version": "2025-03-21", "data": {"selector": {"ByServiceAndLocation": {"services": ["vm"]}}}}
SOLD_OUT = "no free node when read"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One question."""
    return posted(way_out, asked, QUESTION, {})


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every variant in every data centre. Raises UnreadablePayload."""
    answer = opened(payload.content)
    types = answer.get("data", answer) if isinstance(answer, dict) else None
    types = types.get("instance_types") if isinstance(types, dict) else None
    if not isinstance(types, list) or not types:
        raise UnreadablePayload("no list of instance types in it")
    source = stated("cloudrift-instance-types", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        if not row.get("gpu_count"):
            return
        price = price_in_cents(row["cost_per_hour"])
        count = whole_gpus(row["gpu_count"])
        nodes = row.get("available_nodes_per_dc", row.get("nodes_per_dc")) or {}
        counted = "available_nodes_per_dc" in row
        if not isinstance(nodes, dict):
            raise Unusable("its data centres are not readable")
        for region in nodes or {"": None}:
            yield CloudOffer(
                provider="cloudrift",
                instance=str(row["name"]),
                region=str(region),
                country=country_of("cloudrift", str(region)),
                gpu=None,
                gpu_raw_name=whole_card(str(row["brand_short"])),
                gpu_count=count,
                memory_gib_per_gpu=round(float(row["vram"]) / GIB, 2) if row.get("vram") else None,
                tier="on_demand",
                hourly_price=price,
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=int(row["cpu_count"]),
                ram_gib=round(float(row["dram"]) / GIB, 1),
                note="" if nodes.get(region) else SOLD_OUT,
                in_stock=bool(nodes.get(region)),
                rentable_count=int(nodes.get(region) or 0) or None if counted else None,
            )

    return offers_of(list(_variants(types)), read)


def _variants(types: list[Row]) -> Iterator[Row]:
    """The variants with the name of their type's GPU; a type that cannot be read stays one row."""
    for kind in types:
        variants = kind.get("variants") if isinstance(kind, dict) else None
        if not isinstance(variants, list):
            yield {"gpu_count": "?", "cost_per_hour": None, "type": kind}
            continue
        brand = kind.get("brand_short", "")
        yield from ({"brand_short": brand, **variant} for variant in variants if isinstance(variant, dict))


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=1), parse, LICENCE, fetch=fetch,
    covers=(Coverage("cloudrift", ("on_demand",)),),
)  # fmt: skip
