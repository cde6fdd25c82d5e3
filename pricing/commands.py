"""`heimvorteil prices`: list, refresh, watch."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

UNKNOWN = "-"
MOST_SHOWN = 10


@click.group()
def prices() -> None:
    """Refresh prices from their public sources."""


@prices.command("list")
@click.pass_context
def list_(context: click.Context) -> None:
    """List the price sources, how often they are asked, and how the last refresh went."""
    from pricing.sources import SOURCES
    from service.reports.as_table import print_table
    from service.store import refreshes

    with context.obj().reading() as session:
        last, well = refreshes.latest(session), refreshes.latest(session, ("ok", "unchanged"))
    now = datetime.now(UTC)
    rows = []
    for source in SOURCES:
        newest, good = last.get(source.name), well.get(source.name)
        rows.append([
            source.name,
            source.title,
            f"{source.every / timedelta(hours=1):g} h",
            source.key or "-",
            f"{good.started_at:%Y-%m-%d %H:%M} UTC" if good else "-",
            f"{(now - good.started_at) / timedelta(hours=1):.1f} h" if good else "-",
            str(newest.accepted) if newest else "-",
            str(newest.rejected) if newest else "-",
            newest.error if newest else "",
        ])  # fmt: skip
    titles = ["source", "what", "every", "key", "last success", "age", "accepted", "rejected", "error"]
    print_table(titles, rows, {6, 7})


@prices.command("refresh")
@click.argument("names", nargs=-1)
@click.pass_context
def refresh_(context: click.Context, names: tuple[str, ...]) -> None:
    """Ask the named sources now, or every source; exit code 1 when one of them failed."""
    from pricing.refresh import refresh
    from pricing.sources import SOURCES
    from service.errors import UnknownName
    from service.reports.as_table import print_table

    known = {source.name: source for source in SOURCES}
    for name in names:
        if name not in known:
            raise UnknownName("source", name, known)
    sessions, now = context.obj(), datetime.now(UTC)
    outcomes = [refresh(sessions, known[name], now) for name in names or known]
    print_table(
        ["source", "outcome", "accepted", "rejected", "error"],
        [[o.source, o.outcome, str(o.accepted), str(o.rejected), o.error] for o in outcomes],
        {2, 3},
    )
    if any(o.outcome == "failed" for o in outcomes):
        context.exit(1)


@prices.command("show")
@click.argument("name")
@click.option("--raw", is_flag=True, help="The rejected rows as they were written.")
@click.pass_context
def show_(context: click.Context, name: str, raw: bool) -> None:
    """Show one source: where it is read, its last refreshes, and which rows it had rejected and why."""
    from pricing.sources import SOURCES
    from service.errors import UnknownName
    from service.reports.as_table import print_table
    from service.store import refreshes

    known = {source.name: source for source in SOURCES}
    if name not in known:
        raise UnknownName("source", name, known)
    source = known[name]
    with context.obj().reading() as session:
        last, refused = refreshes.recent(session, name, MOST_SHOWN), refreshes.rejected(session, name)
    click.echo(f"{source.title}\n{source.url}\n{source.licence}; another address: {source.url_setting}")
    rows = [
        [f"{r.started_at:%Y-%m-%d %H:%M} UTC", r.outcome, str(r.accepted), str(r.rejected), r.error]
        for r in last
    ]
    print_table(["refreshed", "outcome", "accepted", "rejected", "error"], rows, {2, 3})
    if not refused:
        return
    if raw:
        print_table(["rejected because", "row"], [[row.reason, row.raw] for row in refused], set())
        return
    counted = Counter(row.reason for row in refused).most_common(MOST_SHOWN)
    print_table(["rows", "rejected because"], [[str(count), reason] for reason, count in counted], {0})


@prices.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(["skypilot", "gpuhunt", "csv", "json"]), default="csv")
@click.option("--provider", required=True, help="Slug of the provider whose prices these are.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day they are true for; today.")
@click.option("--dry-run", is_flag=True, help="Show what would be kept and keep nothing.")
@click.pass_context
def import_(
    context: click.Context, file: Path, format_: str, provider: str, as_of: datetime | None, dry_run: bool
) -> None:
    """Take in prices from a file: a private quote, a correction, a catalogue without network.

    csv and json need instance, gpu, gpu_count, price_per_hour and currency.
    """
    from pricing.importing import import_file
    from service.reports.as_table import print_table

    now = datetime.now(UTC)
    day = as_of.date() if as_of else now.date()
    done = import_file(context.obj(), file, format_, provider, day, now, dry_run=dry_run)
    verb = "would be kept" if dry_run else "kept"
    click.echo(
        f"{done.accepted} offers {verb} ({done.changed} new or changed), {done.rejected} rows rejected, "
        f"{done.unmapped} with a GPU that nobody has mapped"
    )
    if done.reasons:
        print_table(["rows", "rejected because", "for example"], done.reasons, {0})


@prices.command("unmapped")
@click.pass_context
def unmapped_(context: click.Context) -> None:
    """List GPU names that stand for no card of the catalog, the most frequent first."""
    from service.reports.as_table import print_table
    from service.store import offers

    with context.obj().reading() as session:
        rows = offers.unmapped(session)
    shown = [
        [r.name, r.provider, UNKNOWN if r.memory_gib is None else f"{r.memory_gib:g}", str(r.offers)]
        for r in rows
    ]
    print_table(["GPU as written", "provider", "GiB", "offers"], shown, {2, 3})


@prices.command("conflicts")
@click.pass_context
def conflicts_(context: click.Context) -> None:
    """List prices on which two lists contradict each other by more than 1.5 times; both are kept."""
    from service.reports.as_table import print_table
    from service.store.offer_conflicts import all_conflicts

    with context.obj().reading() as session:
        found = all_conflicts(session)
    rows = []
    for offer, conflict in found:
        thing = f"{offer.provider} {offer.gpu_count} x {offer.gpu}"
        where = offer.region or UNKNOWN
        said = [
            f"{one.hourly_price} {one.currency}/h, {one.origin}, {one.as_of}"
            for one in (offer, conflict.offer)
        ]
        rows.append([thing, where, offer.tier, *said, f"{conflict.ratio:.2f}"])
    print_table(["what", "region", "tier", "one list says", "another says", "times"], rows, {5})
    click.echo(f"{len(found)} conflicts")


@prices.command("watch")
@click.pass_context
def watch_(context: click.Context) -> None:
    """Refresh every source on its schedule until stopped; several may run, each source is asked once."""
    from pricing.jobs import watch

    watch(context.obj())
