"""The shipped facts and calibration against published runs, and the headline answer they give."""

from datetime import UTC, date, datetime

import numpy as np
import pytest

from service.estimate.architecture import parameters
from service.estimate.calibration import left_out, predict, usable
from service.estimate.hardware import dense_tensor_tflops
from service.estimate.planned_step import plan_steps
from service.estimate.training_time import training_time
from service.store.calibration_file import FILE, calibration_from, stored_numbers
from service.usecases import AskedComparison, compare_home_with_cloud
from tests.facts_for_tests import shipped_catalog

ASKED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAST_READ = date(2026, 11, 28)


@pytest.fixture(scope="module")
def catalog():
    return shipped_catalog()


@pytest.fixture(scope="module")
def gpus(catalog):
    return {gpu.slug: gpu for gpu in catalog.gpus}


@pytest.fixture(scope="module")
def workloads(catalog):
    return {workload.slug: workload for workload in catalog.workloads}


@pytest.fixture(scope="module")
def calibration(catalog, gpus):
    return calibration_from({f.name: f for f in catalog.figures}, catalog.measured_runs, gpus)


@pytest.fixture(scope="module")
def snapshot(catalog_copy):
    from service.store.session import Sessions, engine_for
    from service.store.snapshot import load

    engine = engine_for(catalog_copy())
    yield load(Sessions(engine))
    engine.dispose()


def test_the_catalog_holds_what_it_promises(catalog, gpus, workloads):
    assert len(gpus) >= 80
    assert len(workloads) >= 30
    assert len(catalog.offers) >= 200
    assert len({offer.provider for offer in catalog.offers}) >= 15
    zones = {rate.zone for rate in catalog.electricity}
    assert {"DE", "CH", "FR", "NO", "XK", "US", "US-CA"} <= zones
    assert len([zone for zone in zones if zone.startswith("US-")]) >= 50
    assert len(catalog.exchange_rates) >= 29
    assert len(catalog.measured_runs) == 664


def test_no_number_without_unit_source_and_date(catalog):
    """Every sourced field of every fact names a source with title, address and day."""
    from service.facts import UNITS

    seen = 0
    for fact in (*catalog.gpus, *catalog.workloads, *catalog.providers):
        assert fact.sources or not hasattr(fact, "tokens")
        for field, source in fact.sources.items():
            assert source.title and source.url and source.as_of <= LAST_READ, (fact.slug, field)
            seen += 1
    for gpu in catalog.gpus:
        for field in (
            "sm_count",
            "boost_clock_mhz",
            "memory_gib",
            "memory_bandwidth_gb_per_s",
            "board_watts",
        ):
            assert field in gpu.sources and field in UNITS, (gpu.slug, field)
    for fact in (*catalog.offers, *catalog.electricity, *catalog.carbon, *catalog.exchange_rates):
        assert fact.source.title and fact.source.url and fact.as_of <= LAST_READ, fact
        seen += 1
    for figure in catalog.figures:
        assert figure.unit and figure.source.title and figure.source.as_of, figure.name
    assert seen > 2000


def test_every_8xh100_price_of_the_notes_is_there(catalog):
    wanted = {
        "vast": "16",
        "hyperstack": "19.2",
        "nebius": "23.6",
        "digitalocean": "23.92",
        "lambda": "31.92",
        "aws": "55.04",
        "oci": "80",
        "azure": "98.32",
    }
    for provider, price in wanted.items():
        prices = {
            str(o.hourly_price.normalize()).replace("8E+1", "80")
            for o in catalog.offers
            if o.provider == provider and o.gpu == "h100-sxm" and o.gpu_count == 8
        }
        assert f"{float(price):g}" in {f"{float(p):g}" for p in prices}, provider
    gcp = [
        o
        for o in catalog.offers
        if o.provider == "gcp"
        and o.instance == "a3-highgpu-8g"
        and o.region == "us-central1"
        and o.tier == "on_demand"
    ]
    assert round(float(gcp[0].hourly_price), 2) == 88.49


@pytest.mark.parametrize(
    ("slug", "tflops"),
    [
        ("rtx-3060-12gb", 25.5),
        ("rtx-3090", 71.2),
        ("rtx-4060-ti-16gb", 44.1),
        ("rtx-4070", 58.3),
        ("rtx-4070-super", 71.0),
        ("rtx-4070-ti", 80.2),
        ("rtx-4080", 97.5),
        ("rtx-4090", 165.2),
        ("rtx-5070", 61.7),
        ("rtx-5080", 112.6),
        ("rtx-5090", 209.5),
        ("rtx-a4000", 76.7),
        ("rtx-a6000", 154.8),
        ("rtx-6000-ada", 364),
        ("l40s", 362),
        ("v100-sxm-32gb", 125),
        ("a100-sxm-40gb", 312),
        ("a100-sxm-80gb", 312),
        ("a100-pcie-80gb", 312),
        ("h100-pcie", 756),
        ("h100-sxm", 989),
        ("h100-nvl", 835),
        ("h200-sxm", 989),
        ("h20", 148),
        ("b200-sxm", 2250),
        ("mi300x", 1307),
    ],
)
def test_derived_peaks_match_the_published_table_within_1_percent(gpus, slug, tflops):
    assert dense_tensor_tflops(gpus[slug]) == pytest.approx(tflops, rel=0.01)


def test_derived_peaks_match_every_vendor_figure_in_the_catalog(gpus):
    stated = [gpu for gpu in gpus.values() if gpu.published_tensor_tflops]
    assert len(stated) > 35
    for gpu in stated:
        assert dense_tensor_tflops(gpu) == pytest.approx(gpu.published_tensor_tflops, rel=0.01), gpu.slug


@pytest.mark.parametrize(
    ("slug", "published"),
    [
        ("nanochat-d32", 1_879_048_192),
        ("nanochat-d20", 560_988_160),
        ("nanochat-2026-d12", 286_261_730),
        ("nanochat-2026-d26", 1_681_786_938),
        ("gpt2-124m", 124_439_808),
        ("gpt2-1558m", 1_557_611_200),
        ("tinyllama-1.1b", 1_100_048_384),
        ("pythia-1b", 1_011_781_632),
        ("llama-2-7b", 6_738_415_616),
        ("llama-2-70b", 68_976_648_192),
        ("llama-3-8b", 8_030_261_248),
        ("llama-3-70b", 70_553_706_496),
        ("llama-3.2-1b", 1_235_814_400),
        ("qwen2.5-0.5b", 494_032_768),
        ("qwen2.5-7b", 7_615_616_512),
        ("mpt-7b", 6_658_859_008),
        ("mpt-30b", 29_975_214_080),
    ],
)
def test_catalog_models_have_their_published_size(workloads, slug, published):
    assert parameters(workloads[slug].architecture) == published


PROMISED = (
    "nanochat-d32-run1000", "nanochat-lb1-d24", "nanochat-lb2-d26-fp8", "nanochat-lb3-d26-fp8-1M",
    "nanochat-d26-bf16-tps", "nanochat-d12-rtx4070-10k", "nanochat-d12-rtx4070-130k",
    "nanochat-d12-rtx5060ti-archer", "nanochat-d20-rtx4090-zussini", "gpt2-124M-8xA100-debtirtha",
    "nanogpt-124M-a100-ashrafs1", "speedrun-124M-rtx4090-115min", "rasbt-124M-a100-baseline-fp32",
    "rasbt-124M-a100-tf32", "rasbt-124M-a100-bf16", "rasbt-124M-a100-flash", "rasbt-124M-a100-compile",
    "rasbt-124M-a100-padvocab",
)  # fmt: skip


@pytest.fixture(scope="module")
def explained(calibration):
    """What the calibrated model says of every run it has seen, over what was measured."""
    known = calibration.posterior
    ratios = predict(known, known.cases).median / known.measured
    return dict(zip(known.slugs, ratios.tolist(), strict=True))


@pytest.mark.parametrize("slug", PROMISED)
def test_promised_runs_within_23_percent(explained, slug):
    assert explained[slug] == pytest.approx(1, rel=0.23)


def test_every_sound_run_is_learnt_from(catalog, gpus, calibration):
    sound = [run for run in catalog.measured_runs if "throughput" in run.use_for and run.tokens_per_s]
    assert len(calibration.posterior.slugs) == len(usable(sound, gpus)) > 120


def test_runs_left_out_one_by_one_are_foreseen(calibration):
    known = calibration.posterior
    predicted = left_out(known)
    errors = np.log(predicted.median / known.measured)
    assert np.median(np.abs(np.expm1(errors))) < 0.04
    covered = np.mean(np.abs(errors) < 1.2816 * predicted.log_spread)
    assert 0.70 < covered < 0.90


def test_tinyllama_and_llama_2_within_20_percent(gpus, workloads, calibration):
    """24,000 tokens/s per A100-40GB; 184,320 GPU-hours for 2 T tokens with a fleet's interruptions."""
    tiny = plan_steps(
        workloads["tinyllama-1.1b"], [(gpus["a100-sxm-40gb"], 16)], calibration.posterior, [200 * 16]
    )[0]
    per_gpu = workloads["tinyllama-1.1b"].recipe.global_batch_tokens / tiny.step.step_s / 16
    assert per_gpu == pytest.approx(24_000, rel=0.20)
    llama, a100 = workloads["llama-2-7b"], gpus["a100-sxm-80gb"]
    planned = plan_steps(llama, [(a100, 512)], calibration.posterior, [200 * 512])[0]
    time = training_time(
        llama, a100, 512, planned, calibration, at_home=False, counted_flops_per_token=1.0, peak_tflops=312.0
    )
    assert time.hours.p50 * 512 == pytest.approx(184_320, rel=0.20)


def test_the_headline(snapshot):
    """nanochat d32: 115-140 days on an RTX 4070, 31.3 h of pretraining and about 33 h in all on 8 H100."""
    c = compare_home_with_cloud(snapshot, AskedComparison.of(), ASKED_AT)
    home, cloud = c.options
    assert 115 < home.hours.p50 / 24 < 140
    assert home.hours.p10 / 24 > 100 and home.hours.p90 / 24 < 185
    assert cloud.hours.p10 < 33 < cloud.hours.p90
    assert home.planned.verdict == "fits_with_adjustments" and cloud.planned.verdict == "fits"
    assert 800 < home.energy_kwh.p50 < 1_010
    assert cloud.rental.offer.tier == "on_demand" and cloud.rental.market.offers > 5
    assert c.reference.gpu_hours == 264
    assert c.verdict.faster == "cloud"


def test_the_stored_calibration_is_complete():
    assert FILE.exists()
    assert all(low <= value <= high for value, low, high in stored_numbers().values())
