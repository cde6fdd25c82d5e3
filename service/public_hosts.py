"""Which addresses are of the public internet: what a webhook or a redirect may be spoken to."""

import ipaddress
import re

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: how a network without IPv4 names a public IPv4 address; it can name a private one too."""
NEVER = tuple(
    map(ipaddress.ip_network, ("::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "100::/64", "fec0::/10"))
)
"""IPv4-compatible, local NAT64, Teredo, 6to4, discard-only, site-local: no public host needs them."""
NUMERIC = re.compile(r"(?:0x[0-9a-f]*|\d+)", re.I)
INSIDE = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa", ".intranet", ".lan")


def is_public_address(text: str) -> bool:
    """Whether an IP address is of the public internet; an IPv4 address inside another one is looked at."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public_address(str(address.ipv4_mapped))
        if address in NAT64:
            return is_public_address(str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)))
        if any(address in network for network in NEVER):
            return False
    return address.is_global and not address.is_multicast


def may_be_public(host: str) -> bool:
    """Whether a host of an address may be public, before it is looked up.

    A name whose last part is a number is an address in disguise: 2130706433, 0177.0.0.1, 0x7f.1.
    """
    name = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        is_number = NUMERIC.fullmatch(name.rpartition(".")[2]) is not None
        return "." in name and not is_number and not name.endswith(INSIDE)
    return is_public_address(name)
