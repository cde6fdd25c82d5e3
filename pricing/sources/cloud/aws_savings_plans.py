"""AWS Compute Savings Plans of GPU machines: what an hour costs to those who commit to one or three years.

The maps behind the page of the plans, one for each region and term, without an upfront payment; the regions
are those behind "#" in the address, one that fails costs the others nothing. A plan is a commitment to an
amount per hour, not to a machine: its rate holds for every hour of the term, used or not. The cheaper EC2
Instance Savings Plans have a map for each family and are not read. Traps: the body is gzip though no header
says so; fields go by "ec2:InstanceType"; the row has the on-demand price beside it (`ec2:PricePerUnit`).
https://aws.amazon.com/savingsplans/compute-pricing/

Verified 2026-11-28 against public clients: the address and `ec2:InstanceType`, `ec2:Tenancy`,
`ec2:PreInstalledSW`, `price` as a generator of catalogues of 2026 reads them (scripts/fetch-aws-prices.ts,
"pnpm gen:aws"), `ec2:Location`, `ec2:OperatingSystem`, `LeaseContractLength` ("1", "3"), `PurchaseOption`
and `ec2:PricePerUnit` by two older ones; no recorded answer with a GPU machine was found.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote

from pricing.aws_machines import whole_cards
from pricing.aws_price_maps import FAMILY, LOCATIONS, MAPS, files_of, gpu_rows, joined, published, region_at
from pricing.countries import country_of
from pricing.json_answers import Unusable, known_price, price_of, refused
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer, Source

NAME = "aws_savings_plans"
TITLE = "AWS Compute Savings Plans"
MAP = (
    f"{MAPS}/computesavingsplan/USD/current/compute-savings-plan-ec2/{{term}}/No%20Upfront/{{location}}/"
    "Linux/Shared/index.json"
)
URL = f"{MAP}#{','.join(LOCATIONS)}"
LICENCE = "AWS price list, no licence stated; facts re-keyed"
TERMS = ("1 year", "3 year")
INSTANCE = "ec2:InstanceType"
USUAL = {
    "PurchaseOption": "No Upfront", "ec2:OperatingSystem": "Linux", "ec2:Tenancy": "Shared",
    "ec2:PreInstalledSW": "NA",
}  # fmt: skip
"""What a row is about where it says; other rows are other products."""
NOTE = "no upfront payment; a commitment to an amount per hour for the whole term"


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The GPU machines of every region and term asked for; raises as `each_part` does."""
    from pricing.parts import each_part, wanted_parts

    address, _, behind = asked.url.partition("#")
    if "{location}" not in address:
        return Payload(gpu_rows(way_out, address, INSTANCE), address, asked.now)
    regions, only = wanted_parts([name.strip() for name in behind.split(",") if name.strip()], asked)

    def ask(region: str) -> list[bytes]:
        at = address.replace("{location}", quote(LOCATIONS.get(region, region)))
        return [gpu_rows(way_out, at.replace("{term}", quote(term)), INSTANCE) for term in TERMS]

    maps, left_out = each_part(regions, ask)
    content = joined([one for both in maps.values() for one in both])
    return Payload(content, address, asked.now, left_out=left_out, only=only)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """Every GPU machine with the rate of each term. Raises UnreadablePayload."""
    read_on = payload.fetched_at.date()
    found: dict[tuple[object, ...], CloudOffer] = {}
    wrong: list[CloudOffer | Rejected] = []
    for document in files_of(payload.content):
        day = published(document, read_on)
        for place, rows in document["regions"].items():
            for row in rows.values():
                try:
                    for offer in _read(place, row, day, read_on):
                        # A map may name a rate twice, by words and by a code.
                        found[offer.instance, offer.region, offer.term_months] = offer
                except Unusable as reason:
                    wrong.append(refused(row, str(reason)))
    if not found:
        raise UnreadablePayload("no machine with a GPU and a rate")
    return [*found.values(), *wrong]


def _read(place: str, row: Mapping[str, Any], day: date, read_on: date) -> Iterator[CloudOffer]:
    instance = str(row.get(INSTANCE) or "")
    if not FAMILY.fullmatch(instance) or any(row.get(name, usual) != usual for name, usual in USUAL.items()):
        return
    region = region_at(place)
    if region is None:
        raise Unusable(f"{place} is no region that we know")
    years = re.match(r"[135](?=\D|$)", str(row.get("LeaseContractLength")))
    if years is None:
        raise Unusable(f"not a row as known: a term of {row.get('LeaseContractLength')}")
    card, count = whole_cards(instance)
    price, on_demand = price_of(row.get("price")), known_price(row.get("ec2:PricePerUnit"))
    if on_demand is not None and price > on_demand:
        raise Unusable(f"{price.normalize():f} is dearer than {on_demand.normalize():f} on demand")
    url = MAP.format(term=quote(f"{years[0]} year"), location=quote(place))
    yield CloudOffer(
        provider="aws",
        instance=f"{instance} (savings plan)",
        region=region,
        country=country_of("aws", region),
        gpu=None,
        gpu_raw_name=card.gpu,
        gpu_count=count,
        memory_gib_per_gpu=card.memory_gib,
        tier="reserved",
        hourly_price=price,
        currency="USD",
        as_of=day,
        source=Source(f"aws-savings-plan-{years[0]}y-{region}", TITLE, url, day, LICENCE, read_on),
        term_months=12 * int(years[0]),
        note=NOTE,
    )


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch, states_its_day=True, is_slow=True
)
