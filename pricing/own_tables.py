"""Tables of one's own: a quote, a correction, a price list typed into a spreadsheet.

Read as people and their spreadsheets write them: comma, semicolon or tab; a decimal comma or point; UTF-8
with or without a mark, UTF-16, Windows-1252; English or German column names. What could be read two ways
("1.234" in a table that uses a comma elsewhere) is refused, not guessed. Pure: text in, offers and rejected
rows out; names of GPUs stay as written.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import reduce

from pricing.json_answers import exact
from pricing.source import Rejected, UnreadablePayload
from service.countries import code_of
from service.errors import Several, Worded, worded
from service.facts import CloudOffer, Source, Tier
from service.store.models import TIERS

NEEDED = ("instance", "gpu", "gpu_count", "price_per_hour", "currency")
OPTIONAL = (
    "region", "country", "tier", "term_months", "memory_gib_per_gpu", "vcpus", "ram_gib", "as_of", "note",
)  # fmt: skip
OTHER_NAMES = {
    "gpu_model": "gpu", "gpus": "gpu_count", "price_($/h)": "price_per_hour", "price_(€/h)": "price_per_hour",
    "instanz": "instance", "grafikkarte": "gpu", "anzahl": "gpu_count", "anzahl_gpus": "gpu_count",
    "preis_pro_stunde": "price_per_hour", "preis_je_stunde": "price_per_hour", "währung": "currency",
    "waehrung": "currency", "land": "country", "tarif": "tier", "laufzeit_monate": "term_months",
    "speicher_gib": "memory_gib_per_gpu", "stand": "as_of", "notiz": "note", "bemerkung": "note",
}  # fmt: skip
DELIMITERS = (",", ";", "\t")
DAYS = ("%Y-%m-%d", "%d.%m.%Y")
SYMBOLS = {"€": "EUR", "EURO": "EUR", "US$": "USD"}
MOST_CHARACTERS = 50_000_000
SPACING = re.compile("[\\s\u2019'\u20ac$]")
"""What may stand in a number and says nothing: spaces, Swiss thousands, the currency that has its column."""
LONGEST_TEXT, MOST_GPUS, LONGEST_TERM_MONTHS = 300, 1024, 120
LARGEST_NUMBER = 1_000_000
LONGEST_RAW = 500
MOST_PRICES_TOLD = 3
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OwnTable:
    """Rows by our column names, and the mark that stands before decimals; "" where nobody can tell."""

    rows: tuple[Row, ...]
    mark: str


@dataclass(frozen=True, slots=True)
class Said:
    """What every row of a table has in common: whose prices they are, the day, where they were read."""

    provider: str
    as_of: date
    source: Source
    today: date


class _Refused(Exception):
    def __init__(self, reason: Worded) -> None:
        self.reason = reason
        super().__init__(reason)


def decoded(content: bytes) -> str:
    """The text of a file as spreadsheets save it. Raises UnreadablePayload for what is no text."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadablePayload(worded("not a text"))


def csv_table(text: str) -> OwnTable:
    """A table with a head. Raises UnreadablePayload naming the column that is missing."""
    if len(text) > MOST_CHARACTERS:
        raise UnreadablePayload(
            worded(
                "{text:,} characters, more than {most_characters:,}",
                text=len(text),
                most_characters=MOST_CHARACTERS,
            )
        )
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [_column(name) for name in next(reader, [])]
        _refuse_missing(names)
        rows = [
            dict(zip(names, (cell.strip() for cell in cells), strict=False))
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise UnreadablePayload(
            worded("line {line_num}: {error}", line_num=reader.line_num, error=error)
        ) from error
    return OwnTable(tuple(rows), "." if delimiter == "," else _mark(rows))


def json_table(found: object) -> OwnTable:
    """A list of objects. Raises UnreadablePayload for anything else."""
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise UnreadablePayload(worded("not a list of objects"))
    rows = [
        {_column(str(key)): "" if value is None else str(value).strip() for key, value in row.items()}
        for row in found
    ]
    try:
        json.dumps(rows, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise UnreadablePayload(worded("half a character in it")) from error
    return OwnTable(tuple(rows), ".")


def json_text_table(text: str) -> OwnTable:
    """A list of objects, as text. Raises UnreadablePayload."""
    try:
        return json_table(json.loads(text, parse_float=exact))
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise UnreadablePayload(worded("not JSON: {error}", error=error)) from error


def own_offers(table: OwnTable, said: Said) -> Iterator[CloudOffer | Rejected]:
    """An offer for every row, or the row and why it is none: it cannot be read, or another row of the table
    has another price for the same thing on the same day.
    """
    read = [(row, _read(row, table.mark, said)) for row in table.rows]
    prices: dict[tuple[object, ...], dict[Worded, None]] = {}
    for _, found in read:
        if isinstance(found, CloudOffer):
            price = worded("{price:f} {code}", price=found.hourly_price.normalize(), code=found.currency)
            prices.setdefault(_thing(found), {})[price] = None
    for row, found in read:
        said_of_it = prices[_thing(found)] if isinstance(found, CloudOffer) else {}
        if len(said_of_it) > 1:
            told = reduce(_and, list(said_of_it)[:MOST_PRICES_TOLD])
            reason = worded("the table has {count} prices of it: {told}", count=len(said_of_it), told=told)
            yield Rejected(raw_of(row.values()), reason)
        else:
            yield found


def _and(one: Worded, other: Worded) -> Worded:
    return worded("{one} and {other}", one=one, other=other)


def _read(row: Row, mark: str, said: Said) -> CloudOffer | Rejected:
    try:
        return _offer(row, mark, said)
    except _Refused as refused:
        return Rejected(raw_of(row.values()), refused.reason)


def _thing(offer: CloudOffer) -> tuple[object, ...]:
    """What is rented, and the day of its price."""
    return (offer.instance, offer.region, offer.gpu_raw_name, offer.gpu_count, offer.tier, offer.term_months,
            offer.as_of)  # fmt: skip


def raw_of(cells: Iterable[str]) -> str:
    """A row as it was written, shortened."""
    return ",".join(cells)[:LONGEST_RAW]


def _offer(row: Row, mark: str, said: Said) -> CloudOffer:
    counted = {**row, "gpu_count": re.sub(r"\s*x$", "", _text(row, "gpu_count"), flags=re.I)}
    gpu, count = _text(row, "gpu"), _whole(counted, "gpu_count", mark, MOST_GPUS)
    if not gpu or count is None:
        raise _Refused(worded("no GPU, or no whole number of them"))
    price = _number({**row, "price_per_hour": _bare_price(row)}, "price_per_hour", mark)
    if not price:
        raise _Refused(worded("the price is not known"))
    tier, term_months = _tier(row, mark)
    memory, ram = _number(row, "memory_gib_per_gpu", mark), _number(row, "ram_gib", mark)
    day = _day(row, said)
    return CloudOffer(
        provider=said.provider,
        instance=_text(row, "instance") or f"{count}x {gpu}",
        region=_text(row, "region"),
        country=_country(row),
        gpu=None,
        gpu_raw_name=gpu,
        gpu_count=count,
        memory_gib_per_gpu=float(memory) if memory else None,
        tier=tier,
        hourly_price=price,
        currency=_currency(row),
        as_of=day,
        source=replace(said.source, as_of=day),
        vcpus=_whole(row, "vcpus", mark, 100_000),
        ram_gib=float(ram) if ram else None,
        term_months=term_months,
        note=" ".join(_text(row, "note").split()),
    )


def _column(name: str) -> str:
    written = re.sub(r"[\s-]+", "_", name.strip().lower())
    return OTHER_NAMES.get(written, written)


def _refuse_missing(names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise UnreadablePayload(
            worded("no column {missing}; needed: {names}", missing=missing[0], names=", ".join(NEEDED))
        )
    twice = [name for name in (*NEEDED, *OPTIONAL) if names.count(name) > 1]
    if twice:
        raise UnreadablePayload(worded("two columns {twice}", twice=twice[0]))


def _mark(rows: list[dict[str, str]]) -> str:
    """The mark before decimals that a table's prices show beyond doubt; "" where they show none or both."""
    shown = set()
    for row in rows:
        marks = re.findall(r"[.,]", text := row.get("price_per_hour", ""))
        if marks and (len(set(marks)) == 2 or not re.search(r"[.,]\d{3}$", text) or text.startswith("0")):
            shown.add(marks[-1])
    return shown.pop() if len(shown) == 1 else ""


def _text(row: Row, name: str) -> str:
    return row.get(name, "")[:LONGEST_TEXT]


def _number(row: Row, name: str, mark: str) -> Decimal | None:
    """The number, None where the cell is empty or 0; raises _Refused for what is none or is two."""
    written = _text(row, name)
    bare = SPACING.sub("", written)
    if not bare:
        return None
    value = _value(bare, mark)
    if value is None:
        raise _Refused(worded("{name} = {written}: not a number", name=name, written=written))
    if value < 0 or value > LARGEST_NUMBER:
        raise _Refused(
            worded(
                "{name} = {written}: must be between 0 and {largest_number:,}",
                name=name,
                written=written,
                largest_number=LARGEST_NUMBER,
            )
        )
    return value or None


def _value(bare: str, mark: str) -> Decimal | None:
    if re.fullmatch(r"\d+(?:\.\d+)?[eE][+-]?\d{1,2}", bare):
        return Decimal(bare)
    match = re.fullmatch(r"-?(?P<whole>\d[\d.,]*?)(?:(?P<mark>[.,])(?P<rest>\d+))?", bare)
    if match is None:
        return None
    whole, last, rest = match["whole"], match["mark"], match["rest"] or ""
    sign = -1 if bare.startswith("-") else 1
    if last is None:
        return sign * Decimal(whole) if whole.isdigit() else None
    other = "," if last == "." else "."
    if whole.isdigit():
        # One mark: 12,34 is decimals; 1,234 may be thousands.
        could_be_thousands = len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0")
        if not could_be_thousands or last == mark:
            return sign * Decimal(f"{whole}.{rest}")
        if mark:
            return sign * Decimal(whole + rest)
        raise _Refused(
            worded(
                "{bare} may be {whole}.{rest} or {whole}{rest}: write {whole}{rest} or {bare}0",
                bare=bare,
                whole=whole,
                rest=rest,
            )
        )
    if re.fullmatch(rf"\d{{1,3}}(?:\{other}\d{{3}})+", whole):
        return sign * Decimal(f"{whole.replace(other, '')}.{rest}")
    if re.fullmatch(rf"\d{{1,3}}(?:\{last}\d{{3}})+", whole) and len(rest) == 3:
        return sign * Decimal(whole.replace(last, "") + rest)
    return None


def _whole(row: Row, name: str, mark: str, most: int) -> int | None:
    value = _number(row, name, mark)
    if value is None:
        return None
    if value != int(value) or not 1 <= value <= most:
        raise _Refused(
            worded(
                "{name} = {text}: must be a whole number from 1 to {most:,}",
                name=name,
                text=_text(row, name),
                most=most,
            )
        )
    return int(value)


def _tier(row: Row, mark: str) -> tuple[Tier, int | None]:
    written = _text(row, "tier")
    word = re.sub(r"[\s-]+", "_", written.lower()) or "on_demand"
    tier = next((tier for tier in TIERS if tier == word), None)
    if tier is None:
        raise _Refused(
            worded("tier = {written}: unknown; valid: {names}", written=written, names=Several(TIERS))
        )
    term = _whole(row, "term_months", mark, LONGEST_TERM_MONTHS)
    if (tier == "reserved") != (term is not None):
        raise _Refused(worded("term_months goes with tier reserved, and only with it"))
    return tier, term


def _currency(row: Row) -> str:
    written = _text(row, "currency").upper()
    currency = SYMBOLS.get(written, written)
    if not re.fullmatch(r"[A-Z]{3}", currency):
        raise _Refused(
            worded("currency = {text}: three letters are needed, like EUR", text=_text(row, "currency"))
        )
    return currency


def _bare_price(row: Row) -> str:
    """A price without its unit: "16.00 USD/h" is 16.00. Raises _Refused where it is in another currency."""
    written, currency = _text(row, "price_per_hour"), _currency(row)
    unit = re.search(r"(?:(?<=[\d\s€$])([A-Z]{3}))?\s*(/\s*(h|hr|hour|std))?$", written, re.I)
    said = {"$": "USD", "€": "EUR"}.get(next(iter(re.findall("[$€]", written)), ""))
    said = unit[1].upper() if unit and unit[1] else said
    if said is not None and said != currency and not (said == "USD" and currency.endswith("D")):
        raise _Refused(
            worded(
                "price_per_hour = {written}: but currency = {currency}", written=written, currency=currency
            )
        )
    return written[: unit.start()] if unit else written


def _country(row: Row) -> str | None:
    written = _text(row, "country").upper()
    code = code_of(written)
    if written and code is None:
        raise _Refused(
            worded(
                "country = {text}: two letters of a country are needed, like DE", text=_text(row, "country")
            )
        )
    return code


def _day(row: Row, said: Said) -> date:
    written = _text(row, "as_of")
    if not written:
        return said.as_of
    for form in DAYS:
        try:
            day = datetime.strptime(written, form).date()
        except ValueError:
            continue
        if day > said.today:
            raise _Refused(worded("as_of = {written}: is in the future", written=written))
        return day
    raise _Refused(worded("as_of = {written}: not a day like 2026-11-24 or 24.11.2026", written=written))
