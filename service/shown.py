"""Text from outside as it may be shown, stored and logged: no control characters, no secrets in addresses."""

import re
from urllib.parse import unquote_plus, urlsplit, urlunsplit

CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""C0, C1, halves of letters, what ends a line or turns its direction: they forge lines and move a cursor."""
ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>]{1,2000}")
SECRET = re.compile(
    r"(?:key|token|sig|secret|passw(?:or)?d|passphrase|pwd|appid|signature|credentials?|authorization)$"
    r"|^(?:auth|pass|session|sid|access)$|secret|password|signature|credential"
)
"""In the name of a parameter, as services call theirs: api_key, X-Amz-Signature, sig, access_token."""
MASK = "***"


def visible(text: str) -> str:
    """The text with control characters as they are written in code: \\x1b, \\u202e."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def address(url: str) -> str:
    """An address without the secrets in it: who asks, the values of parameters that sound like one."""
    try:
        parts = urlsplit(visible(url))
    except ValueError:
        return MASK
    behind = parts.netloc.rpartition("@")[2]
    host = f"{MASK}@{behind}" if "@" in parts.netloc else behind
    pairs = [pair.partition("=") for pair in re.split("[&;]", parts.query)] if parts.query else []
    told = "&".join(f"{name}{sign}{_told(name, value)}" for name, sign, value in pairs)
    fragment = MASK if "=" in parts.fragment else parts.fragment
    # Without a host urlunsplit drops two strokes: of sqlite:////tmp/facts it makes sqlite://tmp/facts.
    path = parts.path if host or "://" not in url else f"//{parts.path}"
    return urlunsplit((parts.scheme, host, path, told, fragment))


def said(text: str) -> str:
    """A sentence from outside: visible, every address in it without its secrets."""
    return ADDRESS.sub(lambda found: address(found[0]), visible(text))


def is_secret(name: str) -> bool:
    """Whether a parameter of that name holds what nobody else may know."""
    return SECRET.search(unquote_plus(name).lower()) is not None


def _told(name: str, value: str) -> str:
    return MASK if value and is_secret(name) else value
