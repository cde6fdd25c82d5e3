"""`heimvorteil prices`: list, refresh, watch."""

from datetime import UTC, datetime, timedelta

import click


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


@prices.command("watch")
@click.pass_context
def watch_(context: click.Context) -> None:
    """Refresh every source on its schedule until stopped; several may run, each source is asked once."""
    from pricing.jobs import watch

    watch(context.obj())
