"""What a bench stands on: a database of either kind, servers and workers on it, prices that always move."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from pricing.sources import SOURCES
from service.store import leases
from service.store.price_sources import lease_name
from service.store.session import Sessions, engine_for
from tests.made_once import postgres
from tests.pricing.replay import Replay, replaying
from tests.real_server import address_of
from tests.waiting import PATIENCE_S

COMMAND = (sys.executable, "-c", "from service.cli import main; main()")
READ_AGAIN_S = 60.0
"""How often every source is due again."""


@contextmanager
def database(kind: str, folder: Path, root: Path | None = None) -> Iterator[str]:
    """The URL of a database with the catalog: a SQLite file, or a PostgreSQL server of its own.

    Made by the release in `root`, or by this one.
    """
    with ExitStack() as stack:
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'bench.sqlite3'}"
        else:
            url = stack.enter_context(postgres(folder / "postgres.lock"))
            name = f"bench_{uuid.uuid4().hex[:8]}"
            server = engine_for(url).execution_options(isolation_level="AUTOCOMMIT")
            with server.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {name}"))
            server.dispose()
            url = sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        more = {"PYTHONPATH": str(root or Path.cwd())}
        made = start(folder / "made.log", url, "db", "upgrade", more=more, cwd=root).wait(PATIENCE_S)
        assert made == 0, (folder / "made.log").read_text()
        yield url


@contextmanager
def started(
    said: Path, url: str, *words: str, more: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A command as a process, told to stop and waited for at the end."""
    process = start(said, url, *words, more=more)
    try:
        yield process
    finally:
        stop(process)


def start(
    said: Path, url: str, *words: str, more: Mapping[str, str], cwd: Path | None = None
) -> "subprocess.Popen[bytes]":
    """A command as a process."""
    environment = os.environ | {"HEIMVORTEIL_DATABASE_URL": url, "HEIMVORTEIL_LOG": "json", **more}
    with said.open("ab") as log:
        return subprocess.Popen(
            (*COMMAND, *words), env=environment, cwd=cwd, stdout=log, stderr=subprocess.STDOUT
        )


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Its exit code, once it was told to stop."""
    process.terminate()
    return process.wait(PATIENCE_S)


@contextmanager
def moving_prices() -> Iterator[Replay]:
    """A replay server whose prices differ in their last digit with every answer."""
    with replaying() as replay:
        turn = iter(range(10**9))

        def moved(text: str) -> str:
            digit = str(next(turn) % 9 + 1)
            return re.sub(r"(?<![\w.])(\d+\.\d{2,})\d(?![\w.])", rf"\g<1>{digit}", text)

        replay.change = moved
        yield replay


def replay_environment(replay: Replay) -> dict[str, str]:
    """Settings by which every source asks the replay server, those with a key too, and soon."""
    keys = {source.key: "bench" for source in SOURCES if source.key}
    return replay.environment(SOURCES) | keys | {"HEIMVORTEIL_TICK_SECONDS": "2"}


@contextmanager
def always_due(url: str) -> Iterator[None]:
    """Every source is due again every READ_AGAIN_S."""
    over = threading.Event()
    engine = engine_for(url)

    def due() -> None:
        names = [lease_name(source.name) for source in SOURCES]
        while True:
            with Sessions(engine).begin() as opened:
                now = leases.clock(opened) - timedelta(seconds=1)
                for name in names:
                    leases.set_due(opened, name, now)
            if over.wait(READ_AGAIN_S):
                return

    thread = threading.Thread(target=due, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE_S)
        engine.dispose()


def refreshes(url: str) -> dict[str, int]:
    """How the refreshes that ended did so."""
    engine = engine_for(url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT outcome, count(*) FROM refreshes GROUP BY 1")).all()
    engine.dispose()
    return {str(outcome): count for outcome, count in rows}


def port_of(said: Path, process: "subprocess.Popen[bytes]") -> int:
    """Where a server listens on this machine."""
    return int(address_of(said, process).rpartition(":")[2])


@contextmanager
def a_folder() -> Iterator[Path]:
    """For what a bench writes, deleted at the end."""
    with tempfile.TemporaryDirectory(prefix="heimvorteil-bench-") as name:
        yield Path(name)
