"""A document on this terminal."""

import shutil
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.reports.document.document import Document

NARROWEST, WIDEST = 40, 120


def show(document: "Document") -> None:
    """Print it as wide as the terminal within reason; a file or a pipe gets 100 columns."""
    from service.reports.formats import as_terminal

    width = as_terminal.WIDTH
    if sys.stdout.isatty():
        width = min(WIDEST, max(NARROWEST, shutil.get_terminal_size().columns))
    click.echo(as_terminal.render(document, width).decode(), nl=False)
