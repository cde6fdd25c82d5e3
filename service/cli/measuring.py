"""`heimvorteil measure`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from service.cli.amounts import Amount
from service.cli.opening import open_database, open_facts
from service.errors import InvalidValue


@click.command()
@click.argument("logfile", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--gpu", help="The card it was measured on, by name or slug.")
@click.option("--gpu-count", type=int, help="How many of them; nanochat and llm.c logs say it themselves.")
@click.option("--workload", help="What was trained, where the log does not print the model's shape.")
@click.option("--tokens-per-s", type=float, help="Instead of a log: tokens per second of the whole machine.")
@click.option("--micro-batch", type=int, help="Sequences per GPU and forward pass.")
@click.option("--seq-len", type=int, help="Tokens per sequence, where the log does not print it.")
@click.option("--total-steps", type=int, help="Steps of the whole run, where the log does not print them.")
@click.option(
    "--country",
    default="DE",
    show_default=True,
    help="Whose tariff counts for the run's money: ISO country, US-STATE, or its name.",
)
@click.option("--currency", default="EUR", show_default=True)
@click.option("--kwh-price", type=Amount(), help="Your own price per kWh, in that currency.")
@click.option("--plug-watts", type=float, help="Measured at the plug; replaces what is assumed.")
@click.option("--dry-run", is_flag=True, help="Show what it would teach and do not keep it.")
@click.option("--forget", metavar="NAME", help="Take a measurement of your own back.")
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def measure(
    logfile: Path | None, dry_run: bool, forget: str | None, lang: str, as_json: bool, **asked: Any
) -> None:
    """Learn from your own run: a log of nanochat, nanoGPT, llm.c, torchtune or HF Trainer, or a number.

    Every later estimate on this card and code base learns from it; a run in progress is told how far it
    is, and how long, how many kWh and how much money the rest takes.
    """
    from service.usecases import measuring

    if forget:
        measuring.forget(open_database(), forget)
        click.echo(f"forgotten: {forget}")
        return
    if asked["gpu"] is None:
        raise InvalidValue("--gpu", None, "name the card it was measured on")
    asked["currency"] = asked["currency"].strip().upper()
    request = measuring.MeasurementRequest(
        log=log_text(logfile) if logfile else None, keep=not dry_run, **asked
    )
    sessions, snapshot = open_facts()
    found = measuring.measure(sessions, snapshot, request, datetime.now(UTC).date())
    from service.reports.listings import measurement

    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(measurement.as_json(found, lang)))
        return
    click.echo(measurement.render(found, lang), nl=False)


def log_text(path: Path) -> str:
    """A log's text; bytes that are no UTF-8 are replaced. Raises InvalidValue for one that is too large."""
    from service.estimate.run_records.training_log import LARGEST_LOG_CHARACTERS as most

    size = path.stat().st_size
    if size > most:
        raise InvalidValue("LOGFILE", str(path), f"has {size:,} bytes, more than {most:,}")
    return path.read_bytes().decode("utf-8", errors="replace")
