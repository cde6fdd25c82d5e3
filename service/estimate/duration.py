"""Hours of training: a roofline of matrix products and memory traffic, times calibrated efficiency.

    t_micro = F / (m P)  +  (k L d + k_v V) n / BW  +  weight and gradient traffic  +  overhead
    t_step  = accumulation x t_micro x (1 + sharding)  +  optimizer step  +  offload
    hours   = steps x t_step x (1 + other stages)

F counted as in architecture.py, P the dense peak of hardware.py, m and k the calibrated terms of
calibration.py. All functions take floats or numpy arrays over hardware, so that one call answers
for every machine at once. Leaves out data loading (hidden on a sound set-up), warm-up compilation
(minutes), and failures.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.estimate.architecture import (
    attention_flops_per_token,
    layer_flops_share,
    matmul_parameters,
    parameter_groups,
)
from service.facts import Architecture, Recipe

Number = float | NDArray[np.float64]
Flag = bool | NDArray[np.bool_]

NEWTON_SCHULZ_ITERATIONS = 5
ALIGNED_VOCABULARY = 8
"""Tensor units want the vocabulary to be a multiple of this; GPT-2's 50,257 is not."""
LOGIT_TRAFFIC_BYTES = {"torch-compile": 12.0, "native": 8.0, "torch-eager": 24.0}
SELECTIVE_RECOMPUTE = 0.12
"""Extra share of block FLOPs when only attention internals are recomputed (calibration hint, x1.12)."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What duration needs of the hardware; every field a float or an array over machines."""

    peak_tflops: Number
    """Dense peak of matrix products in the precision used."""
    efficiency: Number
    """Calibrated share of that peak which matrix products reach."""
    flash_attention_cost: Number
    """Calibrated time of a FLOP in a flash kernel over that of one in a matrix product."""
    bandwidth_gb_per_s: Number
    gpu_count: Number
    nodes: Number
    host_link_gb_per_s: Number
    """Usable rate between GPU and host per direction."""
    gpu_link: Flag
    """Whether GPUs speak to each other over NVLink or alike; else gradients cross the host link."""
    host_memory_gb_per_s: Number


@dataclass(frozen=True, slots=True)
class StepTime:
    """Seconds of one optimizer step and where they go."""

    step_s: Number
    matmul_s: Number
    memory_s: Number
    optimizer_s: Number
    sharding_s: Number
    offload_s: Number
    overhead_s: Number
    """Launches, synchronisation and the training loop itself, once per micro-batch."""
    accumulation: Number

    def of(self, machine: int) -> "StepSeconds":
        """The parts of one machine's step."""

        def one(value: Number) -> float:
            return float(np.broadcast_to(value, np.shape(self.step_s))[machine])

        return StepSeconds(
            one(self.step_s),
            one(self.matmul_s),
            one(self.memory_s),
            one(self.optimizer_s),
            one(self.sharding_s),
            one(self.offload_s),
            one(self.overhead_s),
            round(one(self.accumulation)),
        )


@dataclass(frozen=True, slots=True)
class StepSeconds:
    """Seconds of one optimizer step on one machine and where they go."""

    step_s: float
    matmul_s: float
    memory_s: float
    optimizer_s: float
    sharding_s: float
    offload_s: float
    overhead_s: float
    accumulation: int


def recomputed_share(a: Architecture, recipe: Recipe, checkpointed_layers: int) -> float:
    """FLOPs repeated by activation checkpointing as a share of all counted FLOPs [0-1/3].

    One more forward pass of the recomputed layers; the output matrix is not recomputed, so full
    checkpointing costs nanochat d32 x1.311, not x1.333.
    """
    layers = layer_flops_share(a, recipe.seq_len)
    if checkpointed_layers:
        return layers / 3 * min(checkpointed_layers / a.n_layers, 1.0)
    return layers * SELECTIVE_RECOMPUTE if recipe.checkpointing == "selective" else 0.0


def newton_schulz_flops(a: Architecture) -> float:
    """FLOPs of Muon's orthogonalisation of all block matrices, once per step; d32: 8.2e13.

    Five iterations of X X^T, A^2 and B X on the short side s and long side l of each matrix
    (Jordan et al., Muon, 2024): 5 (4 s^2 l + 2 s^3).
    """
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    mlp = [(a.d_model, a.d_ff)] * (3 if a.gated_mlp else 2)
    shapes = [(a.d_model, q), (a.d_model, kv), (a.d_model, kv), (q, a.d_model), *mlp]
    per_layer = 0.0
    for rows, columns in shapes:
        short, long = min(rows, columns), max(rows, columns)
        per_layer += NEWTON_SCHULZ_ITERATIONS * (4.0 * short**2 * long + 2.0 * short**3)
    return a.n_layers * per_layer


def step_time(
    a: Architecture,
    recipe: Recipe,
    machine: Machine,
    terms: Mapping[str, float],
    *,
    micro_batch: int,
    checkpointed_layers: int = 0,
    optimizer_placement: str = "gpu",
) -> StepTime:
    """Seconds of one optimizer step on each machine, with its parts.

    `terms` are the calibrated ones of calibration.py by name. Micro-batches that do not divide the
    global batch are rounded up to whole accumulation steps of a proportionally smaller micro-batch.
    """
    groups = parameter_groups(a)
    local_tokens = recipe.global_batch_tokens / machine.gpu_count
    accumulation = np.maximum(1.0, np.ceil(local_tokens / (micro_batch * recipe.seq_len) - 1e-9))

    share = recomputed_share(a, recipe, checkpointed_layers)
    attention = attention_flops_per_token(a, recipe.seq_len)
    head = 6.0 * a.vocab_size * a.d_model
    linear = 6.0 * matmul_parameters(a)
    if recipe.engine != "native" and a.vocab_size % ALIGNED_VOCABULARY:
        linear += head * (terms["unaligned_vocabulary"] - 1)
    flash = recipe.attention == "flash"
    in_kernel = attention * (machine.flash_attention_cost if flash else 1.0)
    flops = linear + in_kernel
    matmul_s = flops * (1 + share) * local_tokens / (machine.efficiency * machine.peak_tflops * 1e12)

    traffic = terms[f"traffic_{recipe.engine}"] * a.n_layers * a.d_model * (1 + share)
    traffic += LOGIT_TRAFFIC_BYTES[recipe.engine] * a.vocab_size
    if not flash:
        bytes_per_score = terms[f"traffic_naive_{recipe.engine}"]
        if recipe.precision in ("fp32", "tf32"):
            bytes_per_score *= 2
        traffic += bytes_per_score * a.n_layers * a.n_heads * recipe.seq_len
    bandwidth = machine.bandwidth_gb_per_s * 1e9
    per_micro = (3 * 2.0 + 2 * (4.0 if optimizer_placement == "gpu" else 2.0)) * groups.total
    memory_s = (traffic * local_tokens + per_micro * accumulation) / bandwidth

    sharded = np.where(machine.gpu_count > 1, 1.0, 0.0)
    shards = machine.gpu_count if recipe.sharding != "ddp" else 1.0
    overhead = terms["sharding_fsdp"] if recipe.sharding == "fsdp" else terms["sharding_replicated"]
    sharding_s = (matmul_s + memory_s) * (
        overhead * sharded + terms["sharding_per_node_doubling"] * np.log2(machine.nodes)
    ) + _host_exchange_seconds(a, recipe, machine, accumulation)

    state_bytes = 7.0 * 4 * groups.total
    optimizer_s = state_bytes / shards / bandwidth
    if recipe.optimizer == "muon+adamw":
        reached = machine.efficiency * machine.peak_tflops * 1e12
        optimizer_s = optimizer_s + newton_schulz_flops(a) / shards / reached
    offload_s = _offload_seconds(a, recipe, machine, accumulation, optimizer_placement)
    overhead_s = terms["micro_step_overhead_s"] * accumulation
    step_s = matmul_s + memory_s + sharding_s + optimizer_s + offload_s + overhead_s
    return StepTime(step_s, matmul_s, memory_s, optimizer_s, sharding_s, offload_s, overhead_s, accumulation)


def _host_exchange_seconds(a: Architecture, recipe: Recipe, machine: Machine, accumulation: Number) -> Number:
    """Seconds a step spends moving gradients between GPUs without a link of their own.

    Ring all-reduce, 2 (n-1)/n bytes per gradient byte, over the host link at half rate because
    GeForce cards have no peer-to-peer access and bounce through host memory; fully sharded runs
    gather BF16 weights twice and scatter gradients once per micro-batch instead. Taken as exposed.
    """
    n = machine.gpu_count
    parameters = parameter_groups(a).total
    passes: Number = 3 * accumulation if recipe.sharding == "fsdp" else 2.0
    moved = passes * 2.0 * parameters
    seconds = moved * (n - 1) / n / (0.5 * machine.host_link_gb_per_s * 1e9)
    return np.where(machine.gpu_link, 0.0, seconds)


def _offload_seconds(
    a: Architecture, recipe: Recipe, machine: Machine, accumulation: Number, placement: str
) -> Number:
    """Seconds a step spends on what lives in host memory, transfers exposed in full.

    Gradients out and weights in, 2 bytes each way per parameter (ZeRO-Offload, arXiv:2101.06840);
    AdamW on the CPU moves 28 bytes per parameter; Muon's momentum is streamed to the GPU instead,
    16 bytes per matrix weight, because Newton-Schulz would take a CPU minutes. With gradients on
    the host every micro-batch sends 2 bytes per parameter.
    """
    if placement not in ("host", "host+gradients"):
        return 0.0 * machine.gpu_count
    groups = parameter_groups(a)
    muon = groups.matrices if recipe.optimizer == "muon+adamw" else 0
    link = machine.host_link_gb_per_s * 1e9
    transfer = (4.0 * groups.total + 16.0 * muon) / link
    on_cpu = 28.0 * (groups.total - muon) / (machine.host_memory_gb_per_s * 1e9)
    streamed = 2.0 * groups.total * accumulation / link if placement == "host+gradients" else 0.0
    return transfer + on_cpu + streamed
