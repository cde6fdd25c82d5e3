"""A job's lease in our hands: taken, renewed while the work goes on, given back or left to others.

A holder that dies stops renewing, and another takes its job over; one that was only held up finds its
lease gone and keeps nothing.
"""

import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy.orm import Session

from service.store import leases
from service.store.leases import JobLease, LeaseLost
from service.store.session import Sessions

LONGEST_LOOK_AWAY_S = 0.25
"""How late it is noticed that work which goes on shall stop."""
Answer = TypeVar("Answer")
log = logging.getLogger(__name__)


class Stopped(Exception):
    """Work was told to stop before it was done: nothing of it may be kept."""


def new_owner() -> str:
    """A name for who takes a lease: the machine, the process, and a word no other thread of it has."""
    return f"{socket.gethostname()} {os.getpid()} {uuid.uuid4().hex[:8]}"


class HeldLease:
    """One job's lease and who holds it; `clock` tells the time inside a transaction."""

    def __init__(
        self,
        sessions: Sessions,
        name: str,
        owner: str,
        lasts: timedelta,
        clock: Callable[[Session], datetime] = leases.clock,
    ) -> None:
        self.name = name
        self._sessions, self._owner, self._lasts, self._clock = sessions, owner, lasts, clock
        self._is_ending = False

    def take(self, session: Session, now: datetime, *, early: bool = False) -> JobLease | None:
        """The lease as it was, if it is ours from now on; None if it is not (service/store/leases.py)."""
        return leases.take(session, self.name, self._owner, now, self._lasts, early=early)

    def renew(self, session: Session) -> None:
        """It lasts on, and nobody else gets it before the session's end; LeaseLost if another has it."""
        if not leases.renew(session, self.name, self._owner, self._clock(session), self._lasts):
            raise self._lost()

    def finish(self, session: Session, due: datetime) -> None:
        """Give it back, its job due next then; LeaseLost if it was another's by now."""
        self._is_ending = True
        if not leases.finish(session, self.name, self._owner, self._clock(session), due):
            raise self._lost()

    def release(self, session: Session) -> bool:
        """Give it back with the job undone, for another to take; False if it was another's by now."""
        return leases.release(session, self.name, self._owner)

    def during(self, work: Callable[[], Answer], is_stopping: Callable[[], bool] = lambda: False) -> Answer:
        """What the work returns or raises; the lease is renewed meanwhile.

        Raises Stopped soon after it was told to stop, and LeaseLost once another has the lease; the work
        is not waited for then, so it may keep nothing without `renew` or `finish` in the same transaction.
        """
        done: Future[Answer] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)

        # A daemon: a process that shall stop does not wait for a source that answers slowly.
        threading.Thread(target=run, name=self.name, daemon=True).start()
        every_s = self._lasts.total_seconds() / 4
        renewed = time.monotonic()
        while not wait([done], min(every_s, LONGEST_LOOK_AWAY_S)).done:
            if is_stopping():
                raise Stopped(self.name)
            if time.monotonic() - renewed >= every_s:
                self._keep_alive()
                renewed = time.monotonic()
        return done.result()

    def _keep_alive(self) -> None:
        """LeaseLost if it is another's; a database that cannot be reached for a while is waited for."""
        try:
            with self._sessions.begin() as session:
                self.renew(session)
        except LeaseLost:
            # While we waited for the database the work itself may have given the lease back.
            if not self._is_ending:
                raise
        except Exception as error:
            log.warning("%s: the lease could not be renewed: %s", self.name, error)

    def _lost(self) -> LeaseLost:
        return LeaseLost(f"{self.name} was removed or taken over")
