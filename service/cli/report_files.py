"""Where a report goes: its format, its file, written in one piece."""

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli.progress import working
from service.errors import InvalidValue, system_reason, worded
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.store.comparisons import StoredComparison
    from service.store.session import Sessions
    from service.usecases.reporting import Report

STANDARD_OUTPUT = "-"


def writes_report(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the options `-o` (as `file`) and `--format` (as `extension`)."""
    form = click.option(
        "--format", "extension", help="html | pdf | xlsx | csv | json | md; else by the name of FILE."
    )
    output = click.option(
        "-o",
        "--output",
        "file",
        type=click.Path(path_type=Path),
        help="FILE to write the report to; - is standard output.",
    )
    return form(output(command))


@dataclass(frozen=True, slots=True)
class Destination:
    """A report's format and file; without a file it goes into the current folder under its own name."""

    extension: str
    file: Path | None

    def write(self, report: "Report") -> None:
        """Write it, and say where to. Raises InvalidValue where that fails."""
        if self.file is not None and str(self.file) == STANDARD_OUTPUT:
            sys.stdout.buffer.write(report.content)
            return
        target = self.file or Path(report.name)
        write_whole(target, report.content)
        click.echo(str(target))


def destination(extension: str | None, file: Path | None) -> Destination:
    """Where to, in which format: as named, by the file's ending, or HTML.

    Raises UnknownName for a format nobody renders.
    """
    from service.reports.formats.renderers import renderer

    if extension is None:
        extension = file.suffix.removeprefix(".").lower() if file and file.suffix else "html"
    renderer(extension, "--format")
    return Destination(extension, file)


def destination_instead(extension: str | None, file: Path | None, as_json: bool) -> Destination | None:
    """Where a report goes instead of the screen; None where neither its file nor its format was given.

    Raises InvalidValue beside --json, UnknownName for a format nobody renders.
    """
    if not (extension or file):
        return None
    if as_json:
        raise InvalidValue("--json", True, worded("goes to the screen; a file of it is -o FILE.json"))
    return destination(extension, file)


def write_report(to: Destination, sessions: "Sessions", stored: "StoredComparison", language: str) -> None:
    """Write the report on an answer that was just given. Raises InvalidValue where that fails."""
    from service.usecases.reporting import report_on

    with working(lambda: words().say("writing the report")):
        report = report_on(sessions, stored, to.extension, language)
    to.write(report)


def write_whole(target: Path, content: bytes) -> None:
    """Write a file in one piece: all there, or as it was before. Raises InvalidValue if that fails."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".heimvorteil-", delete=False) as part:
            temporary = part.name
            part.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise InvalidValue(
            "-o", str(target), worded("cannot be written: {strerror}", strerror=system_reason(error))
        ) from None
