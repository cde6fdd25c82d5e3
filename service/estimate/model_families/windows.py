"""How far each layer looks back, as files and libraries say it: a pattern of L, S and C, and a width."""

from collections.abc import Callable
from dataclasses import dataclass

from service.errors import InvalidValue, worded
from service.estimate.model_families.config import Config, Key

MARKS = {"full_attention": "L", "sliding_attention": "S", "chunked_attention": "C"}
Rule = Callable[[Config, int, int], str]
"""Of a configuration, a layer's place and their number: L full, S short, C chunk."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Which layers look how far."""

    rule: Rule
    width: Key = "sliding_window"

    def read(self, c: Config, layers: int) -> tuple[str, int]:
        """The shortest repeating pattern of marks, and the width of what is short [tokens]; ("L", 0) where
        all is full. Raises InvalidValue for kinds of attention that are none of these."""
        if self.rule is full:
            return "L", 0
        told = c.words("layer_types")
        if told is None:
            marks = "".join(self.rule(c, layer, layers) for layer in range(layers))
        else:
            if len(told) != layers:
                reason = worded("must have one for each of {layers} layers", layers=layers)
                raise InvalidValue("layer_types", f"{len(told)} entries", reason)
            for word in told:
                if word not in MARKS:
                    raise InvalidValue("layer_types", word, worded("unknown kind of layer"), MARKS)
            marks = "".join(MARKS[word] for word in told)
        width = c.count(self.width, 0) if set(marks) - {"L"} else 0
        if width < 1:
            return "L", 0
        period = next(n for n in range(1, layers + 1) if marks == (marks[:n] * layers)[:layers])
        return marks[:period], width


def full(c: Config, layer: int, layers: int) -> str:
    """Every layer sees everything."""
    return "L"


def short(c: Config, layer: int, layers: int) -> str:
    """Every layer is short (Mistral)."""
    return "S"


def every(period: Key) -> Rule:
    """Each layer of so many is full, the last of them, the rest short (Gemma 3: 6)."""

    def rule(c: Config, layer: int, layers: int) -> str:
        said = c.given(period)
        if isinstance(said, str) and said:
            # Exaone 4 spells its pattern out: LLLG, local and global.
            return "S" if said[layer % len(said)] == "L" and layer < layers - 1 else "L"
        return "S" if (layer + 1) % max(c.count(period, 1), 1) else "L"

    return rule


def period_of(n: int) -> Rule:
    """Each n-th layer is full, the rest short."""
    return lambda c, layer, layers: "S" if (layer + 1) % n else "L"


def above(c: Config, layer: int, layers: int) -> str:
    """Layers from `max_window_layers` on are short where `use_sliding_window` says so (Qwen)."""
    return "S" if c.flag("use_sliding_window") and layer >= c.count("max_window_layers", layers) else "L"


def chunked(c: Config, layer: int, layers: int) -> str:
    """Layers with rotary positions see their own chunk (Llama 4)."""
    told = c.given("no_rope_layers")
    if isinstance(told, list) and len(told) == layers:
        return "C" if told[layer] else "L"
    return "C" if (layer + 1) % c.number("no_rope_layer_interval") else "L"


def global_first(c: Config, layer: int, layers: int) -> str:
    """The first of every few layers is full (ModernBERT)."""
    return "S" if layer % c.number("global_attn_every_n_layers") else "L"


def alternating(c: Config, layer: int, layers: int) -> str:
    """As `attention_types` lists them, global and local by turns by default (GPT-Neo)."""
    told = c.given("attention_types")
    if told is None:
        return "S" if layer % 2 else "L"
    try:
        names = [name for pattern, times in told for _ in range(times) for name in pattern]  # type: ignore[attr-defined]
        return {"global": "L", "local": "S"}[names[layer]]
    except (TypeError, ValueError, KeyError, IndexError):
        raise InvalidValue(
            "attention_types", told, worded("is not a list of patterns and how often each")
        ) from None
