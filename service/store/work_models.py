"""The tables of what is done with facts: refreshes, alerts, answers, scheduled reports, tokens, leases."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import Packed
from service.store.tables import Base, one_of, positive

RefreshOutcome = Literal["requested", "running", "ok", "failed", "asleep", "unchanged"]
OUTCOMES: tuple[RefreshOutcome, ...] = get_args(RefreshOutcome)
TokenScope = Literal["read", "write", "admin"]
TOKEN_SCOPES: tuple[TokenScope, ...] = get_args(TokenScope)
DeliveryKind = Literal["file", "report", "notice", "failure"]
"""file into the folder; report, notice or failure to the webhook"""


class RefreshRow(Base):
    __tablename__ = "refreshes"
    id: Mapped[int] = mapped_column(primary_key=True)
    source_name: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str]
    accepted: Mapped[int]
    rejected: Mapped[int]
    error: Mapped[str]
    requested_by: Mapped[str] = mapped_column(server_default="")
    """Who asked for it by hand; "" for one on schedule."""
    changed: Mapped[int | None]
    """New or different facts; None where the refresh kept none or did not say."""
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        sa.Index("ix_refreshes_latest", "source_name", "started_at"),
        # However often a source is asked for before anybody gets round to it, it is read once.
        sa.Index(
            "uq_refreshes_one_request",
            "source_name",
            unique=True,
            sqlite_where=sa.text("outcome = 'requested'"),
            postgresql_where=sa.text("outcome = 'requested'"),
        ),
    )


class RefreshCountRow(Base):
    """How often a source's refresh ended in which way since counting began."""

    __tablename__ = "refresh_counts"
    source_name: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    refreshes: Mapped[int]


class PriceSourceRow(Base):
    """A price source as the pricing wing describes it; the web knows sources from here alone."""

    __tablename__ = "price_sources"
    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    url: Mapped[str]
    licence: Mapped[str]
    every_s: Mapped[float]
    stale_after_s: Mapped[float]
    key_variable: Mapped[str | None]
    """Environment variable with the access key; None where none is needed."""
    switch_variable: Mapped[str | None]
    """Environment variable that switches it on; None where it is on anyway."""
    off_because: Mapped[str | None]
    fallback_for: Mapped[str | None]
    known_since: Mapped[datetime]
    __table_args__ = (*positive("every_s", "stale_after_s"),)


class RejectedRowRow(Base):
    __tablename__ = "rejected_rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    refresh_id: Mapped[int] = mapped_column(sa.ForeignKey("refreshes.id"), index=True)
    reason: Mapped[str]
    raw: Mapped[str]


class SourceAnswerRow(Base):
    """What a price source last answered: the next request can ask for something newer only."""

    __tablename__ = "source_answers"
    name: Mapped[str] = mapped_column(primary_key=True)
    url: Mapped[str]
    etag: Mapped[str]
    last_modified: Mapped[str]
    sha256: Mapped[str]
    """Of the decoded answer."""
    answered_at: Mapped[datetime]
    covers: Mapped[list[Any]] = mapped_column(sa.JSON(), server_default="[]")
    """Of a provider's own list: what the answer is complete for, as Coverage."""
    left_out: Mapped[list[Any]] = mapped_column(sa.JSON(), server_default="[]")
    """Names of the regions that are still to be read."""
    asked_all_at: Mapped[datetime | None]
    """When all regions were last asked for; null where none is left out."""


class AlertRow(Base):
    """A saved rule on rental prices: fires once when its condition becomes true."""

    __tablename__ = "alerts"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    gpu: Mapped[str]
    gpu_count: Mapped[int]
    tier: Mapped[str | None]
    provider: Mapped[str | None]
    currency: Mapped[str]
    threshold_per_hour: Mapped[Decimal | None]
    """Of the whole instance; fires when the cheapest offer falls to it or below."""
    fall_percent: Mapped[float | None]
    """Fires when the cheapest offer falls this far below the dearest since it last fired."""
    webhook_url: Mapped[str]
    webhook_secret: Mapped[str]
    is_armed: Mapped[bool]
    """False from firing until the condition has been false again."""
    reference_per_hour: Mapped[Decimal | None]
    last_per_hour: Mapped[Decimal | None]
    last_checked_at: Mapped[datetime | None]
    __table_args__ = (
        *positive("gpu_count", "threshold_per_hour", "fall_percent"),
        sa.CheckConstraint("(threshold_per_hour IS NULL) <> (fall_percent IS NULL)", name="one_condition"),
    )


class AlertEventRow(Base):
    """One firing of an alert and how its delivery goes."""

    __tablename__ = "alert_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    alert_id: Mapped[int] = mapped_column(sa.ForeignKey("alerts.id"), index=True)
    fired_at: Mapped[datetime]
    price_per_hour: Mapped[Decimal]
    reference_per_hour: Mapped[Decimal]
    currency: Mapped[str]
    offer_slug: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text())
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None]
    """None once delivered, given up, or where there is no webhook."""
    delivered_at: Mapped[datetime | None]
    error: Mapped[str]


class AlertAttemptRow(Base):
    """One try to deliver an event to its webhook."""

    __tablename__ = "alert_attempts"
    event_id: Mapped[int] = mapped_column(sa.ForeignKey("alert_events.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    at: Mapped[datetime]
    status: Mapped[int | None]
    """HTTP status of the answer; None where there was none."""
    error: Mapped[str]


class ReportScheduleRow(Base):
    """A decision that is asked again and reported on a cadence; when it is due stands in its job lease."""

    __tablename__ = "report_schedules"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    request: Mapped[str] = mapped_column(sa.Text())
    """The question as JSON, in the report's language."""
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("comparisons.id"), index=True)
    """The answer it was made from, which the first run is held against."""
    cadence: Mapped[str]
    first_at: Mapped[datetime]
    """Runs are counted from here."""
    format: Mapped[str]
    """Extension of the file."""
    language: Mapped[str]
    folder: Mapped[str]
    """Absolute path; "" for no file."""
    webhook_url: Mapped[str]
    webhook_secret: Mapped[str]
    paused_at: Mapped[datetime | None]


class ReportRunRow(Base):
    """One time that a schedule's question was asked again, or could not be; written once, never changed."""

    __tablename__ = "report_runs"
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(sa.ForeignKey("report_schedules.id"))
    number: Mapped[int]
    """Of the schedule's runs, from 1."""
    due_at: Mapped[datetime | None]
    """The due time that it served; None for one by hand between two of them."""
    at: Mapped[datetime]
    state: Mapped[str]
    decision_id: Mapped[str | None] = mapped_column(sa.ForeignKey("comparisons.id"), index=True)
    before_id: Mapped[str] = mapped_column(sa.ForeignKey("comparisons.id"), index=True)
    """The decision it was held against."""
    verdict_changed: Mapped[bool]
    headline: Mapped[str] = mapped_column(sa.Text())
    summary: Mapped[str] = mapped_column(sa.Text())
    changes: Mapped[str] = mapped_column(sa.Text())
    """JSON."""
    error: Mapped[str] = mapped_column(sa.Text())
    __table_args__ = (
        one_of("state", ("done", "failed")),
        sa.UniqueConstraint("schedule_id", "number"),
        # However many workers there are: one run for one due time.
        sa.UniqueConstraint("schedule_id", "due_at"),
    )


class ReportDeliveryRow(Base):
    """What a run has to bring somewhere, and how that goes."""

    __tablename__ = "report_deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("report_runs.id"))
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(sa.Text())
    """What a webhook is told, without the decision itself; "" for a file."""
    file_name: Mapped[str]
    """Of the file that was written; "" before."""
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(index=True)
    """None once delivered or given up."""
    delivered_at: Mapped[datetime | None]
    error: Mapped[str]
    __table_args__ = (
        one_of("kind", get_args(DeliveryKind)),
        sa.UniqueConstraint("run_id", "kind"),
    )


class ReportAttemptRow(Base):
    """One try to deliver."""

    __tablename__ = "report_attempts"
    delivery_id: Mapped[int] = mapped_column(sa.ForeignKey("report_deliveries.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 1."""
    at: Mapped[datetime]
    status: Mapped[int | None]
    """HTTP status of a webhook's answer; None where there was none."""
    error: Mapped[str]


class ComparisonRow(Base):
    __tablename__ = "comparisons"
    id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    request: Mapped[str] = mapped_column(sa.Text())
    answer: Mapped[bytes] = mapped_column(Packed())
    data_version: Mapped[int]
    code_version: Mapped[str]
    kind: Mapped[str] = mapped_column(server_default="comparison")
    """comparison | decision: which question it answers"""
    expires_from: Mapped[datetime | None]
    """Its days are counted from here; None where it stays: asked with a token or on the command line."""
    stored_bytes: Mapped[int] = mapped_column(server_default="0")
    """Of the question and the answer as they are kept, compressed."""
    __table_args__ = (
        one_of("kind", ("comparison", "decision")),
        # With their bytes: how much there is is asked of the index alone.
        sa.Index("ix_comparisons_expiring", "expires_from", "stored_bytes"),
    )


class ExpiredAnswerRow(Base):
    """That there was an answer under an id: who follows an old link is told so."""

    __tablename__ = "expired_answers"
    id: Mapped[str] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime]
    expired_at: Mapped[datetime] = mapped_column(index=True)


class ApiTokenRow(Base):
    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    scope: Mapped[str] = mapped_column(server_default="write")
    """Each holds those before it; a token from before there were scopes could do what "write" may."""
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    previous_sha256: Mapped[str | None] = mapped_column(unique=True)
    """Of the value before the last rotation, which counts until `previous_until`."""
    previous_until: Mapped[datetime | None]
    __table_args__ = (one_of("scope", TOKEN_SCOPES),)


class DataVersionRow(Base):
    __tablename__ = "data_version"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]
    changed_at: Mapped[datetime]
    catalog: Mapped[str] = mapped_column(server_default="")
    """Fingerprint of the catalog that was seeded last; "" before the first."""
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)


class JobLeaseRow(Base):
    __tablename__ = "job_leases"
    name: Mapped[str] = mapped_column(primary_key=True)
    due: Mapped[datetime]
    owner: Mapped[str | None]
    until: Mapped[datetime | None]
    last_started: Mapped[datetime | None]
    last_finished: Mapped[datetime | None]
