"""One's own cards as they are built in, where the asker knows more than the catalog."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from service.errors import InvalidValue
from service.estimate.inputs import Input, curve_inputs
from service.estimate.machine import gpu_link
from service.estimate.planned_step import PlannedStep
from service.estimate.power_limit import PowerCurve, curve_for
from service.facts import Figure, Gpu, Source


@dataclass(frozen=True, slots=True)
class OwnCard:
    """How the cards of a household are built in; None leaves what the catalog says."""

    source: Source
    """Who says so."""
    power_limit_watts: float | None = None
    """Per card."""
    pcie_lanes: int | None = None
    """Lanes that the card's slot has."""
    nvlink: bool | None = None
    """Whether several cards are bridged."""

    def mounted(self, gpu: Gpu) -> Gpu:
        """The card with its slot and its bridge; a power limit is `slowed`'s.

        Raises InvalidValue for a limit above the board's own or a slot wider than the card.
        """
        facts: dict[str, float | int | None] = {}
        limit = self.power_limit_watts
        if limit is not None and limit > gpu.board_watts:
            raise InvalidValue(
                "power_limit_watts", limit, f"is more than {gpu.name} takes, {gpu.board_watts:g} W"
            )
        if self.pcie_lanes is not None:
            if gpu.pcie_lanes is not None and self.pcie_lanes > gpu.pcie_lanes:
                raise InvalidValue("pcie_lanes", self.pcie_lanes, f"{gpu.name} has {gpu.pcie_lanes}")
            facts["pcie_lanes"] = self.pcie_lanes
        if self.nvlink is not None:
            facts["gpu_link_gb_per_s"] = gpu_link(gpu, self.nvlink) or None
        sources: Mapping[str, Source] = {**gpu.sources, **dict.fromkeys(facts, self.source)}
        return replace(gpu, sources=sources, **facts)  # type: ignore[arg-type]

    def slowed(self, planned: PlannedStep, gpu: Gpu, curves: Sequence[PowerCurve]) -> PlannedStep:
        """The step under the power limit, by the card's measured curve or the one that stands in for it.

        What the measured curves differ by at this limit widens the step. Unchanged without limit or curve.
        """
        curve = curve_for(gpu, curves)
        if self.power_limit_watts is None or curve is None:
            return planned
        share = self.power_limit_watts / gpu.board_watts
        speed = curve.at(share)[0]
        doubt = max(abs(math.log(other.at(share)[0] / speed)) for other in curves)
        return replace(
            planned,
            step=planned.step.scaled(1 / speed),
            published_step_s=planned.published_step_s / speed,
            log_spread=math.hypot(planned.log_spread, doubt),
        )

    def inputs(
        self, gpu: Gpu, curves: Sequence[PowerCurve], figures: Mapping[str, Figure]
    ) -> tuple[Input, ...]:
        """The power limit that was told and the curve that says what it costs."""
        if self.power_limit_watts is None:
            return ()
        told = Figure("power_limit_watts", self.power_limit_watts, "W", self.source, basis="user")
        curve = curve_for(gpu, curves)
        return (Input(gpu.name, told), *(curve_inputs(curve, figures) if curve else ()))
