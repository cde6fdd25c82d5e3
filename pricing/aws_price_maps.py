"""The price maps behind AWS's pricing pages, of one region each: what of them several sources read alike.

A map has `manifest` with the time it was published and `regions`: place -> name -> row, prices as text. Its
body is gzip though no header says so. Machines go by the name of the place, EU (Frankfurt).
"""

import json
import re
import zlib
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pricing.source import UnreadablePayload, WayOut

MAPS = "https://b0.p.awsstatic.com/pricing/2.0/meteredUnitMaps"
LOCATIONS = {
    "us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)", "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)", "sa-east-1": "South America (Sao Paulo)",
    "eu-central-1": "EU (Frankfurt)", "eu-north-1": "EU (Stockholm)", "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)", "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)", "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
}  # fmt: skip
"""Region -> its place in the price list."""
REGIONS = {place: region for region, place in LOCATIONS.items()}
FAMILY = re.compile(r"(?:[pg]\d|gr\d|u-p\d)[\w-]*\.[\w-]+")
"""A type of machine with GPUs."""
MOST_MAP_BYTES = 50_000_000
GZIP = b"\x1f\x8b"


def region_at(place: str) -> str | None:
    """The region of a place; "Europe (Frankfurt)" is what other pages call it."""
    return REGIONS.get(place) or REGIONS.get(place.replace("Europe (", "EU ("))


def gpu_rows(way_out: WayOut, file: str, named_by: str) -> bytes:
    """A map with its GPU machines alone, whose rows name the type in a field. Raises UnreadablePayload."""
    document = _map(unpacked(way_out.get(file).content))
    for place, rows in document["regions"].items():
        document["regions"][place] = {
            key: row for key, row in rows.items() if FAMILY.fullmatch(str(row.get(named_by)))
        }
    return json.dumps(document).encode()


def unpacked(content: bytes) -> bytes:
    """The map itself: its host sends gzip without saying so. Raises UnreadablePayload."""
    if not content.startswith(GZIP):
        return content
    unpacking = zlib.decompressobj(wbits=47)
    try:
        found = unpacking.decompress(content, MOST_MAP_BYTES)
    except zlib.error as error:
        raise UnreadablePayload(f"its compression is broken: {error}") from error
    if not unpacking.eof:
        raise UnreadablePayload(f"cut off, or more than {MOST_MAP_BYTES:,} bytes")
    return found


def joined(maps: list[bytes]) -> bytes:
    """Several maps as one answer, {"files": [...]}."""
    return b'{"files": [' + b", ".join(maps) + b"]}"


def files_of(content: bytes) -> list[dict[str, Any]]:
    """The maps of an answer, one or several joined. Raises UnreadablePayload."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("neither price maps nor a price list of format v1.0") from error
    if isinstance(document, dict) and isinstance(document.get("files"), list):
        return [_map(json.dumps(one).encode()) for one in document["files"]]
    return [_map(content)]


def published(document: Mapping[str, Any], read_on: date) -> date:
    """The day for which a map is true, else the one on which it was read."""
    manifest = document.get("manifest")
    return day_of(
        str(manifest.get("hawkFilePublicationDate") if isinstance(manifest, dict) else None), read_on
    )


def day_of(stated: str, read_on: date) -> date:
    """The day of an instant as it is written, none after the one on which it was read."""
    try:
        return min(datetime.fromisoformat(stated).date(), read_on)
    except ValueError:
        return read_on


def _map(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
        if all(isinstance(row, dict) for rows in document["regions"].values() for row in rows.values()):
            return dict(document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadablePayload(f"no price map of regions: {error!r}"[:200]) from error
    raise UnreadablePayload("a price map with rows of another kind")
