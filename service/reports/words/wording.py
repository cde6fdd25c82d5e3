"""Words, numbers and dates in German and English; sentences are looked up in translations/<lang>.po."""

import gettext
import math
import re
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import (
    NumberPattern,
    format_compact_decimal,
    format_percent,
    get_currency_precision,
    parse_pattern,
)

from service.countries import name_of
from service.errors import UNKNOWN, InvalidValue
from service.estimate.interval import Interval

LANGUAGES = ("en", "de")
LETTERS_BEFORE_A_DIGIT = re.compile(r"([A-Z]{3})(?=\d)")
"""CHF129 reads better as CHF 129."""
AFTER_AN_AMOUNT = re.compile(r" \D+$")
"""What German puts behind an amount; in a range it stands once."""
NEARLY_CERTAIN = 0.99
WITHOUT_CENTS = 10
"""From this amount on an estimate has no decimals."""
WHOLE_FROM = 5
LEAST_TENTHS = 0.1
WITHOUT_SMALL_CHANGE = 10_000
"""From this amount on a price has no decimals."""
TRANSLATIONS = Path(__file__).parents[2] / "translations"


@lru_cache(maxsize=64)
def parsed(pattern: str) -> NumberPattern:
    """A pattern of digits like #,##0.00; reading one takes longer than writing a number by it."""
    return parse_pattern(pattern)


class Wording:
    """One language: its sentences and its number formats."""

    def __init__(self, language: str) -> None:
        if language not in LANGUAGES:
            raise InvalidValue("lang", language, UNKNOWN, LANGUAGES)
        self.language = language
        self.locale = Locale.parse(language)
        self._catalog = catalog(language)

    def say(self, sentence: str, /, **values: object) -> str:
        """The sentence in this language, its {placeholders} filled."""
        return self._catalog.gettext(sentence).format(**values)

    def text(self, text: str, /) -> str:
        """A text without placeholders in this language."""
        return self._catalog.gettext(text)

    def counted(self, one: str, many: str, /, count: int, **values: object) -> str:
        """The sentence for this many things; {count} is the number in the language's format."""
        sentence = self._catalog.ngettext(one, many, count)
        return sentence.format(count=self.number(count), **values)

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        """A number with this many decimals and the language's separators."""
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return signed(parsed(pattern).apply(value, self.locale))

    def rounded(self, value: float) -> str:
        """About three significant digits, as an estimate deserves: 2,940, 33.4, 1.39, 0.052."""
        if value == 0:
            return "0"
        places = places_of(value)
        return self.number(round(value, places), max(0, places))

    def few(self, value: float, *, at_least: bool = False) -> str:
        """A duration's number, as far as it is known: whole from 5 on, one decimal below: 9, 33, 2.4, 4."""
        if at_least:
            value = upward(value, 0 if value >= WHOLE_FROM else 1)
        if value >= WHOLE_FROM:
            return self.number(round(value)) if value < 1000 else self.rounded(value)
        return self.exact(round(value, 1)) if value >= LEAST_TENTHS or not value else self.rounded(value)

    def whole(self, value: float) -> str:
        """A whole number from 10 on, three significant digits below."""
        return self.number(value) if value >= 10 else self.rounded(value)

    def exact(self, value: float | Decimal) -> str:
        """A stated number as it was stated: no rounding, no trailing zeros."""
        return signed(parsed("#,##0.######").apply(value, self.locale))

    def stated_price(self, value: Decimal) -> str:
        """A quoted price with the decimals it was quoted with."""
        return self.number(value, max(0, -int(value.as_tuple().exponent)))

    def stated(self, value: float) -> str:
        """A number of a source to five significant digits: 65, 0.372, 37,580,963,840."""
        if value == int(value) and abs(value) < 1e15:
            return self.number(value)
        return self.exact(float(f"{value:.5g}"))

    def likely(self, probability: float) -> str:
        """A probability no model deserves to call certain: never above 99 % nor below 1 %."""
        if probability >= NEARLY_CERTAIN:
            return self.say("over {share}", share=self.percent(NEARLY_CERTAIN))
        if probability < 1 - NEARLY_CERTAIN:
            return self.say("under {share}", share=self.percent(1 - NEARLY_CERTAIN))
        return self.percent(probability)

    def part(self, share: float) -> str:
        """A share of a whole, with decimals where it would be 0 % without."""
        return self.share(share, 0 if share >= 0.01 else 2)

    def zone(self, code: str, fallback: str) -> str:
        """A country's name in this language; the given name for states and price zones."""
        return name_of(code, self.language) or fallback

    def money(self, value: float | Decimal, currency: str, digits: int | None = None) -> str:
        """An amount with its currency; whole units from 100 on unless `digits` says otherwise."""
        places = digits if digits is not None else (0 if abs(float(value)) >= 100 else decimals(currency))
        pattern = str(self.locale.currency_formats["standard"].pattern)
        pattern = pattern.replace("0.00", "0." + "0" * places if places else "0")
        amount = parsed(pattern).apply(value, self.locale, currency=currency, currency_digits=False)
        return signed(LETTERS_BEFORE_A_DIGIT.sub(r"\1 ", amount.replace("\xa0", " ")))

    def stated_money(self, value: float, currency: str) -> str:
        """An amount as somebody stated it: €700, €12.90."""
        return self.money(value, currency, 0 if value == int(value) else 2)

    def unit_price(self, value: float | Decimal, currency: str) -> str:
        """A price of one hour or kWh: the currency's decimals, more where that leaves under three digits."""
        if not value:
            return self.money(0, currency)
        least = decimals(currency) if abs(float(value)) < WITHOUT_SMALL_CHANGE else 0
        places = max(least, 2 - math.floor(math.log10(abs(float(value)))))
        while places > least and round(float(value), places) == round(float(value), places - 1):
            places -= 1
        return self.money(value, currency, places)

    def about(self, value: float, currency: str, *, at_least: bool = False) -> str:
        """An estimated amount, as far as it is known: €595, €1,080, €12, €2.67, €0.034; `at_least` one that
        suffices."""
        if value == 0:
            return self.money(0, currency, 0)
        places = 2 - math.floor(math.log10(abs(value)))
        least = decimals(currency)
        if abs(value) < LEAST_TENTHS:
            places = max(least, places - 1)
        near = upward(value, min(places, 0)) if at_least and value >= 1 else round(value, places)
        if abs(near) >= WITHOUT_CENTS:
            return self.money(near, currency, 0)
        if least and abs(near) >= 0.1:
            return self.money(near, currency)
        return self.money(near, currency, max(least, self._few_places(near)))

    def _few_places(self, value: float) -> int:
        """Decimals of two significant digits, none of them a last zero."""
        places = 1 - math.floor(math.log10(abs(value)))
        return places - 1 if round(value, places) == round(value, places - 1) else places

    def about_ends(self, low: float, high: float, currency: str) -> tuple[str, str]:
        """Both ends of an estimated amount, rounded alike, as the larger one is known: €370 and €485, €0 and
        €75; each for itself where they would read the same."""
        largest = max(abs(low), abs(high))
        places = places_of(largest)
        if abs(round(largest, places)) >= WITHOUT_CENTS:
            places = min(places, 0)
        elif decimals(currency) and largest >= LEAST_TENTHS:
            places = decimals(currency)
        elif largest < LEAST_TENTHS:
            places -= 1
        near, far = round(low, places), round(high, places)
        if near == far:
            return self.about(low, currency), self.about(high, currency)
        digits = max(places, 0)
        return self.money(near or 0, currency, digits if near else 0), self.money(far, currency, digits)

    def about_between(self, interval: Interval, currency: str) -> str:
        """The ends of an estimated amount: €370–€485, 370–485 €; apart where one of them is below nothing."""
        low, high = self.about_ends(interval.p10, interval.p90, currency)
        if interval.p10 < 0:
            return f"{low} \N{EN DASH} {high}"
        sign = AFTER_AN_AMOUNT.search(low)
        if sign and high.endswith(sign[0]):
            low = low.removesuffix(sign[0])
        return f"{low}\N{EN DASH}{high}"

    def percent(self, share: float) -> str:
        """A share as a percentage without decimals."""
        return self.share(share)

    def share(self, share: float, digits: int = 0) -> str:
        """A share as a percentage with this many decimals."""
        pattern = str(self.locale.percent_formats[None].pattern)
        if digits:
            pattern = pattern.replace("##0", "##0." + "0" * digits)
        return signed(str(format_percent(share, format=pattern, locale=self.locale)).replace("\xa0", " "))

    def ends(self, low: float, high: float) -> tuple[str, str]:
        """Both ends of a range, rounded alike, to three significant digits of the larger one: 2,520 and
        3,600, 9.6 and 11.2; each for itself where they would read the same."""
        places = places_of(max(abs(low), abs(high)))
        near, far = round(low, places), round(high, places)
        if near == far:
            return self.rounded(low), self.rounded(high)
        digits = max(places, 0)
        return self.number(near, digits) if near else "0", self.number(far, digits) if far else "0"

    def around(self, interval: Interval) -> str:
        """The middle of an 80 % interval and its ends: 2,940 (2,520-3,600)."""
        low, high = self.ends(interval.p10, interval.p90)
        return f"{self.rounded(interval.p50)} ({low}-{high})"

    def between(self, interval: Interval) -> str:
        """The ends of an 80 % interval: 2,520-3,600 with a dash."""
        return "\N{EN DASH}".join(self.ends(interval.p10, interval.p90))

    def compact(self, value: float) -> str:
        """A large count in words: 37.6 billion."""
        return str(
            format_compact_decimal(value, format_type="long", locale=self.locale, fraction_digits=2)
        ).replace("\xa0", " ")

    def minute(self, value: datetime) -> str:
        """A moment in UTC: 2026-11-28 14:30 UTC, 28.11.2026 14:30 UTC."""
        return f"{self.day(value.date())} {value:%H:%M} UTC"

    def day(self, value: date) -> str:
        """A date in the language's short numeric form, always with a four-digit year."""
        return str(
            format_date(
                value, format="d.M.yyyy" if self.language == "de" else "yyyy-MM-dd", locale=self.locale
            )
        )


def places_of(value: float) -> int:
    """Decimals of three significant digits; below 0 where the last of them is no decimal."""
    if not value:
        return 0
    places = 2 - math.floor(math.log10(abs(value)))
    return 2 - math.floor(math.log10(abs(round(value, places))))


def upward(value: float, places: int) -> float:
    """The next number with so many decimals that is no smaller."""
    step = 10.0**-places
    return round(math.ceil(value / step - 1e-9) * step, max(places, 0))


def signed(number: str) -> str:
    """The same number with a minus sign in place of a hyphen."""
    return number.replace("-", "\N{MINUS SIGN}")


@lru_cache(maxsize=64)
def decimals(currency: str) -> int:
    """How many decimals an amount in this currency has: 2, and none in yen."""
    return min(2, get_currency_precision(currency))


@lru_cache(maxsize=len(LANGUAGES))
def wording(language: str) -> Wording:
    """The shared wording of a language. Raises InvalidValue for a language we do not speak."""
    return Wording(language)


@cache
def catalog(language: str) -> gettext.NullTranslations:
    """Translations of a language, read from its .po file, so that no compiled file can fall behind."""
    if language == "en":
        return gettext.NullTranslations()
    with (TRANSLATIONS / f"{language}.po").open("rb") as file:
        messages = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
