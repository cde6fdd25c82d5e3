"""What sources that answer in JSON share: opening it exactly, following pages, reading row by row.

Pure but for `every_page` and `posted`, which ask through the way out they are given.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pricing.source import Asked, Payload, Rejected, UnreadablePayload, WayOut
from service.facts import CloudOffer, Source

LARGEST_PRICE = Decimal(1_000_000)
LARGEST_EXPONENT = 300
DECIMALS = 9
"""What the store keeps exactly; a price per hour needs no more."""
MOST_PAGES = 200
LONGEST_RAW = 500
CENTS = Decimal(100)
MIB_PER_GIB = 1024
SLICE = re.compile(r"\bMIG\b|\b\d+g\.\d+gb\b", re.I)
Row = Mapping[str, Any]


class Unusable(Exception):
    """A row that is no offer one could book; the text is the reason a reader sees."""


def exact(text: str) -> Decimal:
    """A number of JSON as it is written. Raises ValueError for one that no price, time or amount can be:
    1e999999999 as a whole number would fill the memory.
    """
    value = Decimal(text)
    if abs(value.adjusted()) > LARGEST_EXPONENT:
        raise ValueError(f"a number of {abs(value.adjusted()):,} digits")
    return value


def opened(content: bytes) -> Any:
    """The JSON of an answer, decimals exact. Raises UnreadablePayload."""
    try:
        return json.loads(content, parse_float=exact, parse_constant=_refuse_constant)
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise UnreadablePayload("not JSON") from error


def rows_under(content: bytes, key: str) -> list[Row]:
    """The rows under `key` of an answer, or of all pages of a joined one. Raises UnreadablePayload."""
    answer = opened(content)
    pages = answer.get("pages") if isinstance(answer, dict) else None
    rows: list[Row] = []
    for page in pages if isinstance(pages, list) else [answer]:
        found = page.get(key) if isinstance(page, dict) else None
        if not isinstance(found, list):
            raise UnreadablePayload(f"no list {key!r} in it")
        rows += found
    if not rows:
        raise UnreadablePayload(f"nothing in its list {key!r}")
    return rows


def joined(pages: Sequence[Payload], asked: Asked) -> Payload:
    """Several answers as one: {"pages": [...]}, under the address that was asked."""
    content = b'{"pages": [' + b", ".join(page.content for page in pages) + b"]}"
    return Payload(content, asked.url, pages[0].fetched_at)


def every_page(
    way_out: WayOut, asked: Asked, headers: Mapping[str, str], next_link: Callable[[Row, str], str | None]
) -> Payload:
    """All pages of an answer, joined where there are several.

    `next_link` reads the address of the page after this one from its answer and its own address. Raises
    UnreadablePayload for pages without end, and what the way out raises.
    """
    url, pages, seen = asked.url, [], set()
    while url not in seen:
        seen.add(url)
        pages.append(way_out.get(url, headers))
        answer = opened(pages[-1].content)
        link = next_link(answer, url) if isinstance(answer, dict) else None
        if not link:
            return pages[0] if len(pages) == 1 else joined(pages, asked)
        if len(pages) == MOST_PAGES:
            raise UnreadablePayload(f"more than {MOST_PAGES} pages")
        url = way_out.same_host(link, asked.url)
    raise UnreadablePayload("its pages go round in a circle")


def posted(way_out: WayOut, asked: Asked, question: Any, headers: Mapping[str, str]) -> Payload:
    """The answer to a question that is posted; a recorded one (an address that ends in .json) is read."""
    if asked.url.endswith(".json"):
        return way_out.get(asked.url, headers)
    return way_out.post(asked.url, question, headers)


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key, or none without a key."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def offers_of(
    rows: Iterable[Row], read: Callable[[Row], Iterable[CloudOffer | Rejected]]
) -> list[CloudOffer | Rejected]:
    """What `read` makes of every row; a row it stumbles over is refused with the reason and the row.

    Raises UnreadablePayload where no row has to do with a GPU.
    """
    found: list[CloudOffer | Rejected] = []
    for row in rows:
        try:
            found += list(read(row))
        except Unusable as reason:
            found.append(refused(row, str(reason)))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
            found.append(refused(row, f"not a row as known: {error!r}"))
    if not found:
        raise UnreadablePayload("no GPU in it")
    return found


def refused(row: object, reason: str) -> Rejected:
    """The row as it was written, shortened, and why it is no offer."""
    return Rejected(json.dumps(row, default=str, ensure_ascii=False)[:LONGEST_RAW], reason)


def price_of(value: object) -> Decimal:
    """A price per hour; raises Unusable where it is missing, 0 or not to be believed: 0 is unknown."""
    try:
        price = _exact(Decimal(str(value)))
    except (InvalidOperation, ValueError):
        raise Unusable("the price is not known") from None
    if not price.is_finite() or price <= 0:
        raise Unusable("the price is not known")
    if price > LARGEST_PRICE:
        raise Unusable(f"{price} per hour is not to be believed")
    return price


def price_in_cents(value: object) -> Decimal:
    """A price per hour that is written in cents, in the currency's unit; raises Unusable as `price_of`."""
    return _exact(price_of(value) / CENTS)


def known_price(value: object) -> Decimal | None:
    """The price per hour, or None where it is missing or 0."""
    return None if value in (None, "", 0) or Decimal(str(value)) == 0 else price_of(value)


def whole_gpus(value: object) -> int:
    """A number of GPUs; raises Unusable for a share of one."""
    count = Decimal(str(value))
    if count < 1 or count != int(count):
        raise Unusable(f"{count:f} GPUs: a share of one")
    return int(count)


def whole_card(name: str) -> str:
    """A GPU's name; raises Unusable for a slice of one (MIG) and for no name at all."""
    if not name.strip():
        raise Unusable("the GPU has no name")
    if SLICE.search(name):
        raise Unusable(f"{name}: a slice of a GPU")
    return name.strip()


def stated(slug: str, title: str, url: str, licence: str, payload: Payload) -> Source:
    """The passport of an undated answer: as of the day it was read."""
    day = payload.fetched_at.date()
    return Source(slug, title, url, day, licence, day)


def _exact(price: Decimal) -> Decimal:
    """As it is, or with as many decimals as the store keeps."""
    exponent = price.as_tuple().exponent
    return round(price, DECIMALS) if isinstance(exponent, int) and exponent < -DECIMALS else price


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")
