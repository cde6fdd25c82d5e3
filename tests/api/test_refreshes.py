"""Refreshes and price sources over REST: seen, asked for, stale ones named; counted for Prometheus."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from pricing.leased_refresh import run_one, waiting
from pricing.pace import Pace
from pricing.registry import register
from pricing.source import Rejected
from pricing.sources import SOURCES
from service.front.kinds import HERE
from service.state import EXTENSION
from service.store import leases
from tests.api.conftest import assert_problem
from tests.api.test_writing_and_refresh import headers
from tests.pricing.test_every_source import recorded

ECB = next(source for source in SOURCES if source.name == "ecb")
VAST = next(source for source in SOURCES if source.name == "vast")
PACE = Pace()


@pytest.fixture
def house(own_app):
    """An app whose pricing wing has said which sources there are."""
    own_app.sessions = own_app.extensions[EXTENSION].sessions
    register(own_app.sessions)
    with own_app.sessions.begin() as session:
        later = leases.clock(session) + timedelta(hours=1)
        session.execute(sa.text("UPDATE job_leases SET due = :due"), {"due": str(later)})
    return own_app


def set_back(house, hours):
    """As if everything so far had happened that much earlier."""
    with house.sessions.begin() as session:
        then = leases.clock(session) - timedelta(hours=hours)
        session.execute(sa.text("UPDATE refreshes SET started_at = :then"), {"then": str(then)})
        session.execute(sa.text("UPDATE price_sources SET known_since = :then"), {"then": str(then)})


def metrics(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_a_refresh_is_asked_for_read_by_the_wing_and_seen(house):
    client, token = house.test_client(), headers(house)
    assert_problem(client.post("/api/v1/refreshes", json={"source": "ecb"}), 401)
    asked = client.post("/api/v1/refreshes", json={"source": "ecb"}, headers=token)
    assert asked.status_code == 202, asked.get_data(as_text=True)
    assert asked.get_json()["outcome"] == "requested" and asked.get_json()["requested_by"] == "ci"
    again = client.post("/api/v1/refreshes", json={"source": "ecb"}, headers=token)
    assert again.headers["Location"] == asked.headers["Location"]
    problem = assert_problem(
        client.post("/api/v1/refreshes", json={"source": "ebc"}, headers=token), 422, "source"
    )
    assert problem["errors"][0]["choices"][0] == "ecb"

    assert waiting(house.sessions, SOURCES) == [ECB]
    assert run_one(house.sessions, ECB, PACE, fetch=lambda _: recorded("ecb"))
    done = client.get(asked.headers["Location"]).get_json()
    assert (done["outcome"], done["accepted"], done["rejected_rows"]) == ("unchanged", 3, [])
    assert datetime.fromisoformat(done["started_at"]) <= datetime.fromisoformat(done["finished_at"])
    assert_problem(client.get("/api/v1/refreshes/999"), 404)
    assert_problem(client.get(f"/api/v1/refreshes/{2**70}"), 404)


def test_refreshes_are_listed_newest_first_and_show_what_they_refused(house):
    client = house.test_client()
    refused = replace(
        VAST, off_because=None, parse=lambda _: [Rejected("{1}", "no price"), Rejected("{2}", "a share")]
    )
    run_one(house.sessions, ECB, PACE, early=True, fetch=lambda _: recorded("ecb"))
    run_one(house.sessions, refused, PACE, early=True, fetch=lambda _: recorded("vast"))
    run_one(house.sessions, ECB, PACE, early=True, fetch=lambda _: recorded("ecb"))
    page = client.get("/api/v1/refreshes?limit=2").get_json()
    assert [r["source"] for r in page["items"]] == ["ecb", "vast"] and page["total"] == 3
    rest = client.get(page["next"]).get_json()
    assert [r["source"] for r in rest["items"]] == ["ecb"] and rest["next"] is None
    (failed,) = client.get("/api/v1/refreshes?outcome=failed").get_json()["items"]
    one = client.get(f"/api/v1/refreshes/{failed['id']}").get_json()
    assert one["rejected"] == 2
    assert one["rejected_rows"] == [
        {"reason": "no price", "raw": "{1}"},
        {"reason": "a share", "raw": "{2}"},
    ]
    few = client.get(f"/api/v1/refreshes/{failed['id']}?rejected_rows=1").get_json()
    assert few["rejected_rows"] == one["rejected_rows"][:1]
    assert client.get("/api/v1/refreshes?source=vast").get_json()["total"] == 1
    assert_problem(client.get("/api/v1/refreshes?source=vats"), 422, "source")
    assert_problem(client.get("/api/v1/refreshes?outcome=splendid"), 422, "outcome")


def test_a_stale_source_degrades_readiness_with_its_reason_and_is_counted(house):
    client = house.test_client()
    run_one(house.sessions, ECB, PACE, early=True, fetch=lambda _: recorded("ecb"))
    ready = client.get("/readyz")
    assert ready.status_code == 200 and ready.get_json()["status"] == "ready"
    before = metrics(client)
    assert before[("heimvorteil_source_stale", "ecb")] == 0
    assert before[("heimvorteil_stale_sources",)] == 0
    assert before[("heimvorteil_refreshes_total", "ecb", "unchanged")] == 1

    set_back(house, 19)
    degraded = client.get("/readyz")
    assert degraded.status_code == 200 and degraded.get_json()["status"] == "degraded"
    assert any(
        reason.startswith("ecb is stale: last success") and "19 h ago, read every 6 h" in reason
        for reason in degraded.get_json()["reasons"]
    )
    after = metrics(client)
    assert after[("heimvorteil_source_stale", "ecb")] == 1
    assert 19 * 3600 <= after[("heimvorteil_source_age_seconds", "ecb")] < 19.1 * 3600
    assert after[("heimvorteil_stale_sources",)] == len(degraded.get_json()["reasons"])

    ecb = client.get("/api/v1/price-sources/ecb").get_json()
    assert (ecb["state"], ecb["accepted"], ecb["every_s"]) == ("stale", 3, 6 * 3600)
    stale = client.get("/api/v1/price-sources?state=stale&limit=500").get_json()["items"]
    assert "ecb" in [source["name"] for source in stale]
    everything = client.get("/api/v1/price-sources?limit=500").get_json()
    assert [s["name"] for s in everything["items"]] == sorted(s.name for s in SOURCES)
    assert_problem(client.get("/api/v1/price-sources/ebc"), 404)

    run_one(house.sessions, ECB, PACE, early=True, fetch=lambda _: recorded("ecb"))
    assert client.get("/api/v1/price-sources/ecb").get_json()["state"] == "fresh"


def test_requests_are_counted_by_route_and_never_by_what_was_typed(house):
    client = house.test_client()
    for path in ("/ping", "/ping", "/api/v1/gpus/rtx-4070", "/api/v1/gpus/no-such", "/no/such/page"):
        client.get(path)
    client.open("/ping", method="BREW")
    counted = metrics(client)
    name = "heimvorteil_http_request_seconds_count"
    assert counted[(name, "200", "GET", "health.ping")] >= 2
    assert counted[(name, "200", "GET", "gpus.get")] >= 1
    assert counted[(name, "404", "GET", "gpus.get")] >= 1
    assert counted[(name, "404", "GET", "none")] >= 1
    assert counted[(name, "405", "none", "other")] >= 1


def test_a_source_that_is_off_tells_why_and_what_wakes_it(house, monkeypatch):
    monkeypatch.delenv(VAST.switch, raising=False)
    client = house.test_client()
    vast, ecb = (client.get(f"/api/v1/price-sources/{name}").get_json() for name in ("vast", "ecb"))
    assert vast["switch_variable"] == "HEIMVORTEIL_SOURCE_VAST" and "permission" in vast["off_because"]
    assert ecb["switch_variable"] is None and ecb["off_because"] is None
    run_one(house.sessions, VAST, PACE, early=True)
    (done,) = client.get("/api/v1/refreshes?source=vast").get_json()["items"]
    assert done["outcome"] == "asleep" and "HEIMVORTEIL_SOURCE_VAST=on" in done["error"]


STRANGER = {"REMOTE_ADDR": "203.0.113.7"}
PASSED_ON = {"X-Forwarded-For": "203.0.113.7"}


def test_a_stranger_learns_how_a_source_stands_and_not_what_it_answered(house):
    client, token = house.test_client(), headers(house)
    client.post("/api/v1/refreshes", json={"source": "ecb"}, headers=token)
    refused = replace(VAST, off_because=None, parse=lambda _: [Rejected("{1}", "no price")])
    run_one(house.sessions, refused, PACE, early=True, fetch=lambda _: recorded("vast"))
    numbers = {one["source"]: one["id"] for one in client.get("/api/v1/refreshes").get_json()["items"]}

    def told(path, **how):
        return client.get(path, **how).get_json()

    asked, failed = (f"/api/v1/refreshes/{numbers[name]}" for name in ("ecb", "vast"))
    for how in ({"environ_overrides": STRANGER}, {"headers": PASSED_ON}):
        assert told(asked, **how)["requested_by"] is None
        assert told(failed, **how)["error"] is None and told(failed, **how)["rejected_rows"] is None
        assert told(failed, **how)["outcome"] == "failed" and told(failed, **how)["rejected"] == 1
        listed = told("/api/v1/refreshes", **how)["items"]
        assert {(one["error"], one["requested_by"]) for one in listed} == {(None, None)}
        assert told("/api/v1/price-sources/vast", **how)["error"] is None
        assert {one["error"] for one in told("/api/v1/price-sources?limit=500", **how)["items"]} == {None}
        assert_problem(client.get("/metrics", **how), 401)
    for how in ({}, {"environ_overrides": STRANGER, "headers": token}):
        assert told(asked, **how)["requested_by"] == "ci"
        assert told(failed, **how)["error"] and told(failed, **how)["rejected_rows"]
        assert told("/api/v1/price-sources/vast", **how)["error"]
        assert client.get("/metrics", **how).status_code == 200


@pytest.mark.parametrize(
    ("peer", "is_here"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.9", True), ("10.0.0.1", False), ("", False)],
)
def test_who_is_on_this_machine_is_asked_of_the_connection(house, peer, is_here):
    client = house.test_client()

    def status(environ, **more):
        return client.get("/metrics", environ_overrides=environ, **more).status_code

    assert status({"REMOTE_ADDR": peer}) == (200 if is_here else 401)
    # Where REMOTE_ADDR is what a proxy said, the one who called counts; a proxy's call is nobody's here.
    assert status({"REMOTE_ADDR": "127.0.0.1", HERE: False}) == 401
    assert status({"REMOTE_ADDR": "203.0.113.7", HERE: True}) == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert status({"REMOTE_ADDR": peer}, headers={name: "127.0.0.1"}) == 401
