"""What `prices refresh` and a first question on a terminal tell of the days of bidding zones they fetch."""

from collections.abc import Iterable

import click
import orjson

from pricing import day_ahead_history
from pricing.day_ahead_history import DAYS, Fetched, checked_zone, fetch_zone
from pricing.pace import Pace
from service.reports.words.spoken import words
from service.settings import Settings
from service.store import zones_in_use
from service.store.session import Sessions


def fetch(context: click.Context, zones: Iterable[str], *, as_json: bool = False) -> None:
    """Fetch the last 400 days of these zones; exit code 1 where one is not known by a year's worth then.

    Raises UnknownName for a zone that no source has.
    """
    found = [fetched(context.obj(), zone) for zone in dict.fromkeys(map(checked_zone, zones))]
    if as_json:
        told = [
            {"zone": f.zone, "days": DAYS, "known_before": f.before, "known": f.known, "remarks": f.remarks}
            for f in found
            if f is not None
        ]
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    if any(f is not None and not f.is_enough for f in found):
        context.exit(1)


def fetch_used(context: click.Context) -> None:
    """The same for the zones that somebody has asked about; nothing failing is said by the exit code."""
    sessions: Sessions = context.obj()
    with sessions.reading() as session:
        used = set(zones_in_use.used(session))
    for zone in day_ahead_history.zones():
        if zone in used:
            fetched(sessions, zone)


def fetched(sessions: Sessions, zone: str) -> Fetched | None:
    """How a zone's days stand after fetching them, told on stderr as it goes; None while another is at it."""
    w, pace = words(), Pace.from_settings(Settings.from_environ())
    done = fetch_zone(sessions, zone, pace, lambda line: click.echo(f"{zone}: {line}", err=True))
    if done is None:
        click.echo(w.say("{zone}: another process is fetching its days", zone=zone), err=True)
        return None
    for remark in done.remarks:
        click.echo(f"{zone}: {remark}", err=True)
    told = w.say(
        "{zone}: {known} of the last {days} days are known ({before} before)",
        zone=zone, known=w.number(done.known), days=w.number(DAYS), before=w.number(done.before),
    )  # fmt: skip
    click.echo(told, err=True)
    return done
