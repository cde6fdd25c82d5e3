"""Which addresses may be spoken to: a public host, never the inside of a network."""

import socket
from urllib.parse import urlsplit

from service.public_hosts import is_public_address


def is_public(host: str) -> bool:
    """Whether every address a host name stands for is public; False for a name that cannot be resolved.

    Leaves out that a name may mean another address a moment later: what is sent there holds no secret.
    """
    return bool(public_addresses(host))


def public_addresses(host: str) -> list[str]:
    """Every address a host name stands for; none if one of them is not public or it cannot be resolved.

    Who connects to one of these, instead of to the name, cannot be led elsewhere a moment later.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    addresses = [str(entry[4][0]) for entry in found]
    return addresses if all(map(is_public_address, addresses)) else []


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address. Raises ValueError for a port that is none."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme.lower(), (parts.hostname or "").lower(), port
