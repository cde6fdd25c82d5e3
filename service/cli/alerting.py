"""`heimvorteil alerts`: be told when a price falls."""

from datetime import UTC, datetime
from decimal import Decimal

import click

from service.cli.amounts import Amount
from service.cli.offering import TIERS
from service.cli.opening import open_database, open_facts
from service.errors import worded
from service.reports.words.spoken import words

UNKNOWN = "-"


@click.group()
def alerts() -> None:
    """Be told when the cheapest offer of a GPU falls: by webhook, or by the feed of `heimvorteil serve`."""


@alerts.command("add")
@click.argument("gpu")
@click.option(
    "--gpu-count", default=1, show_default=True, type=click.IntRange(1, 1024), help="GPUs of the machine."
)
@click.option("--below", type=Amount(), help="Fire when it falls to this price per hour, or below.")
@click.option("--fall", type=float, help="Fire when it falls by so many percent.")
@click.option("--tier", help=TIERS)
@click.option("--provider", help="Only offers of this provider.")
@click.option("--currency", default="USD", show_default=True, help="Of the price.")
@click.option("--name", default="", help="Shown in the feed.")
@click.option("--webhook", default="", help="https address that is told; without it the feed alone.")
def add_(
    *, gpu: str, gpu_count: int, below: Decimal | None, fall: float | None, tier: str | None,
    provider: str | None, currency: str, name: str, webhook: str,
) -> None:  # fmt: skip
    """Watch the cheapest offer of GPU; fires once each time the condition becomes true."""
    from service.store.alerts import Rule
    from service.usecases.alerts import save_alert

    sessions, snapshot = open_facts()
    rule = Rule(
        name=name,
        gpu=gpu,
        gpu_count=gpu_count,
        currency=currency,
        tier=tier,
        provider=provider,
        threshold_per_hour=below,
        fall_percent=fall,
        webhook_url=webhook,
    )
    alert = save_alert(sessions, snapshot, rule, "command line", datetime.now(UTC))
    click.echo(f"{alert.slug}: {alert.rule.name}")
    if alert.webhook_secret:
        click.echo(words().say("signed with {secret} (shown this once)", secret=alert.webhook_secret))
    click.echo(words().say("feed: {address}", address=f"/api/v1/alerts/{alert.slug}/feed.atom"))


@alerts.command("list")
def list_() -> None:
    """List the saved rules, and when each fired last."""
    from service.reports.listings.as_table import print_table
    from service.store import alerts as stored

    w, rows = words(), []
    with open_database().reading() as session:
        for alert in stored.all(session):
            last = next(iter(stored.events(session, alert.slug, 1)), None)
            price = UNKNOWN if alert.last_per_hour is None else w.number(alert.last_per_hour, 2)
            delivery = UNKNOWN
            if last and alert.rule.webhook_url:
                delivery = w.say("delivered") if last.delivered_at else last.error or w.say("waiting")
            rows.append([
                alert.slug,
                alert.rule.name,
                f"{price} {alert.rule.currency}/h",
                w.minute(alert.last_checked_at) if alert.last_checked_at else UNKNOWN,
                w.minute(last.fired_at) if last else UNKNOWN,
                delivery,
            ])  # fmt: skip
    if not rows:
        click.echo(w.say("No rule yet: heimvorteil alerts add GPU --below PRICE makes one."))
        return
    titles = [w.say("slug"), w.say("name"), w.say("cheapest"), w.say("looked at"), w.say("fired last")]
    print_table([*titles, w.say("webhook")], rows, {2})


@alerts.command("remove")
@click.argument("slug")
def remove_(slug: str) -> None:
    """Forget a rule and what it did."""
    from service.store import alerts as stored

    with open_database().begin() as session:
        stored.remove(session, slug)
    click.echo(words().say("removed {name}", name=slug))


@alerts.command("test")
@click.argument("slug")
@click.pass_context
def test_(context: click.Context, slug: str) -> None:
    """Send a signed test message to the webhook of a rule; exit code 1 when it does not arrive."""
    from pricing.alerts import message, send
    from service.errors import InvalidValue
    from service.store import alerts as stored

    with open_database().reading() as session:
        alert = stored.get(session, slug)
    if not alert.rule.webhook_url:
        raise InvalidValue("slug", slug, worded("has no webhook"))
    price = alert.last_per_hour or Decimal(0)
    now = datetime.now(UTC)
    body = message(alert, f"{slug}-test", now, price=price, reference=price, offer=None)
    status, error = send(alert, f"{slug}-test", body)
    click.echo(f"{alert.rule.webhook_url}: {error or f'HTTP {status}'}")
    if error:
        context.exit(1)
