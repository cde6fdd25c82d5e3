"""Tokens of the API: what each may do, until when, when it was last used; only their SHA-256 is stored."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.errors import DatabaseNotReady, InvalidValue, NotFound, worded
from service.store.session import Sessions
from service.store.work_models import TOKEN_SCOPES, ApiTokenRow, TokenScope

_tokens: sa.Table = ApiTokenRow.__table__  # type: ignore[assignment]
_RANDOM_BYTES = 32
USE_NOTED_EVERY = timedelta(minutes=1)
"""A busy token is written no more often."""


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token; the token itself is known to its owner only."""

    name: str
    created_at: datetime
    revoked_at: datetime | None
    scope: TokenScope = "write"
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    previous_until: datetime | None = None
    """While it is being replaced: how long the value before still counts."""

    def allows(self, scope: TokenScope) -> bool:
        """Whether its scope holds the one that is needed: admin holds write, write holds read."""
        return TOKEN_SCOPES.index(self.scope) >= TOKEN_SCOPES.index(scope)


@dataclass(frozen=True, slots=True)
class Presented:
    """A token that somebody showed, and by which of its values."""

    token: ApiToken
    by_value_before: bool

    def refusal(self, now: datetime) -> str | None:
        """Why it does not count any more; None for one that does."""
        token = self.token
        if token.revoked_at is not None:
            return f"this token was revoked at {_minute(token.revoked_at)}"
        if token.expires_at is not None and token.expires_at <= now:
            return f"this token expired at {_minute(token.expires_at)}"
        if self.by_value_before and (token.previous_until is None or token.previous_until <= now):
            return f"this value of the token was replaced{_until(token.previous_until)}"
        return None


def create(
    session: Session,
    name: str,
    now: datetime,
    scope: TokenScope = "write",
    valid_for: timedelta | None = None,
) -> str:
    """A new token of that name, shown this once; InvalidValue if the name is empty or was ever used."""
    if not name.strip() or not name.isprintable():
        raise InvalidValue("name", name, worded("a token needs a name that can be printed"))
    if session.execute(sa.select(_tokens.c.id).where(_tokens.c.name == name)).scalar() is not None:
        raise InvalidValue("name", name, worded("a token of that name exists or existed"))
    value = _new_value()
    values = {"sha256": _digest(value), "created_at": now, "scope": scope, "expires_at": _end(now, valid_for)}
    session.execute(sa.insert(_tokens).values(name=name, **values))
    return value


def rotate(
    session: Session,
    name: str,
    now: datetime,
    overlap: timedelta,
    valid_for: timedelta | None = None,
) -> str:
    """A new value for a token, shown this once; the one before counts for `overlap` more.

    A value from an earlier rotation ends now. `valid_for` sets a new end of the token, counted from now;
    without it the end stays. Raises NotFound if there is no token of that name, or it was revoked.
    """
    row = session.execute(
        sa.select(_tokens.c.id, _tokens.c.sha256).where(
            _tokens.c.name == name, _tokens.c.revoked_at.is_(None)
        )
    ).first()
    if row is None:
        raise NotFound(worded("valid token"), name)
    value = _new_value()
    changes: dict[str, Any] = {
        "sha256": _digest(value), "previous_sha256": row.sha256, "previous_until": now + overlap,
    }  # fmt: skip
    if valid_for is not None:
        changes["expires_at"] = _end(now, valid_for)
    session.execute(sa.update(_tokens).where(_tokens.c.id == row.id).values(changes))
    return value


def presented(session: Session, value: str) -> Presented | None:
    """The token that has this value, or had it before its last rotation; None for any other."""
    digest = _digest(value)
    row = session.execute(
        sa.select(*_known(), _tokens.c.sha256, _tokens.c.previous_sha256).where(
            sa.or_(_tokens.c.sha256 == digest, _tokens.c.previous_sha256 == digest)
        )
    ).first()
    if row is None:
        return None
    *known, now, before = row
    # Found by the digest of 256 random bits, the time of the search tells nothing; nor does comparing.
    is_now, was_before = compare_digest(now, digest), compare_digest(before or "", digest)
    return Presented(ApiToken(*known), was_before) if is_now or was_before else None


def note_use(sessions: Sessions, token: ApiToken, now: datetime) -> None:
    """Keep that a token was used, at most once a minute; where nothing can be written, it is not kept."""
    if token.last_used_at is not None and now - token.last_used_at < USE_NOTED_EVERY:
        return
    unnoted = sa.or_(_tokens.c.last_used_at.is_(None), _tokens.c.last_used_at < now - USE_NOTED_EVERY)
    statement = sa.update(_tokens).where(_tokens.c.name == token.name, unnoted).values(last_used_at=now)
    try:
        with sessions.writing_one() as connection:
            connection.execute(statement)
    except (SQLAlchemyError, DatabaseNotReady):
        return


def revoke(session: Session, name: str, now: datetime) -> None:
    """End the token's validity; NotFound if there is no valid token of that name."""
    statement = (
        sa.update(_tokens)
        .where(_tokens.c.name == name, _tokens.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    if session.execute(statement.returning(_tokens.c.id)).scalar() is None:
        raise NotFound(worded("valid token"), name)


def all(session: Session) -> list[ApiToken]:
    """Every token ever created, by name."""
    return [ApiToken(*row) for row in session.execute(sa.select(*_known()).order_by(_tokens.c.name))]


def _known() -> list[sa.Column[Any]]:
    return [_tokens.c[name] for name in ApiToken.__slots__]


def _new_value() -> str:
    return "hv_" + secrets.token_urlsafe(_RANDOM_BYTES)


def _end(now: datetime, valid_for: timedelta | None) -> datetime | None:
    return None if valid_for is None else now + valid_for


def _until(at: datetime | None) -> str:
    return "" if at is None else f" and counted until {_minute(at)}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
