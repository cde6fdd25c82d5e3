"""SkyPilot's hosted catalogues: one table of instances and prices per cloud, refreshed by its project.

The files carry no day: an offer is as of the moment it was read there, and the source says so. The host
limits how often it is asked (HTTP 429, skypilot issue 5438): then the project's own mirror answers.
Traps, each with a test: Google's GPUs and machines are separate rows, and some on-demand columns hold
committed prices; Azure's last column is unquoted "V1,V2"; spot 0.00 is unknown; spot above on-demand;
blank prices; shares of a GPU; memory as Python literal, JSON, in GB, or of all GPUs together.
https://github.com/skypilot-org/skypilot-catalog, catalogs/<schema>/<cloud>/vms.csv

The project moves from schema v8 to v9, cloud by cloud: the newest schema that has a cloud's table is read,
and the offers' source says which. Verified 2026-11-28: catalogs/v9 holds tables of at least aws, cudo, gcp,
ibm, lambda, nebius, oci, seeweb and vast with the columns of v8 (skypilot-catalog a5be5386, 3e9a1751),
while the stored README and clients (sky/skylet/constants.py) still name v8; mirror from the same constants.

Left out: kubernetes, slurm and vsphere (machines of one's own), daytona (sandboxes, no training
machines), simplepod and scaleway, ovhcloud, ibm, paperspace, fluidstack, scp (older schema versions only,
not refreshed: a price nobody looks after).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from pricing.catalogue_rows import CatalogueTable, skypilot_offers
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer, Source, Tier

HOST = "https://raw.githubusercontent.com/skypilot-org/skypilot-catalog/master/"
MIRROR = "https://skypilot-catalog.s3.us-east-1.amazonaws.com/"
SCHEMAS = ("v9", "v8")
"""The newest first; the project keeps refreshing the one before for its older clients."""
ADDRESS = HOST + "catalogs/{schema}/{cloud}/vms.csv"
LICENCE = "no licence stated; facts re-keyed, SkyPilot itself Apache-2.0"
SHADEFORM_CLOUDS = {
    "crusoe": "crusoe", "datacrunch": "verda", "denvr": "denvr", "digitalocean": "digitalocean",
    "excesssupply": "excess-supply", "hotaisle": "hot-aisle", "hyperstack": "hyperstack",
    "lambdalabs": "lambda", "latitude": "latitude", "massedcompute": "massed-compute", "nebius": "nebius",
    "paperspace": "paperspace", "scaleway": "scaleway", "verda": "verda", "voltagepark": "voltage-park",
    "vultr": "vultr",
}  # fmt: skip
"""Shadeform's name of a cloud -> our provider's slug."""


@dataclass(frozen=True, slots=True)
class Cloud:
    """One catalogue: its directory, whose prices it holds, and its own habits."""

    directory: str
    provider: str
    title: str
    tier: Tier = "on_demand"
    note: str = ""
    memory_is_total: bool = False
    sellers: Mapping[str, str] = field(default_factory=dict)

    def table(self, day: date, said: Source) -> CatalogueTable:
        """What the columns of this catalogue mean, wherever the file comes from."""
        return CatalogueTable(
            self.provider,
            day,
            said,
            tier=self.tier,
            note=self.note,
            memory_is_total=self.memory_is_total,
            sellers=self.sellers,
            broker=self.title,
        )


CLOUDS = {
    f"skypilot_{cloud.directory}": cloud
    for cloud in (
        Cloud("aws", "aws", "Amazon Web Services"),
        Cloud("azure", "azure", "Microsoft Azure"),
        Cloud("cudo", "cudo", "Cudo Compute"),
        Cloud("do", "digitalocean", "DigitalOcean"),
        Cloud("gcp", "gcp", "Google Cloud"),
        Cloud("hyperbolic", "hyperbolic", "Hyperbolic", "marketplace"),
        Cloud("hyperstack", "hyperstack", "Hyperstack"),
        Cloud("jarvislabs", "jarvis-labs", "Jarvis Labs"),
        Cloud("lambda", "lambda", "Lambda"),
        Cloud("lium", "lium", "Lium", "marketplace"),
        Cloud("mithril", "mithril", "Mithril", "marketplace", "the floor of bids"),
        Cloud("nebius", "nebius", "Nebius"),
        Cloud("oci", "oci", "Oracle Cloud"),
        Cloud("primeintellect", "prime-intellect", "Prime Intellect", memory_is_total=True),
        Cloud("runpod", "runpod", "RunPod"),
        Cloud("seeweb", "seeweb", "Seeweb"),
        Cloud("shadeform", "shadeform", "Shadeform", sellers=SHADEFORM_CLOUDS),
        Cloud("spheron", "spheron", "Spheron"),
        # The median of a bucket of hosts, not a price one can book.
        Cloud("vast", "vast", "Vast.ai", "marketplace", "median of similar hosts"),
        Cloud("verda", "verda", "Verda"),
        Cloud("yotta", "yotta", "Yotta Labs"),
    )
}


def table_of(provider: str, day: date, said: Source) -> CatalogueTable:
    """What the columns of a provider's catalogue mean; those of one that has none, as most do."""
    cloud = next((cloud for cloud in CLOUDS.values() if cloud.provider == provider), None)
    return cloud.table(day, said) if cloud else CatalogueTable(provider, day, said)


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The table of the newest schema that has it; from the mirror while the host is busy or down."""
    from pricing.http import FetchFailed

    if not asked.url.startswith(HOST):
        return way_out.get(asked.url)
    for schema in SCHEMAS[:-1]:
        try:
            return _of_schema(way_out, asked.url, schema)
        except FetchFailed as error:
            if error.status != 404:
                raise
    return _of_schema(way_out, asked.url, SCHEMAS[-1])


def _of_schema(way_out: WayOut, address: str, schema: str) -> Payload:
    from pricing.http import FetchFailed

    url = address.replace(f"/{SCHEMAS[0]}/", f"/{schema}/")
    try:
        return way_out.get(url)
    except FetchFailed as error:
        is_busy = error.status is not None and (error.status == 429 or error.status >= 500)
        if not is_busy:
            raise
        try:
            return way_out.get(url.replace(HOST, MIRROR))
        except FetchFailed as also:
            # A mirror says 403 of what it does not hold: the host's word counts.
            status = 404 if also.status in (403, 404) else error.status
            raise FetchFailed(f"{error}; its mirror too: {also}", error.retry_after_s, status) from also


def source_of(name: str) -> PriceSource:
    """The catalogue of one cloud."""
    cloud = CLOUDS[name]
    url = ADDRESS.format(schema=SCHEMAS[0], cloud=cloud.directory)
    full_title = f"{cloud.title} prices, SkyPilot catalogue (undated; the day is when we read it)"

    def parse(payload: Payload) -> list[CloudOffer | Rejected]:
        """All GPU offers of the table. Raises UnreadablePayload."""
        try:
            text = payload.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnreadablePayload(f"not UTF-8: {error}") from error
        day = payload.fetched_at.date()
        schema = next((one for one in SCHEMAS if f"/{one}/" in payload.url), SCHEMAS[0])
        read_at = ADDRESS.format(schema=schema, cloud=cloud.directory)
        said = Source(f"skypilot-{cloud.directory}-{schema}", full_title, read_at, day, LICENCE, day)
        found = list(skypilot_offers(text, cloud.table(day, said)))
        if not found:
            raise UnreadablePayload("no GPU in the table")
        return found

    return PriceSource(
        name=name,
        title=f"{cloud.title} prices, SkyPilot catalogue",
        url=url,
        every=timedelta(hours=7),
        parse=parse,
        licence=LICENCE,
        fetch=fetch,
    )


SOURCES = tuple(source_of(name) for name in CLOUDS)
