"""Facts are read once a process for each state of them: reading takes ten times as long as an answer.

The tests in the room of the store, which are about the reading, read anew (`IS_ON`).
"""

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

from service.store import snapshot, versions
from service.store.session import Sessions, engine_for
from service.store.snapshot import Snapshot

IS_ON = True
AT_MOST = 4
State = tuple[int, datetime, str]

_read, _fingerprint_of = snapshot.load, versions.fingerprint
_shipped: dict[State, Snapshot | None] = {}
"""Databases that are copies of one file, whatever their names, until something is written."""
_known: OrderedDict[tuple[str, State], Snapshot] = OrderedDict()


def install() -> None:
    """From now on, whoever loads facts or asks which catalog is shipped is told what is known."""
    snapshot.load, versions.fingerprint = _load, _fingerprint


def of_copies(file: Path) -> None:
    """The facts of this file are those of each of its copies."""
    engine = engine_for(f"sqlite:///{file}")
    _shipped.setdefault(_state(Sessions(engine)), None)
    engine.dispose()


def _state(sessions: Sessions) -> State:
    with sessions.reading() as session:
        return versions.data_version(session), versions.changed_at(session), versions.seeded_catalog(session)


def _load(sessions: Sessions) -> Snapshot:
    if not IS_ON or sessions.engine.dialect.name != "sqlite":
        return _read(sessions)
    state = _state(sessions)
    key = str(sessions.engine.url), state
    found = _known.pop(key, None) or _found(sessions, state)
    _known[key] = found
    while len(_known) > AT_MOST:
        _known.popitem(last=False)
    return found


def _found(sessions: Sessions, state: State) -> Snapshot:
    if state not in _shipped:
        return _read(sessions)
    facts = _shipped[state] = _shipped[state] or _read(sessions)
    # Another object for each database: what is kept beside the facts may be read from rows of its own.
    return replace(facts)


@cache
def _of_ours() -> str:
    return _fingerprint_of(versions.CATALOG)


def _fingerprint(catalog: Path) -> str:
    return _of_ours() if IS_ON and catalog == _OURS else _fingerprint_of(catalog)


_OURS = versions.CATALOG
