"""Small facts to store: each fixture is a function that makes one, with any field changed."""

import csv
import dataclasses
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from service.facts import (
    Architecture,
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    Figure,
    Gpu,
    MeasuredRun,
    Provider,
    Recipe,
    Source,
    Workload,
)
from service.store import providers, rates
from service.store.session import Sessions

SOURCE = Source("vendor", "The vendor's page", "https://vendor.example/", date(2026, 1, 1), "free")
READ = Source("vendor", SOURCE.title, SOURCE.url, SOURCE.as_of, SOURCE.licence, date(2026, 11, 24))
DEFAULTS: dict[type, dict[str, Any]] = {
    Gpu: {
        "slug": "rtx-4070", "name": "GeForce RTX 4070", "vendor": "nvidia", "category": "geforce",
        "architecture": "ada", "tensor_rate": "half", "sm_count": 46, "boost_clock_mhz": 2475.0,
        "memory_gib": 12.0, "memory_bandwidth_gb_per_s": 504.0, "board_watts": 200.0,
        "aliases": ("RTX 4070", "4070"), "released": date(2023, 4, 13),
        "sources": {"board_watts": READ, "memory_gib": READ},
    },
    Workload: {
        "slug": "tiny", "name": "Tiny", "family": "gpt2", "tokens": 10_000_000_000,
        "aliases": ("the tiny one",),
        "architecture": Architecture(2, 64, 2, 2, 32, 256, 1000, True),
        "recipe": Recipe("adamw", "bf16", "torch-eager", "flash", 128, 4096, 4),
        "sources": {"tokens": READ, "architecture.d_model": READ},
    },
    Provider: {"slug": "cumulus", "name": "Cumulus", "url": "https://cumulus.example/", "kind": "gpu-cloud"},
    CloudOffer: {
        "provider": "cumulus", "instance": "a10.1", "region": "eu-1", "country": "DE", "gpu": "a10",
        "gpu_raw_name": "NVIDIA A10", "gpu_count": 1, "memory_gib_per_gpu": 24.0, "tier": "on_demand",
        "hourly_price": Decimal("1.5"), "currency": "USD", "as_of": date(2026, 3, 1), "source": SOURCE,
    },
    ElectricityRate: {
        "zone": "DE", "zone_name": "Germany", "kind": "retail", "currency": "EUR",
        "per_kwh": Decimal("0.3951"), "taxes": "all", "as_of": date(2026, 6, 30), "source": SOURCE,
    },
    CarbonIntensity: {
        "zone": "DE", "zone_name": "Germany", "year": 2025, "grams_co2e_per_kwh": 344.0, "scope": "lifecycle",
        "accounting": "production", "as_of": date(2026, 1, 15), "source": SOURCE,
    },
    ExchangeRate: {
        "base": "EUR", "quote": "USD", "rate": Decimal("1.25"), "as_of": date(2026, 3, 1), "source": SOURCE,
    },
    Figure: {"name": "home.psu_efficiency", "value": 0.9, "unit": "ratio", "source": READ, "low": 0.85},
    MeasuredRun: {
        "slug": "run-1", "project": "nanochat", "model": "d20", "gpu": "h100-sxm", "gpu_count": 8,
        "source": SOURCE, "use_for": frozenset({"throughput", "power"}), "tokens": 1.1e10, "offload": "none",
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def reading_is_tested(facts_are_read: None) -> None:
    """Here facts are read each time."""


def _maker(kind: type) -> Callable[..., Any]:
    return lambda **fields: kind(**{**DEFAULTS[kind], **fields})


@pytest.fixture
def a() -> SimpleNamespace:
    """a.gpu(...), a.offer(...): a small fact of each kind."""
    makers = {kind.__name__.lower(): _maker(kind) for kind in DEFAULTS}
    return SimpleNamespace(
        **makers,
        offer=makers["cloudoffer"],
        source=lambda **fields: Source(**{**_fields(SOURCE), **fields}),
    )


def _fields(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in Source.__slots__}


@pytest.fixture
def market(sessions: Sessions, a: SimpleNamespace) -> Sessions:
    """A database with the providers cumulus and nimbus, at 1.25 USD for a euro."""
    with sessions.begin() as session:
        providers.put(session, a.provider())
        providers.put(session, a.provider(slug="nimbus", name="Nimbus"))
        rates.put_exchange(session, [a.exchangerate()])
    return sessions


CATALOG = {
    "sources/a.toml": """
[maker]
title = "The maker"
url = "https://maker.example/"
published = 2026-01-01
licence = ""
[market]
title = "The market"
url = "https://market.example/"
published = 2026-02-01
licence = "CC-BY"
""",
    "gpus/rtx-4070.toml": """
name = "GeForce RTX 4070"
vendor = "nvidia"
aliases = ["RTX 4070", "4070"]
category = "geforce"
architecture = "ada"
compute_capability = "8.9"
tensor_rate = "half"
released = 2023-04-13
sm_count = { value = 46, source = "maker", read_on = 2026-11-24 }
boost_clock_mhz = { value = 2475, source = "maker", read_on = 2026-11-24 }
memory_gib = { value = 12, source = "maker", read_on = 2026-11-24 }
memory_bandwidth_gb_per_s = { value = 504, source = "maker", read_on = 2026-11-24 }
board_watts = { value = 200, source = "maker", read_on = 2026-11-24 }
pcie_generation = { value = 4, source = "maker", read_on = 2026-11-24 }
""",
    "workloads/tiny.toml": """
name = "Tiny"
family = "gpt2"
kind = "pretrain"
aliases = ["the tiny one"]
source = "maker"
read_on = 2026-11-24
tokens = { value = 10_000_000, source = "market", read_on = 2026-11-23 }
[architecture]
n_layers = 2
d_model = 64
n_heads = 2
n_kv_heads = 2
head_dim = 32
d_ff = 256
vocab_size = 1000
tied_embeddings = true
[recipe]
optimizer = "adamw"
precision = "bf16"
engine = "torch-eager"
attention = "flash"
seq_len = 128
global_batch_tokens = 4096
micro_batch = { value = 4, source = "market", read_on = 2026-11-23 }
[reference]
hours = 1.5
gpu = "rtx-4070"
gpu_count = 1
source = "market"
""",
    "providers.toml": """
[cumulus]
name = "Cumulus"
url = "https://cumulus.example/"
kind = "gpu-cloud"
billing_increment_s = { value = 60, source = "market", read_on = 2026-11-24 }
pue = { value = 1.2, basis = "published", source = "market", read_on = 2026-11-24 }
egress_per_gb = { value = 0.09, currency = "USD", source = "market", read_on = 2026-11-24 }
""",
    "assumptions.toml": """
[home.rest_of_pc_watts]
value = 80
unit = "W"
low = 50
source = "maker"
read_on = 2026-11-24
basis = "assumed"
""",
    "calibration.toml": """
[calibration.efficiency]
hopper = { value = 0.75, unit = "ratio", source = "maker", read_on = 2026-11-24, basis = "derived" }
""",
    "track_record.toml": "",
    "offers.csv": """\
provider,instance,region,country,gpu,gpu_raw_name,gpu_count,memory_gib_per_gpu,vcpus,ram_gib,tier,term_months,hourly_price,currency,as_of,source,note
cumulus,g.1,eu,DE,rtx-4070,RTX 4070,1,12,8,32,on_demand,,0.40,USD,2025-06-01,market,
cumulus,g.1,eu,DE,rtx-4070,RTX 4070,1,12,8,32,on_demand,,0.30,USD,2026-06-01,market,
""",
    "household_rates.csv": """\
zone,zone_name,kind,currency,per_kwh,taxes,band,valid_from,valid_until,as_of,source,note
DE,Germany,retail,EUR,0.3951,all,DC,2026-01-01,2026-06-30,2026-06-30,market,
""",
    "carbon.csv": """\
zone,zone_name,year,grams_co2e_per_kwh,scope,accounting,as_of,source,note
DE,Germany,2025,344,lifecycle,production,2026-01-15,market,
""",
    "exchange_rates.csv": """\
base,quote,rate,as_of,source
EUR,USD,1.1521,2026-11-20,market
""",
}


@pytest.fixture
def small_catalog(tmp_path: Path) -> Path:
    """A folder with one thing of each kind."""
    folder = tmp_path / "catalog"
    for name, text in CATALOG.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    columns = [
        field.name for field in dataclasses.fields(MeasuredRun) if field.name not in ("source", "shape")
    ]
    cells = {
        "slug": "run-1", "project": "nanochat", "model": "d20", "gpu": "h100-sxm", "gpu_count": "8",
        "offload": "none", "tokens": "1.1e10", "use_for": "throughput+power", "year": "2026",
        "source_url": "https://run.example/",
    }  # fmt: skip
    with (folder / "measured_runs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*columns, "source_url"])
        writer.writeheader()
        writer.writerow(cells)
    return folder
