"""The web application: settings, database, routes, error shapes. Nothing happens at import."""

from flask import Flask, Response

from service.api import HEALTH, PREFIX, RESOURCES, metrics, problems
from service.pages import PAGES
from service.pages.refused import as_page
from service.settings import Settings
from service.state import EXTENSION, State
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
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = State(
        settings,
        sessions,
        Snapshots(sessions.engine, settings.snapshot_check_seconds),
        str(sessions.engine.url),
        take_in_prices,
        keep_quote,
    )
    problems.register(app)
    for blueprint in HEALTH:
        app.register_blueprint(blueprint)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    for blueprint in PAGES:
        app.register_blueprint(blueprint)
    app.after_request(secure)
    app.after_request(as_page)
    metrics.measure(app)
    return app


def secure(response: Response) -> Response:
    """Headers that every answer carries."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    return response
