"""What one's own measurements have taught: one of them, or all that are kept."""

from service.errors import NotFound, worded
from service.estimate.case import OWN
from service.estimate.lessons import Lesson, hours_of, machines_moved, terms_moved
from service.estimate.planned_step import plan_steps
from service.facts import MeasuredRun
from service.store.snapshot import Snapshot
from service.usecases.knowledge import knowledge_of
from service.usecases.own_measurements import taught

HEADLINE = "nanochat-d32"


def own_runs(snapshot: Snapshot) -> list[MeasuredRun]:
    """One's own measurements, by name."""
    return [run for run in snapshot.measured_runs if run.confidence == OWN]


def lessons(snapshot: Snapshot) -> list[Lesson]:
    """What each of one's own measurements moved of the headline on its card."""
    return [_lesson(snapshot, run, in_full=False) for run in own_runs(snapshot) if run.gpu in snapshot.gpus]


def lesson(snapshot: Snapshot, slug: str) -> Lesson:
    """All that one measurement moved. Raises NotFound for one that is not there or not one's own."""
    run = next((run for run in own_runs(snapshot) if run.slug == slug), None)
    if run is None or run.gpu not in snapshot.gpus:
        raise NotFound(worded("measurement of your own"), slug)
    return _lesson(snapshot, run, in_full=True)


def _lesson(snapshot: Snapshot, run: MeasuredRun, *, in_full: bool) -> Lesson:
    known = knowledge_of(snapshot)
    after, before = known.calibration.posterior, taught(snapshot, run.slug)
    workload, gpu = snapshot.workloads[HEADLINE], snapshot.gpus[run.gpu or ""]
    count, spare = run.gpu_count or 1, known.figures["home.host_memory_gib"].value
    planned = [plan_steps(workload, [(gpu, count)], posterior, [spare])[0] for posterior in (before, after)]
    hours = hours_of(workload, count, planned)
    return Lesson(
        run=run,
        gpu=gpu,
        headline=workload.name,
        hours_before=hours[0],
        hours_after=hours[1],
        terms=terms_moved(before, after) if in_full else (),
        machines=machines_moved(workload, snapshot.gpus.values(), before, after) if in_full else (),
    )
