"""Who asks: the address of a client, right behind proxies too, and how it is called when limits are kept."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from service.settings import Network

_HOST = re.compile(r"[A-Za-z0-9._-]+(?::\d{1,5})?|\[[0-9A-Fa-f:.]+\](?::\d{1,5})?")
TOLD_BY_PROXIES = frozenset(("x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"))
ONE_HOME_BITS = 64
"""A home or a rented machine has a whole /64 of IPv6: it is one client."""


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from; scheme and host as the outermost trusted proxy was asked, else None."""

    address: str
    key: str
    """Under which limits are kept."""
    is_here: bool
    """Whether it is this machine: whoever is on it may ask as much as it wants."""
    scheme: str | None = None
    host: str | None = None


@lru_cache(4096)
def at(peer: str) -> Client:
    """Who asks from that address."""
    text = _plain(peer)
    address = _address(text)
    key = text
    if isinstance(address, IPv6Address):
        key = f"{IPv6Address(int(address) >> ONE_HOME_BITS << ONE_HOME_BITS)}/{ONE_HOME_BITS}"
    return Client(text, key, address is not None and address.is_loopback)


def client_of(peer: str, headers: dict[str, str], trusted: Sequence[Network]) -> Client:
    """Who asked: X-Forwarded-For is read from the right as long as those who wrote it are trusted.

    `headers` by name in small letters. What a stranger sends as X-Forwarded-* is not looked at.
    """
    if not trusted or not _is_among(peer, trusted):
        client = at(peer)
        if client.is_here and not TOLD_BY_PROXIES.isdisjoint(headers):
            # A proxy on this machine that nobody named: who asks is somewhere else.
            return replace(client, is_here=False)
        return client
    address = peer
    for hop in reversed(headers.get("x-forwarded-for", "").split(",")):
        if not hop.strip():
            break
        told = _plain(hop.strip())
        if _address(told) is None:
            break
        address = told
        if not _is_among(address, trusted):
            break
    scheme = headers.get("x-forwarded-proto", "").rsplit(",", 1)[-1].strip().lower()
    host = headers.get("x-forwarded-host", "").rsplit(",", 1)[-1].strip()
    return replace(
        at(address),
        scheme=scheme if scheme in ("http", "https") else None,
        host=host if _HOST.fullmatch(host) else None,
    )


def _plain(text: str) -> str:
    """An address without brackets and port, an IPv4 one that came over IPv6 as IPv4."""
    if text.startswith("["):
        text = text[1:].split("]", 1)[0]
    elif text.count(":") == 1:
        text = text.split(":", 1)[0]
    address = _address(text)
    return text if address is None else str(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_among(text: str, networks: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in networks)
