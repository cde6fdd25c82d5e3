"""/api/v1/report-schedules: decisions that are asked again on a cadence, their runs, and feeds of them.

A schedule made here reports to a webhook and to its feed, never into a folder: whoever holds a token may
ask this server for prices, not choose where on its disk it writes. Folders are for the command line.
"""

from datetime import datetime
from functools import wraps
from typing import Any, Literal

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.collections import Page, PageQuery, json_response, private, respond_live, sliced
from service.api.contract import contract
from service.api.feeds import respond_feed
from service.api.schemas import page_of
from service.api.tokens import bearer, carries_token
from service.decide.decision_change import ChangeCode
from service.reports.notices.report_letters import decision_url, report_url
from service.state import now, state
from service.store import report_runs, report_schedules
from service.store.report_runs import Delivery, DeliveryState, ReportRun
from service.store.report_schedules import ReportSchedule
from service.store.work_models import DeliveryKind
from service.usecases.report_schedules import (
    WantedReport,
    pause_schedule,
    resume_schedule,
    save_schedule,
)

FEED_ENTRIES = 50
RUNS_SHOWN = 10
blueprint = Blueprint("report_schedules", __name__)


class ReportScheduleIn(Question):
    """Which decision to ask again, how often, and whom to tell."""

    decision: str = Field(min_length=1, max_length=80, description="Id of a stored decision")
    every: str = Field(
        "weekly", max_length=20, description="daily, weekly, monthly, 12h, 7d, 2w; at least 1h"
    )
    first_at: datetime | None = Field(
        None,
        description="First run, with offset; later ones keep its weekday and hour. Else one round from now",
    )
    name: str = Field("", max_length=120, description="Else made from the run and the cadence")
    lang: Literal["en", "de"] | None = Field(
        None, description="Of reports, notices and feed; else the decision's"
    )
    webhook_url: str = Field("", max_length=500, description="https and public; empty for the feed alone")


class ReportSchedulePatch(Question):
    """What of a schedule can be changed."""

    paused: bool = Field(description="Resumed, it runs at its next time; what was missed stays missed")


class ReportChangeOut(BaseModel):
    """One thing that is not as it was at the run before."""

    code: ChangeCode
    subject: str
    before: str | None
    before_unit: str
    after: str | None
    unit: str
    source: str
    as_of: str | None
    cause: str = Field(description="Of an estimate that changed: code or calibration")
    sentence: str


class ReportDeliveryOut(BaseModel):
    """What a run has to bring somewhere, and how that goes."""

    kind: DeliveryKind
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    file_name: str | None = Field(description="Null without a token")
    error: str | None = Field(description="Of the last try; null without a token")


class ReportRunOut(BaseModel):
    """One time that the question was asked again, or could not be."""

    id: str
    number: int
    at: datetime
    due_at: datetime | None = Field(description="The due time that it served; null for one by hand")
    state: Literal["done", "failed"]
    verdict_changed: bool
    headline: str
    summary: str
    changes: list[ReportChangeOut]
    decision: str | None
    decision_url: str | None
    decision_before: str
    error: str | None
    deliveries: list[ReportDeliveryOut]


class ReportScheduleOut(BaseModel):
    """A saved schedule; where it reports to is for those with a token, its secret for nobody."""

    slug: str
    name: str
    decision: str
    every: str
    first_at: datetime
    created_at: datetime
    lang: Literal["en", "de"]
    paused_at: datetime | None
    next_run_at: datetime | None = Field(description="Null while it is paused")
    is_running: bool
    format: str = Field(description="Of the file in its folder")
    has_folder: bool
    folder: str | None = Field(description="Null without a token")
    has_webhook: bool
    webhook_url: str | None = Field(description="Null without a token")
    feed: str


class ReportScheduleCreatedOut(ReportScheduleOut):
    """A new schedule with the secret its webhook is signed with, shown this once."""

    webhook_secret: str | None


class ReportScheduleDetailOut(ReportScheduleOut):
    """A saved schedule with its newest runs."""

    runs: list[ReportRunOut]


def schedule_item(schedule: ReportSchedule, trusted: bool) -> dict[str, Any]:
    """A schedule as plain values; `trusted` askers carry a token."""
    order = schedule.order
    return {
        "slug": schedule.slug,
        "name": order.name,
        "decision": order.decision_id,
        "every": order.cadence,
        "first_at": order.first_at,
        "created_at": schedule.created_at,
        "lang": order.language,
        "paused_at": schedule.paused_at,
        "next_run_at": None if schedule.paused_at else schedule.due_at,
        "is_running": schedule.is_running,
        "format": order.format,
        "has_folder": bool(order.folder),
        "folder": (order.folder or None) if trusted else None,
        "has_webhook": bool(order.webhook_url),
        "webhook_url": (order.webhook_url or None) if trusted else None,
        "feed": f"/api/v1/report-schedules/{schedule.slug}/feed.atom",
    }


def run_item(run: ReportRun, deliveries: list[Delivery], trusted: bool) -> dict[str, Any]:
    """A run as plain values."""
    return {
        "id": run.key,
        "number": run.number,
        "at": run.at,
        "due_at": run.due_at,
        "state": "failed" if run.error else "done",
        "verdict_changed": run.verdict_changed,
        "headline": run.headline,
        "summary": run.summary,
        "changes": run.changes,
        "decision": run.decision_id,
        "decision_url": decision_url(run.decision_id) if run.decision_id else None,
        "decision_before": run.before_id,
        "error": run.error or None,
        "deliveries": [
            {
                "kind": one.kind,
                "state": one.state,
                "attempts": one.attempts,
                "next_attempt_at": one.next_attempt_at,
                "delivered_at": one.delivered_at,
                "file_name": (one.file_name or None) if trusted else None,
                "error": (one.error or None) if trusted else None,
            }
            for one in deliveries
        ],
    }


@blueprint.get("/report-schedules")
@contract.validate(
    query=PageQuery, resp=Answers(HTTP_200=page_of("ReportSchedulePage", ReportScheduleOut)),
    tags=["report-schedules"], operation_id="report_schedules_list",
)  # fmt: skip
def listed(query: PageQuery) -> Response:
    """List the schedules."""
    trusted = carries_token()
    with state().sessions.reading() as session:
        schedules = report_schedules.all(session)
    return respond_live(query, sliced(schedules, query, lambda schedule: schedule_item(schedule, trusted)))


@blueprint.get("/report-schedules/<string:slug>")
@contract.validate(
    resp=Answers(HTTP_200=ReportScheduleDetailOut),
    tags=["report-schedules"],
    operation_id="report_schedules_get",
)
def one(slug: str) -> Response:
    """One schedule with its newest runs."""
    trusted = carries_token()
    with state().sessions.reading() as session:
        schedule = report_schedules.get(session, slug)
        runs = report_runs.newest(session, slug, RUNS_SHOWN)
        delivered = report_runs.deliveries(session, runs)
    items = [run_item(run, delivered[run.id], trusted) for run in runs]
    return private(json_response({**schedule_item(schedule, trusted), "runs": items}))


@blueprint.get("/report-schedules/<string:slug>/runs")
@contract.validate(
    query=PageQuery, resp=Answers(HTTP_200=page_of("ReportRunPage", ReportRunOut)),
    tags=["report-schedules"], operation_id="report_schedules_runs",
)  # fmt: skip
def runs(slug: str, query: PageQuery) -> Response:
    """List the runs of one schedule, the newest first: what changed, and what became of its deliveries."""
    trusted = carries_token()
    with state().sessions.reading() as session:
        report_schedules.get(session, slug)
        newest = report_runs.newest(session, slug, query.limit, query.offset)
        delivered, total = report_runs.deliveries(session, newest), report_runs.count(session, slug)
    return respond_live(query, Page([run_item(run, delivered[run.id], trusted) for run in newest], total))


@contract.validate(
    json=ReportScheduleIn,
    resp=Answers(HTTP_201=ReportScheduleCreatedOut),
    tags=["report-schedules"],
    operation_id="report_schedules_add",
    security={"token": []},
)
def saved(json: ReportScheduleIn) -> Response:
    """Ask a stored decision again on a cadence; the answer alone shows the secret."""
    wanted = WantedReport(
        json.decision, json.every, json.first_at, json.name, language=json.lang, webhook_url=json.webhook_url
    )
    schedule = save_schedule(state().sessions, wanted, bearer(), now())
    item = schedule_item(schedule, True) | {"webhook_secret": schedule.webhook_secret or None}
    response = json_response(item, 201)
    response.headers["Location"] = f"/api/v1/report-schedules/{schedule.slug}"
    return private(response)


@blueprint.post("/report-schedules")
@wraps(saved)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    response: Response = saved()
    return response


@contract.validate(
    json=ReportSchedulePatch,
    resp=Answers(HTTP_200=ReportScheduleOut),
    tags=["report-schedules"],
    operation_id="report_schedules_pause",
    security={"token": []},
)
def paused(slug: str, json: ReportSchedulePatch) -> Response:
    """Pause a schedule, or resume it."""
    change = pause_schedule if json.paused else resume_schedule
    return private(json_response(schedule_item(change(state().sessions, slug, now()), True)))


@blueprint.patch("/report-schedules/<string:slug>")
@wraps(paused)
def patch(slug: str) -> Response:
    bearer()
    response: Response = paused(slug)
    return response


@blueprint.delete("/report-schedules/<string:slug>")
@contract.validate(
    resp=Answers("HTTP_204"), tags=["report-schedules"], operation_id="report_schedules_remove",
    security={"token": []},
)  # fmt: skip
def remove(slug: str) -> Response:
    """Forget a schedule, its runs and its feed; the decisions stay."""
    bearer()
    with state().sessions.begin() as session:
        report_schedules.remove(session, slug)
    return private(Response(status=204))


@blueprint.get("/report-schedules/feed.atom")
@contract.validate(
    resp=Answers("HTTP_200"), tags=["report-schedules"], operation_id="report_schedules_feed_all"
)
def all_runs() -> Response:
    """An Atom feed of the newest runs of all schedules; a new verdict has a category."""
    with state().sessions.reading() as session:
        schedules, newest = report_schedules.all(session), report_runs.newest(session, limit=FEED_ENTRIES)
    return _feed("Heimvorteil", schedules, newest)


@blueprint.get("/report-schedules/<string:slug>/feed.atom")
@contract.validate(resp=Answers("HTTP_200"), tags=["report-schedules"], operation_id="report_schedules_feed")
def feed(slug: str) -> Response:
    """An Atom feed of the newest runs of one schedule; a new verdict has a category."""
    with state().sessions.reading() as session:
        schedule = report_schedules.get(session, slug)
        newest = report_runs.newest(session, slug, FEED_ENTRIES)
    return _feed(schedule.order.name, [schedule], newest)


def _feed(title: str, schedules: list[ReportSchedule], runs: list[ReportRun]) -> Response:
    orders = {schedule.slug: schedule.order for schedule in schedules}
    entries = [
        {
            "key": run.key,
            "title": f"{orders[run.schedule].name}: {run.headline}",
            "summary": " ".join(filter(None, (run.summary, *(c["sentence"] for c in run.changes)))),
            "at": run.at,
            "link": report_url(run.decision_id, orders[run.schedule].language)
            if run.decision_id
            else f"/api/v1/report-schedules/{run.schedule}",
            "category": "failed" if run.error else "verdict-changed" if run.verdict_changed else None,
        }
        for run in runs
    ]
    return respond_feed(title, (schedule.created_at for schedule in schedules), entries, "report run")
