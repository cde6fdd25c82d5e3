"""`heimvorteil prices conflicts`: where lists contradict each other, and cards that an index contradicts."""

from typing import TYPE_CHECKING

import click

from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.estimate.index_check import IndexCheck
    from service.facts import CloudOffer
    from service.reports.words.wording import Wording
    from service.store.price_index import IndexRow


@click.command("conflicts")
@click.pass_context
def conflicts_(context: click.Context) -> None:
    """List prices on which two lists contradict each other by more than 1.5 times; both are kept.

    What a provider's own list or a younger one has superseded is told with what stands in its place; so are
    cards whose median is more than 25 % off an index of rents of the same week.
    """
    from service.reports.listings.as_table import print_table
    from service.reports.words.prices import tier_name
    from service.store.offer_conflicts import all_conflicts, superseded_counts
    from service.store.price_index import off_the_indices

    with context.obj().reading() as session:
        found, superseded = all_conflicts(session), superseded_counts(session)
        currency, off, compared = off_the_indices(session)
    w, rows = words(), []
    for offer, conflict in found:
        thing = f"{offer.provider} {offer.gpu_count} x {offer.gpu}"
        where = offer.region or "-"
        said = [_price(w, one) for one in (offer, conflict.offer)]
        rows.append([thing, where, tier_name(w, offer.tier), *said, w.number(conflict.ratio, 2)])
    if rows:
        titles = [w.say("what"), w.say("region"), w.say("tier"), w.say("one list says")]
        print_table([*titles, w.say("another says"), w.say("times")], rows, {5})
    click.echo(w.counted("{count} conflict", "{count} conflicts", len(found)))
    for old, new, count in superseded:
        click.echo(
            w.counted(
                "{count} price of {old} is superseded by {new}",
                "{count} prices of {old} are superseded by {new}",
                count,
                old=old,
                new=new,
            )
        )
    if compared:
        _print_off(w, currency, off, compared)


def _price(w: "Wording", one: "CloudOffer") -> str:
    """What a list says: the price to its last digit, the list, its day."""
    price = w.stated_price(one.hourly_price)
    told = f"{price} {one.currency}/h, {one.origin}, {w.day(one.as_of)}"
    return w.say("{price} (superseded)", price=told) if one.superseded_by else told


def _print_off(w: "Wording", currency: str, off: "list[tuple[IndexRow, IndexCheck]]", compared: int) -> None:
    from service.reports.listings.as_table import print_table
    from service.reports.words.prices import tier_name

    titles = [w.say("card"), w.say("tier"), w.say("median of"), w.say("{currency}/GPU-h", currency=currency),
              w.say("index"), w.say("says"), w.say("off by")]  # fmt: skip
    rows = [
        [
            row.gpu,
            tier_name(w, row.tier),
            f"{w.counted('{count} offer', '{count} offers', row.offers)}, {w.day(row.day)}",
            w.number(row.median, 2),
            f"{one.index.name} {one.index.gpu_raw_name}, {w.day(one.index.as_of)}",
            w.number(one.per_gpu_hour, 2),
            ("+" if one.off >= 0 else "") + w.percent(one.off),
        ]
        for row, one in off
    ]
    if rows:
        print_table(titles, rows, {3, 5, 6})
    click.echo(
        w.counted(
            "{off} of {count} median is more than 25 % off an index of rents",
            "{off} of {count} medians are more than 25 % off an index of rents",
            compared,
            off=w.number(len(off)),
        )
    )
