"""Exchange rates: what one unit of a currency was worth in another, by day."""

import math
from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.facts import ExchangeRate
from service.store import sources, versions
from service.store.column_types import as_float
from service.store.models import ExchangeRateRow, OfferRow

BASE = "EUR"
_rates: sa.Table = ExchangeRateRow.__table__  # type: ignore[assignment]
_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]


def rates_on(session: Session, day: date, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the newest rate stated for `day` or before."""
    said = sources.by_id(session)
    newest = (
        sa.select(_rates.c.quote, sa.func.max(_rates.c.as_of).label("as_of"))
        .where(_rates.c.base == base, _rates.c.as_of <= day)
        .group_by(_rates.c.quote)
        .subquery()
    )
    statement = sa.select(_rates).join(
        newest, (_rates.c.quote == newest.c.quote) & (_rates.c.as_of == newest.c.as_of)
    )
    return {
        row.quote: ExchangeRate(
            row.base, row.quote, row.rate, row.as_of, sources.stated(said[row.source_id], row.as_of)
        )
        for row in session.execute(statement.where(_rates.c.base == base).order_by(_rates.c.quote))
    }


def newest_rates(session: Session, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the newest rate of all."""
    return rates_on(session, date.max, base)


def rates_for(session: Session, day: date, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the rate to convert prices of `day` with: the newest one stated up to then, else
    the first one after it. Each carries its own day."""
    known = rates_on(session, day, base)
    later = (
        sa.select(_rates.c.quote, sa.func.min(_rates.c.as_of).label("as_of"))
        .where(_rates.c.base == base, _rates.c.as_of > day, _rates.c.quote.not_in(sorted(known)))
        .group_by(_rates.c.quote)
    )
    for quote, as_of in session.execute(later).all():
        known[quote] = history(session, quote, as_of, as_of, base)[0]
    return known


def history(session: Session, quote: str, first: date, last: date, base: str = BASE) -> list[ExchangeRate]:
    """The rates of one currency that convert prices of these days, by day: those stated in them and the
    newest one before; where there is none up to `first`, from the first one after it."""
    own = (_rates.c.base == base, _rates.c.quote == quote)
    before = sa.select(sa.func.max(_rates.c.as_of)).where(*own, _rates.c.as_of <= first)
    start = session.execute(before).scalar() or first
    after = sa.select(sa.func.min(_rates.c.as_of)).where(*own, _rates.c.as_of > first)
    end = max(last, session.execute(after).scalar() or last) if start == first else last
    said = sources.by_id(session)
    statement = sa.select(_rates).where(*own, _rates.c.as_of >= start, _rates.c.as_of <= end)
    return [
        ExchangeRate(row.base, row.quote, row.rate, row.as_of, sources.stated(said[row.source_id], row.as_of))
        for row in session.execute(statement.order_by(_rates.c.as_of))
    ]


def put_all(session: Session, rates: Iterable[ExchangeRate]) -> int:
    """Store the rates; returns how many were new or corrected, and brings the offers' order up to date."""
    versions.lock(session)
    wanted = list(rates)
    ids = sources.ids_of(session, (rate.source for rate in wanted))
    stored = {
        (row.base, row.quote, row.as_of): (row.rate, row.source_id)
        for row in session.execute(sa.select(_rates))
    }
    changed = 0
    for rate in wanted:
        key = (rate.base, rate.quote, rate.as_of)
        values = {"rate": rate.rate, "source_id": ids[rate.source.slug]}
        if key not in stored:
            names = {"base": rate.base, "quote": rate.quote, "as_of": rate.as_of}
            session.execute(sa.insert(_rates).values({**names, **values}))
        elif stored[key] != (rate.rate, ids[rate.source.slug]):
            session.execute(sa.update(_rates).where(*_is(key)).values(values))
        else:
            continue
        stored[key] = (rate.rate, ids[rate.source.slug])
        changed += 1
    if changed:
        _sort_offers(session)
        versions.bump(session)
    return changed


def units_per_eur(session: Session) -> dict[str, float]:
    """Currency -> the number of its units that one euro buys, at the newest stored rates."""
    return {"EUR": 1.0} | {quote: float(rate.rate) for quote, rate in newest_rates(session).items()}


def price_in_eur(price: float, currency: str, divisors: dict[str, float]) -> float:
    """The price in euros; infinity, which sorts last, while no rate of its currency is known."""
    divisor = divisors.get(currency)
    return math.inf if divisor is None else price / divisor


def _is(key: tuple[str, str, date]) -> tuple[sa.ColumnElement[bool], ...]:
    base, quote, as_of = key
    return (_rates.c.base == base, _rates.c.quote == quote, _rates.c.as_of == as_of)


def _sort_offers(session: Session) -> None:
    for currency, divisor in units_per_eur(session).items():
        in_eur = as_float(_offers.c.hourly_price) / divisor
        session.execute(
            sa.update(_offers)
            .where(_offers.c.currency == currency, _offers.c.price_eur_sort != in_eur)
            .values(price_eur_sort=in_eur)
        )
