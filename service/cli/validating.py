"""`heimvorteil validate`."""

import codecs
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import click

from service.cli.beside import LANG, refuse_beside, refuse_lang_of_json
from service.cli.opening import open_facts
from service.errors import InvalidValue, worded

LARGEST_FILE_BYTES = 50_000_000


@click.command()
@click.argument("runs", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--leave-out",
    type=click.Choice(["run", "gpu", "project", "reporter"]),
    default="run",
    show_default=True,
    help="Of the shipped runs: leave out each run, its whole GPU, code base or reporter.",
)
@LANG
@click.option("--json", "as_json", is_flag=True, help="All rows and the summary as JSON.")
@click.option("--markdown", is_flag=True, help="The page of the documentation on the shipped runs.")
@click.option("--figures", is_flag=True, help="The totals on the shipped runs as the catalog keeps them.")
def validate(
    *, runs: Path | None, leave_out: str, lang: str, as_json: bool, markdown: bool, figures: bool
) -> None:
    """Predict measured runs without their own measurement and say how well that went.

    RUNS is a CSV file with the columns id, gpu, n_layers, d_model, vocab, seq_len, ... and, to be judged
    by, tokens_per_s, peak_mem_gib and gpu_power_w; without it the shipped runs are judged. Empty cells
    mean unknown: shapes of well-known models and habits of known code bases fill them, the rest widens
    the interval.
    """
    if runs and (leave_out != "run" or markdown or figures):
        about = worded("--leave-out, --markdown and --figures are about the shipped runs")
        raise InvalidValue("RUNS", str(runs), about)
    if figures:
        refuse_beside(("figures", "runs"), worded("means nothing with --figures, a file of the catalog"))
    if markdown:
        refuse_beside(
            ("markdown", "runs"), worded("means nothing with --markdown, a page of the documentation")
        )
    refuse_lang_of_json(as_json)
    text = read_text(runs) if runs else None
    _, snapshot = open_facts()
    from service.reports.listings import validation_page
    from service.reports.words.wording import wording
    from service.usecases import validating

    if markdown or figures:
        validations = validating.validate_left_out(snapshot)
        by_group = {group.name: getattr(validations, group.name) for group in fields(validations)}
        if figures:
            click.echo(validation_page.track_record(by_group, datetime.now(UTC).date()), nl=False)
            return
        count = len(validations.run.rows)
        click.echo(validation_page.markdown(by_group, f"the {count} shipped runs"), nl=False)
        return
    judged = (
        validating.validate_shipped(snapshot, leave_out)
        if text is None
        else validating.validate_file(snapshot, text)
    )
    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(validation_page.as_json(judged)))
        return
    from service.reports.listings.as_table import print_table

    w = wording(lang)
    rows = [validation_page.row_cells(w, row) for row in judged.rows]
    print_table(validation_page.row_titles(w), rows, {2, 3, 4, 5, 6, 8, 9}, width=240)
    print_table(validation_page.score_titles(w), validation_page.score_rows(w, judged), {1, 2, 3, 4, 5, 6})
    if verdicts := validation_page.verdict_rows(w, judged):
        print_table(validation_page.verdict_titles(w), verdicts, {1, 2, 3, 4})
    for line in validation_page.remark_lines(w, judged):
        click.echo(line)


def read_text(path: Path) -> str:
    """A text file's content. Raises InvalidValue for one that is too large or no text."""
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise InvalidValue(
            "RUNS",
            str(path),
            worded(
                "has {size:,} bytes, more than {largest_file_bytes:,}",
                size=size,
                largest_file_bytes=LARGEST_FILE_BYTES,
            ),
        )
    written = path.read_bytes()
    encoding = "utf-16" if written.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return written.decode(encoding)
    except UnicodeDecodeError:
        # Spreadsheets on Windows save CSV in their own code page; all but five bytes mean something there.
        try:
            return written.decode("cp1252")
        except UnicodeDecodeError:
            raise InvalidValue("RUNS", str(path), worded("is not text")) from None
