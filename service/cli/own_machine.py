"""`heimvorteil machine`, and `here` as the name of this computer's cards."""

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from service.cli.beside import LANG, refuse_lang_of_json
from service.cli.opening import open_facts
from service.errors import InvalidValue, MissingFact, worded
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from service.estimate.own_machine import OwnCards
    from service.store.snapshot import Snapshot

HERE = "here"
"""What `--home` and `--own` call this computer; finding.py refuses it of everybody else."""

OF_EVERY_CARD = ("power_limit_watts", "pcie_lanes")
"""Options that a question takes of all its machines."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@LANG
def machine(as_json: bool, lang: str) -> None:
    """Tell what this computer has: its cards as their drivers see them, as options to paste.

    compare, decide and report take them by themselves with --home here and --own here.
    """
    from service.estimate.own_machine import own_cards
    from service.here.reading import this_computer
    from service.reports.listings import own_machine as listing

    refuse_lang_of_json(as_json)
    computer = this_computer()
    _, snapshot = open_facts()
    kinds = own_cards(snapshot.gpus, computer.cards, computer.free_host_memory_gib)
    if as_json:
        import orjson

        from service.reports.listings.as_table import print_json

        print_json(orjson.dumps(listing.as_json(computer, kinds)))
        return
    click.echo(listing.render(computer, kinds, lang), nl=False)


def as_said_or_here(snapshot: "Snapshot", asked: dict[str, Any]) -> dict[str, Any]:
    """The options with this computer's cards where they say `here`; what is said beside it wins.

    Raises MissingFact where no card of the catalog is found, InvalidValue where several kinds are.
    """
    field = "home" if "home" in asked else "own"
    own = asked.get(field) or ()
    if HERE not in own:
        return asked
    kind = _this_card(snapshot, f"--{field}")
    assert kind.gpu is not None
    options = dict(kind.options or {})
    taken: dict[str, Any] = {"home": (kind.gpu.slug,), **options}
    if own != (HERE,) or field == "own":
        count = options.pop("home_count", 1)
        name = kind.gpu.slug if count == 1 else f"{count}x{kind.gpu.slug}"
        taken = {field: tuple(name if one == HERE else one for one in own), **options}
    left = {name: taken.pop(name) for name in OF_EVERY_CARD if len(own) > 1 and name in taken}
    context = click.get_current_context()
    said = {n for n in asked if context.get_parameter_source(n) is ParameterSource.COMMANDLINE}
    taken = {name: value for name, value in taken.items() if name in ("home", "own") or name not in said}
    _tell(kind.cards[0].name, taken, left)
    return {**asked, **taken}


def _tell(card: str, taken: dict[str, Any], left: dict[str, Any]) -> None:
    from service.reports.listings.own_machine import as_words

    told = f"{card}: {as_words(taken)}"
    if left:
        told = words().say(
            "{taken}; left out, for it would be said of all your machines: {left}",
            taken=told,
            left=as_words(left),
        )
    click.echo(f"heimvorteil: {HERE}: {told}", err=True)


def _this_card(snapshot: "Snapshot", option: str) -> "OwnCards":
    from service.estimate.own_machine import own_cards
    from service.here.reading import this_computer

    computer = this_computer()
    kinds = own_cards(snapshot.gpus, computer.cards, computer.free_host_memory_gib)
    known = [kind for kind in kinds if kind.gpu is not None]
    if len(known) > 1:
        names = [kind.gpu.slug for kind in known if kind.gpu]
        raise InvalidValue(option, HERE, worded("has several kinds of cards: name one"), names)
    if known:
        return known[0]
    if kinds:
        name, nearest = kinds[0].cards[0].name, kinds[0].nearest
        raise InvalidValue(
            option, HERE, worded("has {name}, which is in no catalog: name one like it", name=name), nearest
        )
    why = ", ".join(f"{program} {problem}" for program, problem in computer.problems)
    raise MissingFact(
        worded("the card of this computer ({why})", why=why),
        worded("name yours, as in {option} rtx-4070", option=option),
    )
