"""Running the product: `serve`, `db`."""

from datetime import UTC, datetime

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
        serving.serve(listener, workers or settings.workers, settings.header_seconds, settings.hang_seconds)
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
    from service.store.session import Sessions, engine_for, shown, upgrade

    url = Settings.from_environ().database_url
    upgrade(url)
    engine = engine_for(url)
    with Sessions(engine).begin() as session:
        seed(session)
    register(Sessions(engine))
    click.echo(words().say("{database} is up to date", database=shown(engine.url)))


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
