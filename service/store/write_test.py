"""Whether the database can be written, by writing: a disk that is full answers every question."""

import threading
import time

from service.errors import DatabaseNotReady
from service.store import leases
from service.store.session import Sessions, engine_of_requests
from service.store.zones_in_use import NEVER

NAME = "write test"
"""A lease that nobody ever takes."""
EVERY_S = 5.0
LONGEST_S = 1.0
"""Who asks is a health check, which does not wait."""


class WriteTest:
    """Writes one row, at most every few seconds, over a connection of its own."""

    def __init__(self, sessions: Sessions, every_s: float = EVERY_S) -> None:
        url = sessions.engine.url.render_as_string(hide_password=False)
        self._sessions = Sessions(engine_of_requests(url, LONGEST_S, pooled=False))
        self._every_s, self._lock = every_s, threading.Lock()
        self._tried_at: float | None = None
        self._failure: DatabaseNotReady | None = None

    def failure(self) -> DatabaseNotReady | None:
        """Why nothing could be written at the last try; None if it could."""
        if self._is_due() and self._lock.acquire(blocking=False):
            try:
                self._failure = self._try()
                self._tried_at = time.monotonic()
            finally:
                self._lock.release()
        return self._failure

    def _is_due(self) -> bool:
        return self._tried_at is None or time.monotonic() - self._tried_at >= self._every_s

    def _try(self) -> DatabaseNotReady | None:
        try:
            with self._sessions.begin() as session:
                leases.ensure(session, NAME, NEVER)
                leases.set_due(session, NAME, NEVER)
        except DatabaseNotReady as error:
            return error
        return None
