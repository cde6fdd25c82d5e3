"""`heimvorteil report`."""

import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.cli.comparing import asks, question
from service.cli.opening import open_database
from service.errors import InvalidValue

IDENTITY = re.compile(r"[0-9a-f]{20}")
STANDARD_OUTPUT = "-"


@click.command()
@click.argument("comparison", metavar="[WORKLOAD|COMPARISON-ID]", default="nanochat-d32")
@asks
@click.option("--format", "extension", help="html | pdf | xlsx | csv | json | md; else by the name of FILE.")
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path), help="FILE to write; - is standard output."
)
def report(comparison: str, extension: str | None, file: Path | None, **asked: Any) -> None:
    """Write a report on a stored comparison, or on the one that these options ask for.

    Without -o it is written into the current folder under a name made from the run.
    """
    from service.reports.renderers import renderer
    from service.usecases.reporting import comparison_report

    if extension is None:
        extension = file.suffix.removeprefix(".").lower() if file and file.suffix else "html"
    renderer(extension, "--format")
    sessions = open_database()
    identity = comparison
    if not IDENTITY.fullmatch(comparison):
        from service import usecases
        from service.store.snapshot import load

        now = datetime.now(UTC)
        request = question(now, workload=comparison, **asked)
        identity = usecases.answer(sessions, load(sessions), request, now).id
    made = comparison_report(sessions, identity, extension, asked["lang"])
    if file is not None and str(file) == STANDARD_OUTPUT:
        sys.stdout.buffer.write(made.content)
        return
    target = file or Path(made.name)
    write_whole(target, made.content)
    click.echo(str(target))


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
        raise InvalidValue("-o", str(target), f"cannot be written: {error.strerror}") from None
