"""Atom feeds: what happened, newest first, for anyone to subscribe to."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Response, request

from service.api.collections import finish, not_modified, unchanged
from service.reports.atom_feed import feed


def respond_feed(title: str, made_at: datetime, entries: Sequence[dict[str, Any]], thing: str) -> Response:
    """The feed at this address, or 304 where the asker has it already; see reports/atom_feed.py."""
    body = feed(title=title, address=request.path, made_at=made_at, entries=entries, thing=thing)
    tag = hashlib.sha256(body).hexdigest()[:16]
    if unchanged(tag):
        return not_modified(tag)
    return finish(Response(body, mimetype="application/atom+xml"), tag)
