"""Does the past make the present slow? The same 10,000 offers with 50 thousand and with 5 million prices."""

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from service.store import offers
from service.store.models import OfferPriceRow
from service.store.offers import OfferFilter
from service.store.price_history import price_history
from service.store.session import Sessions, prepare
from tests.bench.synthetic import TODAY, median_ms, replaced

OFFERS = 10_000
ROUNDS = 7


def filled(folder: Path, spans: int) -> Sessions:
    """A database whose offers have so many prices each, one price a day up to the day before today."""
    engine, _ = prepare(f"sqlite:///{folder / f'history-{spans}.sqlite3'}")
    sessions = Sessions(engine)
    with sessions.begin() as session:
        replaced(session, OFFERS)
        known = session.execute(
            sa.select(OfferPriceRow.offer_id, OfferPriceRow.hourly_price, OfferPriceRow.source_id)
        ).all()
        driver: Any = session.connection().connection.driver_connection

        def rows() -> Iterator[tuple[Any, ...]]:
            for offer, price, source in known:
                billionths = int(price * 10**9)
                for back in range(spans - 1, 0, -1):
                    day = (TODAY - timedelta(days=back)).isoformat()
                    seen = f"{day} 12:00:00.000000"
                    yield (offer, day, seen, day, seen, billionths + back % 7 * 1000, "USD", source)

        driver.executemany("INSERT INTO offer_prices VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows())
    return sessions


def latest(sessions: Sessions) -> int:
    """The newest price of every offer."""
    with sessions.reading() as session:
        return len(offers.search(session, OfferFilter(), limit=OFFERS).offers)


def year(sessions: Sessions, count: int | None) -> int:
    """A year of one GPU, day by day."""
    with sessions.reading() as session:
        found = price_history(
            session, "h100-sxm", gpu_count=count, first_day=date(2025, 11, 25), last_day=TODAY, currency="EUR"
        )
        return sum(one.offers for one in found.series)


def main() -> None:
    """Both databases in turn, so that a busy machine slows both."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = filled(Path(folder), 5), filled(Path(folder), 500)
        for name, work in (
            ("latest price of every offer", latest),
            ("a page of 50, filtered", _page),
            ("price history, h100-sxm x 8, a year by day", lambda s: year(s, 8)),
            ("price history, h100-sxm of every count", lambda s: year(s, None)),
        ):
            few, many = (median_ms(partial(work, sessions), ROUNDS) for sessions in (small, large))
            print(
                f"{name}: {few:.1f} ms at {OFFERS * 5:,} prices, {many:.1f} ms at {OFFERS * 500:,} "
                f"({many / few:.2f} times); {work(large)} offers"
            )


def _page(sessions: Sessions) -> int:
    with sessions.reading() as session:
        wanted = OfferFilter(gpu="h100-sxm", gpu_count_min=8, gpu_count_max=8)
        return len(offers.search(session, wanted, limit=50).offers)


if __name__ == "__main__":
    main()
