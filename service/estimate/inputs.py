"""Every number an answer was computed from, with its unit, its source and its date."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from service.estimate.architecture import flops_per_token, parameters, steps
from service.estimate.board_power import DRAWS
from service.estimate.calibration import Calibration
from service.estimate.cost import Cost
from service.estimate.duration import DORA_SPREAD, DORA_TIME, UNHIDDEN_OPTIMIZER, UNHIDDEN_STREAM
from service.estimate.hardware import (
    DRIVER_KEEPS_GIB,
    DRIVER_KEEPS_SHARE,
    LEFT_OF_HBM,
    LEFT_WITH_ECC,
    dense_tensor_tflops,
)
from service.estimate.home_bill import HomeTerms, Purchase
from service.estimate.likeness import REPORTER, WHOLE_STEP
from service.estimate.memory import (
    COMMUNICATION_GIB,
    CONTEXT_GIB,
    EAGER_BAND,
    RESERVED_COMPILED,
    RESERVED_EAGER,
    SOUND_BAND,
)
from service.estimate.padding import LEAST_SPREAD, LENGTH_SPREAD, MOST_SPREAD
from service.estimate.power_limit import PREFIX, PowerCurve, PowerLimitAdvice
from service.estimate.quantile import QUANTILE_90
from service.estimate.tariff import MarginalPrice
from service.estimate.terms import HOST_TERMS
from service.estimate.terms_used import terms_used
from service.estimate.training_time import (
    ADJUSTMENT_SPREAD,
    DOWNTIME_SPREAD_CLOUD,
    DOWNTIME_SPREAD_HOME,
    FLEET_GOODPUT,
    FLEET_GPUS,
)
from service.facts import (
    ASSUMED,
    UNITS,
    Basis,
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    Figure,
    Gpu,
    Provider,
    RateKind,
    Source,
    Workload,
)


@dataclass(frozen=True, slots=True)
class Input:
    """One number, and of what it is a number."""

    subject: str
    figure: Figure


METHOD_SOURCE = Source(
    "heimvorteil-method",
    "Heimvorteil's method, its own estimates",
    "service/docs/method.md#assumptions",
    date(2026, 11, 24),
    "own",
)
BOARD_SOURCE = Source(
    "heimvorteil-board-power",
    "Board power of an H200 measured for this project, published readings of other cards",
    "service/docs/method.md#energy",
    date(2026, 11, 27),
    "own",
)
DORA_SOURCE = Source(
    "heimvorteil-dora",
    "DoRA and LoRA of Llama 3.1 8B on an H200, measured for this project",
    "service/docs/method.md#fine-tuning",
    date(2026, 11, 28),
    "own",
)
LENGTHS_SOURCE = Source(
    "heimvorteil-assumption-lengths",
    "Heimvorteil's assumption on the lengths of examples",
    "service/docs/method.md#fine-tuning",
    date(2026, 11, 28),
    "own",
)
METHOD = tuple(
    Input("method", Figure(name, value, unit, METHOD_SOURCE, basis="estimate"))
    for name, value, unit in (
        ("left_with_ecc", LEFT_WITH_ECC, "of the marketed memory"),
        ("left_of_hbm", LEFT_OF_HBM, "of the marketed memory"),
        ("driver_keeps_gib", DRIVER_KEEPS_GIB, "GiB"),
        ("driver_keeps_share", DRIVER_KEEPS_SHARE, "of the marketed memory"),
        ("context_gib", CONTEXT_GIB, "GiB"),
        ("communication_gib", COMMUNICATION_GIB, "GiB, several GPUs"),
        ("memory_band_low", SOUND_BAND.low, "of the central estimate"),
        ("memory_band_high", SOUND_BAND.high, "of the central estimate"),
        ("memory_band_low_eager", EAGER_BAND.low, "of the central estimate"),
        ("memory_band_high_eager", EAGER_BAND.high, "of the central estimate"),
        ("reserved_eager", RESERVED_EAGER.p50, "of allocated memory"),
        ("reserved_compiled", RESERVED_COMPILED.p50, "of allocated memory"),
        ("pcie_efficiency", HOST_TERMS["pcie_efficiency"], "of the line rate"),
        ("host_memory_gb_per_s", HOST_TERMS["host_memory_gb_per_s"], "GB/s"),
        ("unhidden_optimizer", UNHIDDEN_OPTIMIZER, "of a hidden exchange with the host"),
        ("unhidden_stream", UNHIDDEN_STREAM, "of a hidden stream from the host"),
        ("reporter_spread", WHOLE_STEP["reporter"], "log standard deviation between machines"),
        ("host_spread", REPORTER["micro_batch_s"], "log standard deviation of launches between machines"),
        ("adjustment_spread", ADJUSTMENT_SPREAD, "log standard deviation per code change"),
        ("downtime_spread_home", DOWNTIME_SPREAD_HOME, "log standard deviation, upwards"),
        ("downtime_spread_cloud", DOWNTIME_SPREAD_CLOUD, "log standard deviation, upwards"),
        ("fleet_goodput", FLEET_GOODPUT, f"of the time, above {FLEET_GPUS} GPUs"),
    )
) + tuple(
    Input("method", Figure(name, d.p50, "of the board's limit", BOARD_SOURCE, d.p10, d.p90, "estimate"))
    for name, d in DRAWS.items()
)
"""The constants of our own method that an answer rests on."""
RECORD = "track record"
RECORD_PREFIX = "track_record."
"""How well estimates of this kind did so far: figures that no answer is computed from, but that it shows."""
TARIFF = "tariff"
"""Subject of the numbers a contract's price was computed from."""
PC_FIGURES = ("home.rest_of_pc_watts", "home.plug_factor")
HOME_FIGURES = (*PC_FIGURES, "home.host_memory_gib")
NODE_FIGURES = ("cloud.node_power_share_of_tdp", "cloud.node_overhead_watts_per_gpu")
"""What the watts of a rented machine rest on, of a PC and of any other."""
BASIS_OF_RATE: Mapping[RateKind, Basis] = MappingProxyType(
    {"contract": "user", "time_of_use": "user", "dynamic": "derived"}
)
WAITING = ("suspended_watts", "idle_pc_watts")
"""What a PC draws while it waits, of `home_run`."""
GPU_NUMBERS = (
    "sm_count", "boost_clock_mhz", "memory_gib", "memory_bandwidth_gb_per_s", "board_watts",
    "pcie_generation", "pcie_lanes", "gpu_link_gb_per_s",
)  # fmt: skip
ARCHITECTURE_NUMBERS = ("n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff", "vocab_size")
RECIPE_NUMBERS = ("seq_len", "global_batch_tokens", "micro_batch")


def gpu_inputs(gpu: Gpu) -> tuple[Input, ...]:
    """What the catalog says of a card, and the peak derived from it."""
    inputs = [
        Input(
            gpu.name,
            Figure(name, float(value), UNITS[name], gpu.sources[name], basis=_basis(gpu.sources[name])),
        )
        for name in GPU_NUMBERS
        if (value := getattr(gpu, name)) is not None and name in gpu.sources
    ]
    peak = Figure(
        "peak_bf16_tflops",
        dense_tensor_tflops(gpu),
        UNITS["peak_bf16_tflops"],
        gpu.sources["boost_clock_mhz"],
        basis="derived",
    )
    return (*inputs, Input(gpu.name, peak))


def _basis(source: Source) -> Basis:
    return "user" if source.slug == "user" else "assumed" if source.slug == ASSUMED else "published"


def workload_inputs(
    workload: Workload, calibration: Calibration, gpus: Sequence[Gpu], figures: Mapping[str, Figure]
) -> tuple[Input, ...]:
    """What is known of the run, what is counted from it, and the calibrated terms that apply."""
    sources, anchor = workload.sources, workload.sources["tokens"]

    def stated(prefix: str, names: Sequence[str], holder: object) -> list[Input]:
        said = [(name, sources.get(f"{prefix}{name}", anchor)) for name in names]
        return [
            Input(
                workload.name,
                Figure(name, float(getattr(holder, name)), UNITS[name], source, basis=_basis(source)),
            )
            for name, source in said
        ]

    counted = [
        Figure("parameters", float(parameters(workload.architecture)), "parameters", anchor, basis="derived"),
        Figure(
            "flops_per_token",
            float(flops_per_token(workload.architecture, workload.recipe.seq_len)),
            "FLOP/token",
            anchor,
            basis="derived",
        ),
        Figure(
            "steps",
            float(steps(workload.tokens, workload.recipe.global_batch_tokens)),
            "steps",
            anchor,
            basis="derived",
        ),
    ]
    own = stated("", ["tokens", "other_stages_fraction"], workload)
    if workload.reference_hours and workload.reference_gpu_count:
        own += stated("", ["reference_hours", "reference_gpu_count"], workload)
    recipe = workload.recipe
    fitted_terms = sorted(
        terms_used(workload, gpus) | {f"runs_on__{gpu.slug}__{recipe.engine}" for gpu in gpus}
    )
    if workload.reference_hours and "reference.ratio" in figures:
        own.append(Input("rule of three", figures["reference.ratio"]))
    fitted = [
        Input("calibration", figures[key])
        for term in fitted_terms
        if (key := f"calibration.{term}") in figures
    ]
    record = [Input(RECORD, figure) for key, figure in figures.items() if key.startswith(RECORD_PREFIX)]
    return (
        *own,
        *stated("architecture.", ARCHITECTURE_NUMBERS, workload.architecture),
        *stated("recipe.", RECIPE_NUMBERS, workload.recipe),
        *(Input(workload.name, figure) for figure in counted),
        *fitted,
        *record,
        *fine_tuning_inputs(workload),
        *METHOD,
    )


def fine_tuning_inputs(workload: Workload) -> tuple[Input, ...]:
    """The data set of a fine-tuning, how its lengths are taken to spread, what DoRA was measured to take."""
    data, inputs = workload.fine_tuning, []
    if data is not None:
        said, assumed = workload.sources["tokens"], LENGTHS_SOURCE
        epochs = workload.sources.get("finetune.epochs", said)
        spread = Figure(
            "length_spread", LENGTH_SPREAD, "log standard deviation of an example's tokens", assumed,
            LEAST_SPREAD, MOST_SPREAD, "assumed",
        )  # fmt: skip
        inputs = [
            Figure("examples", float(data.examples), "examples", said, basis="user"),
            Figure("mean_tokens", data.mean_tokens, "tokens per example", said, basis="user"),
            Figure("epochs", data.epochs, "epochs", epochs, basis=_basis(epochs)),
            Figure("max_length", float(data.max_length), "tokens", workload.sources["recipe.max_seq_len"]),
            Figure("trained_tokens", data.trained_tokens, "tokens", assumed, basis="derived"),
            spread,
        ]
        if not data.packed:
            share = (
                data.padding_share,
                "of a batch",
                assumed,
                data.padding_share_low,
                data.padding_share_high,
            )
            inputs.append(Figure("padding_share", *share, basis="derived"))
            low = math.exp(-QUANTILE_90 * data.computed_spread_down)
            high = math.exp(QUANTILE_90 * data.computed_spread_up)
            unit = "of the tokens computed, as lengths spread"
            inputs.append(Figure("computed_tokens", 1.0, unit, assumed, low, high, "derived"))
    if workload.recipe.decomposed:
        low, high = (DORA_TIME * math.exp(sign * QUANTILE_90 * DORA_SPREAD) for sign in (-1, 1))
        inputs.append(Figure("dora_time", DORA_TIME, "of LoRA's step", DORA_SOURCE, low, high, "measured"))
    return tuple(Input(workload.name, figure) for figure in inputs)


def curve_inputs(curve: PowerCurve, figures: Mapping[str, Figure]) -> list[Input]:
    """The points of a curve of speed and power under power limits."""
    points = f"{PREFIX}{curve.gpu}."
    return [Input(f"power limit, {curve.gpu}", f) for name, f in figures.items() if name.startswith(points)]


def home_inputs(
    rate: ElectricityRate | None,
    cost: Cost | None,
    figures: Mapping[str, Figure],
    limit: PowerLimitAdvice | None = None,
    plug_watts: Figure | None = None,
) -> tuple[Input, ...]:
    """Tariff, exchange rates, assumptions of the home side, the curve behind its power limit."""
    inputs = [Input("home", figures[key]) for key in HOME_FIGURES]
    if plug_watts is not None:
        inputs = [Input("home", plug_watts)]
    if limit is not None:
        inputs += curve_inputs(limit.curve, figures)
    if rate:
        inputs.insert(
            0,
            Input(
                f"electricity {rate.zone}",
                Figure(
                    "per_kwh",
                    float(rate.per_kwh),
                    f"{rate.currency}/kWh",
                    replace(rate.source, as_of=rate.as_of),
                    basis=BASIS_OF_RATE.get(rate.kind, "published"),
                ),
            ),
        )
    return (*inputs, *exchange_inputs(cost))


def tariff_inputs(
    price: MarginalPrice | None,
    terms: HomeTerms,
    currency: str,
    figures: Mapping[str, Figure],
    *,
    may_pause: bool,
) -> tuple[Input, ...]:
    """What a contract's price was computed from, what pausing is assumed to draw, the card to buy."""
    inputs = [Input(TARIFF, figure) for figure in (price.figures if price else ())]
    if may_pause:
        inputs += [Input("home", figures[f"home_run.{name}"]) for name in (*WAITING, "start_up_s")]
    if terms.purchase is not None:
        bought = terms.purchase
        inputs.append(Input("purchase", _card_price(bought, currency)))
        if bought.vat:
            inputs.append(
                Input("purchase", Figure("vat_share", bought.vat.share, "share", bought.vat.source))
            )
        if bought.resale_share:
            inputs.append(Input("purchase", bought.resale_share))
        if bought.rest:
            inputs += [Input("purchase", figure) for figure in bought.rest.figures]
    return tuple(inputs)


def cloud_inputs(
    offer: CloudOffer | None,
    provider: Provider | None,
    cost: Cost | None,
    pue: Figure,
    figures: Mapping[str, Figure],
    *,
    rent_today: Figure | None = None,
    in_a_pc: bool = False,
) -> tuple[Input, ...]:
    """Price and how far it may have moved, terms, exchange rates and assumptions of the rented side;
    `in_a_pc` a consumer card's."""
    inputs = []
    if offer:
        subject = f"{offer.provider} {offer.instance}"
        inputs.append(
            Input(
                subject,
                Figure(
                    "hourly_price",
                    float(offer.hourly_price),
                    f"{offer.currency}/h",
                    replace(offer.source, as_of=offer.as_of),
                ),
            )
        )
        if rent_today is not None:
            inputs.append(Input(subject, rent_today))
    if provider:
        inputs += [
            Input(provider.name, Figure(name, value, UNITS[name], provider.sources[name]))
            for name in ("billing_increment_s", "minimum_billing_s")
            if (value := getattr(provider, name)) is not None and name in provider.sources
        ]
    drawn = PC_FIGURES if in_a_pc else NODE_FIGURES
    inputs += [Input("cloud", figures[key]) for key in (*drawn, "cloud.host_memory_gib_per_gpu")]
    inputs.append(Input("cloud", pue))
    return (*inputs, *exchange_inputs(cost))


def carbon_inputs(subject: str, carbon: CarbonIntensity | None) -> tuple[Input, ...]:
    """Grid intensity with the method it was counted by."""
    if carbon is None:
        return ()
    method = f"g CO2e/kWh ({carbon.scope}, {carbon.accounting}, {carbon.year})"
    return (
        Input(
            f"{subject} grid {carbon.zone}",
            Figure(
                "grams_co2e_per_kwh",
                carbon.grams_co2e_per_kwh,
                method,
                replace(carbon.source, as_of=carbon.as_of),
            ),
        ),
    )


def exchange_inputs(cost: Cost | None) -> tuple[Input, ...]:
    """The dated rates a cost was converted with."""
    if cost is None:
        return ()
    return tuple(
        Input(
            "exchange rate",
            Figure(
                f"{rate.quote} per {rate.base}",
                float(rate.rate),
                f"{rate.quote}/{rate.base}",
                replace(rate.source, as_of=rate.as_of),
            ),
        )
        for rate in cost.conversion.rates
    )


def _card_price(bought: Purchase, currency: str) -> Figure:
    if bought.dated is None or bought.price_range is None:
        return Figure("card_price", float(bought.price), currency, bought.source)
    ends = bought.price_range * (bought.dated.usd / bought.price_range.p50)
    return Figure("card_price", bought.dated.usd, "USD", bought.source, ends.p10, ends.p90)
