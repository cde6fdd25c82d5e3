"""Collections in one manner: filters, stable order, paging, ETag, JSON or CSV, an item by slug."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Blueprint, Response, request
from pydantic import BaseModel, Field
from spectree import Response as Answers

from service.answers.asked import Question
from service.api.columns import Columns, as_csv, csv_parts, items_of
from service.api.contract import contract
from service.errors import NotFound, foreign
from service.remembered import Remembered
from service.state import facts, state
from service.store.snapshot import Snapshot

LARGEST_PAGE = 500
LARGEST_OFFSET = 10_000_000
API_VERSION = "1"
PAGES = Remembered(32 * 2**20)
"""By facts and address."""


class PageQuery(Question):
    """Which part of a collection."""

    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="Items per page")
    offset: int = Field(0, ge=0, le=LARGEST_OFFSET, description="Items to skip")


@dataclass(frozen=True, slots=True)
class Page:
    """Some items in order, and how many there are in all."""

    items: Sequence[dict[str, Any]]
    total: int


@dataclass(frozen=True, slots=True)
class Collection:
    """One resource: how to find a page of it and one item, each as plain values."""

    name: str
    one: str
    summary: str
    query: type[PageQuery]
    item: type[BaseModel]
    page: type[BaseModel]
    find: Callable[[Snapshot, Any], Page]
    get: Callable[[Snapshot, str, Any], dict[str, Any] | None]
    item_query: type[Question] = Question


def publish(collection: Collection) -> Blueprint:
    """A blueprint with the collection as JSON and CSV, and its items."""
    name = collection.name
    under = name.replace("-", "_")
    blueprint = Blueprint(under, __name__)

    def listed(query: Any) -> Response:
        return respond_page(query, collection.find)

    def tabled(query: Any) -> Response:
        snapshot = facts()
        tag = etag(snapshot)
        if unchanged(tag):
            return not_modified(tag)
        return finish(Response(as_csv(collection.find(snapshot, query).items), mimetype="text/csv"), tag)

    def one(slug: str, query: Any) -> Response:
        snapshot = facts()
        tag = etag(snapshot)
        item = collection.get(snapshot, slug, query)
        if item is None:
            raise NotFound(foreign(collection.one), slug)
        if unchanged(tag):
            return not_modified(tag)
        return finish(json_response(item), tag)

    listed.__doc__ = f"List {collection.summary}."
    tabled.__doc__ = f"List {collection.summary} as CSV."
    one.__doc__ = f"One {collection.one} by slug."
    for path, view, query, answer in (
        (f"/{name}", listed, collection.query, collection.page),
        (f"/{name}.csv", tabled, collection.query, None),
        (f"/{name}/<string:slug>", one, collection.item_query, collection.item),
    ):
        suffix = {listed: "list", tabled: "list_csv", one: "get"}[view]
        view.__name__ = f"{under}_{suffix}"
        answers = Answers(HTTP_200=answer) if answer else Answers("HTTP_200")
        decorated = contract.validate(query=query, resp=answers, tags=[name], operation_id=view.__name__)(
            view
        )
        blueprint.add_url_rule(path, view_func=decorated, endpoint=suffix, methods=["GET"])
    return blueprint


def respond_page(query: Any, find: Callable[[Snapshot, Any], Page]) -> Response:
    """A page as JSON with the address of the next one, also as an RFC 8288 Link."""
    snapshot = facts()
    tag = etag(snapshot)
    if unchanged(tag):
        return not_modified(tag)
    question = (state().database, snapshot.data_version, request.full_path)
    answer = PAGES.get(question)
    if answer is None:
        answer = _page(query, find(snapshot, query))
        PAGES.keep(question, answer)
    following, body = answer
    response = Response(body, mimetype="application/json")
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return finish(response, tag)


def respond_live(query: PageQuery, page: Page) -> Response:
    """A page of what changes without the facts changing: as `respond_page`, but never remembered."""
    following, body = _page(query, page)
    response = Response(body, mimetype="application/json")
    if following:
        response.headers["Link"] = f'<{following}>; rel="next"'
    return private(response)


def private(response: Response) -> Response:
    """Not to be kept: it changes without the facts changing, and may depend on who asks."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(query: PageQuery, page: Page) -> tuple[str, bytes]:
    """The address of the next page ("" at the end) and the page as JSON."""
    after, following = query.offset + len(page.items), ""
    if page.items and after < page.total and after <= LARGEST_OFFSET:
        asked = {**request.args.to_dict(), "limit": query.limit, "offset": after}
        following = f"{request.path}?{urlencode(asked)}"
    return following, orjson.dumps(
        {
            "items": page.items,
            "total": page.total,
            "limit": query.limit,
            "offset": query.offset,
            "next": following or None,
        },
        default=str,
    )


def json_response(value: Any, status: int = 200) -> Response:
    """Plain values as JSON."""
    return Response(orjson.dumps(value, default=str), status, mimetype="application/json")


def etag(snapshot: Snapshot) -> str:
    """A strong tag: the same question on the same facts has the same answer."""
    asked = f"{API_VERSION} {snapshot.data_version} {request.full_path}".encode()
    return f"v{snapshot.data_version}-{hashlib.sha256(asked).hexdigest()[:16]}"


def unchanged(tag: str) -> bool:
    """Whether the asker has this answer already."""
    return request.if_none_match.contains(tag)


def not_modified(tag: str) -> Response:
    """304 with the tag."""
    return finish(Response(status=304), tag)


def finish(response: Response, tag: str) -> Response:
    """The answer with its tag; caches must ask again, cheaply."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    return response


@dataclass(frozen=True, slots=True)
class Telling:
    """How all items of a collection are told: a media type, and the columns as its text or bytes."""

    media_type: str
    parts: Callable[[Iterable[Columns]], Iterator[str] | Iterator[bytes]]


def respond_all(query: Any, parts: Callable[[Snapshot, Any], Iterator[Columns]], told: Telling) -> Response:
    """Every item, sent while they are read: JSON as `{"items": [...], "total": n}`, CSV or Parquet."""
    snapshot = facts()
    tag = etag(snapshot)
    if unchanged(tag):
        return not_modified(tag)
    body = told.parts(parts(snapshot, query))
    return finish(Response(body, mimetype=told.media_type), tag)


def _json_parts(parts: Iterable[Columns]) -> Iterator[bytes]:
    total, between = 0, b""
    yield b'{"items":['
    for items in map(items_of, parts):
        total += len(items)
        yield between + orjson.dumps(items, default=str)[1:-1]
        between = b","
    yield b'],"total":%d}' % total


JSON = Telling("application/json", _json_parts)
CSV = Telling("text/csv", csv_parts)


def sliced(rows: Sequence[Any], query: PageQuery, render: Callable[[Any], dict[str, Any]]) -> Page:
    """A page of rows that are all in memory; only the page's own items are rendered."""
    part = rows[query.offset : query.offset + query.limit]
    return Page([render(row) for row in part], len(rows))
