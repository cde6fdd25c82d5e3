"""Help in the language of the line: the same texts, each looked up in the one table of words.

Only who asks for help in another language than English pays for it; a command itself is never changed.
"""

import copy
import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from service.reports.words.spoken import ENGLISH, language, words

if TYPE_CHECKING:
    from service.reports.words.wording import Wording

PARAGRAPH = re.compile(r"\n\s*\n")
EXTRAS = re.compile(
    r"(?P<help>.*?)(?P<gap>(?:^|  )\[)(?P<extra>(?:default: |required|x?\d*(?:<=|>=|<|>)).*)\]$"
)
"""What click adds in brackets: [default: 1; 1<=x<=64]."""
DEFAULT, REQUIRED = "default: ", "required"


class InWords(click.Context):
    """A command's context that explains it in the language of the line."""

    def get_help(self) -> str:
        """The help that -h and --help print."""
        if language() == ENGLISH:
            return super().get_help()
        return _translated(words(), self.command, self).get_help(self)

    def make_formatter(self) -> click.HelpFormatter:
        """What sets the help, headings and all."""
        if language() == ENGLISH:
            return super().make_formatter()
        return _Headed(width=self.terminal_width, max_width=self.max_content_width)


class _Headed(click.HelpFormatter):
    """Click's own words in the language of the line."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix if prefix is not None else words().say("Usage:") + " ")

    def write_heading(self, heading: str) -> None:
        w = words()
        told = {"Options": w.say("Options:"), "Commands": w.say("Commands:")}
        super().write_heading(told.get(heading, heading).removesuffix(":"))

    def write_dl(self, rows: "list[tuple[str, str]]", col_max: int = 30, col_spacing: int = 2) -> None:  # type: ignore[override]
        super().write_dl([(first, _extras(words(), second)) for first, second in rows], col_max, col_spacing)


def explain_in_words(command: click.Command) -> None:
    """From now on this command, and every one below it, explains itself in the language of the line."""
    command.context_class = InWords
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        explain_in_words(below)


def paragraphs(help: str | None) -> list[str]:
    """Of a help text, each in one line: how the table of words has them."""
    text = inspect.cleandoc(help or "").partition("\f")[0]
    return [" ".join(part.split()) for part in PARAGRAPH.split(text) if part.strip()]


def help_texts(command: click.Command) -> Iterator[str]:
    """Every paragraph of help of a command, its options and all commands below it."""
    yield from paragraphs(command.help)
    # Of a copy: a command keeps the names of its help option that it is first asked for.
    for one in copy.copy(command).get_params(click.Context(command)):
        if isinstance(one, click.Option):
            yield from paragraphs(one.help)
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        yield from help_texts(below)


def _told(w: "Wording", help: str | None) -> str:
    return "\n\n".join(w.text(part) for part in paragraphs(help))


def _translated(w: "Wording", command: click.Command, context: click.Context) -> click.Command:
    """A copy of the command with everything it says of itself in these words."""
    told = copy.copy(command)
    told.params = [_parameter(w, one) for one in command.get_params(context)]
    told.add_help_option = False
    told.help = _told(w, command.help)
    told.options_metavar = w.say("[OPTIONS]")
    if isinstance(command, click.Group) and isinstance(told, click.Group):
        told.subcommand_metavar = w.say("COMMAND [ARGS]...")
        told.commands = {}
        for name, below in command.commands.items():
            told.commands[name] = copy.copy(below)
            told.commands[name].help = _told(w, below.help)
    return told


def _parameter(w: "Wording", one: click.Parameter) -> click.Parameter:
    told = copy.copy(one)
    if isinstance(one, click.Option) and isinstance(told, click.Option):
        told.help = _told(w, one.help)
        told.metavar = _metavar(w).get(one.metavar or one.type.name, one.metavar)
    return told


def _metavar(w: "Wording") -> dict[str, str]:
    """What kinds of values are called."""
    number, whole = w.say("NUMBER"), w.say("WHOLE NUMBER")
    return {
        "COST,TIME,CO2": w.say("COST,TIME,CO2"), "OPTION=VALUE": w.say("OPTION=VALUE"),
        "NAME=VALUE": w.say("NAME=VALUE"), "CONTRACT": w.say("CONTRACT"), "SHARE": w.say("SHARE"),
        "DAYS": w.say("DAYS"), "METHOD": w.say("METHOD"), "MATRICES": w.say("MATRICES"),
        "NAMES": w.say("NAMES"), "HOW": w.say("HOW"), "FOLDER": w.say("FOLDER"),
        "amount": w.say("AMOUNT"), "float": number, "float range": number,
        "integer": whole, "integer range": whole, "file": w.say("FILE"), "path": w.say("FILE"),
    }  # fmt: skip


def _extras(w: "Wording", help: str) -> str:
    found = EXTRAS.fullmatch(help)
    if not found:
        return help
    told = [
        w.say("default: {value}", value=part.removeprefix(DEFAULT))
        if part.startswith(DEFAULT)
        else w.say("required")
        if part == REQUIRED
        else part
        for part in found["extra"].split("; ")
    ]
    return found["help"] + found["gap"] + "; ".join(told) + "]"
