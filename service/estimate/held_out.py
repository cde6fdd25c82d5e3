"""Runs predicted without their own kind, and how much wider intervals must be for it.

A Gaussian with a whole group of its measurements held out has a closed form (Rasmussen and Williams, Gaussian
Processes for Machine Learning, 2006, section 5.4.2, with blocks for single rows). How often the measurements
of held-out code bases, cards and reporters lay inside their intervals says by how much to widen the interval
of a new case of that class. Leaves out that the terms were fitted with the group among the evidence: the
validation page, which fits them again, contains that.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from service.estimate.case import Cases
from service.estimate.quantile import QUANTILE_90

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Novelty = Literal["new_code_base", "new_gpu", "new_reporter", "known"]
"""What the evidence lacks of a case: a run of its code base, of its card, of whoever runs it, or nothing."""
NOVELTIES: tuple[Novelty, ...] = get_args(Novelty)
OF_NOVELTY: Mapping[Novelty, str] = {
    "new_code_base": "code_base",
    "new_gpu": "gpu",
    "new_reporter": "reporter",
}
"""What names the group that a class of new cases lacks, gravest first."""
COVERED = 0.80
NARROWEST, WIDEST = 0.8, 2.0
"""Bounds of the factor, for few groups say little."""
FEWEST_GROUPS = 5


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Each run without its group: what it missed by and how sure it was, in logs."""

    missed: Vector
    """Measured over predicted."""
    spread: Vector
    """Log standard deviation of the prediction."""


def held_out(
    inverse: Matrix, weights: Vector, noise: Vector, new_noise: Vector, groups: NDArray[np.str_]
) -> HeldOut:
    """Every run predicted from the runs outside its group.

    `inverse` is the inverse covariance of the measurements, `weights` it times what the priors do not
    explain, `noise` the noise variance of each run in it, `new_noise` that of a new run of its kind.
    """
    missed, spread = np.empty_like(weights), np.empty_like(weights)
    _, group_of, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    alone = sizes[group_of] == 1
    own = 1 / np.diag(inverse)[alone]
    missed[alone] = own * weights[alone]
    spread[alone] = np.sqrt(np.maximum(own - noise[alone], 0.0) + new_noise[alone])
    for group in np.flatnonzero(sizes > 1):
        rows = np.flatnonzero(group_of == group)
        block = np.linalg.inv(inverse[np.ix_(rows, rows)])
        missed[rows] = block @ weights[rows]
        spread[rows] = np.sqrt(np.maximum(np.diag(block) - noise[rows], 0.0) + new_noise[rows])
    return HeldOut(missed, spread)


def widening(held: HeldOut, projects: NDArray[np.str_], groups: NDArray[np.str_]) -> float:
    """By how much the spreads must grow for 80 % of the runs to lie inside.

    A project of many rows counts as the square root of their number. 1 where there are too few groups to
    tell.
    """
    if len(np.unique(groups)) < FEWEST_GROUPS:
        return 1.0
    names, counts = np.unique(projects, return_counts=True)
    share = 1 / np.sqrt(counts[np.searchsorted(names, projects)])
    surprise = np.abs(held.missed) / held.spread
    order = np.argsort(surprise)
    reached = np.cumsum(share[order]) / share.sum()
    at = surprise[order][min(int(np.searchsorted(reached, COVERED)), len(order) - 1)]
    return float(np.clip(at / QUANTILE_90, NARROWEST, WIDEST))


def groups_of(evidence: Cases) -> dict[Novelty, NDArray[np.str_]]:
    """Which group each run is of that a new case of a class lacks, shape (runs,); of a known one, itself."""
    itself = np.arange(len(evidence)).astype(np.str_)
    return {n: getattr(evidence, OF_NOVELTY[n]) if n in OF_NOVELTY else itself for n in NOVELTIES}


def novelty_of(new: Cases, evidence: Cases, without_run: Sequence[int | None] = ()) -> list[Novelty]:
    """What the evidence lacks of each new case, less the run of it that is left out for that case."""
    counts = {name: Counter(getattr(evidence, name).tolist()) for name in OF_NOVELTY.values()}
    found: list[Novelty] = []
    for case in range(len(new)):
        row = without_run[case] if case < len(without_run) else None

        def is_new(name: str, case: int = case, row: int | None = row) -> bool:
            wanted = str(getattr(new, name)[case])
            own = row is not None and str(getattr(evidence, name)[row]) == wanted
            return counts[name][wanted] <= own

        found.append(next((novelty for novelty, name in OF_NOVELTY.items() if is_new(name)), "known"))
    return found
