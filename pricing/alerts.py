"""Saved rules on prices: looked at after each refresh, told to a webhook, signed, until it has heard.

A webhook gets `POST` with a JSON body and the headers Heimvorteil-Timestamp (Unix seconds),
Heimvorteil-Signature (`v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>` under the alert's secret) and
Idempotency-Key, which is the same at every try. Only https to a public address; no redirect is followed.
"""

import hashlib
import hmac
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import orjson

from pricing.addresses import public_addresses
from service.decide.price_watch import look
from service.errors import MissingFact
from service.estimate.cost import conversion
from service.facts import CloudOffer, ExchangeRate
from service.reports.alert_items import condition, money
from service.reports.offer_items import offer_item
from service.store import alerts, exchange_rates, offer_conflicts, offers
from service.store.alerts import Alert
from service.store.session import Sessions

WAITS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 1440))
"""Between the tries; after the last one the event is given up."""
TIMEOUT_S = 10.0
LONGEST_EXCHANGE_S = 20.0
LONGEST_ROUND_S = 60.0
"""Receivers that hang must not keep a refresh from ending."""
LEASE = timedelta(minutes=2)
USER_AGENT = "heimvorteil/0.1 (price alert)"

log = logging.getLogger(__name__)


class Refused(Exception):
    """An address that is never spoken to."""


Connect = Callable[[str], HTTPConnection]
"""A connection, not yet open, to the host of an address; raises Refused."""


class _CheckedConnection(HTTPSConnection):
    """TLS to an address that was looked up and checked before; the certificate must be the host's."""

    def __init__(self, host: str, port: int | None, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address
        self._tls = ssl.create_default_context()

    def connect(self) -> None:
        """Open it to the checked address, whatever the name means by now."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def public_https(url: str) -> HTTPConnection:
    """The one way out of an alert: https to a host all of whose addresses are public. Raises Refused."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Refused("only https is spoken to")
    addresses = public_addresses(parts.hostname)
    if not addresses:
        raise Refused(f"{parts.hostname} is not a public address")
    return _CheckedConnection(parts.hostname, parts.port, addresses[0])


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
    """Look at the cheapest listed offer of every rule; returns how many fired. One transaction."""
    with sessions.begin() as session:
        rates = exchange_rates.newest_rates(session)
        fired = 0
        for alert in alerts.lock(session):
            rule = alert.rule
            wanted = offers.OfferFilter(
                gpu=rule.gpu, gpu_count_min=rule.gpu_count, gpu_count_max=rule.gpu_count, tier=rule.tier,
                provider=rule.provider,
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
            item = offer_item(cheapest, rule.currency, tuple(rates.values()), conflicts)
            body = message(alert, f"{alert.slug}-{number}", now, price, reference, item)
            alerts.set_body(session, number, body.decode())
            fired += 1
        return fired


def message(
    alert: Alert, key: str, at: datetime, price: Decimal, reference: Decimal, offer: dict[str, object] | None
) -> bytes:
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
    ends = time.monotonic() + LONGEST_ROUND_S
    heard = 0
    while time.monotonic() < ends:
        with sessions.begin() as session:
            claimed = alerts.claim_due(session, now, LEASE)
        if claimed is None:
            break
        event, alert = claimed
        status, error = send(alert, event.key, event.body.encode(), connect)
        following = None
        if error and event.attempts < len(WAITS):
            following = now + WAITS[event.attempts]
        with sessions.begin() as session:
            alerts.record_attempt(session, event, now, status, error, following)
        heard += not error
        if error:
            log.warning("alert %s, try %d: %s", event.key, event.attempts + 1, error)
    return heard


def send(alert: Alert, key: str, body: bytes, connect: Connect = public_https) -> tuple[int | None, str]:
    """One try: the status of the answer, if there was one, and what went wrong, "" if nothing did."""
    parts = urlsplit(alert.rule.webhook_url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Idempotency-Key": key,
        "Heimvorteil-Timestamp": timestamp,
        "Heimvorteil-Signature": signature(alert.webhook_secret, timestamp, body),
        "Connection": "close",
    }
    try:
        connection = connect(alert.rule.webhook_url)
    except Refused as refused:
        return None, str(refused)
    # A receiver that drips its answer a byte at a time is cut off.
    timer = threading.Timer(LONGEST_EXCHANGE_S, _cut, [connection])
    timer.start()
    try:
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"[:200]
    finally:
        timer.cancel()
        connection.close()
    if 200 <= status < 300:
        return status, ""
    return status, f"HTTP {status}" + (", and no redirect is followed" if 300 <= status < 400 else "")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of timestamp, a dot and the body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def _price(offer: CloudOffer | None, currency: str, rates: tuple[ExchangeRate, ...]) -> Decimal | None:
    if offer is None:
        return None
    try:
        price = offer.hourly_price * conversion(offer.currency, currency, rates).factor
    except MissingFact:
        return None
    return price.quantize(Decimal("1e-9"))


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
