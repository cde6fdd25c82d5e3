"""New observations of offers: append-only, in bulk, a few statements for any number of offers."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, UnknownName, worded
from service.facts import CloudOffer
from service.store import exchange_rates, offer_stock, providers, regions, sources, versions
from service.store.bulk_insert import insert_all
from service.store.models import TIERS, OfferPriceRow, OfferRow
from service.store.offer_observations import (
    Novelty,
    Observation,
    PriceSpan,
    PriceSpans,
    cheapest_per_day,
)

_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]
_prices: sa.Table = OfferPriceRow.__table__  # type: ignore[assignment]

CHUNK = 5_000
CATALOG_ORIGIN = "catalog"
_DETAILS = ("country", "gpu", "memory_gib_per_gpu", "total_memory_gib", "vcpus", "ram_gib", "note")
"""What may change while an offer stays the same offer; the newest observation tells. The note is the last."""


@dataclass(frozen=True, slots=True)
class Added:
    """How many observations were the first of an offer, a changed price or changed details, nothing
    new (an unchanged price may now be known for a later day), or older than the price we have."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0


@dataclass(slots=True)
class _Known:
    id: int
    history: PriceSpans
    details: tuple[Any, ...]
    source_id: int
    fetched_at: datetime
    unlisted_since: datetime | None


def offer_slug(offer: CloudOffer) -> str:
    """The offer's name in addresses: readable, unique and the same for ever."""
    term = offer.term_months or 0
    shown = f"{offer.provider}-{offer.instance}-{offer.region}-{offer.tier}" + (f"-{term}m" if term else "")
    key = "\x1f".join(
        (
            offer.provider,
            offer.instance,
            offer.region,
            str(offer.gpu_count),
            offer.tier,
            str(term),
            offer.gpu_raw_name,
            *(() if offer.origin == CATALOG_ORIGIN else (offer.origin,)),
        )
    )
    return f"{_readable(shown)}-{blake2b(key.encode(), digest_size=3).hexdigest()}"


@lru_cache(maxsize=65_536)
def _readable(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def add_all(session: Session, offers: Iterable[CloudOffer], fetched_at: datetime) -> Added:
    """Take in observed offers, read at `fetched_at` unless an offer says when itself.

    The price last seen and the history are brought up to date; history is never overwritten. Where one
    batch lists an offer several times for a day, its cheapest price counts. Raises UnknownName for a
    provider that is not stored, InvalidValue for a price, GPU count or tier that cannot be.
    """
    versions.lock(session)
    groups: dict[str, list[CloudOffer]] = {}
    for offer in offers:
        groups.setdefault(offer_slug(offer), []).append(offer)
    provider_ids = providers.ids(session)
    batch = _Batch(session, fetched_at, provider_ids)
    source_ids = sources.ids_of(session, (offer.source for group in groups.values() for offer in group))
    touched = {offer.provider for group in groups.values() for offer in group}
    known = _known_offers(session, [provider_ids[slug] for slug in touched if slug in provider_ids])
    observed = {
        slug: cheapest_per_day(*batch.observations(group, source_ids)) for slug, group in groups.items()
    }
    _load_earlier(
        session, [known[s] for s, seen in observed.items() if s in known and _older(known[s], seen)]
    )
    for slug, group in groups.items():
        batch.take(slug, group, observed[slug], known.get(slug))
    batch.write()
    offer_stock.keep(session, _stock_told(groups, fetched_at))
    return Added(**{verdict.value: batch.counts[verdict] for verdict in Novelty})


class _Batch:
    def __init__(self, session: Session, fetched_at: datetime, provider_ids: dict[str, int]) -> None:
        self.session = session
        self.fetched_at = fetched_at
        self.provider_ids = provider_ids
        self.divisors = exchange_rates.units_per_eur(session)
        self.next_id = (session.execute(sa.select(sa.func.max(_offers.c.id))).scalar() or 0) + 1
        self.counts: Counter[Novelty] = Counter()
        self.new_offers: list[dict[str, Any]] = []
        self.changed_offers: list[dict[str, Any]] = []
        self.new_spans: list[dict[str, Any]] = []
        self.extended_spans: list[dict[str, Any]] = []

    def observations(
        self, group: Sequence[CloudOffer], source_ids: dict[str, int]
    ) -> tuple[list[Observation], list[float]]:
        seen, in_eur = [], []
        for offer in group:
            self._check(offer)
            seen_at = offer.fetched_at or self.fetched_at
            source_id = source_ids[offer.source.slug]
            seen.append(Observation(offer.as_of, seen_at, offer.hourly_price, offer.currency, source_id))
            in_eur.append(
                exchange_rates.price_in_eur(float(offer.hourly_price), offer.currency, self.divisors)
            )
        return seen, in_eur

    def _check(self, offer: CloudOffer) -> None:
        if offer.provider not in self.provider_ids:
            raise UnknownName("provider", offer.provider, self.provider_ids)
        if not offer.hourly_price > 0:
            raise InvalidValue("hourly_price", offer.hourly_price, worded("a price is more than 0"))
        if offer.gpu_count < 1:
            raise InvalidValue("gpu_count", offer.gpu_count, worded("an offer has at least one GPU"))
        if offer.tier not in TIERS:
            raise InvalidValue("tier", offer.tier, worded("unknown"), TIERS)

    def take(
        self, slug: str, group: Sequence[CloudOffer], observed: Sequence[Observation], known: _Known | None
    ) -> None:
        history = known.history if known else PriceSpans()
        verdicts = [history.observe(seen) for seen in observed]
        current = history.current
        assert current is not None  # observe() has seen at least one price
        newest = max(group, key=lambda offer: (offer.as_of, offer.hourly_price == current.price))
        details = _details(newest)
        if known is None:
            offer_id, self.next_id = self.next_id, self.next_id + 1
            self.new_offers.append(
                {
                    "id": offer_id,
                    "slug": slug,
                    "provider_id": self.provider_ids[newest.provider],
                    "instance": newest.instance,
                    "region": newest.region,
                    "gpu_raw_name": newest.gpu_raw_name,
                    "gpu_count": newest.gpu_count,
                    "tier": newest.tier,
                    "term_months": newest.term_months or 0,
                    "origin": newest.origin,
                    **dict(zip(_DETAILS, details, strict=True)),
                    **self._price_columns(current, observed[-1].source_id, current.last_seen),
                }
            )
        else:
            offer_id = known.id
            # A note alone is no news: a list's version changes every hour and comes with the next price.
            other_details = newest.as_of >= current.last_as_of and details[:-1] != known.details[:-1]
            if other_details and Novelty.CHANGED not in verdicts:
                verdicts[-1] = Novelty.CHANGED
            relisted = _is_relisted(newest, known)
            if current.is_new or current.is_extended or other_details or relisted:
                kept = details if newest.as_of >= current.last_as_of else known.details
                fresh = current.is_new or current.is_extended
                source_id = observed[-1].source_id if fresh else known.source_id
                fetched_at = current.last_seen if fresh else known.fetched_at
                self.changed_offers.append(
                    {"key": offer_id, "unlisted_since": None if relisted else known.unlisted_since}
                    | dict(zip(_DETAILS, kept, strict=True))
                    | self._price_columns(current, source_id, fetched_at)
                )
        self.counts.update(verdicts)
        for span in history.spans():
            if span.is_new:
                self.new_spans.append(_span_columns(offer_id, span))
            elif span.is_extended:
                self.extended_spans.append(
                    {
                        "key": offer_id,
                        "key_as_of": span.as_of,
                        "key_seen": span.first_seen,
                        "last_as_of": span.last_as_of,
                        "last_seen": span.last_seen,
                    }
                )

    def _price_columns(self, current: PriceSpan, source_id: int, fetched_at: datetime) -> dict[str, Any]:
        return {
            "hourly_price": current.price,
            "currency": current.currency,
            "as_of": current.last_as_of,
            "source_id": source_id,
            "fetched_at": fetched_at,
            "price_since": current.as_of,
            "price_first_seen": current.first_seen,
            "price_eur_sort": exchange_rates.price_in_eur(
                float(current.price), current.currency, self.divisors
            ),
        }

    def write(self) -> None:
        key = _offers.c.id == sa.bindparam("key")
        columns = (*_DETAILS, *_PRICE_COLUMNS, "unlisted_since")
        update = sa.update(_offers).where(key).values({name: sa.bindparam(name) for name in columns})
        extend = (
            sa.update(_prices)
            .where(
                _prices.c.offer_id == sa.bindparam("key"),
                _prices.c.as_of == sa.bindparam("key_as_of"),
                _prices.c.first_seen == sa.bindparam("key_seen"),
            )
            .values(last_as_of=sa.bindparam("last_as_of"), last_seen=sa.bindparam("last_seen"))
        )
        insert_all(self.session, _offers, self.new_offers)
        self._many(update, self.changed_offers)
        insert_all(self.session, _prices, self.new_spans)
        self._many(extend, self.extended_spans)
        if self.new_offers or self.changed_offers or self.new_spans or self.extended_spans:
            versions.bump(self.session)

    def _many(self, statement: sa.Executable, rows: list[dict[str, Any]]) -> None:
        connection = self.session.connection()
        for start in range(0, len(rows), CHUNK):
            connection.execute(statement, rows[start : start + CHUNK])


_PRICE_COLUMNS = (
    "hourly_price",
    "currency",
    "as_of",
    "source_id",
    "fetched_at",
    "price_since",
    "price_first_seen",
    "price_eur_sort",
)


def _stock_told(
    groups: Mapping[str, Sequence[CloudOffer]], fetched_at: datetime
) -> Iterator[tuple[str, offer_stock.Stock]]:
    """Of every offer whose stock is told; rows of one offer are in stock where any of them is."""
    for slug, group in groups.items():
        told = [offer for offer in group if offer.in_stock is not None]
        if not told:
            continue
        there = [offer for offer in told if offer.in_stock]
        counts = [offer.rentable_count for offer in there if offer.rentable_count is not None]
        at = max(offer.fetched_at or fetched_at for offer in told)
        yield slug, (bool(there), sum(counts) if counts else None, at)


def _details(offer: CloudOffer) -> tuple[Any, ...]:
    memory = offer.memory_gib_per_gpu
    total = None if memory is None else memory * offer.gpu_count
    country = offer.country or regions.country_of(offer.provider, offer.region)
    return (country, offer.gpu, memory, total, offer.vcpus, offer.ram_gib, offer.note)


def _is_relisted(newest: CloudOffer, known: _Known) -> bool:
    """A list that names an offer again lists it; the catalog says the same at every start, new or not."""
    if known.unlisted_since is None:
        return False
    return newest.origin != CATALOG_ORIGIN or newest.as_of >= known.unlisted_since.date()


def _span_columns(offer_id: int, span: PriceSpan) -> dict[str, Any]:
    return {
        "offer_id": offer_id,
        "as_of": span.as_of,
        "first_seen": span.first_seen,
        "last_as_of": span.last_as_of,
        "last_seen": span.last_seen,
        "hourly_price": span.price,
        "currency": span.currency,
        "source_id": span.source_id,
    }


def _older(known: _Known, observed: Sequence[Observation]) -> bool:
    return any(known.history.needs_earlier(seen) for seen in observed)


def _known_offers(session: Session, provider_ids: Sequence[int]) -> dict[str, _Known]:
    names = ("slug", "id", "unlisted_since", *_PRICE_COLUMNS[:-1], *_DETAILS)
    statement = sa.select(*(_offers.c[name] for name in names)).where(_offers.c.provider_id.in_(provider_ids))
    known = {}
    for row in session.connection().execute(statement):
        slug, row_id, unlisted, price, currency, as_of, source_id, fetched_at, since, first_seen, *details = (
            row
        )
        span = PriceSpan(
            as_of=since,
            first_seen=first_seen,
            last_as_of=as_of,
            last_seen=fetched_at,
            price=price,
            currency=currency,
            source_id=source_id,
        )
        known[slug] = _Known(row_id, PriceSpans(span), tuple(details), source_id, fetched_at, unlisted)
    return known


def _load_earlier(session: Session, wanted: Sequence[_Known]) -> None:
    by_id = {known.id: known for known in wanted}
    ids = sorted(by_id)
    for start in range(0, len(ids), CHUNK):
        statement = sa.select(_prices).where(_prices.c.offer_id.in_(ids[start : start + CHUNK]))
        for row in session.connection().execute(statement):
            history = by_id[row.offer_id].history
            current = history.current
            if current is not None and (row.as_of, row.first_seen) != (current.as_of, current.first_seen):
                history.earlier.append(
                    PriceSpan(
                        as_of=row.as_of,
                        first_seen=row.first_seen,
                        last_as_of=row.last_as_of,
                        last_seen=row.last_seen,
                        price=row.hourly_price,
                        currency=row.currency,
                        source_id=row.source_id,
                    )
                )
