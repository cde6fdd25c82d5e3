"""The same 100,000 rows asked of gpuhunt and of our offers, in turn: a page, and all that match."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from gpuhunt import Catalog

from service.store import offers
from service.store.offers import OfferFilter
from service.store.session import Sessions, engine_for
from tests.bench.synthetic import database
from tests.test_gpuhunt_agrees import write_catalogue

COUNT, ROUNDS, PAGE = 100_000, 15, 50
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
        for title, theirs, ours in QUESTIONS:
            took: dict[str, list[float]] = {"gpuhunt": [], "page": [], "all": []}
            ways = {
                "gpuhunt": partial(catalog.query, **theirs),
                "page": partial(search, sessions, ours, PAGE),
                "all": partial(search, sessions, ours, COUNT),
            }
            for _ in range(ROUNDS):
                for way, work in ways.items():
                    took[way].append(timed(work))
            p50 = {way: statistics.median(times) for way, times in took.items()}
            print(
                f"{title}: gpuhunt {p50['gpuhunt']:.1f} ms, a page of {PAGE} {p50['page']:.1f} ms "
                f"({p50['gpuhunt'] / p50['page']:.0f} times), all of them {p50['all']:.1f} ms "
                f"({p50['gpuhunt'] / p50['all']:.1f} times)"
            )


def search(sessions: Sessions, wanted: OfferFilter, limit: int) -> int:
    """How many offers of those that match were read."""
    with sessions.reading() as session:
        return len(offers.search(session, wanted, limit=limit).offers)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1e3


if __name__ == "__main__":
    main()
