"""How often to look for sources that are due, and how many to read at once."""

from dataclasses import dataclass
from datetime import timedelta

from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look for due sources, how long a silent holder counts as alive, how many at once."""

    tick: timedelta = timedelta(seconds=20)
    lease: timedelta = timedelta(minutes=2)
    at_once: int = 4

    @classmethod
    def from_settings(cls, settings: Settings) -> "Pace":
        """The pace that the environment sets."""
        return cls(
            timedelta(seconds=settings.tick_seconds),
            timedelta(seconds=settings.lease_seconds),
            settings.refreshes_at_once,
        )
