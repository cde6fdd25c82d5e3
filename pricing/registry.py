"""What the wing tells the rest of the house about its sources: it is written to the database."""

from collections.abc import Iterable
from datetime import timedelta

from pricing.source import PriceSource
from pricing.sources import SOURCES
from service.errors import UnknownName
from service.store import leases, price_sources, zones_in_use
from service.store.price_sources import PriceSourceFacts
from service.store.session import Sessions

STALE_AFTER_CADENCES = 3
MARKET_PAUSE = timedelta(days=1)
"""A day-ahead source rests until the next day's auction once it knows tomorrow."""


def described(source: PriceSource) -> PriceSourceFacts:
    """A source as others know it."""
    pause = MARKET_PAUSE if source.market_zone else timedelta(0)
    return PriceSourceFacts(
        name=source.name,
        title=source.title,
        url=source.url,
        licence=source.licence,
        every=source.every,
        stale_after=STALE_AFTER_CADENCES * source.every + pause,
        key_variable=source.key,
        switch_variable=source.switch if source.off_because else None,
        off_because=source.off_because,
        fallback_for=source.fallback_for,
    )


def register(sessions: Sessions, sources: Iterable[PriceSource] = SOURCES) -> None:
    """Let the database know exactly these sources; writes only where something is new."""
    sources = tuple(sources)
    known = [described(source) for source in sources]
    zones = {source.market_zone for source in sources if source.market_zone}
    with sessions.reading() as session:
        if price_sources.are_registered(session, known) and zones <= set(zones_in_use.known(session)):
            return
    with sessions.begin() as session:
        price_sources.register(session, known, leases.clock(session))
        zones_in_use.know(session, sorted(zones))


def named(names: Iterable[str]) -> tuple[PriceSource, ...]:
    """The sources of these names, all of them without any; UnknownName lists all, the nearest first."""
    known = {source.name: source for source in SOURCES}
    for name in names:
        if name not in known:
            raise UnknownName("source", name, known)
    return tuple(known[name] for name in dict.fromkeys(names)) or SOURCES
