"""A published run, read as an architecture, a recipe and a machine that the formulas understand.

What a row does not say is filled in the way people train: the choice is written down here, once, and
widens the prediction (`calibration.UNKNOWN_BATCH_SPREAD`).
"""

import math
from dataclasses import replace
from functools import lru_cache
from itertools import product
from typing import get_args

from service.errors import InvalidValue, MissingFact, choice_of, worded
from service.estimate.activations import GPTQ_WEIGHT
from service.estimate.architecture import parameters
from service.estimate.block_kinds import block_named
from service.estimate.hardware import available_memory_gib, precision_used
from service.estimate.memory import peak_memory
from service.estimate.memory_plan import MemoryPlan, OptimizerPlacement, published_plan
from service.estimate.named_model import EXPERTS, active_in, experts_of
from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of
from service.facts import (
    FOUR_BIT_WEIGHT,
    Architecture,
    Checkpointing,
    Engine,
    Gpu,
    MeasuredRun,
    Offload,
    Recipe,
    Sharding,
    WeightsIn,
)

LARGEST_GUESSED_MICRO_BATCH = 32
SMALLEST_GUESSED_TOKENS = 4096
FILLED_MEMORY = 0.85
"""Share of a card's memory that somebody who fills it plans for."""
DEFAULT_BATCH_SEQUENCES = 8
ACCUMULATED_WITH_OFFLOAD = 8
"""Micro-batches per step of a run with its optimizer on the host that does not say: they hide it."""
NORMED_HEADS = ("qwen3", "qwen 3", "gemma-3", "gemma 3", "gemma3")
"""Models that norm queries and keys head by head, as their names are printed."""
TIED = ("llm.q", "nanogpt", "llm.c", "llm-foundry", "llms-from-scratch", "llama-factory", "build-nanogpt")
GATED = (
    "llama",
    "qwen",
    "mistral",
    "gemma",
    "smollm",
    "olmo",
    "phi-3",
    "yi-",
    "deepseek",
    "baichuan",
    "internlm",
    "mixtral",
    "moe",
    "gpt-oss",
    "falcon3",
    "granite",
    "glm",
    "command-r",
)
UNTIED_VOCABULARY = 152_064
"""Qwen2.5 unties its embeddings from 7 B on, where the padded vocabulary has this size."""
VALUE_EMBEDDING_VOCABULARIES = frozenset({32_768, 8_192})
NANOCHATS = ("nanochat", "nanoops", "autoresearch")
NANOCHAT_BATCH_TOKENS = 524_288
"""nanochat's own total batch, whatever fits a GPU at once (base_train.py@fae3aca)."""
USUAL_HEAD_DIM = 128
USUAL_VOCABULARY = 50_304
USUAL_SEQ_LEN = 2048
WIDTH_PER_LAYER, WIDTH_PER_LAYER_OF_LARGE_MODELS = 64.0, 100.0
SHAPE_STEPS = 10
PARAMETERS_SAY_OTHERWISE = 0.04
"""Log distance by which a printed parameter count must favour another shape over the expected one."""
ADAPTERS = ("lora", "qlora")
FINE_TUNING = ("full-finetune", *ADAPTERS)
USUAL_RANK = 16
OUT_OF_MEMORY = "oom"
"""What a run's `use_for` says when it ran out of GPU memory."""
FROZEN_BYTES = {4: FOUR_BIT_WEIGHT, 8: 1.0, 16: 2.0, 32: 4.0}
"""Of a frozen weight, by its bits; of 4 with an FP32 scale per 64 weights (arXiv:2305.14314)."""
FOUR_BITS = ("nf4", "int4")
"""Precisions of frozen weights: bitsandbytes' and GPTQ's; what is computed is in 16 bits."""
ENGINES: tuple[Engine, ...] = get_args(Engine)
CHECKPOINTING: tuple[Checkpointing, ...] = get_args(Checkpointing)
SHARDING: tuple[Sharding, ...] = get_args(Sharding)


def code_base(project: str) -> str:
    """The training code behind a project's name, without who ran it: "llm-foundry (MPT)" -> "llm-foundry"."""
    return project.split("(")[0].strip().lower()


def shape_is_known(run: MeasuredRun) -> bool:
    """Whether layers, width, vocabulary and sequence length are all stated."""
    return bool(run.n_layers and run.d_model and run.vocab_size and run.seq_len)


def with_shape(run: MeasuredRun) -> MeasuredRun:
    """The run with layers, width, vocabulary and sequence length, guessed where only the size is known.

    N parameters are taken as 12 L d^2 + 2 V d with d = r L, r = 64 below a billion and 100 above
    (GPT-2 124M: 64, GPT-2 1.5B: 33, Llama 7B: 128): speed depends on the size far more than on how it is
    divided. Raises MissingFact when neither the shape nor the size is known.
    """
    if shape_is_known(run):
        return run
    vocabulary = run.vocab_size or USUAL_VOCABULARY
    layers, width = run.n_layers, run.d_model
    if not (layers and width):
        if not run.n_params:
            raise MissingFact(
                worded("the shape of {run}", run=run.slug),
                worded("it needs layers and width, or a parameter count"),
            )
        ratio = WIDTH_PER_LAYER if run.n_params < 1e9 else WIDTH_PER_LAYER_OF_LARGE_MODELS
        # Of experts the shape is that of the part which takes part in a token.
        named, size = EXPERTS.search(run.model), active_in(run.model) or run.n_params
        if named:
            size = run.n_params * 12 / (4 + 8 * max(1, int(named[1])))
        matrices = guess = size
        for _ in range(SHAPE_STEPS):
            if width:
                guess = width
            elif layers:
                guess = math.sqrt(matrices / 12 / layers)
            else:
                guess = (ratio * matrices / 12) ** (1 / 3)
            matrices = max(size / 4, size - 2 * vocabulary * guess)
        width = width or max(64, round(guess / 64) * 64)
        layers = layers or max(1, round(matrices / 12 / width**2))
    stated = run.d_model is not None
    return replace(
        run,
        n_layers=layers,
        d_model=width,
        n_heads=run.n_heads if stated else None,
        n_kv_heads=run.n_kv_heads if stated else None,
        d_ff=run.d_ff if stated else None,
        vocab_size=vocabulary,
        seq_len=run.seq_len or USUAL_SEQ_LEN,
    )


@lru_cache(maxsize=2048)
def architecture_of(run: MeasuredRun, gpu_architecture: str) -> Architecture:
    """The model's shape as far as the row tells it, defaults of its project where it does not.

    Whether the MLP is gated and the embeddings are tied follows the project and the model's name, unless
    a printed parameter count clearly says otherwise. nanochat since 2026 has value embeddings and, on
    Hopper with FlashAttention 3, short windows in three of four layers; elsewhere its runs use full
    windows. Raises MissingFact without layers, width, vocabulary or sequence length, InvalidValue for
    sizes no transformer has.
    """
    if not (run.n_layers and run.d_model and run.vocab_size and run.seq_len):
        raise MissingFact(
            worded("the shape of {run}", run=run.slug),
            worded("it needs layers, width, vocabulary, sequence length"),
        )
    if run.shape is not None and (run.shape.n_layers, run.shape.d_model) == (run.n_layers, run.d_model):
        return run.shape
    heads = run.n_heads or max(1, run.d_model // USUAL_HEAD_DIM)
    if not run.n_heads and run.n_kv_heads and heads % run.n_kv_heads:
        heads = run.n_kv_heads
    kv_heads = run.n_kv_heads or heads
    head_dim = run.d_model // heads if run.d_model % heads == 0 else USUAL_HEAD_DIM
    if head_dim == 0 or heads > run.d_model:
        raise InvalidValue(
            "n_heads",
            heads,
            worded("more than the model's {d_model} channels", d_model=run.d_model),
            [worded("1 to d_model")],
        )
    if kv_heads > heads or heads % kv_heads:
        raise InvalidValue(
            "n_kv_heads",
            kv_heads,
            worded("does not divide {heads} heads", heads=heads),
            [worded("a divisor of n_heads")],
        )
    nanochat = code_base(run.project).startswith(NANOCHATS)
    nanochat_2026 = nanochat and run.vocab_size in VALUE_EMBEDDING_VOCABULARIES
    model = run.model.lower()
    gated = run.gated_mlp if run.gated_mlp is not None else any(name in model for name in GATED)
    n_experts, experts_per_token = experts_of(run, gated)
    expected = Architecture(
        n_layers=run.n_layers,
        d_model=run.d_model,
        n_heads=heads,
        n_kv_heads=kv_heads,
        head_dim=head_dim,
        d_ff=run.d_ff or 4 * run.d_model,
        vocab_size=run.vocab_size,
        tied_embeddings=run.tied_embeddings
        if run.tied_embeddings is not None
        else code_base(run.project).startswith(TIED)
        and not (run.vocab_size == UNTIED_VOCABULARY or "llama" in model),
        gated_mlp=gated,
        norm="none" if nanochat else "rmsnorm" if gated else "layernorm",
        value_embedding_layers=-(-run.n_layers // 2) if nanochat_2026 else 0,
        window_pattern="SSSL" if nanochat_2026 and gpu_architecture == "hopper" else "L",
        n_experts=n_experts,
        experts_per_token=experts_per_token,
        qk_norm_parameters=any(name in model for name in NORMED_HEADS),
        block=block_named(run.model),
    )
    if nanochat or not run.n_params or n_experts > 1:
        return expected
    printed = run.n_params

    def distance(a: Architecture) -> float:
        return abs(math.log(parameters(a) / printed))

    gates = (False, True) if run.gated_mlp is None else (run.gated_mlp,)
    ties = (False, True) if run.tied_embeddings is None else (run.tied_embeddings,)
    shapes = [replace(expected, gated_mlp=gate, tied_embeddings=tied) for gate, tied in product(gates, ties)]
    nearest = min(shapes, key=distance)
    return nearest if distance(nearest) + PARAMETERS_SAY_OTHERWISE < distance(expected) else expected


def recipe_of(run: MeasuredRun, gpu: Gpu) -> Recipe:
    """How the run was trained; an unknown engine means eager PyTorch, unknown attention means flash.

    An unknown micro-batch is the largest power of two up to 32 that fills 85 % of the card. A run that did
    run did so somehow: unknown checkpointing means full checkpointing where only that fits, paged states
    are on the host where the card cannot hold them, and states in FP32 that cannot be there at all were in
    16 bits. One that ran out of memory (`use_for` oom) stays as it was asked for. Raises MissingFact
    without a sequence length.
    """
    recipe = _as_told(run, gpu)
    gpus = run.gpu_count or 1
    if OUT_OF_MEMORY in run.use_for:
        return _with_batch(run, recipe)
    architecture = architecture_of(run, gpu.architecture)

    def peak_gib(candidate: Recipe) -> float:
        return peak_memory(architecture, candidate, plan_of(run, candidate), gpus).p50

    room = available_memory_gib(gpu)
    smallest = replace(recipe, checkpointing="full", micro_batch=1)
    if run.weights_in is None and recipe.engine != "native" and peak_gib(smallest) > room:
        recipe = replace(recipe, weight_bytes=2, state_bytes=2, embedding_bytes=2, master_weights=False)
    full = replace(recipe, checkpointing="full")
    if run.checkpointing is None and peak_gib(full) <= room < peak_gib(recipe):
        recipe = full
    if _paged(run) and recipe.optimizer_placement == "gpu" and peak_gib(recipe) > room:
        recipe = replace(recipe, optimizer_placement="host")
    if run.micro_batch is None:
        most = min(LARGEST_GUESSED_MICRO_BATCH, recipe.global_batch_tokens // (gpus * recipe.seq_len))
        while (doubled := replace(recipe, micro_batch=2 * recipe.micro_batch)).micro_batch <= most and (
            peak_gib(doubled) <= FILLED_MEMORY * gpu.memory_gib
            or doubled.micro_batch * recipe.seq_len <= SMALLEST_GUESSED_TOKENS
        ):
            recipe = doubled
    return _with_batch(run, recipe)


def recipe_if_it_ran(run: MeasuredRun, gpu: Gpu) -> Recipe:
    """The recipe that its time is told for: the same whether the run is said to have run out of memory."""
    return recipe_of(replace(run, use_for=run.use_for - {OUT_OF_MEMORY}), gpu)


def _with_batch(run: MeasuredRun, recipe: Recipe) -> Recipe:
    """With the tokens of a step, where they are not said."""
    if run.global_batch_tokens is not None:
        return recipe
    at_once = (run.gpu_count or 1) * recipe.micro_batch * recipe.seq_len
    if code_base(run.project).startswith(NANOCHATS):
        return replace(recipe, global_batch_tokens=max(NANOCHAT_BATCH_TOKENS, at_once))
    accumulated = ACCUMULATED_WITH_OFFLOAD if recipe.optimizer_placement.startswith("host") else 1
    return replace(recipe, global_batch_tokens=at_once * accumulated)


def _as_told(run: MeasuredRun, gpu: Gpu) -> Recipe:
    """The recipe with what the run says and our defaults for the rest, whether it fits or not."""
    if not run.seq_len:
        raise MissingFact(worded("the sequence length of {run}", run=run.slug), worded("add seq_len"))
    weights = weights_of(run)
    weight_bytes = 4 if weights == "fp32" else 2
    adapters = run.workload in ADAPTERS
    # What lies beside the block matrices: for adapters it is frozen as they are, but never in 4 or 8 bits.
    beside = (4 if run.frozen_bits == 32 else 2) if adapters else weight_bytes
    nanochat = code_base(run.project).startswith(NANOCHATS)
    return Recipe(
        optimizer=optimizer_of(run.optimizer or "") or "adamw",
        precision=precision_used(gpu, "bf16" if run.precision in (None, *FOUR_BITS) else run.precision),
        engine=choice_of("engine", run.engine or "torch-eager", ENGINES),
        attention="naive" if run.attention == "naive" else "flash",
        seq_len=run.seq_len,
        global_batch_tokens=run.global_batch_tokens
        or (run.gpu_count or 1) * DEFAULT_BATCH_SEQUENCES * run.seq_len,
        micro_batch=run.micro_batch or 1,
        sharding=next((way for way in SHARDING if way == run.parallelism), "zero-1"),
        checkpointing="none"
        if checkpointed_share(run) is not None
        else choice_of("checkpointing", run.checkpointing or "none", CHECKPOINTING),
        weight_bytes=weight_bytes,
        state_bytes={16: 2, 32: 4}.get(run.optimizer_bits or 0, 2 if weights == "16-bit" else 4),
        master_weights=weights == "16-bit+master",
        embedding_bytes=2 if nanochat else beside,
        chunked_cross_entropy=bool(run.chunked_cross_entropy),
        optimizer_placement=_placement(run),
        gradient_release=bool(run.gradient_release),
        activations_on_host=bool(run.activations_on_host),
        trained="lora" if run.workload == "lora" else "qlora" if run.workload == "qlora" else "all",
        adapter_rank=run.adapter_rank or USUAL_RANK,
        adapter_targets=run.adapter_targets or "all-linear",
        frozen_weight_bytes=GPTQ_WEIGHT
        if run.precision == "int4"
        else FROZEN_BYTES.get(run.frozen_bits or 0),
        trainer=run.trainer or "loop",
        code_base=code_base(run.project),
    )


def weights_of(run: MeasuredRun) -> WeightsIn:
    """What the trained weights, or adapters, were kept in: as said, else as its kind of training does it.

    DeepSpeed and Megatron keep an FP32 copy beside 16-bit weights; the Trainer trains FP32 weights, and
    FP32 adapters, under autocast; other fine-tuning in 16 bits casts the model.
    """
    if run.weights_in is not None:
        return run.weights_in
    if run.precision in ("fp32", "tf32"):
        return "fp32"
    if optimizer_bits_of(run.optimizer or "") == 16:
        return "16-bit"
    if run.trainer in ("deepspeed", "megatron"):
        return "16-bit+master"
    cast = run.workload in FINE_TUNING and run.trainer != "hf-trainer"
    return "16-bit" if cast else "fp32"


def _placement(run: MeasuredRun) -> OptimizerPlacement:
    """Where the run says its optimizer works. DeepSpeed moves gradients with the optimizer (ZeRO-Offload,
    arXiv:2101.06840) where it is named. Unnamed offload beside states of 8 bits is their paging."""
    quantized = run.optimizer_bits in (4, 8)
    asked = unnamed_offload(run) if run.offload == "some" and not quantized else run.offload
    if asked in ("parameters", "optimizer+parameters"):
        return "host+parameters"
    if asked == "gradients" or (run.offload == "optimizer" and run.trainer == "deepspeed"):
        return "host+gradients"
    if asked == "optimizer":
        return "host"
    if quantized:
        paged = _paged(run) or (asked == "some" and not run.activations_on_host)
        return "8bit-paged" if paged else "8bit"
    return "gpu"


def unnamed_offload(run: MeasuredRun) -> Offload:
    """What waits on the host where a run offloads without saying what: the optimizer's states, as in
    ZeRO-Offload; beside adapters, whose states are small, the frozen weights, as FSDP and Accelerate do."""
    adapters = run.workload in ADAPTERS and run.trainer != "deepspeed"
    return "parameters" if adapters else "optimizer"


def checkpointed_share(run: MeasuredRun) -> float | None:
    """Of the layers, where a run says a part: 17/32 -> 0.53."""
    part, slash, whole = (run.checkpointing or "").partition("/")
    return int(part) / int(whole) if slash else None


def _paged(run: MeasuredRun) -> bool:
    return "paged" in (run.optimizer or "").lower()


def plan_of(run: MeasuredRun, recipe: Recipe) -> MemoryPlan:
    """Where the run kept the pieces of its training step, as far as its speed tells."""
    plan, share = published_plan(recipe, run.n_layers or 0), checkpointed_share(run)
    return plan if share is None else replace(plan, checkpointed_layers=round(share * (run.n_layers or 0)))


def memory_plan_of(run: MeasuredRun, recipe: Recipe, gpu: Gpu) -> MemoryPlan:
    """The same for its memory: a run that offloads unnamed things keeps no more on the card than fits."""
    plan = plan_of(run, recipe)
    if plan.optimizer != "host" or run.offload == "optimizer" or OUT_OF_MEMORY in run.use_for:
        return plan
    architecture = architecture_of(run, gpu.architecture)
    offloads: tuple[OptimizerPlacement, ...] = ("host", "host+gradients", "host+parameters")
    for moved in offloads:
        plan = replace(plan, optimizer=moved)
        if peak_memory(architecture, recipe, plan, run.gpu_count or 1).p50 <= available_memory_gib(gpu):
            break
    return plan
