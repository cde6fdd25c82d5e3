"""What lies in GPU memory at each instant of a training step, and whether it fits.

Peak = max over instants (forward/backward, optimizer step), never a sum of worst cases.
Derived for nanochat d32 in the project's notes (activations traced with AOT joint graphs) and
checked against published peaks: nanochat d20 on 8 GPUs 75,422 MiB, d12 on an RTX 4070 9,448 MiB.
Leaves out allocator fragmentation and framework surprises: the band of `PeakMemory` carries them.
"""

from dataclasses import dataclass, replace

from service.estimate.architecture import parameter_groups
from service.facts import GIB, Architecture, Recipe

ACTIVATION_REMAINDER = 0.1
"""Log-sum-exp and norm statistics in FP32 [bytes per token, layer and channel]."""
EAGER_ACTIVATIONS = 1.16
"""Eager PyTorch keeps 16 % more activations than the min-cut partitioner of torch.compile."""
EAGER_LOGIT_BYTES = 6.3
CONTEXT_GIB = 0.65
"""CUDA context and library workspaces: 0.5-0.8 GiB on one GPU."""
COMMUNICATION_GIB = 0.6
"""NCCL buffers as soon as there are several GPUs."""
CHUNKED_LOGITS_SHARE = 1 / 8
BAND_LOW, BAND_HIGH = 0.95, 1.12
"""80 % band around the central estimate; the low side also assumes one logits buffer less."""

PLACEMENTS = ("gpu", "8bit", "host", "host+gradients")


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """The adjustable part of a training step's memory."""

    micro_batch: int
    checkpointed_layers: int = 0
    chunked_cross_entropy: bool = False
    optimizer: str = "gpu"
    """gpu as published | 8bit states | host: master weights and states in host memory, BF16
    weights and gradients on the GPU | host+gradients: gradients streamed to the host as well"""


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
    instant: str
    """forward-backward | optimizer-step: which instant is the peak"""
    host_memory_gib: float
    """Host memory the plan needs for what it moved off the GPU."""


def activation_bytes_per_token_and_layer(a: Architecture, recipe: Recipe) -> float:
    """Activations one layer keeps for the backward pass [bytes per token].

    38.1 x d for nanochat's ReLU-squared block under torch.compile: MLP pre- and post-activation
    8 d + 8 d, inputs of the linear layers 6 d, q/k/v 6 d, their values before the norm 4 d,
    residuals 4 d, attention output 2 d. A gated MLP keeps three hidden vectors instead of two;
    naive attention adds scores and probabilities (Korthikanti et al., arXiv:2205.05198, section 4).
    """
    d, ff = a.d_model, a.d_ff
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    hidden = (3 if a.gated_mlp else 2) * 2 * ff
    linear_inputs = 2 * d + 2 * q + 2 * d
    heads = 2 * (q + 2 * kv)
    before_norm = 2 * (q + kv) if a.norm == "none" or a.qk_norm_parameters else 0
    kept = hidden + linear_inputs + heads + before_norm + 4 * d + 2 * q + ACTIVATION_REMAINDER * d
    if recipe.attention == "naive":
        kept += 4 * a.n_heads * recipe.seq_len
    return kept * (EAGER_ACTIVATIONS if recipe.engine == "torch-eager" else 1.0)


def logits_bytes_per_token(a: Architecture, recipe: Recipe) -> float:
    """Logits and their gradient [bytes per token]: two BF16 buffers compiled, one fused, FP32 eager."""
    if recipe.engine == "torch-eager":
        return EAGER_LOGIT_BYTES * a.vocab_size
    return (2 if recipe.engine == "native" else 4) * a.vocab_size


def state_elements(a: Architecture, recipe: Recipe) -> tuple[float, float]:
    """Optimizer state elements of (matrices, everything else) [count]: Muon keeps one, AdamW two."""
    groups = parameter_groups(a)
    matrices = groups.matrices * (1 if recipe.optimizer == "muon+adamw" else 2)
    return matrices, 2 * (groups.total - groups.matrices)


def peak_memory(a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: int = 1) -> PeakMemory:
    """Peak memory per GPU of one training step [GiB], without CUDA context (see `with_context`).

    nanochat d32 on one GPU at micro-batch 1: 29.5 plain, 22.2 checkpointed, 7.9 with optimizer and
    master weights in host memory. The 2026 nanochat's Muon stacks all gradients and weights during
    the optimizer step (+8 bytes per matrix weight), which can be the peak at small batches.
    """
    groups = parameter_groups(a)
    embeddings = groups.embedding + groups.value_embeddings
    others = groups.total - embeddings
    fsdp = recipe.sharding == "fsdp"
    weight_shards = gpu_count if fsdp else 1
    gradient_shards = gpu_count if fsdp or recipe.sharding == "zero-2" else 1
    state_shards = 1 if recipe.sharding == "ddp" else gpu_count
    tokens = plan.micro_batch * recipe.seq_len

    stored = others * recipe.weight_bytes + embeddings * recipe.embedding_bytes
    state_count_matrices, state_count_rest = state_elements(a, recipe)
    rest = groups.total - groups.matrices
    rest_state_bytes = (
        state_count_rest
        * (embeddings * recipe.embedding_bytes + (rest - embeddings) * recipe.state_bytes)
        / max(rest, 1)
    )
    states = state_count_matrices * recipe.state_bytes + rest_state_bytes
    on_host = 0.0
    on_device_copies = plan.optimizer in ("host", "host+gradients")
    weights, gradients = float(stored), float(stored)
    if plan.optimizer == "8bit":
        states = state_count_matrices + state_count_rest
    elif on_device_copies:
        on_host = states + stored + 2 * groups.total
        states = 0.0
        weights = 2.0 * groups.total
        gradients = 2.0 * groups.total
        if plan.optimizer == "host+gradients":
            largest = max(groups.matrices / a.n_layers, a.vocab_size * a.d_model)
            gradients = 2.0 * largest
    weights /= weight_shards
    gradients /= gradient_shards
    states /= state_shards

    checkpointed = min(plan.checkpointed_layers, a.n_layers)
    per_layer = activation_bytes_per_token_and_layer(a, recipe) * tokens
    activations = (a.n_layers - checkpointed) * per_layer + checkpointed * 2 * a.d_model * tokens
    if checkpointed:
        activations += per_layer
    logits = logits_bytes_per_token(a, recipe) * tokens
    if plan.chunked_cross_entropy:
        logits = logits * CHUNKED_LOGITS_SHARE / plan.micro_batch
    compute_copies = 0.0
    if recipe.weight_bytes == 4 and not on_device_copies and recipe.precision != "fp32":
        live_layers = a.n_layers - checkpointed + (1 if checkpointed else 0)
        if fsdp:
            live_layers = min(2, a.n_layers)
        if recipe.engine == "torch-compile" or fsdp:
            compute_copies = 2 * (groups.matrices * live_layers / a.n_layers + a.vocab_size * a.d_model)

    persistent = weights + gradients + states
    forward_backward = persistent + activations + logits + compute_copies
    stacked = 8.0 * groups.matrices if a.value_embedding_layers and not on_device_copies else 0.0
    optimizer_step = persistent + stacked
    peak = max(forward_backward, optimizer_step)
    one_buffer_less = 0.0 if plan.chunked_cross_entropy else logits / 2
    lowest = max(forward_backward - one_buffer_less, optimizer_step)
    return PeakMemory(
        p10=lowest * BAND_LOW / GIB,
        p50=peak / GIB,
        p90=peak * BAND_HIGH / GIB,
        weights_gib=weights / GIB,
        gradients_gib=gradients / GIB,
        optimizer_gib=states / GIB,
        activations_gib=activations / GIB,
        logits_gib=logits / GIB,
        instant="forward-backward" if forward_backward >= optimizer_step else "optimizer-step",
        host_memory_gib=on_host / GIB,
    )


def with_context(peak: PeakMemory, gpu_count: int) -> PeakMemory:
    """The same peak with CUDA context and, over several GPUs, communication buffers [GiB]."""
    extra = CONTEXT_GIB + (COMMUNICATION_GIB if gpu_count > 1 else 0.0)
    return replace(peak, p10=peak.p10 + extra, p50=peak.p50 + extra, p90=peak.p90 + extra)


def fit_verdict(peak: PeakMemory, available_gib: float) -> str:
    """fits when the upper end of the band does, marginal when only the lower end does, else does_not_fit."""
    if peak.p90 <= available_gib:
        return "fits"
    return "marginal" if peak.p10 <= available_gib else "does_not_fit"
