"""/api/v1/refreshes: how price sources were read; ask for one to be read again.

The web never fetches: a request is a row that a scheduler or worker finds at its next look.
"""

from datetime import datetime
from functools import wraps
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.collections import Page, PageQuery, json_response, respond_live
from service.api.contract import contract
from service.api.schemas import page_of
from service.api.tokens import bearer, is_trusted
from service.errors import UnknownName
from service.state import state
from service.store import leases, price_sources, refreshes
from service.store.refreshes import MOST_REJECTED_KEPT, Refresh
from service.store.work_models import RefreshOutcome

blueprint = Blueprint("refreshes", __name__)


class RefreshQuery(PageQuery):
    """Which refreshes."""

    source: str | None = Field(None, description="Name of a price source")
    outcome: RefreshOutcome | None = None


class RefreshItemQuery(Question):
    """How much of one refresh."""

    rejected_rows: int = Field(100, ge=0, le=MOST_REJECTED_KEPT, description="At most so many of them")


class RefreshOut(BaseModel):
    """One attempt to read a price source."""

    id: int
    source: str
    outcome: RefreshOutcome
    requested_by: str | None = Field(
        description="Name of the token that asked for it; empty on schedule; null for strangers"
    )
    started_at: datetime = Field(description="While it is only requested: when")
    finished_at: datetime | None
    accepted: int
    rejected: int
    changed: int | None = Field(description="New or different facts; null where none were kept")
    error: str | None = Field(description="Why it failed, or a remark; null for strangers")


class RejectedRowOut(BaseModel):
    """A row that was not kept."""

    reason: str
    raw: str = Field(description="As the source wrote it")


class RefreshWithRowsOut(RefreshOut):
    """A refresh with the rows it refused."""

    rejected_rows: list[RejectedRowOut] | None = Field(description="Null for strangers")


class RefreshIn(Question):
    """Which source shall be read now."""

    source: str = Field(min_length=1, max_length=100)


def refresh_item(number: int, refresh: Refresh, trusted: bool) -> dict[str, Any]:
    """A refresh as plain values; a stranger learns how it ended, not why or for whom."""
    return {
        "id": number,
        "source": refresh.source_name,
        "outcome": refresh.outcome,
        "requested_by": refresh.requested_by if trusted else None,
        "started_at": refresh.started_at,
        "finished_at": refresh.finished_at,
        "accepted": refresh.accepted,
        "rejected": refresh.rejected,
        "changed": refresh.changed,
        "error": refresh.error if trusted else None,
    }


@blueprint.get("/refreshes")
@contract.validate(
    query=RefreshQuery,
    resp=Answers(HTTP_200=page_of("RefreshPage", RefreshOut)),
    tags=["refreshes"],
    operation_id="refreshes_list",
)
def listed(query: RefreshQuery) -> Response:
    """List refreshes of price sources, the newest first."""
    trusted = is_trusted()
    with state().sessions.reading() as session:
        if query.source is not None:
            _refuse_unknown(query.source, price_sources.names(session))
        page = refreshes.page(session, query.source, query.outcome, query.limit, query.offset)
    return respond_live(query, Page([refresh_item(*row, trusted) for row in page.refreshes], page.total))


@blueprint.get("/refreshes/<int:number>")
@contract.validate(
    query=RefreshItemQuery,
    resp=Answers(HTTP_200=RefreshWithRowsOut),
    tags=["refreshes"],
    operation_id="refreshes_get",
)
def one(number: int, query: RefreshItemQuery) -> Response:
    """One refresh, with the rows it refused and why."""
    trusted = is_trusted()
    with state().sessions.reading() as session:
        item = refresh_item(number, refreshes.get(session, number), trusted)
        rows = refreshes.rejected_by(session, number, query.rejected_rows)
    shown = [{"reason": row.reason, "raw": row.raw} for row in rows] if trusted else None
    response = json_response(item | {"rejected_rows": shown})
    response.headers["Cache-Control"] = "no-store"
    return response


@contract.validate(
    json=RefreshIn,
    resp=Answers(HTTP_202=RefreshOut),
    tags=["refreshes"],
    operation_id="refreshes_request",
    security={"token": []},
)
def requested(json: RefreshIn) -> Response:
    """Ask for a source to be read at the next look of a scheduler; asked twice before, it is read once."""
    who = bearer()
    with state().sessions.begin() as session:
        _refuse_unknown(json.source, price_sources.names(session))
        number = refreshes.request(session, json.source, who, leases.clock(session))
        item = refresh_item(number, refreshes.get(session, number), True)
    response = json_response(item, 202)
    response.headers["Location"] = f"/api/v1/refreshes/{number}"
    return response


@blueprint.post("/refreshes")
@wraps(requested)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    response: Response = requested()
    return response


def _refuse_unknown(name: str, names: list[str]) -> None:
    if name not in names:
        raise UnknownName("source", name, names)
