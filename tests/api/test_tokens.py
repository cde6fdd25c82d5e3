"""Tokens: what each may do, until when, when it was used, and how a value is replaced."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import abort

from service.api.request_sizes import LARGEST_HEAD, LONGEST_ADDRESS
from service.app import create_app
from service.settings import Settings
from service.store import tokens
from service.store.work_models import ApiTokenRow
from tests.api.conftest import assert_problem

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
QUOTE = "/api/v1/offers"
REFRESH = {"source": "ecb"}


@pytest.fixture
def made(sessions):
    """Makes a token of a scope; its header."""

    def make(scope="write", name=None, now=NOW, valid_for=None):
        with sessions.begin() as session:
            return as_header(tokens.create(session, name or scope, now, scope, valid_for))

    return make


def as_header(value):
    return {"Authorization": f"Bearer {value}"}


def rotated(sessions, name, now, overlap):
    with sessions.begin() as session:
        return as_header(tokens.rotate(session, name, now, overlap))


def test_who_may_not_is_told_what_is_missing(own_app, made):
    client = own_app.test_client()
    nobody = client.post(QUOTE, json={})
    assert "token of scope write" in assert_problem(nobody, 401)["detail"]
    assert "error" not in nobody.headers["WWW-Authenticate"]
    refused = client.post(QUOTE, json={}, headers=made("read"))
    told = assert_problem(refused, 403)["detail"]
    assert "scope write" in told and "'read', has scope read" in told
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]
    assert_problem(client.get("/api/v1/tokens", headers=made("write")), 403)
    assert_problem(client.get("/api/v1/tokens"), 401)
    for wrong in ("Bearer hv_no", "Basic YTpi", "hv_no", "Bearer"):
        assert_problem(client.get("/api/v1/alerts", headers={"Authorization": wrong}), 401)


def test_each_scope_holds_those_before_it(own_app, made):
    client, admin = own_app.test_client(), made("admin")
    for scope in ("write", "admin"):
        headers = admin if scope == "admin" else made("write")
        assert_problem(client.post(QUOTE, json={}, headers=headers), 422)
    listed = client.get("/api/v1/tokens", headers=admin).get_json()["items"]
    assert {one["name"]: one["scope"] for one in listed} == {"admin": "admin", "write": "write"}
    assert "hv_" not in str(listed)
    assert client.delete("/api/v1/tokens/write", headers=admin).status_code == 204
    assert_problem(client.delete("/api/v1/tokens/write", headers=admin), 404)


def test_a_token_ends(own_app, sessions, made):
    client = own_app.test_client()
    old = made("read", "old", NOW - 2 * DAY, DAY)
    assert "expired at" in assert_problem(client.get("/api/v1/alerts", headers=old), 401)["detail"]
    young = made("read", "young", NOW, DAY)
    assert client.get("/api/v1/alerts", headers=young).status_code == 200
    with sessions.begin() as session:
        tokens.revoke(session, "young", NOW)
    assert "revoked at" in assert_problem(client.get("/api/v1/alerts", headers=young), 401)["detail"]


def test_a_value_is_replaced_and_the_one_before_counts_a_while(own_app, sessions, made):
    client, first = own_app.test_client(), made("read", "ci")

    def status(header):
        return client.get("/api/v1/alerts", headers=header).status_code

    second = rotated(sessions, "ci", NOW, DAY)
    assert (status(first), status(second)) == (200, 200)
    third = rotated(sessions, "ci", NOW - 2 * DAY, DAY)
    assert (status(first), status(second), status(third)) == (401, 401, 200)
    told = client.get("/api/v1/alerts", headers=second).get_json(force=True)["detail"]
    assert "was replaced and counted until" in told
    with sessions.begin() as session:
        tokens.revoke(session, "ci", NOW)
    assert status(third) == 401


def test_its_use_is_written_at_most_once_a_minute(own_app, sessions, made):
    client, header = own_app.test_client(), made("read", "ci")

    def used():
        with sessions.reading() as session:
            return tokens.all(session)[0].last_used_at

    assert used() is None
    client.get("/api/v1/alerts", headers=header)
    first = used()
    assert first is not None
    client.get("/api/v1/alerts", headers=header)
    assert used() == first
    with sessions.begin() as session:
        session.execute(sa.update(ApiTokenRow).values(last_used_at=first - timedelta(seconds=61)))
    client.get("/api/v1/alerts", headers=header)
    assert used() >= first


def test_only_hashes_are_kept(sessions, made):
    value = made("read", "ci")["Authorization"].split()[1]
    new = rotated(sessions, "ci", NOW, DAY)["Authorization"].split()[1]
    with sessions.reading() as session:
        kept = str(session.execute(sa.text("SELECT * FROM api_tokens")).all())
    assert value not in kept and new not in kept


def test_a_name_that_forges_a_line_is_refused(sessions):
    from service.errors import InvalidValue

    with pytest.raises(InvalidValue), sessions.begin() as session:
        tokens.create(session, "a\nb", NOW)


@pytest.mark.parametrize("status", [413, 414, 429, 431, 503])
def test_every_limit_is_told_in_the_one_shape(sessions, status):
    app = create_app(Settings.from_environ({}), sessions)
    app.add_url_rule("/full", view_func=lambda: abort(status))
    assert_problem(app.test_client().get("/full"), status)


def test_long_addresses_and_heads_are_refused(client):
    assert_problem(client.get("/api/v1/gpus?limit=5&" + "x" * LONGEST_ADDRESS), 414)
    assert_problem(client.get("/" + "x" * LONGEST_ADDRESS), 414)
    assert_problem(client.get("/ping", headers={"X-Long": "x" * LARGEST_HEAD}), 431)
    assert client.get("/ping", headers={"X-Long": "x" * (LARGEST_HEAD // 2)}).status_code == 200
    assert_problem(
        client.post("/api/v1/comparisons", data=b" " * 300_000, content_type="application/json"), 413
    )
