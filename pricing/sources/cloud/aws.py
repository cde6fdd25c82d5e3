"""AWS on-demand prices of GPU machines: the price maps behind its own pricing page, region by region.

A region's map has 0.7 MB (60 kB packed), its rows are those of the price list (`rateCode`), and its manifest
says when it was published. It is asked for by the name of the region's place, EU (Frankfurt); the regions
are those behind "#" in the address, one that fails costs the others nothing. Traps: the body is gzip though
no header says so; rows go by a name made of several fields, not by the type; instances.py names the GPU, the
row does not.

The bulk price list is read too, where the address (HEIMVORTEIL_SOURCE_AWS_URL) points at index.csv, with
{region} for several: 300 to 480 MB a region, read line by line and only the lines of GPU families kept, each
file within its own time. Traps there: five lines before the header; one machine has a row per operating
system, tenancy, licence and pre-installed software; Capacity Blocks stand there at 0.0; no spot prices
(aws_spot.py).
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html

Verified 2026-11-28, by public clients of this year that quote them: the maps of N. Virginia, Ohio, Oregon,
EU (Frankfurt), EU (Stockholm), Hong Kong and Sydney with dates of July to October 2026 and p5.48xlarge at
55.04, p6-b200.48xlarge at 113.9328; their shape (`manifest`, compound keys, price as text) by two tests
that were checked live in September 2026; gzip without a header by a generator of catalogues. Other places
are named as the price list names them and were not seen.
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, urlsplit

from pricing.aws_machines import gpus_of
from pricing.aws_price_maps import (
    FAMILY,
    LOCATIONS,
    MAPS,
    day_of,
    files_of,
    gpu_rows,
    joined,
    published,
    region_at,
)
from pricing.countries import country_of
from pricing.instances import fitted
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source

NAME = "aws"
TITLE = "AWS EC2 price list"
MAP = f"{MAPS}/ec2/USD/current/ec2-ondemand-without-sec-sel/{{location}}/Linux/index.json"
URL = f"{MAP}#{','.join(LOCATIONS)}"
FILE = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/{region}/index.csv"
LICENCE = "AWS price list, no licence stated; facts re-keyed"
FIRST = '"FormatVersion","v1.0"'
HEAD_LINES = 6
"""Five lines about the file and the names of its columns."""
IN_QUOTES = re.compile(f'"(?:{FAMILY.pattern})"')
ALWAYS = ('"OnDemand"', '"Linux"', '"Shared"')
"""What a line must hold to be worth reading; every non-empty cell of the file is quoted."""
WANTED = {
    "TermType": ("OnDemand",),
    "Tenancy": ("Shared",),
    "Operating System": ("Linux",),
    "CapacityStatus": ("Used",),
    "Unit": ("Hrs",),
    "Currency": ("USD",),
    "Pre Installed S/W": ("", "NA"),
}
COLUMNS = (*WANTED, "Instance Type", "PricePerUnit", "Region Code", "vCPU", "Memory", "GPU")
MOST_KEPT_BYTES = 20_000_000
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as a row of a price map or of a bulk file tells it."""

    instance: str
    region: str
    price: object
    gpus: object
    vcpus: object
    memory: object
    said: Source


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The GPU machines of every region asked for; raises as `each_part` does."""
    from pricing.parts import each_part, wanted_parts

    address, _, behind = asked.url.partition("#")
    named = [region.strip() for region in behind.split(",") if region.strip()]
    regions, only = wanted_parts(named, asked)
    is_bulk = urlsplit(address).path.endswith(".csv")
    slot = "{region}" if is_bulk else "{location}"
    read = _gpu_lines if is_bulk else _gpu_rows
    if slot not in address:
        return Payload(read(way_out, address), address, asked.now)

    def ask(region: str) -> bytes:
        place = region if is_bulk else quote(LOCATIONS.get(region, region))
        return read(way_out, address.replace(slot, place))

    files, left_out = each_part(regions, ask)
    content = b"\n".join(files.values()) if is_bulk else joined(list(files.values()))
    return Payload(content, address, asked.now, left_out=left_out, only=only)


def _gpu_lines(way_out: WayOut, file: str) -> bytes:
    """The head and the GPU lines of a bulk file."""
    kept: list[str] = []
    size = 0
    for number, line in enumerate(way_out.lines(file)):
        is_worth = all(word in line for word in ALWAYS) and IN_QUOTES.search(line)
        if number < HEAD_LINES or is_worth:
            kept.append(line.rstrip("\r"))
            size += len(line)
            if size > MOST_KEPT_BYTES:
                raise UnreadablePayload(f"more than {MOST_KEPT_BYTES:,} bytes of GPU machines")
    if not kept or not kept[0].startswith(FIRST):
        raise UnreadablePayload("not a price list of format v1.0")
    return "\n".join(kept).encode()


def _gpu_rows(way_out: WayOut, file: str) -> bytes:
    """A region's price map with its GPU machines alone."""
    return gpu_rows(way_out, file, "Instance Type")


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All GPU machines of price maps, or of bulk files. Raises UnreadablePayload."""
    read_on = payload.fetched_at.date()
    if payload.content.startswith(FIRST.encode()):
        found = _of_bulk(payload.content, read_on)
    else:
        found = _of_maps(payload.content, read_on)
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no machine with a GPU and a price")
    return found


def _of_bulk(content: bytes, read_on: date) -> list[CloudOffer | Rejected]:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadablePayload(f"not UTF-8: {error}") from error
    return [fact for row, day in _rows(text, read_on) for fact in _read(row, day, read_on)]


def _of_maps(content: bytes, read_on: date) -> list[CloudOffer | Rejected]:
    found: list[CloudOffer | Rejected] = []
    for document in files_of(content):
        day = published(document, read_on)
        for place, rows in document["regions"].items():
            for row in rows.values():
                found += _of_map_row(place, row, day, read_on)
    return found


def _of_map_row(
    place: str, row: Mapping[str, Any], day: date, read_on: date
) -> Iterator[CloudOffer | Rejected]:
    instance = str(row.get("Instance Type") or "")
    if not FAMILY.fullmatch(instance) or row.get("Operating System", "Linux") != "Linux":
        return
    region = region_at(place)
    if region is None:
        yield Rejected(json.dumps(row)[:500], f"{place} is no region that we know")
        return
    said = Source(
        f"aws-ec2-price-map-{region}", TITLE, MAP.format(location=quote(place)), day, LICENCE, read_on
    )
    machine = Machine(
        instance, region, row.get("price"), row.get("GPU"), row.get("vCPU"), row.get("Memory"), said
    )
    yield from _offer(machine, json.dumps(row)[:500])


def _rows(text: str, read_on: date) -> Iterator[tuple[Row, date]]:
    """Rows with the day of their file."""
    head: list[str] = []
    day = read_on
    try:
        for cells in csv.reader(text.splitlines()):
            if cells[:1] == ["SKU"]:
                head = cells
                missing = [name for name in COLUMNS if name not in head]
                if missing:
                    raise UnreadablePayload(f"no column {missing[0]}")
            elif cells[:1] == ["Publication Date"] and len(cells) == 2:
                day = day_of(cells[1], read_on)
            elif head and len(cells) == len(head):
                yield dict(zip(head, cells, strict=True)), day
    except csv.Error as error:
        raise UnreadablePayload(f"not a table: {error}") from error
    if not head:
        raise UnreadablePayload("no names of columns")


def _read(row: Row, day: date, read_on: date) -> Iterator[CloudOffer | Rejected]:
    instance, raw = row["Instance Type"], ",".join(row.values())[:500]
    if any(row[column] not in allowed for column, allowed in WANTED.items()):
        return
    if not FAMILY.fullmatch(instance) or row.get("MarketOption", "OnDemand") != "OnDemand":
        return
    region = row["Region Code"]
    said = Source(f"aws-ec2-price-list-{region}", TITLE, FILE.format(region=region), day, LICENCE, read_on)
    machine = Machine(instance, region, row["PricePerUnit"], row["GPU"], row["vCPU"], row["Memory"], said)
    yield from _offer(machine, raw)


def _offer(machine: Machine, raw: str) -> Iterator[CloudOffer | Rejected]:
    price = _number(machine.price)
    if price is None:
        yield Rejected(raw, "the price is not known: 0 is none (a Capacity Block, or not yet for sale)")
        return
    card = fitted(machine.instance)
    stated = _number(machine.gpus)
    count = Decimal(str(card.count)) if card is not None and card.count is not None else stated
    if count is None and (known := gpus_of(machine.instance)) is not None:
        count = Decimal(known)
    if count is None:
        yield Rejected(raw, "no number of GPUs")
        return
    if count < 1 or count != int(count):
        yield Rejected(raw, f"{count:.3g} GPUs: a share of one")
        return
    memory, vcpus = _number(str(machine.memory).removesuffix(" GiB").replace(",", "")), _number(machine.vcpus)
    yield CloudOffer(
        provider="aws",
        instance=machine.instance,
        region=machine.region,
        country=country_of("aws", machine.region),
        gpu=None,
        gpu_raw_name=card.gpu if card else f"GPU of {machine.instance.split('.')[0]}",
        gpu_count=int(count),
        memory_gib_per_gpu=card.memory_gib if card else None,
        tier="on_demand",
        hourly_price=price,
        currency="USD",
        as_of=machine.said.as_of,
        source=machine.said,
        vcpus=int(vcpus) if vcpus else None,
        ram_gib=float(memory) if memory else None,
    )


def _number(text: object) -> Decimal | None:
    """A number above 0, exact and without trailing zeros; None for anything else."""
    try:
        value = Decimal(str(text).strip()).normalize()
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 < value < 1_000_000 else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch, states_its_day=True, is_slow=True,
    covers=(Coverage("aws", ("on_demand",), regions="named", gpus="named"),),
)  # fmt: skip
