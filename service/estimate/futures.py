"""Equally likely futures, the same for every plan: what each doubt comes to in each of them.

A rank-1 lattice (Korobov 1959; Niederreiter, Random Number Generation and Quasi-Monte Carlo Methods, 1992,
chapter 5): every doubt alone falls evenly on all its quantiles, any two together nearly so.
"""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from service.estimate.quantile import QUANTILE_90

Numbers = NDArray[np.float64]
FUTURES = 401
"""Prime; a probability summed over so many is right within about 0.02."""
GENERATOR = 26
"""The best of all for any two of 14 doubts."""
HOURS, OTHERWISE, RENT, VAT, INTERRUPTIONS, DEBUGGING, KWH_PRICE, FIRST_FREE = range(8)
"""Which doubt falls on which dimension: the hours of training, what else moves the money at home, the rent
until the run is done, whether a price holds VAT, how often a spot machine is taken away, hours of debugging
and their kWh; then the assumptions of a rented run."""


@lru_cache(maxsize=64)
def shares(dimension: int) -> Numbers:
    """Where each future lies among all, by one doubt: shares of 1, shape (futures, 1), each once."""
    step = pow(GENERATOR, dimension, FUTURES)
    found: Numbers = ((np.arange(FUTURES) * step % FUTURES + 0.5) / FUTURES)[:, None]
    found.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def normals(dimension: int) -> Numbers:
    """The same as standard normal deviations."""
    quantile = NormalDist().inv_cdf
    found: Numbers = np.array([[quantile(float(share))] for share in shares(dimension)[:, 0]])
    found.flags.writeable = False
    return found


def factors(dimension: int, down: Numbers | float, up: Numbers | float) -> Numbers:
    """A factor with a median of 1 and these log standard deviations, shape (futures, n)."""
    z = normals(dimension)
    return np.asarray(np.exp(np.where(z < 0, down, up) * z))


def drawn(dimension: int, low: float, middle: float, high: float) -> Numbers:
    """A number with this 80 % range in each future, shape (futures, 1): a log-normal on either side, or
    evenly down to nothing and no further where the range begins there."""
    z = normals(dimension)
    sides = [
        middle * np.exp(np.log(end / middle) / QUANTILE_90 * np.abs(z))
        if end > 0 and middle > 0
        else np.maximum(middle + (end - middle) / QUANTILE_90 * np.abs(z), 0.0)
        for end in (low, high)
    ]
    return np.asarray(np.where(z < 0, *sides))
