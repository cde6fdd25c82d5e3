"""What the API takes and gives: validation by pydantic, described in OpenAPI 3.1 by spectree.

The stock plugin turns a malformed JSON body into {} and answers errors as application/json; this
one refuses the first by position and leaves errors to problems.py. Answers are not validated per
request: a test holds them to the schema.
"""

from collections.abc import Callable
from typing import Any

import orjson
from flask import Flask, Request, make_response, request
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData
from spectree.plugins.base import Context
from spectree.plugins.flask_plugin import FlaskPlugin
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from service.api.problems import Problem
from service.errors import InvalidValue, worded
from service.front.told import PROBLEM
from service.reports.formats.renderers import RENDERERS

ERRORS = {
    "400": "Malformed request",
    "401": "A bearer token is missing, unknown, expired or revoked",
    "403": "The token's scope does not hold what this needs",
    "404": "Not found",
    "405": "Method not allowed",
    "408": "The body did not come in time",
    "410": "It was there and has expired",
    "413": "Body too large",
    "415": "Body is not JSON",
    "422": "A field cannot be used",
    "500": "Our error",
    "503": "The database is not ready, or too much is being asked; Retry-After says when again",
}

NUL_IN_JSON = b"\\u0000"
HOLDS_NUL = worded("holds a NUL character")
NO_PARQUET = "No library that writes Parquet is installed"


class ContractPlugin(FlaskPlugin):
    """Flask, with strict bodies and without response validation."""

    def request_validation(
        self, asked: Request, query: Any, json: Any, form: Any, headers: Any, cookies: Any
    ) -> None:
        """Put the validated query and body into the request's context; pydantic's error passes through."""
        asked.context = Context(  # type: ignore[attr-defined]
            query.model_validate(asked.args.to_dict(), strict=False) if query else None,
            json.model_validate(read_json(asked)) if json else None,
            None,
            None,
            None,
        )

    def validate(self, func: Callable[..., Any], query: Any, json: Any, *args: Any, **kwargs: Any) -> Any:
        """Validate the request, call the view with `query` and `json` as it wants them."""
        # spectree passes nine more positional settings before the view's own arguments.
        view_args = args[9:]
        self.request_validation(request, query, json, None, None, None)
        context = request.context  # type: ignore[attr-defined]
        if query:
            kwargs["query"] = context.query
        if json:
            kwargs["json"] = context.json
        return make_response(func(*view_args, **kwargs))


def read_json(asked: Request) -> Any:
    """The body as JSON. Raises UnsupportedMediaType, or BadRequest with the position of the fault."""
    if asked.mimetype != "application/json" and not asked.mimetype.endswith("+json"):
        raise UnsupportedMediaType("the body must be application/json")
    body = asked.get_data(cache=True)
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if NUL_IN_JSON in body:
        refuse_nul(found)
    return found


def refuse_nul(found: Any, field: str = "") -> None:
    """Raises InvalidValue for a NUL in any text but a log's, whose holes are passed over."""
    if isinstance(found, str) and "\0" in found and field != "log":
        raise InvalidValue(field or "body", found, HOLDS_NUL)
    if isinstance(found, dict):
        for name, value in found.items():
            refuse_nul(name, field or "body")
            refuse_nul(value, f"{field}.{name}" if field else str(name))
    elif isinstance(found, list):
        for value in found:
            refuse_nul(value, field)


def refuse_nul_in_address() -> None:
    """The same for the path and the query of a request: BadRequest, or InvalidValue naming the field."""
    if "\0" in request.path:
        raise BadRequest("the path holds a NUL character")
    if b"%00" in request.query_string or b"\0" in request.query_string:
        for name, value in request.args.items(multi=True):
            if "\0" in name + value:
                raise InvalidValue(name, value, HOLDS_NUL)


class ApiContract(SpecTree):
    """Models are described when the description is asked for: done at import it is a third of the start."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.noted: dict[str, tuple[Any, Any]] = {}

    def _add_model(self, model: Any, mode: Any = "validation") -> str:
        key: str = self.naming_strategy(model)
        self.noted[key] = (model, mode)
        return key

    def describe(self) -> dict[str, Any]:
        """What spectree knows of the app's routes, of all models anew: it takes them apart meanwhile."""
        self.models = {}
        for model, mode in self.noted.values():
            super()._add_model(model, mode)
        return self._generate_spec()


contract = ApiContract(
    "flask",
    backend=ContractPlugin,
    naming_strategy=lambda model: model.__name__,
    nested_naming_strategy=lambda _parent, child: child,
    validation_error_model=Problem,
    page_templates={},
    title="Heimvorteil",
    description="Train a transformer at home or rent? Every number with its unit, source and date. "
    "Whatever answers GET answers HEAD.",
    version="1",
    mode="strict",
    annotations=False,
    security_schemes=[
        SecurityScheme(name="token", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")),
    ],
)


def specification(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 description of the app's routes, every error in it as problem+json."""
    contract.app = app
    with app.app_context():
        spec = contract.describe()
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for name, path in spec["paths"].items():
        for method, operation in path.items():
            responses = operation["responses"]
            for status, meaning in ERRORS.items():
                if status in ("408", "413", "415", "400") and method not in ("post", "patch"):
                    continue
                if status in ("401", "403") and not operation.get("security"):
                    continue
                if status == "410" and not (method == "get" and "/{id}" in name):
                    continue
                responses[status] = {"description": meaning, "content": problem}
            if operation["operationId"].endswith("_report"):
                content = {
                    r.media_type.split(";")[0]: {"schema": {"type": "string"}} for r in RENDERERS.values()
                }
                content["application/json"] = {"schema": {"type": "object"}}
                responses["200"] = {"description": "The report", "content": content}
            if operation["operationId"].endswith("_csv"):
                responses["200"] = {
                    "description": "The same items as a table",
                    "content": {"text/csv": {"schema": {"type": "string"}}},
                }
            if operation["operationId"].endswith("_parquet"):
                table = {"application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}}}
                responses["200"] = {"description": "The same items as a table", "content": table}
                responses["406"] = {"description": NO_PARQUET, "content": problem}
    spec["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
    return spec
