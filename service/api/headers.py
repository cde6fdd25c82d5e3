"""Headers that every answer carries, errors and files too: what a browser may do with it, who may keep it."""

from flask import Flask, Response, request

from service.settings import Settings

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""For what is no page: nothing is loaded, run, framed or sent. A page says what it needs (docs, reports)."""
OFF = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation",
    "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "publickey-credentials-get",
    "screen-wake-lock", "serial", "usb", "web-share", "xr-spatial-tracking",
)  # fmt: skip
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in OFF),
}
ANYBODY = "frame-ancestors *"
"""In the policy of a page that others may frame; X-Frame-Options has no word for it."""
HSTS = "Strict-Transport-Security"
ONLY_HTTPS = "max-age=31536000"
"""A year; without the subdomains, which are somebody else's to decide on."""
OF_THE_MOMENT = ("health", "metrics")
"""Blueprints whose answers are true for now alone."""


def usual(settings: Settings) -> dict[str, str]:
    """What every answer carries whatever it is of, for whoever answers in the application's place too."""
    insisted = {HSTS: ONLY_HTTPS} if settings.https == "on" else {}
    return {**ALWAYS, "Content-Security-Policy": NOTHING, **insisted}


def secure(app: Flask, settings: Settings) -> None:
    """Let every answer of the app carry them."""
    always = tuple(usual(settings).items())

    @app.after_request
    def add(response: Response) -> Response:
        headers = response.headers
        headers.extend((name, value) for name, value in always if name not in headers)
        if ANYBODY in headers["Content-Security-Policy"]:
            del headers["X-Frame-Options"]
        headers["Cache-Control"] = _who_may_keep(response)
        if request.is_secure:
            headers[HSTS] = ONLY_HTTPS
        return response


def _who_may_keep(response: Response) -> str:
    """Nobody an error or what is true for now alone; none but the asker what was asked with a token."""
    said = response.headers.get("Cache-Control", "")
    if "no-store" in said or response.status_code >= 400 or request.blueprint in OF_THE_MOMENT:
        return "no-store"
    if request.method not in ("GET", "HEAD"):
        return "no-store"
    if "Authorization" in request.headers:
        return "private, no-cache"
    return said or "no-cache"
