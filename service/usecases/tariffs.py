"""What a kilowatt-hour costs a household by its contract, from the market's stored hours if need be."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from service.answers.question import AskedComparison, AskedDecision, AskedTariff
from service.decide.run_hours import HoursEffect, RunHours
from service.decide.when_to_run import RULES, DayShape, day_shape
from service.errors import InvalidValue, worded
from service.estimate import market_day
from service.estimate.home_bill import HOURS_PER_DAY
from service.estimate.interval import Interval, certain
from service.estimate.priced_days import PricedSlot, priced_days
from service.estimate.tariff import (
    CONTRACT_SPREAD,
    SOLAR_GRAMS,
    SOLAR_SHARE,
    DynamicTerms,
    MarginalPrice,
    TariffKind,
    flat,
    hourly_prices,
    with_solar,
)
from service.estimate.typical_year import CERTAIN
from service.estimate.vat import Vat
from service.facts import ElectricityRate, Figure, Source, given_by_user
from service.store.snapshot import Snapshot
from service.usecases.market_days import KWH_PER_MWH, DaysUsed, MarketDays

KINDS = ("flat", "time_of_use", "dynamic")
CURRENCY_OF_DEFAULTS = "EUR"
LARGEST_SURCHARGES = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Contract:
    """What follows from a household's contract."""

    price: MarginalPrice
    rate: ElectricityRate
    """The same as a rate, to be shown with its source."""
    shape: DayShape | None = None
    grid_shape: DayShape | None = None


def contract_of(
    snapshot: Snapshot,
    request: AskedComparison | AskedDecision,
    country_rate: ElectricityRate | None,
    *,
    zone: str,
    market: MarketDays,
    today: date,
    vat: Vat,
) -> Contract | None:
    """The household's price by its contract; None where it is flat and no rate is known. A business pays no
    VAT on the market's price; what it says itself is taken as without.

    Raises InvalidValue for a contract that cannot be, MissingFact where the market's hours are not stored.
    """
    tariff, said = request.contract, given_by_user(today)
    if tariff.kind not in KINDS:
        raise InvalidValue("tariff", tariff.kind, worded("unknown"), KINDS)
    if tariff.kind == "flat":
        spread = snapshot.figures[CONTRACT_SPREAD]
        found = None if country_rate is None else Contract(flat(country_rate, spread), country_rate)
    elif request.kwh_price is not None:
        problem = worded(
            "one price per kWh is a flat contract, the tariff is {tariff_kind}", tariff_kind=tariff.kind
        )
        raise InvalidValue("kwh_price", str(request.kwh_price), problem)
    else:
        share = request.home_terms.hours_per_day / HOURS_PER_DAY
        rule = RunHours("cheapest", share) if share < 1 else RULES[0]
        if tariff.kind == "time_of_use":
            found = _by_the_clock(tariff, request.currency, zone, rule, said)
        else:
            found = _by_the_market(snapshot, tariff, market, zone=zone, rule=rule, vat=vat)
        found = replace(found, grid_shape=market.carbon)
    if found is None or not tariff.solar_share:
        return found
    return _on_the_roof(snapshot, found, tariff, zone, said)


def _by_the_clock(tariff: AskedTariff, currency: str, zone: str, rule: RunHours, said: Source) -> Contract:
    prices = hourly_prices(tariff.hours)
    start = market_day.bounds(date(2026, 1, 1))[0]
    slots = [
        PricedSlot(start + timedelta(hours=h), start + timedelta(hours=h + 1), date(2026, 1, 1), float(price))
        for h, price in enumerate(prices)
    ]
    days = priced_days(slots, market_day.MARKET_TIME)
    shape = day_shape(days, f"{currency}/kWh", "", said, (*RULES, rule))
    price = _used(shape, rule, "time_of_use", currency, (), has_range=False)
    rate = ElectricityRate(zone, zone, "time_of_use", currency, price.per_kwh, "all", said.as_of, said)
    return Contract(price, rate, shape)


def _by_the_market(
    snapshot: Snapshot, tariff: AskedTariff, market: MarketDays, *, zone: str, rule: RunHours, vat: Vat
) -> Contract:
    used = market.used
    currency = used.currency
    terms: DynamicTerms | None
    if used.is_all_in:
        _refuse_what_is_in_it(tariff, market)
        terms, added = _taken_out(vat)
    else:
        terms, added = _added(snapshot, tariff, zone, currency, vat)
    shape = market.shape(terms, rule)
    spot = round(used.spot.mean_per_kwh * KWH_PER_MWH, 4)
    figures = (
        Figure("spot_per_mwh", spot, f"{currency}/MWh", shape.source, basis="derived"),
        Figure("spot_days", float(shape.days), "days", shape.source, basis="derived"),
        *_factors(used),
        *added,
    )
    price = _used(shape, rule, "dynamic", currency, figures, has_range=True)
    price = replace(_widened(price, market, terms, rule), assumed=_of_what_is_added(price, terms, added))
    rate = ElectricityRate(
        market.zone, market.zone, "dynamic", currency, price.per_kwh, "all", shape.last_day, shape.source
    )
    return Contract(price, rate, shape)


def _refuse_what_is_in_it(tariff: AskedTariff, market: MarketDays) -> None:
    """InvalidValue for what a supplier would add to prices that hold it already."""
    told = {
        "surcharges_per_kwh": tariff.surcharges_per_kwh,
        "vat_share": tariff.vat_share,
        "markup_share": tariff.markup_share or None,
    }
    for name, value in told.items():
        if value is not None:
            reason = worded(
                "is in the prices of {zone} already: they are all in ({title})",
                zone=market.zone,
                title=market.used.source.title,
            )
            raise InvalidValue(name, str(value), reason)


def _taken_out(vat: Vat) -> tuple[DynamicTerms | None, tuple[Figure, ...]]:
    """What makes of prices with everything in them those of a business: VAT that it gets back."""
    rate = vat.electricity or vat.standard
    if not vat.is_business or rate is None:
        return None, ()
    share = Decimal(repr(rate.share))
    figure = Figure("electricity_vat_share", rate.share, "share", rate.source)
    return DynamicTerms(Decimal(0), Decimal(0), -share / (1 + share)), (figure,)


def _factors(used: DaysUsed) -> tuple[Figure, ...]:
    """Between what times the mean the year lies, told where it is in doubt."""
    if used.factor == CERTAIN:
        return ()
    ends = (("spot_low_factor", used.factor.low), ("spot_high_factor", used.factor.high))
    return tuple(Figure(name, end, "factor", used.doubt_source, basis="fitted") for name, end in ends)


def _widened(
    price: MarginalPrice, market: MarketDays, terms: DynamicTerms | None, rule: RunHours
) -> MarginalPrice:
    """The same with the doubt of a mean that few days or an old year tell: in its range, and of itself."""
    factor = market.used.factor
    if factor == CERTAIN:
        return price
    low, high = (_effect(market.shape(terms, rule, end), rule) for end in (factor.low, factor.high))
    assert price.low is not None and price.high is not None
    return replace(
        price,
        low=min(price.low, _exact(low.low_per_kwh)),
        high=max(price.high, _exact(high.high_per_kwh)),
        mean_low=_exact(low.kept_per_kwh),
        mean_high=_exact(high.kept_per_kwh),
    )


def _of_what_is_added(
    price: MarginalPrice, terms: DynamicTerms | None, added: tuple[Figure, ...]
) -> Interval:
    """How far the usual surcharges leave the price open; certain where the asker told them."""
    usual = next((f for f in added if f.low is not None and f.high is not None), None)
    if terms is None or usual is None or price.per_kwh <= 0 or not usual.low or not usual.high:
        return certain(1.0)
    taxed = (1 + float(terms.vat_share)) / float(price.per_kwh)
    return Interval(1 + (usual.low - usual.value) * taxed, 1.0, 1 + (usual.high - usual.value) * taxed)


def _added(
    snapshot: Snapshot, tariff: AskedTariff, zone: str, currency: str, vat: Vat
) -> tuple[DynamicTerms, tuple[Figure, ...]]:
    """What the supplier adds to the spot price: as told, else what is usual in the country; of a business no
    VAT unless it says so."""
    said = vat.said

    def figure(name: str, told: Decimal | None, unit: str, largest: Decimal) -> Figure:
        asked = name.removeprefix("dynamic_")
        if told is None:
            usual = snapshot.figures.get(f"home_run.{name}_{zone}")
            if usual is None or (unit != "share" and currency != CURRENCY_OF_DEFAULTS):
                raise InvalidValue(
                    asked, None, worded("must be given for a dynamic tariff in {zone}", zone=zone)
                )
            return replace(usual, name=name)
        if not 0 <= told <= largest:
            raise InvalidValue(asked, str(told), worded("must be from 0 to {largest}", largest=largest))
        return Figure(name, float(told), unit, said, basis="user")

    net = f"{currency}/kWh"
    surcharges = figure("dynamic_surcharges_per_kwh", tariff.surcharges_per_kwh, net, LARGEST_SURCHARGES)
    told = Decimal(0) if vat.is_business and tariff.vat_share is None else tariff.vat_share
    added = figure("vat_share", told, "share", Decimal(1))
    markup = figure("markup_share", tariff.markup_share, "share", Decimal(1))
    terms = DynamicTerms(*(Decimal(repr(f.value)) for f in (surcharges, markup, added)))
    return terms, (surcharges, added, *((markup,) if markup.value else ()))


def _used(
    shape: DayShape,
    rule: RunHours,
    kind: TariffKind,
    currency: str,
    figures: tuple[Figure, ...],
    *,
    has_range: bool,
) -> MarginalPrice:
    """The price of the hours that are used, and of the others."""
    effect = _effect(shape, rule)
    return MarginalPrice(
        kind,
        currency,
        _exact(effect.kept_per_kwh),
        shape.source,
        _exact(effect.low_per_kwh) if has_range else None,
        _exact(effect.high_per_kwh) if has_range else None,
        figures,
        None if effect.dropped_per_kwh is None else _exact(effect.dropped_per_kwh),
    )


def _effect(shape: DayShape, rule: RunHours) -> HoursEffect:
    effect = shape.effect(rule)
    assert effect is not None
    return effect


def _exact(value: float) -> Decimal:
    return Decimal(repr(round(value, 9)))


def _on_the_roof(
    snapshot: Snapshot, contract: Contract, tariff: AskedTariff, zone: str, said: Source
) -> Contract:
    """The same with a share of one's own solar power, worth its feed-in payment."""
    price, told = contract.price, tariff.feed_in_per_kwh
    if told is None:
        usual = snapshot.figures.get(f"home_run.feed_in_per_kwh_{zone}")
        if usual is None or price.currency != CURRENCY_OF_DEFAULTS:
            raise InvalidValue(
                "feed_in_per_kwh", None, worded("must be given for solar power in {zone}", zone=zone)
            )
        paid = replace(usual, name="feed_in_per_kwh")
    elif not 0 <= told <= 10:
        raise InvalidValue("feed_in_per_kwh", str(told), worded("must be from 0 to 10"))
    else:
        paid = Figure("feed_in_per_kwh", float(told), f"{price.currency}/kWh", said, basis="user")
    share = Figure(SOLAR_SHARE, tariff.solar_share, "share", said, basis="user")
    grams = replace(snapshot.figures[f"home_run.{SOLAR_GRAMS}"], name=SOLAR_GRAMS)
    return replace(contract, price=with_solar(price, share, paid, grams))
