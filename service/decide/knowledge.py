"""What every option is worked out with, beside the question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.estimate.calibration import Calibration
from service.estimate.power_limit import PowerCurve, power_curves
from service.facts import ExchangeRate, Figure


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What every estimate needs beside the question: calibration, assumptions, exchange rates."""

    calibration: Calibration
    figures: Mapping[str, Figure]
    exchange_rates: Sequence[ExchangeRate]
    power_curves: tuple[PowerCurve, ...] = field(init=False)
    """The measured curves among the figures."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "power_curves", power_curves(self.figures))
