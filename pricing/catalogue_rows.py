"""Rows of price tables as offers: SkyPilot's vms.csv and gpuhunt's catalogue.

Pure: text in, offers and rejected rows out. Names stay the source's; gpu_names.py maps them later.
"""

import ast
import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from pricing.source import Rejected, UnreadablePayload
from service.facts import CloudOffer, Source

SKYPILOT_COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "Region")
GPUHUNT_COLUMNS = ("instance_name", "location", "price", "gpu_count", "gpu_name", "gpu_memory", "spot")
LARGEST_PRICE = Decimal(1_000_000)
LEAST_MIB = 1024
"""Some catalogues write gigabytes into a field called SizeInMiB: no card has less than one."""
LARGEST_TABLE_CHARACTERS = 50_000_000
Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Table:
    """Where a table comes from: what every one of its offers carries."""

    provider: str
    as_of: date
    source: Source
    tier: str = "on_demand"


def skypilot_offers(text: str, table: Table) -> Iterator[CloudOffer | Rejected]:
    """Offers of a SkyPilot vms.csv, on-demand and spot, columns in any order.

    A price that is blank or 0 is unknown, never free. Rows without GPU are no offers of ours and are
    passed over; GPU rows without an instance price the GPU alone and are refused. Raises
    UnreadablePayload where the columns are not SkyPilot's.
    """
    for row in _rows(text, SKYPILOT_COLUMNS):
        raw = _shown(row)
        name, count = _text(row, "AcceleratorName"), _number(row, "AcceleratorCount")
        if not name or not count:
            continue
        if not _text(row, "InstanceType"):
            yield Rejected(raw, "the price of a GPU without its host")
            continue
        if count < 1 or count != int(count):
            yield Rejected(raw, f"{count:g} GPUs: a share of one")
            continue
        prices = {"on_demand": _price(row, "Price"), "spot": _price(row, "SpotPrice")}
        community = _text(row, "InstanceType").upper().endswith("_COMMUNITY")
        if prices["on_demand"] is None and prices["spot"] is None:
            yield Rejected(raw, "neither price is known")
            continue
        on_demand, spot = prices["on_demand"], prices["spot"]
        if on_demand is not None and spot is not None and spot > on_demand:
            yield Rejected(raw, f"spot {spot} above on-demand {on_demand}")
            prices["spot"] = None
        elif on_demand is not None and spot == on_demand:
            prices["spot"] = None
        for tier, price in prices.items():
            if price is not None:
                kept = tier if tier == "spot" else "community" if community else table.tier
                yield _offer(
                    table,
                    instance=_text(row, "InstanceType"),
                    region=_text(row, "AvailabilityZone") or _text(row, "Region"),
                    gpu=name,
                    gpu_count=int(count),
                    memory_gib=_skypilot_memory(_text(row, "GpuInfo")),
                    vcpus=_number(row, "vCPUs"),
                    ram_gib=_number(row, "MemoryGiB"),
                    tier=kept,
                    price=price,
                    currency="USD",
                )


def gpuhunt_offers(text: str, table: Table) -> Iterator[CloudOffer | Rejected]:
    """Offers of a gpuhunt catalogue (v2 and v3 columns); raises UnreadablePayload for another table."""
    for row in _rows(text, GPUHUNT_COLUMNS):
        count, price = _number(row, "gpu_count"), _price(row, "price")
        if not _text(row, "gpu_name") or not count:
            continue
        if price is None or count != int(count):
            reason = "the price is not known" if price is None else f"{count:g} GPUs: a share of one"
            yield Rejected(_shown(row), reason)
            continue
        yield _offer(
            table,
            instance=_text(row, "instance_name"),
            region=_text(row, "location"),
            gpu=_text(row, "gpu_name"),
            gpu_count=int(count),
            memory_gib=_number(row, "gpu_memory"),
            vcpus=_number(row, "cpu"),
            ram_gib=_number(row, "memory"),
            tier="spot" if _text(row, "spot").lower() == "true" else "on_demand",
            price=price,
            currency="USD",
        )


def _rows(text: str, needed: tuple[str, ...]) -> Iterator[Row]:
    if len(text) > LARGEST_TABLE_CHARACTERS:
        raise UnreadablePayload(f"{len(text):,} characters, more than {LARGEST_TABLE_CHARACTERS:,}")
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise UnreadablePayload(f"no column {missing[0]}")
    try:
        for row in reader:
            # Unquoted commas make rows longer than their head: their surplus has no name.
            yield {key: value for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise UnreadablePayload(f"line {reader.line_num}: {error}") from error


def _offer(
    table: Table,
    *,
    instance: str,
    region: str,
    gpu: str,
    gpu_count: int,
    memory_gib: float | None,
    vcpus: float | None,
    ram_gib: float | None,
    tier: str,
    price: Decimal,
    currency: str,
    country: str | None = None,
    note: str = "",
) -> CloudOffer:
    return CloudOffer(
        provider=table.provider,
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
        note=note,
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


def _skypilot_memory(info: str) -> float | None:
    """Memory of one GPU [GiB] from GpuInfo: a Python literal, JSON, or just a name."""
    found: object = None
    for read in (ast.literal_eval, json.loads):
        try:
            found = read(info.replace("null", "None") if read is ast.literal_eval else info)
            break
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    if not isinstance(found, dict):
        return None
    folded = {str(key).lower(): value for key, value in found.items()}
    gpus = folded.get("gpus")
    if not isinstance(gpus, list) or not gpus or not isinstance(gpus[0], dict):
        return None
    first = {str(key).lower(): value for key, value in gpus[0].items()}
    memory = first.get("memoryinfo")
    size = (
        {str(k).lower(): v for k, v in memory.items()}.get("sizeinmib") if isinstance(memory, dict) else None
    )
    if not isinstance(size, int | float) or size <= 0:
        return None
    count = first.get("count")
    total = folded.get("totalgpumemoryinmib")
    # Vast states the sum of all GPUs as the size of each.
    if isinstance(count, int) and count > 1 and size == total:
        size /= count
    return size if size < LEAST_MIB else size / 1024
