"""What electricity costs and emits, by zone; exchange rates are kept beside in exchange_rates.py."""

from collections.abc import Callable, Iterable
from datetime import date
from hashlib import blake2b
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import CarbonIntensity, ElectricityRate
from service.store import exchange_rates, sources, versions
from service.store.models import CarbonIntensityRow, ElectricityRateRow

rates_on = exchange_rates.rates_on
put_exchange = exchange_rates.put_all

Fact = TypeVar("Fact", bound=ElectricityRate | CarbonIntensity)

WITHDRAWN = ("ch-retail-2026-01-01-a7aece",)
"""Once shipped and untrue: ElCom's price for Switzerland, said to be with all taxes, is without VAT."""
_electricity: sa.Table = ElectricityRateRow.__table__  # type: ignore[assignment]
_carbon: sa.Table = CarbonIntensityRow.__table__  # type: ignore[assignment]


def electricity(
    session: Session, zone: str | None = None, kind: str | None = None, day: date | None = None
) -> list[ElectricityRate]:
    """Electricity rates by zone, the newest first; with `day`, those stated and valid on that day."""
    c = _electricity.c
    conditions = [column == value for column, value in ((c.zone, zone), (c.kind, kind)) if value is not None]
    if day is not None:
        conditions += [
            c.as_of <= day,
            sa.or_(c.valid_from.is_(None), c.valid_from <= day),
            sa.or_(c.valid_until.is_(None), c.valid_until >= day),
        ]
    statement = sa.select(_electricity).where(*conditions).order_by(c.zone, c.as_of.desc(), c.slug)
    return [ElectricityRate(**fields) for fields in _facts(session, statement)]


def carbon(session: Session, zone: str | None = None, year: int | None = None) -> list[CarbonIntensity]:
    """Carbon intensities by zone, the newest year first."""
    c = _carbon.c
    conditions = [column == value for column, value in ((c.zone, zone), (c.year, year)) if value is not None]
    statement = sa.select(_carbon).where(*conditions).order_by(c.zone, c.year.desc(), c.as_of.desc(), c.slug)
    return [CarbonIntensity(**fields) for fields in _facts(session, statement)]


def put_electricity(session: Session, rates: Iterable[ElectricityRate]) -> int:
    """Store the rates; returns how many were new or corrected. A rate without a slug is given one."""
    return _put(session, _electricity, rates, electricity_slug)


def withdraw(session: Session) -> None:
    """Take out what was shipped once and is not true."""
    gone = session.execute(sa.delete(_electricity).where(_electricity.c.slug.in_(WITHDRAWN)))
    if gone.rowcount:  # type: ignore[attr-defined]
        versions.bump(session)


def put_carbon(session: Session, intensities: Iterable[CarbonIntensity]) -> int:
    """Store the intensities; returns how many were new or corrected; one without a slug is given one."""
    return _put(session, _carbon, intensities, carbon_slug)


def electricity_slug(rate: ElectricityRate) -> str:
    """The rate's name: readable, unique and the same for ever."""
    period = f"{rate.valid_from}|{rate.valid_until}"
    key = (
        rate.zone,
        rate.kind,
        rate.taxes,
        rate.band,
        rate.currency,
        period,
        str(rate.as_of),
        rate.source.slug,
    )
    return _slug(f"{rate.zone}-{rate.kind}-{rate.as_of}", key)


def carbon_slug(intensity: CarbonIntensity) -> str:
    """The intensity's name: readable, unique and the same for ever."""
    method = f"{intensity.scope}-{intensity.accounting}"
    key = (intensity.zone, str(intensity.year), method, str(intensity.as_of), intensity.source.slug)
    return _slug(f"{intensity.zone}-{intensity.year}-{method}", key)


def _slug(shown: str, key: tuple[str, ...]) -> str:
    digest = blake2b("\x1f".join(key).encode(), digest_size=3).hexdigest()
    return f"{shown.lower().replace('_', '-')}-{digest}"


def _facts(session: Session, statement: sa.Select[Any]) -> list[dict[str, Any]]:
    said = sources.by_id(session)
    found = []
    for row in session.execute(statement).mappings():
        fields = {name: row[name] for name in row if name not in ("id", "source_id")}
        found.append({**fields, "source": sources.stated(said[row["source_id"]], row["as_of"])})
    return found


def _put(session: Session, table: sa.Table, facts: Iterable[Fact], slug_of: Callable[[Fact], str]) -> int:
    versions.lock(session)
    wanted = list(facts)
    ids = sources.ids_of(session, (fact.source for fact in wanted))
    columns = [column.name for column in table.c if column.name not in ("id", "slug", "source_id")]
    statement = sa.select(table.c.slug, table.c.source_id, *(table.c[name] for name in columns))
    stored = {row[0]: tuple(row[1:]) for row in session.execute(statement)}
    new, corrected = {}, {}
    for fact in wanted:
        slug = fact.slug or slug_of(fact)
        values = (ids[fact.source.slug], *(getattr(fact, name) for name in columns))
        row = {"slug": slug} | dict(zip(("source_id", *columns), values, strict=True))
        if slug not in stored:
            new[slug] = row
        elif stored[slug] != values:
            corrected[slug] = row
    if new:
        session.execute(sa.insert(table), list(new.values()))
    for slug, row in corrected.items():
        session.execute(sa.update(table).where(table.c.slug == slug).values(row))
    if new or corrected:
        versions.bump(session)
    return len(new) + len(corrected)
