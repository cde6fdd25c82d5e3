"""RENDERERS: every format a report can have, by the extension that asks for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from service.errors import UnknownName
from service.reports.document.document import Document
from service.reports.formats import as_csv, as_html, as_markdown, as_pdf, as_terminal, as_workbook


@dataclass(frozen=True, slots=True)
class Renderer:
    """A format: its media type, and the document as bytes. The same document gives the same bytes."""

    media_type: str
    render: Callable[[Document], bytes]


RENDERERS: Mapping[str, Renderer] = MappingProxyType(
    {
        "html": Renderer("text/html; charset=utf-8", as_html.render),
        "pdf": Renderer("application/pdf", as_pdf.render),
        "xlsx": Renderer(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_workbook.render
        ),
        "csv": Renderer("text/csv; charset=utf-8", as_csv.render),
        "json": Renderer("application/json", lambda document: document.record),
        "txt": Renderer("text/plain; charset=utf-8", as_terminal.render),
        "md": Renderer("text/markdown; charset=utf-8", as_markdown.render),
    }
)


def renderer(extension: str, field: str = "format") -> Renderer:
    """The format of that extension. Raises UnknownName for `field` with the known ones, the nearest first."""
    if extension not in RENDERERS:
        raise UnknownName(field, extension, RENDERERS)
    return RENDERERS[extension]
