"""What every answer needs of a snapshot beside the question: calibration, rates, and plans per machine."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from weakref import WeakKeyDictionary

from service import countries
from service.decide.household import Household
from service.decide.knowledge import Knowledge
from service.decide.options import Option, home_memory_gib, home_option, ladder_of
from service.estimate.adjustments import Adjustment, adjustments
from service.estimate.architecture import steps
from service.estimate.calibration import Posterior, with_terms
from service.estimate.ladder import Rung
from service.estimate.planned_step import PlannedStep, plan_steps
from service.estimate.tariff import BANDS
from service.facts import Architecture, CarbonIntensity, ElectricityRate, Gpu, MeasuredRun, Recipe, Workload
from service.store.calibration_file import calibration_from
from service.store.snapshot import Snapshot

PLANS_KEPT = 256
Machine = tuple[str, int, float]
"""GPU slug, count, host memory to spare [GiB]."""
Proven = tuple[str | None, int | None]
"""GPU slug and count that the published run used."""


class MachineGroundwork:
    """What follows from cards and measured runs alone, worked out once: prices change far more often."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.follows_from = _of_machines(snapshot)
        self.calibration = calibration_from(snapshot.figures, snapshot.measured_runs, snapshot.gpus)
        gpus: Mapping[str, Gpu] = snapshot.gpus
        posterior = self.calibration.posterior

        @lru_cache(maxsize=PLANS_KEPT)
        def plans(
            architecture: Architecture,
            recipe: Recipe,
            proven: Proven,
            machines: tuple[Machine, ...],
            display: float,
        ) -> tuple[PlannedStep, ...]:
            run = Workload(
                "",
                "",
                "",
                architecture,
                recipe,
                0,
                {},
                reference_gpu=proven[0],
                reference_gpu_count=proven[1],
            )
            hardware = [(gpus[slug], count) for slug, count, _ in machines]
            return tuple(plan_steps(run, hardware, posterior, [spare for _, _, spare in machines], display))

        @lru_cache(maxsize=4 * PLANS_KEPT)
        def changes(
            architecture: Architecture, recipe: Recipe, gpu: str, count: int, planned: PlannedStep
        ) -> tuple[Adjustment, ...]:
            run = Workload("", "", "", architecture, recipe, 0, {})
            host = planned.peak.host_memory_gib
            return adjustments(
                run, gpus[gpu], count, planned.plan, host_memory_gib=host, terms=posterior.terms
            )

        self.plans = plans
        self.changes = changes


def _of_machines(snapshot: Snapshot) -> tuple[object, ...]:
    terms = {name: figure for name, figure in snapshot.figures.items() if name.startswith("calibration.")}
    return terms, snapshot.measured_runs, snapshot.gpus


_NEWEST: list[MachineGroundwork] = []
"""One at most: what an older snapshot would need again is worked out again."""


def _machines_of(snapshot: Snapshot) -> MachineGroundwork:
    for machines in tuple(_NEWEST):
        if machines.follows_from == _of_machines(snapshot):
            return machines
    machines = MachineGroundwork(snapshot)
    _NEWEST[:] = [machines]
    return machines


class Groundwork:
    """What follows from one snapshot's facts alone, worked out once; it must not hold the snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        machines = _machines_of(snapshot)
        self.knowledge = Knowledge(machines.calibration, snapshot.figures, tuple(snapshot.exchange.values()))
        gpus: Mapping[str, Gpu] = snapshot.gpus

        @lru_cache(maxsize=PLANS_KEPT)
        def ladders(
            architecture: Architecture,
            recipe: Recipe,
            gpu: str,
            count: int,
            planned: PlannedStep,
            *,
            spare: float,
        ) -> tuple[Rung, ...]:
            run = Workload("", "", "", architecture, recipe, recipe.global_batch_tokens, {})
            return ladder_of(run, gpus[gpu], count, planned, knowledge=self.knowledge, host_memory_gib=spare)

        self.plans = machines.plans
        self.changes = machines.changes
        self.ladders = ladders


_GROUNDWORK: WeakKeyDictionary[Snapshot, Groundwork] = WeakKeyDictionary()
"""Goes with its snapshot: after a refresh nothing here keeps the old facts in memory."""


def groundwork_of(snapshot: Snapshot) -> Groundwork:
    """What follows from a snapshot; two threads may work it out at once, with the same result."""
    groundwork = _GROUNDWORK.get(snapshot)
    if groundwork is None:
        groundwork = _GROUNDWORK[snapshot] = Groundwork(snapshot)
    return groundwork


def knowledge_of(snapshot: Snapshot) -> Knowledge:
    """Calibration, assumptions and newest exchange rates of a snapshot."""
    return groundwork_of(snapshot).knowledge


def taught_by(snapshot: Snapshot, runs: Sequence[MeasuredRun]) -> Posterior:
    """What these runs teach, terms as they are stored; of all runs of the snapshot it is known already."""
    calibration = knowledge_of(snapshot).calibration
    if tuple(runs) == tuple(snapshot.measured_runs):
        return calibration.posterior
    return with_terms(calibration.terms, runs, snapshot.gpus).posterior


def plans_of(
    snapshot: Snapshot, workload: Workload, machines: tuple[Machine, ...], display_gib: float = 0.0
) -> tuple[PlannedStep, ...]:
    """The chosen plan of a run on each machine, with a screen on its cards or without."""
    proven = (workload.reference_gpu, workload.reference_gpu_count)
    return groundwork_of(snapshot).plans(
        workload.architecture, workload.recipe, proven, machines, display_gib
    )


def changes_of(
    snapshot: Snapshot, workload: Workload, gpu: Gpu, count: int, planned: PlannedStep
) -> tuple[Adjustment, ...]:
    """What a plan changes in the published recipe on one machine."""
    return groundwork_of(snapshot).changes(workload.architecture, workload.recipe, gpu.slug, count, planned)


def rungs_of(
    snapshot: Snapshot, workload: Workload, gpu: Gpu, count: int, planned: PlannedStep, *, spare: float
) -> tuple[Rung, ...]:
    """Every other way to hold the run on one machine."""
    of_one_step = groundwork_of(snapshot).ladders(
        workload.architecture, workload.recipe, gpu.slug, count, planned, spare=spare
    )
    times = steps(workload.tokens, workload.recipe.global_batch_tokens) * (1 + workload.other_stages_fraction)
    return tuple(
        replace(rung, hours=rung.hours * times, hours_added=rung.hours_added * times) for rung in of_one_step
    )


def home_option_of(
    snapshot: Snapshot, workload: Workload, gpu: Gpu, count: int, household: Household, *, currency: str
) -> Option:
    """The run on a machine of a household; the plan of a card as the catalog has it is searched once.

    Raises InvalidValue for what such cards cannot have been told to be.
    """
    known = knowledge_of(snapshot)
    at_home = partial(home_option, workload, gpu, count, household, currency=currency, knowledge=known)
    if household.own_card is not None:
        return at_home()
    spare = home_memory_gib(household, known)
    planned = plans_of(snapshot, workload, ((gpu.slug, count, spare),), household.display_gib)[0]
    return at_home(
        planned=planned,
        changes=changes_of(snapshot, workload, gpu, count, planned),
        rungs=rungs_of(snapshot, workload, gpu, count, planned, spare=spare),
    )


def zone_of(snapshot: Snapshot, country: str) -> str:
    """The zone a country or state stands for: its code, its name as stored, or in our languages."""
    asked = country.strip()
    code = countries.code_of(asked) or asked.upper()
    if code in snapshot.electricity or code in snapshot.carbon:
        return code
    by_name = {
        fact.zone_name.casefold(): zone
        for known in (snapshot.carbon, snapshot.electricity)
        for zone, facts in known.items()
        for fact in facts
    }
    named = by_name.get(asked.casefold()) or countries.code_named(asked)
    return named or countries.code_of_three_letters(asked) or code


LETTERS_OF_BAND = {words: letters for _, letters, words in BANDS}
USUAL_BAND = "2500-4999 kWh/yr"
"""Of several consumption bands told for the same period, the one a household is in unless it says more."""


def retail_rate(snapshot: Snapshot, zone: str) -> ElectricityRate | None:
    """The newest household price of a zone with all taxes, else without VAT; None when nobody has told us.

    A spot price is never one: no home pays it without charges and taxes.
    """
    retail = [r for r in snapshot.electricity.get(zone, ()) if r.kind == "retail"]
    with_all = [r for r in retail if r.taxes == "all"]
    known = with_all or [r for r in retail if r.taxes == "excl_vat"]
    return newest_rate(known) if known else None


def band_rates(snapshot: Snapshot, zone: str) -> dict[str, ElectricityRate]:
    """The newest household price of each of Eurostat's bands, by its letters, with all taxes."""
    by_band: dict[str, ElectricityRate] = {}
    for rate in snapshot.electricity.get(zone, ()):
        letters = LETTERS_OF_BAND.get(rate.band)
        if letters and rate.kind == "retail" and rate.taxes == "all":
            by_band.setdefault(letters, rate)
    return by_band


def newest_rate(rates: Sequence[ElectricityRate]) -> ElectricityRate:
    """The newest of at least one rate; of several bands told for that day the usual household's."""
    day = max(rate.as_of for rate in rates)
    newest = [rate for rate in rates if rate.as_of == day]
    return next((rate for rate in newest if rate.band == USUAL_BAND), newest[0])


def carbon_of(snapshot: Snapshot, zone: str | None) -> CarbonIntensity | None:
    """The newest yearly grid intensity of a zone, of what it produces if known, else of what it uses."""
    stated = snapshot.carbon.get(zone, ()) if zone else ()
    return next((c for c in stated if c.accounting == "production"), next(iter(stated), None))
