"""What those who refresh prices do beside it: webhooks are told, and work is done that wants fresh prices."""

import logging
import time
from collections.abc import Callable, Sequence

from pricing import alerts, report_letters
from pricing.leased_refresh import waiting
from pricing.source import PriceSource
from service.store import leases
from service.store.price_sources import lease_name
from service.store.session import Sessions

LONGEST_WAIT_FOR_PRICES_S = 600.0
"""Work that wants fresh prices is held up by a source that hangs for no longer than this."""
Beside = Callable[[Sessions], object]
"""Work of the other wing, handed in where both meet: it wants prices that are fresh. It may never raise for
what it works on, and any number of processes may do it at once."""
log = logging.getLogger(__name__)


class AfterRefreshes:
    """Work done at each look at which no source waits and none is being read, by whatever process."""

    def __init__(self, sessions: Sessions, sources: Sequence[PriceSource], work: Beside) -> None:
        self._sessions, self._sources, self._work = sessions, sources, work
        self._held_up_since: float | None = None

    def look(self) -> None:
        """Work now, or at a later look; a fault is logged and the next look tries again."""
        try:
            if self._is_held_up():
                return
            self._work(self._sessions)
        except Exception:
            log.exception("what is done beside refreshing failed; the next look tries again")

    def _is_held_up(self) -> bool:
        if not self._is_refreshing():
            self._held_up_since = None
            return False
        now = time.monotonic()
        self._held_up_since = now if self._held_up_since is None else self._held_up_since
        return now - self._held_up_since < LONGEST_WAIT_FOR_PRICES_S

    def _is_refreshing(self) -> bool:
        if waiting(self._sessions, self._sources):
            return True
        names = {lease_name(source.name) for source in self._sources}
        with self._sessions.reading() as session:
            now = leases.clock(session)
            known = leases.all(session)
        return any(x.name in names and x.until is not None and x.until >= now for x in known)


def tell_webhooks(sessions: Sessions) -> None:
    """Tell every webhook whose time has come: one that was down is told again without waiting for a refresh.

    A fault is logged, and the next look tries again.
    """
    for deliver in (alerts.deliver, report_letters.deliver):
        try:
            with sessions.reading() as session:
                now = leases.clock(session)
            deliver(sessions, now)
        except Exception:
            log.exception("webhooks could not be told; the next look tries again")
