"""Every answer of every route, errors and files too, carries the headers that keep a browser in bounds."""

import re
from datetime import UTC, datetime

import pytest

from service.api.headers import ALWAYS
from service.app import create_app
from service.pages.frame import EMBEDDED, POLICY
from service.settings import Settings
from service.store import tokens

MUST = {*ALWAYS, "Content-Security-Policy", "Cache-Control"}
METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT", "TRACE")


def addresses(app):
    """Each rule of the app with something in its gaps."""
    for rule in app.url_map.iter_rules():
        filled = re.sub(r"<(?:int:)(\w+)>", "7", rule.rule)
        yield re.sub(r"<[^>]+>", "something", filled)


def assert_strict(response):
    policy = response.headers["Content-Security-Policy"]
    must = MUST - {"X-Frame-Options"} if policy == EMBEDDED else MUST
    assert set(response.headers.keys()) >= must, (response.request.path, must - set(response.headers.keys()))
    if policy == EMBEDDED:
        assert response.request.path == "/embed", "others may frame that alone"
        policy = policy.replace("frame-ancestors *", "frame-ancestors 'none'")
    allowed = {name: said for name, _, said in (part.partition(" ") for part in policy.split("; "))}
    for name in ("default-src", "frame-ancestors", "base-uri"):
        assert allowed[name] == "'none'", policy
    assert allowed.get("script-src", "'self'") == "'self'" and "*" not in policy
    assert allowed["form-action"] == ("'self'" if policy == POLICY else "'none'"), policy
    assert len(response.headers.getlist("Cache-Control")) == 1
    if response.status_code >= 400:
        assert response.headers["Cache-Control"] == "no-store"
        assert response.request.method == "HEAD" or response.mimetype == "application/problem+json"
    response.close()


@pytest.mark.long
def test_every_answer_of_every_route_is_strict(app, client):
    seen = set()
    for address in addresses(app):
        for method in METHODS:
            response = client.open(address, method=method)
            assert_strict(response)
            seen.add(response.status_code)
    assert {200, 401, 404, 405, 415, 422} <= seen, seen
    assert len(list(addresses(app))) > 60


def test_files_pages_and_faults_too(app, client, monkeypatch):
    for address in (
        "/static/apidoc/start.js",
        "/static/none.js",
        "/api/v1/docs",
        "/nowhere",
        "/api/v1/gpus/",
    ):
        assert_strict(client.get(address))
    assert "script-src 'self';" in client.get("/api/v1/docs").headers["Content-Security-Policy"]
    monkeypatch.setattr("service.api.health.json_response", lambda *_: 1 / 0)
    broken = client.get("/healthz")
    assert broken.status_code == 500
    assert_strict(broken)


@pytest.mark.parametrize("extension", ["html", "pdf", "csv", "json"])
def test_a_report_is_strict_and_somebodys_own(client, extension):
    made = client.post("/api/v1/comparisons", json={})
    assert_strict(made)
    report = client.get(made.headers["Location"] + "." + extension)
    assert report.status_code == 200
    assert_strict(report)
    kept = client.get(made.headers["Location"])
    assert kept.headers["Cache-Control"].startswith("private")


def test_what_is_asked_with_a_token_is_kept_by_nobody_else(own_app, sessions):
    with sessions.begin() as session:
        value = tokens.create(session, "ci", datetime.now(UTC), "read")
    client, header = own_app.test_client(), {"Authorization": f"Bearer {value}"}
    assert client.get("/api/v1/gpus", headers=header).headers["Cache-Control"] == "private, no-cache"
    assert client.get("/api/v1/alerts", headers=header).headers["Cache-Control"] == "no-store"
    assert client.get("/metrics", headers=header).headers["Cache-Control"] == "no-store"


def test_https_is_insisted_on_behind_tls_alone(client, catalog_sessions):
    name = "Strict-Transport-Security"
    assert name not in client.get("/ping").headers
    assert client.get("/ping", base_url="https://localhost").headers[name].startswith("max-age=")
    # Whoever calls can say what he likes of how he came.
    assert name not in client.get("/ping", headers={"X-Forwarded-Proto": "https"}).headers
    told = create_app(Settings.from_environ({"HEIMVORTEIL_HTTPS": "on"}), catalog_sessions)
    assert name in told.test_client().get("/nowhere").headers
