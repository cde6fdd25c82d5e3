"""Keeping the database: `db backup`, `restore`, `check`, `export`, `prune`."""

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from service.cli.operating import db
from service.cli.progress import working
from service.reports.words.error_words import said
from service.reports.words.spoken import words
from service.settings import Settings

__all__ = ["db"]

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.store.backup import Manifest
    from service.store.exporting import Format
    from service.store.session import Sessions

EXIT_FAULTS = 1
FILE = click.Path(path_type=Path)


@db.command("backup")
@click.argument("file", type=FILE)
def db_backup(file: Path) -> None:
    """Copy the whole database to FILE, or into a folder under the name of the moment, while others use it.

    The copy holds the secrets of webhooks; SQLite and PostgreSQL read the same one.
    """
    from service.store.backup import back_up

    now = datetime.now(UTC)
    if file.is_dir():
        file = file / f"heimvorteil-{now:%Y-%m-%dT%H%M%SZ}.zip"
    with working(lambda: words().say("copying the database")), _as_it_is() as sessions:
        made = back_up(sessions, file, now)
    click.echo(
        words().say("{file}: {rows} rows of {tables} tables, schema {revision}", file=file, **_counts(made))
    )


@db.command("restore")
@click.argument("file", type=FILE)
@click.option(
    "--replace", is_flag=True, help="Also into a database that is not empty: all of it is replaced."
)
def db_restore(file: Path, replace: bool) -> None:
    """Put the copy FILE into the database, proven by counts and checksums: all of it or nothing."""
    from service.store.restoring import restore

    url = Settings.from_environ().database_url
    with working(lambda: words().say("putting the copy back")):
        made = restore(url, file, replace=replace)
    moment = f"{made.made_at[:19]}Z"
    click.echo(
        words().say(
            "restored {rows} rows of {tables} tables as of {moment}; all proven",
            moment=moment,
            **_counts(made),
        )
    )


@db.command("check")
@click.argument("file", type=FILE, required=False)
def db_check(file: Path | None) -> None:
    """Look through the database, or through the copy FILE; exit code 1 where something is wrong."""
    if file is not None:
        from service.store.backup import proven

        with working(lambda: words().say("reading the copy")):
            made = proven(file)
        whole = words().say("{rows} rows of {tables} tables are whole, schema {revision}", **_counts(made))
        click.echo(f"{file}: {whole}")
        return
    from service.store.checking import check

    with working(lambda: words().say("looking through the database")), _as_it_is() as sessions:
        found = check(sessions)
    for fault in found.faults:
        click.echo(said(fault))
    if found.faults:
        raise SystemExit(EXIT_FAULTS)
    w = words()
    click.echo(
        w.say(
            "{rows} rows of {tables} tables are whole, schema {revision}",
            rows=w.number(sum(found.rows.values())),
            tables=len(found.rows),
            revision=found.revision,
        )
    )


@db.command("export")
@click.argument("file", type=FILE)
@click.option(
    "--format",
    "how",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="Of each table in it.",
)
def db_export(file: Path, how: str) -> None:
    """Write every stored fact to FILE, a zip with a table a file: for people and other programs."""
    from service.store.exporting import export

    with working(lambda: words().say("writing the facts")), _as_it_is() as sessions:
        rows = export(sessions, file, cast("Format", how))
    w = words()
    click.echo(
        w.say(
            "{file}: {rows} rows of {tables} tables as {format}",
            file=file,
            rows=w.number(sum(rows.values())),
            tables=len(rows),
            format=how,
        )
    )


@db.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def db_prune(dry_run: bool) -> None:
    """Let go what is not kept: answers that have expired, of a long past day all prices but its last.

    Whoever refreshes prices does so once a day by itself.
    """
    from service.store.pruning import prune
    from service.store.session import require_head

    with working(lambda: words().say("letting go")), _as_it_is() as sessions:
        require_head(sessions.engine)
        done = prune(sessions, Settings.from_environ(), datetime.now(UTC), dry_run=dry_run)
    w = words()
    told = w.say(
        "{answers} answers ({megabytes} MB), {prices} prices",
        answers=w.number(done.answers.answers),
        megabytes=w.number(done.answers.stored_bytes / 1e6, 1),
        prices=w.number(done.prices),
    )
    click.echo(f"{w.say('would go') if dry_run else w.say('gone')}: {told}")


def _counts(made: "Manifest") -> dict[str, object]:
    return {"rows": words().number(made.rows), "tables": len(made.tables), "revision": made.revision}


@contextmanager
def _as_it_is() -> "Iterator[Sessions]":
    """The database as it is: neither made, upgraded nor filled."""
    from service.store.session import Sessions, engine_for

    engine = engine_for(Settings.from_environ().database_url)
    try:
        yield Sessions(engine)
    finally:
        engine.dispose()
