"""Whether the network can be reached at all: one small question to a source that needs no key."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pricing.http import Door, FetchFailed, NotModified
from pricing.refresh import address
from pricing.source import PriceSource
from pricing.sources import SOURCES

ASKED = "ecb"
LONGEST_S = 10.0


@dataclass(frozen=True, slots=True)
class Reached:
    """How it went: how long it took, and why it failed, None where it did not."""

    name: str
    seconds: float
    error: str | None


def variables() -> set[str]:
    """Every variable that a price source listens to: keys, switches, other addresses."""
    own = {name for one in SOURCES for name in (one.key, one.optional_key, one.switch) if name}
    return own | {source.url_setting for source in SOURCES}


def reach(settings: Mapping[str, str], source: PriceSource | None = None) -> Reached:
    """Ask the source, or the ECB, once; never raises for what the network does."""
    source = source or next(one for one in SOURCES if one.name == ASKED)
    now, began = datetime.now(UTC), time.monotonic()
    error = None
    try:
        with Door(now, longest_s=LONGEST_S) as door:
            door.get(address(source, now, settings))
    except NotModified:
        pass
    except FetchFailed as failed:
        error = str(failed)
    return Reached(source.title, time.monotonic() - began, error)
