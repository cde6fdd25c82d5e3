"""RunPod: prices of one GPU in its own data centres (secure) and on other people's machines (community).

A pod takes 1 to `maxGpuCount` of them, each at the same price. Errors come with HTTP 200. The list holds a
placeholder `unknown` and slices of GPUs (MIG). `stockStatus` null or out_of_stock: sold out. It is asked for
one GPU: whether eight are there too is not told. Spot fields often repeat the on-demand price:
spot above 98 % of it is no spot. Reserved prices are not read: their unit is not documented.
The REST catalogue (v2/catalog/gpus, needs a key) is read too, when the address points there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pricing.json_answers import (
    Row,
    Unusable,
    bearer,
    known_price,
    offers_of,
    opened,
    posted,
    refused,
    stated,
    whole_card,
)
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer, Source, Tier

NAME = "runpod"
TITLE = "RunPod GPU types"
URL = "https://api.runpod.io/graphql"
LICENCE = "terms of service; facts re-keyed"
STOCK = "{ stockStatus }"
QUERY = (
    "query { gpuTypes { id displayName manufacturer memoryInGb secureCloud communityCloud securePrice "
    "communityPrice secureSpotPrice communitySpotPrice maxGpuCount "
    f"lowestPrice(input: {{gpuCount: 1}}) {STOCK} "
    f"secureLowest: lowestPrice(input: {{gpuCount: 1, secureCloud: true}}) {STOCK} "
    f"communityLowest: lowestPrice(input: {{gpuCount: 1, secureCloud: false}}) {STOCK} }} }}"
)
MOST_GPUS = 16
LEAST_DISCOUNT = Decimal("0.98")
"""A spot price above this share of on-demand repeats it: there is no spot market behind it."""
CLOUDS: tuple[tuple[str, Tier], ...] = (("secure", "on_demand"), ("community", "community"))
NO_STOCK = frozenset({"none", "null", "", "out_of_stock", "unavailable"})


@dataclass(frozen=True, slots=True)
class RunpodCloud:
    """One of RunPod's two clouds, as an answer describes it for one GPU."""

    name: str
    tier: Tier
    in_stock: bool | None
    """Of one GPU; None where the answer does not tell. A cloud that never has the GPU has no price."""
    price: Decimal | None
    spot: Decimal | None
    most_gpus: int


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """One question in GraphQL; the REST catalogue with a GET."""
    headers = bearer(asked.key)
    if asked.url.rstrip("/").endswith("/catalog/gpus"):
        return way_out.get(asked.url, headers)
    return posted(way_out, asked, {"query": QUERY}, headers)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every GPU in every number it can be had in. Raises UnreadablePayload, also for GraphQL's errors."""
    answer = opened(payload.content)
    if not isinstance(answer, dict):
        raise UnreadablePayload("neither GraphQL's data nor a catalogue")
    errors = answer.get("errors")
    data = answer.get("data")
    is_catalogue = isinstance(answer.get("gpus"), list)
    rows = answer["gpus"] if is_catalogue else data.get("gpuTypes") if isinstance(data, dict) else None
    if not isinstance(rows, list) or not rows:
        raise UnreadablePayload(f"GraphQL says: {_said(errors)}" if errors else "no list of GPUs in it")
    source = stated("runpod-gpu-types", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer | Rejected]:
        if str(row["id"]).lower() == "unknown":
            raise Unusable("the placeholder of the list, no GPU")
        clouds = _of_catalogue(row) if is_catalogue else _of_graphql(row)
        yield from _offers(row, clouds, source)

    found = offers_of(rows, read)
    return found if not errors else [*found, refused(errors, f"GraphQL says: {_said(errors)}")]


def _of_graphql(row: Row) -> list[RunpodCloud]:
    most = int(row["maxGpuCount"])
    return [
        RunpodCloud(
            name=name,
            tier=tier,
            in_stock=_in_stock(row, name),
            price=known_price(row.get(f"{name}Price")),
            spot=known_price(row.get(f"{name}SpotPrice")),
            most_gpus=int(row.get(f"maxGpuCount{name.capitalize()}Cloud") or most),
        )
        for name, tier in CLOUDS
    ]


def _of_catalogue(row: Row) -> list[RunpodCloud]:
    prices: Mapping[str, Any] = row["price"]
    told = str(row["availability"]).lower() not in NO_STOCK if "availability" in row else None
    return [
        RunpodCloud(
            name=name,
            tier=tier,
            in_stock=told if row[name] else False,
            price=known_price(prices.get(name)),
            spot=None,
            most_gpus=int(row["maxCount"].get(name) or 0),
        )
        for name, tier in CLOUDS
    ]


def _in_stock(row: Row, cloud: str) -> bool | None:
    """Whether one GPU can be rented there now: by its stock; where that was not asked, by the flag."""
    for field in (f"{cloud}Lowest", "lowestPrice"):
        if field in row:
            stock = (row[field] or {}).get("stockStatus")
            flagged = field != "lowestPrice" or bool(row.get(f"{cloud}Cloud"))
            return flagged and str(stock).lower() not in NO_STOCK
    return None if row.get(f"{cloud}Cloud") else False


def _offers(row: Row, clouds: list[RunpodCloud], source: Source) -> Iterator[CloudOffer | Rejected]:
    name = whole_card(str(row.get("displayName") or row.get("name") or row["id"]))
    whole_card(str(row["id"]))
    priced = [cloud for cloud in clouds if cloud.price]
    if not priced:
        raise Unusable("the price is not known")
    memory = row.get("memoryInGb", row.get("memory"))
    for cloud in priced:
        if cloud.in_stock is False and cloud.most_gpus < 1:
            continue
        if not 1 <= cloud.most_gpus <= MOST_GPUS:
            yield refused(
                row, f"{cloud.most_gpus} GPUs at most in the {cloud.name} cloud: not to be believed"
            )
            continue
        prices = {cloud.tier: cloud.price}
        if cloud.spot and cloud.price and cloud.spot < LEAST_DISCOUNT * cloud.price:
            prices["spot"] = cloud.spot
        for count in range(1, cloud.most_gpus + 1):
            for tier, per_gpu in prices.items():
                if per_gpu:
                    yield CloudOffer(
                        provider="runpod",
                        instance=f"{count}x {name} ({cloud.name} cloud)",
                        region="",
                        country=None,
                        gpu=None,
                        gpu_raw_name=name,
                        gpu_count=count,
                        memory_gib_per_gpu=float(memory) if memory else None,
                        tier=tier,
                        hourly_price=per_gpu * count,
                        currency="USD",
                        as_of=source.as_of,
                        source=source,
                        in_stock=cloud.in_stock if count == 1 or not cloud.in_stock else None,
                    )


def _said(errors: object) -> str:
    first = errors[0] if isinstance(errors, list) and errors else errors
    return str(first.get("message", first) if isinstance(first, dict) else first)[:200]


SOURCE = PriceSource(
    NAME,
    TITLE,
    URL,
    timedelta(minutes=30),
    parse,
    LICENCE,
    fetch=fetch,
    optional_key="HEIMVORTEIL_RUNPOD_KEY",
)
