"""Models with state-space or linear-attention layers: their parameters are counted, their time is not told.

Such a layer is a scan over the sequence in a kernel of its own. No published training run of one is among
the evidence, and the matrix products alone say too little of its time and memory. Counted as transformers
5.24 builds them (modeling_*.py of each).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.errors import InvalidValue, Worded, worded
from service.estimate.model_families.config import MOST_LAYERS, Config, divided

PATTERN = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
"""Letters of Nemotron-H's hybrid_override_pattern."""


@dataclass(frozen=True, slots=True)
class Hybrid:
    """What is counted of a kind, and what its time cannot be told for."""

    parameters: Callable[[Config], int]
    layers: Worded

    def refusal(self, c: Config) -> Worded:
        """Why it is refused, with its parameters. Raises InvalidValue for a file that cannot be counted."""
        return worded(
            "its {parameters:,} parameters are counted, but no measured run tells how long {layers} take and "
            "what they keep in memory; the nearest thing that works is a transformer of that size, by "
            "--dimensions",
            parameters=self.parameters(c),
            layers=self.layers,
        )


def _kinds(c: Config, layers: int) -> tuple[str, ...]:
    """What each layer is, where the file lists them. Raises InvalidValue where it lists another number."""
    kinds = c.words("layer_types") or ()
    if kinds and len(kinds) != layers:
        raise InvalidValue(
            "layer_types",
            f"{len(kinds)} entries",
            worded("must have one for each of {layers} layers", layers=layers),
        )
    return kinds


def _embeddings(c: Config) -> int:
    width = c.number("hidden_size")
    return c.number("vocab_size") * width * (1 if c.flag("tie_word_embeddings") else 2) + width


def _attention(c: Config, *, gates: int = 1) -> int:
    d, heads = c.count("hidden_size"), c.count("num_attention_heads")
    head = c.count("head_dim", 0) or divided(d, heads, "num_attention_heads")
    q, kv = heads * head, c.count("num_key_value_heads", heads) * head
    biases = (gates * q + 2 * kv + d) * c.flag("attention_bias")
    return d * (gates * q + 2 * kv) + q * d + biases


def _mamba_1(c: Config, d: int, inner: int, state: int, width: int, rank: int) -> int:
    convolution = inner * (width + (c.flag("use_conv_bias") or c.flag("mamba_conv_bias")))
    biased = c.flag("use_bias") or c.flag("mamba_proj_bias")
    through = 2 * inner * (d + biased) + inner * d + d * biased
    steps = inner * (rank + 2 * state) + (rank + 1) * inner
    return convolution + through + steps + inner * (state + 1)


def _mamba_2(
    c: Config, d: int, inner: int, heads: int, groups: int, state: int, width: int, *, norm: bool, bias: str,
    conv_bias: str, out_bias: str = "",
) -> int:  # fmt: skip
    mixed = inner + 2 * groups * state
    into = inner + mixed + heads
    out = inner * d + d * c.flag(out_bias or bias)
    return mixed * (width + c.flag(conv_bias)) + into * (d + c.flag(bias)) + 3 * heads + inner * norm + out


def _mamba(c: Config) -> int:
    d = c.count("hidden_size")
    rank = c.count("time_step_rank", -(-d // 16)) if c.given("time_step_rank") != "auto" else -(-d // 16)
    inner = c.count("expand") * d
    layer = _mamba_1(c, d, inner, c.count("state_size"), c.count("conv_kernel"), rank) + d
    return c.number("num_hidden_layers", most=MOST_LAYERS) * layer + _embeddings(c)


def _mamba2(c: Config) -> int:
    d = c.count("hidden_size")
    layer = _mamba_2(
        c, d, c.count("expand") * d, c.count("num_heads"), c.count("n_groups"), c.count("state_size"),
        c.count("conv_kernel"), norm=True, bias="use_bias", conv_bias="use_conv_bias",
    )  # fmt: skip
    return c.number("num_hidden_layers", most=MOST_LAYERS) * (layer + d) + _embeddings(c)


def _jamba(c: Config) -> int:
    d, ff, layers = (
        c.count("hidden_size"),
        c.count("intermediate_size"),
        c.number("num_hidden_layers", most=MOST_LAYERS),
    )
    rank = c.count("mamba_dt_rank", 0) if c.given("mamba_dt_rank") != "auto" else 0
    rank, state = rank or -(-d // 16), c.count("mamba_d_state")
    inner = c.count("mamba_expand") * d
    scan = _mamba_1(c, d, inner, state, c.count("mamba_d_conv"), rank) + rank + 2 * state
    total = 0
    for layer in range(layers):
        attends = layer % c.number("attn_layer_period") == c.count("attn_layer_offset")
        mixes = layer % c.number("expert_layer_period") == c.count("expert_layer_offset")
        experts = c.count("num_experts") if mixes else 1
        router = d * experts if experts > 1 else 0
        total += (_attention(c) if attends else scan) + 3 * d * ff * experts + router + 2 * d
    return total + _embeddings(c)


def _qwen3_next(c: Config) -> int:
    d, layers = c.count("hidden_size"), c.number("num_hidden_layers", most=MOST_LAYERS)
    keys = c.count("linear_num_key_heads") * c.count("linear_key_head_dim")
    heads, narrow = c.count("linear_num_value_heads"), c.count("linear_value_head_dim")
    values = heads * narrow
    linear = (2 * keys + values) * c.count("linear_conv_kernel_dim") + d * (2 * keys + 2 * values + 2 * heads)
    linear += 2 * heads + narrow + values * d
    whole = _attention(c, gates=2) + 2 * c.count("head_dim")
    experts, width = c.count("num_experts"), c.count("moe_intermediate_size")
    mixture = experts * (3 * d * width + d) + 3 * d * c.count("shared_expert_intermediate_size") + d
    kinds = _kinds(c, layers)
    dense = c.places("mlp_only_layers") or frozenset()
    total = 0
    for layer in range(layers):
        attends = kinds[layer] == "full_attention" if kinds else (layer + 1) % 4 == 0
        mixes = layer not in dense and experts and (layer + 1) % c.number("decoder_sparse_step") == 0
        total += (whole if attends else linear) + 2 * d
        total += mixture if mixes else 3 * d * c.count("intermediate_size")
    return total + _embeddings(c)


def _scan_beside(c: Config, d: int, inner: int, *, norm: bool, out_bias: str = "") -> int:
    """Bamba's, Granite 4's and Falcon-H1's Mamba-2 layers."""
    return _mamba_2(
        c, d, inner, c.count("mamba_n_heads"), c.count("mamba_n_groups"), c.count("mamba_d_state"),
        c.count("mamba_d_conv"), norm=norm, bias="mamba_proj_bias", conv_bias="mamba_conv_bias",
        out_bias=out_bias,
    )  # fmt: skip


def _falcon_h1(c: Config) -> int:
    d, ff = c.count("hidden_size"), c.count("intermediate_size")
    inner = c.count("mamba_d_ssm", c.count("mamba_expand") * d)
    scan = _scan_beside(c, d, inner, norm=c.flag("mamba_rms_norm"), out_bias="projectors_bias")
    mlp = 3 * d * ff + (2 * ff + d) * c.flag("mlp_bias")
    return c.number("num_hidden_layers", most=MOST_LAYERS) * (
        scan + _attention(c) + mlp + 2 * d
    ) + _embeddings(c)


def _granite(c: Config) -> int:
    d, layers = c.count("hidden_size"), c.number("num_hidden_layers", most=MOST_LAYERS)
    scan = _scan_beside(c, d, c.count("mamba_expand") * d, norm=True)
    experts = c.count("num_local_experts")
    mlp = 3 * d * c.count("shared_intermediate_size")
    mlp += experts * (3 * d * c.count("intermediate_size") + d)
    kinds = _kinds(c, layers) or ("mamba",) * layers
    attending = sum(kind in ("attention", "full_attention") for kind in kinds)
    return attending * _attention(c) + (layers - attending) * scan + layers * (mlp + 2 * d) + _embeddings(c)


def _nemotron_h(c: Config) -> int:
    d = c.count("hidden_size")
    pattern = c.given("hybrid_override_pattern")
    if isinstance(pattern, str):
        kinds: tuple[str, ...] = tuple(PATTERN.get(letter, letter) for letter in pattern)
    else:
        kinds = c.words("layers_block_type") or ()
    heads, head = c.count("mamba_num_heads"), c.count("mamba_head_dim")
    scan = _mamba_2(
        c, d, heads * head, heads, c.count("n_groups"), c.count("ssm_state_size"), c.count("conv_kernel"),
        norm=True, bias="use_bias", conv_bias="use_conv_bias",
    )  # fmt: skip
    biased, ff = c.flag("mlp_bias"), c.count("intermediate_size")
    latent, experts = c.count("moe_latent_size", 0), c.count("n_routed_experts")
    shared = c.count("moe_shared_expert_intermediate_size")
    mixture = 2 * (latent or d) * c.count("moe_intermediate_size") * experts + experts * d
    mixture += 2 * d * shared + (shared + d) * biased
    if latent:
        mixture += 2 * d * latent + (latent + d) * biased
    each = {
        "mamba": scan, "linear_attention": scan, "attention": _attention(c), "full_attention": _attention(c),
        "mlp": 2 * d * ff + (ff + d) * biased, "moe": mixture,
    }  # fmt: skip
    for kind in kinds:
        if kind not in each:
            raise InvalidValue("layers_block_type", kind, worded("unknown kind of layer"), each)
    if not kinds:
        raise InvalidValue(
            "hybrid_override_pattern", None, worded("is missing from the model's configuration")
        )
    return sum(each[kind] + d for kind in kinds) + _embeddings(c)


SCANS = worded("its state-space layers")
HYBRIDS: Mapping[str, Hybrid] = {
    "mamba": Hybrid(_mamba, SCANS),
    "falcon_mamba": Hybrid(_mamba, SCANS),
    "mamba2": Hybrid(_mamba2, SCANS),
    "jamba": Hybrid(_jamba, SCANS),
    "falcon_h1": Hybrid(_falcon_h1, SCANS),
    "nemotron_h": Hybrid(_nemotron_h, SCANS),
    "granitemoehybrid": Hybrid(_granite, SCANS),
    "qwen3_next": Hybrid(_qwen3_next, worded("its linear attention layers")),
}


def is_plain(c: Config) -> bool:
    """Whether a file of a hybrid kind has attention in all of its layers (the smaller Granite 4)."""
    kinds = c.words("layer_types") or ()
    return bool(kinds) and all(kind in ("attention", "full_attention") for kind in kinds)
