"""Bidding zones that somebody asks about: their last year of prices is wanted, and fetched once.

A zone's lease (service/store/leases.py) says so: it is due when days are wanted, and never before anybody
has asked. The web notes a zone, whoever refreshes prices looks for it; they meet here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from service.errors import DatabaseNotReady
from service.store import leases
from service.store.session import Sessions

PREFIX = "day-ahead days of "
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""When a zone is due that nobody has asked about."""


def lease_name(zone: str) -> str:
    """The name of a zone's lease."""
    return PREFIX + zone


def know(session: Session, zones: Iterable[str]) -> None:
    """Know the zones whose days can be fetched; one that is known stays as it is."""
    leases.ensure_all(session, (lease_name(zone) for zone in zones), NEVER)


def known(session: Session) -> list[str]:
    """Zones whose days can be fetched."""
    return [x.name.removeprefix(PREFIX) for x in leases.all(session) if x.name.startswith(PREFIX)]


def note(sessions: Sessions, zone: str) -> None:
    """Somebody asks about a zone: its days are wanted from now on. Nothing for one that cannot be fetched.

    A question is answered whether or not this can be written.
    """
    with sessions.reading() as session:
        asked_first = any(x.name == lease_name(zone) and x.due == NEVER for x in leases.all(session))
    if not asked_first:
        return
    try:
        with sessions.begin() as session:
            leases.set_due(session, lease_name(zone), leases.clock(session))
    except DatabaseNotReady:
        return


def used(session: Session) -> list[str]:
    """Zones that somebody has asked about."""
    named = (x for x in leases.all(session) if x.name.startswith(PREFIX) and x.due != NEVER)
    return [lease.name.removeprefix(PREFIX) for lease in named]


def waiting(session: Session) -> list[str]:
    """Zones whose days are wanted now and that nobody fetches."""
    names = leases.waiting(session, leases.clock(session))
    return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
