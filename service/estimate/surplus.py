"""What an odd measurement of one's own says of one's own machine and code alone.

Whoever insists on a measurement that nothing explains has it believed where it was made. It is no evidence
on other cards and code: what the published runs miss it by is then a deviation that only runs of the same
reporter and code base share, so that ten times too slow at home moves an answer for a
rented card by less than a per cent (it doubled a 4090's hours).
"""

import numpy as np
from numpy.typing import NDArray

from service.estimate.case import Cases

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

EXPLAINED = 2.33
"""Spreads of the forecast within which a measurement is explained: its 98 % range, outside of which it is
asked back."""


def surplus_spread(missed: Vector, variance: Vector) -> Vector:
    """Log spread of the deviation that would explain what the forecast missed by, 0 inside its range.

    Outside it is twice all that was missed, so that under 2 % of a miss is believed of other cards: with what
    is left beyond the range alone, half as fast again at home sped up rented cards by 6 %.
    """
    return np.asarray(np.where(missed**2 > EXPLAINED**2 * variance, 2 * np.abs(missed), 0.0))


def surplus_of(new: Cases, cases: Cases, surplus: Vector) -> Vector:
    """The same of cases asked about: root mean square over one's own runs of their reporter and code."""
    alike = (_alike(new, cases) & cases.own).astype(np.float64)
    return np.asarray(np.sqrt(alike @ surplus**2 / np.maximum(alike.sum(axis=1), 1.0)))


def surplus_shared(a: Cases, of_a: Vector, b: Cases, of_b: Vector) -> Matrix:
    """Covariance of the deviations of cases `a` and `b`, shape (len(a), len(b))."""
    return np.asarray(_alike(a, b) * np.outer(of_a, of_b))


def _alike(a: Cases, b: Cases) -> NDArray[np.bool_]:
    return np.asarray((a.reporter[:, None] == b.reporter) & (a.code_base[:, None] == b.code_base))
