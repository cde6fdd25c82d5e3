"""Which offers may be recommended: what is too old, or far below what others ask, is left out and said."""

from bisect import bisect_left
from dataclasses import replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from service.answers.question import AskedComparison, AskedDecision
from service.errors import InvalidValue
from service.estimate.price_age import PricesUsed, age_limit_days
from service.estimate.superseded import OWN
from service.estimate.usual_price import far_below_usual
from service.store.offer_table import OfferTable
from service.store.snapshot import Snapshot
from service.usecases.idle_options import NO_RENT

FIRM = ("on_demand", "reserved")
_RECENT: WeakKeyDictionary[Snapshot, dict[int, tuple[Snapshot | None, int]]] = WeakKeyDictionary()
"""By the first day that counts: the few that were asked for last, for anybody may ask for any age, and each
holds offers of its own; with how many were too cheap. None where all offers fit: a snapshot held here would
never be let go."""
KEPT = 4


def recent(
    snapshot: Snapshot, asked: AskedComparison | AskedDecision, today: date
) -> tuple[Snapshot, PricesUsed]:
    """The facts with the offers that may be recommended, and which those are.

    An offer that is named by its slug counts whatever its age, unless an age was asked for: InvalidValue.
    One's own quotes are believed at any price. Who asks for no rent is told of none.
    """
    offers = snapshot.offers
    if asked.tier == NO_RENT:
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    limit = age_limit_days(asked.max_age_days, is_refreshed=offers.is_refreshed)
    if isinstance(asked, AskedComparison) and (named := _days_old(snapshot, asked.cloud, today)) is not None:
        if asked.max_age_days is not None and named > asked.max_age_days:
            reason = f"is less than the {named} days that {asked.cloud.strip()} is old"
            raise InvalidValue("max_age_days", asked.max_age_days, reason)
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    first = 0 if limit is None else today.toordinal() - limit
    rows = np.flatnonzero(offers.known_ordinal >= first)
    made = _RECENT.get(snapshot, {})
    kept, too_cheap = made.get(first) or _believable(snapshot, rows)
    others = [(day, one) for day, one in made.items() if day != first]
    # A new mapping in one step: another thread may be reading the old one.
    _RECENT[snapshot] = dict([*others[1 - KEPT :], (first, (kept, too_cheap))])
    return kept or snapshot, PricesUsed(limit, len(offers) - len(rows), offers.is_refreshed, too_cheap)


def _believable(snapshot: Snapshot, rows: NDArray[np.intp]) -> tuple[Snapshot | None, int]:
    """The facts with those of the offers that are not too cheap to be true, and how many are.

    None in place of facts whose offers all fit.
    """
    offers = snapshot.offers
    recent = offers if len(rows) == len(offers) else offers.only(rows)
    fits = np.flatnonzero(~_too_cheap(recent))
    too_cheap = len(recent) - len(fits)
    if not too_cheap and recent is offers:
        return None, 0
    return replace(snapshot, offers=recent.only(fits) if too_cheap else recent), too_cheap


def _too_cheap(offers: OfferTable) -> NDArray[np.bool_]:
    is_firm = np.isin(offers.tier, [offers.tiers.index(tier) for tier in FIRM])
    per_gpu = offers.price_eur / offers.gpu_count
    found = far_below_usual(offers.provider, offers.gpu, offers.tier, per_gpu, is_firm)
    return found & ~np.fromiter((name == OWN for name in offers.origin), np.bool_, len(offers))


def _days_old(snapshot: Snapshot, slug: str, today: date) -> int | None:
    """How old the offer of that slug is; None where there is none."""
    offers = snapshot.offers
    row = bisect_left(offers.slug, slug.strip())
    if row >= len(offers) or offers.slug[row] != slug.strip():
        return None
    return max(today.toordinal() - int(offers.known_ordinal[row]), 0)
