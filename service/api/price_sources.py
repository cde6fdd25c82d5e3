"""/api/v1/price-sources: where prices come from, and how each source stands."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.collections import PageQuery, json_response, respond_live, sliced
from service.api.contract import contract
from service.api.schemas import page_of
from service.api.tokens import is_trusted
from service.errors import NotFound, worded
from service.state import state
from service.store import leases, price_sources
from service.store.price_sources import SourceState, Standing

blueprint = Blueprint("price_sources", __name__)


class PriceSourceQuery(PageQuery):
    """Which sources."""

    state: SourceState | None = None


class PriceSourceOut(BaseModel):
    """A price source and how it stands; null is unknown or not yet."""

    name: str
    title: str
    url: str
    licence: str
    key_variable: str | None = Field(description="Environment variable of its key; null where it needs none")
    switch_variable: str | None = Field(
        description="Environment variable that wakes it with `on`; null where it is on anyway"
    )
    off_because: str | None = Field(description="Why it sleeps until it is switched on")
    fallback_for: str | None = Field(description="The source it stands in for")
    every_s: float
    stale_after_s: float
    state: SourceState = Field(
        description="stale: last success longer ago than stale_after_s; failing: not stale yet; "
        "asleep: no key or not switched on; standby: the one it stands in for is fresh; new: never read"
    )
    last_success_at: datetime | None
    age_s: float | None = Field(description="Since the last success")
    accepted: int | None = Field(description="Of the last refresh that ended, as the next one")
    rejected: int | None
    error: str | None = Field(description="Of the last refresh that ended; null for strangers")
    next_run_at: datetime | None
    running_since: datetime | None


def source_item(standing: Standing, trusted: bool) -> dict[str, Any]:
    """A source as plain values; a stranger learns how it stands, not what it answered."""
    source, last = standing.source, standing.last
    return {
        "name": source.name,
        "title": source.title,
        "url": source.url,
        "licence": source.licence,
        "key_variable": source.key_variable,
        "switch_variable": source.switch_variable,
        "off_because": source.off_because,
        "fallback_for": source.fallback_for,
        "every_s": source.every.total_seconds(),
        "stale_after_s": source.stale_after.total_seconds(),
        "state": standing.state,
        "last_success_at": standing.last_success_at,
        "age_s": None if standing.age is None else standing.age.total_seconds(),
        "accepted": last.accepted if last else None,
        "rejected": last.rejected if last else None,
        "error": (last.error if last else "") if trusted else None,
        "next_run_at": standing.due,
        "running_since": standing.running_since,
    }


def _standings() -> list[Standing]:
    with state().sessions.reading() as session:
        return price_sources.standings(session, leases.clock(session))


@blueprint.get("/price-sources")
@contract.validate(
    query=PriceSourceQuery,
    resp=Answers(HTTP_200=page_of("PriceSourcePage", PriceSourceOut)),
    tags=["price-sources"],
    operation_id="price_sources_list",
)
def listed(query: PriceSourceQuery) -> Response:
    """List price sources and how each stands, by name."""
    standings = [s for s in _standings() if query.state is None or s.state == query.state]
    trusted = is_trusted()
    return respond_live(query, sliced(standings, query, lambda standing: source_item(standing, trusted)))


@blueprint.get("/price-sources/<string:name>")
@contract.validate(
    query=Question,
    resp=Answers(HTTP_200=PriceSourceOut),
    tags=["price-sources"],
    operation_id="price_sources_get",
)
def one(name: str, query: Question) -> Response:
    """One price source by name."""
    for standing in _standings():
        if standing.source.name == name:
            response = json_response(source_item(standing, is_trusted()))
            response.headers["Cache-Control"] = "no-store"
            return response
    raise NotFound(worded("price source"), name)
