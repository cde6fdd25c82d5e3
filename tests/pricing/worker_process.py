"""A real `heimvorteil` command; its clock may be wrong, and it may stop for breath while it writes."""

import os
import signal
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.cli import main
from service.store import report_runs, source_answers
from tests.waiting import PATIENCE_S

put, add_run = source_answers.put, report_runs.add


def put_and_hold(session, answer):
    """Every row is written and none is committed: here a test kills the process."""
    put(session, answer)
    session.flush()
    Path(os.environ["TEST_HOLDS_WHILE_WRITING"]).write_text(str(os.getpid()))
    time.sleep(PATIENCE_S)


def add_run_and_hold(session, schedule, run, bodies):
    """The run is answered and written, and not committed: here a test kills the process."""
    added = add_run(session, schedule, run, bodies)
    Path(os.environ["TEST_HOLDS_WHILE_RUNNING"]).write_text(str(os.getpid()))
    time.sleep(PATIENCE_S)
    return added


if __name__ == "__main__":
    # A shell starts what runs in the background deaf to an interrupt, and so its children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "TEST_HOLDS_WHILE_RUNNING" in os.environ:
        report_runs.add = add_run_and_hold
    if "TEST_HOLDS_WHILE_WRITING" in os.environ:
        source_answers.put = put_and_hold
    shift = timedelta(hours=float(os.environ.get("TEST_CLOCK_IS_OFF_BY_HOURS", "0")))
    if shift:
        import time_machine

        time_machine.travel(datetime.now(UTC) + shift, tick=True).start()
    main(sys.argv[1:])
