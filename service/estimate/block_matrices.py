"""The linear matrices of a model by the names that its code gives them, and which of them a list means.

Names are those of transformers 5.24, adapters as PEFT 0.21 puts them on its modules; held against what PEFT
counts itself, to the last parameter (tests/estimate/adapter_parameters.csv). Experts lie in two fused tensors
a layer since transformers 5. PEFT translates the names they had before for some kinds of model
(`TRANSLATED`), with twice the rank where two matrices became one; of the others it adapts experts only where
its target_parameters name them, which "experts." before a name stands for here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from service.errors import InvalidValue, Worded, nearest_first, worded
from service.facts import Architecture

Part = Literal["attention", "mlp", "shared", "experts", "router", "beside", "embedding", "head"]
ALL_LINEAR, ATTENTION, QUERY_VALUE = WORDS = ("all-linear", "attention", "query-value")
EMBEDDINGS = ("embed_tokens", "lm_head")
"""What may be trained in full beside adapters (PEFT's modules_to_save), by Llama's names."""
EXPERTS = "experts."
EXPERT_TENSORS = ("gate_up_proj", "down_proj")
LONGEST_LIST = 500


@dataclass(frozen=True, slots=True)
class Names:
    """What one kind of model calls the matrices of its blocks."""

    qkv: tuple[str, ...] = ("q_proj", "k_proj", "v_proj")
    """Three, one that holds all, or none where `Architecture.own_matrices` tells them."""
    out: str = "o_proj"
    into: tuple[str, ...] = ("gate_proj", "up_proj")
    """Into the MLP: gate and up, or one that holds both; of an MLP without a gate the last."""
    down: str = "down_proj"
    shared: tuple[str, str] | None = None
    """Of the experts that every token meets, where both are other than those above."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Linear matrices of one name and shape, over the whole model."""

    name: str
    part: Part
    inputs: int
    outputs: int
    count: float
    """How many there are; of experts those of all."""
    met: float
    """How many of them a token meets."""
    ranks: int = 1
    """Ranks of adapter for each that was asked for: two where two matrices became one."""

    @property
    def reads(self) -> int:
        """Channels that it reads of each token: none of a table that is looked up."""
        return 0 if self.part == "embedding" else self.inputs


LLAMA = Names()
GPT_2 = Names(("c_attn",), "c_proj", ("c_fc",), "c_proj")
NEOX = Names(("query_key_value",), "dense", ("dense_h_to_4h",), "dense_4h_to_h")
BERT = Names(("query", "key", "value"), "dense", ("dense",), "dense")
FUSED_UP = Names(into=("gate_up_proj",))
FC = Names(out="out_proj", into=("fc_in",), down="fc_out")
GRANITE = Names(shared=("input_linear", "output_linear"))
T5 = Names(("q", "k", "v"), "o", ("wi_0", "wi_1"), "wo")
NAMES: Mapping[str, Names] = MappingProxyType(
    {
        "phi3": Names(("qkv_proj",), into=("gate_up_proj",)),
        "phi": Names(out="dense", into=("fc1",), down="fc2"),
        "glm": FUSED_UP,
        "glm4": FUSED_UP,
        "gpt": GPT_2,
        "gpt2": GPT_2,
        "gpt_bigcode": GPT_2,
        "gpt_neo": Names(out="out_proj", into=("c_fc",), down="c_proj"),
        "starcoder2": Names(into=("c_fc",), down="c_proj"),
        "gpt_neox": NEOX,
        "falcon": NEOX,
        "bloom": NEOX,
        "persimmon": NEOX,
        "gptj": FC,
        "codegen": replace(FC, qkv=("qkv_proj",)),
        "opt": Names(out="out_proj", into=("fc1",), down="fc2"),
        "mpt": Names(("Wqkv",), "out_proj", ("up_proj",)),
        "qwen": Names(("c_attn",), "c_proj", ("w1", "w2"), "c_proj"),
        "deepseek_v2": Names(()),
        "deepseek_v3": Names(()),
        "granitemoeshared": GRANITE,
        "granitemoehybrid": replace(GRANITE, into=("input_linear",), down="output_linear"),
        "bert": BERT,
        "roberta": BERT,
        "xlm-roberta": BERT,
        "camembert": BERT,
        "distilbert": Names(("q_lin", "k_lin", "v_lin"), "out_lin", ("lin1",), "lin2"),
        "modernbert": Names(("Wqkv",), "Wo", ("Wi",), "Wo"),
        "t5": T5,
        "mt5": T5,
        "umt5": T5,
    }
)
"""By `Architecture.block`; every other kind has Llama's names."""
OTHER_NAMES = (
    GPT_2, NEOX, NAMES["phi3"], NAMES["mpt"], Names(("W_pack",)), NAMES["opt"], FC, NAMES["phi"],
)  # fmt: skip
"""Names that a model of unknown kind may have beside the likeliest."""
HEADS_WITH_BIAS = frozenset({"phi", "gptj", "codegen"})
EMBEDDINGS_CALLED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("wte", "word_embeddings", "embed_in", "tok_embeddings"), "embed_tokens"),
        **dict.fromkeys(("embed_out", "output"), "lm_head"),
        **{name: name for name in EMBEDDINGS},
    }
)
OF_TRAINERS: Mapping[str, str] = MappingProxyType(
    {"output_proj": "o_proj", "w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
)
"""What torchtune and Meta's own code call Llama's matrices."""
SPLIT_BY_TRAINER = frozenset({"unsloth", "torchtune"})
"""Code bases that keep fused matrices apart, as Llama does."""
MIXTRAL = (("w1", "w3"), "w2")
TRANSLATED: Mapping[str, tuple[tuple[str, str], str]] = MappingProxyType(
    {
        **dict.fromkeys(("mixtral", "minimax_m2"), MIXTRAL),
        **dict.fromkeys(
            ("qwen3_moe", "olmoe", "flex_olmo", "glm4_moe", "ernie4_5_moe", "deepseek_v2", "deepseek_v3", ""),
            (("gate_proj", "up_proj"), "down_proj"),
        ),
    }
)
"""Kinds whose experts PEFT finds by their names of before transformers 5: gate and up, and down."""
EXPERTS_CALLED = (*LLAMA.into, LLAMA.down, "gate_up_proj")
OF_FEW = (
    "q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "gate", "router", "shared_expert_gate", "wi",
    "linear_left", "linear_right", "per_layer_input_gate", "per_layer_projection",
    "per_layer_model_projection", "vocab_transform",
)  # fmt: skip
"""Names beside those of `Names`."""
LINEAR_ROUTERS = frozenset({"llama4_text", "phimoe"})


def names_of(a: Architecture) -> Names:
    """What this model calls its matrices; of an unknown kind as Llama, or GPT-2, does."""
    known = NAMES.get(a.block)
    return known or (GPT_2 if not a.block and a.norm == "layernorm" else LLAMA)


@lru_cache(maxsize=512)
def matrices(a: Architecture, names: Names | None = None) -> tuple[Matrix, ...]:
    """All linear matrices of the blocks and beside them, without embeddings and head; experts as PEFT's
    target_parameters find them."""
    names = names or names_of(a)
    own = tuple(Matrix(m.name, m.part, m.inputs, m.outputs, m.count, m.count) for m in a.own_matrices)
    told = {m.name for m in own}
    found = [
        m for m in (*_attention(a, names), *_mlps(a, names)) if m.name not in told or m.part != "attention"
    ]
    return (*own, *found, *_experts(a, names), *_beside(a))


def _attention(a: Architecture, names: Names) -> Iterator[Matrix]:
    """Queries, keys and values, the way out; once more where a decoder reads an encoder's result."""
    q, kv, d = a.n_heads * a.head_dim, a.n_kv_heads * a.head_dim, a.d_model
    blocks = a.n_layers + (a.n_layers - a.bidirectional_layers if a.cross_attention else 0)
    if len(names.qkv) == 1:
        yield Matrix(names.qkv[0], "attention", d, q + 2 * kv, blocks, blocks)
    for name, width in zip(names.qkv if len(names.qkv) == 3 else (), (q, kv, kv), strict=False):
        yield Matrix(name, "attention", d, width, blocks, blocks)
    if names.qkv:
        yield Matrix(names.out, "attention", q, d, blocks, blocks)


def _mlps(a: Architecture, names: Names) -> Iterator[Matrix]:
    """MLPs of dense layers, and those that every token of a mixture meets."""
    mixed = a.n_layers - a.dense_layers if a.n_experts > 1 else 0
    yield from _mlp(a, names.into, names.down, "mlp", a.dense_d_ff if mixed else a.d_ff, a.n_layers - mixed)
    into, down = ((names.shared[0],), names.shared[1]) if names.shared else (names.into, names.down)
    yield from _mlp(a, into, down, "shared", a.shared_d_ff, mixed)


def _mlp(
    a: Architecture, into: tuple[str, ...], down: str, part: Part, width: int, count: int
) -> Iterator[Matrix]:
    if not (width and count):
        return
    fused = (2 if a.gated_mlp else 1) if len(into) == 1 else 1
    for name in into if a.gated_mlp else _ungated(into):
        yield Matrix(name, part, a.d_model, fused * width, count, count)
    yield Matrix(down, part, width, a.d_model, count, count)


def _ungated(into: tuple[str, ...]) -> tuple[str, ...]:
    return ("wi",) if into == T5.into else into[-1:]


def _experts(a: Architecture, names: Names) -> Iterator[Matrix]:
    if a.n_experts == 1:
        return
    mixed = a.n_layers - a.dense_layers
    all_of_them, met = float(mixed * a.n_experts), float(mixed * a.experts_per_token)
    up = 2 if a.gated_mlp else 1
    yield Matrix(EXPERTS + "gate_up_proj", "experts", a.d_model, up * a.d_ff, all_of_them, met)
    yield Matrix(EXPERTS + "down_proj", "experts", a.d_ff, a.d_model, all_of_them, met)
    name = "router" if a.block in LINEAR_ROUTERS else "gate"
    yield Matrix(name, "router", a.d_model, a.n_experts, mixed, mixed)


def _beside(a: Architecture) -> Iterator[Matrix]:
    """Single matrices of an encoder's head, and Qwen's gate of the shared expert."""
    if a.block == "qwen2_moe" and a.n_experts > 1 and a.shared_d_ff:
        mixed = a.n_layers - a.dense_layers
        yield Matrix("shared_expert_gate", "beside", a.d_model, 1, mixed, mixed)
    if a.bidirectional_layers == a.n_layers:
        name = "vocab_transform" if a.block == "distilbert" else "dense"
        yield Matrix(name, "beside", a.d_model, a.d_model, 1, 1)


def _tables(a: Architecture) -> tuple[Matrix, Matrix]:
    return (
        Matrix("embed_tokens", "embedding", a.vocab_size, a.d_model, 1, 1),
        Matrix("lm_head", "head", a.d_model, a.vocab_size, 1, 1),
    )


@lru_cache(maxsize=512)
def targeted(a: Architecture, targets: str, code_base: str = "") -> tuple[Matrix, ...]:
    """The matrices that carry an adapter, for a word of `WORDS` or names between commas.

    Raises InvalidValue, with the names nearest to it, for one that this model does not have, and for names
    that PEFT refuses.
    """
    chosen: dict[Matrix, None] = {}
    asked = [name.strip() for name in targets.split(",") if name.strip()]
    if not asked or len(targets) > LONGEST_LIST:
        raise InvalidValue("lora_targets", targets, worded("must name matrices"), choices(a))
    for name in asked:
        found = _called(a, name, code_base)
        if not found:
            known = nearest_first(name.rpartition(".")[2], choices(a), in_order=True)
            raise InvalidValue("lora_targets", name, _why_not(a, name), known)
        chosen.update(dict.fromkeys(found))
    carriers = tuple(chosen)
    if not carriers or all(not m.count for m in carriers):
        tensors = tuple(m.name for m in matrices(a) if m.part == "experts")
        raise InvalidValue("lora_targets", targets, _why_not(a, asked[0]), (*tensors, *choices(a)))
    if a.n_experts > 1:
        _refuse_half_of_two(a, asked)
    return tuple(m for m in carriers if m.count)


def choices(a: Architecture) -> tuple[str, ...]:
    """What may be named of this model."""
    names = [m.name for m in (*matrices(a), *_tables(a)) if m.part != "router"]
    translated = TRANSLATED.get(a.block) if a.n_experts > 1 else None
    earlier = (*translated[0], translated[1]) if translated else ()
    return (*dict.fromkeys((*WORDS, *names, *earlier)),)


def saved_parameters(a: Architecture, modules_to_save: str) -> int:
    """Parameters trained in full beside adapters [count]; of tied ones each copy, as PEFT makes them."""
    each = a.vocab_size * a.d_model
    names = [name for name in modules_to_save.split(",") if name]
    return len(names) * each + ("lm_head" in names) * (a.block in HEADS_WITH_BIAS) * a.vocab_size


def modules_saved(names: str, field: str = "modules_to_save") -> str:
    """Names of what is trained in full, by Llama's and in order. Raises InvalidValue for any other."""
    chosen = set()
    for name in filter(None, (one.strip() for one in names.split(","))):
        known = EMBEDDINGS_CALLED.get(name.rpartition(".")[2])
        if known is None:
            reason = worded("trained in full beside adapters it is not counted")
            raise InvalidValue(field, name, reason, nearest_first(name, EMBEDDINGS, in_order=True))
        chosen.add(known)
    return ",".join(name for name in EMBEDDINGS if name in chosen)


def known_names() -> tuple[str, ...]:
    """Every name that the matrices of some kind of model have, Llama's first."""
    every = (LLAMA, *NAMES.values(), *OTHER_NAMES)
    of_blocks = [name for n in every for name in (*n.qkv, n.out, *n.into, n.down, *(n.shared or ()))]
    return tuple(dict.fromkeys((*of_blocks, *OF_TRAINERS, *OF_FEW, *EMBEDDINGS_CALLED)))


def experts_of(targets: tuple[Matrix, ...]) -> bool:
    """Whether experts carry adapters."""
    return any(m.part == "experts" for m in targets)


def _called(a: Architecture, name: str, code_base: str) -> tuple[Matrix, ...]:
    """The matrices that one name means; empty where it is no name of this model."""
    if name in WORDS:
        return _word(a, name)
    if any(part.isdecimal() for part in name.split(".")):
        return ()
    path, _, last = name.rpartition(".")
    if last in EMBEDDINGS_CALLED:
        return tuple(m for m in _tables(a) if m.name == EMBEDDINGS_CALLED[last])
    if "experts" in path.split("."):
        return tuple(m for m in matrices(a) if m.name == EXPERTS + last)
    if translated := _translated(a, last):
        return translated
    found = _within(path, (m for m in matrices(a) if m.name == last))
    if not found and code_base in SPLIT_BY_TRAINER:
        found = _within(path, (m for m in matrices(a, LLAMA) if m.name == OF_TRAINERS.get(last, last)))
    if not found and not a.block:
        found = next((f for o in (LLAMA, *OTHER_NAMES) if (f := _within(path, _of(a, o, last)))), ())
    if not found and last in OF_TRAINERS:
        return _called(a, OF_TRAINERS[last], code_base)
    # A list of Llama's seven names is usual for mixtures too, whose experts it does not reach.
    if not found and a.n_experts > 1 and last in EXPERTS_CALLED:
        return (Matrix(last, "mlp", 0, 0, 0, 0),)
    return found


def _of(a: Architecture, names: Names, last: str) -> Iterator[Matrix]:
    return (m for m in matrices(a, names) if m.name == last)


def _within(path: str, found: Iterator[Matrix]) -> tuple[Matrix, ...]:
    """Those of the part of a block that the path before a name tells: attn.c_proj, mlp.c_proj."""
    steps = path.lower()
    if "attn" in steps or "attention" in steps:
        return tuple(m for m in found if m.part == "attention")
    if any(word in steps for word in ("mlp", "ffn", "feed_forward", "shared")):
        return tuple(m for m in found if m.part in ("mlp", "shared", "router"))
    return tuple(found)


def _word(a: Architecture, word: str) -> tuple[Matrix, ...]:
    """All linear ones, those of attention, or its queries and values; with experts where PEFT finds them."""
    every = matrices(a)
    if word == ATTENTION:
        return tuple(m for m in every if m.part == "attention")
    if word == QUERY_VALUE:
        qkv = names_of(a).qkv
        wanted = qkv if len(qkv) == 1 else (*qkv[::2], "q_proj", "q_a_proj", "q_b_proj", "kv_b_proj")
        return tuple(m for m in every if m.part == "attention" and m.name in wanted)
    if a.n_experts > 1 and (known := TRANSLATED.get(a.block)):
        linear = tuple(m for m in every if m.part in ("attention", "beside", "router"))
        return (*linear, *_translated(a, known[0][0]), *_translated(a, known[1]))
    routers = ("router",) if a.block in LINEAR_ROUTERS else ()
    return tuple(m for m in every if m.part in ("attention", "mlp", "shared", "beside", *routers))


def _translated(a: Architecture, name: str) -> tuple[Matrix, ...]:
    """Experts by a name that they had before they were fused; the fused gate and up with twice the rank."""
    known = TRANSLATED.get(a.block)
    if a.n_experts == 1 or not known:
        return ()
    into, down = known
    if name in into and a.gated_mlp:
        fused = next(m for m in matrices(a) if m.name == EXPERTS + "gate_up_proj")
        return (replace(fused, ranks=2),)
    if name == down or name in into:
        wanted = EXPERTS + ("down_proj" if name == down else "gate_up_proj")
        return tuple(m for m in matrices(a) if m.name == wanted)
    return ()


def _refuse_half_of_two(a: Architecture, asked: list[str]) -> None:
    """PEFT refuses one of two expert matrices that became one."""
    known = TRANSLATED.get(a.block)
    last = {name.rpartition(".")[2] for name in asked if "experts" not in name}
    if known and a.gated_mlp and len(last & set(known[0])) == 1:
        one = next(iter(last & set(known[0])))
        other = next(name for name in known[0] if name != one)
        raise InvalidValue(
            "lora_targets",
            one,
            worded("is one matrix with {other} of experts; name both", other=other),
            known[0],
        )


def _why_not(a: Architecture, name: str) -> Worded:
    if a.n_experts > 1 and name.rpartition(".")[2] in EXPERTS_CALLED:
        return worded("this model's experts are fused tensors, which PEFT adapts as target_parameters alone")
    if any(part.isdecimal() for part in name.split(".")):
        return worded("adapters on single layers are not counted")
    if a.block:
        return worded("no linear matrix of this model ({block})", block=a.block)
    return worded("no linear matrix of this model")
