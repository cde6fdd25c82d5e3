"""What the models of one family have in common, said once, and the architecture that follows for one of them.

A family names the keys of its config.json, which matrices have biases, where norms stand and how wide they
are, which layers are mixtures of experts, and what it has beside. Held against the parameters that
transformers itself makes of the same files, to the last one (tests/estimate/model_parameters.csv).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from service.errors import InvalidValue, worded
from service.estimate.architecture import parameter_groups, router_weights
from service.estimate.model_families.config import Config, Key, Switch, divided
from service.estimate.model_families.windows import Windows, full
from service.facts import Architecture

SPEAK_OF_EXPERTS = ("num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts")
SPEAK_OF_SHARED = (
    "n_shared_experts", "shared_expert_intermediate_size", "shared_intermediate_size",
    "moe_num_shared_experts",
)  # fmt: skip
NORM_WEIGHTS = {"rms": 1, "layer": 2, "unbiased": 1, "none": 0}
"""Learned numbers per channel of a norm."""
FULL = Windows(full)


@dataclass(frozen=True, slots=True)
class Keys:
    """What a family's files call the dimensions."""

    layers: Key = "num_hidden_layers"
    width: Key = "hidden_size"
    heads: Key = "num_attention_heads"
    kv_heads: Key = "num_key_value_heads"
    head_dim: Key = "head_dim"
    d_ff: Key = "intermediate_size"
    positions: Key | None = None
    """Of the learned position table; None where positions are not learned."""


class Beside(NamedTuple):
    """Weights of a family's own, beside what its dimensions tell [count]."""

    matrices: int = 0
    vectors: int = 0
    embeddings: int = 0


@dataclass(frozen=True, slots=True)
class Experts:
    """How a family's mixtures of experts are told."""

    number: Key
    chosen: Key = "num_experts_per_tok"
    width: Key = "moe_intermediate_size"
    dense_width: Key = "intermediate_size"
    shared_width: Callable[[Config], int] | None = None
    """Hidden channels of the experts that every token meets."""
    mixed: Callable[[Config, int], bool] = lambda c, layer: True
    """Whether the layer at this place is a mixture."""
    router_bias: bool = False
    biased: bool = False
    """Whether each expert's matrices have biases."""
    gates_shared: bool = False
    """Whether one weight per channel says how much of the shared expert is taken (Qwen)."""


@dataclass(frozen=True, slots=True)
class Family:
    """How the blocks of a family are built."""

    keys: Keys = Keys()
    gated: Switch = True
    norm: Literal["rms", "layer", "unbiased", "none"] = "rms"
    norms: int | Callable[[Config], int] = 2
    """In a block, each of the model's width."""
    final_norms: int | Callable[[Config], int] = 1
    """Beside the blocks: the last one, and one of the embeddings where there is one."""
    qkv_bias: Switch = False
    output_bias: Switch = False
    mlp_bias: Switch = False
    head_bias: Switch = False
    head_norm: Literal["", "one", "each", "whole"] = ""
    """Norms of queries and keys: one for all heads, one for each, or one over all of them at once."""
    head_norm_if: Switch = True
    kv_heads: Callable[[Config, int], int] | None = None
    """Of the number of heads, where no plain key tells it."""
    d_ff: Callable[[Config, int], int] | None = None
    """Of the width, where no plain key tells it."""
    position_offset: int = 0
    windows: Windows = FULL
    experts: Experts | None = None
    bidirectional: bool = False
    beside: Callable[[Config, Architecture], Beside] | None = None
    reshaped: Callable[[Config, Architecture], Architecture] | None = None
    """The same with dimensions that the keys do not tell (latent attention, encoder and decoder)."""

    def read(self, c: Config) -> Architecture:
        """The architecture of one file. Raises InvalidValue naming the key that cannot be."""
        self._refuse_other_experts(c)
        keys = self.keys
        width, heads = c.count(keys.width), c.count(keys.heads)
        layers = c.count(keys.layers)
        norm: Literal["rmsnorm", "layernorm"] = "rmsnorm" if self.norm in ("rms", "unbiased") else "layernorm"
        kv_heads = self.kv_heads(c, heads) if self.kv_heads else c.count(keys.kv_heads, heads)
        pattern, window = self.windows.read(c, max(0, min(layers, 1_000)))
        a = Architecture(
            n_layers=layers,
            d_model=width,
            n_heads=heads,
            n_kv_heads=kv_heads,
            head_dim=c.count(keys.head_dim, 0) or divided(width, heads, _name(c, keys.heads)),
            d_ff=self.d_ff(c, width) if self.d_ff else 0 if self.experts else c.count(keys.d_ff),
            vocab_size=c.count("vocab_size"),
            tied_embeddings=c.flag("tie_word_embeddings"),
            gated_mlp=c.switch(self.gated),
            qkv_bias=c.switch(self.qkv_bias),
            linear_bias=c.switch(self.mlp_bias),
            norm=norm,
            learned_positions=c.count(keys.positions) + self.position_offset if keys.positions else 0,
            qk_norm_parameters=self.head_norm == "one" and c.switch(self.head_norm_if),
            window_pattern=pattern,
            window_tokens=window,
            bidirectional_layers=layers if self.bidirectional else 0,
            block=c.model_type,
        )
        if self.experts:
            a = _with_experts(self.experts, c, a)
        if self.reshaped:
            a = self.reshaped(c, a)
        own = self.beside(c, a) if self.beside else Beside()
        counted = self._vectors(c, a) + own.vectors
        return replace(
            a,
            extra_matrices=a.extra_matrices + own.matrices,
            extra_vectors=counted - parameter_groups(a).other,
            extra_embeddings=a.extra_embeddings + own.embeddings,
        )

    def _refuse_other_experts(self, c: Config) -> None:
        """Experts in a file whose kind has none are not passed over in silence."""
        unread: tuple[str, ...] = SPEAK_OF_EXPERTS if self.experts is None else ()
        if self.experts is None or self.experts.shared_width is None:
            unread += SPEAK_OF_SHARED
        for key in unread:
            if c.said.get(key) not in (None, 0, 1, False):
                reason = worded(
                    "experts that a model of kind {model_type} does not have", model_type=c.model_type
                )
                raise InvalidValue(key, c.said[key], reason)

    def _vectors(self, c: Config, a: Architecture) -> int:
        """Norms, biases and routers [count]."""
        q, kv = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim
        each = NORM_WEIGHTS[self.norm]
        norms = self.norms if isinstance(self.norms, int) else self.norms(c)
        final = self.final_norms if isinstance(self.final_norms, int) else self.final_norms(c)
        block = norms * each * a.d_model
        block += (q + 2 * kv) * c.switch(self.qkv_bias) + a.d_model * c.switch(self.output_bias)
        if self.head_norm and c.switch(self.head_norm_if):
            block += each * {"one": 2 * a.head_dim, "each": q + kv, "whole": q + kv}[self.head_norm]
        total = a.n_layers * block + final * each * a.d_model + router_weights(a)
        up = 2 if a.gated_mlp else 1
        if c.switch(self.mlp_bias):
            dense = a.dense_layers if self.experts else a.n_layers
            total += dense * (up * (a.dense_d_ff if self.experts else a.d_ff) + a.d_model)
        if self.experts:
            mixed = a.n_layers - a.dense_layers
            total += mixed * a.n_experts * self.experts.router_bias
            total += mixed * a.n_experts * (up * a.d_ff + a.d_model) * self.experts.biased
            total += mixed * a.d_model * (self.experts.gates_shared and a.shared_d_ff > 0)
        return total + a.vocab_size * c.switch(self.head_bias)


def _with_experts(experts: Experts, c: Config, a: Architecture) -> Architecture:
    layers = max(0, min(a.n_layers, 1_000))
    mixed = sum(experts.mixed(c, layer) for layer in range(layers))
    number, chosen = c.count(experts.number), c.count(experts.chosen, 1)
    if not mixed:
        return replace(a, d_ff=c.count(experts.dense_width))
    return replace(
        a,
        d_ff=c.count(experts.width),
        n_experts=number,
        experts_per_token=chosen,
        shared_d_ff=experts.shared_width(c) if experts.shared_width else 0,
        dense_layers=a.n_layers - mixed,
        dense_d_ff=c.count(experts.dense_width) if mixed < a.n_layers else 0,
    )


def _name(c: Config, key: Key) -> str:
    if isinstance(key, str):
        return key
    said: Mapping[str, object] = c.said
    return next((name for name in key if name in said), key[0])
