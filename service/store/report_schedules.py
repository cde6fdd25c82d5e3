"""Reports on a schedule: which decision is asked again, how often, and where the report goes.

When a schedule is due, and which process is at it, stands in its job lease alone.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, NotFound, worded
from service.store import leases
from service.store.work_models import (
    JobLeaseRow,
    ReportAttemptRow,
    ReportDeliveryRow,
    ReportRunRow,
    ReportScheduleRow,
)

_schedules: sa.Table = ReportScheduleRow.__table__  # type: ignore[assignment]
_runs: sa.Table = ReportRunRow.__table__  # type: ignore[assignment]
_deliveries: sa.Table = ReportDeliveryRow.__table__  # type: ignore[assignment]
_attempts: sa.Table = ReportAttemptRow.__table__  # type: ignore[assignment]
_leases: sa.Table = JobLeaseRow.__table__  # type: ignore[assignment]
LEASE_PREFIX = "report:"


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """What to ask again, how often, and where to."""

    name: str
    request: bytes
    """The question as JSON."""
    decision_id: str
    """The answer that the first run is held against."""
    cadence: str
    """As service/estimate/cadence.py writes it."""
    first_at: datetime
    format: str
    """Extension of the file."""
    language: str
    folder: str = ""
    """Absolute path; "" for no file."""
    webhook_url: str = ""


@dataclass(frozen=True, slots=True)
class ReportSchedule:
    """A saved order and how it stands."""

    id: int
    slug: str
    order: ReportOrder
    created_at: datetime
    created_by: str
    webhook_secret: str
    paused_at: datetime | None
    due_at: datetime
    is_running: bool
    """A process holds its lease; perhaps one that died."""


def lease_name(slug: str) -> str:
    """The job that runs this schedule."""
    return LEASE_PREFIX + slug


def add(
    session: Session, slug: str, order: ReportOrder, *, created_by: str, now: datetime, due: datetime
) -> ReportSchedule:
    """Save an order, first due then; its secret is made here. InvalidValue for a slug that is taken."""
    if slug in slugs(session):
        raise InvalidValue("name", order.name, worded("there is a schedule {slug!r} already", slug=slug))
    values = {field: getattr(order, field) for field in ReportOrder.__slots__}
    values |= {
        "request": order.request.decode(),
        "slug": slug,
        "created_at": now,
        "created_by": created_by,
        "webhook_secret": f"whsec_{secrets.token_urlsafe(32)}" if order.webhook_url else "",
    }
    session.execute(sa.insert(_schedules).values(values))
    leases.ensure(session, lease_name(slug), due)
    return get(session, slug)


def all(session: Session) -> list[ReportSchedule]:
    """Every schedule, by slug."""
    return [_schedule(row) for row in session.execute(_rows().order_by(_schedules.c.slug)).mappings()]


def slugs(session: Session) -> list[str]:
    """The slugs of all schedules, in alphabetical order."""
    return list(session.execute(sa.select(_schedules.c.slug).order_by(_schedules.c.slug)).scalars())


def get(session: Session, slug: str) -> ReportSchedule:
    """The schedule of that slug; NotFound if there is none."""
    row = session.execute(_rows().where(_schedules.c.slug == slug)).mappings().one_or_none()
    if row is None:
        raise NotFound(worded("report schedule"), slug)
    return _schedule(row)


def waiting(session: Session, now: datetime) -> list[str]:
    """Slugs of those that are due or were left by a process that died, that nobody runs and nobody paused."""
    wanted = session.execute(sa.select(_schedules.c.slug).where(_schedules.c.paused_at.is_(None))).scalars()
    known = {lease_name(slug): slug for slug in wanted}
    return [known[name] for name in leases.waiting(session, now) if name in known]


def pause(session: Session, slug: str, now: datetime) -> None:
    """Run it no more until it is resumed; one that is running ends. NotFound if there is none."""
    schedule = get(session, slug)
    if schedule.paused_at is None:
        session.execute(sa.update(_schedules).where(_schedules.c.slug == slug).values(paused_at=now))


def resume(session: Session, slug: str, due: datetime) -> None:
    """Run it again, next at `due`; one that is not paused keeps its time. NotFound if there is none."""
    schedule = get(session, slug)
    if schedule.paused_at is not None:
        session.execute(sa.update(_schedules).where(_schedules.c.slug == slug).values(paused_at=None))
        leases.set_due(session, lease_name(slug), due)


def remove(session: Session, slug: str) -> None:
    """Forget a schedule, its runs and deliveries; decisions and files stay. NotFound if there is none."""
    schedule = get(session, slug)
    runs = sa.select(_runs.c.id).where(_runs.c.schedule_id == schedule.id)
    deliveries = sa.select(_deliveries.c.id).where(_deliveries.c.run_id.in_(runs))
    session.execute(sa.delete(_attempts).where(_attempts.c.delivery_id.in_(deliveries)))
    session.execute(sa.delete(_deliveries).where(_deliveries.c.run_id.in_(runs)))
    session.execute(sa.delete(_runs).where(_runs.c.schedule_id == schedule.id))
    session.execute(sa.delete(_schedules).where(_schedules.c.id == schedule.id))
    leases.forget(session, lease_name(slug))


def _rows() -> sa.Select[Any]:
    name = sa.literal(LEASE_PREFIX) + _schedules.c.slug
    columns = (_schedules, _leases.c.due.label("due_at"), _leases.c.owner)
    return sa.select(*columns).join(_leases, _leases.c.name == name)


def _schedule(row: Any) -> ReportSchedule:
    values = {field: row[field] for field in ReportOrder.__slots__}
    order = ReportOrder(**values | {"request": row["request"].encode()})
    same = ("id", "slug", "created_at", "created_by", "webhook_secret", "paused_at", "due_at")
    return ReportSchedule(
        order=order, is_running=row["owner"] is not None, **{field: row[field] for field in same}
    )
