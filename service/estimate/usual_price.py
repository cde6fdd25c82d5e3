"""Which rents are too good to be true: far below what others ask for the same card in the same tier; pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FIRM_SHARE, LOOSE_SHARE = 1 / 3, 1 / 5
"""Of the usual price; with a list price, and of bids and hosts, which lie further apart."""
LEAST_PROVIDERS = 3
"""Of fewer nobody can tell what is usual."""
ALONE_SHARE = 1 / 2
"""Of what the next provider asks: a bargain that another one comes near to is the market's."""


def far_below_usual(
    provider: Sequence[str],
    gpu: NDArray[np.int32],
    tier: NDArray[np.int8],
    per_gpu: NDArray[np.float64],
    is_firm: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Which offers cost less than a share of the usual, the median over providers of each one's median, and
    less than half of what any other provider usually asks.

    Per GPU, of one card in one tier, in one currency; a price that is not finite says nothing. Nothing is
    said of what fewer than three providers have, or of a GPU (-1) that nobody has mapped.
    """
    found = np.zeros(len(per_gpu), np.bool_)
    known = np.flatnonzero((gpu >= 0) & np.isfinite(per_gpu))
    if not len(known):
        return found
    price, of_card = per_gpu[known], gpu[known].astype(np.int64)
    seller = np.unique(np.array(provider, dtype=object)[known].astype(str), return_inverse=True)[1]
    sellers = int(seller.max()) + 1
    asked_of = (of_card * (int(tier.max()) + 1) + tier[known]) * sellers + seller
    asked, usual_of_seller = _medians(asked_of, price)
    things, usual = _medians(asked // sellers, usual_of_seller)
    order = np.lexsort((usual_of_seller, asked // sellers))
    first = np.searchsorted(asked[order] // sellers, things)
    several = np.diff(first, append=len(order)) >= LEAST_PROVIDERS
    lowest, next_lowest = order[first], order[np.minimum(first + 1, len(order) - 1)]
    own = np.searchsorted(asked, asked_of)
    place = np.searchsorted(things, asked[own] // sellers)
    least_of_others = usual_of_seller[np.where(lowest[place] == own, next_lowest[place], lowest[place])]
    share = np.where(is_firm[known], FIRM_SHARE, LOOSE_SHARE)
    found[known] = several[place] & (price < share * usual[place]) & (price < ALONE_SHARE * least_of_others)
    return found


def _medians(
    group: NDArray[np.int64], value: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every group once, in order, and the median of its values."""
    order = np.lexsort((value, group))
    groups, first, count = np.unique(group[order], return_index=True, return_counts=True)
    ordered = value[order]
    return groups, (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
