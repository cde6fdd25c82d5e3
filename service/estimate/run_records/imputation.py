"""What a row leaves blank and others of its kind tell: shapes of well-known models, habits of a code base.

Never a measurement: only what a run is, not how it went.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from service.estimate.alias_key import alias_key
from service.estimate.measured_run import code_base
from service.estimate.named_model import size_in
from service.facts import MeasuredRun, Workload

SHAPE = ("n_layers", "d_model", "n_heads", "n_kv_heads", "d_ff", "vocab_size")
HABITS = ("engine", "attention", "precision", "optimizer")
HABIT_SHARE = 0.8
"""Share of a code base's published runs that must agree before another is taken to do the same."""
LEAST_RUNS = 2
PADDING = re.compile(
    r"\b(instruct|chat|base|model|hf|it|pretrain(ing|ed)?|gpt2|meta|from scratch)\b|\([^)]{0,200}\)"
)
SAME_SIZE = 0.10


@dataclass(frozen=True, slots=True)
class Kin:
    """What published runs and the catalog's workloads say of models and of code bases."""

    shapes: Mapping[str, Mapping[str, int]]
    """By `model_key`."""
    sizes: Mapping[str, float]
    """Parameters [count], by `model_key`."""
    habits: Mapping[str, Mapping[str, str]]
    """By code base."""


def model_key(name: str) -> str:
    """A name without organisation, brackets and kind: "meta-llama/Llama-3.1-8B-Instruct" is llama318b."""
    bare = name.lower().split("/")[-1].replace("-", " ").replace("_", " ")
    return alias_key(PADDING.sub(" ", bare)) or alias_key(bare)


def kin_of(runs: Iterable[MeasuredRun], workloads: Iterable[Workload]) -> Kin:
    """What these runs and workloads tell; of two shapes of one name that differ nothing is told."""
    shapes: dict[str, dict[str, int]] = {}
    sizes: dict[str, float] = {}
    odd: set[str] = set()
    words: dict[tuple[str, str], Counter[str]] = {}
    for run in runs:
        key = model_key(run.model)
        shape = {name: value for name in SHAPE if (value := getattr(run, name))}
        for name, value in shape.items():
            if shapes.setdefault(key, {}).setdefault(name, value) != value:
                odd.add(key)
        if run.n_params:
            sizes.setdefault(key, run.n_params)
        for name in HABITS:
            if word := getattr(run, name):
                words.setdefault((code_base(run.project), name), Counter())[word] += 1
    for workload in workloads:
        a = workload.architecture
        shape = dict(
            zip(
                SHAPE,
                (a.n_layers, a.d_model, a.n_heads, a.n_kv_heads, a.d_ff, a.vocab_size),
                strict=True,
            )
        )
        for name in (workload.slug, workload.name, *workload.aliases):
            shapes.setdefault(model_key(name), shape)
    habits: dict[str, dict[str, str]] = {}
    for (code, name), counted in words.items():
        word, times = counted.most_common(1)[0]
        if times >= max(LEAST_RUNS, HABIT_SHARE * counted.total()):
            habits.setdefault(code, {})[name] = word
    return Kin({key: shape for key, shape in shapes.items() if key not in odd}, sizes, habits)


def with_kin(run: MeasuredRun, kin: Kin) -> MeasuredRun:
    """The run with blanks of its shape from the model of its name, of its recipe from its code base.

    A shape that contradicts what the row does state is not taken.
    """
    key = model_key(run.model)
    shape = kin.shapes.get(key, {})
    stated = {name: value for name in SHAPE if (value := getattr(run, name))}
    agrees = all(shape.get(name, value) == value for name, value in stated.items())
    if run.n_params and key in kin.sizes:
        agrees = agrees and abs(run.n_params / kin.sizes[key] - 1) <= SAME_SIZE
    blanks: dict[str, object] = {}
    if agrees:
        blanks |= {name: value for name, value in shape.items() if name not in stated}
    if not run.n_params:
        blanks["n_params"] = (kin.sizes.get(key) if agrees else None) or size_in(run.model)
    habits = kin.habits.get(code_base(run.project), {}) if run.project else {}
    blanks |= {name: word for name, word in habits.items() if getattr(run, name) is None}
    return replace(run, **blanks)  # type: ignore[arg-type]


def filled(run: MeasuredRun, known: MeasuredRun) -> MeasuredRun:
    """The run with its blanks taken from the same run as we know it; measured values stay the file's."""
    measured = {"tokens_per_s", "peak_memory_gib", "reserved_memory_gib", "hours", "gpu_watts", "node_watts"}
    measured |= {"source", "use_for"}
    blanks = {
        name: getattr(known, name)
        for name in MeasuredRun.__dataclass_fields__
        if name not in measured and getattr(run, name) in (None, "")
    }
    return replace(run, **blanks)
