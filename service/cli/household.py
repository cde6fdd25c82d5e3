"""What a household says about itself and its contract: options that compare, report and decide share."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from service.cli.amounts import Money
from service.errors import InvalidValue

if TYPE_CHECKING:
    from service.usecases.requests import TariffRequest

WINDOW = re.compile(r"(?P<from>\d{1,2})-(?P<until>\d{1,2})=(?P<price>\d+(?:\.\d+)?)")
OPTIONS = (
    click.option(
        "--country",
        default="DE",
        show_default=True,
        help="Where home is: ISO country, US-STATE, or its name.",
    ),
    click.option("--currency", default="EUR", show_default=True, help="Currency of the answer."),
    click.option("--kwh-price", type=Money(), help="Your own price per kWh, in that currency."),
    click.option(
        "--tariff",
        "contract",
        default="flat",
        show_default=True,
        metavar="CONTRACT",
        help="flat; dynamic or dynamic:ZONE on day-ahead prices; or prices by the hour of the day, "
        "22-6=0.22,6-22=0.36",
    ),
    click.option("--surcharges", type=Money(), help="Dynamic: what is added per kWh before VAT."),
    click.option("--markup", type=Money(), default="0", help="Dynamic: share of the spot price, e.g. 0.02."),
    click.option("--vat", type=Money(), help="Dynamic: VAT as a share, e.g. 0.19."),
    click.option("--solar-share", type=float, default=0.0, help="Share of the energy from your own roof."),
    click.option("--feed-in", type=Money(), help="What the grid pays for a kWh of it."),
    click.option("--yearly-kwh", type=float, help="What your household uses in a year without the run."),
    click.option("--base-fee", type=Money(), default="0", help="Per month; shown, not counted."),
    click.option(
        "--hours-per-day",
        type=float,
        default=24.0,
        show_default=True,
        help="How long the machine at home may run; with hourly prices the cheapest hours.",
    ),
    click.option("--paused-watts", type=float, default=0.0, help="What the PC draws in the other hours."),
    click.option(
        "--wear-per-hour", type=Money(), default="0", help="Loss of value of your own card per hour."
    ),
    click.option(
        "--heating-share", type=float, default=0.0, help="Share of the energy that replaces heating."
    ),
    click.option("--heat-price", type=Money(), default="0", help="What a kWh of heat costs otherwise."),
    click.option(
        "--rent",
        "rent_terms",
        multiple=True,
        metavar="NAME=VALUE",
        help="A term of the rented run, e.g. idle_share=0.2, egress_gb=50, tax_share=0.19",
    ),
    click.option("--host-memory", type=float, help="GiB of your PC that offload may use; usual: 64."),
    click.option(
        "--display-gib",
        type=float,
        default=0.0,
        show_default=True,
        help="GiB that a screen on the card takes.",
    ),
    click.option(
        "--plug-watts", type=float, help="Watts measured at your plug while training; else estimated."
    ),
    click.option("--tokens", type=int, help="Train on this many tokens instead of the published number."),
)


def lives(command: Callable[..., None]) -> Callable[..., None]:
    """The command with all options of a household."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def household(
    *,
    currency: str,
    contract: str,
    surcharges: Decimal | None,
    markup: Decimal,
    vat: Decimal | None,
    solar_share: float,
    feed_in: Decimal | None,
    base_fee: Decimal,
    hours_per_day: float,
    paused_watts: float,
    wear_per_hour: Decimal,
    heating_share: float,
    heat_price: Decimal,
    rent_terms: tuple[str, ...],
    host_memory: float | None,
    **same: Any,
) -> dict[str, Any]:
    """The fields of a request that these options fill; `same` go by the same name on both sides."""
    from dataclasses import replace

    from service.estimate.home_bill import HomeTerms

    tariff = replace(
        _tariff(contract),
        surcharges_per_kwh=surcharges,
        markup_share=markup,
        vat_share=vat,
        solar_share=solar_share,
        feed_in_per_kwh=feed_in,
    )
    return {
        **same,
        "currency": currency.strip().upper(),
        "tariff": tariff,
        "home_terms": HomeTerms(
            hours_per_day=hours_per_day,
            paused_watts=paused_watts,
            wear_per_hour=wear_per_hour,
            base_fee_per_month=base_fee,
            heating_share=heating_share,
            heat_per_kwh=heat_price,
        ),
        "cloud_terms": tuple(_term(said) for said in rent_terms),
        "host_memory_gib": host_memory,
    }


def _tariff(said: str) -> "TariffRequest":
    from service.estimate.tariff import TimeOfUse
    from service.usecases.requests import TariffRequest

    kind, _, zone = said.strip().partition(":")
    if kind in ("flat", "dynamic"):
        if kind == "flat" and zone:
            raise InvalidValue("--tariff", said, "a flat contract has no zone")
        return TariffRequest(kind, zone=zone.strip().upper())
    windows = []
    for part in said.split(","):
        match = WINDOW.fullmatch(part.strip())
        if match is None:
            raise InvalidValue(
                "--tariff", said, "unknown", ("flat", "dynamic", "dynamic:DE-LU", "22-6=0.22,6-22=0.36")
            )
        windows.append(TimeOfUse(int(match["from"]), int(match["until"]), Decimal(match["price"])))
    return TariffRequest("time_of_use", tuple(windows))


def _term(said: str) -> tuple[str, float]:
    name, _, value = said.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise InvalidValue("--rent", said, "is not of the form name=number") from None
