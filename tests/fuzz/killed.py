"""A program that takes prices in and is killed at its every step: what it left each time, as JSON.

`python -m tests.fuzz.killed URL refresh|import`. It forks itself: started anew it would take seconds a step.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from pricing.importing import take_in
from pricing.leased_refresh import run_one
from pricing.pace import Pace
from pricing.source import Payload
from pricing.sources import SOURCES
from service.store import leases
from service.store.session import Sessions, engine_for
from service.store.tables import Base
from service.usecases.price_imports import PriceTable
from tests.pricing.replay import recorded_bytes

NOW = datetime.now(UTC)
SOURCE = next(source for source in SOURCES if source.name == "linode")
OF_WORK = {"refreshes", "rejected_rows", "job_leases", "data_version", "refresh_counts"}
"""What tells of the work and is no fact."""
TABLE = (
    "instance,gpu,gpu_count,price_per_hour,currency\n"
    "a,RTX 4090,1,0.44,USD\nb,RTX 4090,2,0.88,USD\nc,RTX 3090,1,0.22,USD\n"
)


def refreshed(sessions: Sessions) -> None:
    leases.clock = lambda _session: NOW  # type: ignore[assignment]
    with sessions.begin() as session:
        session.execute(sa.text("UPDATE job_leases SET until = '2000-01-01 00:00:00.000000'"))
    answer = Payload(recorded_bytes(SOURCE.name), SOURCE.url, NOW)
    assert run_one(sessions, SOURCE, Pace(), early=True, fetch=lambda _asked: answer)


def imported(sessions: Sessions) -> None:
    table = PriceTable("x", "csv", "lambda", NOW.date(), yes=True, text=TABLE)
    take_in(sessions, table, NOW, dry_run=False)


WORK: dict[str, Callable[[Sessions], None]] = {"refresh": refreshed, "import": imported}


def facts(url: str) -> dict[str, str]:
    """Every table of facts, as one word each; tables of work are left out."""
    engine = engine_for(url)
    with engine.connect() as connection:
        found = {
            table.name: hashlib.sha256(
                "\n".join(sorted(map(repr, connection.execute(sa.select(table)).all()))).encode()
            ).hexdigest()
            for table in Base.metadata.sorted_tables
            if table.name not in OF_WORK
        }
    engine.dispose()
    return found


def killed_at(step: int, work: Callable[[Sessions], None], url: str) -> bool:
    """Whether it was killed, before that write or commit and in a process of its own; else it ended."""
    child = os.fork()
    if child == 0:
        engine, steps = engine_for(url), iter(range(1, sys.maxsize))

        def one_more(
            _connection: object, _cursor: object = None, statement: str = "COMMIT", *_: object
        ) -> None:
            # What only reads leaves what the step after it leaves.
            if not statement.startswith("SELECT") and next(steps) == step:
                os.kill(os.getpid(), signal.SIGKILL)

        for event in ("before_cursor_execute", "commit"):
            sa.event.listen(engine, event, one_more)
        work(Sessions(engine))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return status != 0


def tried(url: str, work: Callable[[Sessions], None]) -> dict[str, object]:
    """Killed at its first step, at its second, ...: what the facts were each time."""
    left = [facts(url)]
    step = 1
    while killed_at(step, work, url):
        found = facts(url)
        if found not in left:
            left.append(found)
        step += 1
    return {"steps": step, "states": left, "after": facts(url)}


if __name__ == "__main__":
    print(json.dumps(tried(sys.argv[1], WORK[sys.argv[2]])))
