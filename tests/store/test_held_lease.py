"""Work under a lease: renewed while it goes on, left alone as soon as the lease is another's."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from service.store import leases
from service.store.held_lease import HeldLease, Stopped, new_owner
from service.store.leases import LeaseLost
from service.store.session import Sessions
from tests.waiting import PATIENCE_S, until

LASTS = timedelta(seconds=0.4)


@pytest.fixture
def sessions(engine):
    return Sessions(engine)


@pytest.fixture
def held(sessions):
    lease = HeldLease(sessions, "job", new_owner(), LASTS)
    with sessions.begin() as session:
        now = leases.clock(session)
        leases.ensure(session, "job", now)
        assert lease.take(session, now) is not None
    return lease


def test_it_hands_on_what_the_work_returns_or_raises_and_is_renewed_meanwhile(sessions, held):
    def lasts_until():
        with sessions.reading() as session:
            (lease,) = leases.all(session)
            return lease.until

    def work():
        first = lasts_until()
        return until(lambda: lasts_until() > first + LASTS, "it is renewed for longer than it lasts")

    def broken():
        raise TimeoutError("of its own")

    assert held.during(work) is True
    with pytest.raises(TimeoutError, match="of its own"):
        held.during(broken)


def test_work_that_lost_its_lease_or_shall_stop_is_not_waited_for(sessions, held):
    never = threading.Event()

    def robbed():
        with sessions.begin() as session:
            session.execute(sa.text("UPDATE job_leases SET owner = 'another'"))
        never.wait(PATIENCE_S)

    with pytest.raises(Stopped):
        held.during(lambda: never.wait(PATIENCE_S), is_stopping=lambda: True)
    with pytest.raises(LeaseLost, match="job was removed or taken over"):
        held.during(robbed)
    with sessions.begin() as session, pytest.raises(LeaseLost):
        held.finish(session, leases.clock(session))
    never.set()


def test_work_that_gives_the_lease_back_itself_has_not_lost_it(sessions, held):
    def work():
        with sessions.begin() as session:
            held.finish(session, leases.clock(session) + timedelta(hours=1))
        threading.Event().wait(LASTS.total_seconds())
        return "kept"

    assert held.during(work) == "kept"
