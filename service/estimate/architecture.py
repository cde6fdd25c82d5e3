"""Parameters and FLOPs that a transformer costs, counted by formula.

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
    """Parameters by group [count]; exact for nanochat (both generations) and for every config.json that is
    read (tests/estimate/model_parameters.csv).

    Raises nothing: `Architecture` is checked where it enters (`catalog_files`, `api`, `config_json`).
    """
    q_width = a.n_heads * a.head_dim
    kv_width = a.n_kv_heads * a.head_dim
    attention = a.d_model * (q_width + 2 * kv_width) + q_width * a.d_model
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
        other += router_weights(a)
    if a.value_embedding_layers:
        other += a.value_embedding_layers * VALUE_GATE_CHANNELS * a.n_kv_heads
        other += 2 * a.n_layers + NANOCHAT_2026_SCALARS
    return ParameterGroups(
        matrices=a.n_layers * attention + mlp_weights(a, a.n_experts) + a.extra_matrices,
        head=0 if a.tied_embeddings else a.vocab_size * a.d_model,
        embedding=(a.vocab_size + a.learned_positions) * a.d_model + a.extra_embeddings,
        value_embeddings=a.value_embedding_layers * a.vocab_size * kv_width,
        other=other + a.extra_vectors,
    )


def mlp_channels(a: Architecture, experts: int) -> int:
    """Hidden channels over all layers, of so many experts in each that has some [count]."""
    mixed = a.n_layers - a.dense_layers
    return mixed * (a.d_ff * experts + a.shared_d_ff) + a.dense_layers * a.dense_d_ff


def mlp_weights(a: Architecture, experts: int) -> int:
    """Weights of the MLPs' matrices over all layers, of so many experts in each that has some [count]."""
    return (3 if a.gated_mlp else 2) * a.d_model * mlp_channels(a, experts)


def met_channels(a: Architecture) -> float:
    """Hidden channels that a token meets in a layer, the mean over layers; d_ff of a dense model."""
    return per_layer(a, mlp_channels(a, a.experts_per_token))


def per_layer(a: Architecture, total: int) -> float:
    """A count over all layers as that of one; whole where it divides."""
    return total / a.n_layers if total % a.n_layers else total // a.n_layers


def router_weights(a: Architecture) -> int:
    """Weights that choose among experts [count]; 0 for a dense model."""
    return (a.n_layers - a.dense_layers) * a.d_model * a.n_experts if a.n_experts > 1 else 0


def parameters(a: Architecture) -> int:
    """All parameters [count]; nanochat d32 of 2025: 1,879,048,192."""
    return parameter_groups(a).total


def matmul_parameters(a: Architecture) -> int:
    """Weights that meet every token in a matrix product [count]: blocks, gates and the output matrix.

    Of a mixture of experts those that a token is sent to, and the router.
    """
    groups = parameter_groups(a)
    gates = a.value_embedding_layers * VALUE_GATE_CHANNELS * a.n_kv_heads
    idle = mlp_weights(a, a.n_experts) - mlp_weights(a, a.experts_per_token)
    return groups.matrices - idle + router_weights(a) + gates + a.vocab_size * a.d_model


def attention_windows(a: Architecture, seq_len: int) -> tuple[int, ...]:
    """Twice the positions that a token of each layer meets on average [tokens]; of a full causal layer
    seq_len, so that half of it is computed.

    nanochat's short windows are seq_len / 4 rounded up to a multiple of 128 (nanochat@92d63d4 gpt.py: 512
    at 2,048, although its comment says 768), counted as they are there, and its last layer is full. Fixed
    windows w are met as 2 w - w^2 / seq_len, chunks as their length; a bidirectional layer meets w.
    """
    if a.window_tokens:
        return tuple(_fixed_window(a, seq_len, layer) for layer in range(a.n_layers))
    short = -(-seq_len // a.short_window_divisor)
    short = min(seq_len, -(-short // SHORT_WINDOW_MULTIPLE) * SHORT_WINDOW_MULTIPLE)
    windows = [
        seq_len if a.window_pattern[layer % len(a.window_pattern)] == "L" else short
        for layer in range(a.n_layers)
    ]
    windows[-1] = seq_len
    return tuple(windows)


def _fixed_window(a: Architecture, seq_len: int, layer: int) -> int:
    mark, width = a.window_pattern[layer % len(a.window_pattern)], a.window_tokens
    if mark == "L" or width >= seq_len:
        return seq_len
    if mark == "C" or layer < a.bidirectional_layers:
        return width
    return 2 * width - width**2 // seq_len


def attended(a: Architecture, seq_len: int) -> tuple[int, int]:
    """Windows summed over causal layers, and over those without a causal mask, cross attention among them;
    of the latter all is computed, of the former half [tokens]."""
    windows = attention_windows(a, seq_len)
    whole = sum(windows[: a.bidirectional_layers])
    if a.cross_attention:
        whole += (a.n_layers - a.bidirectional_layers) * seq_len
    return sum(windows[a.bidirectional_layers :]), whole


def attention_flops_per_token(a: Architecture, seq_len: int) -> int:
    """FLOPs of attention scores and values per token, forward and backward, causal half not discounted."""
    return 12 * a.n_heads * a.head_dim * sum(attended(a, seq_len))


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
