"""Schedules that were kept while a name meant one card go on when it means several."""

import json

import pytest
import sqlalchemy as sa

from service.answers.question import AskedDecision
from service.errors import SeveralMeant
from service.estimate.gpu_called import ONCE_MEANT, called
from service.store import comparisons
from service.store.session import Sessions
from service.store.work_models import ReportScheduleRow
from service.usecases.kept_questions import as_meant
from service.usecases.report_runs import run_due
from service.usecases.report_schedules import find_schedule
from tests.report_runs_for_tests import MONDAY, QUESTION, WEEK, at, scheduled


@pytest.fixture
def sessions(catalog_engine):
    return Sessions(catalog_engine)


def kept_before(sessions, **fields):
    """A schedule as an earlier version kept it: these words stood in its question."""
    schedule = scheduled(sessions, name="Kept before")
    said = json.loads(schedule.order.request) | fields
    with sessions.begin() as session:
        session.execute(sa.update(ReportScheduleRow).values(request=json.dumps(said)))
    return find_schedule(sessions, "kept-before")


def test_a_kept_schedule_runs_for_the_cards_that_were_meant(sessions):
    kept_before(sessions, own=["RTX 3060", "8xH100"], buy=["RTX 4060 Ti=390", "2xA100 80GB=9000"])
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.error == ""
    with sessions.reading() as session:
        asked = AskedDecision.read(comparisons.get(session, run.decision_id, "decision").request)
    assert asked.own == ("rtx-3060-12gb", "8xh100-sxm")
    assert asked.buy == ("rtx-4060-ti-8gb=390", "2xa100-sxm-80gb=9000")


def test_a_name_that_never_meant_one_card_is_asked_back_in_the_failed_run(sessions):
    kept_before(sessions, own=["A100"])
    (run,) = run_due(sessions, at(MONDAY + WEEK))
    assert run.decision_id is None
    assert "own = 'A100': means several cards, say which" in run.error and "a100-sxm-80gb (" in run.error
    assert "a100-pcie-40gb" in run.headline


def test_names_of_one_card_and_unknown_ones_are_left_as_they_are(snapshot):
    asked = QUESTION.model_copy(update={"own": ("rtx-4070", "4x4090", "no such card", "here")})
    assert as_meant(snapshot, asked) == asked


def test_every_name_that_was_once_one_cards_is_asked_back_today(snapshot):
    for name, slug in ONCE_MEANT.items():
        with pytest.raises(SeveralMeant) as asked_back:
            called(snapshot.gpus.values(), "own", name)
        assert slug in asked_back.value.differences
