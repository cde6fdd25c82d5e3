"""Bearer tokens: who asks, and whether they may. 401 without a token that counts, 403 without its scope."""

from typing import Any

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from service.front.client import client_of
from service.front.kinds import HERE
from service.state import now, state
from service.store import tokens
from service.store.answer_room import AnswerRoom
from service.store.tokens import ApiToken
from service.store.work_models import TokenScope

REALM = "heimvorteil"


class TooNarrow(Forbidden):
    """The token counts, and its scope does not hold what is needed."""

    def __init__(self, token: ApiToken, needed: TokenScope) -> None:
        super().__init__(
            f"this needs a token of scope {needed}; yours, {token.name!r}, has scope {token.scope} "
            f"(heimvorteil token create NAME --scope {needed})"
        )
        self.needed = needed

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """What a client can read of it (RFC 6750, 3.1)."""
        told: dict[str, str | None] = {"realm": REALM, "error": "insufficient_scope", "scope": self.needed}
        return [*super().get_headers(), ("WWW-Authenticate", str(WWWAuthenticate("bearer", told)))]


def bearer(scope: TokenScope = "write") -> str:
    """The name of the token that the request carries.

    Raises Unauthorized, saying how to send one, and Forbidden where its scope is too narrow.
    """
    token = _token()
    if token is None:
        raise _unauthorized(
            f"send a token of scope {scope} as `Authorization: Bearer hv_…` "
            f"(heimvorteil token create NAME --scope {scope})"
        )
    if not token.allows(scope):
        raise TooNarrow(token, scope)
    return token.name


def carries_token() -> bool:
    """Whether the asker carries a token; a wrong one is refused, not ignored."""
    return _token() is not None


def room() -> AnswerRoom | None:
    """Where the answer to this request is kept for a while; None where a token says that it stays."""
    return None if carries_token() else state().room


def is_trusted() -> bool:
    """Whether the asker may see what strangers may not: with a token, or from this machine itself."""
    return carries_token() or from_loopback()


def insider() -> None:
    """Let in only whoever may see what strangers may not. Raises Unauthorized."""
    if not is_trusted():
        bearer("read")


def from_loopback() -> bool:
    """Whether a program on this machine asks, and not a proxy on it for somebody else."""
    told: bool | None = request.environ.get(HERE)
    if told is not None:
        return told
    # Without the gate: by another server of WSGI, or in a test.
    headers = {name.lower(): value for name, value in request.headers.items()}
    return client_of(request.environ.get("REMOTE_ADDR") or "", headers, ()).is_here


def asker() -> str | None:
    """The name of the token that this request was let in with so far; asks nothing."""
    token: ApiToken | None = g.get("token")
    return token.name if token else None


def _token() -> ApiToken | None:
    """The token the request carries, looked up once; Unauthorized for one that does not count."""
    if "token" in g:
        known: ApiToken | None = g.token
        return known
    sent = request.authorization
    if sent is None and "Authorization" not in request.headers:
        g.token = None
        return None
    if sent is None or sent.type != "bearer" or not sent.token:
        raise _unauthorized("what stands in Authorization is no `Bearer hv_…`")
    at = now()
    with state().sessions.reading() as session:
        shown = tokens.presented(session, sent.token)
    if shown is None:
        raise _unauthorized("this token is not known", "invalid_token")
    refusal = shown.refusal(at)
    if refusal is not None:
        raise _unauthorized(refusal, "invalid_token")
    tokens.note_use(state().sessions, shown.token, at)
    g.token = shown.token
    return shown.token


def _unauthorized(detail: str, error: str = "") -> Unauthorized:
    told: dict[str, str | None] = {"realm": REALM}
    if error:
        told["error"] = error
    return Unauthorized(detail, www_authenticate=WWWAuthenticate("bearer", told))
