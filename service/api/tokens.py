"""Bearer tokens for routes that write."""

from flask import request
from werkzeug.exceptions import Unauthorized

from service.state import state
from service.store import tokens


def bearer() -> str:
    """The name of the token that the request carries. Raises Unauthorized, saying how to send one."""
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise _unauthorized("send a token as `Authorization: Bearer hv_…` (heimvorteil token create NAME)")
    with state().sessions.reading() as session:
        name = tokens.verify(session, sent.token)
    if name is None:
        raise _unauthorized("this token is not known or was revoked")
    return name


def carries_token() -> bool:
    """Whether the asker carries a token; a wrong one is refused, not ignored."""
    return request.authorization is not None and bool(bearer())


def _unauthorized(detail: str) -> Unauthorized:
    from werkzeug.datastructures import WWWAuthenticate

    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", {"realm": "heimvorteil"}))
