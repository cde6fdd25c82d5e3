"""The country of a region whose own name spells it; of other regions the store's table of regions tells."""

import re
from functools import lru_cache

from service.countries import CONTINENTS, code_named, code_of

COUNTRY_FIRST = frozenset({"seeweb", "cudo", "linode", "cloudrift", "mithril", "yotta"})
"""Providers whose regions begin with the country: it-fr2, no-kristiansand-1, us-ord."""
NO_COUNTRY_FIRST = frozenset({"af", "eu", "me", "na", "sa"})
"""What regions begin with that lie in a part of the world; some are also codes of countries."""
RUNPOD = re.compile(r"(?:EU|EUR|AP|OC|SEA|ME|AF|SA)-([A-Z]{2})-\d+|(US|CA)-[A-Z]{2,3}-\d+")
"""EU-RO-1, US-KS-2: a part of the world and a country, or a country and its state."""
NUMBERED = re.compile(r"([A-Za-z][A-Za-z ]+?)[ -]?\d+")
"""CANADA-1, Finland 3."""


@lru_cache(maxsize=16_384)
def country_of(provider: str, region: str) -> str | None:
    """ISO 3166 code of the country that a region's name spells; None where it spells none.

    "Denmark, DK, EU" (Vast.ai), "kansascity-usa-1" (Shadeform), "DE" (Lium), "it-fr2" (Seeweb), "CANADA-1"
    (Hyperstack), "EU-RO-1" (RunPod).
    """
    text = region.strip(" ,")
    if codes := re.findall(r"(?:^|,)\s*([A-Z]{2})(?=\s*(?:,|$))", text):
        if codes[-1] in CONTINENTS and (len(codes) > 1 or text == codes[-1]):
            codes.pop()
        return code_of(codes[-1]) if codes else None
    if (named := re.fullmatch(r"[a-z]+-([a-z]+)-\d+", text)) and (country := code_named(named[1])):
        return country
    if (numbered := NUMBERED.fullmatch(text)) and (country := code_named(numbered[1])):
        return country
    if provider == "runpod" and (spelled := RUNPOD.fullmatch(text)):
        return code_of(spelled[1] or spelled[2])
    if provider in COUNTRY_FIRST and (first := re.match(r"([a-z]{2})-", text)):
        return None if first[1] in NO_COUNTRY_FIRST else code_of(first[1])
    return None
