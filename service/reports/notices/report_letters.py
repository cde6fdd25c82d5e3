"""What a webhook is told of a report that was made again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson


def letter(
    event: str, *, key: str, schedule: str, name: str, language: str, at: datetime, verdict_changed: bool,
    headline: str, summary: str, changes: Sequence[dict[str, Any]], decision_id: str | None, before_id: str,
    error: str,
) -> bytes:  # fmt: skip
    """The JSON body of a report, a notice or a failure, without the decision itself."""
    return orjson.dumps(
        {
            "id": f"{key}-{event}",
            "event": event,
            "run": key,
            "schedule": schedule,
            "name": name,
            "language": language,
            "at": at,
            "verdict_changed": verdict_changed,
            "headline": headline,
            "summary": summary,
            "changes": changes,
            "decision": decision_id,
            "decision_url": decision_url(decision_id) if decision_id else None,
            "report_url": report_url(decision_id, language) if decision_id else None,
            "decision_before": before_id,
            "error": error or None,
        }
    )


def with_decision(body: bytes, answer: bytes) -> bytes:
    """The letter with the whole decision in it, as the API gives it, under `answer`."""
    return body[:-1] + b',"answer":' + answer + b"}"


def decision_url(decision_id: str) -> str:
    """Where the API gives the decision."""
    return f"/api/v1/decisions/{decision_id}"


def report_url(decision_id: str, language: str) -> str:
    """Where a person reads the report on it."""
    return f"{decision_url(decision_id)}.html?lang={language}"
