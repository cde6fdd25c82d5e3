"""The smaller models of a run's family, for what is too much for a machine, or for a budget."""

from collections.abc import Callable
from dataclasses import replace

from service.decide.options import Option
from service.decide.practical import is_too_long
from service.estimate.architecture import parameters
from service.facts import Workload
from service.store.snapshot import Snapshot


def smaller_models(snapshot: Snapshot, workload: Workload) -> tuple[Workload, ...]:
    """Those of the same family and kind, the largest first."""
    size = parameters(workload.architecture)
    family = [w for w in snapshot.workloads.values() if w.family == workload.family]
    alike = [w for w in family if w.kind == workload.kind and parameters(w.architecture) < size]
    return tuple(sorted(alike, key=lambda w: (-parameters(w.architecture), w.slug)))


def with_smaller_model(
    snapshot: Snapshot, workload: Workload, option: Option, of: Callable[[Workload], Option]
) -> Option:
    """The option, where it takes too long with the largest smaller model that does not; `of` is the same
    machine with another run."""
    if option.practical is None:
        return option
    for smaller in smaller_models(snapshot, workload):
        elapsed = of(smaller).elapsed_hours
        if elapsed is not None and not is_too_long(elapsed):
            return replace(option, practical=replace(option.practical, smaller=smaller))
    return option
