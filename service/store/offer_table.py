"""All current offers as columns, for answers that look at every one of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from service.facts import CloudOffer, ExchangeRate, Figure, Source, Tier
from service.store import offers, source_answers, sources, spot_interruptions
from service.store.column_types import from_billionths, to_billionths
from service.store.models import TIERS, OfferRow, ProviderRow
from service.store.offers import OfferFilter

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
    listed: "OfferTable | None"
    """Also those that another list has superseded, where there are any; they are not in this table."""
    _vcpus: NDArray[np.int32]
    _fetched_us: NDArray[np.int64]
    _source: NDArray[np.int32]
    _gpu_raw_name: tuple[str, ...]
    _note: tuple[str, ...]
    _interruptions: Interruptions
    _stock: tuple[tuple[bool | None, int | None, datetime | None], ...]
    _ended: tuple[tuple[datetime | None, str | None, datetime | None], ...]
    """When its list left it out; which list has superseded it, and when."""
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

    def superseded_by(self, i: int) -> str | None:
        """The list that has taken the place of the i-th offer."""
        return self._ended[i][1]

    def is_listed(self, i: int) -> bool:
        """Whether its list still names the i-th offer, superseded or not."""
        return self._ended[i][0] is None

    def quoted(self, i: int) -> tuple[Decimal, str]:
        """What the i-th offer costs an hour, exactly, and in which currency."""
        return from_billionths(int(self.billionths[i])), self.currency[i]

    def row(self, i: int) -> CloudOffer:
        """The i-th offer as a fact, its price exact."""
        return self.rows(np.array([i]))[0]

    def rows(self, places: NDArray[np.intp]) -> list[CloudOffer]:
        """Many offers as facts, in that order; faster than one after the other."""
        return list(map(CloudOffer, *self.columns(places).values()))

    def columns(self, places: NDArray[np.intp]) -> dict[str, Sequence[Any]]:
        """Many offers as the fields of CloudOffer, a column each, in that order; faster than as facts."""
        at = places.tolist()
        days, source = self.as_of_ordinal[places].tolist(), self._source[places].tolist()
        said = self._sources_of(source, days)
        stock, ended = [self._stock[i] for i in at], [self._ended[i] for i in at]
        return {
            "provider": [self.provider[i] for i in at],
            "instance": [self.instance[i] for i in at],
            "region": [self.region[i] for i in at],
            "country": [self.country[i] for i in at],
            "gpu": [None if gpu < 0 else self.gpu_slugs[gpu] for gpu in self.gpu[places].tolist()],
            "gpu_raw_name": [self._gpu_raw_name[i] for i in at],
            "gpu_count": self.gpu_count[places].tolist(),
            "memory_gib_per_gpu": _known(self.memory_gib_per_gpu[places]),
            "tier": [TIERS[tier] for tier in self.tier[places].tolist()],
            "hourly_price": [from_billionths(price) for price in self.billionths[places].tolist()],
            "currency": [self.currency[i] for i in at],
            "as_of": [one.as_of for one in said],
            "source": said,
            "vcpus": [None if vcpus < 0 else vcpus for vcpus in self._vcpus[places].tolist()],
            "ram_gib": _known(self.ram_gib[places]),
            "term_months": [term or None for term in self.term_months[places].tolist()],
            "note": [self._note[i] for i in at],
            "slug": [self.slug[i] for i in at],
            "fetched_at": [_instant(fetched) for fetched in self._fetched_us[places].tolist()],
            "origin": [self.origin[i] for i in at],
            "unlisted_since": [unlisted for unlisted, _, _ in ended],
            "superseded_by": [by for _, by, _ in ended],
            "superseded_since": [since for _, _, since in ended],
            "in_stock": [told for told, _, _ in stock],
            "rentable_count": [count for _, count, _ in stock],
            "seen_rentable_at": [seen for _, _, seen in stock],
            "interruptions": [self._interrupted(i) for i in at],
        }

    def _sources_of(self, source: list[int], day: list[int]) -> list[Source]:
        """Sources as the passports of a day's numbers."""
        pairs = list(zip(source, day, strict=True))
        for one, ordinal in set(pairs).difference(self._stated):
            self._stated[one, ordinal] = sources.stated(self._said[one], date.fromordinal(ordinal))
        return [self._stated[pair] for pair in pairs]

    def _interrupted(self, i: int) -> Figure | None:
        if not self._interruptions or TIERS[self.tier[i]] != "spot":
            return None
        return self._interruptions.get((self.provider[i], self.instance[i], self.region[i]))


def load(session: Session, said: Mapping[int, Source]) -> OfferTable:
    """The table of all current offers; `said` holds the sources by id."""
    rows = session.execute(_columns_of(_stored().where(OfferRow.unlisted_since.is_(None)))).all()
    interruptions = spot_interruptions.per_day(session)
    own_lists = source_answers.own_lists(session)
    listed = _table(rows, said, own_lists, interruptions)
    current = [row for row in rows if row.superseded_by is None]
    if len(current) == len(rows):
        return listed
    return replace(_table(current, said, own_lists, interruptions), listed=listed)


def load_stored(
    session: Session, said: Mapping[int, Source], as_of: date | None, rates: Mapping[str, ExchangeRate], *,
    unlisted: bool,
) -> OfferTable:  # fmt: skip
    """The table of a past day as known then, at its rates, or with what is no longer listed, or both."""
    found = offers.stored(session, OfferFilter(as_of=as_of, unlisted=unlisted, sold_out=True), rates)
    rows = session.execute(_columns_of(found)).all()
    if as_of is not None:
        return _table(rows, said, frozenset(), {})
    return _table(rows, said, source_answers.own_lists(session), spot_interruptions.per_day(session))


def _stored() -> sa.Select[Any]:
    return sa.select(OfferRow.__table__, ProviderRow.slug.label("provider")).join(
        ProviderRow, ProviderRow.id == OfferRow.provider_id
    )


def _columns_of(found: sa.Select[Any]) -> sa.Select[Any]:
    """What a table needs of them, by slug."""
    c = found.subquery().c
    return sa.select(
        c.slug, c.provider, c.instance, c.region, c.country, c.gpu, c.gpu_raw_name, c.gpu_count,
        c.memory_gib_per_gpu, c.tier, c.hourly_price, c.currency, c.as_of, c.source_id, c.vcpus,
        c.ram_gib, c.term_months, c.note, c.fetched_at, c.price_eur_sort, c.origin,
        c.in_stock, c.rentable_count, c.seen_rentable_at,
        c.unlisted_since, c.superseded_by, c.superseded_since,
    ).order_by(c.slug)  # fmt: skip


def _table(
    rows: Sequence[Any], said: Mapping[int, Source], own_lists: Collection[str], interruptions: Interruptions
) -> OfferTable:
    columns: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) if rows else [()] * 27
    (slug, provider, instance, region, country, gpu, raw_name, gpu_count, memory, tier, price, currency,
     as_of, source_id, vcpus, ram_gib, term, note, fetched_at, price_eur, origin,
     in_stock, rentable_count, seen_rentable_at, *ended) = columns  # fmt: skip
    gpu_slugs = tuple(sorted({name for name in gpu if name is not None}))
    gpu_index: dict[str | None, int] = {name: i for i, name in enumerate(gpu_slugs)} | {None: -1}
    tier_index = {name: i for i, name in enumerate(TIERS)}
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
        listed=None,
        billionths=_array((to_billionths(Decimal(p)) for p in price), np.int64),
        _vcpus=_array((-1 if n is None else n for n in vcpus), np.int32),
        ram_gib=_array((np.nan if r is None else r for r in ram_gib), np.float64),
        term_months=_array(term, np.int32),
        _fetched_us=_array(((at - _EPOCH) // _MICROSECOND for at in fetched_at), np.int64),
        _source=_array(source_id, np.int32),
        _gpu_raw_name=_shared(raw_name, same),
        _note=_shared(note, same),
        _interruptions=interruptions,
        _stock=_shared(zip(in_stock, rentable_count, seen_rentable_at, strict=True), same),
        _ended=_shared(zip(*ended, strict=True), same),
        _said=said,
    )


def _array(values: Iterable[Any], kind: type[Any]) -> NDArray[Any]:
    array = np.fromiter(values, kind)
    array.setflags(write=False)
    return array


def _shared(values: Iterable[Any], same: dict[Any, Any]) -> tuple[Any, ...]:
    """The values with one object for equal ones: rows bring a string of their own each."""
    return tuple(same.setdefault(value, value) for value in values)


def _known(values: NDArray[np.float64]) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


@lru_cache(maxsize=1024)
def _instant(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
