"""WHAT WE KNOW: immutable facts, each number with its unit, its source and its date.

The unit of a number is part of its field's name and is spelt out once, in `UNITS`.
`sources[field]` says where a number of a fact was read and when that was true.
This module is the ground floor: it imports the standard library's types and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

GIB = 2**30
Basis = Literal["measured", "published", "derived", "estimate", "assumed", "fitted", "user"]
GpuClass = Literal["geforce", "geforce-laptop", "workstation", "workstation-laptop", "datacenter", "radeon"]
Precision = Literal["bf16", "fp16", "fp8", "tf32", "fp32"]
Engine = Literal["torch-compile", "torch-eager", "native"]
Sharding = Literal["ddp", "zero-1", "zero-2", "fsdp"]
Checkpointing = Literal["none", "selective", "full"]
Optimizer = Literal["adamw", "muon+adamw", "lamb", "lion", "sgd", "sgd-momentum", "adafactor"]
Trainer = Literal["loop", "hf-trainer", "deepspeed", "megatron"]
"""What runs the training loop on the host: a lean loop, or a framework that does more per step."""
AdapterTargets = Literal["all-linear", "attention", "query-value"]
Offload = Literal["none", "some", "optimizer", "gradients", "parameters", "optimizer+parameters"]
"""What waits in host memory; some: a published run does not say what."""
WeightsIn = Literal["fp32", "16-bit", "16-bit+master"]
"""What the trained weights are kept in: FP32 (also under autocast), 16 bits with gradients and states, or
16 bits beside an FP32 copy."""
Tier = Literal["on_demand", "spot", "reserved", "community", "marketplace"]
RateKind = Literal["retail", "spot", "contract", "time_of_use", "dynamic"]
ProviderKind = Literal["hyperscaler", "gpu-cloud", "marketplace"]
PriceVat = Literal["net", "gross"]
"""A price as shown: VAT comes on top of it (net), or is in it (gross)."""
VatKind = Literal["standard", "electricity"]
"""Of goods and services in general, or of a household's electricity where that is another."""
Buyer = Literal["private", "business"]
"""Who pays: a private person bears VAT, a business gets it back."""
Taxes = Literal["all", "excl_vat", "excl_taxes"]
Scope = Literal["lifecycle", "direct"]
Accounting = Literal["production", "consumption"]

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "sm_count": "SMs",
        "boost_clock_mhz": "MHz",
        "memory_gib": "GiB",
        "memory_gib_per_gpu": "GiB",
        "memory_bandwidth_gb_per_s": "GB/s",
        "board_watts": "W",
        "pcie_generation": "generation",
        "pcie_lanes": "lanes",
        "gpu_link_gb_per_s": "GB/s",
        "bridge_gb_per_s": "GB/s",
        "bridged_cards": "cards",
        "published_tensor_tflops": "TFLOP/s dense",
        "peak_bf16_tflops": "TFLOP/s dense",
        "n_layers": "layers",
        "d_model": "channels",
        "n_heads": "heads",
        "n_kv_heads": "heads",
        "head_dim": "channels",
        "d_ff": "channels",
        "vocab_size": "tokens",
        "seq_len": "tokens",
        "max_seq_len": "tokens",
        "tokens": "tokens",
        "global_batch_tokens": "tokens",
        "micro_batch": "sequences",
        "other_stages_fraction": "of pretraining time",
        "reference_hours": "h",
        "reference_gpu_count": "GPUs",
        "billing_increment_s": "s",
        "minimum_billing_s": "s",
        "pue": "ratio",
        "grams_co2e_per_kwh": "g CO2e/kWh",
        "tokens_per_s": "tokens/s",
        "peak_memory_gib": "GiB",
        "hours": "h",
        "power_limit_watts": "W",
        "optimizer_bits": "bit",
        "frozen_bits": "bit",
        "adapter_rank": "channels",
        "memory_cap_gib": "GiB",
        "reserved_memory_gib": "GiB",
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """Who said so, and when it was true: the passport of a number."""

    slug: str
    title: str
    url: str
    as_of: date
    """The day for which the source states the number."""
    licence: str = ""
    read_on: date | None = None
    """The day we read it there."""


ASSUMED = "heimvorteil-assumption-recipe"
"""The slug of what nobody has said of a run and we assume, in the catalog and for a run of one's own."""
GIVEN = "user"
OWN_RUN = "custom"
"""Slugs of what an asker says, and of a run of the asker's own."""


def given_by_user(day: date) -> Source:
    """The source of a number that the asker told us that day."""
    return Source(GIVEN, "given by you", "", day, "own")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with everything a reader may ask of it."""

    name: str
    value: float
    unit: str
    source: Source
    low: float | None = None
    high: float | None = None
    basis: Basis = "published"


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU as its makers and measurers describe it; peaks are derived, not stored."""

    slug: str
    name: str
    vendor: str
    category: GpuClass
    architecture: str
    tensor_rate: Literal["full", "half", "quarter"]
    """Rate of tensor maths with FP32 accumulate (GeForce: half)."""
    sm_count: int
    boost_clock_mhz: float
    memory_gib: float
    memory_bandwidth_gb_per_s: float
    board_watts: float
    sources: Mapping[str, Source]
    aliases: tuple[str, ...] = ()
    compute_capability: str = ""
    released: date | None = None
    pcie_generation: int | None = None
    pcie_lanes: int | None = None
    gpu_link_gb_per_s: float | None = None
    """NVLink or alike that the card is counted with, both directions together."""
    bridge_gb_per_s: float | None = None
    """The same over a bridge that one may put on; None for a card without a known connector."""
    bridged_cards: int | None = None
    """How many cards one bridge joins."""
    published_tensor_tflops: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OwnMatrix:
    """Linear matrices of a model that the dimensions of `Architecture` do not tell one by one."""

    name: str
    part: Literal["attention", "beside"]
    inputs: int
    outputs: int
    count: int
    """How many the whole model has."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """The shape of a transformer; estimate/architecture.py counts it."""

    n_layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    head_dim: int
    d_ff: int
    vocab_size: int
    tied_embeddings: bool
    gated_mlp: bool = False
    qkv_bias: bool = False
    linear_bias: bool = False
    """Biases on the attention output and the MLP matrices."""
    norm: Literal["rmsnorm", "layernorm", "none"] = "rmsnorm"
    """Of d weights, of 2 d, or without parameters (nanochat)."""
    learned_positions: int = 0
    """Length of a learned position table; 0 for rotary or ALiBi positions."""
    value_embedding_layers: int = 0
    """Layers with an extra vocabulary-sized value embedding (nanochat since 2026)."""
    window_pattern: str = "L"
    """Attention windows over the layers, repeated: L full, S short, C the token's own chunk."""
    short_window_divisor: int = 4
    qk_norm_parameters: bool = False
    """Learned norms of head_dim weights on queries and keys (Qwen3)."""
    n_experts: int = 1
    """MLPs per layer among which a router chooses; 1 for a dense model."""
    experts_per_token: int = 1
    shared_d_ff: int = 0
    """Hidden channels of MLPs beside the experts that every token meets; 0 without shared experts."""
    dense_layers: int = 0
    """Layers of a mixture of experts that have one MLP of `dense_d_ff` channels instead."""
    dense_d_ff: int = 0
    window_tokens: int = 0
    """How far a layer marked S looks back, or how long a chunk of one marked C is [tokens]; 0: a share of
    the sequence by `short_window_divisor`, and the last layer is full."""
    bidirectional_layers: int = 0
    """Layers that see the whole sequence at once: all of an encoder, T5's first half."""
    cross_attention: bool = False
    """Whether the other layers read the result of the bidirectional ones (T5)."""
    extra_matrices: int = 0
    """Weights of block matrices that the shape above leaves out, or counts too many (negative)."""
    extra_vectors: int = 0
    """The same of norms, biases and gates."""
    extra_embeddings: int = 0
    """The same of tables that are looked up."""
    text_part: bool = False
    """Whether the model sees or hears as well, and its other parts are left out."""
    block: str = ""
    """How its blocks are written, by transformers' name of the model's kind (block_kinds.py); "" unknown."""
    own_matrices: tuple[OwnMatrix, ...] = ()
    """What adapters may stand on beside the matrices of the shape above, or instead of those of that name."""


FOUR_BIT_WEIGHT = 0.5625
"""Bytes of an NF4 weight with an FP32 scale per 64 of them (QLoRA, arXiv:2305.14314, section 3)."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the model is trained, as published or as asked."""

    optimizer: Optimizer
    precision: Precision
    """The arithmetic of the matrix products."""
    engine: Engine
    attention: Literal["flash", "naive"]
    seq_len: int
    """Tokens of a sequence; the mean where sequences are padded to different lengths."""
    global_batch_tokens: int
    micro_batch: int
    """Sequences per GPU and forward pass."""
    sharding: Sharding = "zero-1"
    """Over several GPUs."""
    checkpointing: Checkpointing = "none"
    """Which activations are recomputed."""
    weight_bytes: int = 4
    """Bytes of a stored weight and of its gradient: 4 FP32 master weights, 2 BF16."""
    state_bytes: int = 4
    """Bytes of one optimizer state element."""
    master_weights: bool = False
    """An FP32 copy beside 16-bit weights, sharded with the optimizer's states (Megatron, DeepSpeed)."""
    embedding_bytes: int = 4
    """Bytes of a weight, gradient or state element of the embeddings (nanochat: 2)."""
    chunked_cross_entropy: bool = False
    """The loss is computed in pieces, so that whole logits are never stored."""
    optimizer_placement: Literal["gpu", "8bit", "8bit-paged", "host", "host+gradients", "host+parameters"] = (
        "gpu"
    )
    """See estimate/memory_plan.py."""
    gradient_release: bool = False
    """The optimizer steps inside the backward pass."""
    activations_on_host: bool = False
    trained: Literal["all", "lora", "qlora"] = "all"
    """All weights, or adapters beside frozen 16-bit weights (lora) or 4-bit ones (qlora)."""
    adapter_rank: int = 16
    adapter_targets: str = "all-linear"
    """A word for many matrices, or their names between commas (estimate/block_matrices.py)."""
    modules_to_save: str = ""
    """Trained in full beside adapters: embed_tokens, lm_head or both between commas (PEFT)."""
    frozen_weight_bytes: float | None = None
    """Bytes of a frozen weight of a block matrix: 4, 2, 1 (int8) or 0.5625 (NF4 with its scales); None what
    `trained` means by itself (`frozen_bytes`)."""
    decomposed: bool = False
    """Whether adapters are DoRA's, with a magnitude for every output of their matrix (arXiv:2402.09353)."""
    max_seq_len: int | None = None
    """The longest sequence that memory must hold, where sequences differ; None: all are `seq_len` long."""
    trainer: Trainer = "loop"
    code_base: str = ""
    """The training code whose measured habits apply, by its project's name; "" where unknown."""

    @property
    def frozen_bytes(self) -> float:
        """Bytes of a frozen weight of a block matrix: as said, else 16 bits beside LoRA, 4 in QLoRA."""
        if self.frozen_weight_bytes is not None:
            return self.frozen_weight_bytes
        return FOUR_BIT_WEIGHT if self.trained == "qlora" else 2.0


@dataclass(frozen=True, slots=True)
class FineTuning:
    """A data set that a model is fine-tuned on, and what became of it in batches."""

    method: str
    """full, lora, qlora, lora-8bit or dora."""
    examples: int
    epochs: float
    mean_tokens: float
    """Of an example before it is cut off at `max_length`."""
    max_length: int
    packed: bool
    trained_tokens: float
    """Tokens of examples over all epochs, without padding and what is cut off."""
    cut_share: float
    """Share of the data set's tokens that is cut off [0-1]."""
    padding_share: float
    """Share of what a micro-batch computes that is padding [0-1]; 0 where examples are packed."""
    padding_share_low: float
    padding_share_high: float
    """The same of data whose lengths spread less, and more, than assumed."""
    computed_spread_down: float = 0.0
    """Log standard deviation of what is computed below the estimate, as lengths may spread; 0 packed."""
    computed_spread_up: float = 0.0
    """The same above it."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A training run somebody wants to do: a model, a recipe, a number of tokens."""

    slug: str
    name: str
    family: str
    architecture: Architecture
    recipe: Recipe
    tokens: int
    sources: Mapping[str, Source]
    aliases: tuple[str, ...] = ()
    kind: str = "pretrain"
    other_stages_fraction: float = 0.0
    """Time of evaluation and later stages as a fraction of pretraining time."""
    reference_hours: float | None = None
    reference_gpu: str | None = None
    reference_gpu_count: int | None = None
    note: str = ""
    fine_tuning: FineTuning | None = None
    """Of a fine-tuning that was asked for as a data set."""
    trials: int = 1
    """How many such runs are meant, one after another; `tokens` are those of all."""
    failed_runs: float = 0.0
    """Share of all runs started that break off halfway on average; their tokens are among `tokens`."""

    @property
    def runs_started(self) -> float:
        """Those that are meant, and on average as many more as break off."""
        return self.trials / (1 - self.failed_runs)

    @property
    def runs_computed(self) -> float:
        """Whole runs that are computed on average: half of every one that breaks off is."""
        return (self.runs_started + self.trials) / 2

    @property
    def is_as_asked(self) -> bool:
        """Whether somebody asked for this recipe, and nobody published it."""
        asked = (name for name, source in self.sources.items() if source.slug == GIVEN)
        return self.slug == OWN_RUN or any(name.startswith("recipe.") for name in asked)


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """A published training run: what estimates are calibrated on and judged by."""

    slug: str
    project: str
    model: str
    gpu: str | None
    gpu_count: int | None
    source: Source
    use_for: frozenset[str]
    """What the row is sound for: throughput, memory, power, power_limit (`gpu_watts` is a sweep's limit),
    oom (as described it ran out of GPU memory), fit (it is close to that edge and ran)."""
    n_params: float | None = None
    n_layers: int | None = None
    d_model: int | None = None
    n_heads: int | None = None
    n_kv_heads: int | None = None
    d_ff: int | None = None
    vocab_size: int | None = None
    seq_len: int | None = None
    tokens: float | None = None
    nodes: int | None = None
    precision: str | None = None
    optimizer: str | None = None
    engine: str | None = None
    attention: str | None = None
    checkpointing: str | None = None
    """none, selective, full, or the part of the layers, "17/32"."""
    offload: Offload | None = None
    parallelism: str | None = None
    chunked_cross_entropy: bool | None = None
    gradient_release: bool | None = None
    activations_on_host: bool | None = None
    optimizer_bits: int | None = None
    """Bits of an optimizer state element where they are not those of the weights."""
    power_limit_watts: float | None = None
    micro_batch: int | None = None
    global_batch_tokens: int | None = None
    hours: float | None = None
    tokens_per_s: float | None = None
    peak_memory_gib: float | None = None
    gpu_watts: float | None = None
    node_watts: float | None = None
    workload: str | None = None
    year: int | None = None
    confidence: str | None = None
    adapter_rank: int | None = None
    adapter_targets: AdapterTargets | None = None
    trainer: Trainer | None = None
    weights_in: WeightsIn | None = None
    frozen_bits: int | None = None
    """Of a frozen weight beside adapters: 4, 8, 16 or 32."""
    gated_mlp: bool | None = None
    tied_embeddings: bool | None = None
    memory_cap_gib: float | None = None
    """What the run was allowed to allocate of a larger card."""
    reserved_memory_gib: float | None = None
    """What its allocator held of the card, beside what was allocated (`peak_memory_gib`)."""
    gpu_link: bool | None = None
    """Whether its GPUs were joined by NVLink or the like, where that is said or denied."""
    shape: Architecture | None = None
    """The catalog's shape of the model that its owner named, which these columns cannot say in full
    (windows, heads of another size, experts): looked up by the name, not kept."""


@dataclass(frozen=True, slots=True)
class EgressTier:
    """What each gigabyte of outgoing traffic costs from a monthly amount on, up to the next tier."""

    from_gb: Decimal
    per_gb: Decimal


@dataclass(frozen=True, slots=True)
class Provider:
    """Who rents out GPUs, and on which terms."""

    slug: str
    name: str
    url: str
    kind: ProviderKind
    sources: Mapping[str, Source] = field(default_factory=dict)
    headquarters: str | None = None
    """ISO 3166 code of the country where the company that sells the hours has its seat."""
    price_vat: PriceVat | None = None
    """Of the prices that it shows."""
    billing_increment_s: float | None = None
    minimum_billing_s: float | None = None
    includes_processor: bool | None = None
    """Whether an hour's price contains the processors beside the GPU; False where they are billed apart."""
    includes_memory: bool | None = None
    includes_local_disk: bool | None = None
    pue: float | None = None
    pue_basis: Basis = "assumed"
    egress_per_gb: Decimal | None = None
    """Of the first tier, from the first GB of a month on; free allowances are left out."""
    egress_tiers: tuple[EgressTier, ...] = ()
    """The tiers after the first, in order; each prices only the GB beyond its beginning."""
    storage_per_gb_month: Decimal | None = None
    fee_currency: str | None = None
    """Currency of egress and storage fees."""

    @property
    def includes_egress(self) -> bool | None:
        """Whether what is sent out costs nothing extra; None where its price is unknown."""
        return None if self.egress_per_gb is None else not self.egress_per_gb and not self.egress_tiers


@dataclass(frozen=True, slots=True)
class SpotInterruption:
    """Which share of spot machines of a kind their provider took away within a month, as a range."""

    provider: str
    instance: str
    region: str
    share_low: float
    share_high: float | None
    """None for a range without an upper end."""
    as_of: date
    source: Source


@dataclass(frozen=True, slots=True)
class RentalIndex:
    """What an index says that an hour of one rented GPU costs on a day: a check on offers, none itself."""

    name: str
    gpu_raw_name: str
    gpus: tuple[str, ...]
    """Slugs of the cards that its name may mean: one, several, or none that we know."""
    per_gpu_hour: Decimal
    currency: str
    as_of: date
    source: Source


@dataclass(frozen=True, slots=True)
class CloudOffer:
    """A whole instance for rent, at the price last seen; `hourly_price` is never 0."""

    provider: str
    instance: str
    region: str
    country: str | None
    gpu: str | None
    """Canonical GPU slug; None while nobody has mapped `gpu_raw_name`."""
    gpu_raw_name: str
    gpu_count: int
    memory_gib_per_gpu: float | None
    tier: Tier
    hourly_price: Decimal
    currency: str
    as_of: date
    source: Source
    vcpus: int | None = None
    ram_gib: float | None = None
    term_months: int | None = None
    note: str = ""
    slug: str = ""
    fetched_at: datetime | None = None
    origin: str = "catalog"
    """Which list says so: catalog, a price source's name, or own for quotes and imports."""
    unlisted_since: datetime | None = None
    """When a newer answer of the same list first left the offer out; None while it is listed."""
    superseded_by: str | None = None
    """The list that has taken its place; its price is then history."""
    superseded_since: datetime | None = None
    in_stock: bool | None = None
    """Whether it could be rented when its source was last read; None where the source does not tell."""
    rentable_count: int | None = None
    """How many of it could be rented when it was last seen rentable, where the source counts them."""
    seen_rentable_at: datetime | None = None
    """When it was last seen rentable; None where it never was, or nobody tells."""
    interruptions: Figure | None = None
    """Of a spot offer: interruptions per day, where its provider tells them of this instance."""


@dataclass(frozen=True, slots=True)
class ElectricityRate:
    """What a kilowatt-hour costs in a zone over a period."""

    zone: str
    zone_name: str
    kind: RateKind
    """Spot is not what a home pays; the last three are a household's own, and never stored."""
    currency: str
    per_kwh: Decimal
    taxes: Taxes
    as_of: date
    source: Source
    band: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    note: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class VatRate:
    """The VAT, or a tax like it, that a private person bears in a country."""

    country: str
    """ISO 3166 code."""
    kind: VatKind
    share: float
    """Of the price before it."""
    valid_from: date | None
    """None: it was so before anything we look at."""
    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True)
class CarbonIntensity:
    """Greenhouse gas per kilowatt-hour of a grid, with the method that makes it comparable."""

    zone: str
    zone_name: str
    year: int
    grams_co2e_per_kwh: float
    scope: Scope
    accounting: Accounting
    as_of: date
    source: Source
    note: str = ""
    slug: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeRate:
    """Units of `quote` for one `base` on the rate's own day."""

    base: str
    quote: str
    rate: Decimal
    as_of: date
    source: Source


@dataclass(frozen=True, slots=True)
class SpotPrice:
    """The day-ahead price of one market slot, before charges and tax; may be negative."""

    zone: str
    """Bidding zone, e.g. DE-LU."""
    slot_start: datetime
    slot_end: datetime
    per_mwh: Decimal
    currency: str
    source: Source
    fetched_at: datetime
    taxes: Taxes = "excl_taxes"
    """excl_taxes: wholesale; all: a dynamic tariff's own price with everything in it."""


@dataclass(frozen=True, slots=True)
class GridCarbon:
    """Greenhouse gas per kilowatt-hour of a grid in one slot of time, measured or forecast."""

    zone: str
    slot_start: datetime
    slot_end: datetime
    grams_co2e_per_kwh: float
    scope: Scope
    accounting: Accounting
    is_forecast: bool
    source: Source
    fetched_at: datetime
