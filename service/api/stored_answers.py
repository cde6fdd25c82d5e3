"""An answer under its address: just made, and found again."""

from flask import Response, request

from service.api.collections import private
from service.state import state
from service.store import comparisons


def created(path: str, identity: str, body: bytes) -> Response:
    """201, with where it is kept."""
    response = Response(body, 201, mimetype="application/json")
    response.headers["Location"] = f"/api/v1/{path}/{identity}"
    return private(response)


def stored_answer(kind: str, identity: str) -> Response:
    """As it was answered that day. Raises NotFound, and Expired where there was one."""
    with state().sessions.reading() as session:
        stored = comparisons.get(session, identity, kind)
    response = Response(stored.answer, mimetype="application/json")
    response.set_etag(stored.id)
    # It never changes; it tells of somebody's house, which no shared cache has to keep.
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.make_conditional(request)
    return response
