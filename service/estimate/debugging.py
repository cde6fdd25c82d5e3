"""Debugging at home before anything is rented: what it takes, and what it saves of the rented hours."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from service.estimate.cloud_bill import CloudTerms
from service.estimate.energy import range_of
from service.estimate.interval import Interval, certain
from service.facts import Figure


@dataclass(frozen=True, slots=True)
class Debugging:
    """A run that is debugged at home before anything is rented."""

    hours: float
    """At home."""
    terms: CloudTerms
    """Of the rented run: with the idle hours that are left."""
    hours_range: Interval
    """At home: nobody knows it of his own run."""
    saved_share: Interval
    """Machine hours saved, of training hours: the idle share and what debugging leaves of it know nothing of
    each other, so their ends meet in squares."""


@dataclass(frozen=True, slots=True)
class DebuggingBenefit:
    """What debugging at home first brings, with its doubt; money in the decision's currency."""

    hours: Interval
    saved: Interval
    """Of the rent."""
    electricity: Interval
    """At home."""


def debugging_of(terms: CloudTerms, figures: Mapping[str, Figure]) -> Debugging:
    """What debugging at home takes, and what it leaves of the idle hours of a rented machine."""
    hours, saved = figures["cloud_run.debug_hours"], range_of(figures["cloud_run.debugged_share"])
    usual = figures["cloud_run.idle_share"]
    idle = range_of(usual) if terms.idle_share == usual.value else certain(terms.idle_share)
    return Debugging(
        hours.value,
        replace(terms, idle_share=terms.idle_share * (1 - saved.p50)),
        range_of(hours),
        _product(idle, saved),
    )


def _product(one: Interval, other: Interval) -> Interval:
    """Of two numbers from 0 on that know nothing of each other, ends at 0 among them."""
    middle = one.p50 * other.p50
    down = math.hypot((one.p50 - one.p10) * other.p50, one.p50 * (other.p50 - other.p10))
    up = math.hypot((one.p90 - one.p50) * other.p50, one.p50 * (other.p90 - other.p50))
    return Interval(max(middle - down, 0.0), middle, middle + up)


def benefit_of(
    debugging: Debugging, training_hours: float, rent_per_hour: float, watts: float, per_kwh: float
) -> DebuggingBenefit:
    """What debugging at home saves of a rented run (its price with tax), and what it takes at home."""
    return DebuggingBenefit(
        debugging.hours_range,
        debugging.saved_share * (training_hours * rent_per_hour),
        debugging.hours_range * (watts / 1000 * per_kwh),
    )
