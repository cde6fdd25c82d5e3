"""All current offers as columns, for answers that look at every one of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from service.estimate.interruptions import Interruptions
from service.estimate.superseded import CATALOG, OWN
from service.facts import CloudOffer, Figure, Source, Tier
from service.store import source_answers, sources, spot_interruptions
from service.store.column_types import from_billionths, to_billionths
from service.store.models import TIERS, OfferRow, ProviderRow
from service.store.superseding import has_superseded, is_current

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class OfferTable:
    """Offers by slug; `row(i)` is the i-th of them, the arrays are read-only and equally long."""

    price: NDArray[np.float64]
    """Hourly price in the offer's own currency."""
    billionths: NDArray[np.int64]
    """The same, exactly."""
    price_eur: NDArray[np.float64]
    """Hourly price in EUR at the newest stored rate; infinity where none is known."""
    gpu: NDArray[np.int32]
    """Index into `gpu_slugs`; -1 while nobody has mapped the GPU's name."""
    gpu_count: NDArray[np.int32]
    memory_gib_per_gpu: NDArray[np.float64]
    """NaN where unknown."""
    tier: NDArray[np.int8]
    """Index into models.TIERS, also `tiers` here."""
    term_months: NDArray[np.int32]
    """0 where there is no term."""
    as_of_ordinal: NDArray[np.int32]
    """date.toordinal() of the day the price was stated for."""
    known_ordinal: NDArray[np.int32]
    """The same of the last day the price was known for: also when a provider's own list was read last."""
    sold_out: NDArray[np.bool_]
    """Last seen without stock: nothing that is recommended may rest on it."""
    in_stock: NDArray[np.bool_]
    """Last seen rentable; False too where nobody tells."""
    ram_gib: NDArray[np.float64]
    """Main memory of the whole instance; NaN where unknown."""
    slug: tuple[str, ...]
    provider: tuple[str, ...]
    instance: tuple[str, ...]
    region: tuple[str, ...]
    country: tuple[str | None, ...]
    currency: tuple[str, ...]
    origin: tuple[str, ...]
    """Which list says so."""
    gpu_slugs: tuple[str, ...]
    """Every GPU slug an offer names, sorted."""
    is_refreshed: bool
    """Whether any offer comes from a price source, not from the catalog or oneself."""
    has_superseded: bool
    """Whether the store holds offers that another list has superseded; they are not in this table."""
    _vcpus: NDArray[np.int32]
    _fetched_us: NDArray[np.int64]
    _source: NDArray[np.int32]
    _gpu_raw_name: tuple[str, ...]
    _note: tuple[str, ...]
    _interruptions: Interruptions
    _stock: tuple[tuple[bool | None, int | None, datetime | None], ...]
    _said: Mapping[int, Source]
    _stated: dict[tuple[int, int], Source] = field(default_factory=dict)
    """The sources as the passports of a day's numbers, as far as they were asked for."""

    def __len__(self) -> int:
        return len(self.slug)

    @property
    def tiers(self) -> tuple[Tier, ...]:
        return TIERS

    def only(self, rows: NDArray[np.intp]) -> "OfferTable":
        """The table of some of the offers, in order."""
        picked: dict[str, Any] = {}
        for name in (one.name for one in fields(self)):
            column = getattr(self, name)
            if isinstance(column, np.ndarray):
                picked[name] = column[rows]
                picked[name].setflags(write=False)
            elif isinstance(column, tuple) and name != "gpu_slugs":
                picked[name] = tuple(column[i] for i in rows)
        return replace(self, **picked)

    def quoted(self, i: int) -> tuple[Decimal, str]:
        """What the i-th offer costs an hour, exactly, and in which currency."""
        return from_billionths(int(self.billionths[i])), self.currency[i]

    def row(self, i: int) -> CloudOffer:
        """The i-th offer as a fact, its price exact."""
        return self._fact(i, *(column.item(i) for column in self._numbers))

    def rows(self, places: NDArray[np.intp]) -> list[CloudOffer]:
        """Many offers as facts, in that order; faster than one after the other."""
        columns = (column[places].tolist() for column in self._numbers)
        return [self._fact(*of_one) for of_one in zip(places.tolist(), *columns, strict=True)]

    @property
    def _numbers(self) -> tuple[NDArray[Any], ...]:
        return (
            self.gpu, self.gpu_count, self.memory_gib_per_gpu, self.tier, self.as_of_ordinal,
            self.billionths, self._vcpus, self.ram_gib, self.term_months, self._fetched_us, self._source,
        )  # fmt: skip

    def _fact(
        self, i: int, gpu: int, gpu_count: int, memory: float, tier: int, day: int,
        billionths: int, vcpus: int, ram: float, term: int, fetched_us: int, source: int,
    ) -> CloudOffer:  # fmt: skip
        said = self._stated.get((source, day))
        if said is None:
            said = self._stated[source, day] = sources.stated(self._said[source], date.fromordinal(day))
        in_stock, rentable_count, seen_rentable_at = self._stock[i]
        return CloudOffer(
            provider=self.provider[i],
            instance=self.instance[i],
            region=self.region[i],
            country=self.country[i],
            gpu=None if gpu < 0 else self.gpu_slugs[gpu],
            gpu_raw_name=self._gpu_raw_name[i],
            gpu_count=gpu_count,
            memory_gib_per_gpu=_known(memory),
            tier=TIERS[tier],
            hourly_price=from_billionths(billionths),
            currency=self.currency[i],
            as_of=said.as_of,
            source=said,
            vcpus=None if vcpus < 0 else vcpus,
            ram_gib=_known(ram),
            term_months=term or None,
            note=self._note[i],
            slug=self.slug[i],
            fetched_at=_instant(fetched_us),
            origin=self.origin[i],
            in_stock=in_stock,
            rentable_count=rentable_count,
            seen_rentable_at=seen_rentable_at,
            interruptions=self._interrupted(i),
        )

    def _interrupted(self, i: int) -> Figure | None:
        if TIERS[self.tier[i]] != "spot":
            return None
        return self._interruptions.get((self.provider[i], self.instance[i], self.region[i]))


def load(session: Session, said: Mapping[int, Source]) -> OfferTable:
    """The table of all current offers; `said` holds the sources by id."""
    o = OfferRow
    statement = (
        sa.select(
            o.slug, ProviderRow.slug, o.instance, o.region, o.country, o.gpu, o.gpu_raw_name, o.gpu_count,
            o.memory_gib_per_gpu, o.tier, o.hourly_price, o.currency, o.as_of, o.source_id, o.vcpus,
            o.ram_gib, o.term_months, o.note, o.fetched_at, o.price_eur_sort, o.origin,
            o.in_stock, o.rentable_count, o.seen_rentable_at,
        )
        .join(ProviderRow, ProviderRow.id == o.provider_id)
        .where(*is_current())
        .order_by(o.slug)
    )  # fmt: skip
    rows = session.connection().execute(statement).all()
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 24
    (slug, provider, instance, region, country, gpu, raw_name, gpu_count, memory, tier, price, currency,
     as_of, source_id, vcpus, ram_gib, term, note, fetched_at, price_eur, origin,
     in_stock, rentable_count, seen_rentable_at) = columns  # fmt: skip
    gpu_slugs = tuple(sorted({name for name in gpu if name is not None}))
    gpu_index: dict[str | None, int] = {name: i for i, name in enumerate(gpu_slugs)} | {None: -1}
    tier_index = {name: i for i, name in enumerate(TIERS)}
    own_lists = source_answers.own_lists(session)
    same: dict[Any, Any] = {}
    return OfferTable(
        price=_array((float(p) for p in price), np.float64),
        price_eur=_array(price_eur, np.float64),
        gpu=_array((gpu_index[name] for name in gpu), np.int32),
        gpu_count=_array(gpu_count, np.int32),
        memory_gib_per_gpu=_array((np.nan if m is None else m for m in memory), np.float64),
        tier=_array((tier_index[name] for name in tier), np.int8),
        as_of_ordinal=_array((day.toordinal() for day in as_of), np.int32),
        known_ordinal=_array(
            (
                max(day, at.date()).toordinal() if name in own_lists else day.toordinal()
                for day, at, name in zip(as_of, fetched_at, origin, strict=True)
            ),
            np.int32,
        ),
        sold_out=_array((told is False for told in in_stock), np.bool_),
        in_stock=_array((told is True for told in in_stock), np.bool_),
        slug=slug,
        provider=_shared(provider, same),
        instance=_shared(instance, same),
        region=_shared(region, same),
        country=_shared(country, same),
        currency=_shared(currency, same),
        origin=_shared(origin, same),
        gpu_slugs=gpu_slugs,
        is_refreshed=not {CATALOG, OWN}.issuperset(origin),
        has_superseded=has_superseded(session),
        billionths=_array((to_billionths(Decimal(p)) for p in price), np.int64),
        _vcpus=_array((-1 if n is None else n for n in vcpus), np.int32),
        ram_gib=_array((np.nan if r is None else r for r in ram_gib), np.float64),
        term_months=_array(term, np.int32),
        _fetched_us=_array(((at - _EPOCH) // _MICROSECOND for at in fetched_at), np.int64),
        _source=_array(source_id, np.int32),
        _gpu_raw_name=_shared(raw_name, same),
        _note=_shared(note, same),
        _interruptions=spot_interruptions.per_day(session),
        _stock=_shared(zip(in_stock, rentable_count, seen_rentable_at, strict=True), same),
        _said=said,
    )


def _array(values: Iterable[Any], kind: type[Any]) -> NDArray[Any]:
    array = np.fromiter(values, kind)
    array.setflags(write=False)
    return array


def _shared(values: Iterable[Any], same: dict[Any, Any]) -> tuple[Any, ...]:
    """The values with one object for equal ones: rows bring a string of their own each."""
    return tuple(same.setdefault(value, value) for value in values)


def _known(value: float) -> float | None:
    return None if value != value else value


@lru_cache(maxsize=1024)
def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
