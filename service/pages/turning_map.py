"""The break-even map: at which price per kWh and which rent per hour home and renting cost the same."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from service.answers.answer import AnsweredDecision, AnsweredPlan
from service.countries import name_of
from service.errors import MissingFact
from service.estimate.cost import conversion
from service.estimate.interval import Interval, certain
from service.estimate.tariff import CONTRACT_SPREAD
from service.facts import ElectricityRate, Source
from service.reports.charts.break_even_map import Today, break_even_map
from service.reports.sections.decision_turning import rent_that_turns
from service.reports.words.plan_names import plan_name
from service.reports.words.source_notes import source_title
from service.reports.words.wording import Wording
from service.store.snapshot import Snapshot
from service.usecases.knowledge import retail_rate, zone_of

COUNTRIES = ("FR", "US", "SE", "GB", "PL", "ES", "IT", "NL", "AT", "CH", "NO", "DK")
"""Named beside one's own where a price for households is stored; the first are named first."""

LIMITS = ("budget", "deadline_hours")
"""Without them the same question is by cost alone: a machine that is too slow has its break-even too."""


@dataclass(frozen=True, slots=True)
class TurningMap:
    """The map as a picture and as a table."""

    spec: dict[str, Any]
    narrow: dict[str, Any]
    alt: str
    plans: str
    """Which two plans are held against each other."""
    rows: tuple[tuple[str, str, str], ...]
    """Where, price per kWh, rent per hour below which renting is cheaper."""
    sources: tuple[tuple[str, str, str, str], ...]
    """Who says the countries' prices: of which countries, title, address, day."""


def turning_map(w: Wording, snapshot: Snapshot, d: AnsweredDecision, country: str) -> TurningMap | None:
    """The map of an answer; None where no plan at home, or none to rent, has a price."""
    home, rented = d.home, d.rented
    if len(d.break_even) < 2 or home is None or rented is None or home.cost is None or rented.cost is None:
        return None
    line = [(point.per_kwh, point.rent_per_hour) for point in d.break_even]
    per_kwh, rent = home.cost.unit_price("electricity"), rented.cost.unit_price("rent")
    today = None
    if per_kwh is not None and rent is not None:
        today = Today(_tariff_doubted(home, per_kwh), _rent_doubted(rented, rent))
    rates = list(_countries(w, snapshot, country, d.currency))
    countries = [(name, kwh) for name, kwh, _ in rates]
    rows = [(name, kwh, rent_that_turns(d.break_even, kwh)) for name, kwh in countries]
    if per_kwh is not None:
        rows.insert(0, (w.say("today"), per_kwh, rent_that_turns(d.break_even, per_kwh)))
    told = tuple(
        (
            name, w.unit_price(kwh, d.currency),
            w.unit_price(turns, d.currency) if turns > 0 else w.say("never: home is cheaper"),
        )
        for name, kwh, turns in rows
    )  # fmt: skip
    points = "; ".join(
        w.say("{where}: {rent} per hour at {per_kwh} per kWh", where=name, rent=turns, per_kwh=kwh)
        for name, kwh, turns in told
    )
    wide, narrow = (
        break_even_map(w, line, today, countries, d.currency, is_narrow=is_narrow)
        for is_narrow in (False, True)
    )
    return TurningMap(
        wide, narrow,
        w.say(
            "Map of price per kWh and rent per hour. Below the line renting is cheaper. {points}.",
            points=points,
        ),
        w.say("{home} – or: {rented}", home=plan_name(w, home), rented=plan_name(w, rented)),
        told,
        tuple(_sources(w, [(name, rate) for name, _, rate in rates])),
    )  # fmt: skip


def _tariff_doubted(home: AnsweredPlan, per_kwh: float) -> Interval:
    """A price per kWh with how far a household's contract is off where it is a published mean."""
    spread = next((s.value for s in home.sources if s.name == CONTRACT_SPREAD), 0.0)
    if home.rate is None or home.rate.kind != "retail":
        spread = 0.0
    return Interval(1 - spread, 1.0, 1 + spread) * per_kwh


def _rent_doubted(rented: AnsweredPlan, rent: float) -> Interval:
    """A rent with how far it may have moved since it was read."""
    moved = next((s for s in rented.sources if s.name == "rent_today"), None)
    if moved is None or moved.low is None or moved.high is None:
        return certain(rent)
    return Interval(moved.low, moved.value, moved.high) * rent


def _sources(w: Wording, rates: Sequence[tuple[str, ElectricityRate]]) -> Iterator[tuple[str, str, str, str]]:
    """Each source once, with the countries whose price it says."""
    said: dict[Source, list[str]] = {}
    for name, rate in rates:
        without = f" ({w.say('electricity without VAT')})" if rate.taxes == "excl_vat" else ""
        said.setdefault(replace(rate.source, as_of=rate.as_of), []).append(name + without)
    for source, names in said.items():
        yield ", ".join(names), source_title(w, source.title), source.url, w.day(source.as_of)


def _countries(
    w: Wording, snapshot: Snapshot, country: str, currency: str
) -> Iterator[tuple[str, float, ElectricityRate]]:
    """Name, price per kWh in the answer's currency, and where that is from, of one's own country and of some
    others."""
    for zone in dict.fromkeys((zone_of(snapshot, country), *COUNTRIES)):
        rate = retail_rate(snapshot, zone)
        if rate is None:
            continue
        with suppress(MissingFact):
            factor = conversion(rate.currency, currency, tuple(snapshot.exchange.values())).factor
            yield name_of(zone, w.language) or rate.zone_name, float(rate.per_kwh * factor), rate
