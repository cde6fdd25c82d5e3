"""Small, real facts for tests: the headline's cards, its run, its prices, as in the catalog."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache

from service.decide.household import Household
from service.decide.knowledge import Knowledge
from service.decide.options import Rental
from service.estimate.calibration import with_terms
from service.estimate.terms import HOST_TERMS
from service.estimate.terms import TERMS as FITTED
from service.facts import (
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
from service.store.catalog_files import Catalog, load_catalog
from tests.estimate.test_architecture import nanochat_2025

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCE = Source("test", "A test's own source", "https://example.org/facts", date(2026, 10, 30))


def gpu(slug, name, architecture, sms, clock, memory, bandwidth, watts, **kwargs) -> Gpu:
    fields = (
        "sm_count",
        "boost_clock_mhz",
        "memory_gib",
        "memory_bandwidth_gb_per_s",
        "board_watts",
        "pcie_generation",
        "pcie_lanes",
    )
    rate = kwargs.pop("tensor_rate", "full")
    category = kwargs.pop("category", "datacenter")
    return Gpu(
        slug,
        name,
        "NVIDIA",
        category,
        architecture,
        rate,
        sms,
        clock,
        memory,
        bandwidth,
        watts,
        sources={f: SOURCE for f in fields},
        pcie_generation=kwargs.pop("pcie", 4),
        pcie_lanes=16,
        **kwargs,
    )


RTX_4070 = gpu(
    "rtx-4070", "GeForce RTX 4070", "ada", 46, 2475, 12, 504, 200, tensor_rate="half", category="geforce"
)
RTX_4090 = gpu(
    "rtx-4090", "GeForce RTX 4090", "ada", 128, 2520, 24, 1008, 450, tensor_rate="half", category="geforce"
)
H100_SXM = gpu("h100-sxm", "H100 SXM", "hopper", 132, 1830, 80, 3350, 700, gpu_link_gb_per_s=900, pcie=5)
A100_80 = gpu(
    "a100-sxm-80gb", "A100 SXM 80 GB", "ampere-gx100", 108, 1410, 80, 2039, 400, gpu_link_gb_per_s=600
)
V100 = gpu("v100-sxm-32gb", "V100 SXM 32 GB", "volta", 80, 1530, 32, 900, 300, gpu_link_gb_per_s=300)

D32 = Workload(
    "nanochat-d32",
    "nanochat d32 (October 2025)",
    "nanochat-2025",
    nanochat_2025(32),
    Recipe(
        "muon+adamw",
        "bf16",
        "torch-compile",
        "flash",
        2048,
        524_288,
        8,
        embedding_bytes=2,
        code_base="nanochat",
    ),
    37_580_963_840,
    sources={"tokens": SOURCE},
    other_stages_fraction=0.0543,
    reference_hours=33,
    reference_gpu="h100-sxm",
    reference_gpu_count=8,
)

# Near the shipped calibration: these tests are about structure, tests/test_headline.py about truth.
TERMS = {
    **{name: term.median for name, term in FITTED.items()},
    **HOST_TERMS,
    "efficiency_ada": 1.04,
    "geforce_clock": 1.15,
    "flash_hopper": 0.40,
    "traffic_torch-compile": 183.0,
}


def measured(slug, gpu, count, layers, width, tokens_per_s, **known) -> MeasuredRun:
    return MeasuredRun(
        slug=slug,
        project="nanochat",
        model=slug,
        gpu=gpu,
        gpu_count=count,
        source=Source(f"run:{slug}", slug, f"https://example.org/{slug}", date(2025, 10, 15)),
        use_for=frozenset({"throughput"}),
        n_layers=layers,
        d_model=width,
        vocab_size=65_536,
        seq_len=2048,
        engine="torch-compile",
        attention="flash",
        checkpointing="none",
        optimizer="Muon+AdamW",
        precision="bf16",
        global_batch_tokens=524_288,
        tokens_per_s=tokens_per_s,
        confidence="high",
        **known,
    )


RUNS = [
    measured("d32-8xh100", "h100-sxm", 8, 32, 2048, 333_500, micro_batch=8),
    measured("d20-4090", "rtx-4090", 1, 20, 1280, 38_056, micro_batch=4),
    measured("d12-4070", "rtx-4070", 1, 12, 768, 44_000, micro_batch=8),
]
GPUS = {gpu.slug: gpu for gpu in (RTX_4070, RTX_4090, H100_SXM, A100_80, V100)}
CALIBRATION = with_terms({name: TERMS[name] for name in FITTED}, RUNS, GPUS)
KNOWN = CALIBRATION.posterior


def figure(name, value, unit, low=None, high=None) -> Figure:
    return Figure(name, value, unit, SOURCE, low, high, "estimate")


FIGURES = {
    "home.rest_of_pc_watts": figure("rest_of_pc_watts", 53, "W", 38, 75),
    "home.plug_factor": figure("plug_factor", 1.2, "W/W", 1.11, 1.25),
    "home.host_memory_gib": figure("host_memory_gib", 64, "GiB", 32, 128),
    "cloud.host_memory_gib_per_gpu": figure("host_memory_gib_per_gpu", 200, "GiB", 120, 256),
    "cloud.node_power_share_of_tdp": figure("node_power_share_of_tdp", 0.76, "share", 0.70, 0.82),
    "cloud.node_overhead_watts_per_gpu": figure("node_overhead_watts_per_gpu", 575, "W"),
    "cloud.pue_of_a_pc": figure("pue_of_a_pc", 1.0, "ratio", 1.0, 1.3),
    "cloud.pue_unpublished": figure("pue_unpublished", 1.4, "ratio", 1.3, 1.5),
    # A rented run that needs nothing but its hours: cost is hours times price.
    **{
        f"cloud_run.{name}": figure(name, value, "x")
        for name, value in {
            "set_up_hours": 0,
            "download_bytes_per_token": 0,
            "download_mbit_per_s": 1000,
            "checkpoints_kept": 0,
            "idle_share": 0,
            "interruptions_per_day": 0,
            "restart_hours": 0,
            "checkpoint_interval_hours": 1,
            "checkpoint_gb_per_s": 1,
            "tax_share": 0,
        }.items()
    },
}
RATES = (ExchangeRate("EUR", "USD", Decimal("1.1172"), date(2026, 10, 30), SOURCE),)
KNOWLEDGE = Knowledge(CALIBRATION, FIGURES, RATES)
GERMANY = Household(
    "DE",
    ElectricityRate("DE", "Germany", "retail", "EUR", Decimal("0.372"), "all", date(2026, 1, 15), SOURCE),
    CarbonIntensity("DE", "Germany", 2024, 342.06, "lifecycle", "production", date(2024, 12, 31), SOURCE),
)
OFFER = CloudOffer(
    "lambda",
    "gpu_8x_h100_sxm5",
    "us-east-1",
    "US",
    "h100-sxm",
    "H100 SXM",
    8,
    80.0,
    "on_demand",
    Decimal("31.92"),
    "USD",
    date(2026, 5, 7),
    SOURCE,
    slug="lambda-gpu-8x-h100-sxm5",
)
LAMBDA = Provider(
    "lambda",
    "Lambda",
    "https://lambda.ai/pricing",
    "gpu-cloud",
    sources={"billing_increment_s": SOURCE},
    billing_increment_s=60.0,
)
US_GRID = replace(GERMANY.carbon, zone="US", zone_name="United States", grams_co2e_per_kwh=383.6)
RENTAL = Rental(OFFER, LAMBDA, US_GRID)
RATIO = figure("ratio", 8.5, "H100 per RTX 4070", 8.0, 9.0)


@cache
def shipped_catalog() -> Catalog:
    """Everything that is shipped, read once in a process."""
    return load_catalog()
