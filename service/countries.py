"""What we know of countries: their codes, the names people type, bidding zones, parts of the world.

The one place for it. Names and the list of ISO 3166 codes are Babel's; here stands what Babel does not know.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale
from babel.core import get_global

LANGUAGES = ("en", "de")
"""A country is understood by its name in these."""
_OTHER_CODES = {"UK": "GB", "EL": "GR"}
"""Eurostat's, where they are not ISO 3166's; people and price lists write them too."""
_OTHER_NAMES = {
    "usa": "US", "uk": "GB", "great britain": "GB", "holland": "NL", "turkey": "TR", "czech republic": "CZ",
    "kalifornien": "US-CA", "ger": "DE", "brd": "DE",
    "großbritannien": "GB", "england": "GB",
}  # fmt: skip
_NAMES_OF_TWO = frozenset({"georgia"})
"""Also a state of the USA, which is meant more often."""
_BIDDING_ZONES = {"DE": "DE-LU", "LU": "DE-LU"}
"""Where it is not called like the country; of several zones a household names its own."""
CONTINENTS = frozenset({"AF", "AS", "EU", "NA", "OC", "SA"})
"""As price lists write them after a country; some are also codes of countries, which they do not mean."""

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_PARTS = {
    "eu": _EU,
    "europe": f"{_EU} AD AL BA BY CH FO GB GG GI IM IS JE LI MC MD ME MK NO RS RU SM UA VA XK",
    "us": "US",
    "north-america": "BM CA GL MX US",
    "central-america": "BB BS BZ CR CU DM DO GD GT HN HT JM KN LC NI PA PR SV TT VC",
    "south-america": "AR BO BR CL CO EC GY PE PY SR UY VE",
    "middle-east": "AE BH IL IQ IR JO KW LB OM PS QA SA SY TR YE",
    "asia": "AF AM AZ BD BN BT CN GE HK ID IN JP KG KH KP KR KZ LA LK MM MN MO MV MY NP PH PK SG TH TJ TM TL "
    "TW UZ VN",
    "oceania": "AU FJ NC NZ PG SB TO VU WS",
    "africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR "
    "MU MW MZ NA NE NG RW SC SD SL SN SO SS ST SZ TD TG TN TZ UG ZA ZM ZW",
}
PARTS_OF_THE_WORLD: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset(countries.split()) for name, countries in _PARTS.items()}
)
"""Name -> ISO 3166 countries; `eu` is the European Union, `europe` the continent without Turkey."""


def code_of(written: str) -> str | None:
    """ISO 3166 code that two letters in any case mean, its own or Eurostat's; None where they are none's."""
    code = written.strip().upper()
    code = _OTHER_CODES.get(code, code)
    return code if code in _codes() else None


def code_named(name: str) -> str | None:
    """ISO 3166 code of the country people call so in one of LANGUAGES; None for any other name."""
    return _by_name().get(name.strip().casefold())


def name_of(code: str, language: str = "en") -> str | None:
    """What a country is called in a language; None for what is none, like a state or a bidding zone."""
    found = Locale(language).territories.get(code)
    return None if found is None else str(found)


def place(region: str, country: str | None, language: str = "en") -> str:
    """A region as one would say it: "Vietnam, VN, AS" in VN is Vietnam, "us-east-1" in US "us-east-1, US"."""
    parts = [part.strip() for part in region.split(",") if part.strip()]
    codes = [part for part in parts[1:] if len(part) == 2 and part.isupper()]
    country = country or next(filter(None, map(code_of, codes)), None)
    if country is None:
        return region
    named = [part for part in parts if part not in codes and part != country]
    if not named or _is_called(country, named[-1]):
        named = [*named[:-1], name_of(country, language) or country]
    else:
        named.append(country)
    return ", ".join(named)


def _is_called(country: str, name: str) -> bool:
    called = {name_of(country, language) for language in LANGUAGES}
    return name in called or _OTHER_NAMES.get(name.casefold()) == country


def bidding_zone_of(code: str) -> str:
    """The zone in whose auction a country's electricity is priced."""
    return _BIDDING_ZONES.get(code, code)


def code_of_three_letters(written: str) -> str | None:
    """DE of DEU; None for what is no country's."""
    code = written.strip().upper()
    found = get_global("territory_aliases").get(code) if len(code) == 3 else None
    return str(found[0]) if found else None


@cache
def _codes() -> frozenset[str]:
    # Babel's list of names would take a tenth of a second to read, and holds the EU and the UN as well.
    return frozenset(code for code in get_global("territory_languages") if len(code) == 2 and code.isalpha())


WITHOUT_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@cache
def _by_name() -> Mapping[str, str]:
    named = {
        spelling: code
        for language in LANGUAGES
        for code in _codes()
        if (name := name_of(code, language))
        for spelling in (
            name.casefold(),
            name.casefold().replace("&", "and"),
            name.casefold().translate(WITHOUT_UMLAUTS),
        )
    }
    return {name: code for name, code in (named | _OTHER_NAMES).items() if name not in _NAMES_OF_TWO}
