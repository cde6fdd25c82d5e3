"""What a kilowatt-hour costs a household by its contract, from the market's stored hours if need be."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from weakref import WeakKeyDictionary

from service.answers.question import AskedComparison, AskedDecision, AskedTariff
from service.countries import bidding_zone_of
from service.decide.run_hours import RunHours
from service.decide.when_to_run import RULES, DayShape, day_shape
from service.errors import InvalidValue, MissingFact
from service.estimate import market_day
from service.estimate.home_bill import HOURS_PER_DAY
from service.estimate.priced_days import PricedDays, PricedSlot, priced_days
from service.estimate.tariff import (
    DynamicTerms,
    MarginalPrice,
    TariffKind,
    all_in,
    flat,
    hourly_prices,
    with_solar,
)
from service.facts import ElectricityRate, Figure, Source, given_by_user
from service.store import grid_carbon, spot_prices
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.store.spot_prices import PricedDay
from service.usecases.knowledge import zone_of

KINDS = ("flat", "time_of_use", "dynamic")
DAYS_LOOKED_BACK = 365
KWH_PER_MWH = 1000.0
CURRENCY_OF_DEFAULTS = "EUR"


class MarketDays:
    """The stored days of a bidding zone and of its grid that a contract is reckoned with."""

    def __init__(
        self,
        zone: str = "",
        days: tuple[PricedDay, ...] = (),
        carbon: DayShape | None = None,
        known_zones: tuple[str, ...] = (),
    ) -> None:
        self.zone = zone
        self.days = days
        """Complete days of the year up to the question, the oldest first."""
        self.carbon = carbon
        self.known_zones = known_zones

    @cached_property
    def spot(self) -> PricedDays:
        """Their prices per kWh as the market tells them, as arrays."""
        slots = (
            PricedSlot(p.slot_start, p.slot_end, day.cover.day, float(p.per_mwh) / KWH_PER_MWH)
            for day in self.days
            for p in day.prices
        )
        return priced_days(slots, market_day.MARKET_TIME)

    @property
    def currency(self) -> str:
        """Of its prices."""
        return self.days[-1].prices[0].currency

    @property
    def is_all_in(self) -> bool:
        """Whether its prices are a supplier's own, with everything in them."""
        return self.days[-1].prices[0].taxes == "all"

    def shape(self, terms: DynamicTerms | None, rule: RunHours) -> DayShape:
        """Its days as a contract bills them."""
        days = self.spot if terms is None else self.spot.priced(lambda spot: all_in(spot, terms))
        source = replace(self.days[-1].source, as_of=days.last_day)
        return day_shape(days, f"{self.currency}/kWh", self.zone, source, (*RULES, rule))


NO_MARKET = MarketDays()
_MARKETS: WeakKeyDictionary[Snapshot, dict[tuple[str, str, date], MarketDays]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Contract:
    """What follows from a household's contract."""

    price: MarginalPrice
    rate: ElectricityRate
    """The same as a rate, to be shown with its source."""
    shape: DayShape | None = None
    grid_shape: DayShape | None = None


def market_of(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison | AskedDecision, today: date
) -> MarketDays:
    """The stored hours that a request's contract needs; nothing is read for a flat one.

    Read once per snapshot, zone and day.
    """
    if request.contract.kind == "flat":
        return NO_MARKET
    country = zone_of(snapshot, request.country)
    zone = (request.contract.zone or bidding_zone_of(country)).strip().upper()
    kept = _MARKETS.setdefault(snapshot, {})
    key = (zone, country, today)
    if key not in kept:
        kept[key] = _read(sessions, zone, country, today)
    return kept[key]


def _read(sessions: Sessions, zone: str, country: str, today: date) -> MarketDays:
    first = today - timedelta(days=DAYS_LOOKED_BACK - 1)
    with sessions.reading() as session:
        days = tuple(d for d in spot_prices.days(session, zone, first, today) if d.cover.is_complete)
        begin, end = market_day.bounds(first)[0], market_day.bounds(today)[1]
        carbon = grid_carbon.between(session, country, begin, end)
        zones = tuple(spot_prices.zones(session))
    slots = [
        PricedSlot(c.slot_start, c.slot_end, market_day.day_of(c.slot_start), float(c.grams_co2e_per_kwh))
        for c in carbon
    ]
    partial = {cover.day for cover in market_day.incomplete(carbon)}
    slots = [slot for slot in slots if slot.day not in partial]
    shape = None
    if slots:
        source = replace(carbon[-1].source, as_of=slots[-1].day)
        shape = day_shape(priced_days(slots, market_day.MARKET_TIME), "g CO2e/kWh", country, source)
    return MarketDays(zone, days, shape, zones)


def contract_of(
    snapshot: Snapshot,
    request: AskedComparison | AskedDecision,
    country_rate: ElectricityRate | None,
    *,
    zone: str,
    market: MarketDays,
    today: date,
) -> Contract | None:
    """The household's price by its contract; None where it is flat and no rate is known.

    Raises InvalidValue for a contract that cannot be, MissingFact where the market's hours are not stored.
    """
    tariff, said = request.contract, given_by_user(today)
    if tariff.kind not in KINDS:
        raise InvalidValue("tariff", tariff.kind, "unknown", KINDS)
    if tariff.kind == "flat":
        found = None if country_rate is None else Contract(flat(country_rate), country_rate)
    elif request.kwh_price is not None:
        problem = f"one price per kWh is a flat contract, the tariff is {tariff.kind}"
        raise InvalidValue("kwh_price", str(request.kwh_price), problem)
    else:
        share = request.home_terms.hours_per_day / HOURS_PER_DAY
        rule = RunHours("cheapest", share) if share < 1 else RULES[0]
        if tariff.kind == "time_of_use":
            found = _by_the_clock(tariff, request.currency, zone, rule, said)
        else:
            found = _by_the_market(snapshot, tariff, market, zone=zone, rule=rule, said=said)
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
    snapshot: Snapshot, tariff: AskedTariff, market: MarketDays, *, zone: str, rule: RunHours, said: Source
) -> Contract:
    if not market.days:
        known = ", ".join(market.known_zones) or "none"
        remedy = f"refresh them (heimvorteil prices refresh) or name another zone; stored are: {known}"
        raise MissingFact(f"whole days of day-ahead prices for {market.zone}", remedy)
    currency = market.currency
    terms, added = (None, ()) if market.is_all_in else _added(snapshot, tariff, zone, currency, said)
    shape = market.shape(terms, rule)
    spot = round(market.spot.mean_per_kwh * KWH_PER_MWH, 4)
    figures = (
        Figure("spot_per_mwh", spot, f"{currency}/MWh", shape.source, basis="derived"),
        Figure("spot_days", float(shape.days), "days", shape.source, basis="derived"),
        *added,
    )
    price = _used(shape, rule, "dynamic", currency, figures, has_range=True)
    rate = ElectricityRate(
        market.zone, market.zone, "dynamic", currency, price.per_kwh, "all", shape.last_day, shape.source
    )
    return Contract(price, rate, shape)


def _added(
    snapshot: Snapshot, tariff: AskedTariff, zone: str, currency: str, said: Source
) -> tuple[DynamicTerms, tuple[Figure, ...]]:
    """What the supplier adds to the spot price: as told, else what is usual in the country."""

    def figure(name: str, told: Decimal | None, unit: str, largest: Decimal) -> Figure:
        asked = name.removeprefix("dynamic_")
        if told is None:
            usual = snapshot.figures.get(f"home_run.{name}_{zone}")
            if usual is None or (unit != "share" and currency != CURRENCY_OF_DEFAULTS):
                raise InvalidValue(asked, None, f"must be given for a dynamic tariff in {zone}")
            return replace(usual, name=name)
        if not 0 <= told <= largest:
            raise InvalidValue(asked, str(told), f"must be from 0 to {largest}")
        return Figure(name, float(told), unit, said, basis="user")

    net = f"{currency}/kWh"
    surcharges = figure("dynamic_surcharges_per_kwh", tariff.surcharges_per_kwh, net, Decimal(10))
    vat = figure("vat_share", tariff.vat_share, "share", Decimal(1))
    markup = figure("markup_share", tariff.markup_share, "share", Decimal(1))
    terms = DynamicTerms(*(Decimal(repr(f.value)) for f in (surcharges, markup, vat)))
    return terms, (surcharges, vat, *((markup,) if markup.value else ()))


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
    effect = shape.effect(rule)
    assert effect is not None

    def exact(value: float) -> Decimal:
        return Decimal(repr(round(value, 9)))

    return MarginalPrice(
        kind,
        currency,
        exact(effect.kept_per_kwh),
        shape.source,
        exact(effect.low_per_kwh) if has_range else None,
        exact(effect.high_per_kwh) if has_range else None,
        figures,
        None if effect.dropped_per_kwh is None else exact(effect.dropped_per_kwh),
    )


def _on_the_roof(
    snapshot: Snapshot, contract: Contract, tariff: AskedTariff, zone: str, said: Source
) -> Contract:
    """The same with a share of one's own solar power, worth its feed-in payment."""
    price, told = contract.price, tariff.feed_in_per_kwh
    if told is None:
        usual = snapshot.figures.get(f"home_run.feed_in_per_kwh_{zone}")
        if usual is None or price.currency != CURRENCY_OF_DEFAULTS:
            raise InvalidValue("feed_in_per_kwh", None, f"must be given for solar power in {zone}")
        paid = replace(usual, name="feed_in_per_kwh")
    elif not 0 <= told <= 10:
        raise InvalidValue("feed_in_per_kwh", str(told), "must be from 0 to 10")
    else:
        paid = Figure("feed_in_per_kwh", float(told), f"{price.currency}/kWh", said, basis="user")
    share = Figure("solar_share", tariff.solar_share, "share", said, basis="user")
    return replace(contract, price=with_solar(price, share, paid))
