"""A first question about a zone's dynamic prices, on a terminal: fetching the last year of them is offered.

Never where nobody can say no: a pipe or a file is answered from what is stored, and told what is missing.
"""

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.answers.question import AskedComparison, AskedDecision
    from service.store.session import Sessions
    from service.store.snapshot import Snapshot


def with_days(
    sessions: "Sessions", snapshot: "Snapshot", request: "AskedComparison | AskedDecision"
) -> "Snapshot":
    """The facts as they are once the days of the question's zone are fetched, where somebody wants it."""
    if request.contract.kind != "dynamic" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return snapshot
    from pricing import day_ahead_history, registry, zone_days
    from service.reports.words.wording import wording
    from service.store.snapshot import load
    from service.usecases.market_days import is_asked_first, market_of, zone_asked

    registry.register(sessions)
    zone = zone_asked(snapshot, request)
    if zone not in day_ahead_history.zones() or not is_asked_first(sessions, zone):
        return snapshot
    if market_of(sessions, snapshot, request, datetime.now(UTC).date()).is_enough:
        return snapshot
    said = wording(request.lang).say(
        "No year of day-ahead prices of {zone} is stored. Fetch the last 400 days now (some 10 s)?", zone=zone
    )
    if not click.confirm(said, default=True, err=True):
        return snapshot
    zone_days.fetched(sessions, zone)
    return load(sessions)
