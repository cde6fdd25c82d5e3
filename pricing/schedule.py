"""When a source is asked next (pure).

What pricing/leased_refresh.py hands in, all of it optional:

- `retry_after_s` of the outcome, where the source asked us to wait;
- `failures`, how many refreshes in a row have failed by now, this one included;
- for a day-ahead source (`market_zone`) `complete_until`, the newest market day that this very source
  prices completely, date.min where there is none;
- for a list in parts some of which are still to be read `asked_all_at`, when all were asked for;
- before a refresh it asks `is_wanted`: a fallback sleeps while its first choice does well. One that is not
  wanted is looked at again at `next_look(now)`, without a refresh and without an outcome.

pricing/standing.py reads all of it from the store: `wanted` before a refresh, `due_after` behind it.

Times are instants; only 13:00 is a time on the wall, and that hour exists once on every day of the year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from pricing.source import PriceSource
from service.estimate.market_day import MARKET_TIME, day_of
from service.store.work_models import RefreshOutcome

RETRY_AFTER = timedelta(minutes=15)
"""After a failure a source is asked again this soon, or at its own cadence if that is sooner."""
LONGEST_PATIENCE = timedelta(days=1)
"""A source that asks us to wait longer is asked again after this, or at its own cadence if that is later."""
PUBLISHED_FROM = time(13, 0)
"""Market time from which tomorrow's prices may be out; normally by 12:57, at times not before 14:30."""
LATE_FROM = time(15, 0)
POLL, POLL_LATE = timedelta(minutes=15), timedelta(minutes=30)
OVERDUE_FROM = time(14, 30)
"""Market time from which a first choice without tomorrow's prices is stale."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source does: what decides whether its fallback is asked."""

    is_failing: bool
    """Its last refresh that ended has failed, or it sleeps without its key."""
    last_success: datetime | None
    complete_until: date | None = None
    """Of a day-ahead source: the newest market day that it prices completely."""


def next_due(
    source: PriceSource,
    outcome: RefreshOutcome,
    now: datetime,
    *,
    retry_after_s: float | None = None,
    failures: int = 1,
    complete_until: date | None = None,
    asked_all_at: datetime | None = None,
) -> datetime:
    """The time a source is due after a refresh with this outcome, always later than now.

    Counted from now, not from when it was due: however many runs were missed, one catches up. A failure
    is retried after 15 minutes, 30, 60, ..., never later than the source's cadence, and not before the
    time that the source asked for. What was left out of a list in parts is asked for after 15 minutes, then
    15, 30, 60, ..., until all of it is due. A day-ahead source whose tomorrow is complete is asked again at
    13:00 market time of the next day; from 13:00 until then every 15 minutes, after 15:00 every 30.
    """
    if outcome == "failed":
        patience: timedelta = RETRY_AFTER * int(2 ** min(max(failures, 1) - 1, 10))
        due = now + min(patience, source.every)
    elif outcome == "asleep":
        due = now + min(source.every, LONGEST_PATIENCE)
    else:
        due = now + source.every
    if asked_all_at is not None:
        resumed = due if outcome == "failed" else now + max(RETRY_AFTER, now - asked_all_at)
        due = max(min(resumed, asked_all_at + source.every), now + min(RETRY_AFTER, source.every))
    if source.market_zone is not None and outcome != "asleep" and complete_until is not None:
        due = _day_ahead(now, complete_until, due if outcome == "failed" else now + POLL)
    if retry_after_s is not None:
        longest = max(LONGEST_PATIENCE, source.every)
        due = max(due, now + min(timedelta(seconds=min(retry_after_s, longest.total_seconds())), longest))
    return due


def _day_ahead(now: datetime, complete_until: date, soonest: datetime) -> datetime:
    today = day_of(now)
    if complete_until > today:
        return _publication(today + timedelta(days=1))
    local = now.astimezone(MARKET_TIME).time()
    if local < PUBLISHED_FROM:
        first = _publication(today)
        # Until today itself is known it is worth asking before its successor is published.
        return first if complete_until == today else min(first, max(soonest, now + POLL_LATE))
    return max(soonest, now + (POLL if local < LATE_FROM else POLL_LATE))


def _publication(day: date) -> datetime:
    return datetime.combine(day, PUBLISHED_FROM, MARKET_TIME).astimezone(UTC)


def next_look(now: datetime) -> datetime:
    """When to look again whether a fallback is wanted."""
    return now + RETRY_AFTER


def is_wanted(
    source: PriceSource,
    first_choices: Mapping[str, PriceSource],
    standings: Mapping[str, SourceHealth],
    now: datetime,
) -> bool:
    """Whether a source is to be asked on schedule: one that is no fallback always, a fallback only while
    its first choice, itself wanted, fails or is stale.

    `first_choices` are all sources by name. A first choice that is not among them or was never asked does
    not answer for anything: its fallback is wanted.
    """
    if source.fallback_for is None:
        return True
    first = first_choices.get(source.fallback_for)
    if first is None:
        return True
    if not is_wanted(first, first_choices, standings, now):
        return False
    standing = standings.get(first.name)
    return standing is None or standing.is_failing or _is_stale(first, standing, now)


def _is_stale(source: PriceSource, standing: SourceHealth, now: datetime) -> bool:
    if standing.last_success is None:
        return True
    if source.market_zone is not None:
        today = day_of(now)
        overdue = now.astimezone(MARKET_TIME).time() >= OVERDUE_FROM
        needed = today + timedelta(days=1) if overdue else today
        return standing.complete_until is None or standing.complete_until < needed
    return now - standing.last_success > 2 * source.every
