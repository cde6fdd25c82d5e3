"""Revision 0011: rows that earlier code left are the same answers and ask the same questions afterwards.

`rows_of_0010.json.gz` holds such rows: a comparison of code version 1, and of version 5 (commit 73969c1) a
comparison with terms of its own, a decision, one with a model of its own, one with a config.json, and two
report schedules, all asked over REST at 2026-11-24T12:00Z with what stands under "asked".
"""

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from service.answers.question import AskedComparison, AskedDecision, AskedModel
from service.store import comparisons, report_schedules
from service.store.session import HEAD_REVISION, MIGRATIONS, Sessions, engine_for, upgrade
from service.usecases.custom_workload import custom_workload
from service.usecases.report_runs import Runner, run_due
from tests.store.test_schema import alembic, revision

ROWS = json.loads(gzip.decompress((Path(__file__).parent / "rows_of_0010.json.gz").read_bytes()))
TABLES = ("comparisons", "report_schedules", "job_leases")
DAY = date(2026, 11, 24)
DUE = datetime(2026, 12, 1, 12, tzinfo=UTC)
MOMENTS = {"asked_at", "created_at", "first_at", "due"}


def fill(url):
    """The old rows, as the old code left them."""
    engine = engine_for(url)
    known = sa.MetaData()
    with engine.begin() as connection:
        known.reflect(connection, only=TABLES)
        for table in TABLES:
            for row in ROWS[table]:
                values = {
                    name: datetime.fromisoformat(value).replace(tzinfo=UTC) if name in MOMENTS else value
                    for name, value in row.items()
                }
                connection.execute(sa.insert(known.tables[table]).values(values))
    engine.dispose()


def rows_now(url, table, *columns):
    engine = engine_for(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT {', '.join(columns)} FROM {table}")).all()
    engine.dispose()
    return found


@pytest.fixture
def old_url(empty_database_url):
    """A database of revision 0010 with the old rows."""
    command.upgrade(alembic(empty_database_url), "0010")
    fill(empty_database_url)
    return empty_database_url


def same_run(asked, meant):
    """Whether two models of one's own are the same run, with the same numbers assumed."""
    one, other = (
        custom_workload(m.architecture, m.config, recipe=m.recipe, tokens=m.tokens, today=DAY, name=m.name)
        for m in (asked, meant)
    )
    return one == other


def test_answers_stay_byte_for_byte_and_questions_ask_the_same(old_url):
    upgrade(old_url)
    assert revision(old_url) == HEAD_REVISION
    command.check(alembic(old_url))
    old = {row["id"]: row for row in ROWS["comparisons"]}
    engine = engine_for(old_url)
    with Sessions(engine).reading() as session:
        now = {identity: comparisons.find(session, identity) for identity in old}
    engine.dispose()
    assert len(rows_now(old_url, "comparisons", "id")) == len(old) == 5
    for identity, row in old.items():
        kept = now[identity]
        assert kept.answer == row["answer"].encode()
        assert kept.asked_at == datetime.fromisoformat(row["asked_at"]).replace(tzinfo=UTC)
        assert (kept.kind, kept.code_version, kept.data_version) == (
            row["kind"], row["code_version"], row["data_version"],
        )  # fmt: skip
    for identity, body in ROWS["asked"].values():
        asked_as = AskedDecision if now[identity].kind == "decision" else AskedComparison
        asked, meant = asked_as.read(now[identity].request), asked_as.of(**body)
        if isinstance(meant.workload, AskedModel):
            assert same_run(asked.workload, meant.workload)
            asked = asked.model_copy(update={"workload": meant.workload})
        if meant.tariff is None:
            assert asked.contract == meant.contract
            asked = asked.model_copy(update={"tariff": None})
        assert asked == meant


def test_schedules_ask_what_they_asked(old_url):
    upgrade(old_url)
    engine = engine_for(old_url)
    with Sessions(engine).reading() as session:
        weekly = AskedDecision.read(report_schedules.get(session, "weekly-plan").order.request)
        own = AskedDecision.read(report_schedules.get(session, "own-model").order.request)
    engine.dispose()
    assert (weekly.budget, weekly.deadline_hours, weekly.lang) == (700.0, 720.0, "de")
    meant = AskedDecision.of(**ROWS["asked"]["own_model"][1])
    assert same_run(own.workload, meant.workload) and own.workload.name == "Mein Modell ü"
    assert (own.buy, own.weights, own.tier) == (meant.buy, meant.weights, "none")


def test_what_is_no_question_of_the_old_kind_stays_as_it_is():
    in_todays_words = ScriptDirectory(str(MIGRATIONS)).get_revision("0011").module.in_todays_words
    todays = AskedDecision.of(budget=700.0).kept().decode()
    assert [in_todays_words(asked) for asked in (todays, "{}", "[]")] == [todays, "{}", "[]"]
    own = next(row for row in ROWS["report_schedules"] if row["slug"] == "own-model")
    long = own["request"].replace("Mein Modell ü", "x" * 100)
    assert AskedDecision.read(in_todays_words(long)).workload.name == "x" * 80


@pytest.mark.long
def test_a_schedule_runs_after_it(catalog_database_url):
    command.downgrade(alembic(catalog_database_url), "0010")
    fill(catalog_database_url)
    upgrade(catalog_database_url)
    engine = engine_for(catalog_database_url)
    runs = run_due(Sessions(engine), Runner("me", clock=lambda _session: DUE))
    engine.dispose()
    assert {run.schedule: run.error for run in runs} == {"weekly-plan": "", "own-model": ""}
    assert {run.before_id for run in runs} == {row["decision_id"] for row in ROWS["report_schedules"]}
    said = {run.schedule: run.headline for run in runs}
    assert said["weekly-plan"].startswith("Das Urteil") and said["own-model"].startswith("The verdict")


def test_a_downgrade_unpacks_the_answers_and_the_way_up_is_open_again(old_url):
    upgrade(old_url)
    questions = rows_now(old_url, "comparisons", "id", "request")
    command.downgrade(alembic(old_url), "0010")
    assert {(row["id"], row["answer"], "[]") for row in ROWS["comparisons"]} == set(
        rows_now(old_url, "comparisons", "id", "answer", "inputs")
    )
    upgrade(old_url)
    assert sorted(rows_now(old_url, "comparisons", "id", "request")) == sorted(questions)
    engine = engine_for(old_url)
    with Sessions(engine).reading() as session:
        for row in ROWS["comparisons"]:
            assert comparisons.find(session, row["id"]).answer == row["answer"].encode()
    engine.dispose()


def test_an_empty_database_goes_up_and_down(empty_database_url):
    for target in ("0011", "0010", "0011"):
        (command.downgrade if target == "0010" else command.upgrade)(alembic(empty_database_url), target)
        assert revision(empty_database_url) == target
