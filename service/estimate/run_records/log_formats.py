"""What a training program prints, described: how its steps are recognised and what stands in them.

The descriptions themselves are in formats_of_loops.py, formats_of_trainers.py and formats_of_clusters.py;
all_formats.py lists them in the order in which a line is offered to them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from service.estimate.run_records.log_lines import Line
from service.estimate.run_records.log_quantities import LONGEST_STEP_S, Says
from service.facts import Engine, Trainer

LARGEST_COUNT = 10**15


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line of the log that could not be used."""

    line: int
    code: str
    """cut_off | no_time | no_speed"""
    value: str = ""
    """What stands where a number should."""


@dataclass(slots=True)
class LogStep:
    """One optimizer step as printed; None what the log does not say of it."""

    line: int
    step: int
    counted: bool = True
    """Whether the line says which step it is; else it belongs to the one before."""
    rank: int | None = None
    total_steps: int | None = None
    seconds: float | None = None
    """Of this step, or the mean since the last line."""
    rate_s: float | None = None
    """Seconds per step as a progress bar smooths them."""
    elapsed_s: float | None = None
    moment_s: float | None = None
    tokens_per_s: float | None = None
    tokens_per_s_gpu: float | None = None
    samples_per_s: float | None = None
    tokens_done: float | None = None
    samples_done: float | None = None
    gpu_watts: float | None = None
    iterations: float | None = None
    """Forward passes so far, of which several may make a step."""
    iteration_s: float | None = None


STEP_QUANTITIES = frozenset(LogStep.__slots__) - {"line", "counted", "rank"}
TIMES = ("seconds", "iteration_s")
NEEDED = (
    *((name, "no_time") for name in TIMES),
    ("tokens_per_s", "no_speed"),
    ("tokens_per_s_gpu", "no_speed"),
)
"""What a line is of no use without, and what is said of it then."""
LARGEST_WINS = frozenset({"peak_memory_gib", "reserved_memory_gib", "steps_done"})
"""Facts of which the largest counts; of others the last."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One kind of line that tells of a step."""

    signs: tuple[str, ...]
    """What stands in every such line."""
    says: tuple[Says, ...]
    unless: tuple[str, ...] = ()
    """What stands in none."""
    step_needed: bool = True
    """Whether a line without a step's number is none; else it belongs to the step before."""

    def fits(self, text: str) -> bool:
        """Whether a line looks like one of this kind."""
        for sign in self.signs:
            if sign not in text:
                return False
        return not any(word in text for word in self.unless)


@dataclass(frozen=True, slots=True)
class LogFormat:
    """What one program prints."""

    project: str
    printed_by: str
    """Where its print statements are: repository, file, commit."""
    steps: tuple[StepLine, ...]
    head: tuple[Says, ...] = ()
    """What other lines say: the model, the batch, the GPUs, totals at the end. A step's quantity among them
    belongs to the last step."""
    begins: str = ""
    """How a step's line begins, even one that is cut off; "" where there is no such word."""
    always: Mapping[str, float] = field(default_factory=dict)
    """Facts that need no printing: a program for one GPU."""
    asks_gpus: Literal["never", "headless", "always"] = "never"
    """When the number of GPUs is asked for where it is not printed; else it is one, and that is said."""
    engine: Engine = "torch-eager"
    trainer: Trainer = "loop"
    lengths_vary: bool = False
    """Whether sequences are as long as their text: tokens counted win over sequences times their length."""
    clock_s: float = 1.0
    """How finely elapsed time is printed [s]."""
    bar_of_an_epoch: bool = False
    """Whether what it counts begins anew with each epoch, so that its total is not the run's."""


def read_step(kind: StepLine, line: Line) -> tuple[LogStep | Dropped, dict[str, float]] | None:
    """A step and the facts that stand beside it; None for a line of another kind."""
    if not kind.fits(line.text):
        return None
    told: dict[str, float] = {}
    unusable: dict[str, str] = {}
    for says in kind.says:
        written = None if says.quantity in told else says.written(line.text)
        if written is None:
            continue
        value = says.value(written)
        if value is not None and not (says.quantity in TIMES and value > LONGEST_STEP_S):
            told[says.quantity] = value
        else:
            unusable[says.quantity] = written
    if "step" in unusable and not unusable["step"].strip("0,."):
        told["step"] = 0.0  # a step's number may be zero, a quantity may not
    step = told.pop("step", None)
    if (step is None and kind.step_needed) or (step or 0.0) > LARGEST_COUNT:
        return None
    usable = any(name in told for name, _ in NEEDED)
    for name, code in NEEDED:
        if name in unusable and (name in TIMES or not usable):
            return Dropped(line.number, code, unusable[name]), {}
    facts = {name: told.pop(name) for name in list(told) if name not in STEP_QUANTITIES}
    total = told.pop("total_steps", None)
    whole = int(total) if total and total <= LARGEST_COUNT else None
    return LogStep(line.number, int(step or 0), step is not None, line.rank, whole, **told), facts
