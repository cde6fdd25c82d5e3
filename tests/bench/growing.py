"""Three servers and two workers over one PostgreSQL under load: `python -m tests.bench.growing`.

How soon all of them answer with a price that a refresh changed; what fails while one server after the other
is told to stop and started again; and, with `--old COMMIT`, while the database is upgraded below servers of
an older release, which are then replaced one by one. Clients ask each request once, on a new connection:
one that nobody takes goes to the next server, as a proxy does it; one that was taken and is not answered
has failed.
"""

import argparse
import os
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import sqlalchemy as sa

from service.store import leases
from service.store.price_sources import lease_name
from service.store.session import Sessions, engine_for
from tests.bench.attacks import request, status
from tests.bench.house import (
    a_folder,
    database,
    moving_prices,
    port_of,
    replay_environment,
    start,
    stop,
)
from tests.waiting import PATIENCE_S, until

SERVERS, WORKERS, CLIENTS, THINK_S = 3, 2, 6, 0.3
ROUNDS = 5
SOURCE, OFFERS = "vultr", "/api/v1/offers?provider=vultr&limit=50"
PATHS = (
    request("/api/v1/gpus/rtx-4070"),
    request(OFFERS),
    request("/api/v1/comparisons", b'{"cloud": "any", "limit": 10}'),
    request("/api/v1/estimates", b'{"hardware": [{"gpu": "rtx-4070"}]}'),
)
WITHIN_S = 1.0


class Servers:
    """Processes of `serve` on ports that stay theirs."""

    def __init__(self, folder: Path, url: str, root: Path) -> None:
        self.folder, self.url, self.root = folder, url, root
        self.ports = [0] * SERVERS
        self.processes: list[subprocess.Popen[bytes]] = []
        for number in range(SERVERS):
            self.processes.append(self.start(number))
            self.ports[number] = port_of(self.said(number), self.processes[number])
        for number in range(SERVERS):
            self.ready(number)

    def said(self, number: int) -> Path:
        """Its log."""
        return self.folder / f"serve-{number}.log"

    def start(self, number: int) -> "subprocess.Popen[bytes]":
        """One of them, of the release in `root`."""
        more = {"HEIMVORTEIL_WORKERS": "1", "HEIMVORTEIL_SCHEDULER": "off", "PYTHONPATH": str(self.root)}
        return start(
            self.said(number), self.url, "serve", "--port", str(self.ports[number]), more=more, cwd=self.root
        )

    def ready(self, number: int) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            with (
                suppress(OSError),
                urlopen(f"http://127.0.0.1:{self.ports[number]}/readyz", timeout=5) as got,
            ):
                return bool(got.status == 200)
            return False

        until(answers, "it is ready", self.said(number).read_text)

    def restart(self, number: int) -> float:
        """Seconds that it took to stop; then it is started again and is ready."""
        began = time.monotonic()
        code = stop(self.processes[number])
        took = time.monotonic() - began
        assert code in (0, -15), f"exit code {code}: {self.said(number).read_text()[-2000:]}"
        self.processes[number] = self.start(number)
        self.ready(number)
        return took


def asked_once(ports: list[int], said: bytes, turn: int) -> str:
    """What became of one request: its status, or how it failed."""
    for place in range(len(ports)):
        try:
            one = socket.create_connection(("127.0.0.1", ports[(turn + place) % len(ports)]), PATIENCE_S)
        except OSError:
            continue
        with one:
            try:
                one.sendall(said)
                return str(status(one) or "closed without an answer")
            except OSError as error:
                return f"taken and {error.strerror or type(error).__name__}"
    return "taken by nobody"


@contextmanager
def clients(ports: list[int]) -> Iterator[Counter[str]]:
    """They ask all the while."""
    over, ends, lock = threading.Event(), Counter[str](), threading.Lock()

    def one(number: int) -> None:
        turn = number
        while not over.wait(THINK_S):
            turn += 1
            end = asked_once(ports, PATHS[turn % len(PATHS)], turn)
            with lock:
                ends[end] += 1

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield ends
    finally:
        over.set()
        for thread in threads:
            thread.join()


def failed(ends: Counter[str]) -> int:
    """Requests without an answer of the 200s."""
    return sum(count for end, count in ends.items() if not end.startswith("20"))


def prices_at(port: int) -> bytes:
    """Of one source's offers as a server tells them, as far as they move."""
    with urlopen(f"http://127.0.0.1:{port}{OFFERS}", timeout=PATIENCE_S) as answer:
        return bytes(answer.read())


def seconds_behind(servers: Servers, sessions: Sessions) -> list[float]:
    """How long after a refresh committed new prices each server answered with them."""
    before = [prices_at(port) for port in servers.ports]
    prices = sa.text("SELECT sum(hourly_price * id) FROM offers WHERE origin = :origin")

    def fetched() -> object:
        with sessions.reading() as session:
            return session.execute(prices, {"origin": SOURCE}).scalar()

    known = fetched()
    with sessions.begin() as session:
        leases.set_due(session, lease_name(SOURCE), leases.clock(session))
    until(lambda: fetched() != known, "it is refreshed")
    committed = time.monotonic()
    behind = [0.0] * SERVERS

    def look(number: int) -> None:
        until(lambda: prices_at(servers.ports[number]) != before[number], "it tells the new price")
        behind[number] = time.monotonic() - committed

    threads = [threading.Thread(target=look, args=(number,)) for number in range(SERVERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return behind


def main() -> None:
    """All of it; exit code 1 where something fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--old", help="a commit of this repository whose servers the upgrade meets")
    asked = parser.parse_args()
    with a_folder() as folder:
        holds = rolling_upgrade(folder, asked.old) if asked.old else grown(folder)
    raise SystemExit(0 if holds else 1)


def grown(folder: Path) -> bool:
    """Consistency and rolling restarts."""
    with moving_prices() as replay, database("postgresql", folder) as url:
        more = replay_environment(replay)
        assert start(folder / "fill.log", url, "prices", "refresh", SOURCE, more=more).wait(PATIENCE_S) == 0
        workers = [
            start(folder / f"watch-{number}.log", url, "prices", "watch", SOURCE, more=more)
            for number in range(WORKERS)
        ]
        servers = Servers(folder, url, Path.cwd())
        engine = engine_for(url)
        try:
            print(f"{SERVERS} servers, {WORKERS} workers, {CLIENTS} clients; load {os.getloadavg()[0]:.1f}")
            with clients(servers.ports) as ends:
                behind = [seconds_behind(servers, Sessions(engine)) for _ in range(ROUNDS)]
            latest = max(map(max, behind))
            print(
                f"a price changed by a refresh: {ROUNDS} times, "
                f"the last server after {latest:.2f} s; {dict(ends)}"
            )
            with clients(servers.ports) as restarted:
                stopped = [servers.restart(number) for number in range(SERVERS)]
            print(f"rolling restart: stopped within {max(stopped):.1f} s; {dict(restarted)}")
        finally:
            engine.dispose()
            for process in (*workers, *servers.processes):
                stop(process)
    return latest <= WITHIN_S and not failed(ends) and not failed(restarted)


def rolling_upgrade(folder: Path, commit: str) -> bool:
    """Servers of an older release while the database is upgraded, and their successors one by one."""
    old = folder / "old"
    subprocess.run(("git", "worktree", "add", "--detach", str(old), commit), check=True, capture_output=True)
    try:
        with database("postgresql", folder, old) as url:
            servers = Servers(folder, url, old)
            try:
                with clients(servers.ports) as before:
                    time.sleep(10)
                with clients(servers.ports) as during:
                    upgraded = start(folder / "upgrade.log", url, "db", "upgrade", more={})
                    assert upgraded.wait(PATIENCE_S) == 0, (folder / "upgrade.log").read_text()
                with clients(servers.ports) as after:
                    time.sleep(10)
                servers.root = Path.cwd()
                with clients(servers.ports) as replaced:
                    for number in range(SERVERS):
                        servers.restart(number)
                with clients(servers.ports) as new:
                    time.sleep(10)
            finally:
                for process in servers.processes:
                    stop(process)
        for title, ends in (
            ("the older release before the upgrade", before),
            ("it during the upgrade", during),
            ("it on the upgraded database", after),
            ("while it is replaced server by server", replaced),
            ("the newer release", new),
        ):
            print(f"{title}: {dict(ends)}")
        return not any(map(failed, (before, during, after, replaced, new)))
    finally:
        subprocess.run(("git", "worktree", "remove", "--force", str(old)), check=True, capture_output=True)


if __name__ == "__main__":
    main()
