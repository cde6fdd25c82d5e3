"""Which offers may be recommended: what is too old, or far below what others ask, is left out and said."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from service.answers.question import AskedComparison, AskedDecision
from service.errors import InvalidValue, worded
from service.estimate.price_age import PricesUsed, age_limit_days
from service.estimate.superseded import OWN
from service.estimate.usual_price import far_below_usual
from service.store.offer_table import OfferTable
from service.store.snapshot import Snapshot
from service.usecases.finding import offer_row
from service.usecases.idle_options import NO_RENT

FIRM = ("on_demand", "reserved")
_RECENT: WeakKeyDictionary[Snapshot, dict[tuple[int, ...], tuple[Snapshot | None, int]]] = WeakKeyDictionary()
"""By the first day that counts, and offers that were named: the few that were asked for last, for anybody may
ask for any age, and each holds offers of its own; with how many were too cheap. None where all offers fit: a
snapshot held here would never be let go."""
KEPT = 4


def recent(
    snapshot: Snapshot, asked: AskedComparison | AskedDecision, today: date
) -> tuple[Snapshot, PricesUsed]:
    """The facts with the offers that may be recommended, and which those are.

    Offers that are named by their slug count whatever their age, unless an age was asked for: InvalidValue.
    They, and one's own quotes, are believed at any price. Who asks for no rent is told of none.
    """
    offers = snapshot.offers
    if asked.tier == NO_RENT:
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    limit = age_limit_days(asked.max_age_days, is_refreshed=offers.is_refreshed)
    named = {}
    for name in asked.cloud if isinstance(asked, AskedComparison) else ():
        if (row := offer_row(snapshot, name)) is not None:
            named[row] = max(today.toordinal() - int(offers.known_ordinal[row]), 0)
            if asked.max_age_days is not None and named[row] > asked.max_age_days:
                reason = worded(
                    "is less than the {days} days that {offer} is old", days=named[row], offer=name.strip()
                )
                raise InvalidValue("max_age_days", asked.max_age_days, reason)
    if isinstance(asked, AskedComparison) and len(named) == len(asked.cloud):
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    first = 0 if limit is None else today.toordinal() - limit
    is_recent = offers.known_ordinal >= first
    is_recent[list(named)] = True
    rows = np.flatnonzero(is_recent)
    key = (first, *named)
    made = _RECENT.get(snapshot, {})
    kept, too_cheap = made.get(key) or _believable(snapshot, rows, named)
    others = [(other, one) for other, one in made.items() if other != key]
    # A new mapping in one step: another thread may be reading the old one.
    _RECENT[snapshot] = dict([*others[1 - KEPT :], (key, (kept, too_cheap))])
    return kept or snapshot, PricesUsed(limit, len(offers) - len(rows), offers.is_refreshed, too_cheap)


def _believable(
    snapshot: Snapshot, rows: NDArray[np.intp], named: Collection[int]
) -> tuple[Snapshot | None, int]:
    """The facts with those of the offers that are not too cheap to be true, and how many are.

    None in place of facts whose offers all fit.
    """
    offers = snapshot.offers
    recent = offers if len(rows) == len(offers) else offers.only(rows)
    fits = np.flatnonzero(~_too_cheap(recent) | np.isin(rows, list(named)))
    too_cheap = len(recent) - len(fits)
    if not too_cheap and recent is offers:
        return None, 0
    return replace(snapshot, offers=recent.only(fits) if too_cheap else recent), too_cheap


def _too_cheap(offers: OfferTable) -> NDArray[np.bool_]:
    is_firm = np.isin(offers.tier, [offers.tiers.index(tier) for tier in FIRM])
    per_gpu = offers.price_eur / offers.gpu_count
    found = far_below_usual(offers.provider, offers.gpu, offers.tier, per_gpu, is_firm)
    return found & ~np.fromiter((name == OWN for name in offers.origin), np.bool_, len(offers))
