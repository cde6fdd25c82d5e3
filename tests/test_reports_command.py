"""`heimvorteil reports` as a person uses it: schedule, list, run, show, pause, remove, what is refused."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from service.cli import main, scheduling
from service.store import leases, report_schedules
from service.store.session import Sessions, engine_for


@pytest.fixture
def database(tmp_path, monkeypatch, sqlite_catalog_template):
    file = tmp_path / "facts.sqlite3"
    file.write_bytes(sqlite_catalog_template.read_bytes())
    monkeypatch.setenv("HEIMVORTEIL_DATABASE_URL", f"sqlite:///{file}")
    engine = engine_for(f"sqlite:///{file}")
    yield Sessions(engine)
    engine.dispose()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "reports"
    made.mkdir()
    return made


def run(*words, code=0):
    done = CliRunner().invoke(main, words)
    assert done.exit_code == code, done.output
    return done.stdout if code != 2 else done.stderr


@pytest.fixture
def decision(database):
    output = run("decide", "--budget", "700", "--deadline", "30d", "--json")
    return json.loads(output)["id"]


def make_due(sessions, slug):
    with sessions.begin() as session:
        leases.set_due(session, report_schedules.lease_name(slug), leases.clock(session) - timedelta(days=22))


def test_from_schedule_to_remove(database, decision, folder):
    said = run("reports", "schedule", decision, "--every", "2w", "--to", str(folder), "--name", "Plan B",
               "--first", "2026-11-02 08:00", "--lang", "de", "--format", "json")  # fmt: skip
    assert (
        said.startswith("plan-b: Plan B, alle 14d, nächster Lauf ")
        and "feed.atom" in said
        and "whsec" not in said
    )
    assert run("reports", "run-due") == "nothing is due\n"
    make_due(database, "plan-b")
    assert run("reports", "run-due").startswith("plan-b, run 1: verdict stands. Das Urteil bleibt: ")
    assert run("reports", "run-due") == "nothing is due\n"
    again = run("reports", "run", "plan-b")
    assert again.startswith("plan-b, run 2: verdict stands\n") and "Das Urteil bleibt" in again
    names = sorted(file.name for file in folder.iterdir())
    assert [re.sub(r"\d{4}-\d\d-\d\d", "DAY", name) for name in names] == [
        "plan-b_DAY_0001.json", "plan-b_DAY_0002.json",
    ]  # fmt: skip
    assert f"file {names[1]}: delivered" in again
    shown = run("reports", "show", "plan-b")
    assert "run 2," in shown and "run 1," in shown and str(folder) in shown and decision in shown
    assert max(len(line) for line in shown.splitlines() if str(folder) not in line) <= 110
    listed = run("reports", "list")
    # Its columns are as narrow as the folder's name is long.
    assert all(word in listed for word in ("plan-b", "verdict", "stands"))
    assert run("reports", "pause", "plan-b") == "paused plan-b\n"
    assert "paused" in run("reports", "list")
    make_due(database, "plan-b")
    assert run("reports", "run-due") == "nothing is due\n"
    assert run("reports", "resume", "plan-b").startswith("resumed plan-b, next ")
    assert run("reports", "remove", "plan-b") == "removed plan-b\n"
    assert "plan-b" not in run("reports", "list")
    assert len(list(folder.iterdir())) == 2, "files stay"


def test_a_question_of_options_is_asked_again_and_written_as_html(database, folder):
    said = run("reports", "schedule", "nanochat-d12", "--budget", "5", "--own", "rtx-4070",
               "--to", str(folder), "--every", "daily", "--lang", "de",
               "--tariff", "22-6=0.22,6-22=0.36")  # fmt: skip
    assert said.startswith("nanochat-d12-1d: nanochat-d12 1d, alle 1d, nächster Lauf ")
    assert "verdict stands" in run("reports", "run", "nanochat-d12-1d")
    (file,) = folder.iterdir()
    assert file.name.endswith("_0001.html") and 'lang="de"' in file.read_text()


def test_a_failed_run_and_a_webhook_that_is_not_public_are_exit_code_1(database, decision):
    said = run("reports", "schedule", decision, "--name", "a", "--webhook", "https://rebound.invalid/")
    assert "whsec_" in said and "whsec_" not in run("reports", "show", "a") + run("reports", "list")
    told = run("reports", "run", "a", code=1)
    assert "report: waiting, rebound.invalid is not a public address" in told
    with database.begin() as session:
        session.execute(sa.text("""UPDATE report_schedules SET request = '{"own": ["rtx-407"]}'"""))
    failed = run("reports", "run", "a", code=1)
    assert failed.startswith("a, run 2: failed\n") and "valid: rtx-4070" in failed
    make_due(database, "a")
    assert "a, run 3: failed" in run("reports", "run-due", code=1)


def test_what_is_wrong_is_one_line_and_exit_code_2(database, decision, tmp_path):
    run("reports", "schedule", decision, "--name", "weekly-plan")
    for words, said in (
        (("schedule", "nanochat-d3"), "workload = 'nanochat-d3': unknown; valid: nanochat-d34, nanochat-d32"),
        (("schedule", decision, "--budget", "5"), "--budget = 5.0: asks another question"),
        (("schedule", "0" * 20), "there is no decision"),
        (("schedule", decision, "--every", "5m"), "every = '5m': is no cadence; valid: daily"),
        (("schedule", decision, "--every", "0h"), "must be from 1h to 366d"),
        (("schedule", decision, "--to", str(tmp_path / "none")), "does not exist"),
        (
            ("schedule", decision, "--to", str(tmp_path), "--format", "jsn"),
            "format = 'jsn': unknown; valid: json, ",
        ),
        (("schedule", decision, "--webhook", "http://x.example/"), "webhook_url"),
        (("schedule", decision, "--first", "soon"), "--first"),
        (("schedule", decision, "--first", "2020-01-01"), "must be within a year of now"),
        (("schedule", decision, "--name", "Weekly plan"), "there is a schedule 'weekly-plan' already"),
        (("run", "weekly-pla"), "NAME = 'weekly-pla': unknown; valid: weekly-plan"),
        (("show", "x"), "NAME = 'x': unknown"),
        (("pause", "x"), "NAME = 'x': unknown"),
        (("resume", "x"), "NAME = 'x': unknown"),
        (("remove", "x"), "NAME = 'x': unknown"),
    ):
        error = run("reports", *words, code=2)
        assert said in error and len(error.strip().splitlines()) == 1, (words, error)
    assert run("reports", "list").count("weekly-plan") == 1


def test_the_watching_worker_says_in_one_line_what_it_did(database, decision, folder, caplog):
    run("reports", "schedule", decision, "--name", "a", "--to", str(folder), "--format", "md")
    caplog.set_level("INFO")
    scheduling.run_due_reports(database)
    assert "reports:" not in caplog.text
    make_due(database, "a")
    scheduling.run_due_reports(database)
    assert "reports: 1 run, 0 with a new verdict, 0 failed, 1 files written" in caplog.text
