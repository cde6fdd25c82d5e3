"""What a price source is: a name, an address, how often it changes, and how its answer is read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from service.errors import Worded, foreign
from service.estimate.superseded import Coverage
from service.facts import (
    CarbonIntensity,
    CloudOffer,
    ElectricityRate,
    ExchangeRate,
    GridCarbon,
    RentalIndex,
    SpotInterruption,
    SpotPrice,
)

Fact = (
    ExchangeRate
    | SpotPrice
    | CloudOffer
    | ElectricityRate
    | CarbonIntensity
    | GridCarbon
    | SpotInterruption
    | RentalIndex
)


LONGEST_REASON = 300


class UnreadablePayload(Exception):
    """A source answered with something its parser cannot read; the text says what was missing.

    Shortened: what a decoder says of bytes that are no text holds all of them.
    """

    def __init__(self, reason: str) -> None:
        short = reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]} ..."
        self.reason = foreign(short)
        super().__init__(str(short))


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that a parser refuses: as it was written, and why."""

    raw: str
    reason: str
    """Worded where a table of one's own can have such a row: whoever imports it reads it."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What came back: the decoded bytes, from where, and when; of several pages one joined answer."""

    content: bytes
    url: str
    fetched_at: datetime
    etag: str = ""
    last_modified: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Regions that could not be had this time, and why: what is listed there stays as it was."""
    only: tuple[str, ...] = ()
    """The regions that alone were asked for; empty: all."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one refresh asks a source: where, with which key, and at what time."""

    url: str
    """The source's address, or the one its setting puts in its place, with the days filled in."""
    now: datetime
    key: str = ""
    days: tuple[date, date] | None = None
    """First and last market day that are wanted, where it is not today and tomorrow."""
    only: tuple[str, ...] = ()
    """Of a list in parts: those that could not be read when all were asked for; empty: all are wanted."""


class WayOut(Protocol):
    """How a source speaks to the internet during one refresh; pricing/http.py is the one that does."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Payload:
        """The answer of a GET. Raises FetchFailed, or NotModified."""

    def post(self, url: str, json: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """The answer of a POST with a JSON body. Raises FetchFailed."""

    def lines(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[str]:
        """The lines of a text that is never whole in memory. Raises FetchFailed."""

    def same_host(self, link: str, asked: str) -> str:
        """A link of an answer, on the scheme and host that were asked: a mirror stands in for all pages."""


def with_query(url: str, **more: str) -> str:
    """The address with more parameters, each in place of one of the same name."""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in more]
    return urlunsplit(parts._replace(query=urlencode([*kept, *more.items()])))


def one_get(way_out: WayOut, asked: Asked) -> Payload:
    """One request, one answer: what most sources need."""
    return way_out.get(asked.url)


@dataclass(frozen=True, slots=True)
class PriceSource:
    """One place prices come from; `parse` is pure and turns foreign names and units into facts."""

    name: str
    title: str
    url: str
    """May contain {today} and {tomorrow}, market days as ISO dates, and when today begins and tomorrow
    ends: {start_ms} {end_ms}, {start_z} {end_z} (2026-11-24T23:00Z), {start_minute} {end_minute}
    (202611242300)."""
    every: timedelta
    parse: Callable[[Payload], Sequence[Fact | Rejected]]
    licence: str
    key: str | None = None
    """Environment variable with the access key; without it the source sleeps."""
    optional_key: str | None = None
    """Environment variable with a key for a source that answers without one too."""
    fetch: Callable[[WayOut, Asked], Payload] = one_get
    """For a source with pages, a POST or a key in its headers."""
    fallback_for: str | None = None
    """The source that comes first: on schedule this one is asked only while that one fails or is stale."""
    market_zone: str | None = None
    """Bidding zone of a day-ahead source: it is polled from 13:00 market time until tomorrow is known."""

    covers: tuple[Coverage, ...] = ()
    """Of a provider's own list: what it is complete for, so that what others say of it is superseded and what
    it does not name is not for rent. A list without it tells what others ask."""
    is_slow: bool = False
    """Whether it takes longer than half a minute to read: no part of a quick refresh."""
    takes_days: bool = False
    """Whether `fetch` looks up the days that are asked for, where the address has no place for them."""

    states_its_day: bool = False
    """Whether the answer says for which day it is true: one that has not changed confirms no later day."""
    off_because: Worded | None = None
    """Why it sleeps until its switch is on: terms that whoever runs it has to read and decide about first."""

    def read(self, payload: Payload) -> Sequence[Fact | Rejected]:
        """What `parse` reads. Raises UnreadablePayload, also where the answer holds what no parser foresaw: a
        list instead of a number, a day that is none, brackets without end."""
        try:
            return self.parse(payload)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
            reason = f"not what {self.name} answers: {type(error).__name__}: {error}"
            raise UnreadablePayload(reason) from error

    @property
    def url_setting(self) -> str:
        """Environment variable that replaces the address, for mirrors and tests."""
        return f"{self.switch}_URL"

    @property
    def switch(self) -> str:
        """Environment variable that switches it on or off."""
        return f"HEIMVORTEIL_SOURCE_{self.name.upper()}"
