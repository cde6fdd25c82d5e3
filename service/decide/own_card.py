"""One's own cards as they are built in, where the asker knows more than the catalog."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from service.errors import InvalidValue, worded
from service.estimate.case import Case, side_by_side
from service.estimate.duration import Terms
from service.estimate.inputs import Input, curve_inputs
from service.estimate.machine import linked
from service.estimate.planned_step import PlannedStep, recipe_on
from service.estimate.power_limit import PowerCurve, curve_for
from service.facts import Figure, Gpu, Source, Workload

LANES = (1, 2, 4, 8, 16)
"""Widths that PCIe slots and cards have."""
ToldCode = Literal["power_limit", "pcie_lanes", "nvlink"]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the asker knows of the cards, and what it does to a step."""

    code: ToldCode
    value: float
    """W per card, lanes, or cards that NVLink joins (0 none)."""
    time_factor: float
    """How many times as long a step takes by this alone, held the same way in memory."""


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

    def mounted(self, gpu: Gpu, gpu_count: int, curves: Sequence[PowerCurve]) -> Gpu:
        """The card with its slot and its bridge; a power limit is `slowed`'s.

        Raises InvalidValue for a limit that the board does not take or nobody has measured, a slot that
        does not exist or is wider than the card, and a bridge that such cards, or so many, cannot have.
        """
        if self.power_limit_watts is not None:
            _check_limit(self.power_limit_watts, gpu, curves)
        if self.nvlink is not None:
            _check_nvlink(self.nvlink, gpu, gpu_count)
            gpu = linked(gpu, self.nvlink)
        if self.pcie_lanes is not None:
            _check_lanes(self.pcie_lanes, gpu)
            sources = {**gpu.sources, "pcie_lanes": self.source}
            gpu = replace(gpu, pcie_lanes=self.pcie_lanes, sources=sources)
        return gpu

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

    def told(
        self,
        workload: Workload,
        gpu: Gpu,
        gpu_count: int,
        planned: PlannedStep,
        *,
        curves: Sequence[PowerCurve],
        terms: Terms,
    ) -> tuple[Told, ...]:
        """What was said of the catalog's card, and what each alone does to the step as it is planned."""
        told = []
        if self.power_limit_watts is not None:
            curve = curve_for(gpu, curves)
            speed = curve.at(self.power_limit_watts / gpu.board_watts)[0] if curve else 1.0
            told.append(Told("power_limit", self.power_limit_watts, 1 / speed))
        others: list[tuple[ToldCode, float, Gpu]] = []
        if self.pcie_lanes is not None:
            others.append(("pcie_lanes", self.pcie_lanes, replace(gpu, pcie_lanes=self.pcie_lanes)))
        if self.nvlink is not None:
            others.append(("nvlink", gpu_count if self.nvlink else 0, linked(gpu, self.nvlink)))
        if others:
            recipe = recipe_on(workload.recipe, gpu)
            cards = [gpu, *(card for _, _, card in others)]
            cases = [Case(workload.architecture, recipe, planned.plan, card, gpu_count) for card in cards]
            step_s = np.asarray(side_by_side(cases).time(terms).step_s)
            factors = step_s[1:] / step_s[0]
            told += [Told(o[0], o[1], float(f)) for o, f in zip(others, factors, strict=True)]
        return tuple(told)

    def inputs(
        self, gpu: Gpu, curves: Sequence[PowerCurve], figures: Mapping[str, Figure]
    ) -> tuple[Input, ...]:
        """What was told beside the numbers of the card itself, and the curve that says what a limit costs."""
        inputs = []
        if self.power_limit_watts is not None:
            limit = Figure("power_limit_watts", self.power_limit_watts, "W", self.source, basis="user")
            curve = curve_for(gpu, curves)
            inputs += [Input(gpu.name, limit), *(curve_inputs(curve, figures) if curve else ())]
        if self.nvlink is not None:
            bridged = Figure("nvlink", float(self.nvlink), "(1 yes, 0 no)", self.source, basis="user")
            inputs.append(Input(gpu.name, bridged))
        return tuple(inputs)


def _check_limit(watts: float, gpu: Gpu, curves: Sequence[PowerCurve]) -> None:
    curve = curve_for(gpu, curves)
    if curve is None:
        reason = worded(
            "what a limit costs {gpu} has not been measured, nor what it costs a card like it", gpu=gpu.name
        )
        raise InvalidValue("power_limit_watts", watts, reason)
    least = math.ceil(curve.limits[0] * gpu.board_watts)
    valid = [worded("{least} to {most:g} W", least=least, most=gpu.board_watts)]
    if watts > gpu.board_watts:
        reason = worded(
            "is more than {gpu} takes, {board_watts:g} W", gpu=gpu.name, board_watts=gpu.board_watts
        )
        raise InvalidValue("power_limit_watts", watts, reason, valid)
    if watts < least:
        reason = worded(
            "{gpu} below {least} W: what less than {limits:.0%} of its {board_watts:g} W "
            "costs has not been measured, and boards refuse limits below a minimum",
            gpu=gpu.name,
            least=least,
            limits=curve.limits[0],
            board_watts=gpu.board_watts,
        )
        raise InvalidValue("power_limit_watts", watts, reason, valid)


def _check_lanes(lanes: int, gpu: Gpu) -> None:
    if gpu.pcie_generation is None:
        raise InvalidValue(
            "pcie_lanes", lanes, worded("the PCIe generation of {gpu} is not known", gpu=gpu.name)
        )
    widest = gpu.pcie_lanes or LANES[-1]
    nearest = sorted((n for n in LANES if n <= widest), key=lambda n: (abs(math.log(n / lanes)), n))
    valid = [str(n) for n in nearest]
    if lanes > widest:
        raise InvalidValue(
            "pcie_lanes",
            lanes,
            worded("{gpu} has {pcie_lanes}", gpu=gpu.name, pcie_lanes=gpu.pcie_lanes),
            valid,
        )
    if lanes not in LANES:
        raise InvalidValue("pcie_lanes", lanes, worded("no slot has so many"), valid)


def _check_nvlink(nvlink: bool, gpu: Gpu, gpu_count: int) -> None:
    fixed = gpu.gpu_link_gb_per_s is not None and gpu.bridged_cards is None
    if not nvlink:
        if fixed:
            raise InvalidValue(
                "nvlink", "no", worded("{gpu} is never without its own link", gpu=gpu.name), ["yes"]
            )
        return
    if gpu.bridged_cards is None and not fixed:
        raise InvalidValue(
            "nvlink", "yes", worded("{gpu} has no connector for a bridge", gpu=gpu.name), ["no"]
        )
    if gpu_count < 2:
        raise InvalidValue(
            "nvlink", "yes", worded("one {gpu} has none to be joined with", gpu=gpu.name), ["no"]
        )
    if gpu.bridged_cards is not None and gpu_count > gpu.bridged_cards:
        reason = worded(
            "a bridge joins {bridged_cards} {gpu}; among {gpu_count} traffic still crosses PCIe",
            bridged_cards=gpu.bridged_cards,
            gpu=gpu.name,
            gpu_count=gpu_count,
        )
        raise InvalidValue("nvlink", "yes", reason, ["no"])
