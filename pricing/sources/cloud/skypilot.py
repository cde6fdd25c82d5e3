"""SkyPilot's hosted catalogues: one table of instances and prices per cloud, refreshed by its project.

The files carry no day: an offer is as of the moment it was read there, and the source says so.
https://github.com/skypilot-org/skypilot-catalog, catalogs/v8/<cloud>/vms.csv
"""

from datetime import timedelta

from pricing.catalogue_rows import Table, skypilot_offers
from pricing.source import Payload, PriceSource, Rejected, UnreadablePayload
from service.facts import CloudOffer, Source

ADDRESS = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/catalogs/v8/{cloud}/vms.csv"
LICENCE = "no licence stated; facts re-keyed, SkyPilot itself Apache-2.0"
CLOUDS = {
    "skypilot_do": ("do", "digitalocean", "DigitalOcean"),
    "skypilot_hyperstack": ("hyperstack", "hyperstack", "Hyperstack"),
    "skypilot_nebius": ("nebius", "nebius", "Nebius"),
    "skypilot_runpod": ("runpod", "runpod", "RunPod"),
    "skypilot_vast": ("vast", "vast", "Vast.ai"),
}
"""Source name -> directory of the catalogue, our provider's slug, its name."""
MEDIANS = frozenset({"vast"})
"""Catalogues that print the median of a bucket of hosts, not a price one can book."""


def source_of(name: str) -> PriceSource:
    """The catalogue of one cloud."""
    cloud, provider, title = CLOUDS[name]
    full_title = f"{title} prices, SkyPilot catalogue (undated; the day is when we read it)"

    def parse(payload: Payload) -> list[CloudOffer | Rejected]:
        """All GPU offers of the table. Raises UnreadablePayload."""
        try:
            text = payload.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadablePayload(f"not UTF-8: {error}") from error
        day = payload.fetched_at.date()
        said = Source(f"skypilot-{cloud}", full_title, ADDRESS.format(cloud=cloud), day, LICENCE, day)
        tier = "marketplace" if cloud in MEDIANS else "on_demand"
        found = list(skypilot_offers(text, Table(provider, day, said, tier)))
        if not found:
            raise UnreadablePayload("no GPU in the table")
        return found

    return PriceSource(
        name=name,
        title=f"{title} prices, SkyPilot catalogue",
        url=ADDRESS.format(cloud=cloud),
        every=timedelta(hours=7),
        parse=parse,
        licence=LICENCE,
    )


SOURCES = tuple(source_of(name) for name in CLOUDS)
