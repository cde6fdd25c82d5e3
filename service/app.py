"""The web application: settings, database, routes, error shapes. Nothing happens at import."""

from importlib.metadata import PackageNotFoundError, version

from flask import Flask

from service.api import HEALTH, PREFIX, RESOURCES, access_log, headers, metrics, problems, request_sizes
from service.api.database_metrics import Tallies
from service.api.kinds import note_holder
from service.api.state import EXTENSION, State
from service.settings import Settings
from service.store.answer_room import AnswerRoom
from service.store.session import Sessions, engine_for
from service.store.snapshot import Snapshots
from service.usecases.price_imports import KeepsQuote, TakesInPrices


def create_app(
    settings: Settings | None = None,
    sessions: Sessions | None = None,
    take_in_prices: TakesInPrices | None = None,
    keep_quote: KeepsQuote | None = None,
) -> Flask:
    """An app that serves the facts of one database, which must be ready (`heimvorteil db upgrade`).

    `take_in_prices` and `keep_quote` are pricing's, which this wing may not import; without them imports
    and quotes are answered with 501.
    """
    settings = settings or Settings.from_environ()
    sessions = sessions or Sessions(engine_for(settings.database_url))
    app = Flask("service")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    # OPTIONS is in no description; without it `Allow` names what there is.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = State(
        settings,
        sessions,
        Snapshots(sessions.engine, settings.snapshot_check_seconds),
        str(sessions.engine.url),
        AnswerRoom(sessions, settings.answer_days, settings.answer_megabytes * 10**6),
        Tallies(sessions),
        product_version(),
        take_in_prices,
        keep_quote,
    )
    problems.register(app)
    for blueprint in HEALTH:
        app.register_blueprint(blueprint)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.before_request(note_holder)
    headers.secure(app, settings)
    metrics.measure(app)
    access_log.write(app, wanted=settings.access_log == "on")
    request_sizes.limit(app)
    return app


def product_version() -> str:
    """Of the product as it is installed; "" where it runs from its folder alone."""
    try:
        return version("heimvorteil")
    except PackageNotFoundError:
        return ""
