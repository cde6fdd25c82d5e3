"""A line that offers to read today's prices, where somebody looks."""

import sys
from datetime import date
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.store.snapshot import Snapshot


def offer_to_refresh(snapshot: "Snapshot", country: str, lang: str, today: date) -> None:
    """Say on a terminal how to have today's prices, where all known ones are old; nothing is fetched."""
    from service.estimate.price_age import USUAL_MAX_AGE_DAYS
    from service.reports.words.price_age import refresh_command
    from service.reports.words.wording import wording

    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return
    newest = max(snapshot.offers.known_ordinal, default=0)
    if snapshot.offers.is_refreshed and today.toordinal() - int(newest) <= USUAL_MAX_AGE_DAYS:
        return
    w = wording(lang)
    said = w.say("Today's prices, within 30 seconds: {refresh}", refresh=refresh_command(country))
    click.echo(f"heimvorteil: {said}", err=True)
