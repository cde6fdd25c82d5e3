"""The database and its newest facts, for a command."""

from typing import TYPE_CHECKING

import click

from service.cli.progress import working
from service.errors import NotKept
from service.reports.words.error_words import said
from service.reports.words.spoken import words
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.store.comparisons import StoredComparison
    from service.store.session import Sessions
    from service.store.snapshot import Snapshot


def open_database() -> "Sessions":
    """The database, created and filled on first use with one line saying so."""
    from service.store.session import Sessions, prepare, shown

    with working(lambda: words().say("opening the database")):
        engine, created = prepare(Settings.from_environ().database_url)
    if created:
        told = words().say("created and filled {database}", database=shown(engine.url))
        click.echo(f"heimvorteil: {told}", err=True)
    return Sessions(engine)


def kept_or_told(answer: "Callable[[], StoredComparison]") -> "StoredComparison":
    """The answer for the screen; where the database may only be read it is not kept, as one line says."""
    try:
        with working(lambda: words().say("working it out")):
            return answer()
    except NotKept as error:
        click.echo(f"heimvorteil: {words().say('not kept: {reason}', reason=said(error.sentence))}", err=True)
        told: StoredComparison = error.told
        return told


def open_facts() -> "tuple[Sessions, Snapshot]":
    """The database and all its facts as they are now."""
    from service.store.snapshot import load

    sessions = open_database()
    with working(lambda: words().say("reading what is known")):
        return sessions, load(sessions)
