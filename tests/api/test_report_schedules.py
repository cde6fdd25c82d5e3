"""Report schedules over HTTP: made with a token, seen by all, paused, removed, their feed subscribed to."""

from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import jsonschema
import pytest
import sqlalchemy as sa

from service.store import leases, report_schedules, tokens
from service.usecases.report_runs import Runner, run_due, write_due_files
from service.usecases.report_schedules import WantedReport, save_schedule
from tests.api.conftest import assert_problem

HOOK = "https://hooks.example.org/reports"
ATOM = "{http://www.w3.org/2005/Atom}"
URL = "/api/v1/report-schedules"


@pytest.fixture
def client(own_app):
    return own_app.test_client()


@pytest.fixture
def auth(sessions):
    with sessions.begin() as session:
        return {"Authorization": f"Bearer {tokens.create(session, 'ops', datetime.now(UTC))}"}


@pytest.fixture
def decision(client):
    return client.post("/api/v1/decisions", json={"budget": 700, "deadline_hours": 720}).get_json()["id"]


def run(sessions, after=timedelta(days=7, minutes=1)):
    return run_due(sessions, Runner("test", clock=lambda session: leases.clock(session) + after))


def test_from_a_decision_to_its_runs_and_its_feed(client, auth, sessions, decision):
    body = {"decision": decision, "name": "cheap & <weekly>", "lang": "de", "webhook_url": HOOK}
    made = client.post(URL, json=body, headers=auth)
    assert made.status_code == 201, made.get_json()
    schedule = made.get_json()
    assert schedule["slug"] == "cheap-weekly" and schedule["every"] == "7d" and schedule["lang"] == "de"
    assert schedule["webhook_secret"].startswith("whsec_") and made.headers["Cache-Control"] == "no-store"
    url = made.headers["Location"]
    due = datetime.fromisoformat(schedule["next_run_at"]) - datetime.fromisoformat(schedule["created_at"])
    assert due == timedelta(days=7)
    assert ElementTree.fromstring(client.get(schedule["feed"]).data).findall(f"{ATOM}entry") == []

    (done,) = run(sessions)
    seen, trusted = client.get(url), client.get(url, headers=auth).get_json()
    assert seen.get_json()["webhook_url"] is None and seen.get_json()["has_webhook"]
    assert trusted["webhook_url"] == HOOK and schedule["webhook_secret"] not in str(trusted)
    (item,) = seen.get_json()["runs"]
    assert item["headline"].startswith("Das Urteil bleibt: ") and item["decision"] == done.decision_id
    assert client.get(item["decision_url"]).status_code == 200
    assert [(d["kind"], d["state"], d["error"]) for d in item["deliveries"]] == [("report", "waiting", None)]
    page = client.get(f"{url}/runs?limit=1").get_json()
    assert page["items"] == [item] and page["total"] == 1

    feed = client.get(schedule["feed"])
    root = ElementTree.fromstring(feed.data)
    assert feed.mimetype == "application/atom+xml" and root.findtext(f"{ATOM}title") == "cheap & <weekly>"
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title").startswith("cheap & <weekly>: Das Urteil bleibt: ")
    link = entry.find(f"{ATOM}link").get("href")
    assert link == f"{item['decision_url']}.html?lang=de" and client.get(link).mimetype == "text/html"
    assert entry.find(f"{ATOM}category") is None and HOOK not in feed.text
    again = client.get(schedule["feed"], headers={"If-None-Match": feed.headers["ETag"]})
    assert again.status_code == 304
    everything = ElementTree.fromstring(client.get(f"{URL}/feed.atom").data)
    assert everything.findtext(f"{ATOM}entry/{ATOM}id") == entry.findtext(f"{ATOM}id")


def test_a_new_verdict_and_a_failure_are_marked_in_the_feed(client, auth, sessions, decision):
    client.post(URL, json={"decision": decision, "name": "a", "every": "daily"}, headers=auth)
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE offers SET unlisted_since = fetched_at WHERE gpu = 'gh200-96gb'"))
        session.execute(sa.text("UPDATE data_version SET version = version + 1"))
    (changed,) = run(sessions, timedelta(days=1, minutes=1))
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE report_schedules SET request = '{}'"))
        session.execute(sa.text("""UPDATE report_schedules SET request = '{"own": ["nothing"]}'"""))
    (failed,) = run(sessions, timedelta(days=2, minutes=1))
    assert changed.verdict_changed and failed.error
    entries = ElementTree.fromstring(client.get(f"{URL}/a/feed.atom").data).findall(f"{ATOM}entry")
    assert [e.find(f"{ATOM}category").get("term") for e in entries] == ["failed", "verdict-changed"]
    assert "no longer listed" in entries[1].findtext(f"{ATOM}summary")
    assert entries[0].find(f"{ATOM}link").get("href") == f"{URL}/a"
    states = [run["state"] for run in client.get(f"{URL}/a/runs").get_json()["items"]]
    assert states == ["failed", "done"]


def test_answers_keep_to_their_schema(client, auth, sessions, decision, own_app):
    client.post(URL, json={"decision": decision, "name": "a", "webhook_url": HOOK}, headers=auth)
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE offers SET unlisted_since = fetched_at WHERE gpu = 'gh200-96gb'"))
        session.execute(sa.text("UPDATE data_version SET version = version + 1"))
    assert run(sessions)[0].changes
    spec = client.get("/api/v1/openapi.json").get_json()
    for path, real in (
        (URL, URL),
        (f"{URL}/{{slug}}", f"{URL}/a"),
        (f"{URL}/{{slug}}/runs", f"{URL}/a/runs"),
    ):
        responses = spec["paths"][path]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        answer = client.get(real, headers=auth).get_json()
        jsonschema.validate(answer, {**schema, "components": spec["components"]})


def test_paused_resumed_and_removed_with_a_token_only(client, auth, sessions, decision):
    client.post(URL, json={"decision": decision, "name": "a"}, headers=auth)
    assert client.patch(f"{URL}/a", json={"paused": True}).status_code == 401
    paused = client.patch(f"{URL}/a", json={"paused": True}, headers=auth).get_json()
    assert paused["paused_at"] and paused["next_run_at"] is None
    assert run(sessions) == []
    resumed = client.patch(f"{URL}/a", json={"paused": False}, headers=auth).get_json()
    assert resumed["paused_at"] is None and resumed["next_run_at"]
    assert_problem(client.patch(f"{URL}/a", json={"paused": "perhaps"}, headers=auth), 422, "paused")
    assert_problem(client.patch(f"{URL}/b", json={"paused": True}, headers=auth), 404)
    assert client.delete(f"{URL}/a").status_code == 401
    assert client.delete(f"{URL}/a", headers=auth).status_code == 204
    for gone in (f"{URL}/a", f"{URL}/a/runs", f"{URL}/a/feed.atom"):
        assert_problem(client.get(gone), 404)
    assert_problem(client.delete(f"{URL}/a", headers=auth), 404)
    assert client.get(URL).get_json()["total"] == 0


def test_who_has_no_token_makes_none_and_learns_nothing_of_the_body(client, decision):
    assert_problem(client.post(URL, json={"decision": decision}), 401)
    assert_problem(client.post(URL, json={"nonsense": 1}), 401)
    assert_problem(client.get(URL, headers={"Authorization": "Bearer hv_wrong"}), 401)


REFUSED = (
    ({"every": "5m"}, "every"),
    ({"every": "367d"}, "every"),
    ({"first_at": "2030-01-01T00:00:00Z"}, "first_at"),
    ({"first_at": "2026-12-01T00:00:00"}, "first_at"),
    ({"first_at": "9999-12-31T23:59:59-14:00"}, "first_at"),
    ({"first_at": "soon"}, "first_at"),
    ({"lang": "fr"}, "lang"),
    ({"name": "a\u0000b"}, "name"),
    ({"webhook_url": "http://hooks.example.org/"}, "webhook_url"),
    ({"webhook_url": "https://user:pw@hooks.example.org/"}, "webhook_url"),
    ({"webhook_url": "https://localhost/"}, "webhook_url"),
    ({"folder": "/etc"}, "folder"),
    ({"evry": "7d"}, "evry"),
)


def test_what_cannot_be_is_refused_by_field_and_a_folder_is_never_chosen_here(client, auth, decision):
    for change, field in REFUSED:
        answer = client.post(URL, json={"decision": decision, "name": "a"} | change, headers=auth)
        assert_problem(answer, 422, field)
    problem = assert_problem(client.post(URL, json={"decision": decision, "evry": "7d"}, headers=auth), 422)
    assert problem["errors"][0]["choices"][0] == "every"
    assert_problem(client.post(URL, json={"decision": "0" * 20}, headers=auth), 404)
    assert_problem(client.post(URL, json={}, headers=auth), 422, "decision")
    comparison = client.post("/api/v1/comparisons", json={}).get_json()["id"]
    assert_problem(client.post(URL, json={"decision": comparison}, headers=auth), 404)
    assert client.get(URL).get_json()["total"] == 0


def test_a_folder_of_the_command_line_is_shown_to_those_with_a_token_only(
    client, auth, sessions, decision, tmp_path
):
    save_schedule(
        sessions, WantedReport(decision, name="a", format="md", folder=str(tmp_path)), "me", datetime.now(UTC)
    )
    run(sessions)
    write_due_files(sessions, Runner("me", clock=lambda s: leases.clock(s) + timedelta(days=8)))
    for headers, shown in ((None, False), (auth, True)):
        item = client.get(f"{URL}/a", headers=headers).get_json()
        assert item["has_folder"] and item["folder"] == (str(tmp_path) if shown else None)
        (delivery,) = item["runs"][0]["deliveries"]
        assert delivery["state"] == "delivered" and bool(delivery["file_name"]) == shown
    with sessions.reading() as session:
        assert report_schedules.slugs(session) == ["a"]
