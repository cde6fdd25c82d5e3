"""Shadeform, with a key or without: instances of many clouds, each an offer of the cloud that runs it.

`hourly_price` of a type is in cents; that of an entry of `availability` (spot) is a text in dollars. The
schema names no currency; Shadeform bills in USD. A region without `available` is sold out.

Its documentation asks for a key everywhere (docs.shadeform.ai/api-reference/authentication); the list of
types answered without one to several collectors in 2026, so it is asked without and a key is sent where
there is one. Verified 2026-11-28: fields and cents against skypilot-org/skypilot
sky/catalog/data_fetchers/fetch_shadeform.py (6dd899d5) and docs.shadeform.ai instances-types.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from pricing.json_answers import (
    LARGEST_PRICE,
    Row,
    Unusable,
    offers_of,
    price_in_cents,
    price_of,
    refused,
    rows_under,
    stated,
    whole_card,
    whole_gpus,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, WayOut
from service.countries import code_of
from service.facts import CloudOffer

NAME = "shadeform"
TITLE = "Shadeform instance types"
URL = "https://api.shadeform.ai/v1/instances/types?available=true"
LICENCE = "terms of service; facts re-keyed"
CLOUDS: Mapping[str, str] = {
    "aws": "aws", "azure": "azure", "gcp": "gcp", "lambdalabs": "lambda", "lambda": "lambda",
    "hyperstack": "hyperstack", "nebius": "nebius", "verda": "verda", "datacrunch": "verda", "vultr": "vultr",
    "digitalocean": "digitalocean", "paperspace": "paperspace", "crusoe": "crusoe", "scaleway": "scaleway",
    "massedcompute": "massed-compute", "denvr": "denvr", "tensordock": "tensordock", "runpod": "runpod",
    "latitude": "latitude", "voltagepark": "voltage-park", "coreweave": "coreweave", "oci": "oci",
}  # fmt: skip
"""Shadeform's name of a cloud -> our provider."""


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One request, with the key where there is one."""
    return way_out.get(asked.url, {"X-API-KEY": asked.key} if asked.key else {})


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every type in every region where it can be rented. Raises UnreadablePayload."""
    source = stated("shadeform-instance-types", TITLE, URL.partition("?")[0], LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer | Rejected]:
        config = row.get("configuration") or row
        if config.get("num_gpus") == 0:
            return
        cloud = str(row["cloud"])
        if cloud not in CLOUDS:
            raise Unusable(f"a cloud that nobody has mapped, {cloud}")
        card, count = whole_card(str(config["gpu_type"])), whole_gpus(config["num_gpus"])
        memory = config.get("vram_per_gpu_in_gb")
        for place, tier, price in _by_place(row):
            if price is None:
                yield refused(row, f"its {tier} price in {place.get('region')} is not known")
                continue
            if tier not in ("on_demand", "spot"):
                yield refused(row, f"rented as {tier} in {place.get('region')}, on terms nobody states")
                continue
            country = str(place.get("display_name") or "").split(",")[0].strip()
            yield CloudOffer(
                provider=CLOUDS[cloud],
                instance=str(row.get("cloud_instance_type") or row["shade_instance_type"]),
                region=str(place["region"]),
                country=code_of(country) if country.isupper() else None,
                gpu=None,
                gpu_raw_name=f"{card.replace('_', ' ')} {config.get('interconnect') or ''}".strip(),
                gpu_count=count,
                memory_gib_per_gpu=float(memory) if memory else None,
                tier="spot" if tier == "spot" else "on_demand",
                hourly_price=price,
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=int(config["vcpus"]) if config.get("vcpus") else None,
                ram_gib=float(config["memory_in_gb"]) if config.get("memory_in_gb") else None,
                note=f"through Shadeform, a {row.get('deployment_type') or 'vm'}",
                in_stock=bool(place.get("available")),
            )

    return offers_of(rows_under(payload.content, "instance_types"), read)


def _by_place(row: Row) -> Iterator[tuple[Row, str, Decimal | None]]:
    """Every region with its tier and price [USD per hour], None where it is not known."""
    on_demand = price_in_cents(row["hourly_price"])
    for place in row["availability"]:
        if place.get("rental_type", "on_demand") == "on_demand":
            yield place, "on_demand", on_demand
        else:
            own = place.get("hourly_price")
            yield place, str(place["rental_type"]), _stated_price(own) if own else None


def _stated_price(own: object) -> Decimal:
    """A price of one region; one beyond belief is left to the checks, which keep the last believable one."""
    price = Decimal(str(own))
    return price if price.is_finite() and price > LARGEST_PRICE else price_of(own)


SOURCE = PriceSource(
    NAME,
    TITLE,
    URL,
    timedelta(minutes=30),
    parse,
    LICENCE,
    optional_key="HEIMVORTEIL_SHADEFORM_KEY",
    fetch=fetch,
)
