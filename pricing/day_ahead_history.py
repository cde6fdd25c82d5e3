"""The last 400 days of a zone's day-ahead prices, fetched when somebody first asks about the zone.

Asked for in chunks of 100 days with a pause between, as other clients of Energy-Charts do (whole quarters in
one answer; refused at about two requests a second). Each chunk is kept by itself and what is stored complete
is not asked again: what was interrupted goes on where it stopped. A zone's sources are asked in their order;
one that cannot be reached is left out for the rest of the round.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from os import environ

from pricing.checks import Known, check
from pricing.http import Door, FetchFailed, NotModified
from pricing.pace import Pace
from pricing.refresh import address_of_days, from_list, keep
from pricing.source import Asked, Payload, PriceSource, UnreadablePayload
from pricing.sources import SOURCES
from service.errors import UnknownName
from service.estimate.market_day import day_of
from service.estimate.typical_year import WHOLE_YEAR_DAYS
from service.store import leases, spot_prices, zones_in_use
from service.store.held_lease import HeldLease, Stopped, new_owner
from service.store.leases import LeaseLost
from service.store.session import Sessions

DAYS = 400
"""The last year and a month before it."""
CHUNK_DAYS = 100
PAUSE_S = 1.5
NOT_FOUND = 404
"""What Energy-Charts answers for days that it does not have."""
LOOKED_AT_AGAIN, TRIED_AGAIN = timedelta(days=30), timedelta(hours=6)
Say = Callable[[str], None]
Fetch = Callable[[PriceSource, Asked], Payload]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetched:
    """How a zone's days stand after a round."""

    zone: str
    before: int
    """Of the last 400 days, how many were complete."""
    known: int
    remarks: tuple[str, ...] = ()
    """Why a source did not help."""

    @property
    def is_enough(self) -> bool:
        """Whether they tell a year."""
        return self.known >= WHOLE_YEAR_DAYS


def zones(sources: Iterable[PriceSource] = SOURCES) -> tuple[str, ...]:
    """Every zone whose days can be fetched."""
    return tuple(dict.fromkeys(s.market_zone for s in sources if s.market_zone))


def checked_zone(zone: str, sources: Iterable[PriceSource] = SOURCES) -> str:
    """The zone as it is called here; UnknownName lists all, the nearest first."""
    known = zones(sources)
    if zone.strip().upper() not in known:
        raise UnknownName("zone", zone, known)
    return zone.strip().upper()


def fetch_zone(
    sessions: Sessions,
    zone: str,
    pace: Pace,
    say: Say = lambda _: None,
    *,
    sources: Sequence[PriceSource] = SOURCES,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Fetched | None:
    """Fetch what is missing of a zone's last 400 days; None where another process is at it.

    Raises Stopped when told to stop: what was kept stays.
    """
    lease = HeldLease(sessions, zones_in_use.lease_name(zone), new_owner(), pace.lease)
    with sessions.begin() as session:
        now = leases.clock(session)
        zones_in_use.know(session, [zone])
        if lease.take(session, now, early=True) is None:
            return None
    try:
        done = lease.during(lambda: fetch_days(sessions, zone, now, say, sources=sources), is_stopping)
    except BaseException:
        with sessions.begin() as session, suppress(LeaseLost):
            lease.finish(session, leases.clock(session) + TRIED_AGAIN)
        raise
    with sessions.begin() as session, suppress(LeaseLost):
        lease.finish(session, now + (LOOKED_AT_AGAIN if done.is_enough else TRIED_AGAIN))
    return done


def fetch_waiting(
    sessions: Sessions,
    sources: Sequence[PriceSource],
    pace: Pace,
    is_stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Fetch the days of the zones that somebody has asked about; a fault is logged, and tried again."""
    with sessions.reading() as session:
        wanted = [zone for zone in zones_in_use.waiting(session) if zone in zones(sources)]
    for zone in wanted:
        try:
            done = fetch_zone(sessions, zone, pace, sources=sources, is_stopping=is_stopping)
        except Stopped:
            return
        except Exception:
            log.exception("the days of %s could not be fetched; they are tried again", zone)
            continue
        if done is not None:
            log.info("%s: %d of the last %d days known", zone, done.known, DAYS)


def fetch_days(
    sessions: Sessions,
    zone: str,
    now: datetime,
    say: Say = lambda _: None,
    *,
    sources: Sequence[PriceSource] = SOURCES,
    fetch: Fetch | None = None,
    settings: Mapping[str, str] = environ,
    pause_s: float = PAUSE_S,
) -> Fetched:
    """The same without a lease; `fetch` stands in for the way out."""
    today = day_of(now)
    year = today - timedelta(days=DAYS - 1), today
    missing = _missing(sessions, zone, *year)
    remarks: list[str] = []
    usable = [s for s in sources if s.market_zone == zone and _answers_for_days(s, settings)]
    is_first = True
    for chunk in _chunks(missing):
        for source in tuple(usable):
            days = _missing(sessions, zone, *chunk)
            if not days:
                break
            if not is_first:
                time.sleep(pause_s)
            is_first = False
            asked = days[0], days[-1]
            say(f"{source.title}: {asked[0]} to {asked[1]}")
            url, key = address_of_days(source, asked, settings), settings.get(source.key or "", "")
            try:
                _one_chunk(sessions, source, Asked(url, now, key, asked), fetch)
            except FetchFailed as error:
                remarks.append(str(error))
                if error.status != NOT_FOUND:
                    usable.remove(source)
            except (UnreadablePayload, NotModified) as error:
                remarks.append(f"{source.title}: {error}")
    known = DAYS - len(_missing(sessions, zone, *year))
    return Fetched(zone, DAYS - len(missing), known, tuple(dict.fromkeys(remarks)))


def _answers_for_days(source: PriceSource, settings: Mapping[str, str]) -> bool:
    """Whether a source has its key and can be asked for other days than today's."""
    url = settings.get(source.url_setting) or source.url
    return (source.takes_days or "{" in url) and (not source.key or bool(settings.get(source.key)))


def _one_chunk(sessions: Sessions, source: PriceSource, asked: Asked, fetch: Fetch | None) -> None:
    if fetch is not None:
        payload = fetch(source, asked)
    else:
        with Door(asked.now) as door:
            payload = source.fetch(door, asked)
    read = [from_list(source, fact) for fact in source.read(payload)]
    keep(sessions, check(read, Known(today=asked.now.date())), asked.now, source.name)


def _missing(sessions: Sessions, zone: str, first: date, last: date) -> list[date]:
    """The days that no source has complete, in order."""
    with sessions.reading() as session:
        complete = spot_prices.complete_days(session, zone, first, last)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in days if day not in complete]


def _chunks(missing: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Spans of at most 100 days that hold all of them, the newest first: they say most of the year."""
    left = list(missing)
    while left:
        first = left[-1] - timedelta(days=CHUNK_DAYS - 1)
        inside = [day for day in left if day >= first]
        yield inside[0], inside[-1]
        left = [day for day in left if day < first]
