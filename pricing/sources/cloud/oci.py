"""Oracle Cloud: the price list of its cost estimator joined with the shapes beside it.

The price list prices parts (a GPU, an OCPU, a gigabyte of memory, a terabyte of NVMe per hour); a shape
says how many of each it has. Two lists hold the same products: the estimator's static file, which has no
day and no metric (in a GPU shape its "ocpu" is priced per GPU), and the price service, which has both and
answers 403 to many whole networks: that is no need of a key. The static one is asked first, the service
when it fails. Traps: quantities may be fractions (81.6) or missing; products priced by the month stand
beside those by the hour; the memory that shapes state for some GPUs is wrong, instances.py knows better;
preemptible machines cost exactly half where a shape allows them. One price holds in every commercial
region, so an offer has none. `lastUpdated`, where it stands, is the day of the list.
https://docs.oracle.com/iaas/Content/Compute/Concepts/preemptible.htm

Verified 2026-11-28: static files and their fields against dstackai/gpuhunt src/gpuhunt/providers/oci.py
(9435a805: products.json and shapes.json, billingModel UCM, pricetype HOUR), the service and metrics against
skypilot-org/skypilot sky/catalog/data_fetchers/fetch_oci.py (14cffac4: shapes.json with the service's list).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pricing.instances import fitted
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source, Tier

NAME = "oci"
TITLE = "Oracle Cloud price list"
URL = "https://www.oracle.com/a/ocom/docs/cloudestimator2/data/products.json"
SERVICE = "https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/?currencyCode=USD"
SHAPES = "https://www.oracle.com/a/ocom/docs/cloudestimator2/data/shapes.json"
LICENCE = "Oracle; facts re-keyed"
PREEMPTIBLE = Decimal("0.5")
CURRENCY = "USD"
NOTE = "one price in every commercial region"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """Price list and shapes in one answer; an address that answers both at once is taken at its word."""
    products = _products(way_out, asked)
    document = _json(products)
    if "shapes" in document:
        return products
    shapes = way_out.get(SHAPES if products.url in (URL, SERVICE) else way_out.same_host(SHAPES, asked.url))
    joined = json.dumps({"products": document, "shapes": _json(shapes)}).encode()
    # No validators: a price list that has not changed says nothing of the shapes.
    return Payload(joined, products.url, products.fetched_at)


def _products(way_out: WayOut, asked: Asked) -> Payload:
    """The static list; the price service's where that cannot be had or read, not in place of one's own."""
    from pricing.http import FetchFailed

    try:
        found = way_out.get(asked.url)
        _items(_json(found), "products") if asked.url == URL else None
        return found
    except (FetchFailed, UnreadablePayload) as first:
        if asked.url != URL:
            raise
        try:
            return way_out.get(SERVICE)
        except FetchFailed as also:
            raise FetchFailed(
                f"{first}; its price service too: {also}", also.retry_after_s, also.status
            ) from also


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All shapes with GPUs, whole. Raises UnreadablePayload."""
    document = _json(payload)
    products, shapes = (_items(document.get(part), part) for part in ("products", "shapes"))
    read_on = payload.fetched_at.date()
    day = _day(document["products"].get("lastUpdated"), read_on)
    is_static = "lastUpdated" not in document["products"]
    slug, url = ("oci-cost-estimator", URL) if is_static else ("oci-price-list", SERVICE)
    said = Source(slug, TITLE, url, day, LICENCE, read_on)
    prices = {str(product.get("partNumber")): product for product in products}
    found = [fact for shape in shapes for fact in _read(shape, prices, said)]
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no shape with a GPU and a price")
    return found


def _json(payload: Payload) -> dict[str, Any]:
    try:
        document = json.loads(payload.content)
    except ValueError as error:
        raise UnreadablePayload(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise UnreadablePayload("not an object")
    return document


def _items(part: Any, name: str) -> list[dict[str, Any]]:
    items = part.get("items") if isinstance(part, dict) else None
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise UnreadablePayload(f"no items in {name}")
    return items


def _day(stated: Any, read_on: date) -> date:
    try:
        return min(datetime.fromisoformat(str(stated)).date(), read_on)
    except ValueError:
        return read_on


def _read(
    shape: Mapping[str, Any], products: Mapping[str, Mapping[str, Any]], said: Source
) -> Iterator[CloudOffer | Rejected]:
    count, name = shape.get("gpuQty"), str(shape.get("name") or "").removesuffix(" (NVL72)")
    if not count:
        return
    raw = json.dumps(shape)[:500]
    if shape.get("hidden") or shape.get("status") != "ACTIVE":
        yield Rejected(raw, "the shape is hidden or no longer active")
        return
    if not isinstance(count, int | float) or count < 1 or count != int(count):
        yield Rejected(raw, f"{count} GPUs: no whole number")
        return
    try:
        price = _whole_price(shape, int(count), products)
    except (LookupError, TypeError, ValueError, ArithmeticError) as error:
        yield Rejected(raw, f"no price of the whole shape: {error}")
        return
    card = fitted(name)
    total = shape.get("gpuMemoryQty")
    stated = float(total) / count if isinstance(total, int | float) and total > 0 else None
    tiers: list[tuple[Tier, Decimal, str]] = [("on_demand", price, NOTE)]
    if shape.get("allowPreemptible"):
        tiers.append(("spot", price * PREEMPTIBLE, f"{NOTE}; preemptible, half the on-demand price"))
    for tier, hourly, note in tiers:
        yield CloudOffer(
            provider="oci",
            instance=name,
            region="",
            country=None,
            gpu=None,
            gpu_raw_name=card.gpu if card else name,
            gpu_count=int(count),
            memory_gib_per_gpu=card.memory_gib if card else stated,
            tier=tier,
            hourly_price=hourly,
            currency=CURRENCY,
            as_of=said.as_of,
            source=said,
            note=note,
        )


def _whole_price(shape: Mapping[str, Any], count: int, products: Mapping[str, Mapping[str, Any]]) -> Decimal:
    """Sum over the parts of a shape. Raises LookupError or ValueError where a part has no price."""
    parts = [part for part in shape.get("products") or () if isinstance(part, dict)]
    if not parts:
        raise ValueError("it names no products")
    total = Decimal(0)
    # The same part twice is a row twice, not twice the part: quantities say how many.
    for part in {str(part): part for part in parts}.values():
        product = products.get(str(part.get("partNumber")))
        if product is None:
            raise ValueError(f"product {part.get('partNumber')} is not in the list")
        metric = str(product.get("metricName") or "").upper()
        is_per_gpu = "GPU" in metric if metric else part["type"]["value"] == "ocpu"
        if not is_per_gpu and part.get("qty") is None:
            raise ValueError(f"how many of {part.get('partNumber')} it has is not said")
        quantity = Decimal(count) if is_per_gpu else Decimal(str(part["qty"]))
        total += quantity * _hourly(product)
    if total <= 0:
        raise ValueError("0 is no price")
    return total


def _hourly(product: Mapping[str, Any]) -> Decimal:
    number = product.get("partNumber")
    metric = str(product.get("metricName") or product.get("pricetype") or "a unit that it does not name")
    if "hour" not in metric.lower():
        raise ValueError(f"{number} is priced by {metric}")
    local = [c for c in product["currencyCodeLocalizations"] if c["currencyCode"] == CURRENCY]
    prices = list({p["value"] for p in local[0]["prices"] if p["model"] == "PAY_AS_YOU_GO"}) if local else []
    if len(prices) != 1:
        raise ValueError(f"{number} has {len(prices)} prices in {CURRENCY}")
    price = Decimal(str(prices[0]))
    if not price.is_finite() or price < 0:
        raise ValueError(f"{number} costs {prices[0]}")
    return price


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch, states_its_day=True,
    covers=(Coverage("oci", ("on_demand", "spot")),),
)  # fmt: skip
