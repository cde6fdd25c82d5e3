"""Parameters and FLOPs that a decoder-only transformer costs, counted by formula.

Counting follows PaLM (arXiv:2204.02311, appendix B) and nanochat (gpt.py `estimate_flops`,
commit fae3aca for the 2025 architecture, 92d63d4 for the 2026 one): 6 FLOPs per token and
weight that takes part in a matrix product, plus 12 x heads x head_dim x window per layer for
attention without discounting the causal half. Embedding look-ups, norms, biases and softmax
are left out (about 1 % of the whole).
"""

from dataclasses import dataclass
from functools import lru_cache

from service.facts import Architecture

# nanochat since 2026: every value-embedding layer has a gate that reads this many channels,
# and the model has a smear gate of 24 weights and two scalars beside two scalars per layer.
VALUE_GATE_CHANNELS = 12
NANOCHAT_2026_SCALARS = 26
SHORT_WINDOW_MULTIPLE = 128


@dataclass(frozen=True, slots=True)
class ParameterGroups:
    """Parameters by what optimizers and memory treat alike [count]."""

    matrices: int
    """Weights of attention and MLP matrices in the blocks."""
    head: int
    """The output matrix; 0 when tied to the embedding."""
    embedding: int
    """Token (and learned position) embeddings."""
    value_embeddings: int
    other: int
    """Norms, biases, gates and scalars."""

    @property
    def total(self) -> int:
        return self.matrices + self.head + self.embedding + self.value_embeddings + self.other


@lru_cache(maxsize=1024)
def parameter_groups(a: Architecture) -> ParameterGroups:
    """Parameters by group [count], exact for GPT-2, nanochat (both generations), Llama, Qwen, NeoX, MPT.

    Raises nothing: `Architecture` is checked where it enters (`catalog_files`, `api`, `config_json`).
    """
    q_width = a.n_heads * a.head_dim
    kv_width = a.n_kv_heads * a.head_dim
    attention = a.d_model * (q_width + 2 * kv_width) + q_width * a.d_model
    mlp = (3 if a.gated_mlp else 2) * a.d_model * a.d_ff * a.n_experts
    per_layer_biases = 0
    if a.qkv_bias:
        per_layer_biases += q_width + 2 * kv_width
    if a.linear_bias:
        per_layer_biases += a.d_model + (2 if a.gated_mlp else 1) * a.d_ff + a.d_model
    norm = {"rmsnorm": a.d_model, "layernorm": 2 * a.d_model, "none": 0}[a.norm]
    other = a.n_layers * (per_layer_biases + 2 * norm) + norm
    if a.qk_norm_parameters:
        other += a.n_layers * 2 * a.head_dim
    if a.n_experts > 1:
        other += a.n_layers * a.d_model * a.n_experts
    if a.value_embedding_layers:
        other += a.value_embedding_layers * VALUE_GATE_CHANNELS * a.n_kv_heads
        other += 2 * a.n_layers + NANOCHAT_2026_SCALARS
    return ParameterGroups(
        matrices=a.n_layers * (attention + mlp),
        head=0 if a.tied_embeddings else a.vocab_size * a.d_model,
        embedding=(a.vocab_size + a.learned_positions) * a.d_model,
        value_embeddings=a.value_embedding_layers * a.vocab_size * kv_width,
        other=other,
    )


def parameters(a: Architecture) -> int:
    """All parameters [count]; nanochat d32 of 2025: 1,879,048,192."""
    return parameter_groups(a).total


def matmul_parameters(a: Architecture) -> int:
    """Weights that meet every token in a matrix product [count]: blocks, gates and the output matrix.

    Of a mixture of experts those that a token is sent to, and the router.
    """
    groups = parameter_groups(a)
    gates = a.value_embedding_layers * VALUE_GATE_CHANNELS * a.n_kv_heads
    idle = a.n_layers * (3 if a.gated_mlp else 2) * a.d_model * a.d_ff * (a.n_experts - a.experts_per_token)
    router = a.n_layers * a.d_model * a.n_experts if a.n_experts > 1 else 0
    return groups.matrices - idle + router + gates + a.vocab_size * a.d_model


def attention_windows(a: Architecture, seq_len: int) -> tuple[int, ...]:
    """How far each layer looks back [tokens]; the last layer always sees everything.

    A short window is seq_len / 4 rounded up to a multiple of 128 (nanochat@92d63d4 gpt.py:
    512 at 2,048, although its comment says 768).
    """
    short = -(-seq_len // a.short_window_divisor)
    short = min(seq_len, -(-short // SHORT_WINDOW_MULTIPLE) * SHORT_WINDOW_MULTIPLE)
    windows = [
        seq_len if a.window_pattern[layer % len(a.window_pattern)] == "L" else short
        for layer in range(a.n_layers)
    ]
    windows[-1] = seq_len
    return tuple(windows)


def attention_flops_per_token(a: Architecture, seq_len: int) -> int:
    """FLOPs of attention scores and values per token, forward and backward, causal half not discounted."""
    return 12 * a.n_heads * a.head_dim * sum(attention_windows(a, seq_len))


def flops_per_token(a: Architecture, seq_len: int) -> int:
    """Training FLOPs per token as MFU counts them; nanochat d32 at 2,048: 12,079,595,520.

    Leaves out norms, look-ups and softmax (about 1 %) and counts attention in full although a
    causal kernel computes half of it (5-10 % of the whole at 2,048 tokens).
    """
    return 6 * matmul_parameters(a) + attention_flops_per_token(a, seq_len)


def layer_flops_share(a: Architecture, seq_len: int) -> float:
    """Share of `flops_per_token` spent in the blocks: what recomputation repeats [0-1]."""
    total = flops_per_token(a, seq_len)
    return (total - 6 * a.vocab_size * a.d_model) / total


def steps(tokens: int, global_batch_tokens: int) -> int:
    """Optimizer steps of a run [count]; the last, partial batch is not trained (nanochat, nanoGPT)."""
    return tokens // global_batch_tokens
