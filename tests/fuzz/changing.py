"""A good document made a bad one: what one number chooses, the same every time."""

import io
import json
import re
import zipfile
from collections.abc import Callable
from random import Random
from typing import Any

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 10**30, -0.0, 1e-320, 1e308, -1e308, 0.1, float("inf"), float("nan"),
    "", " ", "x", "0", "-1", "1e400", "NaN", "Infinity", "9" * 400, "٣", "1,5", "1.234,5", "\0", "\x1b[2J",
    "\ud800", "\u202e", "a" * 3000, "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01", "2026-11-24T23:00",
    [], {}, [[]], [{}], {"": None}, [None], [1, "1", [1]], {"price": {"price": {}}},
)  # fmt: skip
"""What stands where something else is expected."""
NOISE = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n\n", b"\t", b'"', b"'", b",", b";", b"{",
    b"}", b"[", b"]", b"<", b">", b"&x;", b"<!DOCTYPE a [<!ENTITY x 'xxxx'>]>", b"]]>", b"-", b"1e999", b"e",
    b"NaN", b"9" * 5000, b" " * 5000, b"[" * 5000, b"[" * 100_000, b"- " * 5000, b"&a *a", b"!!python/x ",
    b"\\", b"\\u0000", b"\x1b]0;x\x07", b"PK\x03\x04", b"|", b"%", b"step 1/", b"\x85", "\u2028".encode(),
)  # fmt: skip
TOKEN = re.compile(rb'"[^"\n]{0,200}"|-?\d[\d.,:eE+-]*|(?<=[,;>\n])[^,;<>\n"]{1,100}|\b[a-z_]+\b', re.I)
"""A cell, a number, a word: what a reader takes for one thing."""
MOST_BYTES = 300_000


def changed(content: bytes, seed: int) -> bytes:
    """The document with a few things in it changed; of a zip something in a file of it, or of its frame."""
    chosen = Random(seed)
    if content.startswith(b"PK") and chosen.random() < 0.7:
        return _within(content, chosen)
    return _changed(content, chosen)


def _changed(content: bytes, chosen: Random) -> bytes:
    for _ in range(chosen.choice((1, 1, 1, 2, 3, 8))):
        content = chosen.choice(CHANGES)(content, chosen)[:MOST_BYTES]
    return content


def _within(content: bytes, chosen: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        meant = chosen.choice(old.namelist())
        for name in old.namelist():
            inside = old.read(name)
            new.writestr(name, _changed(inside, chosen) if name == meant else inside)
    return out.getvalue()


def _another_value(content: bytes, chosen: Random) -> bytes:
    """Of JSON any value or key; of anything else a token."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _another_token(content, chosen)
    spots = list(_spots(document))
    if not spots:
        return json.dumps(chosen.choice(VALUES)).encode()
    chosen.choice(spots)(chosen)
    return json.dumps(document).encode()


def _spots(value: Any) -> "list[Callable[[Random], None]]":
    """Every place in a document, as what puts something else there."""
    found: list[Callable[[Random], None]] = []
    inside: list[Any] = [value]
    while inside:
        here = inside.pop()
        keys: Any = (
            list(here) if isinstance(here, dict) else range(len(here) if isinstance(here, list) else 0)
        )
        for key in keys:
            found.append(lambda chosen, here=here, key=key: _put(here, key, chosen))
            inside.append(here[key])
    return found


def _put(here: Any, key: Any, chosen: Random) -> None:
    if key not in here and isinstance(here, dict):
        return
    how = chosen.random()
    if how < 0.12:
        del here[key]
    elif how < 0.2 and isinstance(here, dict):
        here[chosen.choice((key + "x", "", key.upper()))] = here.pop(key)
    elif how < 0.3 and isinstance(here, list):
        here *= chosen.choice((2, 20))
    else:
        here[key] = chosen.choice(VALUES)


def _another_token(content: bytes, chosen: Random) -> bytes:
    tokens = list(TOKEN.finditer(content, chosen.randrange(max(1, len(content)))))[:50]
    if not tokens:
        return _noise(content, chosen)
    token, value = chosen.choice(tokens), chosen.choice(VALUES)
    text = value if isinstance(value, str) and chosen.random() < 0.7 else json.dumps(value)
    return content[: token.start()] + text.encode("utf-8", "surrogatepass") + content[token.end() :]


def _place(content: bytes, chosen: Random) -> tuple[int, int]:
    begin = chosen.randrange(len(content) + 1)
    return begin, min(len(content), begin + chosen.choice((1, 3, 20, 300, 10_000)))


def _cut(content: bytes, chosen: Random) -> bytes:
    begin, end = _place(content, chosen)
    return content[:begin] + (b"" if chosen.random() < 0.3 else content[end:])


def _repeated(content: bytes, chosen: Random) -> bytes:
    begin, end = _place(content, chosen)
    return content[:end] + content[begin:end] * chosen.choice((1, 2, 50)) + content[end:]


def _noise(content: bytes, chosen: Random) -> bytes:
    begin, _ = _place(content, chosen)
    return content[:begin] + chosen.choice(NOISE) + content[begin:]


def _flipped(content: bytes, chosen: Random) -> bytes:
    begin, end = _place(content, chosen)
    return content[:begin] + bytes(chosen.randrange(256) for _ in range(min(3, end - begin))) + content[end:]


CHANGES = (_another_value, _another_value, _another_token, _another_token, _cut, _repeated, _noise, _flipped)
"""What is done to a document, the likelier the more often it stands here."""
