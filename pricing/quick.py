"""The sources that a first answer needs: without a key, soon read, of clouds and of one's own country."""

from collections.abc import Iterable
from datetime import timedelta

from pricing.source import PriceSource
from service.countries import bidding_zone_of, code_named, code_of
from service.errors import UnknownName

WITHIN = timedelta(seconds=30)
AT_ONCE = 12
"""Most of the time is waiting for others' answers."""
CURRENCY = "ecb"
USUAL_COUNTRY = "DE"


def quick_sources(sources: Iterable[PriceSource], country: str = USUAL_COUNTRY) -> tuple[PriceSource, ...]:
    """Rents of all clouds, exchange rates and the country's day-ahead prices; providers' own lists first.

    Raises UnknownName for a country that is none.
    """
    # Of a US state, US-CA, the country tells: nobody sells its power day ahead in a list of ours.
    code = code_of(country) or code_named(country) or code_of(country.split("-")[0])
    if code is None:
        raise UnknownName("country", country, ("DE", "AT", "CH", "FR", "NL", "BE", "PL", "CZ"))
    zone = bidding_zone_of(code)
    chosen = (
        source
        for source in sources
        if source.key is None
        and source.fallback_for is None
        and not source.is_slow
        and (_is_cloud(source) or source.name == CURRENCY or source.market_zone == zone)
    )
    return tuple(sorted(chosen, key=lambda source: (source.name != CURRENCY, not source.covers)))


def _is_cloud(source: PriceSource) -> bool:
    """By the folder of its file."""
    return source.parse.__module__.startswith("pricing.sources.cloud.")
