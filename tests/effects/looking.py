"""An answer without what only repeats the question."""

from collections.abc import Iterator
from copy import copy

import click

from service.cli import main

ECHOED = frozenset({"id", "asked_at", "sources", "as_told", "limits", "weights", "zone"})
OF_A_MODEL = "fine_tuning"


def bare(told: object) -> object:
    """Without the answer's name and the numbers that were given: an effect is what follows from them."""
    if isinstance(told, dict):
        names = told.keys() - ECHOED - ({"name"} if OF_A_MODEL in told else set())
        return {name: bare(told[name]) for name in sorted(names)}
    return [bare(one) for one in told] if isinstance(told, list) else told


def opts_of(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    """Its options by their first name, its arguments by theirs."""
    for one in copy(command).get_params(click.Context(command)):
        if not str(one.name).endswith("default_help"):
            yield (one.opts[0] if isinstance(one, click.Option) else str(one.name)), one


def refusal_names(name: str, option: str, said: str) -> bool:
    """Whether a refusal names the option: as it is said, or by its field."""
    parameter = dict(opts_of(COMMANDS[name]))[option]
    shown = parameter.make_metavar(click.Context(COMMANDS[name])).strip("[]")
    field = str(parameter.name).removeprefix("tariff__")
    return any(word in said for word in (*parameter.opts, *parameter.secondary_opts, field, shown))


def _walk(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _walk(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(_walk(main))
"""All there are."""
