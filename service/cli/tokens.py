"""Tokens of the API: `token create`, `list`, `rotate`, `revoke`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from service.cli.opening import open_database
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.reports.words.wording import Wording
    from service.store.tokens import ApiToken

SCOPES = ("read", "write", "admin")
LONGEST_DAYS = 3650
LONGEST_OVERLAP_HOURS = 24 * 90
NEVER = "-"


@click.group()
def token() -> None:
    """Create, rotate and revoke API tokens; only their SHA-256 is stored."""


def _with_session(work: Callable[[Any], Any]) -> Any:
    """Run `work` in one writing transaction."""
    with open_database().begin() as session:
        return work(session)


def _days(days: int | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


@token.command("create")
@click.argument("name")
@click.option(
    "--scope", type=click.Choice(SCOPES), default="write", show_default=True,
    help="read: see what strangers may not; write: change facts too; admin: see and revoke tokens too.",
)  # fmt: skip
@click.option("--valid-days", type=click.IntRange(1, LONGEST_DAYS), help="It expires after so many days.")
def token_create(name: str, scope: Any, valid_days: int | None) -> None:
    """Create a token called NAME and show it once."""
    from service.store import tokens

    now = datetime.now(UTC)
    click.echo(_with_session(lambda session: tokens.create(session, name, now, scope, _days(valid_days))))


@token.command("rotate")
@click.argument("name")
@click.option(
    "--overlap-hours", type=click.IntRange(0, LONGEST_OVERLAP_HOURS), default=24, show_default=True,
    help="So long the old value counts beside the new one.",
)  # fmt: skip
@click.option(
    "--valid-days",
    type=click.IntRange(1, LONGEST_DAYS),
    help="It expires so many days from now; else as before.",
)
def token_rotate(name: str, overlap_hours: int, valid_days: int | None) -> None:
    """Give the token called NAME a new value and show it once; its end stays unless --valid-days is given."""
    from service.store import tokens

    now, overlap = datetime.now(UTC), timedelta(hours=overlap_hours)
    click.echo(_with_session(lambda session: tokens.rotate(session, name, now, overlap, _days(valid_days))))
    told = words().say("the value before counts for {hours} h more", hours=overlap_hours)
    click.echo(f"heimvorteil: {told}", err=True)


@token.command("list")
def token_list() -> None:
    """List tokens by name."""
    from service.reports.listings.as_table import print_table
    from service.store import tokens

    w, issued = words(), _with_session(tokens.all)
    if not issued:
        click.echo(w.say("No token yet: heimvorteil token create NAME makes one."))
        return
    titles = [w.say("name"), w.say("scope"), w.say("created"), w.say("expires"), w.say("last used")]
    titles += [w.say("old value until"), w.say("revoked")]
    print_table(titles, [_row(w, one) for one in issued], set())


def _row(w: "Wording", token: "ApiToken") -> list[str]:
    return [
        token.name,
        token.scope,
        w.day(token.created_at.date()),
        w.day(token.expires_at.date()) if token.expires_at else NEVER,
        w.minute(token.last_used_at) if token.last_used_at else NEVER,
        w.minute(token.previous_until) if token.previous_until else NEVER,
        w.day(token.revoked_at.date()) if token.revoked_at else NEVER,
    ]


@token.command("revoke")
@click.argument("name")
def token_revoke(name: str) -> None:
    """Revoke the token called NAME."""
    from service.store import tokens

    _with_session(lambda session: tokens.revoke(session, name, datetime.now(UTC)))
    click.echo(words().say("revoked {name}", name=name))
