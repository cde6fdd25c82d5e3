"""The hot read path: all facts at one data version, in memory, shared by all threads.

A request never waits for the database: it is served the snapshot there is, while at most one thread
looks after a newer one. Processes may differ for as long as `check_every_s`.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from sqlalchemy.engine import Engine

from service.errors import DatabaseAway, HeimvorteilError, UnknownName, worded
from service.estimate.alias_key import alias_key
from service.estimate.case import OWN
from service.estimate.rent_moves import RentMoves
from service.facts import (
    CarbonIntensity,
    ElectricityRate,
    ExchangeRate,
    Figure,
    Gpu,
    MeasuredRun,
    Provider,
    Workload,
)
from service.store import (
    exchange_rates,
    figures,
    gpus,
    measured_runs,
    offer_table,
    providers,
    rates,
    sources,
    versions,
    workloads,
)
from service.store.offer_table import OfferTable
from service.store.rent_moves import moves_of, shipped_moves
from service.store.session import Sessions

Named = TypeVar("Named", bound=Gpu | Workload | Provider)
Aliased = TypeVar("Aliased", bound=Gpu | Workload)
Zoned = TypeVar("Zoned", bound=ElectricityRate | CarbonIntensity)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Snapshot:
    """All facts at one data version; mappings and arrays are read-only."""

    data_version: int
    gpus: Mapping[str, Gpu]
    gpu_by_alias: Mapping[str, Gpu]
    """By alias_key of slug, name and aliases."""
    workloads: Mapping[str, Workload]
    workload_by_alias: Mapping[str, Workload]
    providers: Mapping[str, Provider]
    figures: Mapping[str, Figure]
    electricity: Mapping[str, tuple[ElectricityRate, ...]]
    """Zone -> its rates, the newest first."""
    carbon: Mapping[str, tuple[CarbonIntensity, ...]]
    """Zone -> its intensities, the newest year first."""
    exchange: Mapping[str, ExchangeRate]
    """Quote currency -> the newest rate of one EUR."""
    offers: OfferTable
    measured_runs: tuple[MeasuredRun, ...] = ()
    """By slug."""
    rent_moves: RentMoves = field(default_factory=shipped_moves)
    """How far rents move in so many days."""

    def gpu(self, name: str) -> Gpu:
        """The GPU of that slug, name or alias; UnknownName lists all slugs, the nearest first."""
        found = self.gpu_by_alias.get(alias_key(name))
        if found is None:
            raise UnknownName("gpu", name, self.gpus)
        return found

    def workload(self, name: str) -> Workload:
        """The workload of that slug, name or alias; UnknownName lists all slugs, the nearest first."""
        found = self.workload_by_alias.get(alias_key(name))
        if found is None:
            raise UnknownName("workload", name, self.workloads)
        return found


def load(sessions: Sessions) -> Snapshot:
    """All facts as they are now, read in one transaction."""
    with sessions.reading() as session:
        version = versions.data_version(session)
        all_gpus, all_workloads = gpus.all(session), workloads.all(session)
        offers = offer_table.load(session, MappingProxyType(sources.by_id(session)))
        return Snapshot(
            data_version=version,
            gpus=_by_slug(all_gpus),
            gpu_by_alias=_by_alias(all_gpus),
            workloads=_by_slug(all_workloads),
            workload_by_alias=_by_alias(all_workloads),
            providers=_by_slug(providers.all(session)),
            figures=MappingProxyType(figures.all(session)),
            electricity=_by_zone(rates.electricity(session)),
            carbon=_by_zone(rates.carbon(session)),
            exchange=MappingProxyType(exchange_rates.newest_rates(session)),
            offers=offers,
            measured_runs=_shaped(measured_runs.all(session), all_workloads),
            rent_moves=moves_of(session, is_refreshed=offers.is_refreshed),
        )


def _shaped(runs: Iterable[MeasuredRun], known: Iterable[Workload]) -> tuple[MeasuredRun, ...]:
    """The runs, a user's own with the shape of the model they name."""
    shapes = {workload.name: workload.architecture for workload in known}
    return tuple(replace(run, shape=shapes.get(run.model)) if run.confidence == OWN else run for run in runs)


class Snapshots:
    """The newest snapshot, looked after at most once per `check_every_s` [s]."""

    def __init__(
        self, engine: Engine, check_every_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sessions = Sessions(engine)
        self._every_s = check_every_s
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._checked_at: float | None = None
        self._failed_at: float | None = None
        self._error: str | None = None

    def current(self) -> Snapshot:
        """The newest snapshot; DatabaseAway only if there has never been one."""
        snapshot = self._snapshot
        if snapshot is None:
            with self._lock:
                return self._snapshot or self._check(None)
        if self._is_due() and self._lock.acquire(blocking=False):
            try:
                if self._is_due():
                    return self._check(snapshot)
            finally:
                self._lock.release()
        return self._snapshot or snapshot

    @property
    def error(self) -> str | None:
        """Why the last check failed, None if it did not."""
        return self._error

    @property
    def age_s(self) -> float | None:
        """Seconds since the snapshot was last known to be the newest; None before the first one."""
        return None if self._checked_at is None else self._clock() - self._checked_at

    def _is_due(self) -> bool:
        # A failure does not count as a check, but a database that is away is not asked by every request.
        tried = max((at for at in (self._checked_at, self._failed_at) if at is not None), default=None)
        return tried is None or self._clock() - tried >= self._every_s

    def _check(self, old: Snapshot | None) -> Snapshot:
        begun = self._clock()
        try:
            newest = old if old is not None and old.data_version == self._version() else load(self._sessions)
        except Exception as error:
            self._failed_at = self._clock()
            said = str(error) if isinstance(error, HeimvorteilError) else f"{type(error).__name__}: {error}"
            self._error = said.split("\n")[0]
            if old is None:
                raise DatabaseAway(worded("cannot load the facts: {error}", error=self._error)) from error
            return old
        self._snapshot, self._checked_at, self._failed_at, self._error = newest, begun, None, None
        return newest

    def _version(self) -> int:
        with self._sessions.reading() as session:
            return versions.data_version(session)


def _by_slug(facts: Iterable[Named]) -> Mapping[str, Named]:
    return MappingProxyType({fact.slug: fact for fact in facts})


def _by_alias(facts: Iterable[Aliased]) -> Mapping[str, Aliased]:
    return MappingProxyType(
        {alias_key(name): fact for fact in facts for name in (fact.slug, fact.name, *fact.aliases)}
    )


def _by_zone(facts: Iterable[Zoned]) -> Mapping[str, tuple[Zoned, ...]]:
    zones: dict[str, list[Zoned]] = {}
    for fact in facts:
        zones.setdefault(fact.zone, []).append(fact)
    return MappingProxyType({zone: tuple(found) for zone, found in zones.items()})
