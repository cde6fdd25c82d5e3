"""Running the product: `serve`, `db`, `token`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

from service.cli.opening import open_database
from service.cli.scheduling import beside_refreshing
from service.errors import InvalidValue, worded
from service.reports.words.spoken import words
from service.settings import Settings


@click.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", default=None, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--workers", default=None, type=click.IntRange(1, 64), help="Server processes.")
def serve(host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the REST API; on SQLite prices are refreshed and reports on a schedule run beside it."""
    from pricing.registry import register
    from service import serving

    settings = Settings.from_environ()
    listener = serving.own(
        host or settings.host, port if port is not None else settings.port, settings.send_seconds
    )
    sessions = open_database()
    register(sessions)
    scheduled = settings.scheduler == "on" or (
        settings.scheduler == "auto" and sessions.engine.dialect.name == "sqlite"
    )
    sessions.engine.dispose()
    watching = None
    if scheduled:
        from pricing.pace import Pace
        from pricing.watch import start_beside

        watching = start_beside(settings.database_url, Pace.from_settings(settings), beside_refreshing)
    try:
        serving.serve(listener, workers or settings.workers, settings.header_seconds)
    finally:
        if watching:
            watching.terminate()
            watching.join()


@click.group()
def db() -> None:
    """Create, upgrade and fill the database."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to this version, with the task queue's on PostgreSQL, and fill in the catalog."""
    from pricing.registry import register
    from service.store.seed import seed
    from service.store.session import Sessions, engine_for, upgrade

    url = Settings.from_environ().database_url
    upgrade(url)
    engine = engine_for(url)
    with Sessions(engine).begin() as session:
        seed(session)
    register(Sessions(engine))
    click.echo(words().say("{database} is up to date", database=engine.url.render_as_string()))


@db.command("calibrate")
@click.option("--check", is_flag=True, help="Only say whether the stored calibration is what the runs give.")
def db_calibrate(check: bool) -> None:
    """Fit the efficiency terms to the catalog's measured runs and store them with version and date."""
    from service.store import calibration_file

    changed = calibration_file.refit(datetime.now(UTC).date(), write=not check)
    if check and changed:
        raise InvalidValue("calibration", ", ".join(changed), worded("differs from what the runs give"))
    w = words()
    if not changed:
        click.echo(w.say("calibration is what the runs give"))
        return
    click.echo(w.counted("calibrated: {count} term", "calibrated: {count} terms", len(changed)))


@click.group()
def token() -> None:
    """Create and revoke API tokens; only their SHA-256 is stored."""


def _with_session(work: Callable[[Any], Any]) -> Any:
    """Run `work` in one writing transaction."""
    with open_database().begin() as session:
        return work(session)


@token.command("create")
@click.argument("name")
def token_create(name: str) -> None:
    """Create a token called NAME and show it once."""
    from service.store import tokens

    click.echo(_with_session(lambda session: tokens.create(session, name, datetime.now(UTC))))


@token.command("list")
def token_list() -> None:
    """List tokens by name."""
    from service.reports.listings.as_table import print_table
    from service.store import tokens

    w, issued = words(), _with_session(tokens.all)
    if not issued:
        click.echo(w.say("No token yet: heimvorteil token create NAME makes one."))
        return
    print_table(
        [w.say("name"), w.say("created"), w.say("revoked")],
        [
            [t.name, w.day(t.created_at.date()), w.day(t.revoked_at.date()) if t.revoked_at else "-"]
            for t in issued
        ],
        set(),
    )


@token.command("revoke")
@click.argument("name")
def token_revoke(name: str) -> None:
    """Revoke the token called NAME."""
    from service.store import tokens

    _with_session(lambda session: tokens.revoke(session, name, datetime.now(UTC)))
    click.echo(words().say("revoked {name}", name=name))
