"""Reports on a schedule on both databases: prices move, the verdict stands or changes, files appear."""

import json
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import sqlalchemy as sa

from service.answers.question import AskedDecision
from service.errors import InvalidValue, NotFound, UnknownName
from service.store import comparisons, leases, report_runs, report_schedules
from service.store.session import Sessions
from service.usecases import report_runs as running
from service.usecases.report_runs import Runner, deliveries_of, run_due, run_now, write_due_files
from service.usecases.report_schedules import (
    WantedReport,
    find_schedule,
    pause_schedule,
    resume_schedule,
    save_schedule,
)
from tests.facts_for_tests import SOURCE
from tests.report_runs_for_tests import (
    DAY,
    MINUTE,
    MONDAY,
    QUESTION,
    WEEK,
    at,
    codes,
    decided,
    rent,
    scheduled,
    stored_runs,
)
from tests.waiting import until


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "reports"
    made.mkdir()
    return made


def test_it_runs_once_a_week_and_says_whether_the_verdict_stands(sessions, folder):
    schedule = scheduled(sessions, name="Weekly plan", folder=str(folder))
    assert schedule.slug == "weekly-plan" and schedule.due_at == MONDAY + WEEK
    assert run_due(sessions, at(MONDAY + WEEK - MINUTE)) == []
    (run,) = run_due(sessions, at(MONDAY + WEEK + MINUTE))
    assert (run.number, run.verdict_changed, run.error) == (1, False, "")
    assert run.headline.startswith("The verdict stands: ") and run.due_at == MONDAY + WEEK
    assert run.before_id == schedule.order.decision_id != run.decision_id
    assert run_due(sessions, at(MONDAY + WEEK + MINUTE)) == []
    assert find_schedule(sessions, "weekly-plan").due_at == MONDAY + 2 * WEEK
    assert list(folder.iterdir()) == []
    assert write_due_files(sessions, at(MONDAY + WEEK + MINUTE)) == 1
    (file,) = folder.iterdir()
    assert file.name == "weekly-plan_2026-12-07_0001.json"
    assert json.loads(file.read_bytes())["id"] == run.decision_id
    assert write_due_files(sessions, at(MONDAY + 2 * WEEK)) == 0
    (delivery,) = deliveries_of(sessions, run)
    assert (delivery.kind, delivery.state, delivery.file_name) == ("file", "delivered", file.name)
    assert stored_runs(sessions) == [run]


def test_a_cheaper_offer_turns_the_verdict_and_the_run_after_is_held_against_it(sessions):
    schedule = scheduled(sessions)
    rent(sessions, "2.50", MONDAY + DAY)
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.verdict_changed
    assert run.headline == (
        "The verdict has changed: rent 8 x H100 SXM at RunPod. Before: debug at home, rent GH200 96 GB at "
        "Vultr."
    )
    (new,) = [change for change in run.changes if change["code"] == "offer_new"]
    assert (new["after"], new["unit"], new["source"]) == ("2.5", "EUR", SOURCE.title)
    assert new["sentence"] == ("A new offer: RunPod 8h for €2.50 per hour (A test's own source, 2026-12-01).")

    rent(sessions, "3.00", MONDAY + WEEK + DAY)
    (run,) = run_due(sessions, at(MONDAY + 2 * WEEK))
    assert not run.verdict_changed and codes(run) == ["rent", "cost"]
    assert run.changes[0]["sentence"].startswith("The rent of RunPod 8h rose from €2.50 to €3.00 per hour")
    assert run.before_id == stored_runs(sessions)[1].decision_id

    rent(sessions, "90.00", MONDAY + 2 * WEEK + DAY)
    (run,) = run_due(sessions, at(MONDAY + 3 * WEEK))
    assert run.verdict_changed and codes(run)[0] == "rent"
    assert "rose from €3.00 to €90.00" in run.changes[0]["sentence"]
    assert [r.number for r in stored_runs(sessions, schedule.slug)] == [3, 2, 1]


def test_an_offer_that_is_gone_is_said_to_be(sessions):
    rent(sessions, "2.50", MONDAY - DAY)
    scheduled(sessions, every="daily")
    with sessions.begin() as session:
        session.execute(
            sa.text("UPDATE offers SET unlisted_since = :at WHERE instance = '8h'"),
            {"at": str((MONDAY + timedelta(hours=2)).replace(tzinfo=None))},
        )
        session.execute(sa.text("UPDATE data_version SET version = version + 1"))
    (run,) = run_due(sessions, at(MONDAY + DAY))
    assert run.verdict_changed and codes(run)[0] == "offer_gone"
    assert run.changes[0]["sentence"] == "The offer RunPod 8h is no longer listed; it was €2.50 per hour."


def test_three_weeks_missed_are_one_run(sessions):
    schedule = scheduled(sessions)
    late = MONDAY + 3 * WEEK + 2 * DAY
    (run,) = run_due(sessions, at(late))
    assert run.at == late and run.due_at == MONDAY + WEEK
    assert run_due(sessions, at(late)) == []
    assert find_schedule(sessions, schedule.slug).due_at == MONDAY + 4 * WEEK


def test_a_run_by_hand_serves_no_due_time_unless_one_waits(sessions):
    slug = scheduled(sessions).slug
    by_hand = run_now(sessions, slug, at(MONDAY + DAY))
    assert by_hand.due_at is None and find_schedule(sessions, slug).due_at == MONDAY + WEEK
    assert run_now(sessions, slug, at(MONDAY + DAY)).number == 2
    assert run_now(sessions, slug, at(MONDAY + WEEK + DAY)).due_at == MONDAY + WEEK
    assert run_due(sessions, at(MONDAY + WEEK + DAY)) == []
    with pytest.raises(NotFound):
        run_now(sessions, "nobody", at(MONDAY))


def test_paused_it_rests_and_resumed_it_does_not_catch_up(sessions):
    slug = scheduled(sessions).slug
    pause_schedule(sessions, slug, MONDAY + DAY)
    assert run_due(sessions, at(MONDAY + 3 * WEEK)) == []
    assert resume_schedule(sessions, slug, MONDAY + 3 * WEEK + DAY).due_at == MONDAY + 4 * WEEK
    assert run_due(sessions, at(MONDAY + 3 * WEEK + DAY)) == []
    assert len(run_due(sessions, at(MONDAY + 4 * WEEK))) == 1
    assert resume_schedule(sessions, slug, MONDAY + 6 * WEEK).due_at == MONDAY + 5 * WEEK, "it was not paused"


NO_LONGER = (
    ({"workload": "nanochat-d99"}, "workload = 'nanochat-d99': unknown; valid: nanochat-d"),
    ({"own": ["rtx-407"]}, "own = 'rtx-407': unknown; valid: rtx-4070"),
    ({"colour": "red"}, "question = 'colour': unknown; valid: "),
    ({"country": "XX"}, "XX"),
)


def test_what_can_no_longer_be_asked_is_a_failed_run_with_the_reason_and_stops_no_other(sessions):
    broken = [scheduled(sessions, name=f"a{n}") for n in range(len(NO_LONGER))]
    sound = scheduled(sessions, name="b")
    for schedule, (change, _) in zip(broken, NO_LONGER, strict=True):
        request = orjson.dumps(orjson.loads(QUESTION.kept()) | change).decode()
        with sessions.begin() as session:
            session.execute(
                sa.text("UPDATE report_schedules SET request = :request WHERE slug = :slug"),
                {"request": request, "slug": schedule.slug},
            )
    *failed, done = run_due(sessions, at(MONDAY + WEEK))
    assert (done.schedule, done.error) == (sound.slug, "")
    for run, schedule, (_, said) in zip(failed, broken, NO_LONGER, strict=True):
        assert run.schedule == schedule.slug and said in run.error
        assert run.decision_id is None and not run.verdict_changed
        assert run.headline == f"The report could not be made: {run.error}"
        assert find_schedule(sessions, schedule.slug).due_at == MONDAY + 2 * WEEK
        # The next one that succeeds is held against the last that did.
        assert stored_runs(sessions, schedule.slug)[0].before_id == schedule.order.decision_id


def test_a_fault_of_our_own_is_a_failed_run_too(sessions, monkeypatch, caplog):
    scheduled(sessions)

    def broken(*_args):
        raise RuntimeError("broken")

    monkeypatch.setattr(running, "answer_decision", broken)
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.error == "our own fault: RuntimeError: broken" and "Traceback" in caplog.text


def test_of_many_workers_one_runs_it(sessions, folder):
    scheduled(sessions, folder=str(folder))
    done = []

    def work(number):
        runner = at(MONDAY + WEEK, f"worker {number}")
        done.extend(run_due(sessions, runner))
        write_due_files(sessions, runner)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(stored_runs(sessions)) == 1
    assert len(list(folder.iterdir())) == 1


def test_a_dead_holder_is_replaced_when_its_lease_has_run_out(sessions):
    slug = scheduled(sessions).slug
    name, due = report_schedules.lease_name(slug), MONDAY + WEEK
    with sessions.begin() as session:
        leases.take(session, name, "the dead", due, timedelta(minutes=2))
    assert run_due(sessions, at(due + MINUTE)) == []
    with pytest.raises(InvalidValue, match="another process"):
        run_now(sessions, slug, at(due + MINUTE))
    (run,) = run_due(sessions, at(due + 3 * MINUTE))
    assert run.due_at == due


def test_who_was_held_up_and_replaced_keeps_nothing(sessions, monkeypatch, caplog):
    slug = scheduled(sessions).slug
    due, ask = MONDAY + WEEK, running.answer_decision
    meanwhile = []

    def slow(*args):
        monkeypatch.setattr(running, "answer_decision", ask)
        with sessions.begin() as session:
            session.execute(sa.text("UPDATE job_leases SET until = due WHERE owner = 'slow'"))
        meanwhile.extend(run_due(sessions, at(due + MINUTE, "quick")))
        return ask(*args)

    monkeypatch.setattr(running, "answer_decision", slow)
    assert run_due(sessions, at(due, "slow")) == []
    assert "removed or taken over" in caplog.text
    assert stored_runs(sessions, slug) == meanwhile and len(meanwhile) == 1


def test_removed_while_it_runs_nothing_is_kept(sessions, monkeypatch):
    slug, ask = scheduled(sessions).slug, running.answer_decision

    def removing(*args):
        with sessions.begin() as session:
            report_schedules.remove(session, slug)
        return ask(*args)

    monkeypatch.setattr(running, "answer_decision", removing)
    assert run_due(sessions, at(MONDAY + WEEK)) == []
    assert stored_runs(sessions) == []
    with sessions.reading() as session:
        assert report_schedules.all(session) == []
        assert not [lease for lease in leases.all(session) if lease.name.startswith("report:")]
    with pytest.raises(UnknownName):
        find_schedule(sessions, slug)


def test_a_run_is_renewed_while_it_takes_long(sessions, monkeypatch):
    slug, ask = scheduled(sessions).slug, running.answer_decision
    name = report_schedules.lease_name(slug)
    lasts = timedelta(milliseconds=400)
    runner = Runner("slow", lease=lasts)
    with sessions.begin() as session:
        leases.set_due(session, name, leases.clock(session) - MINUTE)

    def lasts_until():
        with sessions.reading() as session:
            return next(x for x in leases.all(session) if x.name == name).until

    def slow(*args):
        first = lasts_until()
        until(lambda: lasts_until() - first > lasts, "it is renewed for longer than it lasts")
        return ask(*args)

    monkeypatch.setattr(running, "answer_decision", slow)
    (run,) = run_due(sessions, runner)
    assert run.error == ""


def test_a_folder_that_is_away_is_tried_again_and_given_up_at_last(sessions, folder):
    scheduled(sessions, folder=str(folder), name="away")
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    folder.rename(folder.with_name("unplugged"))
    assert write_due_files(sessions, at(run.at)) == 0
    (delivery,) = deliveries_of(sessions, run)
    assert "No such file or directory" in delivery.error and delivery.next_attempt_at == run.at + MINUTE
    folder.with_name("unplugged").rename(folder)
    assert write_due_files(sessions, at(run.at)) == 0, "it waits"
    assert write_due_files(sessions, at(run.at + MINUTE)) == 1
    (delivery,) = deliveries_of(sessions, run)
    assert delivery.state == "delivered" and delivery.error == ""
    with sessions.reading() as session:
        assert [bool(t.error) for t in report_runs.attempts(session, delivery.id)] == [True, False]


def test_killed_between_writing_the_file_and_noting_it_there_is_one_file(sessions, folder):
    scheduled(sessions, folder=str(folder), name="killed")
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    with sessions.begin() as session:
        assert report_runs.claim_due(session, ("file",), run.at, timedelta(minutes=2))
    running._file(sessions, run)
    assert write_due_files(sessions, at(run.at + MINUTE)) == 0, "the dead one's claim still counts"
    assert write_due_files(sessions, at(run.at + 3 * MINUTE)) == 1
    (file,) = folder.iterdir()
    (delivery,) = deliveries_of(sessions, run)
    assert delivery.file_name == file.name


def test_the_language_of_the_schedule_is_that_of_report_and_headline(sessions, folder):
    schedule = scheduled(sessions, language="de", folder=str(folder))
    assert schedule.order.language == "de"
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.headline.startswith("Das Urteil bleibt: ") and run.summary.startswith("Günstigster Plan")


def test_a_model_of_ones_own_is_asked_again(sessions):
    shape = {"n_layers": 12, "d_model": 768, "n_heads": 12, "vocab_size": 50_257}
    own = {"architecture": shape, "recipe": {"seq_len": 1024}, "tokens": 10**9, "name": "mine"}
    request = AskedDecision.of(workload=own, budget=700.0, deadline_hours=720.0)
    schedule = scheduled(sessions, request=request)
    assert schedule.order.name == "mine 7d" and schedule.slug == "mine-7d"
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.error == "" and not run.verdict_changed


def test_a_decision_that_was_kept_in_part_is_refused(sessions):
    decision = decided(sessions)
    partly = orjson.loads(QUESTION.kept()) | {"workload": {"architecture": {}, "recipe": {}}}
    with sessions.begin() as session:
        old = comparisons.get(session, decision, "decision")
        comparisons.add(session, replace(old, id="0" * 20, request=orjson.dumps(partly)))
    with pytest.raises(InvalidValue, match=r"workload\.tokens = None: is missing"):
        save_schedule(sessions, WantedReport("0" * 20), "me", MONDAY)


REFUSED = (
    ({"every": "5m"}, "every = '5m'"),
    ({"language": "fr"}, "lang = 'fr': unknown; valid: en, de"),
    ({"folder": "/nowhere/at/all"}, "does not exist"),
    ({"folder": __file__}, "is no folder"),
    ({"folder": "/tmp", "format": "pfd"}, "format = 'pfd': unknown; valid: "),
    ({"webhook_url": "http://hooks.example.org/"}, "webhook_url"),
    ({"webhook_url": "https://10.1.2.3/"}, "webhook_url"),
    ({"name": "a\u0000b"}, "name"),
    ({"name": "!!!"}, "name"),
    ({"first_at": datetime(2026, 12, 1)}, "first_at"),
    ({"first_at": datetime.max.replace(tzinfo=UTC)}, "first_at"),
)


def test_what_cannot_be_is_refused_by_name_and_nothing_is_kept(sessions):
    decision = decided(sessions)
    for wanted, said in REFUSED:
        with pytest.raises(InvalidValue) as caught:
            save_schedule(sessions, WantedReport(decision, **wanted), "me", MONDAY)
        assert said in str(caught.value), wanted
    with sessions.reading() as session:
        assert report_schedules.slugs(session) == []


def test_names_are_made_where_none_is_given_and_kept_apart(sessions):
    assert [scheduled(sessions).slug for _ in range(3)] == [
        "nanochat-d32-7d", "nanochat-d32-7d-2", "nanochat-d32-7d-3",
    ]  # fmt: skip
    assert scheduled(sessions, name="Wöchentlich für Größe").slug == "wochentlich-fur-grosse"
    with pytest.raises(InvalidValue, match="there is a schedule"):
        scheduled(sessions, name="Nanochat D32 7d")
    with pytest.raises(UnknownName, match="valid: nanochat-d32-7d"):
        find_schedule(sessions, "nanochat-d32-7")


def test_a_first_run_sets_weekday_and_hour(sessions):
    first = datetime(2026, 12, 3, 6, 30, tzinfo=UTC)
    slug = scheduled(sessions, first_at=first).slug
    (run,) = run_due(sessions, at(first + 5 * MINUTE))
    assert run.due_at == first and find_schedule(sessions, slug).due_at == first + WEEK


def test_one_due_time_is_kept_once_even_if_a_lease_were_broken(sessions):
    schedule = scheduled(sessions)
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    with pytest.raises(sa.exc.IntegrityError), sessions.begin() as session:
        report_runs.add(session, schedule, replace(run, number=2), [])
    assert stored_runs(sessions) == [run]
