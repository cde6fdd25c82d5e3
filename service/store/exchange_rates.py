"""Exchange rates: what one unit of a currency was worth in another, by day."""

import math
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import InvalidValue, worded
from service.facts import ExchangeRate
from service.store import sources, versions
from service.store.bulk_insert import insert_all
from service.store.column_types import DECIMALS, LARGEST, as_float
from service.store.models import ExchangeRateRow, OfferRow

BASE = "EUR"
GIVEN_UP_AFTER = timedelta(days=366)
_rates: sa.Table = ExchangeRateRow.__table__  # type: ignore[assignment]
_offers: sa.Table = OfferRow.__table__  # type: ignore[assignment]


def _newest_statement() -> sa.Select[Any]:
    """The newest rate of each currency up to a day, by two look-ups in the index per currency.

    A GROUP BY would read all of two hundred thousand rates for forty currencies.
    """
    of_base = sa.select(sa.func.min(_rates.c.quote)).where(_rates.c.base == sa.bindparam("base"))
    quotes = of_base.subquery().select().cte("quotes", recursive=True)
    first = quotes.c[0]
    following = of_base.where(_rates.c.quote > first).scalar_subquery()
    quotes = quotes.union_all(sa.select(following).where(first.is_not(None)))
    quote, other = quotes.c[0], _rates.alias("other")
    newest = sa.select(sa.func.max(other.c.as_of)).where(
        other.c.base == sa.bindparam("base"), other.c.quote == quote, other.c.as_of <= sa.bindparam("day")
    )
    same = (_rates.c.base == sa.bindparam("base")) & (_rates.c.quote == quote)
    return (
        sa.select(_rates)
        .join(quotes, same & (_rates.c.as_of == newest.scalar_subquery()))
        .order_by(_rates.c.quote)
    )


_NEWEST = _newest_statement()


def rates_on(session: Session, day: date, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the newest rate stated for `day` or before, with the day it was stated for.

    A currency that had not been quoted for a year by then, as the Estonian kroon today, has none.
    """
    rows = session.execute(_NEWEST, {"base": base, "day": day}).all()
    said = sources.by_id(session, (row.source_id for row in rows))
    last = max((row.as_of for row in rows), default=day)
    return {
        row.quote: ExchangeRate(
            row.base, row.quote, row.rate, row.as_of, sources.stated(said[row.source_id], row.as_of)
        )
        for row in rows
        if last - row.as_of <= GIVEN_UP_AFTER
    }


def newest_rates(session: Session, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the newest rate of all."""
    return rates_on(session, date.max, base)


def rates_for(session: Session, day: date | None, base: str = BASE) -> dict[str, ExchangeRate]:
    """Quote currency -> the rate to convert prices of `day` with: the newest one stated up to then, else
    the first one after it; without a day the newest. Each carries its own day."""
    if day is None:
        return newest_rates(session, base)
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
    statement = sa.select(_rates).where(*own, _rates.c.as_of >= start, _rates.c.as_of <= end)
    rows = session.execute(statement.order_by(_rates.c.as_of)).all()
    said = sources.by_id(session, (row.source_id for row in rows))
    return [
        ExchangeRate(row.base, row.quote, row.rate, row.as_of, sources.stated(said[row.source_id], row.as_of))
        for row in rows
    ]


def put_all(session: Session, rates: Iterable[ExchangeRate]) -> int:
    """Store the rates; returns how many were new or corrected, and brings the offers' order up to date.

    The same rate from another source changes nothing: who said it first is kept.
    """
    wanted = {(rate.base, rate.quote, rate.as_of): rate for rate in rates}
    if not wanted:
        return 0
    versions.lock(session)
    ids = sources.ids_of(session, (rate.source for rate in wanted.values()))
    days = [day for _, _, day in wanted]
    known = sa.select(_rates.c.base, _rates.c.quote, _rates.c.as_of, _rates.c.rate)
    within = session.execute(known.where(_rates.c.as_of.between(min(days), max(days))))
    stored = {(base, quote, day): rate for base, quote, day, rate in within}
    new, corrected = [], {}
    for key, rate in wanted.items():
        values = {"rate": rate.rate, "source_id": ids[rate.source.slug]}
        if key not in stored:
            new.append(dict(zip(("base", "quote", "as_of"), key, strict=True)) | values)
        elif stored[key] != rate.rate:
            corrected[key] = values
    insert_all(session, _rates, new)
    for key, values in corrected.items():
        session.execute(sa.update(_rates).where(*_is(key)).values(values))
    if new or corrected:
        _sort_offers(session)
        versions.bump(session)
    return len(new) + len(corrected)


def units_per_eur(session: Session, day: date | None = None) -> dict[str, float]:
    """Currency -> the number of its units that one euro buys, at the rates for a day or the newest."""
    return {"EUR": 1.0} | {quote: float(rate.rate) for quote, rate in rates_for(session, day).items()}


def price_in_eur(price: float, currency: str, divisors: dict[str, float]) -> float:
    """The price in euros; infinity, which sorts last, while no rate of its currency is known."""
    divisor = divisors.get(currency)
    return math.inf if divisor is None else price / divisor


def bounds_by_currency(
    least: Decimal | None, most: Decimal | None, currency: str, rates: Mapping[str, ExchangeRate]
) -> dict[str, tuple[Decimal | None, Decimal | None]]:
    """Currency -> what a price in it may be at least and at most, for bounds that are in `currency`.

    Exact in each currency: a bound is converted, never the stored price. Raises InvalidValue where no
    rate of `currency` is among `rates`.
    """
    known = {BASE: Decimal(1)} | {quote: rate.rate for quote, rate in rates.items()}
    if currency not in known:
        raise InvalidValue("currency", currency, worded("no exchange rate is stored"), sorted(known))

    def within(bound: Decimal | None, ratio: Decimal, rounding: str) -> Decimal | None:
        step = Decimal(1).scaleb(-DECIMALS)
        return None if bound is None else min(bound * ratio, LARGEST - 1).quantize(step, rounding)

    found = {}
    for other in sorted(known):
        ratio = Decimal(1) if other == currency else known[other] / known[currency]
        found[other] = within(least, ratio, ROUND_CEILING), within(most, ratio, ROUND_FLOOR)
    return found


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
