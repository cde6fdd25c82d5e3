"""Rows and JSON for a terminal."""

import sys
from collections.abc import Collection, Iterable, Sequence

import orjson

PIPED, PIPED_WIDE = 100, 160
"""Letters of a line where no terminal says how many there are, so that what a program reads stays."""


def print_json(content: bytes) -> None:
    """JSON for people and programs alike: indented, keys in the documented order."""
    sys.stdout.write(orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2).decode() + "\n")


def print_table(
    titles: Sequence[str],
    rows: Sequence[Sequence[str]],
    numeric: Collection[int],
    width: int = PIPED_WIDE,
    *,
    spare: Collection[int] | None = None,
    wide: bool = False,
    hyphenated: Collection[int] = (),
) -> None:
    """Rows under titles, as wide as the terminal, or `width` letters where there is none.

    Columns that are `spare` (none: the table has no such) are left out unless it is `wide`; without them a
    pipe gets 100 letters. In columns that are `hyphenated` a line may end behind a hyphen.
    """
    from io import StringIO

    from service.reports.listings.on_terminal import columns as letters
    from service.reports.listings.on_terminal import console_of, ink
    from service.reports.listings.text_table import (
        TextColumn,
        TextRow,
        harmless,
        hyphens_need,
        in_width,
        longest_word,
        unglued,
        words_need,
    )  # fmt: skip

    kept = [i for i in range(len(titles)) if wide or spare is None or i not in spare]
    width = letters(width if spare is None or wide else PIPED)
    told = [TextRow(tuple(harmless(row[i]) for i in kept)) for row in rows]
    columns = []
    for place, i in enumerate(kept):
        need = len if i in numeric else hyphens_need if i in hyphenated else words_need
        least = max([longest_word(titles[i]), *(need(row.lines[place]) for row in told)])
        columns.append(TextColumn(titles[i], i in numeric, least))
    page = StringIO()
    console = console_of(page, width, ink())
    for part in in_width(columns, told, width):
        console.print(part)
    sys.stdout.write(unglued(page.getvalue()))


def print_below(lines: Iterable[str]) -> None:
    """What is said once below a table, no line longer than the terminal: sources, remarks."""
    from io import StringIO

    from service.reports.listings.on_terminal import columns, console_of, ink
    from service.reports.listings.text_table import printed, unglued

    page = StringIO()
    console = console_of(page, columns(PIPED_WIDE), ink())
    for line in lines:
        console.print(printed(line))
    sys.stdout.write(unglued(page.getvalue()))


def numbered_sources(sources: Sequence[str]) -> tuple[list[str], list[str]]:
    """For each row the number of its source, and the lines that say below what the numbers mean."""
    numbers = {source: i for i, source in enumerate(dict.fromkeys(sources), 1)}
    return [f"[{numbers[source]}]" for source in sources], [f"[{i}] {s}" for s, i in numbers.items()]
