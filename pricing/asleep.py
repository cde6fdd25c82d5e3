"""Why a source is not asked: no key, terms that ask for a decision first, or switched off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pricing.source import PriceSource


@dataclass(frozen=True, slots=True)
class Sleep:
    """Why a source sleeps, and the environment variable that wakes it."""

    why: Literal["no_key", "terms", "off"]
    variable: str
    said: str
    """One line, with the variable."""


def sleep_of(source: PriceSource, settings: Mapping[str, str]) -> Sleep | None:
    """Why a source is not asked with these settings; None for one that is."""
    switch = source.switch
    value = settings.get(switch, "")
    if value not in ("", "on", "off"):
        return Sleep("off", switch, f'{switch} must be on or off, not "{value}"')
    if value == "off":
        return Sleep("off", switch, f"switched off by {switch}=off")
    if source.off_because and value != "on":
        return Sleep("terms", switch, f"off until {switch}=on: {source.off_because}")
    if source.key and not settings.get(source.key):
        return Sleep("no_key", source.key, f"needs a key in {source.key}")
    return None
