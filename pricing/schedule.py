"""When a source is asked next (pure)."""

from datetime import datetime, timedelta

from pricing.source import PriceSource

RETRY_AFTER = timedelta(minutes=15)
"""After a failure a source is asked again this soon, or at its own cadence if that is sooner."""


def next_due(source: PriceSource, outcome: str, now: datetime) -> datetime:
    """The time a source is due after a refresh with this outcome.

    Counted from now, not from when it was due: however many runs were missed, one catches up.
    """
    return now + (min(RETRY_AFTER, source.every) if outcome == "failed" else source.every)
