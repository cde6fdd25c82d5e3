"""What a layer keeps from its forward pass for its backward pass, per token, and what logits and loss need.

Eager PyTorch keeps every operator's inputs, in the widths of three modes: half (weights, and so all
activations, in 16 bits), amp (FP32 weights under autocast: the residual stream and norms in FP32, each
matrix product with a 16-bit copy of its input of its own) and single (FP32 throughout). A compiler
keeps what its min-cut partitioner chooses. Leaves out dropout, and PyTorch's falling back to stored
scores where no fused kernel serves (FP32 with grouped queries).
"""

from typing import Literal

from service.estimate.architecture import met_channels
from service.estimate.block_kinds import BlockKind, kind_of
from service.estimate.block_matrices import targeted
from service.facts import Architecture, Recipe

FUSED_KERNELS = frozenset({"tinyllama"})
"""Code bases of eager PyTorch whose norms, activations, rotary positions and loss are fused kernels."""
WITHOUT_PEFT = frozenset({"torchtune", "litgpt", "fsdp_qlora", "unsloth"})
"""Code bases with 4-bit weights that leave the rest of the model in 16 bits."""
UNDER_AUTOCAST = frozenset({"hf transformers script"})
"""Loops of one's own that train adapters under autocast, as the Trainer does."""
GPTQ_WEIGHT = 0.52
"""Bytes of a GPTQ weight: 4 bits, and a 16-bit scale and a 4-bit zero for 128 of them (arXiv:2210.17323)."""
Mode = Literal["half", "amp", "single"]
ACTIVATION_REMAINDER = 0.1
"""Log-sum-exp and norm statistics in FP32 [bytes per token, layer and channel]."""
EAGER_NANOCHAT = 1.16
"""What eager PyTorch keeps of nanochat's block over what the min-cut partitioner of torch.compile does."""
EAGER_LOGITS = 12.0
"""When eager cross entropy's backward pass begins: FP32 log-probabilities, their gradient and that of the
logits, 4 bytes each per token and vocabulary entry; the forward pass ends with 10."""
LOGITS_AFTER_FORWARD = 10.0
CAPPED_LOGITS = 2.0
HELD_LOGITS = 2.0
"""16-bit logits that a training loop holds by name while it goes backward, as most that are written for one
project do (the WILSON ladder on an RTX 4060: 14 bytes to two digits; Languini's throughput_utils.py)."""
HELD_OUTPUT = 4.0
"""The same of a loop around a transformers model of before 4.45, which returns FP32 logits (16 bytes explain
what a sequence more costs fsdp_qlora, 1.6 GiB)."""
LOSS_ALONE = frozenset(
    {"", "nanogpt", "hf transformers script", "torchtitan", "torchao", "torchtune", "nanochat", "litgpt",
     "peft method_comparison", "universal llm trainer", "exxact"}
)  # fmt: skip
"""Code bases known to keep the loss alone; "" stands for code that nobody has named."""
COMPILED_LOGITS = {"half": 4.0, "amp": 7.0, "single": 8.0}
"""Compiled in one piece: 16-bit logits and their gradient; under autocast code that returns its logits keeps
FP32 ones as well (nanoGPT on an H200: 9.08 GiB at micro-batch 12)."""
COMPILED_SCORES = 1.0
"""Some compiled code keeps the 16-bit products of naive attention as well: 2 bytes by Languini's largest
batches on an RTX 4090, none on an A100; the middle."""
ONE_LOGITS_BUFFER = 2.0
"""nanochat returns the loss alone: Inductor reuses the buffer of the logits for their gradient."""
NATIVE_LOGITS = 2.0
"""One fused 16-bit buffer, overwritten by its gradient."""
FUSED_LOSS = {"llm-foundry": 4.0, "tinyllama": 4.0}
"""Code bases whose eager cross entropy is one fused kernel that works in place."""


def mode_of(recipe: Recipe) -> Mode:
    """The widths that matrix products and the residual stream have."""
    if recipe.precision in ("fp32", "tf32"):
        return "single"
    if recipe.trained != "all":
        if prepared_for_few_bits(recipe):
            return "amp"
        return "single" if recipe.frozen_bytes == 4 else "half"
    # Sharded weights are cast as a whole before a block reads them.
    return "half" if recipe.weight_bytes == 2 or recipe.sharding == "fsdp" else "amp"


def prepared_for_few_bits(recipe: Recipe) -> bool:
    """Whether embeddings, head and norms were made FP32 (PEFT's prepare_model_for_kbit_training).

    The rule for frozen weights of 4 and 8 bits, unless they are sharded, come from GPTQ (PEFT leaves those
    as they are) or are trained without PEFT.
    """
    few = recipe.trained == "qlora" or recipe.frozen_bytes == 1
    as_they_are = recipe.frozen_bytes == GPTQ_WEIGHT or recipe.code_base in WITHOUT_PEFT
    sharded = recipe.sharding == "fsdp" or recipe.trainer == "deepspeed"
    return recipe.trained != "all" and few and not (as_they_are or sharded)


def unfused(recipe: Recipe) -> bool:
    """Whether a framework without fused kernels ran it (TensorFlow 1): native code that stores scores."""
    return recipe.engine == "native" and recipe.attention == "naive"


def _unfused(a: Architecture, recipe: Recipe) -> float:
    """A layer of BERT's published TensorFlow code: FP32, every operator's operands.

    Queries, keys, values and the attention output 16 d, two dropout masks 8 d, two layer norms of two
    operands and a result each 24 d; GELU's operand, its argument, the distribution and the product 4 d_ff;
    of a score its probability, the dropout mask and the product.
    """
    scores = 12.0 * a.n_heads * recipe.seq_len
    return 48.0 * a.d_model + 16.0 * a.d_ff + scores


def layer_bytes_per_token(a: Architecture, recipe: Recipe) -> float:
    """Activations one layer keeps for the backward pass [bytes per token].

    TinyLlama in BF16 42.6 d, under autocast 52.6 d, in FP32 84 d (counted on fake tensors). nanochat
    compiled: 38.1 d.
    """
    if unfused(recipe):
        return _unfused(a, recipe)
    return _eager(a, recipe) if written_out(a, recipe) else _fused(a, recipe)


def written_out(a: Architecture, recipe: Recipe) -> bool:
    """Whether a layer keeps what eager PyTorch keeps: eager code but nanochat's, and code that stores
    attention scores even when compiled (Languini's largest batches on an RTX 4090)."""
    stores_scores = recipe.attention == "naive" and recipe.engine == "torch-compile"
    eager = recipe.engine == "torch-eager" and recipe.code_base not in FUSED_KERNELS
    return (eager and a.norm != "none") or stores_scores


def _eager(a: Architecture, recipe: Recipe) -> float:
    kind, mode, d = kind_of(a), mode_of(recipe), a.d_model
    wide = 4 if mode == "single" else 2
    q, kv, ff = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim, met_channels(a)
    adapted = recipe.trained != "all"
    gated = 2 if a.gated_mlp else 1
    into_attention = 1 if kind.fused_qkv else 3
    into_mlp = gated if not kind.fused_gate else 1
    norms = _norms(kind, mode, d, into_attention, into_mlp)
    if adapted:
        norms = _frozen_norms(kind, d)
    repeated = recipe.attention == "naive" or mode == "single"
    keys = values = float(q if repeated else kv)
    if kind.fused_qkv and kind.pieced_rotary:
        # The values are a view that keeps queries and keys from before the rotation alive.
        values = float(q + 2 * kv)
    attention: float = wide * (q + keys + values + q)
    if kind.pieced_rotary and recipe.attention != "naive":
        attention += wide * q
    if kind.full_qk_norm:
        attention += 8 * (q + kv)
    elif a.qk_norm_parameters:
        attention += _head_norm(kind, mode) * (q + kv)
    compiled = recipe.engine == "torch-compile"
    if recipe.attention == "naive":
        kept = score_bytes(kind, mode) + (COMPILED_SCORES if compiled else 0.0)
        attention += kept * a.n_heads * recipe.seq_len
    copies = _copies(kind, mode, gated=a.gated_mlp, compiled=compiled)
    if adapted:
        copies = _frozen_copies(kind, recipe, gated=a.gated_mlp)
    mlp = copies * ff
    if kind.routed:
        mlp += 2 * wide * a.experts_per_token * d
    beside = (ACTIVATION_REMAINDER + kind.beside) * d
    return norms + attention + mlp + adapter_inputs(a, recipe) + beside


def _head_norm(kind: BlockKind, mode: Mode) -> int:
    """What a norm of every head keeps [bytes per channel of queries and keys]."""
    if kind.norm == "layer":
        return 2 if mode == "half" else 4
    return 6 if kind.norm == "rms" and mode != "single" else 8


def _norms(kind: BlockKind, mode: Mode, d: int, into_attention: int, into_mlp: int) -> float:
    """Norms and the inputs of the matrices that read them [bytes per token]."""
    own = {
        "half": {"layer": 2, "rms": 6, "gemma": 8, "cohere": 12},
        "amp": {"layer": 4, "rms": 8, "gemma": 8, "cohere": 12},
        "single": {"layer": 4, "rms": 8, "gemma": 8, "cohere": 12},
    }[mode][kind.norm]
    inputs = {"half": 4, "amp": 2 * (into_attention + into_mlp), "single": 8}[mode]
    after = 8 if mode != "half" or kind.norm == "gemma" else 6
    if kind.layout == "shared":
        return d * (own + (inputs if mode == "amp" else inputs / 2))
    if kind.layout == "parallel":
        return d * (own + inputs)
    if kind.layout == "after":
        return d * (2 * after + inputs)
    return d * (2 * own + inputs + (2 * after if kind.layout == "around" else 0))


def _frozen_norms(kind: BlockKind, d: int) -> float:
    """Norms whose weights need no gradient keep their input alone, written-out ones in FP32."""
    each = 2 if kind.norm == "layer" else 4
    return d * each * {"shared": 1, "around": 4}.get(kind.layout, 2)


def _copies(kind: BlockKind, mode: Mode, *, gated: bool, compiled: bool) -> float:
    """Bytes the MLP keeps per hidden channel: inputs of the activation and of the matrix after it."""
    wide = 4 if mode == "single" else 2
    if gated:
        return 4 * wide
    if kind.activation == "formula" and not compiled:
        # Autocast computes the power, and so all that follows, in FP32.
        return 32 / 2 if mode == "amp" else 5 * wide
    return wide if kind.activation == "relu" else 2 * wide


def _frozen_copies(kind: BlockKind, recipe: Recipe, *, gated: bool) -> float:
    """The same of frozen matrices, which keep no input: what the activation and the product need alone.

    Beside k-bit preparation they are FP32, for bitsandbytes returns what it was given (Llama 3.1 8B QLoRA on
    an H200: 29.85 GiB).
    """
    wide = 4 if mode_of(recipe) != "half" else 2
    if gated:
        return 3 * wide
    return 4 * wide if kind.activation == "formula" else wide


def score_bytes(kind: BlockKind, mode: Mode) -> float:
    """What naive attention keeps per head and pair of positions: softmax in FP32 and its 16-bit copy."""
    wide = 4.0 if mode == "single" else 2.0
    upcast = mode != "single" and (kind.upcast_softmax or mode == "amp")
    dropped = 1.0 + wide if kind.drops_scores else 0.0
    return wide + (4.0 if upcast else 0.0) + (wide if kind.capped_scores else 0.0) + dropped


def adapter_inputs(a: Architecture, recipe: Recipe) -> float:
    """Copies of their inputs that adapters keep [bytes per token]: FP32, or 16 bits under autocast.

    Llama 3.2 1B under autocast on an H200: 107.0 GiB at micro-batch 16.
    """
    if recipe.trained == "all":
        return 0.0
    carriers = targeted(a, recipe.adapter_targets, recipe.code_base)
    widths = sum(m.reads * m.met for m in carriers if m.part != "head") / a.n_layers
    return (2 if under_autocast(recipe) else 4) * widths


def under_autocast(recipe: Recipe) -> bool:
    """Whether adapters are trained under autocast, as far as is known of the code."""
    return recipe.trained != "all" and (recipe.trainer == "hf-trainer" or recipe.code_base in UNDER_AUTOCAST)


def _fused(a: Architecture, recipe: Recipe) -> float:
    """Compiled and native layers.

    38.1 x d for nanochat's ReLU-squared block under torch.compile: MLP pre- and post-activation
    8 d + 8 d, inputs of the linear layers 6 d, q/k/v 6 d, their values before the norm 4 d,
    residuals 4 d, attention output 2 d. Other blocks keep 32 d (the attention output is the linear
    layer's input; no norm of q and k). A gated MLP keeps three hidden vectors instead of two.
    """
    d, ff = a.d_model, met_channels(a)
    q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
    hidden = (3 if a.gated_mlp else 2) * 2 * ff
    linear_inputs = 2 * d + 2 * q + 2 * d
    heads = 2 * (q + 2 * kv)
    before_norm = 2 * (q + kv) if a.norm == "none" or a.qk_norm_parameters else 0
    kept = hidden + linear_inputs + heads + before_norm + 4 * d + ACTIVATION_REMAINDER * d
    if a.norm == "none":
        kept = (kept + 2 * q) * (EAGER_NANOCHAT if recipe.engine == "torch-eager" else 1.0)
    if mode_of(recipe) == "single":
        kept *= 2
    if recipe.attention == "naive":
        kept += score_bytes(kind_of(a), mode_of(recipe)) * a.n_heads * recipe.seq_len
    return kept


def work_bytes_per_token(a: Architecture, recipe: Recipe) -> float:
    """Gradients of activations alive at once while a layer's backward pass runs [bytes per token]."""
    mode = mode_of(recipe)
    wide = 4 if mode == "single" else 2
    hidden = met_channels(a) * (2 if a.gated_mlp else 1) * wide
    scores = 0.0
    if recipe.attention == "naive":
        capped = 2 if kind_of(a).capped_scores else 1
        scores = a.n_heads * recipe.seq_len * 2.0 * wide * capped
    return max(hidden + (8 if mode != "half" else 4) * a.d_model, scores)


def logits_bytes_per_token(a: Architecture, recipe: Recipe) -> float:
    """Logits and their gradients when the backward pass begins [bytes per token]."""
    eager = EAGER_LOGITS + (CAPPED_LOGITS if kind_of(a).capped_logits else 0.0)
    if recipe.trainer == "loop" and recipe.code_base not in LOSS_ALONE:
        if recipe.trained != "all":
            eager += HELD_OUTPUT
        elif recipe.sharding != "fsdp":
            eager += HELD_LOGITS
    if recipe.code_base in FUSED_LOSS:
        return FUSED_LOSS[recipe.code_base] * a.vocab_size
    whole = recipe.sharding != "fsdp" and recipe.attention != "naive"
    if recipe.engine == "torch-compile" and whole:
        return (ONE_LOGITS_BUFFER if a.norm == "none" else COMPILED_LOGITS[mode_of(recipe)]) * a.vocab_size
    # Sharded code compiles the blocks one by one and leaves the loss eager.
    return (NATIVE_LOGITS if recipe.engine == "native" else eager) * a.vocab_size
