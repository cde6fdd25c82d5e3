"""Which offers are recent enough to recommend: what is older is left out, and said."""

from dataclasses import replace
from datetime import date
from weakref import WeakKeyDictionary

import numpy as np

from service.answers.question import AskedComparison, AskedDecision
from service.errors import InvalidValue
from service.estimate.price_age import PricesUsed, age_limit_days
from service.store.snapshot import Snapshot
from service.usecases.finding import offer_row

_RECENT: WeakKeyDictionary[Snapshot, dict[tuple[int, ...], Snapshot]] = WeakKeyDictionary()
"""By the first day that counts, and older offers that were named: the few that were asked for last, for
anybody may ask for any age, and each holds offers of its own."""
KEPT = 4


def recent(
    snapshot: Snapshot, asked: AskedComparison | AskedDecision, today: date
) -> tuple[Snapshot, PricesUsed]:
    """The facts with the offers that are recent enough, and which those are.

    Offers that are named by their slug count whatever their age, unless an age was asked for: InvalidValue.
    """
    offers = snapshot.offers
    limit = age_limit_days(asked.max_age_days, is_refreshed=offers.is_refreshed)
    named = {}
    for name in asked.cloud if isinstance(asked, AskedComparison) else ():
        if (row := offer_row(snapshot, name)) is not None:
            named[row] = max(today.toordinal() - int(offers.known_ordinal[row]), 0)
            if asked.max_age_days is not None and named[row] > asked.max_age_days:
                reason = f"is less than the {named[row]} days that {name.strip()} is old"
                raise InvalidValue("max_age_days", asked.max_age_days, reason)
    if isinstance(asked, AskedComparison) and len(named) == len(asked.cloud):
        limit = None
    if limit is None:
        return snapshot, PricesUsed(None, 0, offers.is_refreshed)
    first = today.toordinal() - limit
    is_recent = offers.known_ordinal >= first
    is_recent[list(named)] = True
    rows = np.flatnonzero(is_recent)
    left_out = len(offers) - len(rows)
    used = PricesUsed(limit, left_out, offers.is_refreshed)
    if not left_out:
        return snapshot, used
    key = (first, *(row for row, days in named.items() if days > limit))
    made = _RECENT.get(snapshot, {})
    younger = made.get(key) or replace(snapshot, offers=offers.only(rows))
    others = [(other, kept) for other, kept in made.items() if other != key]
    # A new mapping in one step: another thread may be reading the old one.
    _RECENT[snapshot] = dict([*others[1 - KEPT :], (key, younger)])
    return younger, used
