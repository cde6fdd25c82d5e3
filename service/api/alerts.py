"""/api/v1/alerts: saved rules on prices, their firings, and feeds of them that anyone may subscribe to."""

from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, Field, field_validator
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.collections import PageQuery, json_response, private, respond_live, sliced
from service.api.contract import contract
from service.api.feeds import respond_feed
from service.api.offers import LARGEST_PRICE
from service.api.schemas import page_of
from service.api.tokens import bearer, carries_token
from service.facts import Tier
from service.reports.notices.alert_items import condition, money
from service.state import facts, now, state
from service.store import alerts
from service.store.alerts import Alert, AlertEvent, Rule
from service.usecases.alerts import save_alert

FEED_ENTRIES = 50
EVENTS_SHOWN = 20


class AlertIn(Question):
    """What to watch: the cheapest listed offer of a GPU and count; exactly one of the two conditions."""

    name: str = Field("", max_length=120, description="Shown in the feed; the condition if empty")
    gpu: str = Field(min_length=1, max_length=80, description="Slug or alias")
    gpu_count: int = Field(1, ge=1, le=1024)
    tier: Tier | None = None
    provider: str | None = Field(None, max_length=60)
    currency: str = Field("USD", pattern="^[A-Za-z]{3}$")
    threshold_per_hour: Decimal | None = Field(
        None, gt=0, le=LARGEST_PRICE, max_digits=16, decimal_places=9,
        description="Whole instance; fires when the cheapest falls to it or below",
    )  # fmt: skip
    fall_percent: float | None = Field(
        None,
        gt=0,
        lt=100,
        description="Fires when the cheapest is so far below the dearest since it last fired",
    )
    webhook_url: str = Field("", max_length=500, description="https and public; empty for the feed alone")

    @field_validator("threshold_per_hour", mode="before")
    @classmethod
    def _exact(cls, value: Any) -> Any:
        return str(value) if isinstance(value, float) else value


class AlertOut(BaseModel):
    """A saved rule; the webhook's address is for those with a token, its secret for nobody."""

    slug: str
    name: str
    condition: str
    gpu: str
    gpu_count: int
    tier: Tier | None
    provider: str | None
    currency: str
    unit: str
    threshold_per_hour: str | None
    fall_percent: float | None
    created_at: datetime
    is_armed: bool = Field(description="False from firing until the condition has been false again")
    reference_per_hour: str | None = Field(description="The dearest price it has seen since it last fired")
    last_per_hour: str | None
    last_checked_at: datetime | None
    has_webhook: bool
    webhook_url: str | None = Field(description="Null without a token")
    feed: str


class AlertCreatedOut(AlertOut):
    """A new alert with the secret its webhook is signed with, shown this once."""

    webhook_secret: str | None


class AlertEventOut(BaseModel):
    """One firing and its delivery."""

    id: str
    fired_at: datetime
    price_per_hour: str
    reference_per_hour: str
    currency: str
    offer: str = Field(description="Slug")
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    error: str | None = Field(description="Of the last try; null without a token")


class AlertDetailOut(AlertOut):
    """A saved rule with its newest firings."""

    events: list[AlertEventOut]


def alert_item(alert: Alert, trusted: bool) -> dict[str, Any]:
    """An alert as plain values; `trusted` askers carry a token."""
    rule = alert.rule
    return {
        "slug": alert.slug,
        "name": rule.name,
        "condition": _condition(alert),
        "gpu": rule.gpu,
        "gpu_count": rule.gpu_count,
        "tier": rule.tier,
        "provider": rule.provider,
        "currency": rule.currency,
        "unit": f"{rule.currency}/h",
        "threshold_per_hour": money(rule.threshold_per_hour),
        "fall_percent": rule.fall_percent,
        "created_at": alert.created_at,
        "is_armed": alert.watch.is_armed,
        "reference_per_hour": money(alert.watch.reference),
        "last_per_hour": money(alert.last_per_hour),
        "last_checked_at": alert.last_checked_at,
        "has_webhook": bool(rule.webhook_url),
        "webhook_url": (rule.webhook_url or None) if trusted else None,
        "feed": f"/api/v1/alerts/{alert.slug}/feed.atom",
    }


def event_item(event: AlertEvent, trusted: bool) -> dict[str, Any]:
    """A firing as plain values."""
    return {
        "id": event.key,
        "fired_at": event.fired_at,
        "price_per_hour": money(event.price_per_hour),
        "reference_per_hour": money(event.reference_per_hour),
        "currency": event.currency,
        "offer": event.offer_slug,
        "attempts": event.attempts,
        "next_attempt_at": event.next_attempt_at,
        "delivered_at": event.delivered_at,
        "error": event.error if trusted else None,
    }


blueprint = Blueprint("alerts", __name__)


@blueprint.get("/alerts")
@contract.validate(
    query=PageQuery, resp=Answers(HTTP_200=page_of("AlertPage", AlertOut)), tags=["alerts"],
    operation_id="alerts_list",
)  # fmt: skip
def listed(query: PageQuery) -> Response:
    """List the saved rules."""
    trusted = carries_token()
    with state().sessions.reading() as session:
        rules = alerts.all(session)
    return respond_live(query, sliced(rules, query, lambda alert: alert_item(alert, trusted)))


@blueprint.get("/alerts/<string:slug>")
@contract.validate(resp=Answers(HTTP_200=AlertDetailOut), tags=["alerts"], operation_id="alerts_get")
def one(slug: str) -> Response:
    """One saved rule with its newest firings."""
    trusted = carries_token()
    with state().sessions.reading() as session:
        alert, fired = alerts.get(session, slug), alerts.events(session, slug, EVENTS_SHOWN)
    events = [event_item(event, trusted) for event in fired]
    return private(json_response({**alert_item(alert, trusted), "events": events}))


@contract.validate(
    json=AlertIn,
    resp=Answers(HTTP_201=AlertCreatedOut),
    tags=["alerts"],
    operation_id="alerts_add",
    security={"token": []},
)
def saved(json: AlertIn) -> Response:
    """Save a rule; the answer alone shows the secret."""
    alert = save_alert(state().sessions, facts(), Rule(**json.model_dump()), bearer(), now())
    response = json_response({**alert_item(alert, True), "webhook_secret": alert.webhook_secret or None}, 201)
    response.headers["Location"] = f"/api/v1/alerts/{alert.slug}"
    return private(response)


@blueprint.post("/alerts")
@wraps(saved)
def add() -> Response:
    # Who may not write learns nothing about what a valid body is.
    bearer()
    response: Response = saved()
    return response


@blueprint.delete("/alerts/<string:slug>")
@contract.validate(
    resp=Answers("HTTP_204"), tags=["alerts"], operation_id="alerts_remove", security={"token": []}
)
def remove(slug: str) -> Response:
    """Forget a rule, its firings and its feed."""
    bearer()
    with state().sessions.begin() as session:
        alerts.remove(session, slug)
    return private(Response(status=204))


@blueprint.get("/alerts/feed.atom")
@contract.validate(resp=Answers("HTTP_200"), tags=["alerts"], operation_id="alerts_feed_all")
def all_fired() -> Response:
    """An Atom feed of the newest firings of all rules."""
    with state().sessions.reading() as session:
        rules, fired = alerts.all(session), alerts.events(session, limit=FEED_ENTRIES)
    return _atom("GPU price alerts", rules, fired)


@blueprint.get("/alerts/<string:slug>/feed.atom")
@contract.validate(resp=Answers("HTTP_200"), tags=["alerts"], operation_id="alerts_feed")
def fired(slug: str) -> Response:
    """An Atom feed of the newest firings of one rule."""
    with state().sessions.reading() as session:
        alert, events = alerts.get(session, slug), alerts.events(session, slug, FEED_ENTRIES)
    return _atom(alert.rule.name, [alert], events)


def _atom(title: str, rules: list[Alert], events: list[AlertEvent]) -> Response:
    by_slug = {alert.slug: alert for alert in rules}
    entries = [
        {
            "key": event.key,
            "title": f"{by_slug[event.alert].rule.name}: {money(event.price_per_hour)} {event.currency}/h",
            "summary": f"{_condition(by_slug[event.alert])}. Cheapest now {money(event.price_per_hour)}, "
            f"dearest before {money(event.reference_per_hour)} {event.currency}/h; offer {event.offer_slug}.",
            "at": event.fired_at,
            "link": f"/api/v1/offers/{event.offer_slug}",
        }
        for event in events
    ]
    return respond_feed(title, (alert.created_at for alert in rules), entries, "alert event")


def _condition(alert: Alert) -> str:
    rule = alert.rule
    return condition(
        gpu=rule.gpu, gpu_count=rule.gpu_count, tier=rule.tier, provider=rule.provider,
        currency=rule.currency, threshold_per_hour=rule.threshold_per_hour, fall_percent=rule.fall_percent,
    )  # fmt: skip
