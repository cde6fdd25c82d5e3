"""`heimvorteil prices unmapped` and `map`: names of GPUs that stand for no card of the catalog."""

from datetime import UTC, datetime

import click

from service.reports.words.spoken import words

UNKNOWN = "-"


@click.command("unmapped")
@click.pass_context
def unmapped_(context: click.Context) -> None:
    """List GPU names that stand for no card of the catalog, the most frequent first."""
    from service.reports.listings.as_table import print_table
    from service.store import own_gpu_names

    with context.obj().reading() as session:
        rows = own_gpu_names.unmapped(session)
    w = words()
    if not rows:
        click.echo(w.say("Every GPU name stands for a card of the catalog."))
        return
    shown = [
        [r.name, r.provider, UNKNOWN if r.memory_gib is None else w.exact(r.memory_gib), w.number(r.offers)]
        for r in rows
    ]
    print_table([w.say("GPU as written"), w.say("provider"), "GiB", w.say("offers")], shown, {2, 3})


@click.command("map")
@click.argument("name")
@click.argument("gpu", metavar="GPU_SLUG")
@click.option("--memory", type=float, help="Only offers with this memory per GPU [GiB]; without it, all.")
@click.pass_context
def map_(context: click.Context, name: str, gpu: str, memory: float | None) -> None:
    """Say which card a GPU's name in price lists stands for, for stored offers and all to come."""
    from service.store import own_gpu_names

    with context.obj().begin() as session:
        told, changed = own_gpu_names.put(session, name, gpu, memory, datetime.now(UTC))
    w = words()
    name = w.say('"{name}"', name=told.name)
    if told.memory_gib:
        name = w.say("{name} with {gib} GiB", name=name, gib=w.exact(told.memory_gib))
    click.echo(
        w.counted(
            "{name} stands for {gpu}: {count} stored offer changed",
            "{name} stands for {gpu}: {count} stored offers changed",
            changed,
            name=name,
            gpu=told.gpu,
        )
    )
