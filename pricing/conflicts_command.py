"""`heimvorteil prices conflicts`: where lists contradict each other, and cards that an index contradicts."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from service.estimate.index_check import IndexCheck
    from service.store.price_index import IndexRow


@click.command("conflicts")
@click.pass_context
def conflicts_(context: click.Context) -> None:
    """List prices on which two lists contradict each other by more than 1.5 times; both are kept.

    What a provider's own list or a younger one has superseded is told with what stands in its place; so are
    cards whose median is more than 25 % off an index of rents of the same week.
    """
    from service.reports.listings.as_table import counted, print_table
    from service.store.offer_conflicts import all_conflicts, superseded_counts
    from service.store.price_index import off_the_indices

    with context.obj().reading() as session:
        found, superseded = all_conflicts(session), superseded_counts(session)
        currency, off, compared = off_the_indices(session)
    rows = []
    for offer, conflict in found:
        thing = f"{offer.provider} {offer.gpu_count} x {offer.gpu}"
        where = offer.region or "-"
        said = [
            f"{one.hourly_price} {one.currency}/h, {one.origin}, {one.as_of}"
            + (" (superseded)" if one.superseded_by else "")
            for one in (offer, conflict.offer)
        ]
        rows.append([thing, where, offer.tier, *said, f"{conflict.ratio:.2f}"])
    print_table(["what", "region", "tier", "one list says", "another says", "times"], rows, {5})
    click.echo(counted(len(found), "conflict"))
    for old, new, count in superseded:
        are = "is" if count == 1 else "are"
        click.echo(f"{counted(count, 'price')} of {old} {are} superseded by {new}")
    if compared:
        _print_off(currency, off, compared)


def _print_off(currency: str, off: "list[tuple[IndexRow, IndexCheck]]", compared: int) -> None:
    from service.reports.listings.as_table import counted, print_table

    titles = ["card", "tier", "median of", f"{currency}/GPU-h", "index", "says", "off by"]
    rows = [
        [
            row.gpu,
            row.tier,
            f"{counted(row.offers, 'offer')}, {row.day}",
            f"{row.median:.2f}",
            f"{one.index.name} {one.index.gpu_raw_name}, {one.index.as_of}",
            f"{one.per_gpu_hour:.2f}",
            f"{one.off:+.0%}",
        ]
        for row, one in off
    ]
    if rows:
        print_table(titles, rows, {3, 5, 6})
    click.echo(f"{len(off)} of {compared} medians are more than 25 % off an index of rents")
