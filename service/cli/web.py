"""The web application as `serve` starts it: with pricing's reader and judge of prices, where both meet."""

import logging
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.facts import CloudOffer
    from service.front.gate import Gate
    from service.settings import Settings
    from service.store.session import Sessions
    from service.usecases.price_imports import Imported, PriceTable


def create_app(settings: "Settings | None" = None, sessions: "Sessions | None" = None) -> "Flask":
    """service.app's application, able to take in tables of prices and quotes."""
    from service import app

    return app.create_app(settings, sessions, take_in_prices, keep_quote)


def create_gate() -> "Gate":
    """The application behind its gate, in a process that `service.serving` started."""
    import asyncio

    from service import serving
    from service.api.headers import usual
    from service.api.kinds import kinds
    from service.front.gate import Bounds, Gate, without_stalled
    from service.front.pulse import Pulse
    from service.front.rates import Rates
    from service.front.share import Share
    from service.settings import Settings

    logging.getLogger("_granian").addFilter(without_stalled)
    serving.end_with_parent()
    serving.take_short_turns()
    settings = Settings.from_environ()
    app = create_app(settings)
    carried = [(name.lower().encode(), value.encode()) for name, value in usual(settings).items()]
    bounds = Bounds(
        settings.waiting,
        settings.answers_per_minute,
        settings.trusted_proxies,
        settings.body_seconds,
        settings.send_seconds,
        settings.access_log == "on",
    )
    folder = Path(os.environ[serving.FOLDER])
    rates, share = Rates(folder / serving.RATES), Share(folder / serving.SHARE)
    gate = Gate(app.wsgi_app, kinds(app), carried, rates, bounds, share)
    Pulse(folder, settings.hang_seconds, gate.stuck).start(asyncio.get_event_loop())
    return gate


def take_in_prices(sessions: "Sessions", table: "PriceTable", now: datetime, *, dry_run: bool) -> "Imported":
    """pricing.importing.take_in, loaded with its pandas when the first table comes."""
    from pricing.importing import take_in

    return take_in(sessions, table, now, dry_run=dry_run)


def keep_quote(sessions: "Sessions", offer: "CloudOffer", now: datetime, *, yes: bool) -> None:
    """pricing.importing.keep_quote, loaded likewise."""
    from pricing.importing import keep_quote

    keep_quote(sessions, offer, now, yes=yes)
