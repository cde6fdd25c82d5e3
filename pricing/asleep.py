"""Why a source is not asked: no key, terms that ask for a decision first, or switched off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pricing.source import PriceSource
from service.errors import Worded, worded


@dataclass(frozen=True, slots=True)
class Sleep:
    """Why a source sleeps, and the environment variable that wakes it."""

    why: Literal["no_key", "terms", "off"]
    variable: str
    said: Worded
    """One line, with the variable."""


def sleep_of(source: PriceSource, settings: Mapping[str, str]) -> Sleep | None:
    """Why a source is not asked with these settings; None for one that is."""
    switch = source.switch
    value = settings.get(switch, "")
    if value not in ("", "on", "off"):
        refused = worded('{variable} must be on or off, not "{value}"', variable=switch, value=value)
        return Sleep("off", switch, refused)
    if value == "off":
        return Sleep("off", switch, worded("switched off by {variable}=off", variable=switch))
    if source.off_because and value != "on":
        until = worded("off until {variable}=on: {because}", variable=switch, because=source.off_because)
        return Sleep("terms", switch, until)
    if source.key and not settings.get(source.key):
        return Sleep("no_key", source.key, worded("needs a key in {variable}", variable=source.key))
    return None
