"""The same 100,000 rows asked of gpuhunt and of our offers, in turn: a page, and all that match."""

import os
import statistics
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from gpuhunt import Catalog

from service.api.columns import Columns, csv_parts, items_of
from service.api.offers import OfferOut
from service.api.parquet import parquet_parts
from service.store import offers
from service.store.offers import OfferFilter
from service.store.session import Sessions, engine_for
from service.store.snapshot import Snapshot, load
from service.usecases.offers import all_offers, find_offers, offer_columns, offer_items
from tests.bench.synthetic import database
from tests.test_gpuhunt_agrees import write_catalogue

COUNT, ROUNDS, PAGE = 100_000, 7, 50
QUESTIONS: tuple[tuple[str, dict[str, Any], OfferFilter], ...] = (
    (
        "h100-sxm x 8 on demand",
        {"gpu_name": "h100-sxm", "min_gpu_count": 8, "max_gpu_count": 8, "spot": False},
        OfferFilter(gpu="h100-sxm", gpu_count_min=8, gpu_count_max=8, tier="on_demand"),
    ),
    (
        "at least 24 GiB, at most 1 $/h",
        {"min_gpu_count": 1, "min_gpu_memory": 24.0, "max_price": 1.0},
        OfferFilter(memory_gib_per_gpu_min=24.0, price_max=Decimal(1), currency="USD"),
    ),
    ("any GPU", {"min_gpu_count": 1}, OfferFilter()),
    (
        "in Finland, at least 100 GiB",
        {"min_gpu_count": 1, "min_gpu_memory": 100.0},
        OfferFilter(country="FI", memory_gib_per_gpu_min=100.0),
    ),
)


def main() -> None:
    """Median milliseconds, in process, on a busy machine as slow for one as for the other."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sessions = Sessions(engine_for(database(folder, COUNT)))
        with sessions.reading() as session:
            stored = offers.search(session, OfferFilter(), limit=COUNT).offers
        rows = [
            ("aws", o.instance, o.region or "-", o.hourly_price, o.gpu_count, o.gpu or "?",
             o.memory_gib_per_gpu or 0, o.tier == "spot")
            for o in stored
        ]  # fmt: skip
        write_catalogue(folder / "gpuhunt", rows)
        os.environ["GPUHUNT_CATALOG_URL"] = (folder / "gpuhunt").as_uri()
        catalog = Catalog(balance_resources=False, auto_reload=False)
        catalog.load()
        snapshot = load(sessions)
        for title, theirs, ours in QUESTIONS:
            matching = find_offers(sessions, snapshot, ours, limit=0).total
            ways = {
                "gpuhunt": partial(catalog.query, **theirs),
                "page": partial(a_page, sessions, snapshot, ours, 0),
                "last page": partial(a_page, sessions, snapshot, ours, max(0, matching - PAGE)),
                "json": partial(everything, sessions, snapshot, ours, as_json),
                "csv": partial(everything, sessions, snapshot, ours, csv_parts),
                "parquet": partial(everything, sessions, snapshot, ours, as_parquet),
            }
            took: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for way, work in ways.items():
                    took[way].append(timed(work))
            p50 = {way: statistics.median(times) for way, times in took.items()}
            rows_per_s = {way: matching / p50[way] * 1e3 for way in ("json", "csv", "parquet")}
            print(
                f"{title}: gpuhunt {p50['gpuhunt']:.1f} ms; a page of {PAGE} {p50['page']:.1f} ms "
                f"({p50['gpuhunt'] / p50['page']:.0f} times), the last {p50['last page']:.1f} ms; "
                f"all {matching:,} as JSON {p50['json']:.0f} ms ({rows_per_s['json']:,.0f} rows/s), "
                f"as CSV {p50['csv']:.0f} ms ({rows_per_s['csv']:,.0f} rows/s), "
                f"as Parquet {p50['parquet']:.0f} ms ({rows_per_s['parquet']:,.0f} rows/s)"
            )
        print(
            f"most memory in use beyond the facts while all are told: {peak_mib(sessions, snapshot):.1f} MiB"
        )


def a_page(sessions: Sessions, snapshot: Snapshot, wanted: OfferFilter, offset: int) -> int:
    """As GET /api/v1/offers finds and tells it, prices in euros."""
    page = find_offers(sessions, snapshot, wanted, currency="EUR", limit=PAGE, offset=offset)
    return len(orjson.dumps(offer_items(page, "EUR")))


def everything(
    sessions: Sessions,
    snapshot: Snapshot,
    wanted: OfferFilter,
    told: Callable[[Iterable[Columns]], Iterator[object]],
) -> None:
    """As GET /api/v1/offers/all.json and all.csv send it, part by part."""
    pages = all_offers(sessions, snapshot, wanted, currency="EUR")
    for _ in told(offer_columns(page, "EUR") for page in pages):
        pass


def as_json(parts: Iterable[Columns]) -> Iterator[bytes]:
    """The items of each part."""
    return (orjson.dumps(items_of(part), default=str) for part in parts)


def as_parquet(parts: Iterable[Columns]) -> Iterator[bytes]:
    """The offers as GET /api/v1/offers/all.parquet sends them."""
    return parquet_parts(parts, OfferOut)


def peak_mib(sessions: Sessions, snapshot: Snapshot) -> float:
    """Of Python's own memory, while every offer is told as CSV."""
    a_page(sessions, snapshot, OfferFilter(), 0)
    tracemalloc.start()
    everything(sessions, snapshot, OfferFilter(), csv_parts)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


if __name__ == "__main__":
    main()
