"""`heimvorteil measurements`: what one's own runs have taught, and how to forget one."""

import click

from service.cli.beside import LANG, refuse_lang_of_json
from service.cli.opening import open_database, open_facts
from service.reports.words.spoken import words

AS_JSON = click.option("--json", "as_json", is_flag=True, help="The same as JSON.")


@click.group()
def measurements() -> None:
    """What your own measurements have taught, and how to forget one."""


@measurements.command("list")
@LANG
@AS_JSON
def listed(lang: str, as_json: bool) -> None:
    """List your measurements, with the headline's hours on their card before and after."""
    from service.reports.listings import own_measurements as listing
    from service.reports.listings.as_table import print_json, print_table
    from service.usecases.own_lessons import lessons

    refuse_lang_of_json(as_json)
    _, snapshot = open_facts()
    found = lessons(snapshot)
    if as_json:
        import orjson

        print_json(orjson.dumps([listing.as_json(lesson) for lesson in found]))
    elif found:
        print_table(listing.titles(lang), listing.rows(found, lang), listing.NUMERIC)
    else:
        click.echo(listing.nothing_yet(lang))


@measurements.command()
@click.argument("name")
@LANG
@AS_JSON
def show(name: str, lang: str, as_json: bool) -> None:
    """Show which terms, cards and engines one measurement moved."""
    from service.reports.listings import own_measurements as listing
    from service.usecases.own_lessons import lesson

    refuse_lang_of_json(as_json)
    _, snapshot = open_facts()
    found = lesson(snapshot, name)
    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(listing.as_json(found)))
        return
    click.echo(listing.render(found, lang), nl=False)


@measurements.command()
@click.argument("name")
def remove(name: str) -> None:
    """Forget a measurement: no estimate learns from it any more."""
    from service.usecases.measuring import forget

    forget(open_database(), name)
    click.echo(words().say("forgotten: {name}", name=name))
