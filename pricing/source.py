"""What a price source is: a name, an address, how often it changes, and how its answer is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.facts import CloudOffer, ExchangeRate, SpotPrice

Fact = ExchangeRate | SpotPrice | CloudOffer


class UnreadablePayload(Exception):
    """A source answered with something its parser cannot read; the text says what was missing."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that a parser refuses: as it was written, and why."""

    raw: str
    reason: str


@dataclass(frozen=True, slots=True)
class Payload:
    """What came back: the bytes, from where, and when."""

    content: bytes
    url: str
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class PriceSource:
    """One place prices come from; `parse` is pure and turns foreign names and units into facts."""

    name: str
    title: str
    url: str
    """May contain {today} and {tomorrow}, ISO dates of the source's own market."""
    every: timedelta
    parse: Callable[[Payload], Sequence[Fact | Rejected]]
    licence: str
    key: str | None = None
    """Environment variable with the access key; without it the source sleeps."""

    @property
    def url_setting(self) -> str:
        """Environment variable that replaces the address, for mirrors and tests."""
        return f"HEIMVORTEIL_SOURCE_{self.name.upper()}_URL"
