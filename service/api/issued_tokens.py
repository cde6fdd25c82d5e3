"""/api/v1/tokens: which tokens there are, and the end of one; for a token of scope admin alone.

A token is made and rotated by the command line only: its value never crosses the network in an answer.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.api.collections import PageQuery, private, respond_live, sliced
from service.api.contract import contract
from service.api.schemas import page_of
from service.api.tokens import bearer
from service.state import now, state
from service.store import tokens
from service.store.tokens import ApiToken
from service.store.work_models import TokenScope

blueprint = Blueprint("tokens", __name__)


class TokenOut(BaseModel):
    """A token as it is known; its value is known to its owner alone."""

    name: str
    scope: TokenScope = Field(description="admin holds write, write holds read")
    created_at: datetime
    expires_at: datetime | None = Field(description="Null: it does not expire")
    last_used_at: datetime | None = Field(description="To the minute; null: not since this is kept")
    revoked_at: datetime | None
    previous_until: datetime | None = Field(description="How long its value before the last rotation counts")


def token_item(token: ApiToken) -> dict[str, Any]:
    """A token as plain values."""
    return {name: getattr(token, name) for name in TokenOut.model_fields}


@blueprint.get("/tokens")
@contract.validate(
    query=PageQuery, resp=Answers(HTTP_200=page_of("TokenPage", TokenOut)), tags=["tokens"],
    operation_id="tokens_list", security={"token": []},
)  # fmt: skip
def listed(query: PageQuery) -> Response:
    """List tokens by name, those that ended among them."""
    bearer("admin")
    with state().sessions.reading() as session:
        issued = tokens.all(session)
    return respond_live(query, sliced(issued, query, token_item))


@blueprint.delete("/tokens/<string:name>")
@contract.validate(
    resp=Answers("HTTP_204"), tags=["tokens"], operation_id="tokens_revoke", security={"token": []}
)
def revoke(name: str) -> Response:
    """Revoke a token, at once and for good."""
    bearer("admin")
    with state().sessions.begin() as session:
        tokens.revoke(session, name, now())
    return private(Response(status=204))
