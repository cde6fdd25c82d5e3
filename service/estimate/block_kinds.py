"""How the blocks of a model family are written, as far as eager PyTorch keeps more or less because of it.

Eager PyTorch keeps what each operator needs for its gradient, so that a norm written out in FP32, a
fused query-key-value matrix or a GELU written as a formula change the memory of a layer. Read from
transformers 5.24 and held against counted peaks (tests/estimate/oracle_peaks.csv); Languini's block from
languini/projects/gpt/lib.py. Dropout
beside that of attention weights is left out: it adds a mask of 1 byte and a copy per element.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from service.facts import Architecture


@dataclass(frozen=True, slots=True)
class BlockKind:
    """What one block keeps beside its matrices' shapes."""

    norm: Literal["layer", "rms", "gemma", "cohere"]
    """layer: one fused kernel; rms: Llama's, in FP32 up to the learned weight; gemma: the weight in FP32
    too; cohere: a layer norm written out in FP32."""
    layout: Literal["before", "parallel", "shared", "after", "around"] = "before"
    """before: norm, attention, norm, MLP; parallel: both read the same residual by norms of their own;
    shared: by one norm; after: norms of the results (OLMo 2); around: before and after (Gemma 2)."""
    fused_qkv: bool = False
    fused_gate: bool = False
    activation: Literal["one-kernel", "formula", "relu"] = "one-kernel"
    """formula: GELU's tanh approximation in five operators (gelu_new)."""
    pieced_rotary: bool = False
    """Rotary positions that concatenate: queries become contiguous and the attention output is copied."""
    full_qk_norm: bool = False
    """Norms over all heads of queries and keys at once (OLMo 2)."""
    upcast_softmax: bool = True
    """Whether naive attention computes its softmax in FP32 also where weights are in 16 bits."""
    drops_scores: bool = False
    """Whether the code drops attention weights while training: a mask and a copy more (GPTs and BERT)."""
    capped_scores: bool = False
    capped_logits: bool = False
    routed: bool = False
    """A mixture of experts that gathers each token's copies for its experts and scatters their results."""
    beside: float = 0.0
    """What a block keeps that is none of these [bytes per channel of the residual]."""
    mask_bytes: float = 0.0
    """Causal mask that every layer keeps a buffer of [bytes per layer]."""


LLAMA = BlockKind("rms")
GPT = BlockKind("layer", fused_qkv=True, upcast_softmax=False, drops_scores=True)
KINDS: Mapping[str, BlockKind] = MappingProxyType(
    {
        **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "smollm3", "granite"), LLAMA),
        "gpt": GPT,
        "gpt2": BlockKind("layer", fused_qkv=True, activation="formula", upcast_softmax=False),
        "gpt_neox": BlockKind("layer", "parallel", fused_qkv=True, pieced_rotary=True),
        "phi": BlockKind("layer", "shared", activation="formula", pieced_rotary=True),
        "qwen": BlockKind("rms", fused_qkv=True),
        "phi3": BlockKind("rms", fused_qkv=True, fused_gate=True, pieced_rotary=True),
        "gemma": BlockKind("gemma"),
        "gemma2": BlockKind("gemma", "around", capped_scores=True, capped_logits=True),
        "gemma3_text": BlockKind("gemma", "around"),
        "olmo": BlockKind("layer"),
        "olmo2": BlockKind("gemma", "after", full_qk_norm=True),
        "olmo3": BlockKind("gemma", "after", full_qk_norm=True),
        "olmoe": BlockKind("rms", full_qk_norm=True, routed=True),
        "glm4": BlockKind("rms", "around", fused_gate=True),
        "exaone4": BlockKind("rms", "after"),
        "seed_oss": BlockKind("rms", drops_scores=True),
        "nemotron": BlockKind("layer", pieced_rotary=True),
        "apertus": BlockKind("rms", activation="formula"),
        "persimmon": BlockKind("layer", fused_qkv=True, pieced_rotary=True),
        "gpt_neo": BlockKind("layer", activation="formula"),
        "gptj": BlockKind("layer", "shared", activation="formula", pieced_rotary=True),
        "codegen": BlockKind("layer", "shared", activation="formula", pieced_rotary=True),
        "cohere2": BlockKind("cohere", "shared"),
        "gemma3n_text": BlockKind("gemma", "around", beside=88.0),
        "mixtral": BlockKind("rms", routed=True),
        "qwen2_moe": BlockKind("rms", routed=True),
        "qwen3_moe": BlockKind("rms", routed=True),
        "granitemoe": BlockKind("rms", routed=True),
        "granitemoeshared": BlockKind("rms", routed=True),
        "deepseek_v2": BlockKind("rms", routed=True),
        "deepseek_v3": BlockKind("rms", routed=True),
        "glm4_moe": BlockKind("rms", routed=True),
        "minimax_m2": BlockKind("rms", full_qk_norm=True, routed=True),
        "llama4_text": BlockKind("rms", routed=True),
        "phimoe": BlockKind("layer", routed=True),
        "gpt_oss": BlockKind("rms", routed=True, upcast_softmax=False, capped_scores=True),
        "stablelm": BlockKind("layer", pieced_rotary=True),
        "opt": BlockKind("layer", activation="relu"),
        "starcoder2": BlockKind("layer"),
        "bloom": BlockKind("layer", fused_qkv=True),
        "falcon": BlockKind("layer", "shared", fused_qkv=True, upcast_softmax=False),
        "cohere": BlockKind("cohere", "shared"),
        "languini": BlockKind("layer", activation="formula", mask_bytes=4.0 * 4096**2),
    }
)
NAMED: tuple[tuple[str, str], ...] = (
    ("gemma-2", "gemma2"), ("gemma 2", "gemma2"), ("gemma2", "gemma2"),
    ("gemma-3", "gemma3_text"), ("gemma 3", "gemma3_text"), ("gemma3", "gemma3_text"), ("gemma", "gemma"),
    ("phi-3", "phi3"), ("phi3", "phi3"), ("phi-", "phi"), ("olmo-2", "olmo2"), ("olmo 2", "olmo2"),
    ("olmo2", "olmo2"), ("pythia", "gpt_neox"), ("neox", "gpt_neox"), ("stablelm", "stablelm"),
    ("qwen-", "qwen"), ("starcoder2", "starcoder2"), ("bloom", "bloom"),
    ("falcon3", "llama"), ("falcon", "falcon"),
    ("command-r", "cohere"), ("aya-", "cohere"), ("opt-", "opt"),
    ("languini", "languini"), ("bert", "gpt"), ("gpt", "gpt"), ("mpt", "gpt"),
)  # fmt: skip
"""What a model's name says of its kind; the first that occurs wins."""


def kind_of(a: Architecture) -> BlockKind:
    """The kind a model's blocks are of: its own, else Llama's with RMS norms and GPT's with layer norms."""
    return KINDS.get(a.block) or (GPT if a.norm == "layernorm" else LLAMA)


def block_named(model: str) -> str:
    """The kind that a printed model name tells; "" where none is known by name."""
    name = model.lower()
    return next((kind for words, kind in NAMED if words in name), "")
