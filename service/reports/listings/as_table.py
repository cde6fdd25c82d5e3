"""Rows and JSON for a terminal."""

import sys

import orjson


def print_json(content: bytes) -> None:
    """JSON for people and programs alike: indented, keys in the documented order."""
    sys.stdout.write(orjson.dumps(orjson.loads(content), option=orjson.OPT_INDENT_2).decode() + "\n")


def counted(count: int, one: str, many: str = "") -> str:
    """1 offer, 2 offers; `many` where it is not `one` with an s."""
    return f"{count} {one if count == 1 else many or f'{one}s'}"


def print_table(titles: list[str], rows: list[list[str]], numeric: set[int], width: int = 160) -> None:
    """Rows under titles, as wide as the terminal allows, or `width` characters where there is none."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, show_edge=False)
    for i, title in enumerate(titles):
        table.add_column(title, justify="right" if i in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    columns = None if sys.stdout.isatty() else width
    Console(width=columns, highlight=False, emoji=False).print(table)
