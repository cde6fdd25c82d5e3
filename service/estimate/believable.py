"""What is believed of a number that somebody asks with: the bounds of every option, each with its reason.

What lies beyond is a slip nearly always, of a unit or a decimal point: it is asked back with what is believed
and, where one fits, the slip. Nothing that exists may lie beyond; what cannot be at all the fields refuse.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from service.errors import InvalidValue, Worded, worded

Slip = Literal["percent", "cents", "kilowatts", ""]


@dataclass(frozen=True, slots=True)
class Believed:
    """From where to where a number is believed."""

    least: float
    most: float
    unit: str | Worded
    """Money is in euros and moved into the currency of the question."""
    why: str
    slip: Slip = ""
    """What somebody who is beyond has probably written."""
    or_none: bool = False
    """Whether 0 is believed as well: it says that there is none."""

    def holds(self, value: float) -> bool:
        """Whether the number is believed."""
        return self.least <= value <= self.most or (self.or_none and not value)


BELIEVED: Mapping[str, Believed] = {
    "yearly_kwh": Believed(
        100,
        1_000_000,
        "kWh",
        "a fridge alone uses 100; companies a million",
        or_none=True,
    ),
    "hours_per_day": Believed(0.1, 24, "h", "six minutes start no run; a day has no more"),
    "paused_watts": Believed(0, 5000, "W", "an idle server of eight GPUs draws 1,500"),
    "heating_share": Believed(0, 1, "", "a share", slip="percent"),
    "solar_share": Believed(0, 1, "", "a share", slip="percent"),
    "vat_share": Believed(0, 0.35, "", "the highest VAT of the world is Hungary's, 0.27", slip="percent"),
    "markup_share": Believed(0, 0.5, "", "suppliers take 0.01 to 0.03 of the spot price", slip="percent"),
    "failed_runs": Believed(0, 0.9, "", "of ten runs started one ends", slip="percent"),
    "capital_cost": Believed(0, 0.6, "", "key rates in times of high inflation: Turkey 0.5", slip="percent"),
    "least_probability": Believed(0, 0.99, "", "nothing here is surer", slip="percent"),
    "host_memory_gib": Believed(0, 8200, "GiB", "the largest boards of two sockets take 8 TiB"),
    "display_gib": Believed(0, 8, "GiB", "several 4K screens with a browser take 3"),
    "tokens": Believed(1, 2e14, worded("tokens"), "the largest runs told of saw 4e13; five times as many"),
    "max_age_days": Believed(0, 3650, worded("days"), "rents of such machines are known since 2019"),
    "deadline_hours": Believed(0.1, 87_660, "h", "six minutes to ten years"),
    "rent_terms.set_up_hours": Believed(0, 168, "h", "a week, where an image is built by hand"),
    "rent_terms.download_gb": Believed(0, 5_000_000, "GB", "5 PB hold all crawled text and pictures"),
    "rent_terms.download_mbit_per_s": Believed(0, 800_000, "Mbit/s", "the largest link of an instance"),
    "rent_terms.storage_gb": Believed(0, 5_000_000, "GB", "as of the download"),
    "rent_terms.egress_gb": Believed(0, 1_000_000, "GB", "1 PB of checkpoints"),
    "rent_terms.idle_share": Believed(0, 3, "", "four hours rented for one of training", slip="percent"),
    "rent_terms.interruptions_per_day": Believed(0, 100, "", "a spot machine lives minutes at least"),
    "rent_terms.restart_hours": Believed(0, 48, "h", "two days until a machine is to be had again"),
    "rent_terms.checkpoint_interval_hours": Believed(0, 168, "h", "once a week"),
    "rent_terms.checkpoint_seconds": Believed(0, 7200, "s", "two hours for terabytes on a slow disk"),
    "rent_terms.tax_share": Believed(0, 0.5, "", "Hungary's VAT is 0.27; duties above", slip="percent"),
}
"""By the names of fields. Machines and cards are judged by what they are: plugged_in and priced below."""
PER_KWH, PER_HOUR = "kWh", "hour"
BELIEVED_MONEY: Mapping[str, Believed] = {
    "kwh_price": Believed(0, 3, PER_KWH, "households pay 0.03 to 0.60, at dear hours 1", slip="cents"),
    "tariff.windows.per_kwh": Believed(0, 3, PER_KWH, "as of the price per kWh", slip="cents"),
    "tariff.surcharges_per_kwh": Believed(0, 1, PER_KWH, "0.13 to 0.18 in Germany", slip="cents"),
    "tariff.feed_in_per_kwh": Believed(0, 1, PER_KWH, "Germany paid 0.57 in 2004, 0.08 now", slip="cents"),
    "heat_per_kwh": Believed(0, 1, PER_KWH, "gas 0.12, direct electric heat 0.40", slip="cents"),
    "base_fee_per_month": Believed(0, 1000, "", "10 to 20 in a household, hundreds with a metered peak"),
    "wear_per_hour": Believed(0, 10, PER_HOUR, "eight H100 for 300,000 over four years lose 9", slip="cents"),
    "rest_of_pc_price": Believed(30, 100_000, "", "an old office PC; a server without GPUs", or_none=True),
}
PER_CARD = Believed(10, 200_000, "", "old cards for parts; the dearest module of a server, with a margin")
LISTED_OVER_LEAST, MOST_OVER_LISTED = 10.0, 5.0
"""How far a card's price may be from its dated one: broken or of a friend, or rare and new in its box."""
PLUG = Believed(3, 5_000_000, "W", "of the machine: see LEAST_OF_BOARD and what follows", slip="kilowatts")
LEAST_OF_BOARD, MOST_OF_BOARD, MOST_BESIDE_W, MOST_BESIDE_CARD_W = 0.1, 3.0, 1000, 300
"""Of the watts that the cards are expected to draw: a run that waits for its data a tenth; peaks, a bad power
supply and cooling three times, and beside it what a server of two sockets draws, and per card its share."""
LEAST_BESIDE_W = 3
"""What a small board with cards beside it draws."""
WITH_CENTS = ("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD", "SGD")
TRILLION = 10**12
PER_EURO: Mapping[str, int] = {
    **dict.fromkeys(("CNY", "DKK", "HKD", "NOK", "SEK"), 10),
    **dict.fromkeys(("BRL", "PLN", "RON", "MYR"), 5),
    **dict.fromkeys(("CZK", "MXN", "ZAR"), 20), **dict.fromkeys(("THB", "TRY"), 50), "ILS": 4, "PHP": 70,
    "INR": 100, "ISK": 100, "JPY": 200, "HUF": 400, "KRW": 2000, "IDR": 20_000,
}  # fmt: skip
"""What a euro is worth, to one digit, of the currencies where it is not about one: enough to tell a slip (the
European Central Bank's rates of October 2026). Answers are computed with exact rates."""


def doubt_of(field: str, value: object) -> Worded | None:
    """Why a number that is no money is not believed; None where it is, and for what is no number."""
    believed = BELIEVED.get(field)
    if believed is None:
        # Before its value is looked at, which may be a whole log.
        return None
    number = _number(value)
    if number is None or believed.holds(float(number)):
        return None
    return _doubt(number, believed, believed.least, believed.most, believed.unit)


def share_in_percent(field: str, value: object) -> Worded | None:
    """Why a share that must be a percentage is none; None for others."""
    believed = BELIEVED.get(field)
    if believed is None or believed.slip != "percent":
        return None
    number = _number(value)
    if number is None or not max(1, believed.most) < number <= 100 * believed.most:
        return None
    return _doubt(number, believed, believed.least, believed.most, believed.unit)


def doubt_of_money(field: str, value: Decimal, currency: str) -> Worded | None:
    """Why an amount is not believed; None where it is."""
    believed, worth = BELIEVED_MONEY[field], PER_EURO.get(currency, 1)
    if believed.holds(float(value) / worth):
        return None
    if believed.unit == PER_KWH:
        unit: str = worded("{currency} per kWh", currency=currency)
    else:
        unit = worded("{currency} per hour", currency=currency) if believed.unit else currency
    return _doubt(value, believed, believed.least * worth, believed.most * worth, unit)


def refuse_unbelievable(asked: Any, path: str, currency: str) -> None:
    """Raises InvalidValue for an amount of a question, or of a part of it, that is not believed."""
    for field, value in _money_of(asked, path):
        known = ".".join(part for part in field.split(".") if not part.isdigit())
        if doubt := doubt_of_money(known, value, currency):
            raise InvalidValue(field, str(value), doubt)


def refuse_unbelievable_price(
    field: str, wish: str, price: Decimal, *, currency: str, listed: float | None
) -> None:
    """Raises InvalidValue for the price of a card, where `listed`, its dated price, or what cards cost at all
    makes it none."""
    worth = PER_EURO.get(currency, 1)
    least, most = PER_CARD.least * worth, PER_CARD.most * worth
    if listed:
        least = max(least, _roughly(listed / LISTED_OVER_LEAST))
        most = min(most, _roughly(listed * MOST_OVER_LISTED))
    if not least <= price <= most:
        raise InvalidValue(field, wish, _doubt(price, PER_CARD, least, most, currency))


def refuse_unbelievable_plug(
    plug_watts: float, boards_low: float, boards_high: float, gpu_count: int
) -> None:
    """Raises InvalidValue for a reading at the plug that so many cards cannot make, which are expected to
    draw that much together."""
    least = _roughly(max(LEAST_BESIDE_W, LEAST_OF_BOARD * boards_low))
    most = _roughly(MOST_OF_BOARD * boards_high + MOST_BESIDE_W + MOST_BESIDE_CARD_W * gpu_count)
    if not least <= plug_watts <= most:
        watts = Decimal(str(plug_watts))
        raise InvalidValue("plug_watts", plug_watts, _doubt(watts, PLUG, least, most, PLUG.unit))


def refuse_unbelievable_rest(rest_watts: float, gpu_count: int) -> None:
    """Raises InvalidValue for what no PC with so many cards draws beside them."""
    most = MOST_BESIDE_W + MOST_BESIDE_CARD_W * gpu_count
    if not LEAST_BESIDE_W <= rest_watts <= most:
        watts = Decimal(str(rest_watts))
        doubt = _doubt(watts, PLUG, LEAST_BESIDE_W, most, PLUG.unit)
        raise InvalidValue("rest_of_pc_watts", rest_watts, doubt)


def _money_of(asked: Any, path: str) -> Iterator[tuple[str, Decimal]]:
    known = {field.split(".")[-1] for field in BELIEVED_MONEY if field.startswith(path)}
    for name in type(asked).model_fields:
        value = getattr(asked, name)
        if name in known and isinstance(value, Decimal):
            yield path + name, value
        if name == "windows":
            for place, window in enumerate(value):
                yield f"{path}windows.{place}.per_kwh", window.per_kwh


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _doubt(value: Decimal, believed: Believed, least: float, most: float, unit: str) -> Worded:
    from_, to = _told(least), _told(most)
    hundredth = value / 100
    is_hundredfold = least <= hundredth <= most and value > 1
    if believed.slip == "percent" and is_hundredfold:
        return worded(
            "must be between {least} and {most}; for percent write {percent}% or {share}",
            least=from_, most=to, percent=_plain(value), share=_plain(hundredth),
        )  # fmt: skip
    if believed.slip == "cents" and is_hundredfold and unit.startswith(WITH_CENTS):
        return worded(
            "would be {price} {unit}; for cents write {price}ct or {hundredth}",
            price=_plain(value), unit=unit, hundredth=_plain(hundredth),
        )  # fmt: skip
    thousandfold = value * 1000
    if believed.slip == "kilowatts" and least <= thousandfold <= most:
        return worded(
            "is not plausible; {least} to {most} {unit} would be; for kilowatts write {watts}",
            least=from_, most=to, unit=unit, watts=_plain(thousandfold),
        )  # fmt: skip
    if not unit:
        return worded("is not plausible; {least} to {most} would be", least=from_, most=to)
    return worded("is not plausible; {least} to {most} {unit} would be", least=from_, most=to, unit=unit)


def _plain(value: Decimal) -> Decimal:
    """Without the zeros and powers of ten that a computation leaves: 0.37, 3000."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral() and abs(short) < 10**15 else short


def _roughly(bound: float) -> float:
    """To two digits: no bound is known better."""
    return float(f"{bound:.2g}")


def _told(bound: float) -> Worded:
    """A bound to three digits, with separators: 1,570."""
    rounded = float(f"{bound:.3g}")
    if rounded >= TRILLION:
        return worded("{bound:g}T", bound=rounded / TRILLION)
    if rounded == int(rounded):
        return worded("{bound:,}", bound=int(rounded))
    return worded("{bound:g}", bound=rounded)
