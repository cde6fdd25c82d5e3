"""/api/v1/openapi.json and a page to read and try it, served without any outside host."""

import re
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template

from service.api.contract import specification
from service.api.headers import NOTHING
from service.api.kinds import kinds

blueprint = Blueprint("docs", __name__)


_describing = Lock()
"""spectree takes its models apart while it describes: one at a time."""


@lru_cache(maxsize=4)
def _described(app: Flask) -> bytes:
    described = specification(app)
    kind_of = kinds(app)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            if kind_of(method.upper(), re.sub(r"\{\w+\}", "1", path)).cost:
                content = operation["responses"]["500"]["content"]
                operation["responses"]["429"] = {
                    "description": "Asked too often; Retry-After says when again",
                    "content": content,
                }
    return orjson.dumps(described)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The OpenAPI 3.1 description."""
    app: Any = current_app
    with _describing:
        described = _described(app._get_current_object())
    return Response(described, mimetype="application/json")


@blueprint.get("/docs")
def page() -> Response:
    """The description as a page."""
    response = Response(render_template("apidoc.html"), mimetype="text/html")
    # Swagger UI styles its elements inline and draws small icons from data: addresses.
    response.headers["Content-Security-Policy"] = (
        NOTHING + "; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'"
    )
    return response
