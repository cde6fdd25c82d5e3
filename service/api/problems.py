"""Errors in one shape everywhere: RFC 9457 application/problem+json."""

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service.answers.asked import FIELDS_OF, SHORT_NAME, names_beside
from service.errors import (
    DatabaseNotReady,
    Expired,
    HeimvorteilError,
    InvalidValue,
    MissingFact,
    NotFound,
    SeveralMeant,
    nearest_first,
)
from service.front import told
from service.shown import visible

CHOICES_SHOWN = 12
STATUS: dict[type[HeimvorteilError], int] = {
    InvalidValue: 422,
    MissingFact: 422,
    NotFound: 404,
    Expired: 410,
    DatabaseNotReady: 503,
}
log = logging.getLogger(__name__)


class Candidate(BaseModel):
    """One of several things that a name can mean."""

    slug: str
    difference: str


class FieldProblem(BaseModel):
    """What is wrong with one field."""

    field: str
    value: Any = Field(description="What was sent, shortened")
    reason: str
    choices: list[str] = Field(description="Valid values, the nearest first; empty where there is no list")
    candidates: list[Candidate] = Field(
        default=[], description="Only where a name means several things: each, with what tells it apart"
    )


class Problem(BaseModel):
    """An error as RFC 9457 describes it."""

    type: str = Field(description="about:blank: the title is the status' own")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked")
    errors: list[FieldProblem]


def problem(
    status: int,
    detail: str,
    errors: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A response in the one shape."""
    body = orjson.dumps(told.problem(status, detail, request.path, errors or []))
    response = Response(body, status, headers or {}, mimetype=told.PROBLEM)
    response.headers["Cache-Control"] = "no-store"
    return response


def field_problem(field: str, value: object, reason: str, choices: tuple[str, ...] = ()) -> dict[str, Any]:
    """One entry of `errors`; a long value is shortened, an unprintable one shown by its kind."""
    shown: object = value
    if not isinstance(value, str | int | float | bool | None):
        shown = repr(value)
    if isinstance(shown, str) and len(shown) > 200:
        shown = shown[:200] + "…"
    if isinstance(shown, int) and abs(shown) >= 2**53:
        shown = str(shown)[:60]
    if (isinstance(shown, float) and shown in (float("inf"), float("-inf"))) or shown != shown:
        shown = str(shown)
    return {"field": field, "value": shown, "reason": reason, "choices": list(choices[:CHOICES_SHOWN])}


def from_validation(error: ValidationError) -> Response:
    """422 naming every field that pydantic refused."""
    fields = []
    for item in error.errors(include_url=False, include_context=True):
        parts = [str(part) for part in item["loc"]]
        if SHORT_NAME in parts and isinstance(item.get("input"), dict):
            continue  # a name was allowed too; the object that was sent has its own errors
        field = ".".join(p for p in parts if p != SHORT_NAME and p not in FIELDS_OF) or "body"
        choices: tuple[str, ...] = ()
        if item["type"] == "extra_forbidden":
            at = max((i for i, p in enumerate(parts) if p in FIELDS_OF), default=-1)
            beside = names_beside(parts[at] if at >= 0 else error.title, parts[at + 1 : -1])
            choices = nearest_first(parts[-1], beside)
        if "expected" in item.get("ctx", {}):
            choices = tuple(
                part.strip().strip("'")
                for part in str(item["ctx"]["expected"]).replace(" or ", ", ").split(",")
            )
        value = None if item["type"] == "missing" else item.get("input")
        reason = item["msg"].replace("Tuple", "List").replace("valid tuple", "valid list")
        if item["type"] == "extra_forbidden":
            reason = "there is no such field"
        fields.append(field_problem(field, value, reason, choices))
    detail = "; ".join(f"{f['field']}: {f['reason']}" for f in fields[:5])
    return problem(422, detail, fields)


def from_ours(error: HeimvorteilError) -> Response:
    """The problem for an error that a use case raised."""
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
    errors = []
    if isinstance(error, InvalidValue):
        errors = [field_problem(error.field, error.value, error.reason, error.choices)]
    if isinstance(error, SeveralMeant):
        errors[0]["candidates"] = [{"slug": s, "difference": d} for s, d in error.differences.items()]
    headers = {"Retry-After": "5"} if status == 503 else None
    detail = error.public if isinstance(error, DatabaseNotReady) else str(error)
    return problem(status, detail, errors, headers)


def from_http(error: HTTPException) -> Response:
    """The problem for what Flask or Werkzeug refused; keeps Allow and its kin."""
    kept = {k: v for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")}
    if isinstance(error, MethodNotAllowed):
        kept["Allow"] = ", ".join(_allowed(error.valid_methods or ()))
    return problem(error.code or 500, error.description or HTTPStatus(error.code or 500).phrase, None, kept)


def _allowed(methods: Iterable[str]) -> list[str]:
    """Those of the path's own route: /offers/imports is no offer, though /offers/{slug} takes it for one."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    rules = {method: adapter.match(method=method, return_rule=True)[0] for method in sorted(methods)}
    own = [method for method, rule in rules.items() if not rule.arguments]
    return own or list(rules)


def from_bug(error: Exception) -> Response:
    """500 without a trace for the asker; the log has it."""
    log.exception("unhandled error at %s", visible(request.path), exc_info=error)
    return problem(500, "an error on our side; it has been logged")


def register(app: Flask) -> None:
    """Let every error of the app leave in the one shape."""
    app.register_error_handler(ValidationError, from_validation)
    app.register_error_handler(HeimvorteilError, from_ours)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Exception, from_bug)
