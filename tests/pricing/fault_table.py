"""`python -m tests.pricing.fault_table` prints what becomes of each form of keyless source under faults."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pricing import http
from pricing.refresh import refresh
from pricing.sources import SOURCES
from service.store.session import Sessions, prepare
from tests.pricing.replay import FAULTS, one_of_each_form, replaying

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def main() -> None:
    """Print the table in Markdown: a row per source, a column per fault."""
    http.RETRIES = http.RETRIES.new(backoff_factor=0, backoff_jitter=0)
    http.LARGEST_ANSWER_BYTES = http.LARGEST_STREAM_BYTES = 1_000_000
    http.LONGEST_REFRESH_S = 3.0
    print("| source | none | " + " | ".join(FAULTS) + " |")
    print("| --- |" + " --- |" * (len(FAULTS) + 1))
    with replaying() as server, tempfile.TemporaryDirectory() as folder:
        engine, _ = prepare(f"sqlite:///{Path(folder) / 'faults.sqlite3'}")
        sessions, environment = Sessions(engine), server.environment(SOURCES)
        for source in one_of_each_form(SOURCES):
            cells = []
            for number, fault in enumerate(("", *FAULTS)):
                server.fault = fault
                server.asked.clear()
                done = refresh(sessions, source, NOW + timedelta(minutes=number), None, environment)
                kept = f"{done.accepted} kept" + (f", {done.rejected} refused" if done.rejected else "")
                cells.append(
                    f"{done.outcome}: {kept}" if done.outcome != "failed" else f"failed: {_short(done.error)}"
                )
            print(f"| {source.name} | " + " | ".join(cells) + " |", flush=True)
        engine.dispose()


def _short(error: str) -> str:
    return error.split(": ", 1)[-1][:60].replace("|", "/")


if __name__ == "__main__":
    main()
