"""Where regions lie: the country of a large cloud's region, as the catalog tells it."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache

from service.store.versions import CATALOG


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
