"""One's own run: what its measurement teaches, and what is done and left of it in hours, energy and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from service.estimate.architecture import steps
from service.estimate.believable import refuse_unbelievable_plug
from service.estimate.board_power import held_watts
from service.estimate.cost import Cost
from service.estimate.energy import WallPower, energy_kwh, household_power
from service.estimate.home_bill import home_cost
from service.estimate.interval import Interval, certain
from service.estimate.own_plan import PlanTaken
from service.estimate.plausibility import Doubt
from service.estimate.progress import Progress, progress
from service.estimate.run_records.training_log import TrainingLog
from service.estimate.tariff import CONTRACT_SPREAD, flat
from service.estimate.training_time import DOWNTIME_SPREAD_HOME
from service.facts import ElectricityRate, ExchangeRate, Figure, Gpu, MeasuredRun, Workload

Budget = Literal["within", "may_pass", "passes"]


@dataclass(frozen=True, slots=True)
class RunInProgress:
    """A run in progress with its energy and money; None where the tariff is not known."""

    progress: Progress
    power: WallPower
    kwh_done: Interval
    kwh_left: Interval
    cost_done: Cost | None
    cost_left: Cost | None
    steps_by_workload: bool = False
    """Whether nobody said how many steps, so that they follow from the workload's tokens."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a measurement of one's own teaches, and where its run stands."""

    run: MeasuredRun
    gpu: Gpu
    before: Interval
    """The speed believed of this run without the measurement [tokens/s]."""
    after: Interval
    """With it."""
    log: TrainingLog | None
    """None where the speed was told as a number."""
    progress: RunInProgress | None
    """None without a log, or where its length or pace is not known."""
    kept: bool
    plan: PlanTaken | None = None
    """The plan it is taken with, where that is not the published one."""
    doubt: Doubt | None = None
    """Why it is hard to believe; None where it is foreseen."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a followed run stands."""

    log: TrainingLog
    run: RunInProgress

    @property
    def is_last(self) -> bool:
        """Whether its last step is done, or it has summed itself up."""
        where = self.run.progress
        return where.steps_done >= where.steps_total or "train_runtime_s" in self.log.facts

    @property
    def may_be_last(self) -> bool:
        """Whether all is done but a step that a program counting from 0 never prints."""
        return self.is_last or self.run.progress.steps_done == self.run.progress.steps_total - 1

    def total_cost(self) -> Interval | None:
        """What the whole run costs, in the currency asked for; None where the tariff is not known."""
        done, left = self.run.cost_done, self.run.cost_left
        return None if done is None or left is None else done.total + left.total

    def budget(self, most: float) -> Budget:
        """Whether the forecast passes a budget, in the currency asked for."""
        total = self.total_cost()
        if total is None or total.p90 <= most:
            return "within"
        return "passes" if total.p50 > most else "may_pass"


def steps_of_log(log: TrainingLog, workload: Workload | None, total_steps: int | None) -> int | None:
    """Optimizer steps of the whole run [count]: as given, as printed, or as the workload's tokens need.

    None where nothing tells, and for a run that has summed itself up and counted no steps.
    """
    if "train_runtime_s" in log.facts and not log.last_step:
        return None
    if total_steps or log.total_steps:
        return total_steps or log.total_steps
    if workload and log.global_batch_tokens:
        return steps(workload.tokens, log.global_batch_tokens)
    return None


def run_in_progress(
    log: TrainingLog,
    total_steps: int,
    *,
    gpu: Gpu,
    gpu_count: int,
    rate: ElectricityRate | None,
    currency: str,
    figures: Mapping[str, Figure],
    exchange_rates: Sequence[ExchangeRate],
    plug_watts: float | None = None,
) -> RunInProgress | None:
    """How far a logged run is and what the rest takes at home; None where the log shows no pace.

    `plug_watts`, measured at the plug, replaces what is assumed of the machine's power. Raises
    InvalidValue for a run that has more steps than in all, or impossible watts.
    """
    step_s = log.step_s
    if step_s is None and log.global_batch_tokens and log.tokens_per_s:
        step_s = log.global_batch_tokens / log.tokens_per_s
    if step_s is None:
        return None
    where = progress(log.last_step, total_steps, step_s, log.step_spread, DOWNTIME_SPREAD_HOME)
    board = held_watts(gpu)
    if plug_watts is not None:
        refuse_unbelievable_plug(plug_watts, board.p10 * gpu_count, board.p90 * gpu_count, gpu_count)
    power = household_power(board, gpu_count, plug_watts, figures)
    done = energy_kwh(certain(where.hours_done), power) if where.hours_done else certain(0.0)
    left = energy_kwh(where.hours_left, power) if where.hours_left.p50 else certain(0.0)
    hours = (certain(where.hours_done), where.hours_left)
    costs = [
        home_cost(h, e, flat(rate, figures.get(CONTRACT_SPREAD)), currency, exchange_rates) if rate else None
        for h, e in zip(hours, (done, left), strict=True)
    ]
    return RunInProgress(
        progress=where, power=power, kwh_done=done, kwh_left=left, cost_done=costs[0], cost_left=costs[1]
    )
