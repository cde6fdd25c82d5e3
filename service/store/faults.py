"""What went wrong with a database, said in a sentence, and a gate before one that does not answer."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from copy import copy

from sqlalchemy import exc
from sqlalchemy.engine import Engine

from service.errors import DatabaseAway, DatabaseNotReady, NotKept, Verbatim, Worded, worded

SHORTEST_SHUT_S, LONGEST_SHUT_S = 1.0, 5.0
GATES = "gates"
"""In an engine's execution options: its gates, before readers and before writers."""
LOCKED, READ_ONLY = worded("locked by another process"), worded("read-only")
FULL, NOT_OURS = worded("on a full disk"), worded("not ours to write")
DAMAGED, NO_DATABASE, SLOW = worded("damaged"), worded("no SQLite database"), worded("too slow")
NO_MEMORY = worded("out of memory")
UNWRITABLE = (LOCKED, READ_ONLY, FULL, NOT_OURS)
SQLITE_STATES = {
    sqlite3.SQLITE_BUSY: LOCKED, sqlite3.SQLITE_LOCKED: LOCKED, sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY, sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: worded("on a disk that fails"),
    sqlite3.SQLITE_CANTOPEN: worded("not to be opened"), sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: NO_DATABASE, sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_NOMEM: NO_MEMORY, sqlite3.SQLITE_INTERRUPT: SLOW,
}  # fmt: skip
POSTGRES_STATES = {
    "25006": READ_ONLY, "42501": NOT_OURS, "53100": FULL, "53200": NO_MEMORY,
    "53300": worded("out of connections"), "55P03": LOCKED, "57014": SLOW,
    "57P03": worded("starting up or stopping"), "40001": worded("busy: another writer was faster"),
    "40P01": worded("busy: two writers waited for each other"),
}  # fmt: skip
OF_ONE_STATEMENT = {
    SLOW,
    *(said for code, said in POSTGRES_STATES.items() if code[:2] in ("40", "55", "42")),
}
"""These say nothing of the next statement."""
log = logging.getLogger(__name__)


class Gate:
    """Keeps askers from queueing before a database that does not answer.

    When one has waited in vain, the others are told so at once for about as long; then one tries again.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._shut_until = 0.0
        self._why: DatabaseNotReady | None = None

    def pass_through(self) -> None:
        """Raises again what the last one found, while the gate is shut."""
        why = self._why
        if why is None:
            return
        with self._lock:
            now = self._clock()
            if now >= self._shut_until:
                self._shut_until = now + LONGEST_SHUT_S  # the others wait for what this one finds
                return
        raise copy(why)

    def shut(self, why: DatabaseNotReady, waited_s: float) -> None:
        """Nobody passes for as long as the last one waited, within reason."""
        with self._lock:
            lasts_s = min(max(waited_s, SHORTEST_SHUT_S), LONGEST_SHUT_S)
            self._why, self._shut_until = why, self._clock() + lasts_s
        log.warning("%s", why)

    def open(self) -> None:
        """The database answers."""
        self._why = None


def gates_of(engine: Engine) -> tuple[Gate, Gate] | None:
    """The gates before readers and writers; None for an engine that has none."""
    gates: tuple[Gate, Gate] | None = engine.get_execution_options().get(GATES)
    return gates


def meaning(error: exc.SQLAlchemyError, shown_url: str, *, writes: bool) -> DatabaseNotReady | None:
    """What a database's error says of the database; None where it speaks of the statement.

    NotKept where it cannot be written, DatabaseAway where nothing is to be had of it now.
    """
    if isinstance(error, exc.TimeoutError):
        return DatabaseAway(worded("{url}: all connections are in use; try again in a moment", url=shown_url))
    if not isinstance(error, exc.DBAPIError):
        return None
    state = _state(error.orig)
    line = first_line(error)
    if writes and state in UNWRITABLE:
        sentence = worded(
            "{url} cannot be written: it is {state}; {line}", url=shown_url, state=state, line=line
        )
        return NotKept(sentence, may_pass=state in (LOCKED, FULL))
    if state == SLOW:
        return DatabaseAway(
            worded("{url} took too long to answer; ask for less or try again in a moment", url=shown_url)
        )
    if state in (DAMAGED, NO_DATABASE):
        return DatabaseNotReady(worded("{url} is {state}: {line}", url=shown_url, state=state, line=line))
    if state is not None:
        return DatabaseAway(worded("{url} is {state}: {line}", url=shown_url, state=state, line=line))
    is_of_a_server = isinstance(error, exc.OperationalError) and hasattr(error.orig, "sqlstate")
    if error.connection_invalidated or is_of_a_server:
        return DatabaseAway(worded("cannot reach {url}: {first_line}", url=shown_url, first_line=line))
    return None


def is_of_one_statement(error: exc.SQLAlchemyError) -> bool:
    """Whether the next statement may well succeed."""
    return isinstance(error, exc.TimeoutError) or (
        isinstance(error, exc.DBAPIError) and _state(error.orig) in OF_ONE_STATEMENT
    )


def first_line(error: Exception) -> Verbatim:
    """A driver's own words, without the statement."""
    return Verbatim(str(getattr(error, "orig", None) or error).strip().split("\n")[0])


def _state(error: BaseException | None) -> Worded | None:
    if isinstance(error, sqlite3.Error):
        return SQLITE_STATES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    return POSTGRES_STATES.get(getattr(error, "sqlstate", None) or "")
