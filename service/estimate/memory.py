"""What lies in GPU memory at each instant of a training step, and whether it fits.

Peak = max over instants, never a sum of worst cases: the loss at the end of the forward pass, its
backward pass, the backward pass of the first and of the last layer it meets, the embeddings' gradient,
the optimizer step. Between those, memory rises or falls evenly, so that the ends suffice.
Eager PyTorch is held against counted peaks of 22 model families (tests/estimate/oracle_peaks.csv),
compiled against measured ones (tests/estimate/h200_peaks.csv). What the allocator reserves beyond its
tensors and what the process takes are `with_context`'s.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.estimate.activations import (
    EAGER_LOGITS,
    LOGITS_AFTER_FORWARD,
    layer_bytes_per_token,
    logits_bytes_per_token,
    mode_of,
    prepared_for_few_bits,
    under_autocast,
    unfused,
    work_bytes_per_token,
    written_out,
)
from service.estimate.architecture import parameter_groups
from service.estimate.block_kinds import kind_of
from service.estimate.memory_plan import MemoryPlan
from service.estimate.quantile import QUANTILE_90
from service.estimate.step_work import Number
from service.estimate.training_state import ON_HOST, training_state
from service.facts import GIB, Architecture, Recipe

Fit = Literal["fits", "fits_with_adjustments", "marginal", "does_not_fit"]
"""Whether a run fits a card's memory: as published, changed, perhaps, or not."""

SELECTIVE_ACTIVATIONS = 0.36
"""Share of the activations that per-operator selective checkpointing keeps (every second matrix product
and the attention output): 0.2 to 0.45 by version and card (torchtitan and torchao, Llama 3 8B: 33.7 to
47.7 GiB for one configuration)."""
LEAST_SELECTIVE_ACTIVATIONS = 0.15
"""The same where MLP, attention and norms are all recomputed (LLM.Q): the lower end of the band."""
CONTEXT_GIB = 0.69
"""CUDA context and library workspaces (measured on an H200 with PyTorch 2.11)."""
WORKSPACE = 0.04 * GIB
"""cuBLAS workspace, allocated like a tensor."""
COMMUNICATION_GIB = 0.6
"""NCCL buffers as soon as there are several GPUs."""
UNFUSED_STEP = 12.0
"""Bytes per parameter of an optimizer written as a graph (BERT's AdamWeightDecayOptimizer in TensorFlow 1):
the products of both states and of the weight need no gradient, so that they are computed as the step begins
and wait for it. Its update and the clipped gradients come when activations are gone."""
CHUNKED_LOGITS_SHARE = 1 / 8
"""Of one sequence's logits."""
SURE, UNLIKELY = 0.9, 0.3
"""Probability from which on a run is told to fit, and up to which it is told not to."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the caching allocator holds over what is allocated [ratio], with its 80 % band."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True)
class PeakMemory:
    """Peak of allocated memory per GPU with its 80 % band [GiB]."""

    p10: float
    p50: float
    p90: float
    weights_gib: float
    gradients_gib: float
    optimizer_gib: float
    activations_gib: float
    logits_gib: float
    instant: Literal["forward-backward", "optimizer-step"]
    """Which instant is the peak."""
    host_memory_gib: float
    """Host memory the plan needs for what it moved off the GPU."""
    reserved: Reserved


RESERVED_EAGER = Reserved(1.0, 1.06, 1.16)
RESERVED_COMPILED = Reserved(1.0, 1.02, 1.12)
"""Measured without a limit 1 to 1.25, median 1.10 (eager), and 1 to 1.19, median 1.02 (compiled); near
a limit the allocator gives back what it can, and eager runs lived with 1.02 to 1.10 (H200, 2026-11)."""


UNLIMITED_EAGER = Reserved(1.0, 1.07, 1.15)
UNLIMITED_COMPILED = Reserved(1.0, 1.02, 1.12)
UNLIMITED_ADAPTERS = Reserved(1.04, 1.12, 1.22)
"""The same where memory is plenty; with adapters 1.12 and 1.24 were printed (FSDP QLoRA, two readings)."""


@dataclass(frozen=True, slots=True)
class Band:
    """An 80 % band as factors of the central estimate."""

    low: float
    high: float


SOUND_BAND = Band(0.93, 1.10)
"""Around a recipe that is known in full, on unsharded weights."""
EAGER_BAND = Band(0.93, 1.2)
"""The same of eager code: published peaks lie above the account where code keeps its logits, drops out or
steps by an unfused optimizer; our own measurements within 1 %."""
SHARDED_BAND = Band(0.87, 1.2)
"""Sharded weights: buckets and gathers differ."""
NATIVE_BAND = Band(0.8, 1.17)
"""Native code: its authors share buffers and chunk losses as they like (LLM.Q's largest batches ran)."""
STORED_SCORES_BAND = Band(0.9, 1.3)
"""Naive attention: dropout and masks keep further copies in some code."""
ADAPTER_BAND = Band(0.9, 1.15)
"""Adapters: what is upcast differs between trainers."""
FEW_BITS_BAND = Band(0.86, 1.2)
"""The same beside weights of few bits."""
UNFUSED_BAND = Band(0.88, 1.25)
"""Frameworks without fused kernels (TensorFlow 1): which operators run at once is the scheduler's."""


def peak_memory(a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: int = 1) -> PeakMemory:
    """Peak memory per GPU of one training step [GiB], without CUDA context (see `with_context`).

    The 2026 nanochat's Muon stacks all gradients and weights during the optimizer step (+8 bytes per
    matrix weight), which can be the peak at small batches.
    """
    at = instants(
        a,
        recipe,
        plan,
        gpu_count,
        micro_batch=float(plan.micro_batch),
        checkpointed_layers=float(plan.checkpointed_layers),
    )
    in_step = at.optimizer_step > at.forward_backward
    return PeakMemory(
        p10=float(at.p10) / GIB,
        p50=float(at.p50) / GIB,
        p90=float(at.p90) / GIB,
        weights_gib=at.weights / GIB,
        gradients_gib=at.gradients / GIB,
        optimizer_gib=at.states / GIB,
        activations_gib=float(at.activations) / GIB,
        logits_gib=float(at.logits) / GIB,
        instant="optimizer-step" if in_step else "forward-backward",
        host_memory_gib=float(at.on_host) / GIB,
        reserved=reserved_by(recipe),
    )


def reserved_by(recipe: Recipe) -> Reserved:
    """How far the allocator fragments under this engine; TensorFlow 1 allocates as eager PyTorch does."""
    by_operator = recipe.engine == "torch-eager" or unfused(recipe)
    return RESERVED_EAGER if by_operator else RESERVED_COMPILED


def unlimited_reserve(recipe: Recipe) -> Reserved:
    """The same where no limit makes the allocator give back."""
    if recipe.trained != "all":
        return UNLIMITED_ADAPTERS
    return UNLIMITED_EAGER if recipe.engine == "torch-eager" else UNLIMITED_COMPILED


@dataclass(frozen=True, slots=True)
class Instants:
    """Bytes per GPU at the instants of a step that can be the peak; numbers, or arrays over plans."""

    forward_backward: Number
    optimizer_step: Number
    band: Band
    spared: Number
    """What selective recomputation may keep less than is taken."""
    stored_scores: Number
    """What attention keeps more where PyTorch finds no fused kernel: FP32 with grouped queries (transformers
    5.17 on an H200: 16.95 instead of 14.3 GiB; older versions repeat keys and values, and keep none)."""
    unfused_step: Number
    """The optimizer step with the temporary copy that an unfused AdamW makes of one of its states."""
    weights: float
    gradients: float
    states: float
    activations: Number
    logits: Number
    on_host: Number

    @property
    def p50(self) -> Number:
        return np.maximum(self.forward_backward, self.optimizer_step)

    @property
    def p10(self) -> Number:
        return np.maximum(self.forward_backward - self.spared, self.optimizer_step) * self.band.low

    @property
    def p90(self) -> Number:
        return np.maximum(self.p50 * self.band.high + self.stored_scores, self.unfused_step)


def instants(
    a: Architecture,
    recipe: Recipe,
    plan: MemoryPlan,
    gpu_count: int,
    *,
    micro_batch: Number,
    checkpointed_layers: Number,
) -> Instants:
    """Bytes per GPU for any micro-batches and numbers of checkpointed layers; the rest is the plan's."""
    recipe = with_longest(recipe)
    groups, state = parameter_groups(a), training_state(a, recipe, plan, gpu_count)
    sharded = (plan.sharding or recipe.sharding) == "fsdp" and gpu_count > 1
    tokens, mode = micro_batch * recipe.seq_len, mode_of(recipe)
    eager = recipe.engine == "torch-eager" or (recipe.engine == "torch-compile" and written_out(a, recipe))
    on_host, trains_all = plan.optimizer in ON_HOST, recipe.trained == "all"
    head = float(a.vocab_size * a.d_model)

    checkpointed = np.minimum(checkpointed_layers, a.n_layers)
    recomputes = np.where(checkpointed > 0, 1.0, 0.0)
    layer = layer_bytes_per_token(a, recipe) * tokens
    spared: Number = 0.0
    if recipe.checkpointing == "selective":
        less = np.where(checkpointed > 0, 0.0, SELECTIVE_ACTIVATIONS - LEAST_SELECTIVE_ACTIVATIONS)
        spared = less * a.n_layers * layer
        kept_share = np.where(checkpointed > 0, 1.0, SELECTIVE_ACTIVATIONS)
    else:
        kept_share = np.asarray(1.0)
    stored = 0.0
    if eager and mode == "single" and recipe.attention == "flash" and a.n_kv_heads < a.n_heads:
        stored = 4.0 * a.n_heads * recipe.seq_len
    residual = (2.0 if mode == "half" or not eager else 4.0) * a.d_model * tokens
    waiting = np.minimum(2, checkpointed) if plan.activations_on_host else checkpointed
    kept = (a.n_layers - checkpointed) * layer * kept_share + waiting * residual
    logits = logits_bytes_per_token(a, recipe) * tokens
    after_forward = LOGITS_AFTER_FORWARD / EAGER_LOGITS * logits if eager else 0.0
    if plan.chunked_cross_entropy:
        one_chunk = CHUNKED_LOGITS_SHARE / micro_batch
        after_forward = after_forward * one_chunk
        if recipe.engine == "native":
            logits = logits * one_chunk
        else:
            # A chunk is written out, and adds its gradient of the head to that of those before.
            added = (2.0 if on_host else recipe.weight_bytes) * head if trains_all and not sharded else 0.0
            logits = np.maximum(logits, EAGER_LOGITS * a.vocab_size * tokens) * one_chunk + added
    casts: Number = 0.0
    all_casts = 0.0
    if mode == "amp" and trains_all and recipe.engine != "native" and not on_host:
        casts = 2.0 * (groups.matrices * (1 - checkpointed / a.n_layers) + head)
        all_casts = 2.0 * (groups.matrices + head)
    elif prepared_for_few_bits(recipe) and under_autocast(recipe):
        casts = all_casts = 2.0 * head

    accumulates = tokens * gpu_count < recipe.global_batch_tokens
    persistent = state.weights + state.states + WORKSPACE + kind_of(a).mask_bytes * a.n_layers
    if unfused(recipe):
        persistent += UNFUSED_STEP * groups.total
    # Peaks of sharded and of block-compiled code are as if all gradients were there from the beginning.
    in_one_piece = recipe.engine == "torch-compile" and recipe.weight_bytes == 4
    made_late = not sharded and (eager or in_one_piece)
    before = persistent + np.where(accumulates | (not made_late), state.gradients, 0.0)
    work = work_bytes_per_token(a, recipe) * tokens
    share = state.gradients / max(groups.total, 1) if trains_all else 0.0
    # FSDP reduces whole gradients, FP32 ones where weights are FP32.
    whole = 0.0
    if sharded and trains_all:
        whole = recipe.weight_bytes * (2 * groups.matrices / a.n_layers + head)
    head_gradient = np.where(accumulates, 2.0 if trains_all else 0.0, share) * head
    tied = 2.0 * share * head if a.tied_embeddings else np.where(accumulates, share * head, 0.0)
    one_layer = np.where(checkpointed < a.n_layers, kept_share, 1.0) * layer
    loss_forward = before + kept + after_forward + all_casts
    loss_backward = before + kept + logits + casts
    first_layer = before + head_gradient + kept + recomputes * layer + work + casts
    last_layer = persistent + state.gradients - share * groups.embedding + one_layer + work
    embeddings = persistent + state.gradients + tied + residual
    if eager:
        forward_backward = np.maximum(loss_forward, loss_backward)
        for instant in (first_layer, last_layer, embeddings):
            forward_backward = np.maximum(forward_backward, instant)
    elif recipe.engine == "native":
        # Hand-written code lets its buffers of logits and of a recomputed layer overlap.
        forward_backward = np.maximum(loss_backward, before + kept + recomputes * layer)
    else:
        forward_backward = loss_backward + recomputes * layer
    forward_backward = forward_backward + state.gathered + whole
    stacked = 8.0 * groups.matrices if a.value_embedding_layers and not on_host else 0.0
    optimizer_step = persistent + state.gradients + stacked + state.stepped
    copied = 0.0
    if recipe.engine == "torch-eager" and recipe.optimizer == "adamw" and plan.optimizer == "gpu":
        copied = (state.states - state.masters) / 2
    return Instants(
        forward_backward=forward_backward,
        optimizer_step=optimizer_step,
        band=band_of(recipe),
        spared=spared,
        stored_scores=stored * tokens * np.maximum(a.n_layers - checkpointed, 1.0),
        unfused_step=optimizer_step + copied,
        weights=state.weights,
        gradients=state.gradients,
        states=state.states,
        activations=kept + recomputes * layer,
        logits=logits,
        on_host=state.on_host + (checkpointed - waiting) * residual,
    )


def with_longest(recipe: Recipe) -> Recipe:
    """The recipe with all sequences as long as the longest: what a micro-batch is at its largest."""
    if recipe.max_seq_len is None:
        return recipe
    sequences = recipe.global_batch_tokens // recipe.seq_len
    return replace(recipe, seq_len=recipe.max_seq_len, global_batch_tokens=sequences * recipe.max_seq_len)


def band_of(recipe: Recipe) -> Band:
    """How far measured peaks lie from the central estimate, by what is least certain of a recipe."""
    if unfused(recipe):
        return UNFUSED_BAND
    if recipe.trained != "all":
        return FEW_BITS_BAND if recipe.trained == "qlora" else ADAPTER_BAND
    if recipe.attention == "naive":
        return STORED_SCORES_BAND
    if recipe.engine == "native":
        return NATIVE_BAND
    if recipe.sharding in ("fsdp", "zero-2"):
        return SHARDED_BAND
    return EAGER_BAND if recipe.engine == "torch-eager" else SOUND_BAND


def context_gib(gpu_count: int) -> float:
    """CUDA context and, over several GPUs, communication buffers [GiB]."""
    return CONTEXT_GIB + (COMMUNICATION_GIB if gpu_count > 1 else 0.0)


def with_reserve(p10: Number, p50: Number, p90: Number, reserved: Reserved) -> tuple[Number, Number, Number]:
    """What the allocator takes for a peak: medians multiply, log spreads add in squares."""
    down = np.hypot(np.log(p50 / p10), math.log(reserved.p50 / reserved.p10))
    up = np.hypot(np.log(p90 / p50), math.log(reserved.p90 / reserved.p50))
    middle = p50 * reserved.p50
    return middle * np.exp(-down), middle, middle * np.exp(up)


def with_reserved(peak: PeakMemory) -> PeakMemory:
    """The same peak as the allocator holds it, what `torch.cuda.max_memory_reserved` tells [GiB]."""
    low, middle, high = with_reserve(peak.p10, peak.p50, peak.p90, peak.reserved)
    return replace(peak, p10=float(low), p50=float(middle), p90=float(high), reserved=Reserved(1.0, 1.0, 1.0))


def with_context(peak: PeakMemory, gpu_count: int) -> PeakMemory:
    """What the process takes of the card: reserved memory and its context [GiB]."""
    extra, held = context_gib(gpu_count), with_reserved(peak)
    return replace(held, p10=held.p10 + extra, p50=held.p50 + extra, p90=held.p90 + extra)


def fit_verdict(peak: PeakMemory, available_gib: float) -> Fit:
    """What the probability of a fit is told as."""
    return verdict_of(fit_probability(peak, available_gib))


def verdict_of(chance: float) -> Fit:
    """fits from `SURE` on, does_not_fit up to `UNLIKELY`, else marginal."""
    if chance >= SURE:
        return "fits"
    return "marginal" if chance > UNLIKELY else "does_not_fit"


def fit_probability(peak: PeakMemory, available_gib: float) -> float:
    """Probability that the peak stays within so many GiB [0-1]: 0.9 at p90, 0.5 at p50, 0.1 at p10.

    A normal in log space on each side of the median, with the band's own spread there. Ask it of
    `with_context`, for a fit must hold what is reserved.
    """
    if available_gib <= 0 or peak.p50 <= 0:
        return 0.0
    above = available_gib >= peak.p50
    edge = peak.p90 / peak.p50 if above else peak.p50 / peak.p10
    if edge <= 1:
        return 1.0 if above else 0.0
    z = QUANTILE_90 * math.log(available_gib / peak.p50) / math.log(edge)
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))
