"""Reports told to a webhook: a real receiver on loopback, each run once, a notice for a new verdict."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.client import HTTPConnection

import pytest
import sqlalchemy as sa

from pricing.report_letters import deliver
from service.answers.question import AskedDecision
from service.estimate.cadence import WAITS
from service.facts import CloudOffer
from service.store import comparisons, offers, report_runs, report_schedules
from service.store.session import Sessions
from service.store.snapshot import load
from service.usecases.deciding import answer_decision
from service.usecases.report_runs import Runner, deliveries_of, run_due
from service.usecases.report_schedules import WantedReport, save_schedule
from tests.facts_for_tests import SOURCE
from tests.waiting import PATIENCE_S

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
WEEK, MINUTE = timedelta(days=7), timedelta(minutes=1)
HOOK = "https://hooks.example.org/reports?x=1"


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


@pytest.fixture
def schedule(sessions):
    request = AskedDecision.of(budget=700.0, deadline_hours=720.0, lang="de")
    decision = answer_decision(sessions, load(sessions), request, MONDAY).id
    return save_schedule(sessions, WantedReport(decision, name="Plan", webhook_url=HOOK), "me", MONDAY)


def run(sessions, weeks):
    (made,) = run_due(sessions, Runner("me", clock=lambda _: MONDAY + weeks * WEEK))
    return made


def cheap_offer(sessions, at):
    offer = CloudOffer(
        "runpod", "8h", "", None, "h100-sxm", "H100 SXM", 8, 80.0, "on_demand", Decimal("2.5"), "EUR",
        at.date(), SOURCE, origin="live",
    )  # fmt: skip
    with sessions.begin() as session:
        offers.add_all(session, [offer], at)


def test_each_run_is_told_with_its_decision_and_a_new_verdict_by_a_notice_beside_it(
    sessions, schedule, receiver
):
    first = run(sessions, 1)
    assert deliver(sessions, first.at, receiver.connect) == 1
    cheap_offer(sessions, MONDAY + WEEK + MINUTE)
    second = run(sessions, 2)
    assert deliver(sessions, second.at, receiver.connect) == 2
    assert deliver(sessions, second.at + WEEK, receiver.connect) == 0
    told = [json.loads(heard.body) for heard in receiver.heard]
    assert [(one["event"], one["verdict_changed"]) for one in told] == [
        ("report", False), ("report", True), ("notice", True),
    ]  # fmt: skip
    report, notice = told[1:]
    assert report["headline"] == notice["headline"] == second.headline
    assert report["headline"].startswith("Das Urteil hat sich geändert: ")
    assert "Ein neues Angebot: RunPod 8h für 2,50 €" in report["changes"][0]["sentence"]
    assert report["changes"] == notice["changes"] and "answer" not in notice
    with sessions.reading() as session:
        decision = comparisons.get(session, second.decision_id, "decision")
    assert report["answer"] == json.loads(decision.answer)
    assert report["decision_url"] == f"/api/v1/decisions/{second.decision_id}"
    assert report["report_url"] == f"{report['decision_url']}.html?lang=de"
    assert report["decision_before"] == first.decision_id

    heard = receiver.heard[0]
    assert heard.path == "/reports?x=1" and heard.headers["Content-Type"] == "application/json"
    assert heard.headers["Idempotency-Key"] == told[0]["id"]
    assert len({one["id"] for one in told}) == 3
    signed = heard.headers["Heimvorteil-Timestamp"].encode() + b"." + heard.body
    right = hmac.new(schedule.webhook_secret.encode(), signed, hashlib.sha256).hexdigest()
    assert heard.headers["Heimvorteil-Signature"] == f"v1={right}"


def test_a_run_that_failed_is_told_as_a_failure(sessions, schedule, receiver):
    with sessions.begin() as session:
        session.execute(sa.text("""UPDATE report_schedules SET request = '{"own": ["rtx-407"]}'"""))
    failed = run(sessions, 1)
    assert deliver(sessions, failed.at, receiver.connect) == 1
    told = json.loads(receiver.heard[0].body)
    assert (told["event"], told["decision"], told["verdict_changed"]) == ("failure", None, False)
    assert "rtx-4070" in told["error"] and told["headline"].startswith(
        "Der Bericht konnte nicht erstellt werden"
    )


def test_a_receiver_that_is_down_is_told_the_same_later_and_every_try_is_recorded(
    sessions, schedule, receiver
):
    made = run(sessions, 1)
    receiver.status = 503
    assert deliver(sessions, made.at, receiver.connect) == 0
    assert deliver(sessions, made.at + MINUTE / 2, receiver.connect) == 0
    receiver.status = 204
    assert deliver(sessions, made.at + MINUTE, receiver.connect) == 1
    assert len(receiver.heard) == 2
    assert len({(heard.body, heard.headers["Idempotency-Key"]) for heard in receiver.heard}) == 1
    (delivery,) = deliveries_of(sessions, made)
    with sessions.reading() as session:
        tries = report_runs.attempts(session, delivery.id)
    assert [(t.number, t.status, t.error) for t in tries] == [(1, 503, "HTTP 503"), (2, 204, "")]
    assert delivery.state == "delivered" and delivery.delivered_at == made.at + MINUTE


def test_a_receiver_that_never_answers_is_given_up(sessions, schedule):
    def nobody(_url):
        return HTTPConnection("127.0.0.1", 1, timeout=PATIENCE_S)

    made = run(sessions, 1)
    at = made.at
    for wait in (*WAITS, timedelta(days=9)):
        assert deliver(sessions, at, nobody) == 0
        at += wait
    assert deliver(sessions, at + WEEK, nobody) == 0
    (delivery,) = deliveries_of(sessions, made)
    assert (delivery.state, delivery.attempts) == ("given up", len(WAITS) + 1)
    assert "refused" in delivery.error.lower()


def test_several_processes_tell_it_once_and_a_private_address_never(sessions, schedule, receiver):
    made = run(sessions, 1)
    threads = [threading.Thread(target=deliver, args=(sessions, made.at, receiver.connect)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.heard) == 1
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE report_schedules SET webhook_url = 'https://127.0.0.1/x'"))
    again = run(sessions, 2)
    assert deliver(sessions, again.at) == 0
    (delivery,) = deliveries_of(sessions, again)
    assert "not a public address" in delivery.error


def test_a_schedule_that_is_removed_tells_nobody(sessions, schedule, receiver):
    made = run(sessions, 1)
    with sessions.begin() as session:
        report_schedules.remove(session, schedule.slug)
    assert deliver(sessions, made.at, receiver.connect) == 0 and receiver.heard == []
