"""The command line: parses words, asks a use case, prints the answer. The one place both wings meet.

Heavy imports stay inside the commands: `heimvorteil --help` must not pay for a database or a web server.
"""

from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from pricing.commands import BESIDE, prices
from service.cli.alerting import alerts
from service.cli.as_options import as_options
from service.cli.comparing import compare
from service.cli.deciding import decide
from service.cli.listing import gpus, workloads
from service.cli.measuring import measure
from service.cli.offering import offers, price_history
from service.cli.opening import open_database
from service.cli.operating import db, serve, token
from service.cli.own_machine import machine
from service.cli.own_measurements import measurements
from service.cli.probing import probe
from service.cli.providers import providers
from service.cli.reporting import report
from service.cli.scheduling import reports, run_due_reports
from service.cli.validating import validate
from service.errors import DatabaseNotReady, HeimvorteilError
from service.shown import visible

EXIT_BAD_INPUT = 2
EXIT_NOT_NOW = 3
"""The database does not answer, is locked or its disk is full: the same may work later."""


class OneLineErrors(click.Group):
    """A group whose errors are one line on stderr and exit code 2, what click finds wrong included."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the group's own words; a wrong option becomes one line."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise one_line(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error raised on purpose becomes its one line."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            raise one_line(error) from error
        except HeimvorteilError as error:
            click.echo(f"heimvorteil: {visible(as_options(str(error)))}", err=True)
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
    return OneLine(" ".join(error.format_message().split()))


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="heimvorteil")
@click.pass_context
def main(context: click.Context) -> None:
    """Train a transformer at home or rent? Time, memory, electricity and cloud prices in one answer."""
    context.obj = open_database
    context.meta[BESIDE] = run_due_reports


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
    token,
):
    main.add_command(command)
