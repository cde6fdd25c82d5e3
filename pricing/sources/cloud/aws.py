"""AWS price list, bulk file of a region: on-demand prices of GPU machines, never whole in memory.

A region's file has several hundred megabytes; its lines are read one by one and only those of GPU
families are kept. The fragment of the address names the regions whose files are read (default: Virginia,
Oregon and Frankfurt), so HEIMVORTEIL_SOURCE_AWS_URL with other regions behind "#" asks for those; an
address without {region} is one file. Traps: five lines before the header; one machine has a row per
operating system, tenancy, licence and pre-installed software; Capacity Blocks stand there at 0.0;
instances.py names the GPU, the file does not; p5e and spot prices are not in it.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from pricing.countries import country_of
from pricing.instances import fitted
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.estimate.superseded import Coverage
from service.facts import CloudOffer, Source

NAME = "aws"
TITLE = "AWS EC2 price list"
FILE = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/{region}/index.csv"
URL = FILE + "#us-east-1,us-west-2,eu-central-1"
LICENCE = "AWS price list, no licence stated; facts re-keyed"
FIRST = '"FormatVersion","v1.0"'
HEAD_LINES = 6
"""Five lines about the file and the names of its columns."""
FAMILY = re.compile(r'"(?:[pg]\d|gr\d|u-p\d)[\w-]*\.[\w-]+"')
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


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The heads and GPU lines of every file asked for, one after the other."""
    address, _, regions = asked.url.partition("#")
    files = [address.replace("{region}", region.strip()) for region in regions.split(",") if region.strip()]
    kept: list[str] = []
    size = 0
    for file in files if "{region}" in address else [address]:
        for number, line in enumerate(way_out.lines(file)):
            is_worth = all(word in line for word in ALWAYS) and FAMILY.search(line)
            if number < HEAD_LINES or is_worth:
                kept.append(line.rstrip("\r"))
                size += len(line)
                if size > MOST_KEPT_BYTES:
                    raise UnreadablePayload(f"more than {MOST_KEPT_BYTES:,} bytes of GPU machines")
    return Payload("\n".join(kept).encode(), address, asked.now)


def parse(payload: Payload) -> list[CloudOffer | Rejected]:
    """All GPU machines of one or several files. Raises UnreadablePayload."""
    try:
        text = payload.content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadablePayload(f"not UTF-8: {error}") from error
    if not text.startswith(FIRST):
        raise UnreadablePayload("not a price list of format v1.0")
    read_on = payload.fetched_at.date()
    found = [fact for row, day in _rows(text, read_on) for fact in _read(row, day, read_on)]
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no machine with a GPU and a price")
    return found


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
                day = _day(cells[1], read_on)
            elif head and len(cells) == len(head):
                yield dict(zip(head, cells, strict=True)), day
    except csv.Error as error:
        raise UnreadablePayload(f"not a table: {error}") from error
    if not head:
        raise UnreadablePayload("no names of columns")


def _day(stated: str, read_on: date) -> date:
    try:
        return min(datetime.fromisoformat(stated).date(), read_on)
    except ValueError:
        return read_on


def _read(row: Row, day: date, read_on: date) -> Iterator[CloudOffer | Rejected]:
    instance, raw = row["Instance Type"], ",".join(row.values())[:500]
    if any(row[column] not in allowed for column, allowed in WANTED.items()):
        return
    if not FAMILY.fullmatch(f'"{instance}"') or row.get("MarketOption", "OnDemand") != "OnDemand":
        return
    price = _number(row["PricePerUnit"])
    if price is None:
        yield Rejected(raw, "the price is not known: 0 is none (a Capacity Block, or not yet for sale)")
        return
    card = fitted(instance)
    stated = _number(row["GPU"])
    count = Decimal(str(card.count)) if card is not None and card.count is not None else stated
    if count is None:
        yield Rejected(raw, "no number of GPUs")
        return
    if count < 1 or count != int(count):
        yield Rejected(raw, f"{count:.3g} GPUs: a share of one")
        return
    region = row["Region Code"]
    memory = _number(row["Memory"].removesuffix(" GiB").replace(",", ""))
    vcpus = _number(row["vCPU"])
    yield CloudOffer(
        provider="aws",
        instance=instance,
        region=region,
        country=country_of("aws", region),
        gpu=None,
        gpu_raw_name=card.gpu if card else f"GPU of {instance.split('.')[0]}",
        gpu_count=int(count),
        memory_gib_per_gpu=card.memory_gib if card else None,
        tier="on_demand",
        hourly_price=price,
        currency="USD",
        as_of=day,
        source=Source(
            f"aws-ec2-price-list-{region}", TITLE, FILE.format(region=region), day, LICENCE, read_on
        ),
        vcpus=int(vcpus) if vcpus else None,
        ram_gib=float(memory) if memory else None,
    )


def _number(text: str) -> Decimal | None:
    """A number above 0, exact and without trailing zeros; None for anything else."""
    try:
        value = Decimal(text.strip()).normalize()
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 < value < 1_000_000 else None


SOURCE = PriceSource(
    NAME, TITLE, URL, timedelta(hours=24), parse, LICENCE, fetch=fetch, states_its_day=True, is_slow=True,
    covers=(Coverage("aws", ("on_demand",), regions="named", gpus="named"),),
)  # fmt: skip
