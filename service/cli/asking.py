"""Command-line options made from the fields of a question; each has its name, range, default and help there.

Options are made when a command is called or explains itself, not before: a question's models cost a tenth of
a second that `heimvorteil --help` need not wait for.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_origin

import click
from click.core import ParameterSource

from service.answers.as_written import NOTHING, Unwritten, another_currency, number_written
from service.answers.times_written import hours_of
from service.cli.amounts import CURRENCIES_WRITTEN, Amount, WrittenFloat, WrittenInt, in_places, note_currency
from service.errors import InvalidValue, UnknownName, worded
from service.reports.words.spoken import language, language_of_json

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from service.answers.asked import Flag, Question

    Kind = TypeVar("Kind", bound=Question)

WINDOW = re.compile(
    r"(?P<from>\d{1,2})(?::00)?\s*(?:-|–|to|bis)\s*(?P<until>\d{1,2})(?::00)?\s*(?:h|uhr)?\s*[=:]\s*(?P<price>.+)",
    re.IGNORECASE,
)
NEXT_WINDOW = re.compile(r"(?:[,;]\s*|\s+)(?=\d{1,2}(?::00)?\s*(?:-|–|to|bis)\s*\d)", re.IGNORECASE)
TARIFF, PART_OF_TARIFF = "tariff", "tariff__"
WHAT_IF, LANG = "what_if", "lang"
NEXT_CHANGE = re.compile(r",(?=\s*-*(?:[a-z][a-z0-9_-]*\s*=|(?:business|private)\s*(?:,|$)))", re.IGNORECASE)
CONTRACT_HELP = (
    "The contract: flat; dynamic or dynamic:ZONE on day-ahead prices; or prices by the hour of the day, "
    "22-6=0.22,6-22=0.36"
)
HELP_BEHIND = {
    WHAT_IF: ", e.g. kwh-price=0.25,hours-per-day=8",
    LANG: "; usual: that of your locale",
}
"""What an option says behind what its field says."""
CONTRACTS = {"flat": "flat", "fixed": "flat", "fest": "flat", "dynamic": "dynamic", "dynamisch": "dynamic"}
"""Kinds of contracts as people call them."""
MIDNIGHT = 24


class AskingCommand(click.Command):
    """A command with the options of a question before its own."""

    asks: Callable[[], "type[Question]"]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its parameters; the question's are made on first need."""
        if self.asks is not None:
            own = [p for p in self.params if isinstance(p, click.Argument)]
            others = [p for p in self.params if not isinstance(p, click.Argument)]
            self.params = [*own, *options_of(self.asks()), *others]
            self.asks = None  # type: ignore[assignment]
        return super().get_params(ctx)


def asking(question: str) -> Any:
    """What `click.command` needs for a command that asks a question of service/answers/question.py."""

    def asked() -> "type[Question]":
        from service.answers import question as questions

        kind: type[Question] = getattr(questions, question)
        return kind

    return type(f"{question}Command", (AskingCommand,), {"asks": staticmethod(asked)})


def options_of(kind: "type[Question]") -> Iterator[click.Option]:
    """An option for every field that has a flag; the parts of the tariff have options of their own."""
    from service.answers.asked import flag_of
    from service.answers.question import AskedHousehold, AskedTariff

    of_household = AskedHousehold.model_fields
    named = sorted(kind.model_fields.items(), key=lambda item: item[0] in of_household)
    for name, field in named:
        if flag := flag_of(field):
            usual = None if field.is_required() else field.get_default(call_default_factory=True)
            yield _option(name, field, flag, usual)
        if name == TARIFF:
            for part, inside in AskedTariff.model_fields.items():
                if flag := flag_of(inside):
                    yield _option(f"{PART_OF_TARIFF}{part}", inside, flag, inside.default)


def question_of(kind: "type[Kind]", given: Mapping[str, Any], **values: Any) -> "Kind":
    """The question these options ask. Raises InvalidValue or UnknownName for the first that cannot be."""
    asked = {name: said for name, said in given.items() if name != WHAT_IF}
    fields = _fields(asked)
    changes = tuple(_change(kind, asked, said) for said in given.get(WHAT_IF) or ())
    _refuse_another_currency(asked)
    return kind.of(**fields, **({WHAT_IF: changes} if changes else {}), **values)


def _refuse_another_currency(asked: Mapping[str, Any]) -> None:
    """Raises InvalidValue for amounts written in another currency than the answer's."""
    currency = str(asked.get("currency") or "EUR")
    context = click.get_current_context(silent=True)
    for written, (option, said) in (context.meta.get(CURRENCIES_WRITTEN, {}) if context else {}).items():
        if reason := another_currency(said, currency):
            raise InvalidValue(
                option,
                said,
                worded("{reason} or ask with --currency {written}", reason=reason, written=written),
            )


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a question that these options say."""
    fields = {name: WORDS[name](said) if name in WORDS else said for name, said in given.items()}
    parts = {
        name.removeprefix(PART_OF_TARIFF): fields.pop(name)
        for name in given
        if name.startswith(PART_OF_TARIFF)
    }
    contract = fields.pop(TARIFF, None)
    if contract is not None:
        fields[TARIFF] = {**contract, **parts}
    return fields


def _change(kind: "type[Question]", given: Mapping[str, Any], said: str) -> dict[str, Any]:
    """`kwh-price=0.25,hours-per-day=8` as the fields that it changes; each value is read as its option's."""
    options = {option.opts[0].removeprefix("--"): option for option in options_of(kind)}
    del options[WHAT_IF.replace("_", "-")]
    changed: dict[str, Any] = {}
    for part in NEXT_CHANGE.split(said.strip()):
        name, equals, value = (word.strip() for word in part.partition("="))
        called = name.removeprefix("--").replace("_", "-")
        if not equals and (flag := _flag_alone(called, options.values())):
            changed |= flag
            continue
        if not equals or not value:
            raise InvalidValue(
                f"--{WHAT_IF.replace('_', '-')}", part, worded("is not of the form option=value")
            )
        if called not in options:
            raise UnknownName(f"--{WHAT_IF.replace('_', '-')}", called, options)
        option = options[called]
        read = option.type.convert(value, option, click.get_current_context(silent=True))
        field = str(option.name)
        changed[field] = (*changed.get(field, ()), read) if option.multiple else read
    before, after = _fields(given), _fields({**given, **changed})
    named = {name for name, value in after.items() if name in changed or before.get(name) != value}
    return {name: after[name] for name in sorted(named)}


def _flag_alone(called: str, options: Iterable[click.Option]) -> dict[str, bool]:
    """What an option of no value changes, --business or its other word; nothing for an option with one."""
    said = f"--{called}"
    return {
        str(option.name): said in option.opts
        for option in options
        if option.is_flag and said in (*option.opts, *option.secondary_opts)
    }


def refuse_another_question(
    context: click.Context, asked: Mapping[str, Any], identity: str
) -> frozenset[str]:
    """The options that were given beside the id of an answer: its language alone may be another.

    Raises InvalidValue for one that asks something else.
    """
    named = frozenset(n for n in asked if context.get_parameter_source(n) is not ParameterSource.DEFAULT)
    for option in context.command.get_params(context):
        if option.name in named and option.name != "lang":
            reason = worded("asks another question; {identity} is asked as it was", identity=identity)
            raise InvalidValue(option.opts[0], asked[option.name], reason)
    return named


def as_json_is_read(asked: dict[str, Any]) -> dict[str, Any]:
    """The options of a question that a program asks: in English unless the line says another language."""
    return {**asked, LANG: language_of_json()}


def _option(name: str, field: "FieldInfo", flag: "Flag", default: Any) -> click.Option:
    from service.answers.asked import option_called

    kinds = list(_kinds(field.annotation))
    is_list = any(get_origin(x) in (tuple, dict) and name not in WORDS_OF_ONE for x in kinds)
    if name == TARIFF:
        default, help = "flat", CONTRACT_HELP
    else:
        help = (field.description or "") + HELP_BEHIND.get(name, "")
        choices = _choices(field.annotation)
        if choices and not flag.is_choice and name not in SWITCHES:
            help += f": {' | '.join(choices)}"
    called = option_called(name.removeprefix(PART_OF_TARIFF), field)
    if name in SWITCHES:
        names = [f"{called}/{SWITCHES[name]}", name]
        return click.Option(names, is_flag=True, default=False, show_default=True, help=help + ".")
    return click.Option(
        [called, name],
        type=str if name in WORDS else _type(kinds, _choices(field.annotation) if flag.is_choice else []),
        multiple=is_list,
        default=language if name == LANG else None if isinstance(default, dict) else default,
        show_default=default is not None and default not in (0, (), {}) and name != LANG,
        metavar=flag.metavar,
        help=help + ".",
    )


def _kinds(annotation: Any) -> Iterator[Any]:
    """What a value may be: a type, and those it is made of."""
    yield annotation
    for inside in get_args(annotation):
        yield from _kinds(inside)


def _choices(annotation: Any) -> list[str]:
    if get_origin(annotation) is Literal:
        return [str(value) for value in get_args(annotation)]
    return []


def _type(kinds: list[Any], choices: list[str]) -> Any:
    if choices:
        return click.Choice(choices)
    if Decimal in kinds:
        return Amount()
    if float in kinds:
        return WrittenFloat()
    return WrittenInt() if int in kinds else str


def _contract(said: str) -> dict[str, Any]:
    """flat | dynamic | dynamic:ZONE | 22-6=0.22,6-22=0.36"""
    called, _, zone = said.strip().partition(":")
    if kind := CONTRACTS.get(called.strip().lower()):
        if kind == "flat" and zone:
            raise InvalidValue("--tariff", said, worded("a flat contract has no zone"))
        return {"kind": kind, "zone": zone}
    windows = []
    for part in NEXT_WINDOW.split(said.strip()):
        match = WINDOW.fullmatch(part.strip())
        price = None if match is None else _per_kwh(match["price"])
        if match is None or price is None:
            raise InvalidValue(
                "--tariff",
                said,
                worded("unknown"),
                ("flat", "dynamic", "dynamic:DE-LU", "22-6=0.22,6-22=0.36"),
            )
        begins = int(match["from"])
        windows.append({
            "from_hour": 0 if begins == MIDNIGHT else begins,
            "until_hour": int(match["until"]),
            "per_kwh": price,
        })  # fmt: skip
    return {"kind": "time_of_use", "windows": windows}


def _per_kwh(said: str) -> Decimal | None:
    """A price as people write it; None for what is none."""
    note_currency(click.get_current_context(silent=True), "--tariff", said)
    try:
        return in_places(number_written(said, "per_kwh"))
    except Unwritten:
        return None


def _terms(said: tuple[str, ...]) -> dict[str, float]:
    terms = {}
    for one in said or ():
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals or not value:
            raise InvalidValue("--rent", one, worded("is not of the form name=number"))
        try:
            terms[name] = float(number_written(value, name))
        except Unwritten as error:
            raise InvalidValue("--rent", one, error.reason) from None
    return terms


def _weights(said: str | None) -> tuple[float, ...] | None:
    if said is None:
        return None
    try:
        cost, time, co2 = (
            float(number_written(part, "weights")) for part in said.split(";" if ";" in said else ",")
        )
    except ValueError:
        raise InvalidValue("--weights", said, worded("is not three numbers like 2,1,0")) from None
    return cost, time, co2


def _hours(said: str | None) -> float | None:
    return None if said is None else hours_of(said)


def _buyer(is_business: bool) -> str:
    return "business" if is_business else "private"


def _machines(said: tuple[str, ...]) -> tuple[str, ...]:
    return () if len(said) == 1 and said[0].strip().lower() in NOTHING else said


WORDS: Mapping[str, Callable[[Any], Any]] = {
    TARIFF: _contract,
    "rent_terms": _terms,
    "weights": _weights,
    "deadline_hours": _hours,
    "own": _machines,
    "buyer": _buyer,
    "home": _machines,
}
"""Options whose words are not simply their value."""
SWITCHES: Mapping[str, str] = {"buyer": "--private"}
"""Options of two words, each a flag by itself: what the usual one is called."""
WORDS_OF_ONE = ("weights",)
"""Of several numbers in one word."""
