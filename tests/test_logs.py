"""Logs: one line an event, whatever was sent; the request or refresh it is of; no secret."""

import json
import logging
import sys

import pytest

from pricing.leased_refresh import run_one
from pricing.pace import Pace
from pricing.registry import register
from service import logs
from service.app import create_app
from service.settings import Settings
from service.store.session import Sessions
from tests.pricing.test_every_source import SOURCES, recorded

FORMS = {"json": logs.AsJson(), "text": logs.AsText()}
HOSTILE = "a\nINFO forged\r\x1b[31mred\x85\u2028\u202ex\x00\ud800"


def line(form, message, *args, **more):
    record = logging.LogRecord(
        "service.x", logging.INFO, __file__, 1, message, args, more.pop("exc_info", None)
    )
    record.__dict__.update(more)
    return FORMS[form].format(record)


@pytest.mark.parametrize("form", FORMS)
def test_an_event_is_one_line_whatever_stands_in_it(form):
    told = line(form, "asked for %s", HOSTILE, fields={"route": HOSTILE})
    assert told.isprintable() and "\n" not in told
    told.encode()
    assert "a\\nINFO forged" in (json.loads(told)["message"] if form == "json" else told)


@pytest.mark.parametrize("form", FORMS)
def test_the_lines_of_an_error_cannot_pass_for_events(form):
    try:
        raise ValueError("first\n2026-01-01 INFO forged")
    except ValueError:
        told = line(form, "it failed", exc_info=sys.exc_info())
    lines = told.split("\n")
    assert "forged" in told
    assert len(lines) == 1 if form == "json" else all(one.startswith("    ") for one in lines[1:])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("said", "secret"),
    [
        ("token hv_abcdefghijklmnop", "hv_abcdefghijklmnop"),
        ("GET https://me:hunter2@mirror.example/x", "hunter2"),
        ("GET https://x.example/?api_key=hunter2&a=1", "hunter2"),
        ("GET https://x.example/?a=1&securityToken=hunter2", "hunter2"),
    ],
)
def test_no_secret_is_told(form, said, secret):
    told = line(form, "%s", said, fields={"client": said})
    assert ("a=1" in told) == ("a=1" in said)
    assert secret not in told


def test_json_where_no_terminal_reads_it_or_as_said(monkeypatch):
    assert logs.config("json")["formatters"]["line"]["()"] is logs.AsJson
    assert logs.config("text")["formatters"]["line"]["()"] is logs.AsText
    for is_terminal, form in ((True, logs.AsText), (False, logs.AsJson)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal, raising=False)
        assert logs.config("auto")["formatters"]["line"]["()"] is form


@pytest.fixture
def client(catalog_copy):
    from service.store.session import engine_for

    engine = engine_for(catalog_copy())
    sessions = Sessions(engine)
    yield create_app(Settings.from_environ({}), sessions).test_client()
    engine.dispose()


def test_each_request_has_one_line_with_its_id(client, caplog):
    caplog.set_level(logging.INFO, "heimvorteil.access")
    answer = client.get("/api/v1/gpus/%0aINFO%20forged?x=%0d", headers={"X-Request-ID": "from-the-proxy-1"})
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    (record,) = [one for one in caplog.records if one.name == "heimvorteil.access"]
    told = record.fields
    assert (told["method"], told["route"], told["status"]) == ("GET", "/api/v1/gpus/<string:slug>", 422)
    assert told["client"] == "127.0.0.1" and told["token"] is None
    assert told["ms"] >= 0 and told["bytes"] == len(answer.data)
    assert "forged" not in FORMS["json"].format(record)


def test_an_error_as_a_page_has_the_id_and_the_line_of_what_is_sent(client, caplog):
    caplog.set_level(logging.INFO, "heimvorteil.access")
    page = client.get("/nowhere", headers={"Accept": "text/html", "X-Request-ID": "from-the-proxy-1"})
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert page.headers["X-Request-ID"] == "from-the-proxy-1"
    assert caplog.records[-1].fields["bytes"] == len(page.data)


def test_what_is_logged_while_a_token_is_looked_up_has_the_requests_id(client, monkeypatch):
    seen = []

    def presented(*_):
        seen.append(json.loads(line("json", "looked up")))

    monkeypatch.setattr("service.api.tokens.tokens.presented", presented)
    sent = {"X-Request-ID": "abcdefgh", "Authorization": "Bearer hv_unknown"}
    client.post("/api/v1/estimates", json={}, headers=sent)
    assert seen and {told.get("request_id") for told in seen} == {"abcdefgh"}


@pytest.mark.parametrize("sent", ["", "short", "x" * 65, "with space", "bräuche-umlaut", "a;b;c;d;e;f"])
def test_an_id_that_is_not_sane_is_replaced(client, sent):
    given = client.get("/ping", headers={"X-Request-ID": sent.encode().decode("latin-1")}).headers[
        "X-Request-ID"
    ]
    assert given != sent and logs.SANE_ID.fullmatch(given)


def test_what_is_logged_of_a_request_has_its_id_and_nothing_after_it(client, caplog, monkeypatch):
    monkeypatch.setattr("service.api.health.json_response", lambda *_: 1 / 0)
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(json.loads(FORMS["json"].format(record)))
    monkeypatch.setattr(logging.getLogger("service.api.problems"), "handlers", [handler])
    client.get("/healthz", headers={"X-Request-ID": "abcdefgh"})
    assert seen[0]["request_id"] == "abcdefgh" and "ZeroDivisionError" in seen[0]["exception"][-1]
    assert "request_id" not in json.loads(line("json", "later"))


def test_a_token_is_told_by_name(client, caplog):
    from datetime import UTC, datetime

    from service.state import EXTENSION
    from service.store import tokens

    with client.application.extensions[EXTENSION].sessions.begin() as session:
        value = tokens.create(session, "ci", datetime.now(UTC), "read")
    caplog.set_level(logging.INFO, "heimvorteil.access")
    client.get("/api/v1/alerts", headers={"Authorization": f"Bearer {value}"})
    assert caplog.records[-1].fields["token"] == "ci"
    assert value not in caplog.text


def test_a_refresh_is_logged_under_its_number(client, monkeypatch):
    from service.state import EXTENSION

    sessions = client.application.extensions[EXTENSION].sessions
    register(sessions)
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(json.loads(FORMS["json"].format(record)))
    for name in ("pricing.leased_refresh", "pricing.refresh"):
        monkeypatch.setattr(logging.getLogger(name), "handlers", [handler])
        monkeypatch.setattr(logging.getLogger(name), "level", logging.INFO)

    def broken(_asked):
        raise RuntimeError("a bug")

    ecb = next(source for source in SOURCES if source.name == "ecb")
    run_one(sessions, ecb, Pace(), early=True, fetch=broken)
    run_one(sessions, ecb, Pace(), early=True, fetch=lambda _: recorded("ecb"))
    assert [one["refresh_id"] for one in seen] == ["1", "1", "2"]
    assert seen[0]["message"] == "ecb: a fault of our own"
