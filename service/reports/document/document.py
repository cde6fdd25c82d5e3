"""A report before it has a format: what it says, in one language, with every number still a number.

Built once from an answer; renderers only lay it out. `shown` turns a cell into words, so that page, PDF
and Markdown say the same digits; workbook and CSV take the numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from service.estimate.interval import Interval
from service.reports.words.sentences import duration, duration_ends
from service.reports.words.wording import Wording

DASH = "\N{EN DASH}"
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Product:
    """The cell is the product of two columns of its row."""

    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Total:
    """The cell is the sum of a column over these rows, by key; of its own where none is named."""

    rows: tuple[str, ...]
    column: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """The cell repeats a cell of another table."""

    table: str
    row: str
    column: str


Formula = Product | Total | Linked


@dataclass(frozen=True, slots=True)
class Words:
    """Text, with a second, smaller line where there is more to say."""

    text: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a unit; None for `digits` shows three significant ones."""

    value: float
    unit: str = ""
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A number as its source states it, with its range where there is one."""

    value: float
    unit: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its 80 % interval, in a unit."""

    interval: Interval
    unit: str = ""
    formula: Formula | None = None


@dataclass(frozen=True, slots=True)
class Lasting:
    """A duration in hours with its 80 % interval, shown in the unit a person would use."""

    hours: Interval
    unit: str = "h"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO code); None for `digits` shows three significant ones at least."""

    value: float
    currency: str
    digits: int | None = None
    per: str = ""
    formula: Formula | None = None


@dataclass(frozen=True, slots=True)
class MoneySpread:
    """An amount with its 80 % interval."""

    interval: Interval
    currency: str
    formula: Formula | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A share of one, shown as a percentage."""

    value: float
    digits: int = 0
    is_signed: bool = False
    is_likelihood: bool = False
    """A probability, never shown as certain."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date."""

    day: date


@dataclass(frozen=True, slots=True)
class Cited:
    """Sources by their number in the document's list."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """Not known: a dash, and the number of the footnote that says why. Never 0."""

    note: int | None = None


Cell = Words | Number | Stated | Spread | Lasting | Money | MoneySpread | Share | Day | Cited | Missing


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell in words: what it says, and what stands small below it."""

    text: str
    below: str = ""

    @property
    def line(self) -> str:
        """Both in one line."""
        return f"{self.text} ({self.below})" if self.below else self.text


def shown(w: Wording, cell: Cell) -> Shown:
    """The cell in a language's words and number formats."""
    match cell:
        case Words(text, more):
            return Shown(text, more)
        case Number(value, unit, digits):
            return Shown(f"{w.rounded(value) if digits is None else w.number(value, digits)} {unit}".strip())
        case Stated(value, unit, low, high):
            between = "" if low is None or high is None else f" ({w.stated(low)}{DASH}{w.stated(high)})"
            return Shown(f"{w.stated(value)} {unit}".strip() + between)
        case Spread(interval, unit):
            ends = "" if interval.p10 == interval.p90 else w.between(interval)
            return Shown(f"{w.rounded(interval.p50)} {unit}".strip(), ends)
        case Lasting(hours):
            ends = "" if hours.p10 == hours.p90 else duration_ends(w, hours)
            return Shown(duration(w, hours.p50), ends)
        case Money(value, currency, digits, per):
            free = w.unit_price if per else w.about
            amount = free(value, currency) if digits is None else w.money(value, currency, digits)
            return Shown(f"{amount}/{per}" if per else amount)
        case MoneySpread(interval, currency):
            is_certain = w.about(interval.p10, currency) == w.about(interval.p90, currency)
            below = "" if is_certain else w.about_between(interval, currency)
            return Shown(w.about(interval.p50, currency), below)
        case Share(value, is_likelihood=True):
            return Shown(w.likely(value))
        case Share(value, digits, is_signed):
            sign = ("+" if value >= 0 else "\N{MINUS SIGN}") if is_signed else ""
            return Shown(sign + w.share(abs(value) if is_signed else value, digits))
        case Day(day):
            return Shown(w.day(day))
        case Cited(numbers):
            return Shown(", ".join(f"[{n}]" for n in numbers))
        case Missing(note):
            return Shown(DASH + ("" if note is None else mark(note)))


def mark(note: int) -> str:
    """The sign of a footnote: ¹, ², ¹²."""
    return str(note).translate(SUPERSCRIPTS)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; its key is the same in every language."""

    key: str
    title: str
    is_number: bool = False
    widest: int = 29
    """Letters that its longest cells may ask a page for; what is longer is broken."""
    is_spare: bool = False
    """A terminal shows it only where there is room for it."""
    is_said_once: bool = False
    """A page leaves the cell empty where the row above says the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its key, and a cell per column."""

    key: str
    cells: tuple[Cell, ...]
    is_total: bool = False
    is_best: bool = False
    """Set apart as what the report recommends."""
    is_outside: bool = False
    """Outside the limits that were asked for: below the others, and grey."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Pages show the first `on_page` rows and say `more`; workbook and CSV show all."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    on_page: int
    more: str = ""
    """Said below when rows are left out; empty when none are."""
    by_column: bool = False
    """Each column but the first is one thing: a narrow terminal tells column by column, not row by row."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a spreadsheet draws a table: which columns of which table, by key."""

    table: str
    kind: Literal["scatter", "line", "bar"]
    x: str
    y: tuple[str, ...]
    by: str = ""
    """A column whose equal values in a row are a series of their own."""
    is_log: bool = False
    base: float | None = None
    """Where bars begin that show what moves a value: at the value, not at 0."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite specification, what it shows in words for those who cannot see it, and its numbers."""

    key: str
    title: str
    alt: str
    spec: Mapping[str, Any]
    drawn: Drawn
    data: Table | None = None
    """Behind the picture: unfolded on a screen, a sheet of the workbook; None where a table stands beside."""
    narrow: Mapping[str, Any] | None = None
    """The same for a phone."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str
    is_lead: bool = False
    """The verdict: set large."""


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short statements."""

    items: tuple[str, ...]


Block = Paragraph | Bullets | Table | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source with its date and its age on the day of the answer."""

    number: int
    title: str
    url: str
    as_of: date
    provenance: str
    """Date, age and licence in words."""


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report in one language."""

    language: str
    title: str
    subtitle: str
    name: str
    """Safe stem of a file's name."""
    made_at: datetime
    """When the question was answered: the only clock in it."""
    made: str
    """The last line of a page: which answer this is, of when."""
    sections: tuple[Section, ...]
    """Of pages and files."""
    screen: tuple[Section, ...]
    """Of a terminal: the same answer in as many lines as a screen has."""
    notes_title: str
    notes: tuple[str, ...]
    """Footnotes in order: the first is ¹."""
    sources_title: str
    sources: tuple[SourceLine, ...]
    labels: Mapping[str, str]
    """The few words renderers need themselves, by key."""
    record: bytes = field(repr=False, default=b"")
    """The stored answer, as JSON."""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables of pages and files in order."""
        return tuple(b for section in self.sections for b in section.blocks if isinstance(b, Table))

    @property
    def charts(self) -> tuple[Chart, ...]:
        """All charts in order."""
        return tuple(b for section in self.sections for b in section.blocks if isinstance(b, Chart))
