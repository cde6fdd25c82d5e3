"""Over REST: an answer that was asked without a token expires, one with a token stays."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from service.store import tokens
from service.store.answer_room import expire

QUESTION = {"budget": 700, "workload": "gpt2-124m"}
PLENTY = 10**9


@pytest.fixture
def own_client(own_app):
    return own_app.test_client()


@pytest.fixture
def bearer(sessions):
    with sessions.begin() as session:
        token = tokens.create(session, "me", datetime.now(UTC))
    return {"Authorization": f"Bearer {token}"}


def in_31_days(sessions):
    return expire(sessions, datetime.now(UTC) + timedelta(days=31), 30, PLENTY).answers


@pytest.mark.parametrize("path", ["decisions", "comparisons"])
def test_a_link_that_expired_is_410_in_one_shape(own_client, sessions, path):
    asked = {"workload": "gpt2-124m"} if path == "comparisons" else QUESTION
    link = own_client.post(f"/api/v1/{path}", json=asked).headers["Location"]
    assert own_client.get(link).status_code == 200
    assert in_31_days(sessions) == 1
    for address in (link, f"{link}.md"):
        gone = own_client.get(address)
        assert gone.status_code == 410 and gone.mimetype == "application/problem+json"
        assert "has expired" in orjson.loads(gone.data)["detail"]
    assert own_client.get(f"/api/v1/{path}/0123456789").status_code == 404


@pytest.mark.parametrize("path", ["decisions", "comparisons"])
def test_a_token_keeps_an_answer_also_one_that_was_asked_without(own_client, sessions, bearer, path):
    asked = {"workload": "gpt2-124m"} if path == "comparisons" else QUESTION
    first = own_client.post(f"/api/v1/{path}", json=asked)
    again = own_client.post(f"/api/v1/{path}", json=asked, headers=bearer)
    assert again.headers["Location"] == first.headers["Location"] and again.data == first.data
    assert in_31_days(sessions) == 0
    assert own_client.get(first.headers["Location"]).status_code == 200


def test_a_wrong_token_is_refused_rather_than_ignored(own_client):
    refused = own_client.post(
        "/api/v1/decisions", json=QUESTION, headers={"Authorization": "Bearer hv_wrong"}
    )
    assert refused.status_code == 401
