"""`heimvorteil prices import`: prices from a file."""

from datetime import UTC, datetime
from pathlib import Path

import click

from service.reports.words.error_words import in_words, said
from service.reports.words.spoken import words

MOST_SHOWN = 10


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    type=click.Choice(["skypilot", "gpuhunt", "csv", "json"]),
    default="csv",
    help="How it is written.",
)
@click.option("--provider", required=True, help="Slug of the provider whose prices these are.")
@click.option(
    "--new-provider", metavar="NAME", help="Name of one that is in no list yet; --provider is its slug."
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day they are true for; today.")
@click.option("--dry-run", is_flag=True, help="Show what would be kept and keep nothing.")
@click.option("--yes", is_flag=True, help="Keep it even if it changes the cheapest price of a card by half.")
@click.option("--json", "as_json", is_flag=True, help="The result as REST gives it.")
@click.pass_context
def import_(
    context: click.Context,
    *,
    file: Path,
    format_: str,
    provider: str,
    new_provider: str | None,
    as_of: datetime | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take in prices from a file: a private quote, a correction, a catalogue without network.

    csv and json need instance, gpu, gpu_count, price_per_hour and currency; they may have region, country,
    tier, term_months, memory_gib_per_gpu, vcpus, ram_gib, as_of and note. Semicolons, decimal commas and
    German names of columns are understood.
    """
    from pricing.importing import read_file, spoken, take_in
    from service.reports.listings.as_table import print_table
    from service.usecases.price_imports import PriceTable

    now = datetime.now(UTC)
    day = as_of.date() if as_of else now.date()
    table = PriceTable(
        file.name, format_, provider, day, yes, read_file(file), new_provider=new_provider or ""
    )
    done = take_in(context.obj(), table, now, dry_run=dry_run)
    if as_json:
        import json
        from dataclasses import asdict

        click.echo(json.dumps(asdict(done), indent=2, ensure_ascii=False))
        return
    w = words()
    changed = w.number(done.changed)
    counts = [
        w.counted(
            "{count} offer would be kept ({changed} new or changed)",
            "{count} offers would be kept ({changed} new or changed)",
            done.accepted,
            changed=changed,
        )
        if dry_run
        else w.counted(
            "{count} offer kept ({changed} new or changed)",
            "{count} offers kept ({changed} new or changed)",
            done.accepted,
            changed=changed,
        ),
        w.counted("{count} row rejected", "{count} rows rejected", done.rejected),
        w.counted(
            "{count} GPU name that nobody has mapped",
            "{count} GPU names that nobody has mapped",
            len(done.unmapped),
        ),
    ]
    click.echo(", ".join(counts))
    if done.moved:
        click.echo(f"heimvorteil: {said(spoken(done.moved))}", err=True)
    if done.reasons:
        first = {row.reason: row.raw[:80] for row in reversed(done.refused)}
        rows = [[w.number(n), in_words(reason), first.get(reason, "")] for reason, n in done.reasons.items()]
        titles = [w.say("rows"), w.say("rejected because"), w.say("for example")]
        print_table(titles, rows[:MOST_SHOWN], {0})
    if done.unmapped:
        names = ", ".join(done.unmapped[:MOST_SHOWN])
        click.echo(w.say("GPU names that nobody has mapped: {names}", names=names))
