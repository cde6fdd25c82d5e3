"""Options that would change nothing beside the others of a question: refused, with what makes them count.

A value that is the usual one says nothing and passes.
"""

from collections.abc import Collection, Iterable
from decimal import Decimal

from pydantic import BaseModel

from service.answers.question import (
    EVERY_OFFER,
    AskedComparison,
    AskedDecision,
    AskedHousehold,
    AskedTariff,
)
from service.errors import Field, InvalidValue, Worded, worded
from service.estimate.home_bill import HOURS_PER_DAY

NO_RENT = "none"
"""As `tier`: nothing rented."""
SPOT = "spot"
OF_ANY_MACHINE = frozenset(
    {
        "buyer", "country", "currency", "failed_runs", "lang", "max_age_days", "rent_terms", "tokens",
        "trials", "what_if",
    }
)  # fmt: skip
OF_HOME = tuple(name for name in AskedHousehold.model_fields if name not in OF_ANY_MACHINE)
OF_DYNAMIC = ("zone", "surcharges_per_kwh", "markup_share", "vat_share")
OF_SPOT = ("interruptions_per_day", "restart_hours", "checkpoint_interval_hours", "checkpoint_seconds")
FLAT = AskedTariff.of()


def refuse_idle(asked: AskedComparison | AskedDecision) -> None:
    """Raises InvalidValue for the first option that the others leave without any effect."""
    if isinstance(asked, AskedDecision):
        _refuse_of_decision(asked)
    if not asked.buy:
        of_bought = ("runs", "years_kept", "rest_of_pc_price", "capital_cost")
        refuse_said(
            asked, of_bought, worded("is of cards to buy, and none are named as `{buy}`", buy=Field("buy"))
        )
    if not asked.years_kept:
        refuse_said(
            asked,
            ("capital_cost",),
            worded("is paid for years, and {years_kept} is 0", years_kept=Field("years_kept")),
        )
    tariff = asked.contract
    if tariff.kind != "dynamic":
        refuse_said(
            tariff,
            OF_DYNAMIC,
            worded("is of a dynamic tariff, and this one is {tariff_kind}", tariff_kind=tariff.kind),
        )
    if tariff.kind != "time_of_use":
        refuse_said(
            tariff,
            ("windows",),
            worded("are of a time_of_use tariff, and this one is {tariff_kind}", tariff_kind=tariff.kind),
        )
    if not tariff.solar_share:
        refuse_said(
            tariff,
            ("feed_in_per_kwh",),
            worded("is paid for solar power; give {solar_share} as well", solar_share=Field("solar_share")),
        )
    if asked.hours_per_day >= HOURS_PER_DAY:
        reason = worded(
            "are drawn in the hours of the day that are left over; give {hours_per_day} as well",
            hours_per_day=Field("hours_per_day"),
        )
        refuse_said(asked, ("paused_watts",), reason)
    if not asked.heat_per_kwh:
        refuse_said(
            asked,
            ("heating_share",),
            worded(
                "saves nothing while heat is free; give {heat_per_kwh} as well",
                heat_per_kwh=Field("heat_per_kwh"),
            ),
        )
    if not asked.heating_share:
        refuse_said(
            asked,
            ("heat_per_kwh",),
            worded("is saved by no kWh; give {heating_share} as well", heating_share=Field("heating_share")),
        )


def refuse_idle_terms(asked: AskedComparison | AskedDecision, offered: Collection[str]) -> None:
    """Raises InvalidValue for terms of a rented run that count for no tier asked for or `offered`."""
    if not offered:
        refuse_said(
            asked, ("rent_terms",), worded("are of an offer, and there is none of what is to be rented")
        )
    name = next((name for name in OF_SPOT if name in asked.rent_terms), None)
    if name is None or {SPOT, EVERY_OFFER} & {asked.tier, *offered}:
        return
    reason = worded("is of rented machines that can be taken away; ask with tier spot or any")
    raise InvalidValue(f"rent_terms.{name}", asked.rent_terms[name], reason)


def _refuse_of_decision(asked: AskedDecision) -> None:
    if not asked.has_limits:
        reason = worded("is how surely limits are kept, and there are none; give a budget or a deadline")
        refuse_said(asked, ("least_probability",), reason)
    if not asked.own and not asked.buy:
        refuse_said(
            asked,
            OF_HOME,
            worded(
                "is of cards at home, and none are named as `{own}` or `{buy}`",
                own=Field("own"),
                buy=Field("buy"),
            ),
        )
    if asked.tier == NO_RENT:
        refuse_said(asked, ("rent_terms",), worded("are of a rented machine, and tier is none"))
        refuse_said(asked, ("max_age_days",), worded("is of rented machines, and tier is none"))
    refuse_idle_terms(asked, (asked.tier,))


def refuse_said(asked: BaseModel, names: Iterable[str], reason: Worded) -> None:
    """Raises InvalidValue for the first of these options that has another value than its usual one."""
    for name in names:
        value = getattr(asked, name)
        if value in (FLAT, type(asked).model_fields[name].get_default(call_default_factory=True)):
            continue
        told = value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, BaseModel) else value
        raise InvalidValue(name, str(told) if isinstance(told, Decimal) else told, reason)
