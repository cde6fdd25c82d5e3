"""The web application: settings, database, routes, error shapes. Nothing happens at import."""

from flask import Flask, Response, g

from service.api import HEALTH, PREFIX, RESOURCES, metrics, problems
from service.api.contract import refuse_nul_in_address
from service.api.state import EXTENSION, State
from service.settings import Settings
from service.store.session import Sessions, engine_of_requests
from service.store.snapshot import Snapshots
from service.store.write_test import WriteTest
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
    sessions = sessions or Sessions(engine_of_requests(settings.database_url, settings.database_seconds))
    app = Flask("service")
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.extensions[EXTENSION] = State(
        settings,
        sessions,
        Snapshots(sessions.engine, settings.snapshot_check_seconds),
        str(sessions.engine.url),
        WriteTest(sessions),
        take_in_prices,
        keep_quote,
    )
    problems.register(app)
    for blueprint in HEALTH:
        app.register_blueprint(blueprint)
    for blueprint in RESOURCES:
        app.register_blueprint(blueprint, url_prefix=PREFIX)
    app.after_request(secure)
    app.after_request(tell_age)
    metrics.measure(app)
    app.before_request(refuse_nul_in_address)
    return app


def tell_age(response: Response) -> Response:
    """Since when no newer facts could be looked for [s], on answers while the database is away."""
    if (age_s := g.get("facts_age_s")) is not None:
        response.headers["Heimvorteil-Facts-Age"] = f"{age_s:.0f}"
    return response


def secure(response: Response) -> Response:
    """Headers that every answer carries."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    return response
