"""Keeping the database: `db backup`, `restore`, `check`, `export`, `prune`."""

from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from service.cli.operating import db
from service.cli.progress import working
from service.settings import Settings

__all__ = ["db"]

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with working("copying the database"), _as_it_is() as sessions:
        made = back_up(sessions, file, now)
    click.echo(f"{file}: {made.rows:,} rows of {len(made.tables)} tables, schema {made.revision}")


@db.command("restore")
@click.argument("file", type=FILE)
@click.option(
    "--replace", is_flag=True, help="Also into a database that is not empty: all of it is replaced."
)
def db_restore(file: Path, replace: bool) -> None:
    """Put the copy FILE into the database, proven by counts and checksums: all of it or nothing."""
    from service.store.restoring import restore

    url = Settings.from_environ().database_url
    with working("putting the copy back"):
        made = restore(url, file, replace=replace)
    click.echo(
        f"restored {made.rows:,} rows of {len(made.tables)} tables as of {made.made_at[:19]}Z; all proven"
    )


@db.command("check")
@click.argument("file", type=FILE, required=False)
def db_check(file: Path | None) -> None:
    """Look through the database, or through the copy FILE; exit code 1 where something is wrong."""
    if file is not None:
        from service.store.backup import proven

        with working("reading the copy"):
            made = proven(file)
        click.echo(
            f"{file}: {made.rows:,} rows of {len(made.tables)} tables are whole, schema {made.revision}"
        )
        return
    from service.store.checking import check

    with working("looking through the database"), _as_it_is() as sessions:
        found = check(sessions)
    for fault in found.faults:
        click.echo(fault)
    if found.faults:
        raise SystemExit(EXIT_FAULTS)
    click.echo(
        f"{sum(found.rows.values()):,} rows of {len(found.rows)} tables are whole, schema {found.revision}"
    )


@db.command("export")
@click.argument("file", type=FILE)
@click.option("--format", "how", type=click.Choice(["csv", "jsonl"]), default="csv", show_default=True)
def db_export(file: Path, how: str) -> None:
    """Write every stored fact to FILE, a zip with a table a file: for people and other programs."""
    from service.store.exporting import export

    with working("writing the facts"), _as_it_is() as sessions:
        rows = export(sessions, file, cast("Format", how))
    click.echo(f"{file}: {sum(rows.values()):,} rows of {len(rows)} tables as {how}")


@db.command("prune")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
def db_prune(dry_run: bool) -> None:
    """Let go what is not kept: answers that have expired, of a long past day all prices but its last.

    Whoever refreshes prices does so once a day by itself.
    """
    from service.store.pruning import prune
    from service.store.session import require_head

    with working("letting go"), _as_it_is() as sessions:
        require_head(sessions.engine)
        done = prune(sessions, Settings.from_environ(), datetime.now(UTC), dry_run=dry_run)
    went = "would go" if dry_run else "gone"
    megabytes = done.answers.stored_bytes / 1e6
    click.echo(f"{went}: {done.answers.answers:,} answers ({megabytes:,.1f} MB), {done.prices:,} prices")


@contextmanager
def _as_it_is() -> "Iterator[Sessions]":
    """The database as it is: neither made, upgraded nor filled."""
    from service.store.session import Sessions, engine_for

    engine = engine_for(Settings.from_environ().database_url)
    try:
        yield Sessions(engine)
    finally:
        engine.dispose()
