"""A run in progress: what is done, and how long, how much energy and how much money the rest takes."""

import math
from dataclasses import dataclass

from service.errors import InvalidValue, worded
from service.estimate.interval import Interval, around

OWN_LOG_SPREAD = 0.03
"""Log spread of a rate read from one's own log: hours and days differ by some percent (room temperature,
other load on the machine). Estimate, 0.03 to 0.05."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A run in progress; all hours are of training, pauses not counted."""

    steps_done: int
    steps_total: int
    hours_done: float
    hours_left: Interval

    @property
    def share(self) -> float:
        """Share of the steps that are done [0-1]."""
        return self.steps_done / self.steps_total


def progress(steps_done: int, steps_total: int, step_s: float, step_spread: float, upward: float) -> Progress:
    """Where a run stands whose steps take `step_s` seconds.

    `step_spread` is the log scatter of single steps, which averages out over the steps left; `upward` the
    log spread of interruptions. Raises InvalidValue for more steps done than there are.
    """
    if steps_total < 1 or not 0 <= steps_done <= steps_total:
        raise InvalidValue(
            "total_steps", steps_total, worded("the log is at step {steps_done}", steps_done=steps_done)
        )
    left = steps_total - steps_done
    spread = math.hypot(OWN_LOG_SPREAD, step_spread / math.sqrt(max(1, left)))
    return Progress(
        steps_done,
        steps_total,
        steps_done * step_s / 3600,
        around(left * step_s / 3600, spread, math.hypot(spread, upward)) if left else Interval(0.0, 0.0, 0.0),
    )
