"""The embedded loop: one process that looks for waiting sources and refreshes them, a few at a time.

Looks are counted by the monotonic clock: by the wall's, one set back by an hour would cost an hour. What is
due is another matter, and the database's clock alone decides it.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pricing.beside import AfterRefreshes, Beside, tell_webhooks
from pricing.day_ahead_history import fetch_waiting
from pricing.leased_refresh import run_one, waiting
from pricing.pace import Pace
from pricing.source import PriceSource
from service.store.held_lease import Stopped
from service.store.session import Sessions

WEBHOOKS, BESIDE, DAYS = "webhooks", "beside", "days"
LONGEST_NAP_S = 0.25
"""How late the loop notices that it is over."""
log = logging.getLogger(__name__)


class Loop:
    """Looks for waiting sources every few seconds, and has each refreshed in a thread of this process."""

    def __init__(
        self,
        sessions: Sessions,
        sources: Sequence[PriceSource],
        pace: Pace,
        beside: Beside | None = None,
        first: Collection[str] = (),
    ) -> None:
        """Of sources that are due at once those that are named `first` are read before the others."""
        self._first = frozenset(first)
        self._sessions, self._sources, self._pace = sessions, sources, pace
        self._after = AfterRefreshes(sessions, sources, beside) if beside else None
        self._stopping = threading.Event()
        self._at_it: set[str] = set()
        self._pool = ThreadPoolExecutor(pace.at_once, "refresh")

    def run(self, is_over: Callable[[], bool]) -> None:
        """Look now and at every tick until it is over; what runs then is left to others, and not kept."""
        look_at = time.monotonic()
        try:
            while not is_over():
                if time.monotonic() >= look_at:
                    look_at = time.monotonic() + self._pace.tick.total_seconds()
                    self.look()
                time.sleep(min(max(look_at - time.monotonic(), 0), LONGEST_NAP_S))
        finally:
            self._stopping.set()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def look(self) -> None:
        """One look; a fault is logged and the next look tries again."""
        try:
            due = waiting(self._sessions, self._sources)
            for source in sorted(due, key=lambda source: source.name not in self._first):
                self._once_at_a_time(source.name, partial(self._refresh, source))
            self._once_at_a_time(DAYS, self._fetch_days)
            self._once_at_a_time(WEBHOOKS, partial(tell_webhooks, self._sessions))
            if self._after:
                self._once_at_a_time(BESIDE, self._after.look)
        except Exception:
            log.exception("looking for due sources failed; the next look tries again")

    def _once_at_a_time(self, name: str, work: Callable[[], None]) -> None:
        if name not in self._at_it:
            self._at_it.add(name)
            self._pool.submit(work).add_done_callback(lambda _: self._at_it.discard(name))

    def _fetch_days(self) -> None:
        fetch_waiting(self._sessions, self._sources, self._pace, self._stopping.is_set)

    def _refresh(self, source: PriceSource) -> None:
        try:
            run_one(self._sessions, source, self._pace, is_stopping=self._stopping.is_set)
        except Stopped:
            log.info("%s: stopped, left to another process", source.name)
        except Exception:
            log.exception("%s: the refresh could not be run; it is tried again", source.name)
