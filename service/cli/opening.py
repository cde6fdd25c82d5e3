"""The database and its newest facts, for a command."""

from typing import TYPE_CHECKING

import click

from service.cli.progress import working
from service.errors import NotKept, worded
from service.reports.words.error_words import said
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.store.comparisons import StoredComparison
    from service.store.session import Sessions
    from service.store.snapshot import Snapshot


def open_database() -> "Sessions":
    """The database, created and filled on first use with one line saying so."""
    from service.store.session import Sessions, prepare

    with working("opening the database"):
        engine, created = prepare(Settings.from_environ().database_url)
    if created:
        click.echo(f"heimvorteil: created and filled {engine.url.render_as_string()}", err=True)
    return Sessions(engine)


def kept_or_told(answer: "Callable[[], StoredComparison]") -> "StoredComparison":
    """The answer for the screen; where the database may only be read it is not kept, as one line says."""
    try:
        with working("working it out"):
            return answer()
    except NotKept as error:
        click.echo(f"heimvorteil: {said(worded('not kept: {error}', error=error.sentence))}", err=True)
        told: StoredComparison = error.told
        return told


def open_facts() -> "tuple[Sessions, Snapshot]":
    """The database and all its facts as they are now."""
    from service.store.snapshot import load

    sessions = open_database()
    with working("reading what is known"):
        return sessions, load(sessions)
