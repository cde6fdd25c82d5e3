"""What a request needs of the process: the database, the newest facts, the clock."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import current_app, g

from service.settings import Settings
from service.store.answer_room import AnswerRoom
from service.store.session import Sessions
from service.store.snapshot import Snapshot, Snapshots
from service.store.tallies import Tallies
from service.store.write_test import WriteTest
from service.usecases.price_imports import KeepsQuote, TakesInPrices

EXTENSION = "heimvorteil"


@dataclass(frozen=True, slots=True)
class State:
    """Shared by all requests of an app; immutable but for the snapshot behind it."""

    settings: Settings
    sessions: Sessions
    snapshots: Snapshots
    database: str
    """Tells apart what several apps of one process remember."""
    room: AnswerRoom
    """For answers to those who carry no token."""
    tallies: Tallies
    product: str
    """Which version of the product this is; "" where it is not installed."""
    write_test: WriteTest
    take_in_prices: TakesInPrices | None = None
    """Pricing's reader of tables, handed in where both meet; None in an app that was started without."""
    keep_quote: KeepsQuote | None = None
    """Pricing's look at one quote, likewise."""


def state() -> State:
    """The state of the app that answers this request."""
    shared: State = current_app.extensions[EXTENSION]
    return shared


def facts() -> Snapshot:
    """All facts as this worker knows them; their age is noted where newer ones cannot be looked for."""
    snapshots = state().snapshots
    snapshot = snapshots.current()
    if snapshots.error is not None and snapshots.age_s is not None:
        g.facts_age_s = snapshots.age_s
    return snapshot


def now() -> datetime:
    """The time of this request."""
    return datetime.now(UTC)
