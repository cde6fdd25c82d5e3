"""The snapshot is whole, cannot be changed, and is renewed behind the readers' backs."""

import dataclasses
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from sqlalchemy.engine import Engine

from service.errors import DatabaseNotReady, UnknownName
from service.store import figures, gpus, offers, rates, snapshot, workloads
from service.store.session import Sessions
from service.store.snapshot import Snapshots
from tests.waiting import PATIENCE_S, until

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def full(market: Sessions, a: SimpleNamespace) -> Sessions:
    with market.begin() as session:
        gpus.put(session, a.gpu())
        workloads.put(session, a.workload())
        figures.put_all(session, [a.figure()])
        rates.put_electricity(session, [a.electricityrate(), a.electricityrate(as_of=date(2026, 8, 1))])
        rates.put_carbon(session, [a.carbonintensity()])
        bare = a.offer(instance="bare", gpu=None, memory_gib_per_gpu=None, country=None, currency="XYZ")
        rich = a.offer(instance="rich", vcpus=8, ram_gib=64.5, tier="reserved", term_months=12, note="n")
        offers.add_all(session, [bare, rich, a.offer(hourly_price=Decimal("0.1"))], NOW)
    return market


def test_it_holds_what_the_tables_hold(full: Sessions) -> None:
    held = snapshot.load(full)
    assert held.gpu("rtx 4070").slug == held.gpu_by_alias["4070"].slug == "rtx-4070"
    assert held.workload("The tiny one").slug == "tiny"
    assert held.figures["home.psu_efficiency"].value == 0.9
    assert [rate.as_of.month for rate in held.electricity["DE"]] == [8, 6]
    assert held.carbon["DE"][0].year == 2025
    assert held.exchange["USD"].rate == Decimal("1.25")
    with full.reading() as session:
        stored = offers.search(session, offers.OfferFilter(), order="slug").offers
        assert tuple(held.offers.row(i) for i in range(len(held.offers))) == stored
        assert held.gpus == {gpu.slug: gpu for gpu in gpus.all(session)}
    with pytest.raises(UnknownName):
        held.gpu("voodoo 2")


def test_its_columns(full: Sessions) -> None:
    table = snapshot.load(full).offers
    at = {instance: i for i, instance in enumerate(table.instance)}
    assert table.price[at["a10.1"]] == 0.1 and table.price_eur[at["a10.1"]] == 0.1 / 1.25
    assert np.isinf(table.price_eur[at["bare"]]) and np.isnan(table.memory_gib_per_gpu[at["bare"]])
    assert table.gpu[at["bare"]] == -1 and table.gpu_slugs[table.gpu[at["rich"]]] == "a10"
    assert table.tiers[table.tier[at["rich"]]] == "reserved"


def test_it_cannot_be_changed(full: Sessions) -> None:
    held = snapshot.load(full)
    with pytest.raises(dataclasses.FrozenInstanceError):
        held.data_version = 0  # type: ignore[misc]
    with pytest.raises(TypeError):
        held.gpus["x"] = held.gpu("4070")  # type: ignore[index]
    arrays = [
        getattr(held.offers, field.name)
        for field in dataclasses.fields(held.offers)
        if isinstance(getattr(held.offers, field.name), np.ndarray)
    ]
    assert len(arrays) >= 7
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_empty_database_makes_an_empty_snapshot(sessions: Sessions) -> None:
    held = snapshot.load(sessions)
    assert (held.data_version, len(held.offers), dict(held.gpus)) == (0, 0, {})


def test_it_is_checked_at_most_once_per_period(full: Sessions, clock: Clock, a: SimpleNamespace) -> None:
    snapshots = Snapshots(full.engine, 1.0, clock)
    first = snapshots.current()
    with full.begin() as session:
        gpus.put(session, a.gpu(slug="new", name="New", aliases=()))
    clock.now = 0.99
    assert snapshots.current() is first
    clock.now = 1.0
    second = snapshots.current()
    assert "new" in second.gpus and "new" not in first.gpus
    clock.now = 2.0
    assert snapshots.current() is second and snapshots.age_s == 0


def test_a_failed_reload_keeps_the_old_one_and_is_tried_again(
    full: Sessions, clock: Clock, a: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(full.engine, 1.0, clock)
    first = snapshots.current()
    with full.begin() as session:
        gpus.put(session, a.gpu(slug="new", name="New", aliases=()))
    tries = []

    def broken(sessions: Sessions) -> snapshot.Snapshot:
        tries.append(sessions)
        raise OSError("disk on fire")

    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "load", broken)
        for now in (1.0, 1.5, 2.0):
            clock.now = now
            assert snapshots.current() is first
        assert len(tries) == 2
        assert snapshots.error == "OSError: disk on fire"
        assert snapshots.age_s == 2.0
    clock.now = 3.0
    assert "new" in snapshots.current().gpus
    assert snapshots.error is None


def test_without_any_snapshot_the_failure_is_raised(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = Snapshots(engine)
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "load", lambda sessions: 1 / 0)
        with pytest.raises(DatabaseNotReady, match="ZeroDivisionError"):
            snapshots.current()
    assert snapshots.current().data_version == 0


def test_others_are_served_while_one_thread_reloads(
    full: Sessions, clock: Clock, a: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(full.engine, 1.0, clock)
    first = snapshots.current()
    with full.begin() as session:
        gpus.put(session, a.gpu(slug="new", name="New", aliases=()))
    clock.now = 1.0
    loading, go_on, load = threading.Event(), threading.Event(), snapshot.load

    def slow(sessions: Sessions) -> snapshot.Snapshot:
        loading.set()
        assert go_on.wait(PATIENCE_S)
        return load(sessions)

    monkeypatch.setattr(snapshot, "load", slow)
    reloader = threading.Thread(target=snapshots.current)
    reloader.start()
    assert loading.wait(PATIENCE_S)
    assert snapshots.current() is first
    go_on.set()
    reloader.join(PATIENCE_S)
    assert "new" in snapshots.current().gpus


def test_readers_never_see_half_a_change(full: Sessions, a: SimpleNamespace) -> None:
    """A writer changes two offers together, again and again: every snapshot has them equal."""
    pair = ("left", "right")

    def write(n: int) -> None:
        made = [
            a.offer(instance=name, hourly_price=Decimal(n), as_of=date.fromordinal(739_700 + n))
            for name in pair
        ]
        with full.begin() as session:
            offers.add_all(session, made, NOW)

    write(1)
    snapshots = Snapshots(full.engine, 0.0)
    done = threading.Event()
    wrong: list[object] = []
    seen: set[int] = set()

    def read() -> None:
        while not done.wait(0.002):
            held = snapshots.current()
            prices = [held.offers.price[held.offers.instance.index(name)] for name in pair]
            seen.add(held.data_version)
            if prices[0] != prices[1]:
                wrong.append(prices)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    until(lambda: seen, "they read")
    for n in range(2, 22):
        write(n)
    until(lambda: len(seen) > 1, "they see a change")
    done.set()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert wrong == [] and snapshots.error is None
    assert snapshots.current().offers.price.max() == 21
    assert len(seen) > 1
