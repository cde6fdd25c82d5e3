"""Tokens that allow writing through the API; only their SHA-256 is stored."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, NotFound, worded
from service.store.work_models import ApiTokenRow

_tokens: sa.Table = ApiTokenRow.__table__  # type: ignore[assignment]
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is known of a token; the token itself is known to its owner only."""

    name: str
    created_at: datetime
    revoked_at: datetime | None


def create(session: Session, name: str, now: datetime) -> str:
    """A new token of that name, shown this once; InvalidValue if the name is empty or was ever used."""
    if not name.strip():
        raise InvalidValue("name", name, worded("a token needs a name"))
    if session.execute(sa.select(_tokens.c.id).where(_tokens.c.name == name)).scalar() is not None:
        raise InvalidValue("name", name, worded("a token of that name exists or existed"))
    token = "hv_" + secrets.token_urlsafe(_RANDOM_BYTES)
    session.execute(sa.insert(_tokens).values(name=name, sha256=_digest(token), created_at=now))
    return token


def verify(session: Session, token: str) -> str | None:
    """The name of a token that is valid, None for any other."""
    # Found by the digest of 256 random bits: the time of the search tells nothing about the token.
    statement = sa.select(_tokens.c.name).where(
        _tokens.c.sha256 == _digest(token), _tokens.c.revoked_at.is_(None)
    )
    return session.execute(statement).scalar()


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
    columns = (_tokens.c.name, _tokens.c.created_at, _tokens.c.revoked_at)
    return [ApiToken(*row) for row in session.execute(sa.select(*columns).order_by(_tokens.c.name))]


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
