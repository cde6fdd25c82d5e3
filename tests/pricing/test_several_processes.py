"""Several real worker processes on one database, killed, stopped and with wrong clocks.

`heimvorteil prices watch` is a plain loop on SQLite and a procrastinate worker on PostgreSQL; the promises
are the same.
"""

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import sqlalchemy as sa

from pricing.registry import register
from service.answers.question import AskedDecision
from service.store import leases, refreshes, report_runs, report_schedules, source_answers
from service.store.price_sources import lease_name
from service.store.session import Sessions, engine_for
from service.store.snapshot import load
from service.usecases.deciding import answer_decision
from service.usecases.report_schedules import WantedReport, save_schedule
from tests.pricing.test_every_source import FIXTURES
from tests.waiting import PATIENCE_S, stays, until

LEASE_S = 4
"""Some renewals fit into it on a busy machine: a holder that is alive is not taken for dead."""
NAMES = ("ecb", "linode")
COMMAND = [sys.executable, "-m", "tests.pricing.worker_process"]
ROOT = Path(__file__).parents[2]


class Source:
    """The recorded answers over real HTTP; one that is held comes when it is let go."""

    def __init__(self):
        self.asked = []
        self._may_answer = {name: threading.Event() for name in NAMES}
        self.let_go(*NAMES)
        source = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/")
                if name not in NAMES:
                    self.send_error(404)
                    return
                source.asked.append(name)
                source._may_answer[name].wait(2 * PATIENCE_S)
                body = next(FIXTURES.glob(f"{name}.*")).read_bytes()
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def hold(self, *names):
        for name in names:
            self._may_answer[name].clear()

    def let_go(self, *names):
        for name in names:
            self._may_answer[name].set()

    def close(self):
        self.let_go(*NAMES)
        self.server.shutdown()
        self.server.server_close()

    def times(self):
        return {name: self.asked.count(name) for name in NAMES}


class House:
    """A database, a source and any number of worker processes."""

    def __init__(self, url, source, folder):
        self.url, self.source, self.folder = url, source, folder
        self.engine = engine_for(url)
        self.sessions = Sessions(self.engine)
        self.processes = []

    def start(self, *words, **more):
        """A worker, or another command."""
        environment = os.environ | {
            "HEIMVORTEIL_DATABASE_URL": self.url,
            "HEIMVORTEIL_TICK_SECONDS": "0.6",
            "HEIMVORTEIL_LEASE_SECONDS": str(LEASE_S),
            **{f"HEIMVORTEIL_SOURCE_{name.upper()}_URL": f"{self.source.url}/{name}" for name in NAMES},
            **more,
        }
        said = (self.folder / f"{len(self.processes)}.log").open("wb")
        command = [*COMMAND, "prices", *(words or ("watch", *NAMES))]
        self.processes.append(
            subprocess.Popen(command, env=environment, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        )
        said.close()
        return self.processes[-1]

    def said(self):
        return "\n".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def until(self, condition, what):
        return until(condition, what, lambda: f"{self.source.asked}\n{self.said()}")

    def set_due(self, *names, ago):
        with self.sessions.begin() as session:
            due = leases.clock(session) - ago
            for name in names:
                session.execute(
                    sa.text("UPDATE job_leases SET due = :due WHERE name = :name"),
                    {"due": str(due), "name": lease_name(name)},
                )

    def holder(self, name):
        with self.sessions.reading() as session:
            lease = next(lease for lease in leases.all(session) if lease.name == lease_name(name))
        return int(lease.owner.split()[1]) if lease.owner else None

    def refreshes(self, name):
        with self.sessions.reading() as session:
            return refreshes.recent(session, name)

    def is_quiet(self):
        with self.sessions.reading() as session:
            now = leases.clock(session)
            mine = [x for x in leases.all(session) if x.name in map(lease_name, NAMES)]
        return len(mine) == 2 and all(x.owner is None and x.due > now for x in mine)

    def kept(self):
        """Whose answers were kept; written in one transaction with the answers' facts."""
        with self.sessions.reading() as session:
            return [name for name in NAMES if source_answers.get(session, name)]


@pytest.fixture
def house(catalog_database_url, tmp_path):
    folder = tmp_path / "said"
    folder.mkdir()
    source = Source()
    house = House(catalog_database_url, source, folder)
    register(house.sessions)
    yield house
    for process in house.processes:
        process.kill()
        process.wait()
    house.engine.dispose()
    source.close()


@pytest.mark.long
def test_four_workers_of_which_some_are_killed_stopped_and_wrong_about_the_time(house):
    source = house.source
    source.hold("ecb")
    for hours in (0, 0, 5, -5):
        house.start(TEST_CLOCK_IS_OFF_BY_HOURS=str(hours))
    house.until(lambda: source.times()["ecb"], "asked")
    stays(lambda: source.times()["ecb"] == 1, 0.7, "one run per due time")
    source.let_go("ecb")
    house.until(house.is_quiet, "quiet")
    stays(lambda: source.times() == {"ecb": 1, "linode": 1}, 0.7, "one run per due time")

    # Missed for more than a day: caught up once. A slow source does not hold up the other.
    source.hold("ecb")
    house.set_due(*NAMES, ago=timedelta(hours=26))
    house.until(lambda: source.times()["ecb"] == 2, "asked")
    house.until(lambda: len(house.refreshes("linode")) == 2, "the quick one is done")
    assert house.holder("ecb"), "while the slow one runs"
    source.let_go("ecb")
    house.until(house.is_quiet, "quiet")
    stays(lambda: source.times() == {"ecb": 2, "linode": 2}, 0.7)

    # Killed in the middle of a fetch: taken over once, by another.
    source.hold("ecb")
    house.set_due("ecb", ago=timedelta(0))
    house.until(lambda: source.times()["ecb"] == 3, "asked")
    killed = house.holder("ecb")
    os.kill(killed, signal.SIGKILL)
    source.let_go("ecb")
    house.until(lambda: source.times()["ecb"] == 4, "taken over")
    house.until(house.is_quiet, "quiet")
    taken_over, lost, *_ = house.refreshes("ecb")
    assert (taken_over.outcome, lost.outcome) == ("unchanged", "failed")
    assert f"{killed}" in lost.error and "fell silent" in lost.error

    # Held up for longer than its lease (a sleeping laptop): taken over, and what it brings is not kept.
    source.hold("ecb")
    house.set_due("ecb", ago=timedelta(0))
    house.until(lambda: source.times()["ecb"] == 5, "asked")
    held_up = house.holder("ecb")
    os.kill(held_up, signal.SIGSTOP)
    source.let_go("ecb")
    house.until(lambda: house.holder("ecb") not in (held_up, None) or house.is_quiet(), "taken over")
    house.until(house.is_quiet, "quiet")
    before = house.refreshes("ecb")
    os.kill(held_up, signal.SIGCONT)
    stays(lambda: house.refreshes("ecb") == before, 1.5)
    assert [r.outcome for r in before[:2]] == ["unchanged", "failed"]
    assert source.times() == {"ecb": 6, "linode": 2}

    # All told to stop while one is at it: done without its answer, and one that starts later catches up once.
    source.hold("ecb")
    house.set_due("ecb", ago=timedelta(0))
    house.until(lambda: source.times()["ecb"] == 7, "asked")
    for process in house.processes:
        process.terminate()
    assert [process.wait(PATIENCE_S) for process in house.processes].count(0) == 3
    assert house.holder("ecb") is None and "stopped before" in house.refreshes("ecb")[0].error
    source.let_go("ecb")
    house.set_due(*NAMES, ago=timedelta(hours=26))
    house.start()
    house.until(house.is_quiet, "quiet")
    stays(lambda: source.times() == {"ecb": 8, "linode": 3}, 0.7)


@pytest.mark.long
def test_killed_while_it_writes_nothing_is_half_written_and_another_takes_over(house):
    mark = house.folder / "writing"
    writer = house.start("watch", "ecb", TEST_HOLDS_WHILE_WRITING=str(mark))
    house.until(mark.exists, "writing")
    assert house.kept() == []
    house.start("watch", "ecb")
    stays(lambda: house.source.asked == ["ecb"], 1.5 * LEASE_S, "a holder that writes is not taken for dead")
    writer.kill()
    house.until(lambda: house.refreshes("ecb")[0].outcome in ("ok", "unchanged"), "taken over")
    assert house.source.asked == ["ecb", "ecb"]
    assert house.kept() == ["ecb"] and [r.outcome for r in house.refreshes("ecb")][1] == "failed"


@pytest.mark.long
def test_a_refresh_by_hand_leaves_a_running_one_alone_and_is_interrupted_cleanly(house):
    house.source.hold("ecb")
    first = house.start("refresh", "ecb")
    house.until(lambda: house.source.asked == ["ecb"], "asked")
    second = house.start("refresh", "ecb")
    assert second.wait(PATIENCE_S) == 4
    assert "another process is refreshing it" in house.said()
    first.send_signal(signal.SIGINT)
    assert first.wait(PATIENCE_S) == 130
    assert "interrupted" in house.said() and house.source.asked == ["ecb"]
    assert house.kept() == [] and house.holder("ecb") is None
    assert "stopped before" in house.refreshes("ecb")[0].error
    house.source.let_go("ecb")
    assert house.start("refresh", *NAMES).wait(PATIENCE_S) == 0
    assert house.kept() == list(NAMES) and house.refreshes("linode")[0].outcome == "ok"


def schedule_report(house, **wanted):
    """A weekly report that has been due for three weeks."""
    with house.sessions.reading() as session:
        now = leases.clock(session)
    request = AskedDecision.of(budget=700.0, deadline_hours=720.0)
    decision = answer_decision(house.sessions, load(house.sessions), request, now).id
    saved = save_schedule(house.sessions, WantedReport(decision, format="json", **wanted), "me", now)
    with house.sessions.begin() as session:
        leases.set_due(session, report_schedules.lease_name(saved.slug), now - timedelta(days=22))
    return saved


def runs_of(house, slug):
    with house.sessions.reading() as session:
        return report_runs.newest(session, slug)


@pytest.mark.long
@pytest.mark.parametrize("catalog_database_url", ["postgresql"], indirect=True)
def test_four_workers_run_a_missed_report_once_and_only_when_prices_are_fresh(house, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    saved = schedule_report(house, folder=str(folder), name="weekly")
    house.source.hold("ecb")
    for hours in (0, 0, 5, -5):
        house.start(TEST_CLOCK_IS_OFF_BY_HOURS=str(hours))
    house.until(lambda: house.source.times()["ecb"], "asked")
    stays(lambda: not list(folder.iterdir()), 0.7, "no report before the prices are read")
    house.source.let_go("ecb")
    house.until(lambda: list(folder.glob("*.json")), "the report is written")
    house.until(house.is_quiet, "quiet")
    stays(lambda: len(runs_of(house, saved.slug)) == 1, 1.0)
    (run,) = runs_of(house, saved.slug)
    (read,) = house.refreshes("ecb")
    assert run.at >= read.finished_at, "not on the prices of three weeks ago"
    assert run.due_at == saved.due_at - timedelta(days=29)
    assert [file.name for file in folder.iterdir()] == [f"weekly_{run.at:%Y-%m-%d}_0001.json"]
    with house.sessions.reading() as session:
        schedule = report_schedules.get(session, saved.slug)
    assert schedule.due_at > run.at and not schedule.is_running


@pytest.mark.long
@pytest.mark.parametrize("catalog_database_url", ["sqlite"], indirect=True)
def test_a_worker_killed_while_it_runs_a_report_leaves_nothing_and_another_runs_it(house, tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    saved = schedule_report(house, folder=str(folder), name="weekly")
    mark = house.folder / "running"
    worker = house.start(TEST_HOLDS_WHILE_RUNNING=str(mark))
    house.until(mark.exists, "running")
    assert runs_of(house, saved.slug) == []
    house.start()
    stays(lambda: runs_of(house, saved.slug) == [] and list(folder.iterdir()) == [], 1.5 * LEASE_S)
    worker.kill()
    house.until(lambda: list(folder.glob("*.json")), "taken over")
    stays(lambda: len(runs_of(house, saved.slug)) == len(list(folder.iterdir())) == 1, 1.0)
