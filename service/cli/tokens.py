"""Tokens of the API: `token create`, `list`, `rotate`, `revoke`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from service.cli.opening import open_database

if TYPE_CHECKING:
    from service.store.tokens import ApiToken

SCOPES = ("read", "write", "admin")
LONGEST_DAYS = 3650
LONGEST_OVERLAP_HOURS = 24 * 90


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
    click.echo(f"heimvorteil: the value before counts for {overlap_hours} h more", err=True)


@token.command("list")
def token_list() -> None:
    """List tokens by name."""
    from service.reports.listings.as_table import print_table
    from service.store import tokens

    titles = ["name", "scope", "created", "expires", "last used", "old value until", "revoked"]
    print_table(titles, [_row(one) for one in _with_session(tokens.all)], set())


def _row(token: "ApiToken") -> list[str]:
    return [
        token.name,
        token.scope,
        f"{token.created_at:%Y-%m-%d}",
        _shown(token.expires_at, "%Y-%m-%d"),
        _shown(token.last_used_at),
        _shown(token.previous_until),
        _shown(token.revoked_at, "%Y-%m-%d"),
    ]


def _shown(at: datetime | None, form: str = "%Y-%m-%d %H:%M") -> str:
    return "-" if at is None else at.strftime(form)


@token.command("revoke")
@click.argument("name")
def token_revoke(name: str) -> None:
    """Revoke the token called NAME."""
    from service.store import tokens

    _with_session(lambda session: tokens.revoke(session, name, datetime.now(UTC)))
    click.echo(f"revoked {name}")
