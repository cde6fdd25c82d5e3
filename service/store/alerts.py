"""Alerts: saved rules on prices, their firings, and every try to deliver one."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import NotFound, worded
from service.estimate.price_watch import PriceWatch
from service.store.attempts import Attempt, attempts_of
from service.store.work_models import AlertAttemptRow, AlertEventRow, AlertRow

_alerts: sa.Table = AlertRow.__table__  # type: ignore[assignment]
_events: sa.Table = AlertEventRow.__table__  # type: ignore[assignment]
_attempts: sa.Table = AlertAttemptRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Rule:
    """What to watch and whom to tell."""

    name: str
    gpu: str
    gpu_count: int
    currency: str
    tier: str | None = None
    provider: str | None = None
    threshold_per_hour: Decimal | None = None
    fall_percent: float | None = None
    webhook_url: str = ""
    """"" for the feed alone."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A saved rule with what it remembers."""

    id: int
    slug: str
    rule: Rule
    created_at: datetime
    created_by: str
    webhook_secret: str
    watch: PriceWatch
    last_per_hour: Decimal | None
    last_checked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One firing, and how its delivery goes."""

    id: int
    alert: str
    """Slug."""
    fired_at: datetime
    price_per_hour: Decimal
    reference_per_hour: Decimal
    currency: str
    offer_slug: str
    body: str
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    error: str

    @property
    def key(self) -> str:
        """Names the event for ever, also to a receiver that is told twice."""
        return f"{self.alert}-{self.id}"


def add(session: Session, rule: Rule, slug: str, created_by: str, now: datetime) -> Alert:
    """Save a rule; its secret is made here and shown by nobody later."""
    values = {field: getattr(rule, field) for field in Rule.__slots__}
    values |= {
        "slug": f"{slug}-{secrets.token_hex(3)}",
        "created_at": now,
        "created_by": created_by,
        "webhook_secret": f"whsec_{secrets.token_urlsafe(32)}" if rule.webhook_url else "",
        "is_armed": True,
    }
    session.execute(sa.insert(_alerts).values(values))
    return get(session, values["slug"])


def all(session: Session) -> list[Alert]:
    """Every saved rule, by slug."""
    return [_alert(row) for row in session.execute(sa.select(_alerts).order_by(_alerts.c.slug)).mappings()]


def get(session: Session, slug: str) -> Alert:
    """The alert of that slug; NotFound if there is none."""
    row = session.execute(sa.select(_alerts).where(_alerts.c.slug == slug)).mappings().one_or_none()
    if row is None:
        raise NotFound(worded("alert"), slug)
    return _alert(row)


def remove(session: Session, slug: str) -> None:
    """Forget an alert and everything it did; NotFound if there is none."""
    alert = get(session, slug)
    own = sa.select(_events.c.id).where(_events.c.alert_id == alert.id)
    session.execute(sa.delete(_attempts).where(_attempts.c.event_id.in_(own)))
    session.execute(sa.delete(_events).where(_events.c.alert_id == alert.id))
    session.execute(sa.delete(_alerts).where(_alerts.c.id == alert.id))


def lock(session: Session) -> list[Alert]:
    """Every saved rule, kept from other evaluations until the transaction ends."""
    statement = sa.select(_alerts).order_by(_alerts.c.id).with_for_update()
    return [_alert(row) for row in session.execute(statement).mappings()]


def remember(session: Session, alert: Alert, watch: PriceWatch, price: Decimal | None, now: datetime) -> None:
    """What a look at the price has changed."""
    values = {
        "is_armed": watch.is_armed,
        "reference_per_hour": watch.reference,
        "last_per_hour": price,
        "last_checked_at": now,
    }
    session.execute(sa.update(_alerts).where(_alerts.c.id == alert.id).values(values))


def fire(
    session: Session,
    alert: Alert,
    *,
    price: Decimal,
    reference: Decimal,
    offer_slug: str,
    now: datetime,
) -> int:
    """Record a firing, to be delivered at once where there is a webhook; returns its number."""
    statement = (
        sa.insert(_events)
        .values(
            alert_id=alert.id, fired_at=now, price_per_hour=price, reference_per_hour=reference,
            currency=alert.rule.currency, offer_slug=offer_slug, body="", attempts=0,
            next_attempt_at=now if alert.rule.webhook_url else None, delivered_at=None, error="",
        )
        .returning(_events.c.id)
    )  # fmt: skip
    return int(session.execute(statement).scalar_one())


def set_body(session: Session, event: int, body: str) -> None:
    """What a receiver is told of the event, the same at every try."""
    session.execute(sa.update(_events).where(_events.c.id == event).values(body=body))


def events(session: Session, slug: str | None = None, limit: int = 50) -> list[AlertEvent]:
    """The newest firings of an alert, or of all."""
    statement = _event_rows().order_by(_events.c.id.desc()).limit(limit)
    if slug is not None:
        statement = statement.where(_alerts.c.slug == slug)
    return [_event(row) for row in session.execute(statement).mappings()]


def attempts(session: Session, event: int) -> list[Attempt]:
    """Every try to deliver an event, in order."""
    return attempts_of(session, _attempts.c.event_id, event)


def claim_due(session: Session, now: datetime, lease: timedelta) -> tuple[AlertEvent, Alert] | None:
    """The event whose delivery has been due for longest, kept from others for the length of the lease."""
    statement = (
        sa.select(_events.c.id, _events.c.alert_id)
        .where(_events.c.next_attempt_at <= now)
        .order_by(_events.c.next_attempt_at, _events.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        return None
    event_id, alert_id = found
    session.execute(sa.update(_events).where(_events.c.id == event_id).values(next_attempt_at=now + lease))
    event = session.execute(_event_rows().where(_events.c.id == event_id)).mappings().one()
    alert = session.execute(sa.select(_alerts).where(_alerts.c.id == alert_id)).mappings().one()
    return _event(event), _alert(alert)


def record_attempt(
    session: Session,
    event: AlertEvent,
    at: datetime,
    *,
    status: int | None,
    error: str,
    next_attempt_at: datetime | None,
) -> None:
    """How a try went; delivered where there is no error, given up where there is one and no next try.

    An event whose alert was removed meanwhile is passed over.
    """
    changed = session.execute(
        sa.update(_events)
        .where(_events.c.id == event.id)
        .values(
            attempts=event.attempts + 1,
            next_attempt_at=next_attempt_at,
            delivered_at=None if error else at,
            error=error,
        )
        .returning(_events.c.id)
    ).all()
    if changed:
        values = {
            "event_id": event.id,
            "number": event.attempts + 1,
            "at": at,
            "status": status,
            "error": error,
        }
        session.execute(sa.insert(_attempts).values(values))


def _event_rows() -> sa.Select[Any]:
    return sa.select(_events, _alerts.c.slug.label("alert")).join(_alerts, _alerts.c.id == _events.c.alert_id)


def _event(row: Any) -> AlertEvent:
    return AlertEvent(**{field: row[field] for field in AlertEvent.__slots__})


def _alert(row: Any) -> Alert:
    rule = Rule(**{field: row[field] for field in Rule.__slots__})
    watch = PriceWatch(
        row["threshold_per_hour"], row["fall_percent"], row["is_armed"], row["reference_per_hour"]
    )
    same = ("id", "slug", "created_at", "created_by", "webhook_secret", "last_per_hour", "last_checked_at")
    return Alert(rule=rule, watch=watch, **{field: row[field] for field in same})
