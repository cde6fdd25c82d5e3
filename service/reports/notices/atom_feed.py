"""What happened, as an Atom feed (RFC 4287)."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

ATOM = "http://www.w3.org/2005/Atom"


def feed(
    *, title: str, address: str, made_at: datetime, entries: Sequence[dict[str, Any]], thing: str
) -> bytes:
    """An Atom feed; each entry has key, title, summary, at and link, and a category where it is marked.

    `made_at` is its date while nothing has happened yet; an entry's id follows from `thing`, what all
    entries are, and its key, and never changes.
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
        add(item, "id", _urn(f"{thing} {entry['key']}"))
        add(item, "title", entry["title"])
        add(item, "updated", _instant(entry["at"]))
        add(item, "published", _instant(entry["at"]))
        add(item, "link", rel="alternate", href=entry["link"])
        if entry.get("category"):
            add(item, "category", term=entry["category"])
        add(item, "summary", entry["summary"])
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _urn(text: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"heimvorteil {text}").urn


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
