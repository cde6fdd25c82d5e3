"""What keeps one's own measurements from spoiling answers: the plan they are taken with, limits, doubts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from service.answers.question import AskedMeasurement
from service.decide.options import cloud_memory_gib
from service.errors import InvalidValue, choice_of, foreign
from service.estimate.calibration import Posterior
from service.estimate.case import case_of
from service.estimate.hardware import PRECISIONS
from service.estimate.measured_run import shape_is_known
from service.estimate.own_plan import PlanTaken, said_fields, taken
from service.estimate.plausibility import Doubt, doubt_of, limits_passed
from service.estimate.run_records.plan_in_log import plan_in_log
from service.estimate.run_records.training_log import TrainingLog
from service.facts import Architecture, Gpu, MeasuredRun, Workload
from service.reports.words.doubts import doubt_sentence, limit_sentence
from service.reports.words.wording import wording
from service.store.snapshot import Snapshot
from service.usecases.knowledge import knowledge_of, plans_of, taught_by

SAID_OF_A_PLAN = ("checkpointing", "offload", "optimizer", "precision", "engine")
OF_MEMORY = frozenset({"checkpointing", "offload", "optimizer", "micro_batch"})
"""What decides where the pieces of a step lie."""


@dataclass(frozen=True, slots=True)
class Said:
    """What options and the log say of a run's plan, as fields of its row, and which of them decide it."""

    fields: Mapping[str, Any]
    decided: frozenset[str]


def plan_said(asked: AskedMeasurement, log: TrainingLog | None, n_layers: int | None) -> Said:
    """What is said of the plan; an option wins over the log. Raises InvalidValue for what means nothing."""
    printed = plan_in_log(asked.log) if asked.log is not None else {}
    given = {name: getattr(asked, name) for name in SAID_OF_A_PLAN if getattr(asked, name) is not None}
    said = said_fields({**printed, **given}, n_layers)
    known = set(said) & OF_MEMORY
    if asked.micro_batch or (log and "micro_batch" in log.facts):
        known.add("micro_batch")
    return Said(said, frozenset(known))


def with_its_plan(
    snapshot: Snapshot, run: MeasuredRun, gpu: Gpu, workload: Workload | None, decided: frozenset[str]
) -> tuple[MeasuredRun, PlanTaken | None]:
    """The run with the plan that a comparison chooses where the published one cannot have fitted.

    Raises InvalidValue or MissingFact where its shape is not usable.
    """
    case, known = case_of(run, gpu), knowledge_of(snapshot)
    count = run.gpu_count or 1
    spare = known.figures["home.host_memory_gib"].value
    if gpu.category == "datacenter":
        spare = cloud_memory_gib(count, known)
    chosen = None
    if not decided:
        base = Workload("", "", "", case.architecture, case.recipe, 0, {})
        if workload is not None and _same_shape(workload, case.architecture):
            # As a comparison asks it: in the recipe's own precision, with what its machine has proven.
            published = workload.recipe
            recipe = replace(
                case.recipe, sharding=published.sharding, code_base=published.code_base,
                precision=choice_of("precision", run.precision or published.precision, PRECISIONS),
            )  # fmt: skip
            base = replace(workload, recipe=recipe)
        chosen = plans_of(snapshot, base, ((gpu.slug, count, spare),))[0].plan
    return taken(
        run, case, decided, chosen=chosen, terms=known.calibration.posterior.terms, host_memory_gib=spare
    )


def _same_shape(workload: Workload, other: Architecture) -> bool:
    names = ("n_layers", "d_model", "d_ff", "vocab_size")
    return all(getattr(workload.architecture, name) == getattr(other, name) for name in names)


def refuse_impossible(run: MeasuredRun, gpu: Gpu, language: str) -> None:
    """Raises InvalidValue, with the limit, for what no such machine can have done."""
    for limit in limits_passed(run, case_of(run, gpu)):
        reason = limit_sentence(wording(language), limit, run, gpu)
        raise InvalidValue(limit.field, round(limit.told, 3), foreign(reason))


def taught(snapshot: Snapshot, name: str, beside: Iterable[MeasuredRun] = ()) -> Posterior:
    """What all runs teach but those of that name, a run's or a whole probe's, and `beside` them."""
    others = [
        run for run in snapshot.measured_runs if run.slug != name and not run.slug.startswith(f"{name}-")
    ]
    return taught_by(snapshot, [*others, *beside])


def doubt_about(
    snapshot: Snapshot, run: MeasuredRun, gpu: Gpu, posterior: Posterior, *, shape_printed: bool
) -> Doubt | None:
    """Why a measurement is hard to believe, by a posterior without it; None where it is foreseen."""
    # What had to be guessed of it widens what is believed, though it teaches as it is.
    batch, shape = run.micro_batch is not None, shape_is_known(run)
    return doubt_of(
        run.tokens_per_s or 0.0,
        replace(case_of(run, gpu), batch_known=batch, shape_known=shape),
        posterior,
        snapshot.workloads.values(),
        shape_printed=shape_printed,
    )


def ask_back(doubt: Doubt, language: str) -> None:
    """Raises InvalidValue with what would explain the measurement, and how to keep it all the same."""
    w = wording(language)
    reason = f"{doubt_sentence(w, doubt)} {w.say('If it is right, say so with --yes (field yes).')}"
    raise InvalidValue("tokens_per_s", round(doubt.told, 3), foreign(reason))
