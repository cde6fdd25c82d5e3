"""The two hottest queries of the store on many prices: `python -m tests.bench.many_rows --rows 5_000_000`.

On a PostgreSQL of its own (HEIMVORTEIL_DATABASE_URL of an empty database, else one that is started): offers
as of a day that has passed, and the price history of a card. Prints how long each takes, with which indexes
PostgreSQL finds the rows, and what a row takes.
"""

import argparse
import os
import re
import time
from collections.abc import Callable
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from service.store import offers
from service.store.offers import OfferFilter
from service.store.price_history import price_history
from service.store.session import Sessions, engine_for
from tests.bench.house import a_folder, database
from tests.bench.synthetic import TODAY, median_ms, replaced

OFFERS = 10_000
ROUNDS = 5
PAST = TODAY - timedelta(days=100)
FILL = """
INSERT INTO offer_prices
    (offer_id, as_of, first_seen, last_as_of, last_seen, hourly_price, currency, source_id)
SELECT id, day, at, day, at, hourly_price + (back % 7) * 0.001, currency, source_id
FROM offers, generate_series(1, :spans) AS back,
     LATERAL (SELECT DATE :today - back / :a_day AS day) AS days,
     LATERAL (
         SELECT (day + TIME '12:00' - (back % :a_day) * INTERVAL '30 minutes') AT TIME ZONE 'UTC' AS at
     ) AS ats
"""


def filled(engine: Engine, rows: int) -> None:
    """OFFERS offers with so many prices together, no more than a year back."""
    with Sessions(engine).begin() as session:
        replaced(session, OFFERS)
    spans = rows // OFFERS
    a_day = max(1, -(-spans // 365))
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        told = {"spans": spans, "a_day": a_day, "today": TODAY}
        connection.execute(sa.text(FILL.replace("DATE :today", "CAST(:today AS date)")), told)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("SET statement_timeout = 0"))
        connection.execute(sa.text("VACUUM ANALYZE"))


def plans(engine: Engine, work: Callable[[], object]) -> tuple[str, ...]:
    """How PostgreSQL reads the prices: each distinct scan of its plans."""
    asked: list[tuple[str, object]] = []

    def heard(
        _connection: Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if "offer_prices" in statement:
            asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", heard)
    work()
    sa.event.remove(engine, "before_cursor_execute", heard)
    found = []
    with engine.connect() as connection:
        for statement, parameters in asked:
            lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars().all()
            found += [
                re.sub(r"\s+\(cost.*", "", line).strip(" ->")
                for line in lines
                if "Scan" in line and "prices" in line
            ]
    return tuple(dict.fromkeys(found))


def main() -> None:
    """Fill, measure, explain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="prices")
    asked = parser.parse_args()
    with a_folder() as folder:
        given = os.environ.get("HEIMVORTEIL_DATABASE_URL")
        if given:
            measured(given, asked.rows)
        else:
            with database("postgresql", folder) as url:
                measured(url, asked.rows)


def measured(url: str, rows: int) -> None:
    """Both queries on so many rows."""
    engine = engine_for(url)
    begun = time.monotonic()
    filled(engine, rows)
    with engine.connect() as connection:
        count, size = connection.execute(
            sa.text("SELECT (SELECT count(*) FROM offer_prices), pg_total_relation_size('offer_prices')")
        ).one()
    print(
        f"{count:,} prices of {OFFERS:,} offers: {size / 1e6:,.0f} MB, "
        f"{size / count:.0f} bytes a row with its index; "
        f"filled in {time.monotonic() - begun:.0f} s; load {os.getloadavg()[0]:.1f}\n"
    )
    sessions = Sessions(engine)

    def past_day() -> object:
        with sessions.reading() as session:
            return offers.search(session, OfferFilter(gpu="h100-sxm", as_of=PAST), limit=50).total

    def all_of_a_past_day() -> object:
        with sessions.reading() as session:
            return offers.search(session, OfferFilter(as_of=PAST), limit=50).total

    def year() -> object:
        with sessions.reading() as session:
            found = price_history(
                session,
                "h100-sxm",
                first_day=date(2025, 11, 25),
                last_day=TODAY,
                currency="EUR",
                interval="month",
            )
            return sum(one.offers for one in found.series)

    print("| query | median ms | offers | how the prices are read |\n| --- | ---: | ---: | --- |")
    for title, work in (
        ("offers of a card as of a day 100 days ago, a page of 50", past_day),
        ("offers of every card as of that day, a page of 50", all_of_a_past_day),
        ("price history of a card, a year by month", year),
    ):
        print(
            f"| {title} | {median_ms(work, ROUNDS):.0f} | {work()} | {'; '.join(plans(engine, work))} |",
            flush=True,
        )
    engine.dispose()


if __name__ == "__main__":
    main()
