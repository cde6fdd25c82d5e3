"""Answers that are kept: the same question on the same facts and day is worked out and written once."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from service.errors import NotFound
from service.store import comparisons
from service.store.comparisons import StoredComparison
from service.store.session import Sessions
from service.store.snapshot import Snapshot

CODE_VERSION = "5"
"""Raised when the same facts would give another answer; part of a stored answer's identity."""


def kept_answer(
    sessions: Sessions,
    snapshot: Snapshot,
    kind: str,
    asked: bytes,
    asked_at: datetime,
    render: Callable[[], dict[str, Any]],
    options_key: str,
) -> StoredComparison:
    """The answer as it is kept, with the facts it was computed from; `render` is called if there is none yet.

    `options_key` names the options of what `render` gives, whose sources are kept too. Whoever writes
    first is right: of two processes asked at once both give what the first one wrote. Raises what `render`
    raises; nothing is written then.
    """
    identity = identity_of(kind, asked, snapshot.data_version, asked_at)
    with sessions.reading() as session:
        try:
            return comparisons.get(session, identity, kind)
        except NotFound:
            pass
    rendered = render()
    numbers = rendered["sources"] + [n for option in rendered[options_key] for n in option["sources"]]
    stored = StoredComparison(
        id=identity,
        asked_at=asked_at,
        request=asked,
        answer=orjson.dumps({"id": identity, **rendered}),
        inputs=orjson.dumps(numbers),
        data_version=snapshot.data_version,
        code_version=CODE_VERSION,
        kind=kind,
    )
    with sessions.begin() as session:
        return stored if comparisons.add(session, stored) else comparisons.get(session, identity, kind)


def identity_of(kind: str, asked: bytes, data_version: int, asked_at: datetime) -> str:
    """The name of an answer: the same for the same question on the same facts and day."""
    day = asked_at.date().isoformat().encode()
    parts = [asked, str(data_version).encode(), day, CODE_VERSION.encode()]
    if kind != "comparison":
        parts.append(kind.encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:20]
