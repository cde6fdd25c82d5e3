"""A document on this terminal."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.reports.document.document import Document

NARROWEST, WIDEST = 40, 120


def show(document: "Document") -> None:
    """Print it as wide as the terminal within reason; a file or a pipe gets what COLUMNS says, else 100
    columns, without bold."""
    from service.reports.formats import as_terminal
    from service.reports.listings.on_terminal import columns, ink

    width = min(WIDEST, max(NARROWEST, columns(as_terminal.WIDTH)))
    click.echo(as_terminal.render(document, width, ink()).decode(), nl=False)
