"""What is refused, in the words of the command line: options where the question speaks of its fields."""

import re
from collections.abc import Iterator, Sequence

import click

from service.cli.fine_tuning import option_of

OPTIONS = {
    "recipe": "--recipe", "architecture": "--dimensions", "trainer_config": "--trainer-config",
    "deepspeed_config": "--deepspeed-config", "tokens": "--tokens", "trials": "--trials",
    "workload.run": "WORKLOAD", "run": "WORKLOAD", "config": "--config", "time_of_use": "--tariff",
    "threshold_per_hour": "--below", "fall_percent": "--fall",
    "database_url": "HEIMVORTEIL_DATABASE_URL", "rent_terms": "--rent", "power_limit_watts": "--power-limit",
    "log": "LOGFILE", "table": "FILE",
}  # fmt: skip
FIELD = re.compile(
    r"(?P<fine>(?:workload\.)?finetune\.(?P<name>[a-z_]+))|(?P<part>recipe|architecture|trainer_config)\.(?=[\w-])"
)
ALTERNATIVE = re.compile(r"what_if\.\d+(?:\.(?P<field>.+))?")
MENTIONED = re.compile(
    r"\bas (?P<field>trainer_config|deepspeed_config|config)\b|\((?P<beside>deepspeed_config)\)"
)
BESIDE_AN_OPTION = re.compile(r" \((?:field|Feld) [a-z_]+\)")
PART_OF_TARIFF = "tariff__"


class Asked:
    """What was typed: the command that its words name, and its options."""

    def __init__(self, main: click.Command, words: Sequence[str]) -> None:
        self._main, self._words = main, words

    def option(self, field: str) -> str:
        """What the command line calls a field: its option or argument; what it has no word for stays."""
        if alternative := ALTERNATIVE.fullmatch(field):
            return " ".join(("--what-if", *filter(None, [(alternative["field"] or "").replace("_", "-")])))
        if " " in field or not field.islower() or field.startswith("-"):
            return field
        if field in OPTIONS or FIELD.match(field):
            return OPTIONS.get(field) or FIELD.sub(_option, field)
        head, *inside = [part for part in field.split(".") if not part.isdigit()]
        if inside[:1] == ["windows"]:
            inside = []
        if inside and (called := self._called(inside[-1])):
            return called
        return " ".join((called, *inside)) if (called := self._called(head)) else field

    def typed(self, option: str) -> str | None:
        """The value of an option as it was typed; None where it was not, or more than once."""
        found = [
            value if equals else next(iter(self._words[place + 1 : place + 2]), "")
            for place, word in enumerate(self._words)
            for name, equals, value in [word.partition("=")]
            if name == option
        ]
        return found[0] if len(found) == 1 else None

    def _called(self, field: str) -> str:
        as_option = "--" + field.replace("_", "-")
        for one in self._parameters():
            if one.name in (field, PART_OF_TARIFF + field) or as_option in one.opts:
                return one.opts[0] if isinstance(one, click.Option) else _metavar(one)
        return OPTIONS.get(field, "")

    def _parameters(self) -> Iterator[click.Parameter]:
        command, context = self._main, click.Context(self._main, **self._main.context_settings)
        for word in self._words:
            if isinstance(command, click.Group) and (below := command.get_command(context, word)):
                command, context = below, click.Context(below, context)
        yield from command.get_params(context)


def in_options(sentence: str) -> str:
    """A sentence with options for the fields that it mentions."""
    return BESIDE_AN_OPTION.sub("", MENTIONED.sub(_mentioned, FIELD.sub(_option, sentence)))


def _metavar(argument: click.Parameter) -> str:
    return argument.make_metavar(click.Context(click.Command(None))).strip("[].")


def _option(found: re.Match[str]) -> str:
    return option_of(found["name"]) if found["fine"] else OPTIONS[found["part"]] + " "


def _mentioned(found: re.Match[str]) -> str:
    if found["beside"]:
        return f"({OPTIONS[found['beside']]})"
    return f"as {OPTIONS[found['field']]}"
