"""RunPod: prices of one GPU in its own data centres (secure) and on other people's machines (community).

A pod takes 1 to `maxGpuCount` of them, each at the same price. Errors come with HTTP 200. The list holds a
placeholder `unknown` and slices of GPUs (MIG). Stock is a level (Low, Medium, High); none, null and
out_of_stock: cannot be rented now; it is asked for one GPU, so that eight may still be too many. Spot fields
often repeat the on-demand price: spot above 98 % of it is no spot. Reserved prices are not read: their unit
is not documented.

GraphQL answers without a key and is to be retired early in 2027. With a key its successor is asked, the
REST catalogue v2/catalog/gpus: once for each cloud, because its stock is that of the cloud asked for
(secure unless said otherwise), with product=POD, which it demands beside include=AVAILABILITY. Without
stock in the answer only what is offered is known. Whatever its query, the path of the address tells which
of the two it is.

Verified 2026-11-28: REST against docs.runpod.io/api-reference-v2/catalog/list-gpu-types (include, product,
count, cloud and their defaults) and runpod/runpod-plugins-official (runpod-migrate); GraphQL against
dstackai/gpuhunt src/gpuhunt/providers/runpod.py (0272c27a, keyless, secureCloud in lowestPrice).

It sleeps until it is switched on. Section 8 of its terms of 2022-02-28 forbids to retrieve data of the site
systematically for a collection or database without written permission, and data mining, robots and similar
tools (their text: lukepiette/takehome-cro-eng 549dece6, src/pages/legal/terms-of-service.js). The terms in
force, of 2026-03-24, could not be read here; readers of September 2026 say the same of them, section 9.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

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
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut, with_query
from service.errors import worded
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source, Tier

NAME = "runpod"
TITLE = "RunPod GPU types"
URL = "https://api.runpod.io/graphql"
CATALOGUE = "https://api.runpod.io/v2/catalog/gpus"
CATALOGUE_PATH = "/catalog/gpus"
LICENCE = "terms of service; facts re-keyed"
OFF_BECAUSE = worded(
    "its terms forbid gathering its data into a database without written permission ({where})",
    where="runpod.io/legal/terms-of-service, 2026-03-24",
)
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
UNTOLD = object()
"""Where an answer has no stock in it."""


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
    """One question in GraphQL; with a key, or where the address says so, the REST catalogue."""
    headers = bearer(asked.key)
    if asked.key and asked.url == URL:
        asked = replace(asked, url=CATALOGUE)
    if urlsplit(asked.url).path.rstrip("/").endswith(CATALOGUE_PATH):
        return _by_cloud(way_out, asked, headers)
    return posted(way_out, asked, {"query": QUERY}, headers)


def _by_cloud(way_out: WayOut, asked: Asked, headers: Mapping[str, str]) -> Payload:
    """The catalogue's answers for each cloud, as {"clouds": {"secure": ..., "community": ...}}."""
    clouds = {}
    for name, _ in CLOUDS:
        url = with_query(asked.url, include="AVAILABILITY", product="POD", cloud=name.upper())
        answer = way_out.get(url, headers)
        clouds[name] = answer.content.decode("utf-8", "replace")
        opened(answer.content)
    content = "{" + ", ".join(f'"{name}": {text}' for name, text in clouds.items()) + "}"
    return Payload(f'{{"clouds": {content}}}'.encode(), asked.url, answer.fetched_at)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every GPU in every number it can be had in. Raises UnreadablePayload, also for GraphQL's errors."""
    answer = opened(payload.content)
    if not isinstance(answer, dict):
        raise UnreadablePayload("neither GraphQL's data nor a catalogue")
    errors = answer.get("errors")
    data = answer.get("data")
    is_catalogue = "clouds" in answer or isinstance(answer.get("gpus"), list)
    rows = (
        _rows_of_catalogue(answer)
        if is_catalogue
        else data.get("gpuTypes")
        if isinstance(data, dict)
        else None
    )
    if not isinstance(rows, list) or not rows:
        raise UnreadablePayload(f"GraphQL says: {_said(errors)}" if errors else "no list of GPUs in it")
    slug, url = ("runpod-catalogue", CATALOGUE) if is_catalogue else ("runpod-gpu-types", URL)
    source = stated(slug, TITLE, url, LICENCE, payload)

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


def _rows_of_catalogue(answer: Row) -> list[Row]:
    """The GPUs of one answer, or of one for each cloud with what each says of stock under `stock`."""
    if "clouds" not in answer:
        return list(answer["gpus"])
    clouds = answer["clouds"]
    if not isinstance(clouds, dict) or not all(isinstance(one, dict) for one in clouds.values()):
        raise UnreadablePayload("no answers of its clouds in it")
    rows: dict[str, dict[str, Any]] = {}
    for name, one in clouds.items():
        if not isinstance(one.get("gpus"), list):
            raise UnreadablePayload(f"no list of GPUs in the answer of its {name} cloud")
        for row in one["gpus"]:
            kept = rows.setdefault(str(row.get("id")), {**row, "stock": {}})
            kept["stock"][name] = row.get("availability")
    return list(rows.values())


def _of_catalogue(row: Row) -> list[RunpodCloud]:
    prices: Mapping[str, Any] = row["price"]
    stock: Mapping[str, Any] = row.get("stock") or dict.fromkeys(
        dict(CLOUDS), row.get("availability", UNTOLD)
    )
    return [
        RunpodCloud(
            name=name,
            tier=tier,
            in_stock=_is_there(stock.get(name)) if row[name] else False,
            price=known_price(prices.get(name)),
            spot=None,
            most_gpus=int(row["maxCount"].get(name) or 0),
        )
        for name, tier in CLOUDS
    ]


def _is_there(said: Any) -> bool | None:
    """Whether pods can be had: a level, or one for each product that was asked for; None untold."""
    if said is UNTOLD:
        return None
    if isinstance(said, list):
        pods = [one.get("status") for one in said if isinstance(one, dict) and one.get("product") == "POD"]
        said = pods[0] if pods else None
    return str(said).lower() not in NO_STOCK


def _in_stock(row: Row, cloud: str) -> bool | None:
    """Whether one GPU can be rented there now: by its stock; where that was not asked, by the flag."""
    for field in (f"{cloud}Lowest", "lowestPrice"):
        if field in row:
            stock = (row[field] or {}).get("stockStatus")
            flagged = field != "lowestPrice" or bool(row.get(f"{cloud}Cloud"))
            return flagged and bool(_is_there(stock))
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
    covers=(Coverage("runpod", ("on_demand", "community", "spot")),),
    off_because=OFF_BECAUSE,
)
