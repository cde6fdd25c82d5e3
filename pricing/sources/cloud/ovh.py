"""OVHcloud's public order catalogue: what a machine with GPUs costs an hour, in euros before tax.

Keyless; one answer of 8 MB per subsidiary that sends the bill (DE here: EUR). `addons` names every plan with
its hardware under `blobs.technical`; a price is in 1e-8 of the currency and is that of the whole machine.
Traps: a plan's kind is the end of its code, `.consumption` is by the hour (`.monthly.postpaid` and
`.consumption.3AZ`, `.LZ.EU` are other products), for some subsidiaries `intervalUnit` says "none"; managed
services name GPUs too but are priced by the minute: `brick` is "gpu" of machines alone; Windows is dearer;
what is tagged coming_soon has a price already. It does not say in which regions a machine is.
https://api.ovh.com/console/#/order/catalog/public/cloud~GET

Verified 2026-11-28 against two public clients' recordings of 2026 (one of 2026-08-22 with h100-380 at
280000000, 2.80 EUR, and 8 GPUs of 141 GB in h200-1920 at 42 EUR; the other with the whole row of h100-380)
and SpareCores/sc-crawler src/sc_crawler/vendors/_ovh.py (031870f4).
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from pricing.json_answers import Row, Unusable, offers_of, opened, price_of, stated, whole_card, whole_gpus
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.estimate.superseded import Coverage
from service.facts import CloudOffer

NAME = "ovh"
TITLE = "OVHcloud order catalogue"
URL = "https://api.ovh.com/1.0/order/catalog/public/cloud?ovhSubsidiary=DE"
LICENCE = "terms of service; facts re-keyed"
BY_THE_HOUR = ".consumption"
PER_UNIT = Decimal(100_000_000)
"""In which a price is written, of one of the currency."""
HOURLY = ("hour", "none")
NOTE = "before tax; its list does not say in which regions"


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every machine with GPUs that is billed by the hour. Raises UnreadablePayload."""
    document = opened(payload.content)
    locale = document.get("locale") if isinstance(document, dict) else None
    if not isinstance(locale, dict) or not isinstance(document.get("addons"), list):
        raise UnreadablePayload("no locale with a list of addons")
    currency = str(locale.get("currencyCode") or "")
    if not currency:
        raise UnreadablePayload("no currency in its locale")
    source = stated("ovh-order-catalogue", TITLE, URL, LICENCE, payload)

    def read(row: Row) -> Iterator[CloudOffer]:
        blobs = row.get("blobs") or {}
        instance = str(row["planCode"]).removesuffix(BY_THE_HOUR)
        is_hourly = str(row["planCode"]).endswith(BY_THE_HOUR) and "." not in instance
        if not is_hourly or (blobs.get("commercial") or {}).get("brick") != "gpu":
            return
        hardware = blobs["technical"]
        if (hardware.get("os") or {}).get("family", "linux") != "linux":
            return
        if "coming_soon" in (blobs.get("tags") or ()):
            raise Unusable("announced, not for rent yet")
        prices = {(pricing["intervalUnit"], pricing["price"]) for pricing in row["pricings"]}
        if len(prices) != 1:
            raise Unusable(f"not a row as known: {len(prices)} prices")
        ((unit, price),) = prices
        if unit not in HOURLY:
            raise Unusable(f"not a row as known: priced by the {unit}")
        gpu = hardware["gpu"]
        yield CloudOffer(
            provider="ovh",
            instance=instance,
            region="",
            country=None,
            gpu=None,
            gpu_raw_name=whole_card(str(gpu["model"])),
            gpu_count=whole_gpus(gpu["number"]),
            memory_gib_per_gpu=float(gpu["memory"]["size"]),
            tier="on_demand",
            hourly_price=price_of(Decimal(str(price)) / PER_UNIT),
            currency=currency,
            as_of=source.as_of,
            source=source,
            vcpus=int(hardware["cpu"]["cores"]),
            ram_gib=float(hardware["memory"]["size"]),
            note=NOTE,
        )

    return offers_of(document["addons"], read)


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, covers=(Coverage("ovh", ("on_demand",)),)
)
