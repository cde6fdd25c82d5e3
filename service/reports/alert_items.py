"""Alerts as plain values and as an Atom feed (RFC 4287)."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from service.reports.sourced import amount

ATOM = "http://www.w3.org/2005/Atom"


def condition(
    *, gpu: str, gpu_count: int, tier: str | None, provider: str | None, currency: str,
    threshold_per_hour: Decimal | None, fall_percent: float | None,
) -> str:  # fmt: skip
    """The rule in words."""
    what = " ".join(filter(None, (f"{gpu_count} x {gpu}", tier, f"from {provider}" if provider else None)))
    if threshold_per_hour is not None:
        return f"{what}: at most {amount(threshold_per_hour)} {currency} per hour"
    return f"{what}: {fall_percent:g} % below the dearest price since it last fired"


def money(value: Decimal | None) -> str | None:
    """An exact amount; None stays unknown."""
    return None if value is None else amount(value)


def feed(*, title: str, address: str, made_at: datetime, entries: Sequence[dict[str, Any]]) -> bytes:
    """An Atom feed; each entry has key, title, summary, at and link. Ids never change.

    `made_at` is its date while nothing has happened yet.
    """
    ElementTree.register_namespace("", ATOM)
    root = ElementTree.Element(f"{{{ATOM}}}feed")

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
        child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        child.text = text or None
        return child

    add(root, "id", _urn(f"feed {address}"))
    add(root, "title", title)
    add(root, "updated", _instant(max((entry["at"] for entry in entries), default=made_at)))
    add(add(root, "author"), "name", "Heimvorteil")
    add(root, "link", rel="self", href=address, type="application/atom+xml")
    for entry in entries:
        item = add(root, "entry")
        add(item, "id", _urn(f"alert event {entry['key']}"))
        add(item, "title", entry["title"])
        add(item, "updated", _instant(entry["at"]))
        add(item, "published", _instant(entry["at"]))
        add(item, "link", rel="alternate", href=entry["link"])
        add(item, "summary", entry["summary"])
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _urn(text: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"heimvorteil {text}").urn


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
