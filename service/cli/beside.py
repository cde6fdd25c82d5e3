"""Options that mean nothing beside another one are refused, never ignored."""

from collections.abc import Collection, Iterable

import click
from click.core import ParameterSource

from service.errors import InvalidValue, Worded, worded
from service.reports.words.spoken import OPTION, SPOKEN, language

LANG = click.option(OPTION, type=click.Choice(SPOKEN), default=language, help="Language of what is said.")
WIDE_IS_OF_TABLES = worded("is of the table; --json has everything")


def refuse_beside(meant: Collection[str], reason: Worded, choices: Iterable[str] = ()) -> None:
    """Raises InvalidValue for the first option or argument that was given and is none of those `meant`."""
    for name in click.get_current_context().params:
        if name not in meant:
            refuse_given(name, reason, choices)


def refuse_given(name: str, reason: Worded, choices: Iterable[str] = ()) -> None:
    """Raises InvalidValue if this option or argument of the command was given."""
    context = click.get_current_context()
    if context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
        return
    parameter = next(one for one in context.command.get_params(context) if one.name == name)
    called = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.make_metavar(context)
    value = context.params[name]
    raise InvalidValue(
        called.strip("[]"), value if isinstance(value, bool | int | float) else str(value), reason, choices
    )


def refuse_lang_of_json(as_json: bool) -> None:
    """Raises InvalidValue for a language of what is told as JSON, in which there are no words."""
    if as_json:
        refuse_given("lang", worded("is of what is said on the screen; --json has no words"))
