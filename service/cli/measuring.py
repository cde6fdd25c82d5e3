"""`heimvorteil measure`."""

import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.cli.asking import as_json_is_read, asking, question_of
from service.cli.beside import refuse_beside
from service.cli.following import GZIP, STANDARD_INPUT, follow_run
from service.cli.opening import open_database, open_facts
from service.cli.probing import learn_from_probe
from service.errors import InvalidValue, worded
from service.reports.words.spoken import words


@click.command(cls=asking("AskedMeasurement"))
@click.argument(
    "logfile", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), required=False
)
@click.option("--dry-run", is_flag=True, help="Show what it would teach and do not keep it.")
@click.option("--yes", is_flag=True, help="Keep it even if it is hard to believe.")
@click.option(
    "--follow",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LOGFILE",
    help="Show the run as it goes.",
)
@click.option(
    "--budget", type=float, help="With --follow: warn when the forecast passes this, in the currency."
)
@click.option("--forget", metavar="NAME", help="Take a measurement of your own back.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def measure(
    logfile: Path | None,
    dry_run: bool,
    follow: Path | None,
    budget: float | None,
    yes: bool,
    forget: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Learn from your own run: its log or trainer_state.json, as the program printed it, or a number.

    Reads logs of nanochat, nanoGPT, llm.c, the Hugging Face Trainer (TRL, Unsloth, Axolotl, LLaMA-Factory),
    torchtune, torchtitan, Megatron-LM, NeMo, DeepSpeed, Lightning, litgpt, OLMo, Composer, nanotron, MLX and
    a few more. What a log does not say is asked for by the option that answers it.

    A LOGFILE that the script of `heimvorteil probe` printed is recognised; - reads what comes in.

    Every later estimate on this card and code base learns from it; a run in progress is told how far it
    is, and how long, how many kWh and how much money the rest takes.
    """
    from service.answers.question import AskedMeasurement
    from service.reports.listings import measurement
    from service.usecases import measuring
    from service.usecases.probing import probe_in

    if forget is not None:
        refuse_beside(("forget",), worded("means nothing with --forget, which takes a measurement back"))
        measuring.forget(open_database(), forget)
        click.echo(words().say("forgotten: {name}", name=forget))
        return
    if budget is not None and follow is None:
        raise InvalidValue("--budget", budget, worded("is kept an eye on with --follow LOGFILE"))
    log = log_text(logfile) if logfile and not follow else None
    if log is not None and (probe := probe_in(log)):
        learn_from_probe(probe, asked["gpu"], asked["lang"], keep=not dry_run, yes=yes, as_json=as_json)
        return
    if asked["gpu"] is None:
        raise InvalidValue("--gpu", None, worded("name the card it was measured on"))
    if follow:
        follow_run(follow, budget, asked)
        return
    asked = as_json_is_read(asked) if as_json else asked
    request = question_of(AskedMeasurement, asked, log=log, keep=not dry_run, yes=yes)
    sessions, snapshot = open_facts()
    measured = measuring.measure(sessions, snapshot, request, datetime.now(UTC).date())
    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(measurement.as_json(measured, request.lang)))
        return
    click.echo(measurement.render(measured, request.lang), nl=False)


def log_text(path: Path) -> str:
    """A log's text; UTF-8 or UTF-16, or either in gzip. Raises InvalidValue for one that is too large."""
    from service.estimate.run_records.log_lines import decoded
    from service.estimate.run_records.training_log import LARGEST_LOG_CHARACTERS

    if str(path) == STANDARD_INPUT:
        data = sys.stdin.buffer.read(LARGEST_LOG_CHARACTERS + 1)
    else:
        size = path.stat().st_size
        if size > LARGEST_LOG_CHARACTERS:
            reason = worded(
                "has {size:,} bytes, more than {largest_log_characters:,}",
                size=size,
                largest_log_characters=LARGEST_LOG_CHARACTERS,
            )
            raise InvalidValue("LOGFILE", str(path), reason)
        data = path.read_bytes()
    if data.startswith(GZIP):
        data = _unpacked(data, LARGEST_LOG_CHARACTERS + 1, str(path))
    if len(data) > LARGEST_LOG_CHARACTERS:
        raise InvalidValue(
            "LOGFILE",
            str(path),
            worded(
                "has more than {largest_log_characters:,} bytes",
                largest_log_characters=LARGEST_LOG_CHARACTERS,
            ),
        )
    return decoded(data)


def _unpacked(data: bytes, most: int, path: str) -> bytes:
    """The first bytes of what gzip packed; of a file that was cut off, what is whole of it."""
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        return unpacking.decompress(data, most)
    except zlib.error as error:
        raise InvalidValue("LOGFILE", path, worded("cannot be unpacked: {error}", error=error)) from None
