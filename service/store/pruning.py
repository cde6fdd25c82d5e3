"""What need not be kept for ever is let go: expired answers, and prices of long ago that tell no day."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.settings import Settings
from service.store import leases
from service.store.answer_room import Expiring, expire
from service.store.held_lease import new_owner
from service.store.history_thinning import thin
from service.store.session import Sessions

JOB = "prune"
EVERY = timedelta(days=1)
LASTS = timedelta(hours=1)
"""After this long without an end another process takes it over; two at once do no harm."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was let go: answers with their bytes, and prices."""

    answers: Expiring
    prices: int


def prune(sessions: Sessions, settings: Settings, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Let go, with `dry_run` only count, what the settings do not keep."""
    answers = expire(sessions, now, settings.answer_days, settings.answer_megabytes * 10**6, dry_run=dry_run)
    before = now.date() - timedelta(days=settings.history_days)
    return Pruned(answers, thin(sessions, before, dry_run=dry_run))


def prune_when_due(sessions: Sessions) -> None:
    """Once a day, by whichever process looks first; one that fails is followed by another within the hour."""
    owner = new_owner()
    with sessions.reading() as session:
        now = leases.clock(session)
        if any(job.name == JOB and job.due > now for job in leases.all(session)):
            return
    with sessions.begin() as session:
        leases.ensure(session, JOB, now)
        if leases.take(session, JOB, owner, now, LASTS) is None:
            return
    done = prune(sessions, Settings.from_environ(), now)
    with sessions.begin() as session:
        leases.finish(session, JOB, owner, now, now + EVERY)
    if done.answers.answers or done.prices:
        log.info("let go %d expired answers and %d prices of long ago", done.answers.answers, done.prices)
