"""The rule of three: scale a known run by a ratio of GPU speeds (the note's method).

"33 h on 8 H100 are 264 H100-hours; an H100 is 8 to 9 times an RTX 4070; so 2,112 to 2,376 h, 88 to
99 days, at 200 W." Kept beside our own answer because everybody knows it. It leaves out whether the
model fits, what the rest of the PC draws, and that the ratio depends on model, precision and code.
The note's sources for its ratio: timdettmers.com on GPUs for deep learning (2023), bizon-tech.com
GPU benchmarks, hyperstack.cloud on H100 PCIe and SXM.
"""

from dataclasses import dataclass

from service.errors import InvalidValue, worded

HOURS_PER_DAY = 24


@dataclass(frozen=True, slots=True)
class ReferenceMethod:
    """What the rule of three answers."""

    gpu_hours: float
    ratio_low: float
    ratio_high: float
    hours_low: float
    hours_high: float
    energy_kwh_low: float
    energy_kwh_high: float
    watts: float

    @property
    def days_low(self) -> float:
        """Days around the clock at the low end."""
        return self.hours_low / HOURS_PER_DAY

    @property
    def days_high(self) -> float:
        """Days around the clock at the high end."""
        return self.hours_high / HOURS_PER_DAY


def rule_of_three(
    reference_hours: float, reference_gpus: int, ratio: tuple[float, float], watts: float, gpu_count: int = 1
) -> ReferenceMethod:
    """Hours and kWh on `gpu_count` GPUs that are each `ratio` (low, high) times slower than the reference.

    33 h, 8, (8, 9), 200 W -> 264 GPU-hours, 2,112-2,376 h, 422.4-475.2 kWh. Raises InvalidValue for
    a ratio, hours or counts that are not positive.
    """
    for field, value in (
        ("reference_hours", reference_hours),
        ("reference_gpus", reference_gpus),
        ("ratio", min(ratio)),
        ("watts", watts),
        ("gpu_count", gpu_count),
    ):
        if not value > 0:
            raise InvalidValue(field, value, worded("must be positive"))
    gpu_hours = reference_hours * reference_gpus
    low, high = (gpu_hours * r / gpu_count for r in sorted(ratio))
    kwh = watts * gpu_count / 1000
    return ReferenceMethod(
        gpu_hours=gpu_hours,
        ratio_low=min(ratio),
        ratio_high=max(ratio),
        hours_low=low,
        hours_high=high,
        energy_kwh_low=low * kwh,
        energy_kwh_high=high * kwh,
        watts=watts,
    )
