"""How long padded sequences are: a micro-batch of examples is as long as its longest.

Lengths are taken as log-normal around their mean and cut off at the trainer's maximum. The spread is an
assumption (`LENGTH_SPREAD`): sets of short instructions are narrower, collections of conversations wider, and
`computed_spread` says what that does to the run.
"""

import math
from functools import lru_cache
from statistics import NormalDist

from service.estimate.quantile import QUANTILE_90

LENGTH_SPREAD = 0.7
"""Log standard deviation of the lengths of instruction data, assumed: half of the examples lie between 0.6
and 1.6 times the median, one in a hundred is 5 times as long."""
LEAST_SPREAD, MOST_SPREAD = 0.3, 1.1
"""What it is between for four data sets of five: rewritten one-line instructions, and chats with pasted
documents."""
LEAST_POSSIBLE_SPREAD = 0.02
DRAWN_SPREADS = 20
"""Equally likely spreads that `computed_spread` looks at."""
GRID = 2000
WIDEST = 8.0
"""Standard deviations up to which the distribution is summed."""


@lru_cache(maxsize=1024)
def expected_longest(mean: float, longest: int, count: float, spread: float = LENGTH_SPREAD) -> float:
    """Mean length of the longest of `count` examples of `mean` tokens, none above `longest` [tokens].

    The sum over the quantiles of the largest: P(all <= x) = F(x)^count. Of one example it is the mean itself,
    less what is cut off.
    """
    middle = math.log(mean) - spread**2 / 2
    total, before = 0.0, 0.0
    for i in range(1, GRID + 1):
        z = -WIDEST + 2 * WIDEST * i / GRID
        below = (0.5 * math.erfc(-z / math.sqrt(2))) ** count
        centre = z - WIDEST / GRID
        total += (below - before) * min(float(longest), math.exp(middle + spread * centre))
        before = below
    return min(float(longest), total)


@lru_cache(maxsize=256)
def computed_spread(mean: float, longest: int, count: float) -> tuple[float, float]:
    """How far below and above the estimate the tokens lie that are computed of padded examples, for lengths
    that spread otherwise than assumed: log standard deviations of an 80 % interval.

    `LENGTH_SPREAD` is taken as the middle of a normal distribution of which `LEAST_SPREAD` to `MOST_SPREAD`
    hold 80 %. Wider lengths pad more and have more cut off: near `longest` the second may outweigh the first,
    so that both ends can lie on one side of the estimate; the other spread is 0 then. Single examples that
    nothing cuts off have none: (0, 0).
    """
    among = NormalDist(LENGTH_SPREAD, (MOST_SPREAD - LEAST_SPREAD) / (2 * QUANTILE_90))
    quantiles = ((i + 0.5) / DRAWN_SPREADS for i in range(DRAWN_SPREADS))
    spreads = [max(LEAST_POSSIBLE_SPREAD, among.inv_cdf(quantile)) for quantile in quantiles]
    lengths = sorted(expected_longest(mean, longest, count, spread) for spread in spreads)
    tenth = DRAWN_SPREADS // 10
    low, high = ((lengths[i - 1] + lengths[i]) / 2 for i in (tenth, DRAWN_SPREADS - tenth))
    middle = expected_longest(mean, longest, count)
    return max(0.0, math.log(middle / low)) / QUANTILE_90, max(0.0, math.log(high / middle)) / QUANTILE_90
