"""What lies in memory over the whole step: weights, gradients and optimizer states, per GPU and on the host.

ZeRO (arXiv:1910.02054, section 3) with each parameter group's own widths; LoRA (arXiv:2106.09685) and
QLoRA (arXiv:2305.14314) with frozen weights in their own. Leaves out 8-bit optimizers' block scales
(1.6 %) and what a framework keeps per tensor.
"""

from dataclasses import dataclass

from service.estimate.activations import prepared_for_few_bits
from service.estimate.architecture import ParameterGroups, parameter_groups
from service.estimate.block_matrices import saved_parameters
from service.estimate.memory_plan import MemoryPlan
from service.estimate.step_work import adapter_parameters, trained_parameters
from service.facts import Architecture, Recipe

ON_HOST = ("host", "host+gradients", "host+parameters")
"""Placements that leave BF16 weights alone on the GPU."""
STATES = {
    "adamw": 2.0, "lamb": 2.0, "lion": 1.0, "sgd": 0.0, "sgd-momentum": 1.0, "adafactor": 0.0,
    "muon+adamw": 2.0,
}  # fmt: skip
"""State elements per parameter; Muon keeps one for matrices; Adafactor's rows and columns are negligible."""
DEEPSPEED_COPIES = 1.75
"""Host memory of a DeepSpeed run with offload over its tensors: pinned buffers are rounded up to powers of
two and kept beside what they were copied from (a 32B model with ZeRO-3 offload was killed at 744 GB, its
tensors are 459 GB). Code of one's own is taken to pin its tensors in place."""
ADAPTER_BYTES = 4.0
"""PEFT keeps adapters, their gradients and their states in FP32 (autocast_adapter_dtype)."""
SIXTEEN_BIT_ADAPTERS = frozenset({"torchtune"})
"""Code bases whose adapters take the width of the model."""


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Bytes per GPU that stay over the whole step, and on the host."""

    weights: float
    gradients: float
    states: float
    """Optimizer states and FP32 master weights."""
    on_host: float
    gathered: float
    """Whole layers of sharded or streamed weights, and 4-bit ones unpacked, while they compute."""
    masters: float = 0.0
    """FP32 master weights, contained in the states."""
    stepped: float = 0.0
    """FP32 copies of the gradients that exist during the optimizer step alone."""


def largest_matrices(a: Architecture, groups: ParameterGroups) -> float:
    """Parameters of the largest piece that gets its gradient at once [count]: a layer, or the head."""
    return max(groups.matrices / a.n_layers, a.vocab_size * a.d_model)


def state_elements(a: Architecture, recipe: Recipe) -> tuple[float, float]:
    """Optimizer state elements of (matrices, everything else) [count]."""
    groups, each = parameter_groups(a), STATES[recipe.optimizer]
    in_matrices = groups.matrices * (1.0 if recipe.optimizer == "muon+adamw" else each)
    return in_matrices, each * (groups.total - groups.matrices)


def checkpoint_bytes(a: Architecture, recipe: Recipe) -> float:
    """What is written to go on from: weights and two states; of adapters theirs alone, in FP32 [bytes]."""
    if recipe.trained != "all":
        return 3 * ADAPTER_BYTES * trained_parameters(a, recipe)
    return float(parameter_groups(a).total * (recipe.weight_bytes + 2 * recipe.state_bytes))


def training_state(a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: int) -> TrainingState:
    """Bytes of one GPU among `gpu_count`; gradients released in the backward pass leave the largest."""
    if recipe.trained != "all":
        return _with_adapters(a, recipe, plan, gpu_count)
    groups = parameter_groups(a)
    embeddings = groups.embedding + groups.value_embeddings
    sharding = plan.sharding or recipe.sharding
    fsdp = sharding == "fsdp"
    weight_shards = gpu_count if fsdp else 1
    gradient_shards = gpu_count if fsdp or sharding == "zero-2" else 1
    state_shards = 1 if sharding == "ddp" else gpu_count
    stored = float((groups.total - embeddings) * recipe.weight_bytes + embeddings * recipe.embedding_bytes)
    in_matrices, in_rest = state_elements(a, recipe)
    rest = groups.total - groups.matrices
    rest_bytes = (embeddings * recipe.embedding_bytes + (rest - embeddings) * recipe.state_bytes) / max(
        rest, 1
    )
    states = in_matrices * recipe.state_bytes + in_rest * rest_bytes
    largest = largest_matrices(a, groups)
    weights, gradients, on_host = stored, stored, 0.0
    copies = DEEPSPEED_COPIES if recipe.trainer == "deepspeed" else 1.0
    layer = 2.0 * groups.matrices / a.n_layers
    gathered = 2 * layer + 2.0 * a.vocab_size * a.d_model if fsdp and gpu_count > 1 else 0.0
    if plan.optimizer in ("8bit", "8bit-paged"):
        states = in_matrices + in_rest
    masters = 4.0 * groups.total if recipe.master_weights else 0.0
    if plan.optimizer == "8bit-paged":
        on_host, states = states, masters
    elif plan.optimizer in ON_HOST:
        on_host = copies * (states + stored + 2 * groups.total)
        # Native code leaves the 16-bit weights on the host as well and multiplies 8-bit ones.
        on_card = 1.0 if recipe.engine == "native" and recipe.precision == "fp8" else 2.0
        states, weights = 0.0, on_card * groups.matrices + 2.0 * (groups.total - groups.matrices)
        gradients = 2.0 * (groups.total if plan.optimizer == "host" else largest)
        if plan.optimizer != "host":
            gradient_shards = 1
        if plan.optimizer == "host+parameters":
            weights, weight_shards = 2 * layer + 2.0 * a.vocab_size * a.d_model, 1
            gathered = 0.0
    else:
        states += masters
    if sharding == "ddp" and gpu_count > 1 and recipe.engine != "native":
        # DistributedDataParallel reduces copies of the gradients in buckets.
        gathered += gradients
    if plan.gradient_release:
        gradients = min(gradients, largest * recipe.weight_bytes)
    # DeepSpeed's stage 3 steps on FP32 copies of its 16-bit gradients.
    masters = 0.0 if plan.optimizer in ON_HOST else masters
    stepped = 4.0 * groups.total / gpu_count if fsdp and recipe.master_weights and not on_host else 0.0
    return TrainingState(
        weights / weight_shards,
        gradients / gradient_shards,
        states / state_shards,
        on_host,
        gathered,
        masters / state_shards,
        stepped,
    )


def _with_adapters(a: Architecture, recipe: Recipe, plan: MemoryPlan, gpu_count: int) -> TrainingState:
    """Frozen weights in their own width, adapters in FP32 with FP32 gradients and states.

    k-bit preparation (PEFT's prepare_model_for_kbit_training) makes embeddings, head and norms FP32.
    A frozen matrix in 4 or 8 bits is unpacked while it computes. What is trained in full beside adapters is
    a copy in the width of the frozen embeddings, with gradients and states as wide (ModulesToSaveWrapper).
    """
    groups = parameter_groups(a)
    rest = groups.total - groups.matrices
    frozen = recipe.frozen_bytes
    rest_bytes = 4.0 if frozen == 4 or prepared_for_few_bits(recipe) else 2.0
    adapters, saved = adapter_parameters(a, recipe), saved_parameters(a, recipe.modules_to_save)
    width = 2.0 if recipe.code_base in SIXTEEN_BIT_ADAPTERS else ADAPTER_BYTES
    sharding = plan.sharding or recipe.sharding
    fsdp = sharding == "fsdp"
    shards = gpu_count if fsdp else 1
    layer = groups.matrices / a.n_layers * frozen
    root = 2.0 * (groups.head + groups.embedding)
    gathered = 2 * layer + root if fsdp and gpu_count > 1 else 0.0
    unpacked = 2.0 * max(a.d_model * a.d_ff, a.d_model * a.n_heads * a.head_dim) if frozen < 2 else 0.0
    trained = width * adapters + rest_bytes * saved
    weights = groups.matrices * frozen + rest_bytes * rest + trained
    few = plan.optimizer in ("8bit", "8bit-paged")
    states = STATES[recipe.optimizer] * (adapters + saved if few else trained)
    gradients, on_host = trained, 0.0
    copies = DEEPSPEED_COPIES if recipe.trainer == "deepspeed" else 1.0
    if plan.optimizer == "host+parameters":
        on_host, weights = copies * (weights + states) / shards, 0.0
        states, gathered = 0.0, 2 * layer + root
    elif plan.optimizer in ON_HOST:
        on_host, states = copies * states, 0.0
    elif plan.optimizer == "8bit-paged":
        on_host, states = states, 0.0
    return TrainingState(
        weights / shards,
        gradients / (gpu_count if fsdp or sharding == "zero-2" else 1),
        states / (1 if sharding == "ddp" else gpu_count),
        on_host,
        gathered + unpacked,
    )
