"""Saved rules on prices: looked at after each refresh, told to a webhook until it has heard."""

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from pricing import webhooks
from pricing.webhooks import Connect, Letter, public_https
from service.errors import MissingFact
from service.estimate.cost import conversion
from service.estimate.price_age import USUAL_MAX_AGE_DAYS
from service.estimate.price_watch import look
from service.facts import CloudOffer, ExchangeRate
from service.reports.listings.offer_items import offer_item
from service.reports.notices.alert_items import condition, money
from service.store import alerts, exchange_rates, offer_conflicts, offers
from service.store.alerts import Alert, AlertEvent
from service.store.session import Sessions

log = logging.getLogger(__name__)


class _Firings:
    """The firings that wait to be told."""

    def claim(self, session: Any, now: datetime, lease: timedelta) -> Letter[AlertEvent] | None:
        claimed = alerts.claim_due(session, now, lease)
        if claimed is None:
            return None
        event, alert = claimed
        return Letter(
            event,
            url=alert.rule.webhook_url,
            secret=alert.webhook_secret,
            key=event.key,
            body=event.body.encode(),
            attempts=event.attempts,
        )

    def record(
        self, session: Any, row: AlertEvent, at: datetime, *, status: int | None, error: str,
        next_at: datetime | None,
    ) -> None:  # fmt: skip
        alerts.record_attempt(session, row, at, status=status, error=error, next_attempt_at=next_at)


def after_refresh(sessions: Sessions, now: datetime, connect: Connect = public_https) -> None:
    """Look at every rule and tell who waits to be told; a fault is logged and never reaches the refresh."""
    try:
        with sessions.reading() as session:
            if not alerts.all(session):
                return
        evaluate(sessions, now)
        deliver(sessions, now, connect)
    except Exception:
        log.exception("alerts could not be looked at; the next refresh tries again")


def evaluate(sessions: Sessions, now: datetime) -> int:
    """Look at the cheapest current offer of every rule; returns how many fired. One transaction.

    What came with the product, and what was last known more than 30 days ago, is no news.
    """
    with sessions.begin() as session:
        rates = exchange_rates.newest_rates(session)
        fired = 0
        for alert in alerts.lock(session):
            rule = alert.rule
            wanted = offers.OfferFilter(
                gpu=rule.gpu, gpu_count_min=rule.gpu_count, gpu_count_max=rule.gpu_count, tier=rule.tier,
                provider=rule.provider, is_shipped=False,
                known_since=now.date() - timedelta(days=USUAL_MAX_AGE_DAYS),
            )  # fmt: skip
            cheapest = next(iter(offers.search(session, wanted, limit=1).offers), None)
            price = _price(cheapest, rule.currency, tuple(rates.values()))
            watch, fires = look(alert.watch, price)
            alerts.remember(session, alert, watch, price, now)
            if not fires or cheapest is None or price is None:
                continue
            before = alert.watch.reference
            reference = price if before is None else max(before, price)
            number = alerts.fire(
                session, alert, price=price, reference=reference, offer_slug=cheapest.slug, now=now
            )
            conflicts = offer_conflicts.conflicts_of(session, [cheapest]).get(cheapest.slug, ())
            item = offer_item(cheapest, rule.currency, tuple(rates.values()), conflicts=conflicts)
            key = f"{alert.slug}-{number}"
            body = message(alert, key, now, price=price, reference=reference, offer=item)
            alerts.set_body(session, number, body.decode())
            fired += 1
        return fired


def message(
    alert: Alert, key: str, at: datetime, *, price: Decimal, reference: Decimal,
    offer: dict[str, object] | None,
) -> bytes:  # fmt: skip
    """What a receiver is told: the rule, the price that met it, and the offer with its source and day."""
    rule = alert.rule
    return orjson.dumps(
        {
            "id": key,
            "alert": alert.slug,
            "name": rule.name,
            "condition": condition(
                gpu=rule.gpu, gpu_count=rule.gpu_count, tier=rule.tier, provider=rule.provider,
                currency=rule.currency, threshold_per_hour=rule.threshold_per_hour,
                fall_percent=rule.fall_percent,
            ),
            "fired_at": at,
            "price_per_hour": money(price),
            "reference_per_hour": money(reference),
            "currency": rule.currency,
            "unit": f"{rule.currency}/h",
            "offer": offer,
        }
    )  # fmt: skip


def deliver(sessions: Sessions, now: datetime, connect: Connect = public_https) -> int:
    """Tell every receiver whose time has come, from any number of processes; returns how many heard."""
    return webhooks.deliver(sessions, now, _Firings(), connect)


def send(alert: Alert, key: str, body: bytes, connect: Connect = public_https) -> tuple[int | None, str]:
    """One try: the status of the answer, if there was one, and what went wrong, "" if nothing did."""
    return webhooks.send(alert.rule.webhook_url, alert.webhook_secret, key, body, connect)


def _price(offer: CloudOffer | None, currency: str, rates: tuple[ExchangeRate, ...]) -> Decimal | None:
    if offer is None:
        return None
    try:
        price = offer.hourly_price * conversion(offer.currency, currency, rates).factor
    except MissingFact:
        return None
    return price.quantize(Decimal("1e-9"))
