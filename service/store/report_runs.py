"""Runs of report schedules, written once and never changed, and what each has to deliver, try by try."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.store.attempts import Attempt, attempts_of
from service.store.report_schedules import ReportSchedule
from service.store.work_models import (
    DeliveryKind,
    ReportAttemptRow,
    ReportDeliveryRow,
    ReportRunRow,
    ReportScheduleRow,
)

_schedules: sa.Table = ReportScheduleRow.__table__  # type: ignore[assignment]
_runs: sa.Table = ReportRunRow.__table__  # type: ignore[assignment]
_deliveries: sa.Table = ReportDeliveryRow.__table__  # type: ignore[assignment]
_attempts: sa.Table = ReportAttemptRow.__table__  # type: ignore[assignment]
FILE: DeliveryKind = "file"
REPORT: DeliveryKind = "report"
NOTICE: DeliveryKind = "notice"
FAILURE: DeliveryKind = "failure"
WEBHOOK_KINDS = (REPORT, NOTICE, FAILURE)
DeliveryState = Literal["delivered", "waiting", "given up"]


@dataclass(frozen=True, slots=True)
class ReportRun:
    """One time that the question was asked again, or could not be."""

    at: datetime
    before_id: str
    """The decision it was held against."""
    decision_id: str | None = None
    """The new one; None where it failed."""
    verdict_changed: bool = False
    headline: str = ""
    summary: str = ""
    """The new decision's own."""
    changes: tuple[dict[str, Any], ...] = ()
    """JSON: what differs from the decision before."""
    error: str = ""
    """Why it failed; "" where it did not."""
    due_at: datetime | None = None
    """The due time that it served; None for one by hand between two of them."""
    schedule: str = ""
    """Slug."""
    number: int = 0
    """Of the schedule's runs, from 1."""
    id: int = 0

    @property
    def key(self) -> str:
        """Names the run for ever, also where a schedule of that name was removed and made anew."""
        return f"{self.schedule}-{self.number}-{self.at:%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a run has to bring somewhere, and how that goes."""

    id: int
    run_id: int
    kind: DeliveryKind
    body: str
    file_name: str
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    error: str

    @property
    def state(self) -> DeliveryState:
        """How far it is."""
        if self.delivered_at is not None:
            return "delivered"
        return "waiting" if self.next_attempt_at is not None else "given up"


def next_number(session: Session, schedule: ReportSchedule) -> int:
    """The number of the schedule's next run; whoever writes it holds the schedule's lease."""
    highest = sa.select(sa.func.max(_runs.c.number)).where(_runs.c.schedule_id == schedule.id)
    return (session.execute(highest).scalar() or 0) + 1


def add(
    session: Session, schedule: ReportSchedule, run: ReportRun, bodies: Iterable[tuple[str, bytes]]
) -> int:
    """Keep a run with its number and what it has to deliver at once, as (kind, body); returns its id."""
    statement = (
        sa.insert(_runs)
        .values(
            schedule_id=schedule.id, number=run.number, due_at=run.due_at, at=run.at,
            state="failed" if run.error else "done", decision_id=run.decision_id, before_id=run.before_id,
            verdict_changed=run.verdict_changed, headline=run.headline, summary=run.summary,
            changes=orjson.dumps(run.changes).decode(), error=run.error,
        )
        .returning(_runs.c.id)
    )  # fmt: skip
    run_id = int(session.execute(statement).scalar_one())
    for kind, body in bodies:
        values = {
            "run_id": run_id, "kind": kind, "body": body.decode(), "file_name": "", "attempts": 0,
            "next_attempt_at": run.at, "delivered_at": None, "error": "",
        }  # fmt: skip
        session.execute(sa.insert(_deliveries).values(values))
    return run_id


def newest(session: Session, slug: str | None = None, limit: int = 50, offset: int = 0) -> list[ReportRun]:
    """The newest runs of a schedule, or of all."""
    statement = _run_rows().order_by(_runs.c.at.desc(), _runs.c.id.desc()).limit(limit).offset(offset)
    if slug is not None:
        statement = statement.where(_schedules.c.slug == slug)
    return [_run(row) for row in session.execute(statement).mappings()]


def count(session: Session, slug: str) -> int:
    """How many runs a schedule has had."""
    statement = (
        sa.select(sa.func.count()).select_from(_runs).join(_schedules).where(_schedules.c.slug == slug)
    )
    return int(session.execute(statement).scalar_one())


def get(session: Session, run_id: int) -> ReportRun | None:
    """The run of that id; None once its schedule was removed."""
    row = session.execute(_run_rows().where(_runs.c.id == run_id)).mappings().one_or_none()
    return None if row is None else _run(row)


def last_decision(session: Session, schedule: ReportSchedule) -> str:
    """The decision that the next run is held against: of the last run that succeeded, else the first one."""
    statement = (
        sa.select(_runs.c.decision_id)
        .where(_runs.c.schedule_id == schedule.id, _runs.c.decision_id.is_not(None))
        .order_by(_runs.c.number.desc())
        .limit(1)
    )
    found: str | None = session.execute(statement).scalar()
    return found or schedule.order.decision_id


def deliveries(session: Session, runs: Sequence[ReportRun]) -> dict[int, list[Delivery]]:
    """What each of the runs has to deliver, by the run's id."""
    statement = sa.select(_deliveries).where(_deliveries.c.run_id.in_([run.id for run in runs]))
    found: dict[int, list[Delivery]] = {run.id: [] for run in runs}
    for row in session.execute(statement.order_by(_deliveries.c.id)).mappings():
        found[row["run_id"]].append(_delivery(row))
    return found


def attempts(session: Session, delivery_id: int) -> list[Attempt]:
    """Every try to deliver, in order."""
    return attempts_of(session, _attempts.c.delivery_id, delivery_id)


def claim_due(
    session: Session, kinds: Sequence[str], now: datetime, lease: timedelta
) -> tuple[Delivery, ReportRun] | None:
    """The delivery of these kinds that has been due for longest, kept from others until the lease ends."""
    statement = (
        sa.select(_deliveries)
        .where(_deliveries.c.next_attempt_at <= now, _deliveries.c.kind.in_(kinds))
        .order_by(_deliveries.c.next_attempt_at, _deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.execute(statement).mappings().one_or_none()
    if row is None:
        return None
    mine = _deliveries.c.id == row["id"]
    session.execute(sa.update(_deliveries).where(mine).values(next_attempt_at=now + lease))
    run = get(session, row["run_id"])
    return None if run is None else (_delivery(row), run)


def record_attempt(
    session: Session,
    delivery: Delivery,
    at: datetime,
    error: str,
    next_attempt_at: datetime | None,
    *,
    status: int | None = None,
    file_name: str = "",
) -> None:
    """How a try went; delivered where there is no error, given up where there is one and no next try.

    A delivery whose schedule was removed meanwhile is passed over.
    """
    number = delivery.attempts + 1
    changed = session.execute(
        sa.update(_deliveries)
        .where(_deliveries.c.id == delivery.id, _deliveries.c.attempts == delivery.attempts)
        .values(
            attempts=number, next_attempt_at=next_attempt_at, delivered_at=None if error else at,
            error=error, file_name=file_name,
        )
        .returning(_deliveries.c.id)
    ).all()  # fmt: skip
    if changed:
        values = {
            "delivery_id": delivery.id, "number": number, "at": at, "status": status, "error": error,
        }  # fmt: skip
        session.execute(sa.insert(_attempts).values(values))


def _run_rows() -> sa.Select[Any]:
    return sa.select(_runs, _schedules.c.slug.label("schedule")).join(
        _schedules, _schedules.c.id == _runs.c.schedule_id
    )


def _run(row: Any) -> ReportRun:
    values = {field: row[field] for field in ReportRun.__slots__}
    return ReportRun(**values | {"changes": tuple(orjson.loads(row["changes"]))})


def _delivery(row: Any) -> Delivery:
    return Delivery(**{field: row[field] for field in Delivery.__slots__})
