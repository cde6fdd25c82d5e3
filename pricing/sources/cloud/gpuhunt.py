"""dstack's gpuhunt catalogues: hourly tables of nine clouds, a version file and a zip beside it.

v3 has one pair per cloud, so that a cloud whose collection fails keeps its old version: an offer is as of
the day that its version is named after ("20260818-42"), and its note names the version; old versions stay
addressable. v2, the layout before, is one zip with all clouds and is asked only while v3 is down. The
address may also be that of a zip or of its table. Flags tell dstack which of its releases can start an
instance; the price is true without them, and they are kept in the note. Shares of a GPU and TPUs are no
offers; RunPod's rows are on-demand only; Lambda's are listed in every region, sold out or not.

The gpuhunt package itself is not used to read them: it downloads with urllib, past our limits, retries
and mirrors, drops malformed rows with a log line where we must say which and why, and turns prices into
binary floats. It is the outside oracle of our tests instead.
https://github.com/dstackai/gpuhunt
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urljoin

from pricing.catalogue_rows import CatalogueTable, gpuhunt_offers
from pricing.source import Asked, Payload, PriceSource, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer, Source

HOST = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com"
LICENCE = "no licence stated; facts re-keyed, gpuhunt itself MPL-2.0"
PROVIDERS = {
    "aws": ("aws", "Amazon Web Services"),
    "azure": ("azure", "Microsoft Azure"),
    "cloudrift": ("cloudrift", "CloudRift"),
    "gcp": ("gcp", "Google Cloud"),
    "lambdalabs": ("lambda", "Lambda"),
    "nebius": ("nebius", "Nebius"),
    "oci": ("oci", "Oracle Cloud"),
    "runpod": ("runpod", "RunPod"),
    "verda": ("verda", "Verda"),
}
"""gpuhunt's name of a cloud -> our provider's slug, its name."""
ALSO = {"datacrunch": "verda", "tensordock": "tensordock", "vultr": "vultr", "cudo": "cudo"}
"""Clouds that only zips of the second layout hold."""
VERSION = re.compile(rb"\s*(\d{8}(-\d+)?)\s*")
LARGEST_TABLES_BYTES = 100_000_000
"""All tables of a zip together, unpacked: a small zip can hold gigabytes."""


def fetch(way_out: WayOut, asked: Asked) -> Payload:
    """The zip of the version that the version file names; what is no version file is the answer itself."""
    first = way_out.get(asked.url)
    named = VERSION.fullmatch(first.content)
    if named is None:
        return first
    return way_out.get(urljoin(asked.url, f"{named[1].decode()}/catalog.zip"))


def tables(payload: Payload, alone: str) -> Iterator[tuple[str, str]]:
    """Name of a cloud and its table, for every table of a zip; a bare table is that of `alone`.

    Raises UnreadablePayload for a zip that is broken, holds no table or would unpack to more than
    `LARGEST_TABLES_BYTES`.
    """
    if not payload.content.startswith(b"PK"):
        yield alone, _text(payload.content)
        return
    left = LARGEST_TABLES_BYTES
    try:
        with zipfile.ZipFile(io.BytesIO(payload.content)) as packed:
            files = [name for name in packed.namelist() if name.endswith(".csv")]
            if not files:
                raise UnreadablePayload("no table in the zip")
            for file in files:
                with packed.open(file) as unpacking:
                    # Read one byte more than may be: the size that a zip states need not be true.
                    content = unpacking.read(left + 1)
                if len(content) > left:
                    raise UnreadablePayload(f"a zip of more than {LARGEST_TABLES_BYTES:,} bytes")
                left -= len(content)
                yield file.rsplit("/", 1)[-1].removesuffix(".csv"), _text(content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadablePayload(f"a broken zip: {error}") from error


def version_of(url: str, fetched_at: datetime) -> tuple[str, date]:
    """The version that an address names and its day; without one "" and the day it was read."""
    today = fetched_at.date()
    named = re.search(r"/((\d{4})(\d\d)(\d\d)(-\d+)?)/", url)
    if named is None:
        return "", today
    try:
        return named[1], min(date(int(named[2]), int(named[3]), int(named[4])), today)
    except ValueError:
        return named[1], today


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadablePayload(f"not UTF-8: {error}") from error


def _read(
    payload: Payload, alone: str, title: str, url: str, known: Mapping[str, str]
) -> list[CloudOffer | Rejected]:
    version, day = version_of(payload.url, payload.fetched_at)
    note = f"gpuhunt catalogue {version}" if version else "gpuhunt catalogue, version not stated"
    found: list[CloudOffer | Rejected] = []
    for name, text in tables(payload, alone):
        if name not in known:
            found.append(Rejected(f"{name}.csv", f"a cloud that the catalog does not hold: {name}"))
            continue
        slug = f"gpuhunt-{name}"
        said = Source(slug, title.format(name=name), url, day, LICENCE, payload.fetched_at.date())
        found += gpuhunt_offers(text, CatalogueTable(known[name], day, said, note=note))
    if not any(isinstance(fact, CloudOffer) for fact in found):
        raise UnreadablePayload("no GPU with a price in the catalogue")
    return found


def source_of(name: str) -> PriceSource:
    """The v3 catalogue of one cloud."""
    provider, title = PROVIDERS[name]
    url = f"{HOST}/v3/{name}/version"
    full = f"{title} prices, gpuhunt catalogue"

    def parse(payload: Payload) -> list[CloudOffer | Rejected]:
        """All GPU offers of the table. Raises UnreadablePayload."""
        return _read(payload, name, full, url, {name: provider})

    return PriceSource(
        name=f"gpuhunt_{name}", title=full, url=url, every=timedelta(hours=1), parse=parse, licence=LICENCE,
        fetch=fetch, states_its_day=True,
    )  # fmt: skip


def parse_all(payload: Payload) -> list[CloudOffer | Rejected]:
    """All GPU offers of a zip with the tables of all clouds. Raises UnreadablePayload."""
    if not payload.content.startswith(b"PK"):
        raise UnreadablePayload("not a zip")
    known = {name: provider for name, (provider, _) in PROVIDERS.items()} | ALSO
    return _read(payload, "", "{name} prices, gpuhunt catalogue", f"{HOST}/v2/version", known)


V2 = PriceSource(
    name="gpuhunt_v2",
    title="Prices of all clouds, gpuhunt catalogue in its layout before August 2026",
    url=f"{HOST}/v2/version",
    every=timedelta(hours=1),
    parse=parse_all,
    licence=LICENCE,
    fetch=fetch,
    fallback_for="gpuhunt_aws",
    states_its_day=True,
)
SOURCES = (*(source_of(name) for name in PROVIDERS), V2)
