"""This terminal: how wide it is, what it can show, a page of text for it."""

import os
import shutil
import sys
from io import StringIO
from typing import Literal

from rich.console import Console

Ink = Literal["none", "bold", "colour"]


def ink() -> Ink:
    """Bold and colour on a terminal; no colour where NO_COLOR is set (no-color.org)."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return "none"
    return "bold" if os.environ.get("NO_COLOR") else "colour"


def columns(piped: int) -> int:
    """Letters of a line: what COLUMNS says, else those of the terminal, or so many where there is none."""
    return shutil.get_terminal_size((piped, 24)).columns


def console_of(page: StringIO, width: int, ink: Ink) -> Console:
    """Writes text of a width onto a page, in this ink."""
    return Console(
        file=page, width=width, color_system=None if ink == "none" else "standard", no_color=ink != "colour",
        force_terminal=ink != "none", highlight=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
