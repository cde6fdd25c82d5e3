"""Prices from a table of one's own: what is asked, and what comes of it.

Reading foreign tables is pricing's business and stays there; whoever answers requests is handed the
function that does it (service/cli/serving.py) and knows it by the shapes here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from service.facts import CloudOffer
from service.store.session import Sessions

FORMATS = ("csv", "json", "skypilot", "gpuhunt")
MOST_SHOWN = 1_000
"""Rejected rows that an answer shows; all are counted."""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """A table to take in: its text, or its rows where they came as objects."""

    name: str
    """Where it comes from, as sources and errors name it: a file's name, or "request"."""
    format: str
    provider: str
    as_of: date
    yes: bool = False
    """Keep it even where it changes the cheapest price of a card by more than half."""
    text: str = ""
    rows: list[dict[str, Any]] | None = None
    new_provider: str = ""
    """The name of a provider that is in no list yet, whose slug is `provider`; "" for a known one."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken in."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class MovedPrice:
    """The cheapest price of a card in a tier, which an import changes by more than half."""

    gpu: str
    tier: str
    before: float
    """EUR per GPU and hour."""
    after: float


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import went."""

    accepted: int
    changed: int
    """New, or another price or other details than before."""
    rejected: int
    reasons: dict[str, int]
    """Reason -> rows, the most frequent first."""
    refused: tuple[RefusedRow, ...]
    """The first rejected rows, at most `MOST_SHOWN`."""
    unmapped: tuple[str, ...]
    """GPU names of accepted offers that stand for no card of the catalog."""
    offers: tuple[str, ...]
    """Slugs of the accepted offers."""
    moved: tuple[MovedPrice, ...] = ()
    """Which cheapest prices it changes by more than half."""


class TakesInPrices(Protocol):
    """Takes in a table, all of it or, where it cannot be read, nothing."""

    def __call__(self, sessions: Sessions, table: PriceTable, now: datetime, *, dry_run: bool) -> Imported:
        """Raises UnknownName for a provider, InvalidValue for a day in the future or an unreadable table,
        or one that would change the cheapest price of a card by more than half, where it says no `yes`."""


class KeepsQuote(Protocol):
    """Keeps one quote that is believable."""

    def __call__(self, sessions: Sessions, offer: CloudOffer, now: datetime, *, yes: bool) -> None:
        """Raises InvalidValue, with the field, for what no such card costs and no such instance has, and
        for a change of the cheapest price of a card by more than half without `yes`."""
