"""What every answer needs of a snapshot beside the question: calibration, rates, and plans per machine."""

from functools import lru_cache

from service.decide.comparison import Knowledge
from service.estimate.plan import Adjustment, PlannedStep, adjustments, plan_steps
from service.facts import Architecture, CarbonIntensity, ElectricityRate, Gpu, Recipe, Workload
from service.store.calibration_file import calibration_from
from service.store.snapshot import Snapshot

SNAPSHOTS_KEPT = 2
PLANS_KEPT = 256


@lru_cache(maxsize=SNAPSHOTS_KEPT)
def knowledge_of(snapshot: Snapshot) -> Knowledge:
    """Calibration, assumptions and newest exchange rates of a snapshot."""
    return Knowledge(
        calibration_from(snapshot.figures, snapshot.gpus),
        snapshot.figures,
        tuple(snapshot.exchange.values()),
    )


@lru_cache(maxsize=PLANS_KEPT)
def plans_of(
    snapshot: Snapshot,
    architecture: Architecture,
    recipe: Recipe,
    hardware: tuple[tuple[str, int, float], ...],
) -> tuple[PlannedStep, ...]:
    """The chosen plan of a model and recipe on each machine, as (GPU slug, count, spare host GiB)."""
    run = Workload("", "", "", architecture, recipe, 0, {})
    machines = [(snapshot.gpus[slug], count) for slug, count, _ in hardware]
    spare = [host_gib for _, _, host_gib in hardware]
    return tuple(plan_steps(run, machines, knowledge_of(snapshot).calibration.terms, spare))


def plan_of(
    snapshot: Snapshot, workload: Workload, gpu: Gpu, count: int, host_memory_gib: float
) -> PlannedStep:
    """The chosen plan of a run on one machine whose host can spare so much memory [GiB]."""
    machine = ((gpu.slug, count, host_memory_gib),)
    return plans_of(snapshot, workload.architecture, workload.recipe, machine)[0]


@lru_cache(maxsize=4 * PLANS_KEPT)
def _changes(
    snapshot: Snapshot, architecture: Architecture, recipe: Recipe, gpu: str, count: int, planned: PlannedStep
) -> tuple[Adjustment, ...]:
    run = Workload("", "", "", architecture, recipe, 0, {})
    return adjustments(run, snapshot.gpus[gpu], count, planned, knowledge_of(snapshot).calibration.terms)


def changes_of(
    snapshot: Snapshot, workload: Workload, gpu: Gpu, count: int, planned: PlannedStep
) -> tuple[Adjustment, ...]:
    """What a plan changes in the published recipe on one machine."""
    return _changes(snapshot, workload.architecture, workload.recipe, gpu.slug, count, planned)


def retail_rate(snapshot: Snapshot, zone: str) -> ElectricityRate | None:
    """The newest household price of a zone with all taxes; None when nobody has told us."""
    return next(
        (r for r in snapshot.electricity.get(zone, ()) if r.kind == "retail" and r.taxes == "all"), None
    )


def carbon_of(snapshot: Snapshot, zone: str | None) -> CarbonIntensity | None:
    """The newest yearly grid intensity of a zone, of what it produces if known, else of what it uses."""
    known = snapshot.carbon.get(zone, ()) if zone else ()
    return next((c for c in known if c.accounting == "production"), known[0] if known else None)
