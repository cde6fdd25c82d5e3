"""A decision on a schedule: saved, run at a moment, and the prices that move meanwhile."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from service.answers.question import AskedDecision
from service.facts import CloudOffer
from service.store import offers, report_runs
from service.store.snapshot import load
from service.usecases.deciding import answer_decision
from service.usecases.report_runs import Runner
from service.usecases.report_schedules import WantedReport, save_schedule
from tests.facts_for_tests import SOURCE

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
WEEK, DAY, MINUTE = timedelta(days=7), timedelta(days=1), timedelta(minutes=1)
QUESTION = AskedDecision.of(budget=700.0, deadline_hours=720.0)


def at(moment, owner="me"):
    return Runner(owner, clock=lambda _session: moment)


def decided(sessions, request=QUESTION, moment=MONDAY):
    return answer_decision(sessions, load(sessions), request, moment).id


def scheduled(sessions, moment=MONDAY, request=QUESTION, **wanted):
    return save_schedule(
        sessions,
        WantedReport(decided(sessions, request, moment), **{"format": "json"} | wanted),
        "me",
        moment,
    )


def rent(sessions, amount, moment, provider="runpod", **fields):
    """8 x H100 SXM are to be had at this price per hour, as read at this moment."""
    offer = CloudOffer(
        provider, "8h", "", None, "h100-sxm", "H100 SXM", 8, 80.0, "on_demand", Decimal(amount), "EUR",
        moment.date(), SOURCE, origin="live", **fields,
    )  # fmt: skip
    with sessions.begin() as session:
        offers.add_all(session, [offer], moment)


def stored_runs(sessions, slug=None):
    with sessions.reading() as session:
        return report_runs.newest(session, slug)


def codes(run):
    return [change["code"] for change in run.changes]
