"""Tables of offers beyond those of now: a past day's, and with what is no longer listed; a few are kept.

A table costs seconds to read at a hundred thousand offers, and each question to it a millisecond or two;
the database answers one question in 20 to 1,000 ms. So the first one is left to it.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from threading import Lock
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from service.facts import ExchangeRate
from service.store import exchange_rates, offer_table, sources
from service.store.offer_table import OfferTable
from service.store.session import Sessions
from service.store.snapshot import Snapshot

KEPT = 2
"""Tables of one state of the facts that lie in memory, those read last."""
REMEMBERED = 64
"""Questions of which is known that they were asked once."""
Asked = tuple[date | None, bool]
"""A day, None for now, and whether with what is no longer listed."""


class _Tables:
    def __init__(self) -> None:
        self.lock = Lock()
        self.kept: OrderedDict[Asked, OfferTable] = OrderedDict()
        self.once: OrderedDict[Asked, None] = OrderedDict()
        self.rates: OrderedDict[date, Mapping[str, ExchangeRate]] = OrderedDict()


_TABLES: WeakKeyDictionary[Snapshot, _Tables] = WeakKeyDictionary()


def table_of(
    sessions: Sessions,
    snapshot: Snapshot,
    as_of: date | None,
    rates: Mapping[str, ExchangeRate],
    *,
    unlisted: bool,
) -> OfferTable | None:
    """The table of a day, None for now, at its exchange rates; None where it is asked for the first time, or
    being read for somebody else."""
    tables, asked = _TABLES.setdefault(snapshot, _Tables()), (as_of, unlisted)
    known = tables.kept.get(asked)
    if known is not None:
        return known
    if not tables.lock.acquire(blocking=False):
        return None
    try:
        if asked not in tables.once:
            tables.once[asked] = None
            _forget(tables.once, REMEMBERED)
            return None
        with sessions.reading() as session:
            said = MappingProxyType(sources.by_id(session))
            table = offer_table.load_stored(session, said, as_of, rates, unlisted=unlisted)
        tables.kept[asked] = table
        _forget(tables.kept, KEPT)
        return table
    finally:
        tables.lock.release()


def rates_of(sessions: Sessions, snapshot: Snapshot, day: date) -> Mapping[str, ExchangeRate]:
    """The exchange rates of a past day by quote currency."""
    tables = _TABLES.setdefault(snapshot, _Tables())
    rates = tables.rates.get(day)
    if rates is None:
        with sessions.reading() as session:
            rates = exchange_rates.rates_for(session, day)
        with tables.lock:
            tables.rates[day] = rates
            _forget(tables.rates, REMEMBERED)
    return rates


def _forget(kept: OrderedDict[Any, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
