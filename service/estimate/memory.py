"""What lies in GPU memory at each instant of a training step, and whether it fits.

Peak = max over instants (forward/backward, optimizer step), never a sum of worst cases.
Derived for nanochat d32 in the project's notes (activations traced with AOT joint graphs) and
checked against published peaks: nanochat d20 on 8 GPUs 75,422 MiB, d12 on an RTX 4070 9,448 MiB.
Leaves out allocator fragmentation and framework surprises: the band of `PeakMemory` carries them.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.estimate.architecture import ParameterGroups, parameter_groups
from service.estimate.memory_plan import MemoryPlan
from service.estimate.quantile import QUANTILE_90
from service.estimate.step_work import Number, trained_parameters
from service.facts import GIB, Architecture, Recipe

Fit = Literal["fits", "fits_with_adjustments", "marginal", "does_not_fit"]
"""Whether a run fits a card's memory: as published, changed, perhaps, or not."""

ACTIVATION_REMAINDER = 0.1
"""Log-sum-exp and norm statistics in FP32 [bytes per token, layer and channel]."""
EAGER_ACTIVATIONS = 1.16
"""What eager PyTorch keeps of nanochat's block over what the min-cut partitioner of torch.compile does."""
LOGITS_BYTES = {"torch-compile": 4.0, "native": 2.0, "torch-eager": 12.0}
"""Logits and their gradient, bytes per token and vocabulary entry. Compiled: BF16 logits and, unless
Inductor reuses the buffer (it depends on the version), their gradient of the same size; native: one fused
buffer; eager: BF16 logits, their FP32 copy, its gradient and the BF16 gradient."""
ONE_LOGITS_BUFFER = 2.0
"""The 2026 nanochat (three published peaks on three GPUs) keeps one."""
FUSED_LOSS = {"llm-foundry": 4.0}
"""Code bases whose eager cross entropy is one fused kernel that works in place."""
SELECTIVE_ACTIVATIONS = 0.45
"""Share of the activations that per-operator selective checkpointing keeps (every second matrix product
and the attention output; torchtitan)."""
LEAST_SELECTIVE_ACTIVATIONS = 0.15
"""The same where MLP, attention and norms are all recomputed (LLM.Q): the lower end of the band."""
CONTEXT_GIB = 0.65
"""CUDA context and library workspaces: 0.5-0.8 GiB on one GPU."""
COMMUNICATION_GIB = 0.6
"""NCCL buffers as soon as there are several GPUs."""
CHUNKED_LOGITS_SHARE = 1 / 8
FOUR_BIT_WEIGHT = 0.5625
"""Bytes of an NF4 weight with its block scales (QLoRA, arXiv:2305.14314, section 3: 4.5 bits)."""
ON_HOST = ("host", "host+gradients", "host+parameters")
"""Placements that leave BF16 weights alone on the GPU."""
BAND_LOW, BAND_HIGH = 0.95, 1.15
"""80 % band around the central estimate, skewed upwards as the misses are; the low side also assumes one
logits buffer less. Fixed, not fitted: some 20 published peaks would over-fit at once."""


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


def activation_bytes_per_token_and_layer(a: Architecture, recipe: Recipe) -> float:
    """Activations one layer keeps for the backward pass [bytes per token].

    38.1 x d for nanochat's ReLU-squared block under torch.compile: MLP pre- and post-activation
    8 d + 8 d, inputs of the linear layers 6 d, q/k/v 6 d, their values before the norm 4 d,
    residuals 4 d, attention output 2 d. Other blocks keep 32 d (the attention output is the linear
    layer's input; no norm of q and k). A gated MLP keeps three hidden vectors instead of two, four in
    eager mode; naive attention adds scores and probabilities (Korthikanti et al., arXiv:2205.05198,
    section 4).
    """
    d, ff = a.d_model, a.d_ff * a.experts_per_token
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    gated = 4 if recipe.engine == "torch-eager" else 3
    hidden = (gated if a.gated_mlp else 2) * 2 * ff
    linear_inputs = 2 * d + 2 * q + 2 * d
    heads = 2 * (q + 2 * kv)
    before_norm = 2 * (q + kv) if a.norm == "none" or a.qk_norm_parameters else 0
    kept = hidden + linear_inputs + heads + before_norm + 4 * d + ACTIVATION_REMAINDER * d
    if a.norm == "none":
        kept = (kept + 2 * q) * (EAGER_ACTIVATIONS if recipe.engine == "torch-eager" else 1.0)
    if recipe.attention == "naive":
        kept += 4 * a.n_heads * recipe.seq_len
    return kept


def logits_bytes_per_token(a: Architecture, recipe: Recipe) -> float:
    """Logits and their gradient [bytes per token]."""
    if recipe.engine == "torch-compile" and a.value_embedding_layers:
        return ONE_LOGITS_BUFFER * a.vocab_size
    if recipe.code_base in FUSED_LOSS:
        return FUSED_LOSS[recipe.code_base] * a.vocab_size
    if recipe.engine == "torch-compile" and recipe.sharding == "fsdp":
        # Sharded code compiles the blocks one by one and leaves the loss eager.
        return LOGITS_BYTES["torch-eager"] * a.vocab_size
    return LOGITS_BYTES[recipe.engine] * a.vocab_size


def state_elements(a: Architecture, recipe: Recipe) -> tuple[float, float]:
    """Optimizer state elements of (matrices, everything else) [count]: Muon keeps one, AdamW two."""
    groups = parameter_groups(a)
    matrices = groups.matrices * (1 if recipe.optimizer == "muon+adamw" else 2)
    return matrices, 2 * (groups.total - groups.matrices)


def persistent_bytes(
    a: Architecture, groups: ParameterGroups, recipe: Recipe, plan: MemoryPlan, gpu_count: int
) -> tuple[float, float, float, float]:
    """Bytes per GPU that stay over the whole step: weights, gradients, optimizer states; bytes on the host.

    Per parameter group (ZeRO, arXiv:1910.02054, section 3, with each group's own widths). A gradient
    released in the backward pass leaves the largest matrix group alive; streamed weights leave two layers.
    """
    embeddings = groups.embedding + groups.value_embeddings
    sharding = plan.sharding or recipe.sharding
    fsdp = sharding == "fsdp"
    weight_shards = gpu_count if fsdp else 1
    gradient_shards = gpu_count if fsdp or sharding == "zero-2" else 1
    state_shards = 1 if sharding == "ddp" else gpu_count
    stored = (groups.total - embeddings) * recipe.weight_bytes + embeddings * recipe.embedding_bytes
    in_matrices, in_rest = state_elements(a, recipe)
    rest = groups.total - groups.matrices
    rest_bytes = (embeddings * recipe.embedding_bytes + (rest - embeddings) * recipe.state_bytes) / max(
        rest, 1
    )
    states = in_matrices * recipe.state_bytes + in_rest * rest_bytes
    largest = max(groups.matrices / a.n_layers, a.vocab_size * a.d_model)
    weights, gradients, on_host = float(stored), float(stored), 0.0
    if recipe.trained != "all":
        adapters = trained_parameters(a, recipe)
        frozen = FOUR_BIT_WEIGHT if recipe.trained == "qlora" else 2.0
        weights = groups.matrices * frozen + 2.0 * (groups.total - groups.matrices) + 2.0 * adapters
        gradients = 2.0 * adapters
        return weights / weight_shards, gradients / gradient_shards, 4.0 * adapters / state_shards, 0.0
    if plan.optimizer in ("8bit", "8bit-paged"):
        states = in_matrices + in_rest
    if plan.optimizer == "8bit-paged":
        on_host, states = states, 0.0
    elif plan.optimizer in ON_HOST:
        on_host, states = states + stored + 2 * groups.total, 0.0
        weights = gradients = 2.0 * groups.total
        if plan.optimizer != "host":
            gradients = 2.0 * largest
        if plan.optimizer == "host+parameters":
            weights = 2.0 * (2 * groups.matrices / a.n_layers + a.vocab_size * a.d_model)
    if plan.gradient_release:
        gradients = min(gradients, largest * recipe.weight_bytes)
    return weights / weight_shards, gradients / gradient_shards, states / state_shards, on_host


def peak_memory(a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: int = 1) -> PeakMemory:
    """Peak memory per GPU of one training step [GiB], without CUDA context (see `with_context`).

    nanochat d32 on one GPU at micro-batch 1: 29.5 plain, 22.2 checkpointed, 7.9 with optimizer and
    master weights in host memory. The 2026 nanochat's Muon stacks all gradients and weights during
    the optimizer step (+8 bytes per matrix weight), which can be the peak at small batches.
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
    )


@dataclass(frozen=True, slots=True)
class Instants:
    """Bytes per GPU at the two instants of a step that can be the peak; numbers, or arrays over plans."""

    forward_backward: Number
    optimizer_step: Number
    lowest: Number
    """The peak if one buffer of logits is saved and selective recomputation keeps little."""
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
        return self.lowest * BAND_LOW

    @property
    def p90(self) -> Number:
        return self.p50 * BAND_HIGH


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
    groups = parameter_groups(a)
    sharding = plan.sharding or recipe.sharding
    tokens = micro_batch * recipe.seq_len
    weights, gradients, states, on_host = persistent_bytes(a, groups, recipe, plan, gpu_count)
    on_device_copies = plan.optimizer in ON_HOST

    checkpointed = np.minimum(checkpointed_layers, a.n_layers)
    any_checkpoint = np.where(checkpointed > 0, 1.0, 0.0)
    per_layer = activation_bytes_per_token_and_layer(a, recipe) * tokens
    perhaps_less: Number = 0.0
    if recipe.checkpointing == "selective":
        spared = np.where(checkpointed > 0, 0.0, SELECTIVE_ACTIVATIONS - LEAST_SELECTIVE_ACTIVATIONS)
        perhaps_less = spared * a.n_layers * per_layer
        per_layer = per_layer * np.where(checkpointed > 0, 1.0, SELECTIVE_ACTIVATIONS)
    kept_checkpoints = np.minimum(2, checkpointed) if plan.activations_on_host else checkpointed
    activations = (a.n_layers - checkpointed) * per_layer + kept_checkpoints * 2 * a.d_model * tokens
    activations = activations + any_checkpoint * per_layer
    logits = logits_bytes_per_token(a, recipe) * tokens
    one_buffer_less = 0.0 if plan.chunked_cross_entropy else logits / 2
    if plan.chunked_cross_entropy:
        logits = logits * CHUNKED_LOGITS_SHARE / micro_batch
    compute_copies: Number = 0.0
    if recipe.weight_bytes == 4 and not on_device_copies and recipe.precision != "fp32":
        live_layers = a.n_layers - checkpointed + any_checkpoint
        if sharding == "fsdp":
            live_layers = min(2, a.n_layers)
            # Whole gradients wait in FP32 for their reduce-scatter.
            activations = activations + 4 * (
                groups.matrices * live_layers / a.n_layers + a.vocab_size * a.d_model
            )
        if recipe.engine == "torch-compile" or sharding == "fsdp":
            compute_copies = 2 * (groups.matrices * live_layers / a.n_layers + a.vocab_size * a.d_model)

    persistent = weights + gradients + states
    # A step of one micro-batch makes its gradients while the backward pass frees activations. Peaks of
    # eager and block-compiled code, whose allocator fragments, are as if they were there all the time.
    in_one_piece = recipe.engine == "torch-compile" and sharding != "fsdp" and recipe.weight_bytes == 4
    accumulates = tokens * gpu_count < recipe.global_batch_tokens
    held = weights + states + np.where(accumulates | (not in_one_piece), gradients, 0.0)
    forward_backward = held + activations + logits + compute_copies
    stacked = 8.0 * groups.matrices if a.value_embedding_layers and not on_device_copies else 0.0
    optimizer_step = persistent + stacked
    return Instants(
        forward_backward=forward_backward,
        optimizer_step=optimizer_step,
        lowest=np.maximum(forward_backward - one_buffer_less - perhaps_less, optimizer_step),
        weights=weights,
        gradients=gradients,
        states=states,
        activations=activations,
        logits=logits,
        on_host=on_host + (checkpointed - kept_checkpoints) * 2 * a.d_model * tokens,
    )


def context_gib(gpu_count: int) -> float:
    """CUDA context and, over several GPUs, communication buffers [GiB]."""
    return CONTEXT_GIB + (COMMUNICATION_GIB if gpu_count > 1 else 0.0)


def with_context(peak: PeakMemory, gpu_count: int) -> PeakMemory:
    """The same peak with what the process itself takes [GiB]."""
    extra = context_gib(gpu_count)
    return replace(peak, p10=peak.p10 + extra, p50=peak.p50 + extra, p90=peak.p90 + extra)


def fit_verdict(peak: PeakMemory, available_gib: float) -> Fit:
    """fits when the upper end of the band does, marginal when only the lower end does, else does_not_fit."""
    if peak.p90 <= available_gib:
        return "fits"
    return "marginal" if peak.p10 <= available_gib else "does_not_fit"


def fit_probability(peak: PeakMemory, available_gib: float) -> float:
    """Probability that the peak stays within so many GiB [0-1]: 0.9 at p90, 0.5 at p50, 0.1 at p10.

    A normal in log space on each side of the median, with the band's own spread there.
    """
    if available_gib <= 0 or peak.p50 <= 0:
        return 0.0
    above = available_gib >= peak.p50
    edge = peak.p90 / peak.p50 if above else peak.p50 / peak.p10
    if edge <= 1:
        return 1.0 if above else 0.0
    z = QUANTILE_90 * math.log(available_gib / peak.p50) / math.log(edge)
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))
