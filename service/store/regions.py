"""Where regions lie: the country of a large cloud's region, the countries of a part of the world."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from service.store.versions import CATALOG

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


@lru_cache(maxsize=1)
def _countries() -> Mapping[tuple[str, str], str]:
    table = tomllib.loads((CATALOG / "regions.toml").read_text("utf-8"))
    return {
        (provider, region): country
        for provider, known in table.items()
        for country, regions in known["countries"].items()
        for region in regions
    }


def country_of(provider: str, region: str) -> str | None:
    """ISO country of a provider's region, as its own list of regions has it; None where we do not know."""
    return _countries().get((provider, region.lower()))
