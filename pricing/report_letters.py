"""Reports on a schedule, as far as webhooks are told of them; runs and files are service/usecases' own."""

from datetime import datetime, timedelta
from typing import Any

from pricing import webhooks
from pricing.webhooks import Connect, Letter, public_https
from service.reports.notices.report_letters import with_decision
from service.store import comparisons, report_runs, report_schedules
from service.store.report_runs import REPORT, WEBHOOK_KINDS, Delivery
from service.store.session import Sessions


class _Letters:
    """What webhooks wait to be told: each run's report, a notice if the verdict changed, a failure."""

    def claim(self, session: Any, now: datetime, lease: timedelta) -> Letter[Delivery] | None:
        claimed = report_runs.claim_due(session, WEBHOOK_KINDS, now, lease)
        if claimed is None:
            return None
        delivery, run = claimed
        schedule = report_schedules.get(session, run.schedule)
        body = delivery.body.encode()
        if delivery.kind == REPORT and run.decision_id is not None:
            body = with_decision(body, comparisons.get(session, run.decision_id, "decision").answer)
        key = f"{run.key}-{delivery.kind}"
        url, secret = schedule.order.webhook_url, schedule.webhook_secret
        return Letter(delivery, url=url, secret=secret, key=key, body=body, attempts=delivery.attempts)

    def record(
        self, session: Any, row: Delivery, at: datetime, *, status: int | None, error: str,
        next_at: datetime | None,
    ) -> None:  # fmt: skip
        report_runs.record_attempt(session, row, at, error, next_at, status=status)


def deliver(sessions: Sessions, now: datetime, connect: Connect = public_https) -> int:
    """Tell every receiver whose time has come, from any number of processes; returns how many heard."""
    return webhooks.deliver(sessions, now, _Letters(), connect)
