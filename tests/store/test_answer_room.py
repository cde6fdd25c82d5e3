"""Answers that nobody asked for with a token: gone after their days, and within their bytes."""

import json
import random
import zlib
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic import command

from service.errors import Expired, NotFound
from service.store import comparisons
from service.store.answer_room import AnswerRoom, expire
from service.store.column_types import LARGE_BYTES, XZ_BEGINS, packed, unpacked
from service.store.comparisons import StoredComparison
from service.store.session import Sessions, engine_for, upgrade
from service.store.tallies import database_bytes
from service.store.work_models import ComparisonRow, ExpiredAnswerRow
from tests.store.test_schema import alembic

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PLENTY = 10**9


def say(sessions, name, days_ago=0.0, *, kept=False, answer=b"{}"):
    at = NOW - timedelta(days=days_ago)
    stored = StoredComparison(name, at, b'{"budget":1}', answer, 1, "9", "decision", None if kept else at)
    with sessions.begin() as session:
        return comparisons.add(session, stored)


def schedule(sessions, decision, before=None):
    """A schedule that refers to a decision, with a run that was held against another."""
    at = NOW.replace(tzinfo=None)
    with sessions.begin() as session:
        known = sa.MetaData()
        known.reflect(session.connection(), only=["report_schedules", "report_runs"])
        session.execute(
            sa.insert(known.tables["report_schedules"]).values(
                id=1, slug="weekly", name="weekly", created_at=at, created_by="me", request="{}",
                decision_id=decision, cadence="weekly", first_at=at, format="md", language="en", folder="",
                webhook_url="", webhook_secret="",
            )
        )  # fmt: skip
        if before:
            session.execute(
                sa.insert(known.tables["report_runs"]).values(
                    id=1, schedule_id=1, number=1, at=at, state="failed", before_id=before,
                    verdict_changed=False, headline="", summary="", changes="[]", error="",
                )
            )  # fmt: skip


def left(sessions):
    with sessions.reading() as session:
        return set(session.execute(sa.text("SELECT id FROM comparisons")).scalars())


def expiring(session):
    """How many answers expire, and the bytes they take."""
    told = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(ComparisonRow.stored_bytes), 0))
    return tuple(session.execute(told.where(ComparisonRow.expires_from.is_not(None))).one())


def counted(session, row):
    return session.execute(sa.select(sa.func.count()).select_from(row)).scalar_one()


def test_what_nobody_keeps_goes_after_its_days(sessions):
    for name, days in (("new", 29.9), ("old", 30.1), ("older", 300)):
        say(sessions, name, days)
    say(sessions, "kept", 900, kept=True)
    tried = expire(sessions, NOW, 30, PLENTY, dry_run=True)
    assert tried.answers == 2 and left(sessions) == {"new", "old", "older", "kept"}
    assert expire(sessions, NOW, 30, PLENTY) == tried
    assert left(sessions) == {"new", "kept"}
    assert expire(sessions, NOW, 30, PLENTY).answers == 0


def test_who_follows_an_old_link_is_told_that_it_has_expired(sessions):
    say(sessions, "old", 31)
    expire(sessions, NOW, 30, PLENTY)
    with sessions.reading() as session:
        with pytest.raises(Expired, match=r"2026-10-28 has expired.*ask the question again"):
            comparisons.get(session, "old", "decision")
        with pytest.raises(Expired):
            comparisons.find(session, "old")
        with pytest.raises(NotFound) as never:
            comparisons.find(session, "never")
    assert not isinstance(never.value, Expired)


def test_what_a_schedule_refers_to_stays_and_does_not_shield_others(sessions):
    for name in ("asked", "before", "other"):
        say(sessions, name, 400)
    schedule(sessions, "asked", "before")
    assert expire(sessions, NOW, 30, PLENTY).answers == 1
    assert left(sessions) == {"asked", "before"}
    assert expire(sessions, NOW, 30, 0).answers == 0


def test_together_they_stay_within_their_bytes_and_the_oldest_go_first(sessions):
    size = say(sessions, "a0")
    for i in range(1, 10):
        say(sessions, f"a{i}", i)
    say(sessions, "kept", 20, kept=True, answer=b"x" * 1000)
    assert expire(sessions, NOW, 30, 6 * size).answers == 4
    assert left(sessions) == {"a0", "a1", "a2", "a3", "a4", "a5", "kept"}
    with sessions.reading() as session:
        assert expiring(session) == (6, 6 * size)
        assert counted(session, ComparisonRow) == 7 and counted(session, ExpiredAnswerRow) == 4
        oldest = session.execute(sa.select(sa.func.min(ComparisonRow.asked_at))).scalar_one()
        assert oldest == NOW - timedelta(days=20)
        assert database_bytes(session) > 0


def test_more_than_one_transaction_lets_go(sessions, monkeypatch):
    monkeypatch.setattr("service.store.answer_room.AT_ONCE", 3)
    for i in range(10):
        say(sessions, f"a{i}", 40)
    assert expire(sessions, NOW, 30, PLENTY).answers == 10
    assert left(sessions) == set()


def test_only_so_many_expired_ids_are_remembered(sessions, monkeypatch):
    monkeypatch.setattr("service.store.answer_room.IDS_REMEMBERED", 4)
    for i in range(10):
        say(sessions, f"a{i}", 40)
    expire(sessions, NOW, 30, PLENTY)
    with sessions.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM expired_answers")).scalar() == 4


def test_a_room_is_never_fuller_than_it_may_be_by_more_than_a_fiftieth(sessions):
    draw = random.Random(5)
    most = 40_000
    room = AnswerRoom(sessions, 30, most)
    fullest = 0
    for i in range(120):
        at = NOW + timedelta(seconds=i)
        stored = StoredComparison(f"a{i:03}", at, b"{}", draw.randbytes(700), 1, "9", "decision", at)
        with sessions.begin() as session:
            size = comparisons.add(session, stored)
        room.took(size, at)
        with sessions.reading() as session:
            fullest = max(fullest, expiring(session)[1])
    assert most * 0.9 < fullest <= most * 1.02 + size
    assert "a119" in left(sessions) and "a000" not in left(sessions)


def test_large_answers_are_packed_by_what_sees_further():
    draw = random.Random(1)
    sources = draw.randbytes(50_000)
    large = b"".join(sources + draw.randbytes(100) for _ in range(8))
    assert len(large) > LARGE_BYTES
    assert packed(large).startswith(XZ_BEGINS) and len(packed(large)) < len(zlib.compress(large, 9)) / 4
    small = json.dumps({"a": list(range(100))}).encode()
    assert not packed(small).startswith(XZ_BEGINS)
    for plain in (large, small, b""):
        assert unpacked(packed(plain)) == plain
    assert unpacked(zlib.compress(large)) == large


def test_an_older_database_keeps_its_answers_for_their_days_from_now_on_and_goes_back(empty_database_url):
    command.upgrade(alembic(empty_database_url), "0017")
    engine = engine_for(empty_database_url)
    known = sa.MetaData()
    known.reflect(engine, only=["comparisons"])
    with engine.begin() as connection:
        connection.execute(
            sa.insert(known.tables["comparisons"]).values(
                id="old", asked_at=datetime(2020, 1, 1), request='{"é":1}', answer=zlib.compress(b'{"x":1}'),
                data_version=1, code_version="9", kind="decision",
            )
        )  # fmt: skip
    engine.dispose()
    upgrade(empty_database_url)
    engine = engine_for(empty_database_url)
    sessions = Sessions(engine)
    with sessions.reading() as session:
        kept = comparisons.find(session, "old")
        assert kept.answer == b'{"x":1}'
        assert expiring(session)[1] >= len(zlib.compress(b'{"x":1}')) + 7
    now = datetime.now(UTC)
    assert expire(sessions, now, 30, PLENTY).answers == 0
    assert expire(sessions, now + timedelta(days=31), 30, PLENTY, dry_run=True).answers == 1
    large = b"y" * (LARGE_BYTES + 1)
    say(sessions, "large", answer=large)
    engine.dispose()
    command.downgrade(alembic(empty_database_url), "0017")
    engine = engine_for(empty_database_url)
    with engine.connect() as connection:
        answer = connection.execute(sa.text("SELECT answer FROM comparisons WHERE id = 'large'")).scalar_one()
    engine.dispose()
    assert zlib.decompress(answer) == large
