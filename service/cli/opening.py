"""The database and its newest facts, for a command."""

from typing import TYPE_CHECKING

import click

from service.settings import Settings

if TYPE_CHECKING:
    from service.store.session import Sessions
    from service.store.snapshot import Snapshot


def open_database() -> "Sessions":
    """The database, created and filled on first use with one line saying so."""
    from service.store.session import Sessions, prepare

    engine, created = prepare(Settings.from_environ().database_url)
    if created:
        click.echo(f"heimvorteil: created and filled {engine.url.render_as_string()}", err=True)
    return Sessions(engine)


def open_facts() -> "tuple[Sessions, Snapshot]":
    """The database and all its facts as they are now."""
    from service.store.snapshot import load

    sessions = open_database()
    return sessions, load(sessions)
