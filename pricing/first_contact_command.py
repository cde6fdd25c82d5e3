"""`heimvorteil prices check`: does every source answer, and as its parser expects?"""

import os
from datetime import UTC, datetime

import click

from service.errors import worded
from service.reports.words.spoken import language

DEFAULT_S = 60.0


@click.command("check")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(1, 3600),
    default=DEFAULT_S,
    show_default=True,
    help="Time for each source [s].",
)
@click.option("--lang", type=click.Choice(["en", "de"]), default=language, help="Language of what is said.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.pass_context
def check_(
    context: click.Context, *, names: tuple[str, ...], timeout_s: float, lang: str, as_json: bool
) -> None:
    """Call the named sources once, or every source, and say what came back; nothing is stored.

    For each: reached or not, whether the answer has the shape that is expected, how many prices a refresh
    would keep and refuse, what is odd, seconds. Nothing is tried again. Exit code 1 when one could not be
    reached or answered otherwise than expected; one that sleeps, as it lacks a
    key or because of its terms, is not called.
    """
    from pricing import first_contact, registry, rounds
    from pricing.gpu_names import GpuNames
    from pricing.pace import Pace
    from service.errors import InvalidValue
    from service.reports.listings import price_check
    from service.reports.listings.as_table import print_json, print_table
    from service.settings import Settings
    from service.store import gpus, own_gpu_names

    if as_json and context.get_parameter_source("lang") is click.core.ParameterSource.COMMANDLINE:
        raise InvalidValue("--lang", lang, worded("is of what is said on the screen; --json has no words"))
    sources = registry.named(names)
    with context.obj().reading() as session:
        known = GpuNames(gpus.all(session), own_gpu_names.all(session))
    now, at_once = datetime.now(UTC), Pace.from_settings(Settings.from_environ()).at_once
    with rounds.progress(sources) as say:
        found = first_contact.call_all(
            sources,
            lambda source: first_contact.call_one(source, known, now, os.environ, timeout_s),
            at_once,
            say,
        )
    if as_json:
        import orjson

        print_json(orjson.dumps(price_check.as_json(found)))
    else:
        print_table(price_check.titles(lang), price_check.rows(found, lang), price_check.NUMERIC, width=200)
        click.echo(price_check.summed_up(found, lang))
    if any(check.has_failed for check in found):
        context.exit(1)
