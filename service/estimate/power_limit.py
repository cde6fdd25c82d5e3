"""The power limit to set: fewer watts, more hours, up to the knee where little more is saved.

Speed and GPU power under a limit follow curves measured in training (Zeus traces, ml-energy/zeus@75a8b93:
V100, Quadro RTX 6000 and A40, medians over 13 to 22 workloads), read by linear interpolation. No curve of an
Ada or Blackwell GeForce card in training is published: the A40's stands in for them, and the spread of the
three curves is the interval of what is saved. The rest of the PC runs longer, so the machine's least energy
lies above the GPU's own; and before it is reached, every further kilowatt-hour takes many more hours: the
knee is where the saving, as a share of the most there is, is farthest ahead of the hours that it takes, as a
share of those that the most takes (Satopaa et al., Kneedle, ICDCSW 2011). Leaves out that a card that never
reaches its limit gains nothing from lowering it.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from service.estimate.energy import WallPower
from service.estimate.interval import Interval
from service.facts import Figure, Gpu, Source

LIMITS = tuple(round(1 - 0.05 * i, 2) for i in range(11))
"""Shares of the board's own limit that are tried: 100 % to 50 %."""
WORTH_WHILE = 0.005
"""Share of the energy that a limit must save to be recommended."""


STANDS_IN_FOR: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "a40": frozenset({"ampere", "ada", "blackwell", "rdna3", "rdna3.5", "rdna4"}),
        "quadro-rtx-6000": frozenset({"turing", "turing-gtx16"}),
        "v100-pcie-16gb": frozenset(
            {
                "pascal",
                "pascal-gp100",
                "volta",
                "ampere-gx100",
                "hopper",
                "blackwell-dc",
                "gcn5",
                "cdna1",
                "cdna2",
                "cdna3",
                "cdna4",
            }
        ),
    }
)
"""Architectures whose cards take a curve, by the card it was measured on."""
PREFIX = "power_limit."


@dataclass(frozen=True, slots=True)
class PowerCurve:
    """Speed and power of a GPU in training under power limits, relative to its full limit."""

    gpu: str
    """Slug of the card it was measured on."""
    limits: tuple[float, ...]
    """Shares of the full limit, rising."""
    speed: tuple[float, ...]
    power: tuple[float, ...]
    source: Source

    def at(self, share: float) -> tuple[float, float]:
        """Speed and power at a share of the full limit, by linear interpolation; beyond the ends as there."""
        right = bisect_right(self.limits, share)
        if right in (0, len(self.limits)):
            end = min(right, len(self.limits) - 1)
            return self.speed[end], self.power[end]
        left = right - 1
        part = (share - self.limits[left]) / (self.limits[right] - self.limits[left])
        speed, power = (
            column[left] + part * (column[right] - column[left]) for column in (self.speed, self.power)
        )
        return speed, power


@dataclass(frozen=True, slots=True)
class LimitStep:
    """The run under one power limit."""

    share: float
    watts: float
    """Limit of one GPU."""
    hours: float
    wall_watts: float
    kwh: float


@dataclass(frozen=True, slots=True)
class PowerLimitAdvice:
    """The limit to set and what it changes; energy is money at a fixed tariff."""

    best: LimitStep
    """The knee."""
    least: LimitStep
    """The one with the least energy, whatever time it takes; often the same."""
    full: LimitStep
    steps: tuple[LimitStep, ...]
    kwh_saved: Interval
    """p50 by the curve taken; p10 and p90 are the least and the most that any of the measured curves gives.
    p50 may be one of them: of a stand-in the range is what is known."""
    curve: PowerCurve
    stand_in: bool
    """The curve is another card's."""

    @property
    def hours_added(self) -> float:
        return self.best.hours - self.full.hours

    @property
    def worth_while(self) -> bool:
        return self.kwh_saved.p50 > WORTH_WHILE * self.full.kwh


def power_curves(figures: Mapping[str, Figure]) -> tuple[PowerCurve, ...]:
    """The measured curves among the figures: `power_limit.a40.speed_at_91_7` is a speed at 91.7 %."""
    points: dict[str, dict[str, dict[float, Figure]]] = {}
    for name, figure in figures.items():
        if name.startswith(PREFIX):
            card, point = name.removeprefix(PREFIX).rsplit(".", 1)
            kind, at = point.split("_at_")
            share = float(at.replace("_", ".")) / 100
            points.setdefault(card, {}).setdefault(kind, {})[share] = figure
    curves = []
    for card, kinds in sorted(points.items()):
        limits = tuple(sorted(kinds["speed"]))
        curves.append(
            PowerCurve(
                card,
                limits,
                tuple(kinds["speed"][at].value for at in limits),
                tuple(kinds["power"][at].value for at in limits),
                kinds["speed"][limits[-1]].source,
            )
        )
    return tuple(curves)


def curve_for(gpu: Gpu, curves: Sequence[PowerCurve]) -> PowerCurve | None:
    """The curve measured on this card, else on a card of its architecture's kind; None without any."""
    own = [curve for curve in curves if curve.gpu == gpu.slug]
    alike = [curve for curve in curves if gpu.architecture in STANDS_IN_FOR.get(curve.gpu, ())]
    return next(iter(own or alike), None)


def limited(gpu: Gpu, hours: float, power: WallPower, curve: PowerCurve, share: float) -> LimitStep:
    """The run with every GPU limited to a share of its board power [0.5-1]."""
    speed, draw = curve.at(share)
    wall = (power.gpu_watts * draw + power.overhead_watts) * power.loss_factor
    slower = hours / speed
    return LimitStep(share, gpu.board_watts * share, slower, wall, slower * wall / 1000)


def power_limit_advice(
    gpu: Gpu, hours: float, power: WallPower, curves: Sequence[PowerCurve]
) -> PowerLimitAdvice | None:
    """The limit at the knee, beside the one with the least energy for the whole machine; None without a curve
    for such a card."""
    curve = curve_for(gpu, curves)
    if curve is None or power.overhead_watts <= 0:
        return None
    steps = tuple(limited(gpu, hours, power, curve, share) for share in LIMITS)
    least = min(steps, key=lambda step: step.kwh)
    best = _knee(steps, least)
    savings = [
        limited(gpu, hours, power, other, 1.0).kwh - limited(gpu, hours, power, other, best.share).kwh
        for other in curves
    ]
    saved = steps[0].kwh - best.kwh
    return PowerLimitAdvice(
        best=best,
        least=least,
        full=steps[0],
        steps=steps,
        kwh_saved=Interval(min(*savings, saved), saved, max(*savings, saved)),
        curve=curve,
        stand_in=curve.gpu != gpu.slug,
    )


def _knee(steps: Sequence[LimitStep], least: LimitStep) -> LimitStep:
    """Of the steps from the full limit to the least energy, where saving is farthest ahead of waiting."""
    full = steps[0]
    most, longest = full.kwh - least.kwh, least.hours - full.hours
    if most <= 0 or longest <= 0:
        return least
    between = [step for step in steps if step.hours <= least.hours]
    return max(between, key=lambda s: (full.kwh - s.kwh) / most - (s.hours - full.hours) / longest)
