"""The web application: settings, database, routes, error shapes. Nothing happens at import."""

from importlib.metadata import PackageNotFoundError, version

from flask import Flask, Response, g

from service.api import HEALTH, PREFIX, RESOURCES, access_log, headers, metrics, problems, request_sizes
from service.api.contract import refuse_nul_in_address
from service.api.kinds import note_holder
from service.pages import PAGES
from service.pages.frame import kept_for_ever
from service.pages.refused import as_page
from service.settings import Settings
from service.state import EXTENSION, State
from service.store.answer_room import AnswerRoom
from service.store.session import Sessions, engine_of_requests
from service.store.snapshot import Snapshots
from service.store.tallies import Tallies
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
        WriteTest(sessions),
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
    # What comes first here begins first and, of an answer, has the last word: its line is of what is sent.
    access_log.write(app, wanted=settings.access_log == "on")
    metrics.measure(app)
    request_sizes.limit(app)
    app.before_request(refuse_nul_in_address)
    app.before_request(note_holder)
    app.after_request(tell_age)
    headers.secure(app, settings)
    app.after_request(as_page)
    app.after_request(kept_for_ever)
    return app


def tell_age(response: Response) -> Response:
    """Since when no newer facts could be looked for [s], on answers while the database is away."""
    if (age_s := g.get("facts_age_s")) is not None:
        response.headers["Heimvorteil-Facts-Age"] = f"{age_s:.0f}"
    return response


def product_version() -> str:
    """Of the product as it is installed; "" where it runs from its folder alone."""
    try:
        return version("heimvorteil")
    except PackageNotFoundError:
        return ""
