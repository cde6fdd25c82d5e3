"""How long padded sequences are: a micro-batch of examples is as long as its longest.

Lengths are taken as log-normal around their mean and cut off at the trainer's maximum. The spread is an
assumption (`LENGTH_SPREAD`): sets of short instructions are narrower, collections of conversations wider.
"""

import math

LENGTH_SPREAD = 0.7
"""Log standard deviation of the lengths of instruction data, assumed: half of the examples lie between 0.6
and 1.6 times the median, one in a hundred is 5 times as long."""
LEAST_SPREAD, MOST_SPREAD = 0.3, 1.1
"""What it is between: rewritten one-line instructions, and chats with pasted documents."""
GRID = 2000
WIDEST = 8.0
"""Standard deviations up to which the distribution is summed."""


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
