"""Atom feeds: what happened, newest first, for anyone to subscribe to."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from flask import Response, request

from service.api.collections import finish, not_modified, unchanged
from service.reports.notices.atom_feed import feed

LONGEST_AGO = datetime.fromisoformat("1970-01-01T00:00Z")


def respond_feed(
    title: str, created: Iterable[datetime], entries: Sequence[dict[str, Any]], thing: str
) -> Response:
    """The feed at this address, or 304 where the asker has it already; see reports/notices/atom_feed.py.

    `created` are the days of what it tells of: until something happens it is as old as the newest of them.
    """
    made_at = max(created, default=LONGEST_AGO)
    body = feed(title=title, address=request.path, made_at=made_at, entries=entries, thing=thing)
    tag = hashlib.sha256(body).hexdigest()[:16]
    if unchanged(tag):
        return not_modified(tag)
    return finish(Response(body, mimetype="application/atom+xml"), tag)
