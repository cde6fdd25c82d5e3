"""Recorded answers, and the texts that reports of them are held against.

`python -m tests.answers.record` writes the texts anew from today's code, where wording changed on purpose.
Answers are never written anew: they are what earlier code stored.
"""

import gzip
import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from pypdf import PdfReader

from service.reports.comparison_report import comparison_document
from service.reports.decision_report import decision_document
from service.reports.document.document import Document
from service.reports.formats.renderers import RENDERERS

FOLDER = Path(__file__).parent / "recorded"
ANSWERS = sorted(file.name.removesuffix(".json.gz") for file in FOLDER.glob("*/*.json.gz"))
"""Every recorded answer: those of a version (v4-...), and those of a question (c02-dynamic.de)."""
QUESTIONS = [name for name in ANSWERS if not name.startswith("v")]
AS_TEXT = ("md", "csv", "html", "xlsx")
AS_PDF = ("c02-dynamic.de", "d02-limits.en", "d06-dynamic.de")
"""Setting a PDF takes long: three have their text recorded."""
DRAWN = re.compile(r"<(svg|style)\b.*?</\1>", re.DOTALL)


def answer(name: str) -> bytes:
    """What was stored."""
    (file,) = FOLDER.glob(f"*/{name}.json.gz")
    return gzip.decompress(file.read_bytes())


def is_decision(name: str) -> bool:
    """Whether the answer of that name is a decision."""
    return b'"shortlist":' in answer(name)


def document(name: str, language: str | None = None) -> Document:
    """A report of the answer, in its own language."""
    make = decision_document if is_decision(name) else comparison_document
    return make(answer(name), language or name.rpartition(".")[2])


def text(content: bytes, extension: str) -> str:
    """What a report says, without what a new version of a library or another font changes."""
    if extension == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        cells = (cell for sheet in book for row in sheet.iter_rows() for cell in row)
        return "\n".join(f"{c.parent.title}!{c.coordinate}={c.value!r}" for c in cells if c.value is not None)
    if extension == "pdf":
        pages = PdfReader(io.BytesIO(content)).pages
        return "".join("".join(page.extract_text() for page in pages).replace("\xad", "").split())
    said = content.decode("utf-8-sig")
    return DRAWN.sub("", said) if extension == "html" else said


def recorded(name: str, extension: str) -> str:
    """The text that was recorded."""
    return gzip.decompress(_file(name, extension).read_bytes()).decode()


def texts() -> Iterator[tuple[str, str]]:
    """Name and extension of every text that is recorded."""
    for name in QUESTIONS:
        yield from ((name, extension) for extension in AS_TEXT)
    yield from ((name, "pdf") for name in AS_PDF)


def record() -> None:
    """Write every text anew, from today's code."""
    for name, extension in texts():
        said = text(RENDERERS[extension].render(document(name)), extension)
        _write(name, extension, said)


def _file(name: str, extension: str) -> Path:
    return FOLDER / "texts" / f"{name}.{extension}.txt.gz"


def _write(name: str, extension: str, said: str) -> None:
    _file(name, extension).write_bytes(gzip.compress(said.encode(), 9, mtime=0))


if __name__ == "__main__":
    record()
