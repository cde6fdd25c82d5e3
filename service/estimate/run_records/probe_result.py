"""What the script of `heimvorteil probe` printed of a card, looked over; its JSON is opened elsewhere."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, cast

from service.errors import InvalidValue, Worded, choice_of, worded

FIELD = "probe"
SCHEMA = "heimvorteil-probe/1"
SCHEMA_NAME = "heimvorteil-probe/"
NEAREST = worded("write the script anew with heimvorteil probe and run it again")
SIZES = ("compute-bound", "launch-bound", "between")
STYLES = ("llama", "nanochat", "gpt2")
PRECISIONS = ("bf16", "fp16", "fp32")
OPTIMIZERS = ("adamw", "muon+adamw")
KINDS = ("cuda", "rocm", "mps", "cpu")
LARGEST = 1e18
LARGEST_COUNT = {
    "layers": 1000, "width": 10**6, "heads": 10**4, "kv_heads": 10**4, "mlp_width": 10**7,
    "vocabulary": 10**7, "sequence": 10**7, "micro_batch": 10**5, "parameters": 10**13,
}  # fmt: skip
"""Beyond any probe: what is counted layer by layer must end."""
MOST_STEPS = 50
LONGEST_WORD = 200
UNSTEADY = 1.25
"""Ratio of slow to fast steps (90th to 10th percentile) from which they were not alone on the card."""

Style = Literal["llama", "nanochat", "gpt2"]


@dataclass(frozen=True, slots=True)
class ProbeStep:
    """Training steps of one small model: what was trained, and how it went."""

    size: str
    style: Style
    """Whose code it is written after."""
    n_layers: int
    d_model: int
    n_heads: int
    n_kv_heads: int
    d_ff: int
    vocab_size: int
    seq_len: int
    micro_batch: int
    parameters: int
    precision: str
    weights: str
    """What weights, gradients and optimizer states are kept in."""
    optimizer: str
    compiled: bool
    attention: str
    step_s: float
    """Median."""
    fast_step_s: float | None
    slow_step_s: float | None
    """10th and 90th percentile."""
    peak_memory_gib: float | None
    reserved_memory_gib: float | None
    gpu_watts: float | None

    @property
    def name(self) -> str:
        """What tells it from the others of a probe."""
        return f"{self.size}-{self.style}-{'compiled' if self.compiled else 'eager'}-{self.weights}"

    @property
    def tokens(self) -> int:
        """Of one step."""
        return self.micro_batch * self.seq_len

    @property
    def tokens_per_s(self) -> float:
        """At the median step."""
        return self.tokens / self.step_s

    @property
    def is_steady(self) -> bool:
        """Whether the steps took about the same."""
        if not self.fast_step_s or not self.slow_step_s:
            return True
        return self.slow_step_s / self.fast_step_s < UNSTEADY


@dataclass(frozen=True, slots=True)
class Probe:
    """A card as it was tried: what it says of itself, what it did, what was left out and why."""

    card: str
    kind: str
    """What torch computed on: cuda, rocm, mps or cpu."""
    read_on: date
    torch: str
    driver: str | None
    memory_total_gib: float | None
    power_limit_watts: float | None
    power_default_watts: float | None
    matmul_tflops: float | None
    device_copy_gb_per_s: float | None
    to_card_gb_per_s: float | None
    from_card_gb_per_s: float | None
    steps: tuple[ProbeStep, ...]
    left_out: tuple[tuple[str, str], ...]

    @property
    def lowered_limit_watts(self) -> float | None:
        """The power limit where it is below the card's own; None where it is not, or nobody said."""
        limit, usual = self.power_limit_watts, self.power_default_watts
        return limit if limit and usual and limit < 0.99 * usual else None


def refuse_processor(probe: Probe) -> None:
    """Raise InvalidValue where torch computed without a GPU."""
    if probe.kind == "cpu":
        reason = worded(
            "was run without a GPU, which teaches nothing of one; run it with a PyTorch that sees the card"
        )
        raise InvalidValue(f"{FIELD}.card.kind", probe.kind, reason)


def is_probe(told: object) -> bool:
    """Whether a JSON value is what a probe's script printed, of whichever version."""
    return isinstance(told, Mapping) and str(told.get("schema", "")).startswith(SCHEMA_NAME)


def read_probe(told: Mapping[str, Any]) -> Probe:
    """A probe from its JSON object. Raises InvalidValue for another version and for what is none."""
    if told.get("schema") != SCHEMA:
        raise InvalidValue(f"{FIELD}.schema", told.get("schema"), NEAREST, [SCHEMA])
    card, versions = _object(told, "card"), _object(told, "software")
    rates = _object(told, "rates")
    copies = _or_nothing(rates, "host_copies")
    steps = told.get("steps")
    if not isinstance(steps, list) or not steps:
        raise InvalidValue(f"{FIELD}.steps", None, _nothing_trained(told))
    read = tuple(_step(step) for step in steps[:MOST_STEPS])
    if len({step.name for step in read}) < len(steps):
        raise InvalidValue(
            f"{FIELD}.steps", len(steps), worded("tell the same twice; {nearest}", nearest=NEAREST)
        )
    return Probe(
        card=_word(card, "name"),
        kind=choice_of(f"{FIELD}.card.kind", card.get("kind"), KINDS),
        read_on=_day(told),
        torch=_word(versions, "torch"),
        driver=_printable(str(versions["driver"])) if versions.get("driver") else None,
        memory_total_gib=_number(card, "memory_driver_gib") or _number(card, "memory_total_gib"),
        power_limit_watts=_number(card, "power_limit_w"),
        power_default_watts=_number(card, "power_default_limit_w"),
        matmul_tflops=_number(_or_nothing(rates, "matmul"), "tflop_per_s"),
        device_copy_gb_per_s=_number(_or_nothing(rates, "device_copy"), "gb_per_s"),
        to_card_gb_per_s=_number(copies, "to_card_gb_per_s"),
        from_card_gb_per_s=_number(copies, "from_card_gb_per_s"),
        steps=read,
        left_out=tuple(_left_out(told)),
    )


def _step(told: object) -> ProbeStep:
    if not isinstance(told, Mapping):
        raise InvalidValue(f"{FIELD}.steps", told, NEAREST)
    return ProbeStep(
        size=choice_of(f"{FIELD}.steps.size", told.get("size"), SIZES),
        style=cast(Style, choice_of(f"{FIELD}.steps.model", told.get("model"), STYLES)),
        n_layers=_count(told, "layers"),
        d_model=_count(told, "width"),
        n_heads=_count(told, "heads"),
        n_kv_heads=_count(told, "kv_heads"),
        d_ff=_count(told, "mlp_width"),
        vocab_size=_count(told, "vocabulary"),
        seq_len=_count(told, "sequence"),
        micro_batch=_count(told, "micro_batch"),
        parameters=_count(told, "parameters"),
        precision=choice_of(f"{FIELD}.steps.precision", told.get("precision"), PRECISIONS),
        weights=choice_of(f"{FIELD}.steps.weights", told.get("weights"), PRECISIONS),
        optimizer=choice_of(f"{FIELD}.steps.optimizer", told.get("optimizer"), OPTIMIZERS),
        compiled=told.get("compiled") is True,
        attention=_word(told, "attention"),
        step_s=_needed(told, "step_s"),
        fast_step_s=_number(told, "step_s_p10"),
        slow_step_s=_number(told, "step_s_p90"),
        peak_memory_gib=_number(told, "peak_allocated_gib"),
        reserved_memory_gib=_number(told, "peak_reserved_gib"),
        gpu_watts=_number(told, "mean_power_w"),
    )


def _left_out(told: Mapping[str, Any]) -> list[tuple[str, str]]:
    listed = told.get("left_out")
    if not isinstance(listed, list):
        return []
    objects = [one for one in listed[:MOST_STEPS] if isinstance(one, Mapping)]
    return [(_printable(str(one.get("what"))), _printable(str(one.get("why")))) for one in objects]


def _nothing_trained(told: Mapping[str, Any]) -> Worded:
    why = "; ".join(f"{what}: {reason}" for what, reason in _left_out(told)[:2])
    if why:
        return worded("nothing was trained ({why}); {nearest}", why=why, nearest=NEAREST)
    return worded("nothing was trained; {nearest}", nearest=NEAREST)


def _object(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{FIELD}.{name}", value, NEAREST)
    return value


def _or_nothing(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name)
    return value if isinstance(value, Mapping) else {}


def _word(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(f"{FIELD}.{name}", value, NEAREST)
    return _printable(value)


def _printable(text: str) -> str:
    """One line of what can be shown, for a file may hold anything."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:LONGEST_WORD]


def _number(told: Mapping[str, Any], name: str) -> float | None:
    """A number above 0; None where it is null or left out."""
    value = told.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LARGEST:
        raise InvalidValue(
            f"{FIELD}.{name}", value, worded("is no number that can be; {nearest}", nearest=NEAREST)
        )
    return float(value) if value and math.isfinite(value) else None


def _needed(told: Mapping[str, Any], name: str) -> float:
    value = _number(told, name)
    if value is None:
        raise InvalidValue(
            f"{FIELD}.{name}", told.get(name), worded("must be above 0; {nearest}", nearest=NEAREST)
        )
    return value


def _count(told: Mapping[str, Any], name: str) -> int:
    value, most = _needed(told, name), LARGEST_COUNT[name]
    if value != int(value) or value > most:
        raise InvalidValue(
            f"{FIELD}.{name}",
            value,
            worded("must be a whole number up to {most:,}; {nearest}", most=most, nearest=NEAREST),
        )
    return int(value)


def _day(told: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(told.get("read_on")))
    except ValueError:
        raise InvalidValue(
            f"{FIELD}.read_on", told.get("read_on"), worded("is no day like 2026-11-28")
        ) from None
