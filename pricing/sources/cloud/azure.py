"""Azure Retail Prices: pay-as-you-go, spot, savings plans and reservations of GPU machines, page by page.

The question is limited to sizes of the N series, without Windows, so that a refresh is a few dozen pages
and not the whole list of 130,000 rows. It is asked region by region, those behind "#" in the address: one
that fails costs the others nothing. An address without {region} is one question.
Traps: a reservation's price is that of the whole term although its unit says "1 Hour"; DevTest rows,
"Low Priority", "Cloud Services" and Dedicated are other products; the GPU is not named, instances.py
knows it by the size; sizes with a share of a GPU; what is not the primary meter is a row's double.
https://learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices

Verified 2026-11-28: address, version, pages and fields against that page as public clients of 2026 quote it
and dstackai/gpuhunt src/gpuhunt/providers/azure.py (97c1e991: contains(...) eq false, Items, 429 when asked
too fast); armRegionName in the filter against that page alone.
Placeholders of 0.01 for an H100 are reported of some regions; checks refuse what is not believable.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from pricing.countries import country_of
from pricing.instances import fitted
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source, Tier

NAME = "azure"
TITLE = "Azure Retail Prices"
PAGE = "https://prices.azure.com/api/retail/prices"
LICENCE = "Microsoft terms of use; facts re-keyed"
REGIONS = (
    "eastus", "eastus2", "southcentralus", "centralus", "westus2", "westus3", "canadacentral", "brazilsouth",
    "northeurope", "westeurope", "uksouth", "francecentral", "germanywestcentral", "swedencentral",
    "switzerlandnorth", "polandcentral", "japaneast", "koreacentral", "southeastasia", "australiaeast",
)  # fmt: skip
WANTED = (
    "serviceName eq 'Virtual Machines' and contains(armSkuName, 'Standard_N')"
    " and contains(productName, 'Windows') eq false and armRegionName eq '{region}'"
)
URL = (
    f"{PAGE}?api-version=2023-01-01-preview&currencyCode=USD&$filter={quote(WANTED, safe='{}')}"
    f"#{','.join(REGIONS)}"
)
MOST_PAGES = 300
OTHER_PRODUCTS = (
    "windows",
    " win",
    "low priority",
    "cloud services",
    "cloudservices",
    "dedicated",
    "lowpriority",
)
YEARS = {"1 Year": 1, "3 Years": 3, "5 Years": 5}
HOURS_PER_YEAR = 8760
CENT_PARTS = Decimal("0.000001")
LARGEST_HOURLY = Decimal(1_000_000)
Item = Mapping[str, Any]


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages of every region joined into one answer of the same form; raises as `each_part` does."""
    from pricing.parts import each_part, wanted_parts

    address, _, regions = asked.url.partition("#")
    named = [region.strip() for region in regions.split(",") if region.strip()]
    names, only = wanted_parts(named, asked)
    if "{region}" not in address or not names:
        return _joined(_pages(way_out, asked.url, asked.url), asked)

    def ask(region: str) -> list[Item]:
        return _pages(way_out, address.replace("{region}", region), asked.url)

    answers, left_out = each_part(names, ask)
    whole = _joined([item for items in answers.values() for item in items], asked)
    return replace(whole, left_out=left_out, only=only)


def _joined(items: list[Item], asked: Asked) -> Payload:
    # No validators: a first page that has not changed says nothing of the others.
    return Payload(json.dumps({"Items": items}).encode(), asked.url, asked.now)


def _pages(way_out: WayOut, url: str, host: str) -> list[Item]:
    """The items of all pages of one question; raises UnreadablePayload for pages without end."""
    items: list[Item] = []
    seen: set[str] = set()
    while url:
        if url in seen or len(seen) >= MOST_PAGES:
            raise UnreadablePayload(f"pages without end: more than {len(seen)}")
        seen.add(url)
        page = _document(way_out.get(url))
        items += page["Items"]
        link = page.get("NextPageLink")
        url = way_out.same_host(str(link), host) if link else ""
    return items


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All GPU machines of the answer. Raises UnreadablePayload."""
    day = payload.fetched_at.date()
    said = Source("azure-retail-prices", TITLE, PAGE, day, LICENCE, day)
    found = [fact for item in _document(payload)["Items"] for fact in _read(item, said)]
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no machine with a GPU and a price")
    return found


def _document(payload: Payload) -> dict[str, Any]:
    try:
        document = json.loads(payload.content)
    except ValueError as error:
        raise UnreadablePayload(f"not JSON: {error}") from error
    items = document.get("Items") if isinstance(document, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise UnreadablePayload("no list of Items")
    return dict(document)


def _read(item: Item, said: Source) -> Iterator[CloudOffer | Rejected]:
    named = f"{item.get('productName')}|{item.get('meterName')}|{item.get('skuName')}".lower()
    kind, size = item.get("type", "Consumption"), str(item.get("armSkuName") or "")
    if kind == "DevTestConsumption" or any(word in named for word in OTHER_PRODUCTS):
        return
    if item.get("isPrimaryMeterRegion") is False:
        return
    sku = str(item.get("skuName") or "")
    if not size.lower().startswith("standard_n"):
        if not size and sku[:2].upper() in ("NC", "ND", "NG", "NV"):
            yield Rejected(json.dumps(item)[:500], "no size: armSkuName is empty")
        return
    card = fitted(size)
    if card is None or card.count is None:
        yield Rejected(json.dumps(item)[:500], f"which GPUs {size} has is not known")
        return
    if card.count < 1:
        yield Rejected(json.dumps(item)[:500], f"{card.count:.3g} GPUs: a share of one")
        return
    for tier, months, instance, price in _prices(item, size):
        if isinstance(price, str):
            yield Rejected(json.dumps(item)[:500], price)
            continue
        yield CloudOffer(
            provider="azure",
            instance=instance,
            region=str(item.get("armRegionName") or ""),
            country=country_of("azure", str(item.get("armRegionName") or "")),
            gpu=None,
            gpu_raw_name=card.gpu,
            gpu_count=int(card.count),
            memory_gib_per_gpu=card.memory_gib,
            tier=tier,
            hourly_price=price,
            currency=str(item.get("currencyCode") or "USD").upper(),
            as_of=said.as_of,
            source=said,
            term_months=months,
        )


def _prices(item: Item, size: str) -> Iterator[tuple[Tier, int | None, str, Decimal | str]]:
    """Tier, months, name and price per hour of every way to pay in one item, or why there is none."""
    if item.get("unitOfMeasure", "1 Hour") != "1 Hour":
        yield "on_demand", None, size, f"priced per {item.get('unitOfMeasure')}"
        return
    if item.get("reservationTerm") or item.get("type") == "Reservation":
        years = YEARS.get(str(item.get("reservationTerm")))
        if years is None:
            yield "reserved", None, size, f"a reservation for {item.get('reservationTerm')}"
            return
        # The whole term's price, whatever the unit says.
        total = _price(item.get("retailPrice"))
        hourly = total if isinstance(total, str) else total / (HOURS_PER_YEAR * years)
        yield "reserved", 12 * years, size, _rounded(hourly)
        return
    is_spot = "spot" in f"{item.get('meterName')} {item.get('skuName')}".lower()
    yield "spot" if is_spot else "on_demand", None, size, _rounded(_price(item.get("retailPrice")))
    for plan in item.get("savingsPlan") or ():
        years = YEARS.get(str(plan.get("term"))) if isinstance(plan, dict) else None
        if years is None:
            yield "reserved", None, size, f"a savings plan without a known term: {plan!r}"[:200]
        else:
            price = _rounded(_price(plan.get("retailPrice")))
            yield "reserved", 12 * years, f"{size} (savings plan)", price


def _price(value: Any) -> Decimal | str:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        return f"the price is not known: {value!r}"
    if not price.is_finite() or price <= 0:
        return "the price is not known: 0 is none"
    return price


def _rounded(price: Decimal | str) -> Decimal | str:
    if isinstance(price, str):
        return price
    if price > LARGEST_HOURLY:
        return f"{price} per hour is no price"
    return price.quantize(CENT_PARTS)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch, is_slow=True,
    covers=(Coverage("azure", ("on_demand", "spot", "reserved"), regions="named", gpus="named"),),
)  # fmt: skip
