"""Google Cloud's price list of Compute Engine, with a key: GPU, processor, memory and disk priced apart.

The price of a machine is the sum of its parts (pricing/gcp_machines.py); a machine of which one part has
no price in a region is refused there. A SKU's price is the last of its tiers, units + nanos/10^9. What a
SKU is for is told by its description: spot SKUs of B200 carry the usage type OnDemand, so do rentals for a
fixed time (DWS Defined Duration, Calendar Mode: half the price) and reservations at 0, which are left out
and counted. Two prices for one part are one too many: the machine is refused. Local SSD is priced by the
month of 730 hours.

Verified 2026-11-28: service, categories, descriptions of H100, H100 Mega and Plus, H200 and the B200 slice
that holds its share of the machine, B200 spot as OnDemand, against skypilot-org/skypilot
sky/catalog/data_fetchers/fetch_gcp.py (a2f08cfd); words that are other terms and SSD by 730 hours against
dstackai/gpuhunt src/gpuhunt/providers/gcp.py (22bb64ee). Both read the first tier, we the last: GPU SKUs
have one.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pricing.gcp_machines import GPU_SKUS, MACHINES, Machine
from pricing.json_answers import DECIMALS, Row, Unusable, every_page, opened, refused, rows_under, stated
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut, with_query
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source, Tier

NAME = "gcp_billing"
TITLE = "Google Cloud price list, Compute Engine"
URL = "https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus?pageSize=5000&currencyCode=USD"
LICENCE = "terms of service; facts re-keyed"
HOURS_PER_MONTH = 730
NANOS = Decimal(10) ** -9
OTHER_TERMS = re.compile(
    r"DWS|Defined Duration|Calendar Mode|Commitment|Reserved|Sole Tenancy|Custom|Premium|Virtual Workstation"
    r"|suspended|Extended",
    re.I,
)
SPOT = re.compile(r"^(?:Spot )?Preemptible | attached to (?:Spot )?Preemptible VMs?|^Spot ", re.I)
PLACE = re.compile(r"(?: running)? in .*$")
PART = re.compile(r"^(?P<family>.+) Instance (?P<what>Core|Ram)$")
LOCAL_SSD = "SSD backed Local Storage"
UNITS = {"gpu": ("h",), "Core": ("h",), "Ram": ("GiBy.h",), "ssd": ("GiBy.mo", "GiBy.h")}
GPU_OF = {text.lower(): key for key, sku in GPU_SKUS.items() for text in sku.descriptions}
LONGEST_LIST = 5


@dataclass(slots=True)
class Parts:
    """Prices of parts by (kind, name, region, tier), and what was left out, by reason."""

    prices: dict[tuple[str, str, str, Tier], set[Decimal]] = field(default_factory=dict)
    """Per hour: of one GPU, one vCPU, one GiB of memory, one GiB of local SSD."""
    left_out: dict[str, Counter[str]] = field(default_factory=dict)

    def leave_out(self, reason: str, description: str) -> None:
        self.left_out.setdefault(reason, Counter())[description] += 1


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """All pages, the key in a header; of some 40,000 SKUs those that may be part of a GPU machine."""
    whole = every_page(way_out, asked, {"X-Goog-Api-Key": asked.key}, _next)
    answer = opened(whole.content)
    if not isinstance(answer, dict) or "pages" not in answer:
        return whole
    skus = [sku for sku in rows_under(whole.content, "skus") if _may_matter(sku)]
    content = json.dumps({"skus": skus}, default=str).encode()
    return Payload(content, asked.url, whole.fetched_at)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every machine of ours in every region where all its parts have a price. Raises UnreadablePayload."""
    parts = Parts()
    for sku in rows_under(payload.content, "skus"):
        try:
            _take(parts, sku)
        except Unusable as reason:
            parts.leave_out(str(reason), str(sku.get("description", "")))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
            parts.leave_out(f"not a SKU as known: {error!r}", json.dumps(sku, default=str)[:100])
    source = stated("gcp-billing-skus", TITLE, URL.partition("?")[0], LICENCE, payload)
    found = [*_machines(parts, source), *_left_out(parts)]
    if not found:
        raise UnreadablePayload("no SKU of a GPU in it")
    return found


def _take(parts: Parts, sku: Row) -> None:
    """Remember what one SKU prices; raises Unusable for a GPU that nobody can book by the hour."""
    description, category = str(sku["description"]), sku["category"]
    is_gpu = category.get("resourceGroup") == "GPU"
    if OTHER_TERMS.search(description) or str(category.get("usageType", "")).startswith("Commit"):
        if is_gpu:
            raise Unusable(f"other terms: {_terms(description, category)}")
        return
    tier: Tier = (
        "spot" if SPOT.search(description) or category.get("usageType") == "Preemptible" else "on_demand"
    )
    what = PLACE.sub("", SPOT.sub("", description)).strip()
    kind, name = _part(what, is_gpu)
    if not kind:
        return
    price = _price(sku, kind)
    if price is None:
        raise Unusable(f"the price of a {what} is not known")
    for region in sku["serviceRegions"]:
        parts.prices.setdefault((kind, name, str(region), tier), set()).add(price)


def _part(what: str, is_gpu: bool) -> tuple[str, str]:
    """Which part of a machine it is, ("", "") for none of ours; raises Unusable for an unknown GPU."""
    if is_gpu:
        if what.lower() not in GPU_OF:
            raise Unusable(f"no machine type is known with a {what}")
        return "gpu", GPU_OF[what.lower()]
    if what == LOCAL_SSD:
        return "ssd", ""
    part = PART.match(what)
    return (part["what"], part["family"]) if part else ("", "")


def _price(sku: Row, kind: str) -> Decimal | None:
    """Per hour and unit, from the last tier; None where it is 0."""
    expression = sku["pricingInfo"][-1]["pricingExpression"]
    unit = str(expression["usageUnit"])
    if unit not in UNITS[kind]:
        raise Unusable(f"a {kind} priced per {unit}")
    last = expression["tieredRates"][-1]["unitPrice"]
    if last.get("currencyCode", "USD") != "USD":
        raise Unusable(f"a price in {last['currencyCode']}")
    price = Decimal(str(last.get("units") or 0)) + Decimal(str(last.get("nanos") or 0)) * NANOS
    return price / (HOURS_PER_MONTH if unit == "GiBy.mo" else 1) if price > 0 else None


def _machines(parts: Parts, source: Source) -> Iterator[CloudOffer | Rejected]:
    for machine in MACHINES:
        places = sorted(
            (r, tier) for kind, gpu, r, tier in parts.prices if (kind, gpu) == ("gpu", machine.gpu)
        )
        for region, tier in places:
            try:
                price = _sum(parts, machine, region, tier)
            except Unusable as reason:
                yield refused(f"{machine.name} {region} {tier}", str(reason))
                continue
            gpu = GPU_SKUS[machine.gpu]
            yield CloudOffer(
                provider="gcp",
                instance=machine.name,
                region=region,
                country=None,
                gpu=None,
                gpu_raw_name=gpu.name,
                gpu_count=machine.gpu_count,
                memory_gib_per_gpu=gpu.memory_gib,
                tier=tier,
                hourly_price=price,
                currency="USD",
                as_of=source.as_of,
                source=source,
                vcpus=machine.vcpus,
                ram_gib=float(machine.ram_gib),
                note=f"with {machine.local_ssd_gib} GiB of local SSD" if machine.local_ssd_gib else "",
            )


def _sum(parts: Parts, machine: Machine, region: str, tier: Tier) -> Decimal:
    """The hour of a machine in a region; raises Unusable where a part has no price or two."""
    needed = [("gpu", machine.gpu, machine.gpu_count)]
    if machine.family:
        needed += [("Core", machine.family, machine.vcpus), ("Ram", machine.family, machine.ram_gib)]
    if machine.local_ssd_gib:
        needed.append(("ssd", "", machine.local_ssd_gib))
    total = Decimal(0)
    for kind, name, amount in needed:
        prices = parts.prices.get((kind, name, region, tier), set())
        if len(prices) != 1:
            said = " and ".join(f"{price:f}" for price in sorted(prices)) or "none"
            raise Unusable(f"no single price of its {kind}: {said}")
        total += next(iter(prices)) * amount
    return round(total, DECIMALS)


def _left_out(parts: Parts) -> Iterator[Rejected]:
    """One row per reason: there are hundreds of SKUs of other terms."""
    for reason, descriptions in sorted(parts.left_out.items()):
        shown = [text for text, _ in descriptions.most_common(LONGEST_LIST)]
        more = f" and {len(descriptions) - LONGEST_LIST} more" if len(descriptions) > LONGEST_LIST else ""
        yield refused("; ".join(shown) + more, f"{reason} ({descriptions.total()} SKUs)")


def _terms(description: str, category: Any) -> str:
    found = OTHER_TERMS.search(description)
    return found[0] if found else str(category["usageType"])


def _may_matter(sku: Any) -> bool:
    if not isinstance(sku, dict):
        return True
    description = str(sku.get("description", ""))
    group = (sku.get("category") or {}).get("resourceGroup")
    return group == "GPU" or (
        not OTHER_TERMS.search(description) and (LOCAL_SSD in description or " Instance " in description)
    )


def _next(answer: Any, url: str) -> str | None:
    token = answer.get("nextPageToken")
    return with_query(url, pageToken=str(token)) if token else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, key="HEIMVORTEIL_GCP_BILLING_KEY", fetch=fetch,
    covers=(Coverage("gcp", ("on_demand", "spot"), gpus="named"),),
)  # fmt: skip
