"""What was said of prices, by whom and when: what a replay feeds, and what its judge remembers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

CATALOG, OWN = "catalog", "own"


@dataclass(frozen=True, slots=True)
class Statement:
    """One price as a list stated it, in its own words."""

    read_at: datetime
    list: str
    """A source's name; `own` for an import, `catalog` for what came with the product."""
    day: date
    """For which the price was stated."""
    provider: str
    instance: str
    region: str
    gpu: str
    gpu_count: int
    tier: str
    usd_per_hour: float
    """Of the whole machine."""
    term_months: int | None = None
    in_stock: bool | None = None

    @property
    def usd_per_gpu(self) -> float:
        return self.usd_per_hour / self.gpu_count


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of one list: everything that it named at that time."""

    read_at: datetime
    list: str
    said: tuple[Statement, ...]
    raw: bytes = b""
    """The file itself, where it has the shape of the source."""


def readings(statements: Iterable[Statement]) -> list[Reading]:
    """The statements by list and time, in the order in which they were read."""

    def key(said: Statement) -> tuple[datetime, str]:
        return said.read_at, said.list

    return [
        Reading(at, name, tuple(group)) for (at, name), group in groupby(sorted(statements, key=key), key=key)
    ]
