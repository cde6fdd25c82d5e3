"""The command line: parses words, asks a use case, prints the answer. The one place both wings meet.

Heavy imports stay inside the commands: `heimvorteil --help` must not pay for a database or a web server.
"""

from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from pricing.commands import BESIDE, prices
from service.cli.alerting import alerts
from service.cli.asking import AskingCommand
from service.cli.comparing import compare
from service.cli.deciding import decide
from service.cli.doctoring import doctor
from service.cli.error_lines import error_line, usage_line
from service.cli.helping import explain_in_words
from service.cli.keeping import db
from service.cli.listing import gpus, workloads
from service.cli.measuring import measure
from service.cli.offering import offers, price_history
from service.cli.opening import open_database
from service.cli.operating import serve
from service.cli.own_machine import machine
from service.cli.own_measurements import measurements
from service.cli.probing import probe
from service.cli.providers import providers
from service.cli.reporting import report
from service.cli.scheduling import beside_refreshing, reports
from service.cli.tokens import token
from service.cli.validating import validate
from service.errors import DatabaseNotReady, HeimvorteilError
from service.reports.words.spoken import OPTION, SPOKEN, begin_line, end_line
from service.shown import visible

EXIT_BAD_INPUT = 2
EXIT_NOT_NOW = 3
"""The database does not answer, is locked or its disk is full: the same may work later."""


class OneLineErrors(click.Group):
    """A group whose errors are one line on stderr and exit code 2, what click finds wrong included."""

    def main(self, *args: Any, **options: Any) -> Any:
        """Answer a line."""
        try:
            return super().main(*args, **options)
        finally:
            end_line()

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own words; a wrong option becomes one line. --lang may stand anywhere."""
        begin_line(args)
        try:
            return super().make_context(info_name, self._language_first(args), parent, **extra)
        except click.UsageError as error:
            raise one_line(error) from error

    def _language_first(self, args: list[str]) -> list[str]:
        """The line with --lang before its command, where that has no such option of its own."""
        words = args[: args.index("--")] if "--" in args else args
        place = next((i for i, word in enumerate(words) if word.partition("=")[0] == OPTION), None)
        if place is None or self._has_language(words):
            return args
        behind = place + (1 if "=" in args[place] else 2)
        rest = [*args[:place], *args[behind:]]
        return [*args[place:behind], *(rest or ["--help"])]

    def _has_language(self, words: list[str]) -> bool:
        command: click.Command = self
        for word in words:
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
        has = isinstance(command, AskingCommand) or any(OPTION in one.opts for one in command.params)
        return command is not self and has

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error raised on purpose becomes its one line."""
        words = [*ctx._protected_args, *ctx.args]
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise one_line(error) from error
        except HeimvorteilError as error:
            click.echo(f"heimvorteil: {visible(error_line(error, self, words))}", err=True)
            passes = isinstance(error, DatabaseNotReady) and error.may_pass
            ctx.exit(EXIT_NOT_NOW if passes else EXIT_BAD_INPUT)


class OneLine(click.ClickException):
    """What was wrong with the words, without click's usage text before it."""

    exit_code = EXIT_BAD_INPUT

    def show(self, file: Any = None) -> None:
        """Print the line to stderr."""
        click.echo(f"heimvorteil: {visible(self.format_message())}", file=file, err=file is None)


def one_line(error: click.UsageError) -> click.ClickException:
    """A usage error as one line; a command that was called without words still shows its help."""
    if isinstance(error, NoArgsIsHelpError):
        return error
    return OneLine(usage_line(error))


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heimvorteil")
@click.option(
    OPTION,
    type=click.Choice(SPOKEN),
    expose_value=False,
    help="Language of help, tables and messages, anywhere on the line; usual: that of your locale.",
)
@click.pass_context
def main(context: click.Context) -> None:
    """Train a transformer at home or rent? Time, memory, electricity and cloud prices in one answer."""
    context.obj = open_database
    context.meta[BESIDE] = beside_refreshing


for command in (
    compare,
    decide,
    report,
    reports,
    measure,
    probe,
    machine,
    measurements,
    validate,
    serve,
    offers,
    price_history,
    gpus,
    workloads,
    providers,
    prices,
    alerts,
    db,
    doctor,
    token,
):
    main.add_command(command)
explain_in_words(main)
