"""Which offers are recent enough to recommend: what is older is left out, and said."""

from bisect import bisect_left
from dataclasses import replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np

from service.answers.question import AskedComparison, AskedDecision
from service.errors import InvalidValue
from service.estimate.price_age import PricesUsed, age_limit_days
from service.store.snapshot import Snapshot

_RECENT: WeakKeyDictionary[Snapshot, dict[int, Snapshot]] = WeakKeyDictionary()
"""By the first day that counts: the few that were asked for last, for anybody may ask for any age, and each
holds offers of its own."""
KEPT = 4


def recent(
    snapshot: Snapshot, asked: AskedComparison | AskedDecision, today: date
) -> tuple[Snapshot, PricesUsed]:
    """The facts with the offers that are recent enough, and which those are.

    An offer that is named by its slug counts whatever its age, unless an age was asked for: InvalidValue.
    """
    offers = snapshot.offers
    limit = age_limit_days(asked.max_age_days, is_refreshed=offers.is_refreshed)
    if isinstance(asked, AskedComparison) and (named := _days_old(snapshot, asked.cloud, today)) is not None:
        if asked.max_age_days is not None and named > asked.max_age_days:
            reason = f"is less than the {named} days that {asked.cloud.strip()} is old"
            raise InvalidValue("max_age_days", asked.max_age_days, reason)
        limit = None
    if limit is None:
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    first = today.toordinal() - limit
    rows = np.flatnonzero(offers.known_ordinal >= first)
    left_out = len(offers) - len(rows)
    used = PricesUsed(limit, left_out, offers.is_refreshed)
    if not left_out:
        return snapshot, used
    made = _RECENT.get(snapshot, {})
    younger = made.get(first) or replace(snapshot, offers=offers.only(rows))
    others = [(day, kept) for day, kept in made.items() if day != first]
    # A new mapping in one step: another thread may be reading the old one.
    _RECENT[snapshot] = dict([*others[1 - KEPT :], (first, younger)])
    return younger, used


def _days_old(snapshot: Snapshot, slug: str, today: date) -> int | None:
    """How old the offer of that slug is; None where there is none."""
    offers = snapshot.offers
    row = bisect_left(offers.slug, slug.strip())
    if row >= len(offers) or offers.slug[row] != slug.strip():
        return None
    return max(today.toordinal() - int(offers.known_ordinal[row]), 0)
