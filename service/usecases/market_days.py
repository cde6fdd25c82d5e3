"""The market's hours that a dynamic contract is reckoned with: stored days, or a typical year for them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from weakref import WeakKeyDictionary

from service.answers.question import AskedComparison, AskedDecision
from service.countries import bidding_zone_of
from service.decide.run_hours import RunHours
from service.decide.when_to_run import RULES, DayShape, day_shape
from service.errors import HeimvorteilError, MissingFact, UnknownName, nearest_first, worded
from service.estimate import market_day
from service.estimate.priced_days import PricedDays, PricedSlot, priced_days
from service.estimate.tariff import DynamicTerms, all_in
from service.estimate.typical_year import LEAST_DAYS, WHOLE_YEAR_DAYS, Factor, TypicalYear
from service.facts import Source
from service.store import grid_carbon, spot_prices, zones_in_use
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.store.spot_prices import PricedDay
from service.store.typical_years import doubt, typical_years
from service.usecases.knowledge import zone_of

DAYS_LOOKED_BACK = 365
KWH_PER_MWH = 1000.0


@dataclass(frozen=True, slots=True)
class DaysUsed:
    """What the mean of a zone's last year is told by, and how far the truth may lie from it."""

    spot: PricedDays
    """Prices per kWh as the market tells them."""
    currency: str
    is_all_in: bool
    """Whether they are a supplier's own, with everything in them."""
    source: Source
    days: int
    last_day: date
    is_typical: bool
    factor: Factor
    """Times the mean, four times out of five."""
    doubt_source: Source


class MarketDays:
    """The stored days of a bidding zone and of its grid that a contract is reckoned with."""

    def __init__(
        self,
        zone: str = "",
        days: tuple[PricedDay, ...] = (),
        carbon: DayShape | None = None,
        known_zones: tuple[str, ...] = (),
        fetchable: tuple[str, ...] = (),
        today: date = date.min,
    ) -> None:
        self.zone = zone
        self.days = days
        """Complete days of the year up to the question, the oldest first."""
        self.carbon = carbon
        self.known_zones = known_zones
        self.fetchable = fetchable
        """Zones whose days can be fetched; empty where no process that fetches has said so yet."""
        self._today = today

    @cached_property
    def used(self) -> DaysUsed:
        """The stored days, or the shipped typical year where its mean is surer.

        Fewer than a week of days stand for nothing where there is a typical year. Raises MissingFact where
        there is neither, UnknownName for a zone that nobody can fetch.
        """
        year, known = typical_years().get(self.zone), doubt()
        if year is not None:
            aged = known.of_age((self._today - year.last_day).days)
            is_thin = len(self.days) < LEAST_DAYS
            if is_thin or aged.width < known.of_days(len(self.days)).width:
                return _of_year(year, aged, known.source)
        if not self.days:
            raise self._nothing_known()
        return self._of_stored(known.of_days(len(self.days)), known.source)

    @property
    def is_enough(self) -> bool:
        """Whether the stored days tell a year."""
        return len(self.days) >= WHOLE_YEAR_DAYS

    def _of_stored(self, factor: Factor, source: Source) -> DaysUsed:
        first = self.days[-1].prices[0]
        slots = (
            PricedSlot(p.slot_start, p.slot_end, day.cover.day, float(p.per_mwh) / KWH_PER_MWH)
            for day in self.days
            for p in day.prices
        )
        return DaysUsed(
            spot=priced_days(slots, market_day.MARKET_TIME),
            currency=first.currency,
            is_all_in=first.taxes == "all",
            source=replace(self.days[-1].source, as_of=self.days[-1].cover.day),
            days=len(self.days),
            last_day=self.days[-1].cover.day,
            is_typical=False,
            factor=factor,
            doubt_source=source,
        )

    def _nothing_known(self) -> HeimvorteilError:
        if self.fetchable and self.zone not in self.fetchable:
            return UnknownName("zone", self.zone, {*self.fetchable, *self.known_zones})
        known = nearest_first(self.zone, {*self.known_zones, *typical_years()})
        remedy = worded(
            "fetch them (heimvorteil prices refresh --zone {zone}) or name another zone; known are: {names}",
            zone=self.zone,
            names=", ".join(known),
        )
        return MissingFact(worded("whole days of day-ahead prices for {zone}", zone=self.zone), remedy)

    def shape(self, terms: DynamicTerms | None, rule: RunHours, factor: float = 1.0) -> DayShape:
        """Its days as a contract bills them; with `factor`, had the market been so many times dearer."""
        used = self.used
        days = used.spot.priced(lambda spot: spot * factor if terms is None else all_in(spot * factor, terms))
        shape = day_shape(days, f"{used.currency}/kWh", self.zone, used.source, (*RULES, rule))
        return replace(shape, days=used.days, is_typical=used.is_typical)


def _of_year(year: TypicalYear, factor: Factor, source: Source) -> DaysUsed:
    return DaysUsed(
        spot=year.priced(),
        currency=year.currency,
        is_all_in=False,
        source=year.source,
        days=year.days,
        last_day=year.last_day,
        is_typical=True,
        factor=factor,
        doubt_source=source,
    )


NO_MARKET = MarketDays()
_MARKETS: WeakKeyDictionary[Snapshot, dict[tuple[str, str, date], MarketDays]] = WeakKeyDictionary()


def market_of(
    sessions: Sessions, snapshot: Snapshot, request: AskedComparison | AskedDecision, today: date
) -> MarketDays:
    """The stored hours that a request's contract needs; nothing is read for a flat one.

    Read once per snapshot, zone and day.
    """
    if request.contract.kind == "flat":
        return NO_MARKET
    country = zone_of(snapshot, request.country)
    zone = zone_asked(snapshot, request)
    kept = _MARKETS.setdefault(snapshot, {})
    key = (zone, country, today)
    if key not in kept:
        kept[key] = _read(sessions, zone, country, today)
        if request.contract.kind == "dynamic":
            zones_in_use.note(sessions, zone)
    return kept[key]


def is_asked_first(sessions: Sessions, zone: str) -> bool:
    """Whether nobody has asked about the zone yet."""
    with sessions.reading() as session:
        return zone not in zones_in_use.used(session)


def zone_asked(snapshot: Snapshot, request: AskedComparison | AskedDecision) -> str:
    """The bidding zone of a request's contract: the one it names, else its country's."""
    country = zone_of(snapshot, request.country)
    return (request.contract.zone or bidding_zone_of(country)).strip().upper()


def _read(sessions: Sessions, zone: str, country: str, today: date) -> MarketDays:
    first = today - timedelta(days=DAYS_LOOKED_BACK - 1)
    with sessions.reading() as session:
        days = tuple(d for d in spot_prices.days(session, zone, first, today) if d.cover.is_complete)
        begin, end = market_day.bounds(first)[0], market_day.bounds(today)[1]
        carbon = grid_carbon.between(session, country, begin, end)
        zones, fetchable = tuple(spot_prices.zones(session)), tuple(zones_in_use.known(session))
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
    return MarketDays(zone, days, shape, zones, fetchable, today)
