"""`heimvorteil prices`: list, refresh, check, show, import, unmapped, watch."""

import logging
import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from pricing.conflicts_command import conflicts_
from pricing.first_contact_command import check_
from service.errors import InvalidValue

if TYPE_CHECKING:
    from pricing.source import PriceSource
    from service.store.price_sources import Standing

EXIT_INTERRUPTED = 130
EXIT_LEFT_TO_ANOTHER = 4
UNKNOWN = "-"
MOST_SHOWN = 10
BESIDE = "pricing.beside"
"""In the context's meta: what `watch` does beside refreshing, handed in where both wings meet."""


@click.group()
def prices() -> None:
    """Refresh prices from their public sources."""


@prices.command("list")
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def list_(context: click.Context, wide: bool, as_json: bool) -> None:
    """List the price sources: key, how often they are asked, last success and its age, the next run.

    State: fresh; stale (the last success is older than three rounds); failing (not stale yet); asleep (no
    key, or off until it is switched on); standby (stands in for another that is fresh); new (never read).
    """
    if wide and as_json:
        raise InvalidValue("--wide", True, "is of the table; --json has everything")
    from pricing import registry
    from pricing.asleep import sleep_of
    from pricing.sources import SOURCES
    from service.reports.listings.as_table import print_below, print_json, print_table
    from service.store import leases, price_sources

    sessions = context.obj()
    registry.register(sessions)
    with sessions.reading() as session:
        now = leases.clock(session)
        found = {standing.source.name: standing for standing in price_sources.standings(session, now)}
    asleep = {source.name: sleep_of(source, os.environ) for source in SOURCES}
    standings = [_as_here(found[source.name], asleep[source.name] is not None) for source in SOURCES]
    why = {name: sleep.said if sleep else None for name, sleep in asleep.items()}
    if as_json:
        items = [{**_standing_item(s), "asleep_because": why[s.source.name]} for s in standings]
        print_json(orjson.dumps(items))
        return
    rows = [
        [
            s.source.name,
            s.source.title,
            _key(s),
            price_sources.spoken(s.source.every),
            _minute(s.last_success_at),
            price_sources.spoken(s.age) if s.age is not None else UNKNOWN,
            str(s.last.accepted) if s.last else UNKNOWN,
            str(s.last.rejected) if s.last else UNKNOWN,
            "running" if s.running_since else _minute(s.due),
            s.state,
            why[s.source.name] or (s.last.error if s.last else ""),
        ]
        for s in standings
    ]
    titles = ["source", "what", "key", "every", "last success", "age", "rows", "rejects", "next run", "state"]
    print_table([*titles, "remark"], rows, {6, 7}, width=220, spare={1, 2, 4, 8, 10}, wide=wide)
    if not wide:
        print_below(f"{row[0]}: {row[-1]}" for row in rows if row[-1])


def _as_here(standing: "Standing", sleeps: bool) -> "Standing":
    """Whether it sleeps is what this process's environment says, not the one that asked it last."""
    if sleeps:
        return replace(standing, state="asleep")
    if standing.state == "asleep":
        return replace(standing, state="new" if standing.last_success_at is None else "stale")
    return standing


def _key(standing: "Standing") -> str:
    variable = standing.source.key_variable
    if not variable:
        return UNKNOWN
    return f"{variable} ({'set' if os.environ.get(variable) else 'not set'})"


def _minute(at: datetime | None) -> str:
    return UNKNOWN if at is None else f"{at:%Y-%m-%d %H:%M} UTC"


def _standing_item(standing: "Standing") -> dict[str, Any]:
    source, last = standing.source, standing.last
    return {
        "source": source.name,
        "title": source.title,
        "url": source.url,
        "licence": source.licence,
        "key_variable": source.key_variable,
        "key_is_set": bool(os.environ.get(source.key_variable)) if source.key_variable else None,
        "every_s": source.every.total_seconds(),
        "stale_after_s": source.stale_after.total_seconds(),
        "state": standing.state,
        "last_success_at": standing.last_success_at,
        "age_s": standing.age.total_seconds() if standing.age is not None else None,
        "outcome": last.outcome if last else None,
        "accepted": last.accepted if last else None,
        "rejected": last.rejected if last else None,
        "error": last.error if last else "",
        "next_run_at": standing.due,
        "running_since": standing.running_since,
    }


@prices.command("refresh")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--quick", is_flag=True, help="What a first answer needs, in 30 seconds at most.")
@click.option("--country", help="With --quick: whose electricity; usual: DE.")
@click.option(
    "--zone",
    "zones",
    multiple=True,
    metavar="ZONE",
    help="Only fetch the last 400 days of a bidding zone's day-ahead prices: DE-LU, AT, ...",
)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def refresh_(
    context: click.Context,
    *,
    names: tuple[str, ...],
    quick: bool,
    country: str | None,
    zones: tuple[str, ...],
    as_json: bool,
) -> None:
    """Ask the named sources now, or every source, several at a time.

    With --quick those that need no key and are soon read: rents, exchange rates, one's own day-ahead prices.
    With every source, the last 400 days are fetched of each zone that a dynamic contract was asked about.
    Exit code 1 when one of them failed, with --quick when all did; one that sleeps, as its key is missing or
    because of its terms, has not failed. One that another process is refreshing at this moment is left to it,
    which a line says; exit code 4 where that is so of all. Interrupted, it leaves nothing half written.
    """

    from pricing import quick as first
    from pricing import registry, rounds, zone_days
    from pricing.pace import Pace
    from service.reports.listings.as_table import print_json, print_table
    from service.settings import Settings

    if quick and names:
        raise InvalidValue("--quick", True, f"chooses the sources itself; {names[0]} is named")
    if country is not None and not quick:
        raise InvalidValue("--country", country, "is of --quick")
    if zones and (names or quick):
        beside = names[0] if names else "--quick"
        raise InvalidValue("--zone", zones[0], f"is fetched by itself, without {beside}")
    sources, sessions = registry.named(names), context.obj()
    if quick:
        sources = first.quick_sources(sources, country or first.USUAL_COUNTRY)
    registry.register(sessions)
    if zones:
        zone_days.fetch(context, zones, as_json=as_json)
        return
    try:
        with rounds.progress(sources) as say:
            pace = Pace.from_settings(Settings.from_environ())
            if quick:
                pace = replace(pace, at_once=max(pace.at_once, first.AT_ONCE))
            outcomes = rounds.refresh_all(sessions, sources, pace, say, first.WITHIN if quick else None)
    except KeyboardInterrupt:
        click.echo("heimvorteil: interrupted; what was not done yet is not kept", err=True)
        context.exit(EXIT_INTERRUPTED)
    if as_json:
        fields = ("source", "outcome", "accepted", "rejected", "changed", "seconds", "error")
        print_json(orjson.dumps([{name: getattr(o, name) for name in fields} for o in outcomes]))
    else:
        rows = [
            [
                o.source,
                o.outcome,
                str(o.accepted),
                str(o.rejected),
                UNKNOWN if o.changed is None else str(o.changed),
                f"{o.seconds:.1f}",
                o.error,
            ]
            for o in outcomes
        ]
        titles = ["source", "outcome", "accepted", "rejected", "new or changed", "seconds", "error"]
        print_table(titles, rows, {2, 3, 4, 5})
    if not names and not quick:
        zone_days.fetch_used(context)
    failed = [o.outcome == "failed" for o in outcomes if o.outcome != "asleep"]
    if any(failed) and (not quick or all(failed)):
        context.exit(1)
    if left := [o.source for o in outcomes if o.outcome == "running"]:
        click.echo(f"heimvorteil: another process is refreshing {', '.join(left)}: not read here", err=True)
        if len(left) == len(failed):
            context.exit(EXIT_LEFT_TO_ANOTHER)


@prices.command("show")
@click.argument("name", metavar="SOURCE")
@click.option("--raw", is_flag=True, help="Ask the source now and print its answer as it came; keep nothing.")
@click.option("--rejected", is_flag=True, help="The rejected rows as they were written.")
@click.pass_context
def show_(context: click.Context, name: str, raw: bool, rejected: bool) -> None:
    """Show one source: where it is read, its last refreshes, and which rows it had rejected and why.

    `prices show NAME --raw > tests/pricing/fixtures/NAME.json` records a fixture.
    """
    from pricing import registry
    from pricing.asleep import sleep_of
    from service.reports.listings.as_table import print_table
    from service.store import refreshes

    (source,) = registry.named((name,))
    if raw and rejected:
        raise InvalidValue("--rejected", True, "is of what was kept; --raw asks the source and keeps nothing")
    if raw:
        _print_raw(context, source)
        return
    with context.obj().reading() as session:
        last, refused = refreshes.recent(session, name, MOST_SHOWN), refreshes.rejected(session, name)
    click.echo(f"{source.title}\n{source.url}\n{source.licence}; another address: {source.url_setting}")
    if sleep := sleep_of(source, os.environ):
        click.echo(f"asleep: {sleep.said}")
    rows = [
        [_minute(r.started_at), r.outcome, str(r.accepted), str(r.rejected), r.requested_by, r.error]
        for r in last
    ]
    print_table(["refreshed", "outcome", "accepted", "rejected", "asked for by", "error"], rows, {2, 3})
    if not refused:
        return
    if rejected:
        print_table(["rejected because", "row"], [[row.reason, row.raw] for row in refused], set())
        return
    counted = Counter(row.reason for row in refused).most_common(MOST_SHOWN)
    print_table(["rows", "rejected because"], [[str(count), reason] for reason, count in counted], {0})


def _print_raw(context: click.Context, source: "PriceSource") -> None:
    from pricing.asleep import sleep_of
    from pricing.http import Door, FetchFailed
    from pricing.refresh import address
    from pricing.source import Asked
    from service.errors import MissingFact

    if sleep := sleep_of(source, os.environ):
        if sleep.why == "no_key":
            raise MissingFact(f"the key of {source.name}", f"set {sleep.variable}")
        raise MissingFact(f"the answer of {source.name}", sleep.said)
    key = os.environ.get(source.key or source.optional_key or "", "")
    now = datetime.now(UTC)
    try:
        with Door(now) as door:
            payload = source.fetch(door, Asked(address(source, now, os.environ), now, key))
    except FetchFailed as error:
        click.echo(f"heimvorteil: {source.name}: {error}", err=True)
        context.exit(1)
    click.echo(payload.content, nl=False)


@prices.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(["skypilot", "gpuhunt", "csv", "json"]), default="csv")
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
    from service.reports.listings.as_table import counted, print_table
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
    verb = "would be kept" if dry_run else "kept"
    click.echo(
        f"{counted(done.accepted, 'offer')} {verb} ({done.changed} new or changed), "
        f"{counted(done.rejected, 'row')} rejected, "
        f"{counted(len(done.unmapped), 'GPU name')} that nobody has mapped"
    )
    if done.moved:
        click.echo(f"heimvorteil: {spoken(done.moved)}", err=True)
    if done.reasons:
        first = {row.reason: row.raw[:80] for row in reversed(done.refused)}
        rows = [[str(n), reason, first.get(reason, "")] for reason, n in done.reasons.items()]
        print_table(["rows", "rejected because", "for example"], rows[:MOST_SHOWN], {0})
    if done.unmapped:
        click.echo(f"GPU names that nobody has mapped: {', '.join(done.unmapped[:MOST_SHOWN])}")


@prices.command("unmapped")
@click.pass_context
def unmapped_(context: click.Context) -> None:
    """List GPU names that stand for no card of the catalog, the most frequent first."""
    from service.reports.listings.as_table import print_table
    from service.store import own_gpu_names

    with context.obj().reading() as session:
        rows = own_gpu_names.unmapped(session)
    shown = [
        [r.name, r.provider, UNKNOWN if r.memory_gib is None else f"{r.memory_gib:g}", str(r.offers)]
        for r in rows
    ]
    print_table(["GPU as written", "provider", "GiB", "offers"], shown, {2, 3})


@prices.command("map")
@click.argument("name")
@click.argument("gpu", metavar="GPU_SLUG")
@click.option("--memory", type=float, help="Only offers with this memory per GPU [GiB]; without it, all.")
@click.pass_context
def map_(context: click.Context, name: str, gpu: str, memory: float | None) -> None:
    """Say which card a GPU's name in price lists stands for, for stored offers and all to come."""
    from service.reports.listings.as_table import counted
    from service.store import own_gpu_names

    with context.obj().begin() as session:
        told, changed = own_gpu_names.put(session, name, gpu, memory, datetime.now(UTC))
    only = f" with {told.memory_gib:g} GiB" if told.memory_gib else ""
    click.echo(f'"{told.name}"{only} stands for {told.gpu}: {counted(changed, "stored offer")} changed')


@prices.command("watch")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.pass_context
def watch_(context: click.Context, names: tuple[str, ...]) -> None:
    """Refresh the named sources, or all, on their schedules until stopped.

    Any number of these may run, on one machine with SQLite and on several with PostgreSQL: each source is
    asked once, and what a killed one was at is taken over. Reports on a schedule are run beside it when
    all prices that are due have been read.
    """
    from pricing import registry
    from pricing.pace import Pace
    from pricing.watch import watch
    from service.settings import Settings

    sources = registry.named(names)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    # urllib3 reports every retry; the outcome of a refresh says what came of them.
    for loud, level in (("procrastinate", "WARNING"), ("urllib3", "ERROR")):
        logging.getLogger(loud).setLevel(level)
    pace = Pace.from_settings(Settings.from_environ())
    watch(context.obj(), sources, pace, context.meta.get(BESIDE))


prices.add_command(check_)
prices.add_command(conflicts_)
