"""What one GPU has to do in one optimizer step, counted before anything is known of its speed.

FLOPs as in architecture.py (attention in full, its causal half discounted in duration.py), bytes of
memory traffic in units that the calibrated terms price. Every number is a float, or an array over
cases; `stacked` turns many single counts into one count over cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from service.errors import InvalidValue, worded
from service.estimate.activations import prepared_for_few_bits
from service.estimate.architecture import (
    attended,
    attention_flops_per_token,
    matmul_parameters,
    met_channels,
    parameter_groups,
)
from service.estimate.block_kinds import kind_of
from service.estimate.block_matrices import Matrix, saved_parameters, targeted
from service.estimate.memory_plan import MemoryPlan
from service.facts import Architecture, Recipe

Number = float | NDArray[np.float64]
Name = str | tuple[str, ...]

NEWTON_SCHULZ_ITERATIONS = 5
ALIGNED_VOCABULARY = 8
"""Tensor units want the vocabulary to be a multiple of this; GPT-2's 50,257 is not."""
NARROW_HEADS = 96
"""Flash kernels lose rate below this head dimension."""
GPT_CHANNELS = 16.0
"""Channels that a GPT-2 block reads and writes per token, in units of its width: 5 d + q + 2 kv + 2 d_ff."""
UNFUSED_NORM_CHANNELS = 5.0
"""What the two RMS norms of a block move in eager PyTorch, in FP32 and kernel by kernel (transformers'
`LlamaRMSNorm`: 36 bytes forward, some 60 backward each), in channels of the width."""
UNFUSED_ROTARY_CHANNELS = 1.4
"""The same of rotary positions, per channel of queries and keys (`apply_rotary_pos_emb`)."""
UNFUSED_QK_NORM_CHANNELS = UNFUSED_NORM_CHANNELS / 2
"""The same of norms of queries and keys (Qwen3, Gemma 3, OLMo 2), per channel of theirs."""
FUSED_BLOCKS = frozenset({"tinyllama", "meta llama", "megatron-deepspeed", "megatron-lm", "llm-foundry"})
"""Code bases whose blocks have fused norms, activations and rotary positions without a compiler."""
RECOMPUTED_LAUNCHES = 0.65
"""What the host takes to launch a forward pass, module by module in Python, over forward and backward pass
(QLoRA and LoRA of an 8B and of TinyLlama where launches bind: x1.65 with full checkpointing, H200)."""
FUSED_RELAUNCHES = 0.5
"""The same of blocks with fused kernels (Megatron-DeepSpeed on A100)."""
UNFUSED_LAUNCHES = 1.7
"""Kernels of such a block over those of one with fused norms and no rotary positions: some 38 against 22."""
QK_NORM_LAUNCHES = 0.7
"""What norms of queries and keys add to that: some 16 kernels."""
LEAN_LAUNCHES = {"heimvorteil probe": 0.5}
"""Launching the same block in a loop of plain modules, over launching it in a training library's: on one host
the probe's Llama took 2.8 ms a layer where transformers' took 4.7, and an optimizer step per micro-batch."""
MUON_LAUNCHES = 4.3
"""Launching the products of Muon for one matrix over stepping one tensor of an 8-bit optimizer: 0.93 ms over
0.22 on an H200's host (twelve matrices of the probe's launch-bound nanochat)."""
FROZEN_FLOPS = 2 / 3
"""Forward and input gradient, but no weight gradient: 4 N FLOPs per token instead of 6 N (LoRA,
arXiv:2106.09685)."""
TILE = 128 * 128.0
"""Elements of a product's result that one SM works on at a time; what is left over of the last wave idles."""
HOST_ACCUMULATION_BYTES = 10.0
"""A BF16 gradient read, an FP32 sum read and written, per parameter and micro-batch on the CPU."""
BF16_WEIGHT_TRAFFIC = 0.5
"""Traffic of stored BF16 weights and gradients over that of FP32 ones."""
BF16_OPTIMIZER_TRAFFIC = 0.6
EIGHT_BIT_OPTIMIZER_TRAFFIC = 0.7
OPTIMIZER_TRAFFIC = {
    "adamw": 1.0, "muon+adamw": 1.0, "lamb": 36 / 28, "lion": 20 / 28, "sgd": 12 / 28,
    "sgd-momentum": 20 / 28, "adafactor": 20 / 28,
}  # fmt: skip
"""FP32 numbers read and written per parameter over AdamW's seven: weight, gradient and states in, weight and
states out; LAMB reads weight and update once more for their norms."""


@dataclass(frozen=True, slots=True)
class StepWork:
    """The work of one GPU in one optimizer step; per token unless said otherwise."""

    tokens: Number
    """Tokens this GPU trains in the step."""
    accumulation: Number
    """Micro-batches in the step."""
    micro_batch_tokens: Number
    layers: Number
    launched_layers: Number
    """Blocks whose kernels the host launches in a micro-batch, as if all were fused."""
    relaunched: Number
    """What launching a forward pass takes of launching both [0-1], for recomputed layers."""
    width: Number
    seq_len: Number
    block_flops: Number
    """Forward and backward FLOPs of the blocks' matrices, and of adapters on them."""
    head_flops: Number
    attention_flops: Number
    """As counted for MFU, causal half included; twice that where no mask spares a fused kernel the half."""
    recomputed: Number
    """Share of the layers whose forward pass is repeated in full [0-1]."""
    forward_share: Number
    """What one forward pass of the blocks' matrices is of `block_flops`: a third, or half of frozen ones."""
    selective: Number
    """1 where attention internals alone are recomputed, else 0."""
    wave_flops: Number
    """FLOPs of one tile in every product of a micro-batch: what each SM may idle for at a product's end."""
    layer_channels: Number
    """Layers x channels, in widths of a GPT-2 block."""
    adapted_channels: Number
    """Layers x inputs and outputs of matrices that carry an adapter; 0 where all weights are trained."""
    scores: Number
    """Attention scores written to memory; 0 with a flash kernel."""
    vocabulary: Number
    parameters: Number
    weight_traffic_share: Number
    """Stored bytes relative to FP32 weights and gradients."""
    unpacked: Number
    """Frozen weights kept in 4 or 8 bits, unpacked in every pass over them."""
    optimizer_traffic_share: Number
    newton_schulz_flops: Number
    """FLOPs of Muon per step over all GPUs; 0 for AdamW."""
    shards: Number
    """GPUs among which the optimizer's work is divided."""
    adapters: Number
    """Adapters per layer whose kernels the host launches; 0 where all weights are trained."""
    packed: Number
    """Frozen matrices per layer that are unpacked."""
    stepped_tensors: Number
    """Tensors that the optimizer steps one by one, once per step."""
    framework: Number
    """1 where a training framework runs the loop on the host, else 0."""
    partitioned: Number
    """1 where DeepSpeed gathers every module's weights with hooks of its own (ZeRO-3), else 0."""
    gathered_bytes: Number
    """Bytes of weights and gradients that cross between GPUs in every micro-batch, fully sharded."""
    reduced_bytes: Number
    """Bytes of gradients that cross between GPUs once per step, ring all-reduce counted twice."""
    fsdp: Number
    """1 where weights are sharded, else 0."""
    host_link_bytes: Number
    """Bytes a GPU moves over its host link once per step."""
    streamed_bytes: Number
    """Bytes a GPU moves over its host link in every micro-batch."""
    synchronous: Number
    """1 where what moves to the host in a micro-batch is waited for (DeepSpeed), 0 where it overlaps."""
    accumulated_bytes: Number
    """Bytes of host memory traffic per micro-batch where gradients are added up there."""
    host_memory_bytes: Number
    """Bytes a step moves in one host's memory for an optimizer on the CPU."""
    flash: Number
    """1 with a flash kernel, 0 with stored scores."""
    narrow_heads: Number
    unaligned_head: Number
    activation_width: Number
    """2 where activations are FP32 instead of 16 bits, else 1."""
    decomposed: Number
    """1 where adapters are DoRA's, which write out their matrix to norm it in every forward pass, else 0."""
    engine: Name


def trained_parameters(a: Architecture, recipe: Recipe) -> float:
    """Parameters that get a gradient [count]: all, or adapters beside the block matrices they target.

    At rank r a matrix of d x k gains r (d + k), and k for DoRA's magnitudes; Llama 3.1 8B at rank 16, all
    matrices: 42 M, 0.5 %. What is trained in full beside adapters (PEFT's modules_to_save) counts in full.
    """
    if recipe.trained == "all":
        return float(parameter_groups(a).total)
    return adapter_parameters(a, recipe) + saved_parameters(a, recipe.modules_to_save)


def adapter_parameters(a: Architecture, recipe: Recipe) -> float:
    """Of the adapters alone [count]."""
    carriers = adapter_matrices(a, recipe)
    low_rank = sum(recipe.adapter_rank * m.ranks * (m.inputs + m.outputs) * m.count for m in carriers)
    return float(low_rank + recipe.decomposed * sum(m.outputs * m.count for m in carriers))


def adapter_matrices(a: Architecture, recipe: Recipe) -> tuple[Matrix, ...]:
    """The matrices that carry an adapter; none where all weights are trained."""
    if recipe.trained == "all":
        return ()
    carriers = targeted(a, recipe.adapter_targets, recipe.code_base)
    if recipe.decomposed and any(m.part == "experts" for m in carriers):
        reason = worded("reaches experts, whose fused tensors DoRA has no adapters for")
        raise InvalidValue("lora_targets", recipe.adapter_targets, reason, ("attention", "query-value"))
    return carriers


def recomputed_share(a: Architecture, recipe: Recipe, checkpointed_layers: int) -> float:
    """FLOPs repeated by activation checkpointing as a share of all counted FLOPs [0-1/3].

    One more forward pass of the recomputed layers; the output matrix is not recomputed, so full
    checkpointing costs nanochat d32 x1.311, not x1.333.
    """
    attention = attention_flops_per_token(a, recipe.seq_len)
    total = 6 * matmul_parameters(a) + attention
    layers = (total - 6 * a.vocab_size * a.d_model) / total
    return layers / 3 * min(checkpointed_layers / a.n_layers, 1.0)


def newton_schulz_flops(a: Architecture) -> float:
    """FLOPs of Muon's orthogonalisation of all block matrices, once per step; d32: 8.2e13.

    Five iterations of X X^T, A^2 and B X on the short side s and long side l of each matrix
    (Jordan et al., Muon, 2024): 5 (4 s^2 l + 2 s^3).
    """
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    gated, mixed = 3 if a.gated_mlp else 2, a.n_layers - a.dense_layers
    attention = ((a.d_model, q), (a.d_model, kv), (a.d_model, kv), (q, a.d_model))
    mlps = (
        (a.d_ff, gated * a.n_experts * mixed), (a.shared_d_ff, gated * mixed),
        (a.dense_d_ff, gated * a.dense_layers),
    )  # fmt: skip
    shapes = [(shape, a.n_layers) for shape in attention]
    shapes += [((a.d_model, channels), matrices) for channels, matrices in mlps]
    flops = 0.0
    for (rows, columns), matrices in shapes:
        short, long = min(rows, columns), max(rows, columns)
        flops += matrices * NEWTON_SCHULZ_ITERATIONS * (4.0 * short**2 * long + 2.0 * short**3)
    return flops


def adapted(a: Architecture, recipe: Recipe) -> tuple[float, float]:
    """Adapters in a layer that a token meets; the inputs plus outputs of their matrices [channels]."""
    carriers = adapter_matrices(a, recipe)
    sides = sum(m.ranks * (m.reads + m.outputs) * m.met for m in carriers)
    return sum(m.met for m in carriers) / a.n_layers, sides / a.n_layers


def linear_matrices(a: Architecture) -> int:
    """Matrices of a block as its code keeps them [count]: Llama 7, GPT-2 4."""
    kind = kind_of(a)
    of_mlp = 2 if not a.gated_mlp or kind.fused_gate else 3
    return (2 if kind.fused_qkv else 4) + of_mlp * a.experts_per_token


def wide_activations(recipe: Recipe) -> bool:
    """Whether blocks compute on FP32 activations, as they also do beside k-bit preparation, whose norms are
    FP32 and whose matrices answer in what they are given (QLoRA of an 8B on an H200: 26 % slower per token
    than LoRA)."""
    return recipe.precision in ("fp32", "tf32") or prepared_for_few_bits(recipe)


def stepped_tensors(a: Architecture, recipe: Recipe, *, eight_bit: bool) -> float:
    """Trained tensors that the optimizer steps one by one [count]; 0 for fused and grouped steps.

    Muon orthogonalises matrix by matrix, each as long to launch as several plain steps; nanochat with value
    embeddings does it for all matrices of a shape at once.
    """
    if recipe.optimizer == "muon+adamw" and not a.value_embedding_layers:
        return float(MUON_LAUNCHES * a.n_layers * linear_matrices(a))
    if not (eight_bit or recipe.optimizer == "adafactor"):
        return 0.0
    if recipe.trained == "all":
        return float(a.n_layers * (linear_matrices(a) + 2))
    # Experts lie in one tensor.
    adapters = sum(m.count / (a.n_experts if m.part == "experts" else 1) for m in adapter_matrices(a, recipe))
    return 2 * adapters + len(recipe.modules_to_save.split(",")) * bool(recipe.modules_to_save)


def wave_flops(a: Architecture, micro_batch_tokens: Number, recomputed: float, trained: bool) -> Number:
    """FLOPs of one tile in every product of one micro-batch's blocks.

    Each product ends with a wave of tiles that fills only some of the SMs, so that small ones lose a
    fixed time: twice a tile's elements times the length of the sum, over forward pass, recomputation
    and both products of the backward pass. Of d = 1,024 at 1,024 tokens that is half of a wave's work.
    """
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    into, up, down = q + 2 * kv, (2 if a.gated_mlp else 1) * a.d_ff, a.d_ff
    forward = a.d_model + q + a.d_model + down
    inputs = into + a.d_model + up + a.d_model
    weights = 4 * micro_batch_tokens if trained else 0.0
    return 2 * TILE * a.n_layers * (forward * (1 + recomputed) + inputs + weights)


def count_step(
    a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: Number, micro_batch: Number | None = None
) -> StepWork:
    """The work of one step under a memory plan, on machines with `gpu_count` GPUs.

    `micro_batch` stands for the plan's own, many at once in a shape of their own beside the machines'.

    A micro-batch that does not divide the global batch is rounded up to whole accumulation steps of
    proportionally smaller micro-batches. What a plan keeps on the host costs (ZeRO-Offload,
    arXiv:2101.06840): gradients out and weights in, 2 bytes each way per parameter; 28 bytes of host
    memory traffic per parameter for AdamW on the CPU; 16 bytes over the link per matrix weight of
    Muon, whose Newton-Schulz a CPU would take minutes for; 2 bytes per parameter and micro-batch
    where gradients, 4 more where weights are streamed; 4 bytes per parameter for paged 8-bit states.
    Offloaded activations are taken as hidden behind computation.
    """
    groups = parameter_groups(a)
    tokens = recipe.global_batch_tokens / gpu_count
    micro_batch_tokens = (plan.micro_batch if micro_batch is None else micro_batch) * float(recipe.seq_len)
    accumulation = np.maximum(1.0, np.ceil(tokens / micro_batch_tokens - 1e-9))
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    flash = recipe.attention == "flash"
    muon = recipe.optimizer == "muon+adamw"
    in_bf16 = recipe.weight_bytes == 2 or recipe.engine == "native" or plan.optimizer.startswith("host")
    whole = recipe.trained == "all"
    trained = trained_parameters(a, recipe)
    eight_bit = plan.optimizer in ("8bit", "8bit-paged")
    sharding = plan.sharding or recipe.sharding
    fsdp = sharding == "fsdp"
    channels: float = 5 * a.d_model + q + 2 * kv + (3 if a.gated_mlp else 2) * met_channels(a)
    eager = recipe.engine == "torch-eager" and recipe.code_base not in FUSED_BLOCKS
    unfused = eager and a.norm == "rmsnorm"
    normed_heads = a.qk_norm_parameters or kind_of(a).full_qk_norm
    kernels = UNFUSED_LAUNCHES + (QK_NORM_LAUNCHES if normed_heads else 0.0) if unfused else 1.0
    if unfused:
        channels += UNFUSED_NORM_CHANNELS * a.d_model + UNFUSED_ROTARY_CHANNELS * (q + kv)
        if normed_heads:
            channels += UNFUSED_QK_NORM_CHANNELS * (q + kv)
    streamed_matrices = groups.matrices if muon else 0
    shards = 1.0 if sharding == "ddp" else gpu_count
    beside_matrices = groups.total - groups.matrices
    frozen = 0.0 if whole else recipe.frozen_bytes * groups.matrices + 2.0 * beside_matrices
    weight_gradients = 1.0 if whole else FROZEN_FLOPS
    link_bytes: Number = 0.0
    streamed: Number = 0.0
    cpu_bytes = accumulated = 0.0
    if plan.optimizer in ("host", "host+gradients", "host+parameters"):
        link_bytes = (4.0 * trained + 16.0 * streamed_matrices) / shards
        cpu_bytes = 28.0 * (trained - streamed_matrices)
        if plan.optimizer != "host":
            streamed = 2.0 * trained / shards
            accumulated = HOST_ACCUMULATION_BYTES * trained
        if plan.optimizer == "host+parameters":
            streamed = streamed + (2.0 * frozen if frozen else 4.0 * groups.total) / shards
    elif plan.optimizer == "8bit-paged":
        link_bytes = 4.0 * trained / shards
    recomputed = min(plan.checkpointed_layers / a.n_layers, 1.0)
    adapters, adapted_sides = adapted(a, recipe)
    causal, whole_sequence = attended(a, recipe.seq_len)
    unmasked = whole_sequence if flash else 0
    several = np.where(np.asarray(gpu_count) > 1, (gpu_count - 1.0) / gpu_count, 0.0)
    gradient_bytes = 2.0 if recipe.weight_bytes == 2 else 4.0
    held_bytes = frozen or 2.0 * groups.total
    narrow_frozen = not whole and recipe.frozen_bytes < 2
    return StepWork(
        tokens=tokens,
        accumulation=accumulation,
        micro_batch_tokens=micro_batch_tokens,
        layers=float(a.n_layers),
        launched_layers=a.n_layers * kernels * (LEAN_LAUNCHES.get(recipe.code_base, 1.0) if eager else 1.0),
        relaunched=RECOMPUTED_LAUNCHES if unfused or not whole else FUSED_RELAUNCHES,
        width=float(a.d_model),
        seq_len=float(recipe.seq_len),
        block_flops=6.0 * (matmul_parameters(a) - a.vocab_size * a.d_model) * weight_gradients
        + 6.0 * recipe.adapter_rank * a.n_layers * adapted_sides,
        head_flops=6.0
        * a.vocab_size
        * a.d_model
        * (1.0 if "lm_head" in recipe.modules_to_save else weight_gradients),
        attention_flops=12.0 * a.n_heads * a.head_dim * (causal + whole_sequence + unmasked),
        recomputed=recomputed,
        forward_share=1 / 3 / weight_gradients,
        selective=float(recipe.checkpointing == "selective" and not plan.checkpointed_layers),
        wave_flops=wave_flops(a, micro_batch_tokens, recomputed, whole),
        layer_channels=a.n_layers * channels / GPT_CHANNELS,
        adapted_channels=float(a.n_layers * adapted_sides),
        scores=0.0 if flash else float(a.n_layers * a.n_heads * recipe.seq_len),
        vocabulary=float(a.vocab_size),
        parameters=float(groups.total),
        weight_traffic_share=(BF16_WEIGHT_TRAFFIC if in_bf16 else 1.0) * (1.0 if whole else 0.3),
        unpacked=float(groups.matrices) if narrow_frozen else 0.0,
        optimizer_traffic_share=(BF16_OPTIMIZER_TRAFFIC if in_bf16 else 1.0)
        * (EIGHT_BIT_OPTIMIZER_TRAFFIC if eight_bit else OPTIMIZER_TRAFFIC[recipe.optimizer])
        * (trained / groups.total),
        newton_schulz_flops=newton_schulz_flops(a) if muon else 0.0,
        shards=shards,
        adapters=float(min(adapters, linear_matrices(a))),
        packed=float(linear_matrices(a)) if narrow_frozen else 0.0,
        stepped_tensors=stepped_tensors(a, recipe, eight_bit=eight_bit) / (shards if muon else 1.0),
        framework=float(recipe.trainer in ("hf-trainer", "deepspeed")),
        partitioned=float(recipe.trainer == "deepspeed" and fsdp),
        gathered_bytes=several * (2.0 * held_bytes + gradient_bytes * trained) if fsdp else 0.0,
        reduced_bytes=0.0 if fsdp else several * 2.0 * gradient_bytes * trained,
        fsdp=float(fsdp),
        host_link_bytes=link_bytes,
        streamed_bytes=streamed,
        synchronous=float(recipe.trainer == "deepspeed"),
        accumulated_bytes=accumulated,
        host_memory_bytes=cpu_bytes,
        flash=float(flash),
        narrow_heads=float(a.head_dim < NARROW_HEADS),
        unaligned_head=float(recipe.engine != "native" and a.vocab_size % ALIGNED_VOCABULARY != 0),
        activation_width=2.0 if wide_activations(recipe) else 1.0,
        decomposed=float(recipe.decomposed),
        engine=recipe.engine,
    )


def stacked(works: Sequence[StepWork]) -> StepWork:
    """One count over cases from the counts of single cases, in the order given."""

    def column(name: str) -> Number | Name:
        values = [getattr(work, name) for work in works]
        if isinstance(values[0], str):
            return tuple(values)
        return np.array([float(value) for value in values])

    return StepWork(**{field.name: column(field.name) for field in fields(StepWork)})  # type: ignore[arg-type]
