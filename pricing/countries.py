"""The country of a region whose own name spells it; of other regions the store's table of regions tells."""

import re
from functools import lru_cache

NAMES = {
    "usa": "US", "canada": "CA", "france": "FR", "poland": "PL", "norway": "NO", "japan": "JP",
    "india": "IN", "finland": "FI", "germany": "DE", "sweden": "SE", "iceland": "IS", "israel": "IL",
    "netherlands": "NL", "australia": "AU", "uk": "GB", "singapore": "SG", "spain": "ES", "italy": "IT",
}  # fmt: skip
NO_COUNTRY = frozenset({"EU", "NA", "SA", "AF", "AS", "OC"})
"""Continents, as Vast.ai and RunPod write them; some are also codes of countries, which they do not mean."""
COUNTRY_FIRST = frozenset({"seeweb", "cudo"})
"""Providers whose regions begin with the country: it-fr2, no-kristiansand-1."""


@lru_cache(maxsize=16_384)
def country_of(provider: str, region: str) -> str | None:
    """ISO 3166 code of the country that a region's name spells; None where it spells none.

    "Denmark, DK, EU" (Vast.ai), "kansascity-usa-1" (Shadeform), "DE" (Lium), "it-fr2" (Seeweb).
    """
    text = region.strip()
    if listed := re.fullmatch(r"[^,]*,\s*([A-Z]{2})(,.*)?", text):
        return _country(listed[1])
    if (named := re.fullmatch(r"[a-z]+-([a-z]+)-\d+", text)) and named[1] in NAMES:
        return NAMES[named[1]]
    if re.fullmatch(r"[A-Z]{2}", text):
        return _country(text)
    if provider in COUNTRY_FIRST and (first := re.match(r"([a-z]{2})-", text)):
        return _country(first[1].upper())
    return None


def _country(code: str) -> str | None:
    return "GB" if code == "UK" else None if code in NO_COUNTRY else code
