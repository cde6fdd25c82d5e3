"""Databases of synthetic offers on the catalog's real GPUs, and how long work on them takes."""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import CloudOffer, Source
from service.store import gpus, offers, providers
from service.store.models import OfferPriceRow, OfferRow
from service.store.session import Sessions, prepare

TODAY = date(2026, 11, 24)
SOURCE = Source("bench", "synthetic offers of the benchmark", "https://example.org/bench", TODAY)


def database(folder: Path, count: int) -> str:
    """The URL of a fresh SQLite database with the catalog and `count` offers in all."""
    url = f"sqlite:///{folder / f'bench-{count}.sqlite3'}"
    engine, _ = prepare(url)
    sessions = Sessions(engine)
    with sessions.begin() as session:
        stored = offers.search(session, offers.OfferFilter(), limit=0).total
        offers.add_all(session, made(session, count - stored), datetime.now(UTC))
    engine.dispose()
    return url


def replaced(session: Session, count: int) -> None:
    """So many synthetic offers and no others, each with one price."""
    session.execute(sa.delete(OfferPriceRow))
    session.execute(sa.delete(OfferRow))
    offers.add_all(session, made(session, count), datetime(2026, 11, 24, 12, tzinfo=UTC))


def median_ms(work: Callable[[], object], rounds: int) -> float:
    """Of some rounds, after one to warm up."""
    work()
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(took)


def made(session: Session, count: int) -> list[CloudOffer]:
    """So many offers, the same at every call."""
    known = [g for g in gpus.all(session) if g.category in ("datacenter", "geforce", "workstation")]
    names = [p.slug for p in providers.all(session)]
    draw = random.Random(2026)
    return [_offer(i, draw, known, names) for i in range(count)]


def _offer(i: int, draw: random.Random, known: list, names: list[str]) -> CloudOffer:  # type: ignore[type-arg]
    gpu = draw.choice(known)
    count = draw.choice((1, 1, 1, 2, 4, 8))
    price = Decimal(str(round(0.002 * gpu.board_watts * count * draw.uniform(0.5, 3), 4)))
    return CloudOffer(
        draw.choice(names),
        f"type-{i}",
        f"region-{i % 40}",
        draw.choice(("US", "DE", "FI", "SG")),
        gpu.slug,
        gpu.name,
        count,
        gpu.memory_gib,
        draw.choice(("on_demand", "on_demand", "spot")),
        price,
        "USD",
        TODAY,
        SOURCE,
    )
