"""How sources stand, as the store remembers it: what pricing/schedule.py decides by."""

from collections.abc import Iterable
from datetime import date, datetime

from pricing.refresh import Outcome
from pricing.schedule import SourceHealth, is_wanted, next_due
from pricing.source import PriceSource
from service.estimate.market_day import day_of
from service.store import refreshes, source_answers, spot_prices
from service.store.refreshes import ENDED, Refresh
from service.store.session import Sessions

WENT_WELL = ("ok", "unchanged")
LOOK_BACK = 12
"""Refreshes of a source that are looked at; after more failures in a row it stands no worse."""


def wanted(sessions: Sessions, source: PriceSource, sources: Iterable[PriceSource], now: datetime) -> bool:
    """Whether a source is to be asked on schedule, or sleeps because its first choice does well."""
    by_name = {known.name: known for known in sources}
    standings = {}
    first = source
    while first.fallback_for in by_name:
        first = by_name[first.fallback_for]
        if (known := of(sessions, first, now)) is not None:
            standings[first.name] = known
    return is_wanted(source, by_name, standings, now)


def due_after(sessions: Sessions, source: PriceSource, outcome: Outcome, now: datetime) -> datetime:
    """When a source is due after the refresh that just ended; its facts are stored, its outcome not yet."""
    before = _ended(sessions, source)
    failures = 1 + next((n for n, r in enumerate(before) if r.outcome != "failed"), len(before))
    return next_due(
        source,
        outcome.outcome,
        now,
        retry_after_s=outcome.retry_after_s,
        failures=failures,
        complete_until=complete_until(sessions, source, now),
        asked_all_at=_asked_all_at(sessions, source),
    )


def _asked_all_at(sessions: Sessions, source: PriceSource) -> datetime | None:
    """When all parts of a list were asked for, some of which are still to be read."""
    with sessions.reading() as session:
        answer = source_answers.get(session, source.name)
    return answer.asked_all_at if answer else None


def of(sessions: Sessions, source: PriceSource, now: datetime) -> SourceHealth | None:
    """How a source does; None for one that was never asked."""
    ended = _ended(sessions, source)
    if not ended:
        return None
    return SourceHealth(
        is_failing=ended[0].outcome not in WENT_WELL,
        last_success=next((r.started_at for r in ended if r.outcome in WENT_WELL), None),
        complete_until=complete_until(sessions, source, now),
    )


def complete_until(sessions: Sessions, source: PriceSource, now: datetime) -> date | None:
    """The newest market day that a day-ahead source prices completely, date.min while there is none of
    yesterday or later; None for a source of another kind.

    The slugs of a source's facts begin with the first word of its name.
    """
    if source.market_zone is None:
        return None
    family = source.name.split("_")[0]
    with sessions.reading() as session:
        found = spot_prices.last_complete_day(session, source.market_zone, day_of(now), family)
    return date.min if found is None else found


def _ended(sessions: Sessions, source: PriceSource) -> list[Refresh]:
    with sessions.reading() as session:
        recent = refreshes.recent(session, source.name, LOOK_BACK)
    return [refresh for refresh in recent if refresh.outcome in ENDED]
