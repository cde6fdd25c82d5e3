"""Saving a rule on a price: names become facts, and a webhook an address that may be told."""

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from service.errors import InvalidValue, UnknownName, choice_of, worded
from service.public_hosts import may_be_public
from service.store import alerts
from service.store.alerts import Alert, Rule
from service.store.models import TIERS
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import checked_count, find_gpu

LONGEST_NAME = 120
LONGEST_URL = 500
LARGEST_THRESHOLD = Decimal(1_000_000)
MOST_ALERTS = 1_000


def save_alert(sessions: Sessions, snapshot: Snapshot, rule: Rule, who: str, now: datetime) -> Alert:
    """Keep the rule. Raises InvalidValue or UnknownName naming the field that cannot be."""
    rule = _checked(snapshot, rule)
    with sessions.begin() as session:
        if len(alerts.all(session)) >= MOST_ALERTS:
            raise InvalidValue("alerts", MOST_ALERTS, worded("are saved already; remove one first"))
        slug = re.sub(r"[^a-z0-9]+", "-", rule.name.lower()).strip("-")[:40].strip("-") or "alert"
        return alerts.add(session, rule, slug, who, now)


def _checked(snapshot: Snapshot, rule: Rule) -> Rule:
    gpu = find_gpu(snapshot, "gpu", rule.gpu).slug
    count = checked_count("gpu_count", rule.gpu_count)
    if rule.tier is not None:
        choice_of("tier", rule.tier, TIERS)
    if rule.provider is not None and rule.provider not in snapshot.providers:
        raise UnknownName("provider", rule.provider, snapshot.providers)
    currency = rule.currency.strip().upper()
    currencies = sorted({"EUR", *snapshot.exchange})
    if currency not in currencies:
        raise InvalidValue("currency", rule.currency, worded("no exchange rate is known"), currencies)
    threshold, fall = rule.threshold_per_hour, rule.fall_percent
    if (threshold is None) == (fall is None):
        raise InvalidValue(
            "threshold_per_hour",
            None if threshold is None else str(threshold),
            worded("an alert has a threshold or a fall in percent, not both"),
        )
    if threshold is not None and not 0 < threshold <= LARGEST_THRESHOLD:
        raise InvalidValue(
            "threshold_per_hour",
            str(threshold),
            worded("must be above 0, up to {largest_threshold}", largest_threshold=LARGEST_THRESHOLD),
        )
    if fall is not None and not 0 < fall < 100:
        raise InvalidValue("fall_percent", fall, worded("must be between 0 and 100"))
    if rule.webhook_url:
        check_webhook(rule.webhook_url)
    condition = f"at most {threshold} {currency}/h" if threshold is not None else f"down {fall:g} %"
    name = " ".join(rule.name.split()) or f"{count} x {gpu} {condition}"
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidValue(
            "name",
            name[:LONGEST_NAME],
            worded("must be printable, up to {longest_name} characters", longest_name=LONGEST_NAME),
        )
    return replace(rule, name=name, gpu=gpu, gpu_count=count, currency=currency)


def check_webhook(url: str) -> None:
    """Raises InvalidValue for an address that is never told: not https, with a password, or not public.

    What a name stands for is looked up when something is sent there, each time.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidValue("webhook_url", url, worded("is no address: {error}", error=error)) from None
    if parts.scheme != "https" or not host:
        raise InvalidValue("webhook_url", url, worded("must begin with https:// and a host"))
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidValue(
            "webhook_url",
            url,
            worded("must be up to {longest_url} ASCII characters without spaces", longest_url=LONGEST_URL),
        )
    if parts.username is not None or parts.password is not None:
        raise InvalidValue("webhook_url", url, worded("must not hold a user or a password"))
    if not may_be_public(host):
        raise InvalidValue("webhook_url", url, worded("must be a public host"))
