"""`heimvorteil measure`."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from service.cli.amounts import Money
from service.cli.opening import open_facts
from service.errors import InvalidValue

LARGEST_FILE_BYTES = 200_000_000


@click.command()
@click.argument("logfile", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--gpu", help="The card it was measured on, by name or slug.")
@click.option("--gpu-count", type=int, help="How many of them; nanochat and llm.c logs say it themselves.")
@click.option("--workload", help="What was trained, where the log does not print the model's shape.")
@click.option("--tokens-per-s", type=float, help="Instead of a log: tokens per second of the whole machine.")
@click.option("--micro-batch", type=int, help="Sequences per GPU and forward pass.")
@click.option("--seq-len", type=int, help="Tokens per sequence, where the log does not print it.")
@click.option("--total-steps", type=int, help="Steps of the whole run, where the log does not print them.")
@click.option("--country", default="DE", show_default=True, help="Whose tariff counts for the run's money.")
@click.option("--currency", default="EUR", show_default=True)
@click.option("--kwh-price", type=Money(), help="Your own price per kWh, in that currency.")
@click.option("--plug-watts", type=float, help="Measured at the plug; replaces what is assumed.")
@click.option("--dry-run", is_flag=True, help="Show what it would teach and do not keep it.")
@click.option("--forget", metavar="NAME", help="Take a measurement of your own back.")
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def measure(
    logfile: Path | None,
    gpu: str | None,
    gpu_count: int | None,
    workload: str | None,
    tokens_per_s: float | None,
    micro_batch: int | None,
    seq_len: int | None,
    total_steps: int | None,
    country: str,
    currency: str,
    kwh_price: Decimal | None,
    plug_watts: float | None,
    dry_run: bool,
    forget: str | None,
    lang: str,
    as_json: bool,
) -> None:
    """Learn from your own run: a log of nanochat, nanoGPT, llm.c, torchtune or HF Trainer, or a number.

    Every later estimate on this card and code base learns from it; a run in progress is told how far it
    is, and how long, how many kWh and how much money the rest takes.
    """
    sessions, snapshot = open_facts()
    from service.usecases import ComparisonRequest, measuring
    from service.usecases.finding import household_of

    if forget:
        measuring.forget(sessions, forget)
        click.echo(f"forgotten: {forget}")
        return
    if gpu is None:
        raise InvalidValue("--gpu", None, "name the card it was measured on")
    if (logfile is None) == (tokens_per_s is None):
        raise InvalidValue("LOGFILE", str(logfile), "give a log or --tokens-per-s, exactly one of them")
    from service.estimate.training_log import read_log

    log = read_log(log_text(logfile), seq_len, gpu_count or 1) if logfile else None
    said = measuring.OwnMeasurement(gpu, gpu_count, workload, tokens_per_s, micro_batch)
    today = datetime.now(UTC).date()
    run, known_workload = measuring.own_run(snapshot, said, log, today)
    learnt = measuring.learnt_from(snapshot, run)
    standing = None
    if log:
        request = ComparisonRequest(
            country=country.strip().upper(), currency=currency.strip().upper(), kwh_price=kwh_price
        )
        household = household_of(snapshot, request, today)
        standing = measuring.progress_of(
            snapshot, run, log, household, request.currency, known_workload, total_steps, plug_watts
        )
    if not dry_run:
        measuring.keep(sessions, run)
    from service.reports.listings import measurement

    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(measurement.as_json(learnt, log, standing, kept=not dry_run)))
        return
    click.echo(measurement.render(learnt, log, standing, lang, kept=not dry_run), nl=False)


def log_text(path: Path) -> str:
    """A log's text; bytes that are no UTF-8 are replaced. Raises InvalidValue for one that is too large."""
    size = path.stat().st_size
    if size > LARGEST_FILE_BYTES:
        raise InvalidValue("LOGFILE", str(path), f"has {size:,} bytes, more than {LARGEST_FILE_BYTES:,}")
    return path.read_bytes().decode("utf-8", errors="replace")
