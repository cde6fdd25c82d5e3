"""Rows of price tables as offers: SkyPilot's vms.csv and gpuhunt's catalogue.

Pure: text in, offers and rejected rows out. Names stay the source's; gpu_names.py maps them later.
"""

import ast
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

from pricing import google_rows
from pricing.countries import country_of
from pricing.gpu_names import tells_more
from pricing.instances import fitted
from pricing.source import Rejected, UnreadablePayload
from service.errors import worded
from service.facts import CloudOffer, Source, Tier

SKYPILOT_COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "Region")
GPUHUNT_COLUMNS = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
LARGEST_PRICE = Decimal(10**12)
"""Beyond it a cell holds no price at all; whether one is believable is for checks.py to say."""
LEAST_MIB = 1024
"""Some catalogues write gigabytes into a field called SizeInMiB: no card has less than one."""
LARGEST_TABLE_CHARACTERS = 50_000_000
NO_GPU = re.compile(r"tpu|trainium|inferentia|gaudi|hl-?2\d\d|hpu|qaic|ai100|alveo|xilinx", re.I)
"""Accelerators that train or infer but are no GPUs."""
VAST_INSTANCE = re.compile(r"\d+x-(.+)-\d+-\d+")
NO_DISCOUNT = Decimal("0.98")
"""A spot price this near the on-demand one is the same price in both columns."""
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class CatalogueTable:
    """Where a table comes from: what every one of its offers carries."""

    provider: str
    as_of: date
    source: Source
    tier: Tier = "on_demand"
    note: str = ""
    """Said of every offer, before what its row says."""
    memory_is_total: bool = False
    """Whether SkyPilot's SizeInMiB is the memory of all GPUs together."""
    sellers: Mapping[str, str] = field(default_factory=dict)
    """A broker's table: the cloud's name in it -> our provider."""
    broker: str = ""


def skypilot_offers(text: str, table: CatalogueTable) -> Iterator[CloudOffer | Rejected]:
    """Offers of a SkyPilot vms.csv, on-demand and spot, columns in any order.

    A price that is blank or 0 is unknown, never free. Rows without GPU are no offers of ours and are
    passed over, TPUs and other accelerators that are no GPUs too. GPU rows without an instance price the
    GPU alone: they are summed with the machine's own row (google_rows.py) or refused. A region's zones
    are one offer: its cheapest zone counts. Raises UnreadablePayload where the columns are not SkyPilot's.
    """
    hosts = google_rows.Hosts()
    alone: list[tuple[Row, str, float]] = []
    for row in _rows(text, SKYPILOT_COLUMNS):
        name, count = _text(row, "AcceleratorName"), _number(row, "AcceleratorCount")
        if not name:
            prices = _price(row, "Price"), _price(row, "SpotPrice")
            hosts.add(_text(row, "InstanceType"), _zone(row), row, *prices)
        elif NO_GPU.match(name):
            continue
        elif not count:
            yield Rejected(_shown(row), worded("no number of GPUs"))
        elif _text(row, "InstanceType"):
            yield from _skypilot_row(row, name, count, table)
        else:
            alone.append((row, name, count))
    for row, name, count in alone:
        yield from _with_host(row, name, count, hosts, table)


def _skypilot_row(
    row: Row, name: str, count: float, table: CatalogueTable
) -> Iterator[CloudOffer | Rejected]:
    raw, instance = _shown(row), _text(row, "InstanceType")
    card = fitted(instance)
    if card is not None and card.count is not None and card.count < 1:
        count = card.count
    if count < 1 or count != int(count):
        yield Rejected(raw, worded("{count:.3g} GPUs: a share of one", count=count))
        return
    on_demand, spot = _price(row, "Price"), _price(row, "SpotPrice")
    if on_demand is None and spot is None:
        yield Rejected(raw, worded("neither price is known"))
        return
    provider, note = _seller(instance, table)
    if provider is None:
        cloud = instance.split("_")[0]
        yield Rejected(raw, worded("a cloud that the catalog does not hold: {cloud}", cloud=cloud))
        return
    if on_demand is not None and spot is not None and spot > on_demand:
        yield Rejected(raw, worded("spot {spot} above on-demand {firm}", spot=spot, firm=on_demand))
        spot = None
    elif on_demand is not None and spot is not None and spot >= NO_DISCOUNT * on_demand:
        spot = None
    if table.provider == "vast" and (host := VAST_INSTANCE.fullmatch(instance)):
        # The accelerator's name is collapsed: "4x-RTX_4070S_Ti-32-65536" is called an RTX4070 there.
        name = host[1].replace("_", " ")
    community = instance.upper().endswith("_COMMUNITY")
    detail = _skypilot_detail(_text(row, "GpuInfo"), count if table.memory_is_total else 1)
    if tells_more(detail.name, name):
        name = detail.name
    for tier, price in ((_firm_tier(table, community), on_demand), ("spot", spot)):
        if price is not None:
            yield _skypilot_offer(
                row, table, provider=provider, instance=instance, name=name, count=int(count),
                memory=detail.memory_gib, tier=tier, price=price, note=note,
            )  # fmt: skip


def _with_host(
    row: Row, name: str, count: float, hosts: google_rows.Hosts, table: CatalogueTable
) -> Iterator[CloudOffer | Rejected]:
    """The GPU row of a machine that is priced in another row."""
    raw, zone = _shown(row), _zone(row)
    found = hosts.of(name, int(count), zone) if count == int(count) else []
    if not found:
        yield Rejected(raw, worded("the price of a GPU without its host"))
        return
    memory = _skypilot_detail(_text(row, "GpuInfo"), 1).memory_gib
    on_demand, spot = _price(row, "Price"), _price(row, "SpotPrice")
    for host in found:
        instance = host[0] if name not in google_rows.ATTACHED else f"{host[0]} + {count:g}x {name}"
        for part in google_rows.summed(name, int(count), on_demand, spot, host=host, raw=raw):
            if isinstance(part, Rejected):
                yield part
            elif part[1] is not None:
                yield _skypilot_offer(
                    {**row, "vCPUs": host[1].get("vCPUs"), "MemoryGiB": host[1].get("MemoryGiB")},
                    table, provider=table.provider, instance=instance, name=name, count=int(count),
                    memory=memory, tier=part[0], price=part[1],
                    note="GPU and machine are priced apart, summed",
                )  # fmt: skip


def _skypilot_offer(
    row: Row, table: CatalogueTable, *, provider: str, instance: str, name: str, count: int,
    memory: float | None, tier: Tier, price: Decimal, note: str,
) -> CloudOffer:  # fmt: skip
    region, zone = _text(row, "Region"), _text(row, "AvailabilityZone")
    # Prime Intellect writes the country as the region and the region as the zone.
    if not region or (zone and len(region) == 2):
        region, country = zone or region, country_of(provider, region) or country_of(provider, zone)
    else:
        country = country_of(provider, region)
    return _offer(
        table,
        provider=provider,
        instance=instance,
        region=region,
        country=country,
        gpu=name,
        gpu_count=count,
        memory_gib=memory,
        vcpus=_number(row, "vCPUs"),
        ram_gib=_number(row, "MemoryGiB"),
        tier=tier,
        price=price,
        currency="USD",
        note=note,
    )


def _seller(instance: str, table: CatalogueTable) -> tuple[str | None, str]:
    """Our provider of a row, and a note; a broker's table names the cloud before the first underscore."""
    if not table.sellers:
        return table.provider, ""
    return table.sellers.get(instance.split("_")[0].lower()), f"rented through {table.broker}"


def _firm_tier(table: CatalogueTable, community: bool) -> Tier:
    return "community" if community else table.tier


def _zone(row: Row) -> str:
    return _text(row, "AvailabilityZone") or _text(row, "Region")


def gpuhunt_offers(text: str, table: CatalogueTable) -> Iterator[CloudOffer | Rejected]:
    """Offers of a gpuhunt catalogue (v2 and v3 columns); raises UnreadablePayload for another table.

    TPUs, written with vendor google or as tpu-…, are passed over.
    """
    for row in _rows(text, GPUHUNT_COLUMNS):
        name, count, price = _text(row, "gpu_name"), _number(row, "gpu_count"), _price(row, "price")
        if not count or NO_GPU.match(name) or _text(row, "gpu_vendor").lower() in ("google", "intel"):
            continue
        instance, region = _text(row, "instance_name"), _text(row, "location")
        card = fitted(instance)
        if card is not None and card.count is not None and card.count < 1:
            count = card.count
        if not name:
            yield Rejected(_shown(row), worded("no name of its GPU"))
        elif price is None:
            yield Rejected(_shown(row), worded("the price is not known"))
        elif count < 1 or count != int(count):
            yield Rejected(_shown(row), worded("{count:.3g} GPUs: a share of one", count=count))
        else:
            flags = _text(row, "flags")
            yield _offer(
                table,
                instance=instance,
                region=region,
                country=country_of(table.provider, region),
                gpu=name,
                gpu_count=int(count),
                memory_gib=_number(row, "gpu_memory"),
                vcpus=_number(row, "cpu"),
                ram_gib=_number(row, "memory"),
                tier="spot" if _text(row, "spot").lower() == "true" else "on_demand",
                price=price,
                currency="USD",
                note=f"flags: {flags}" if flags else "",
            )


def _rows(text: str, needed: tuple[str, ...]) -> Iterator[Row]:
    if len(text) > LARGEST_TABLE_CHARACTERS:
        raise UnreadablePayload(
            worded(
                "{text:,} characters, more than {largest_table_characters:,}",
                text=len(text),
                largest_table_characters=LARGEST_TABLE_CHARACTERS,
            )
        )
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    try:
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise UnreadablePayload(worded("no column {missing}", missing=missing[0]))
        for row in reader:
            # Unquoted commas make rows longer than their head: their surplus has no name.
            yield {key: value for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise UnreadablePayload(
            worded("line {line_num}: {error}", line_num=reader.line_num, error=error)
        ) from error


def _offer(
    table: CatalogueTable,
    *,
    instance: str,
    region: str,
    gpu: str,
    gpu_count: int,
    memory_gib: float | None,
    vcpus: float | None,
    ram_gib: float | None,
    tier: Tier,
    price: Decimal,
    currency: str,
    country: str | None = None,
    note: str = "",
    provider: str | None = None,
) -> CloudOffer:
    return CloudOffer(
        provider=provider or table.provider,
        instance=instance,
        region=region,
        country=country,
        gpu=None,
        gpu_raw_name=gpu,
        gpu_count=gpu_count,
        memory_gib_per_gpu=memory_gib,
        tier=tier,
        hourly_price=price,
        currency=currency,
        as_of=table.as_of,
        source=table.source,
        vcpus=int(vcpus) if vcpus else None,
        ram_gib=ram_gib,
        note="; ".join(filter(None, (table.note, note))),
    )


def _text(row: Row, name: str) -> str:
    return (row.get(name) or "").strip()


def _number(row: Row, name: str) -> float | None:
    try:
        value = float(_text(row, name))
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def _price(row: Row, name: str) -> Decimal | None:
    try:
        value = Decimal(_text(row, name))
    except InvalidOperation:
        return None
    return value if value.is_finite() and 0 < value <= LARGEST_PRICE else None


def _shown(row: Row) -> str:
    return ",".join(value or "" for value in row.values())[:500]


@dataclass(frozen=True, slots=True)
class _Detail:
    """What GpuInfo says of one GPU."""

    name: str = ""
    memory_gib: float | None = None


def _skypilot_detail(info: str, cards: float) -> _Detail:
    """One GPU by GpuInfo: a Python literal, JSON, or just a name.

    `cards` is how many GPUs the stated memory is known to be the sum of.
    """
    found: object = None
    for read in (ast.literal_eval, json.loads):
        try:
            found = read(info.replace("null", "None") if read is ast.literal_eval else info)
            break
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    if not isinstance(found, dict):
        return _Detail()
    folded = {str(key).lower(): value for key, value in found.items()}
    gpus = folded.get("gpus")
    if not isinstance(gpus, list) or not gpus or not isinstance(gpus[0], dict):
        return _Detail()
    first = {str(key).lower(): value for key, value in gpus[0].items()}
    name = first["name"].strip() if isinstance(first.get("name"), str) else ""
    memory = first.get("memoryinfo")
    size = (
        {str(k).lower(): v for k, v in memory.items()}.get("sizeinmib") if isinstance(memory, dict) else None
    )
    if not isinstance(size, int | float) or size <= 0:
        return _Detail(name)
    count = first.get("count")
    # Vast.ai writes the sum of all GPUs as size and total; Lambda writes one GPU's, and its counts as 8.0.
    if cards == 1 and isinstance(count, int) and count > 1 and size == folded.get("totalgpumemoryinmib"):
        cards = count
    size /= cards
    return _Detail(name, size if size < LEAST_MIB else size / 1024)
