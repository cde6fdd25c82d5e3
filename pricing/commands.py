"""`heimvorteil prices`: list, refresh, check, show, import, unmapped, watch."""

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click
import orjson

from pricing.conflicts_command import conflicts_
from pricing.first_contact_command import check_
from pricing.import_command import import_
from pricing.names_commands import map_, unmapped_
from pricing.source_words import state_word
from service.errors import InvalidValue, worded
from service.reports.words.error_words import in_words, on_file, said
from service.reports.words.spoken import words

if TYPE_CHECKING:
    from pricing.source import PriceSource
    from service.reports.words.wording import Wording
    from service.store.price_sources import Standing

EXIT_INTERRUPTED = 130
EXIT_LEFT_TO_ANOTHER = 4
UNKNOWN = "-"
MOST_SHOWN = 10
BESIDE = "pricing.beside"
"""In the context's meta: what `watch` does beside refreshing, handed in where both wings meet."""


@click.group()
def prices() -> None:
    """Refresh prices from their public sources."""


@prices.command("list")
@click.option("--wide", is_flag=True, help="Every column.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.pass_context
def list_(context: click.Context, wide: bool, as_json: bool) -> None:
    """List the price sources: key, how often they are asked, last success and its age, the next run.

    State: fresh; stale (the last success is older than three rounds); failing (not stale yet); asleep (no
    key, or off until it is switched on); standby (stands in for another that is fresh); new (never read).
    """
    if wide and as_json:
        raise InvalidValue("--wide", True, worded("is of the table; --json has everything"))
    from pricing import registry
    from pricing.asleep import sleep_of
    from pricing.sources import SOURCES
    from service.reports.listings.as_table import print_below, print_json, print_table
    from service.reports.words.sentences import span
    from service.store import leases, price_sources

    sessions = context.obj()
    registry.register(sessions)
    with sessions.reading() as session:
        now = leases.clock(session)
        found = {standing.source.name: standing for standing in price_sources.standings(session, now)}
    asleep = {source.name: sleep_of(source, os.environ) for source in SOURCES}
    standings = [_as_here(found[source.name], asleep[source.name] is not None) for source in SOURCES]
    why = {name: sleep.said if sleep else None for name, sleep in asleep.items()}
    if as_json:
        items = [{**_standing_item(s), "asleep_because": why[s.source.name]} for s in standings]
        print_json(orjson.dumps(items))
        return
    w = words()
    rows = [
        [
            s.source.name,
            s.source.title,
            _key(w, s),
            span(w, s.source.every),
            _minute(w, s.last_success_at),
            span(w, s.age) if s.age is not None else UNKNOWN,
            w.number(s.last.accepted) if s.last else UNKNOWN,
            w.number(s.last.rejected) if s.last else UNKNOWN,
            w.say("running") if s.running_since else _minute(w, s.due),
            state_word(w, s.state),
            said(reason) if (reason := why[s.source.name]) else s.last.error if s.last else "",
        ]
        for s in standings
    ]
    titles = [w.say("source"), w.say("what"), w.say("key"), w.say("every"), w.say("last success"),
              w.say("age"), w.say("rows"), w.say("rejects"), w.say("next run"), w.say("state")]  # fmt: skip
    print_table([*titles, w.say("remark")], rows, {6, 7}, width=220, spare={1, 2, 4, 8, 10}, wide=wide)
    if not wide:
        remarks: dict[str, list[str]] = {}
        for row in rows:
            remarks.setdefault(row[-1], []).append(row[0])
        print_below(f"{', '.join(names)}: {remark}" for remark, names in remarks.items() if remark)


def _as_here(standing: "Standing", sleeps: bool) -> "Standing":
    """Whether it sleeps is what this process's environment says, not the one that asked it last."""
    if sleeps:
        return replace(standing, state="asleep")
    if standing.state == "asleep":
        return replace(standing, state="new" if standing.last_success_at is None else "stale")
    return standing


def _key(w: "Wording", standing: "Standing") -> str:
    variable = standing.source.key_variable
    if not variable:
        return UNKNOWN
    if os.environ.get(variable):
        return w.say("{variable} (set)", variable=variable)
    return w.say("{variable} (not set)", variable=variable)


def _minute(w: "Wording", at: datetime | None) -> str:
    return UNKNOWN if at is None else w.minute(at)


def _standing_item(standing: "Standing") -> dict[str, Any]:
    source, last = standing.source, standing.last
    return {
        "source": source.name,
        "title": source.title,
        "url": source.url,
        "licence": source.licence,
        "key_variable": source.key_variable,
        "key_is_set": bool(os.environ.get(source.key_variable)) if source.key_variable else None,
        "every_s": source.every.total_seconds(),
        "stale_after_s": source.stale_after.total_seconds(),
        "state": standing.state,
        "last_success_at": standing.last_success_at,
        "age_s": standing.age.total_seconds() if standing.age is not None else None,
        "outcome": last.outcome if last else None,
        "accepted": last.accepted if last else None,
        "rejected": last.rejected if last else None,
        "error": last.error if last else "",
        "next_run_at": standing.due,
        "running_since": standing.running_since,
    }


@prices.command("refresh")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--quick", is_flag=True, help="What a first answer needs, in 30 seconds at most.")
@click.option("--country", help="With --quick: whose electricity; usual: DE.")
@click.option(
    "--zone",
    "zones",
    multiple=True,
    metavar="ZONE",
    help="Only fetch the last 400 days of a bidding zone's day-ahead prices: DE-LU, AT, ...",
)
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
@click.pass_context
def refresh_(
    context: click.Context,
    *,
    names: tuple[str, ...],
    quick: bool,
    country: str | None,
    zones: tuple[str, ...],
    as_json: bool,
) -> None:
    """Ask the named sources now, or every source, several at a time.

    With --quick those that need no key and are soon read: rents, exchange rates, one's own day-ahead prices.
    With every source, the last 400 days are fetched of each zone that a dynamic contract was asked about.
    Exit code 1 when one of them failed, with --quick when all did; one that sleeps, as its key is missing or
    because of its terms, has not failed. One that another process is refreshing at this moment is left to it,
    which a line says; exit code 4 where that is so of all. Interrupted, it leaves nothing half written.
    """

    from pricing import quick as first
    from pricing import registry, rounds, zone_days
    from pricing.pace import Pace
    from service.reports.listings.as_table import print_json, print_table
    from service.settings import Settings

    if quick and names:
        raise InvalidValue(
            "--quick", True, worded("chooses the sources itself; {names} is named", names=names[0])
        )
    if country is not None and not quick:
        raise InvalidValue("--country", country, worded("is of --quick"))
    if zones and (names or quick):
        beside = names[0] if names else "--quick"
        raise InvalidValue(
            "--zone", zones[0], worded("is fetched by itself, without {beside}", beside=beside)
        )
    sources, sessions = registry.named(names), context.obj()
    if quick:
        sources = first.quick_sources(sources, country or first.USUAL_COUNTRY)
    registry.register(sessions)
    if zones:
        zone_days.fetch(context, zones, as_json=as_json)
        return
    try:
        with rounds.progress(sources) as say:
            pace = Pace.from_settings(Settings.from_environ())
            if quick:
                pace = replace(pace, at_once=max(pace.at_once, first.AT_ONCE))
            outcomes = rounds.refresh_all(sessions, sources, pace, say, first.WITHIN if quick else None)
    except KeyboardInterrupt:
        told = words().say("interrupted; what was not done yet is not kept")
        click.echo(f"heimvorteil: {told}", err=True)
        context.exit(EXIT_INTERRUPTED)
    if as_json:
        fields = ("source", "outcome", "accepted", "rejected", "changed", "seconds", "error")
        print_json(orjson.dumps([{name: getattr(o, name) for name in fields} for o in outcomes]))
    else:
        w = words()
        rows = [
            [
                o.source,
                state_word(w, o.outcome),
                w.number(o.accepted),
                w.number(o.rejected),
                UNKNOWN if o.changed is None else w.number(o.changed),
                w.number(o.seconds, 1),
                in_words(o.error),
            ]
            for o in outcomes
        ]
        titles = [w.say("source"), w.say("outcome"), w.say("accepted"), w.say("rejected"),
                  w.say("new or changed"), w.say("seconds"), w.say("error")]  # fmt: skip
        print_table(titles, rows, {2, 3, 4, 5})
    if not names and not quick:
        zone_days.fetch_used(context)
    failed = [o.outcome == "failed" for o in outcomes if o.outcome != "asleep"]
    if left := [o.source for o in outcomes if o.outcome == "running"]:
        told = words().say("another process is refreshing {names}: not read here", names=", ".join(left))
        click.echo(f"heimvorteil: {told}", err=True)
    if any(failed) and (not quick or all(failed)):
        context.exit(1)
    if left and len(left) == len(failed):
        context.exit(EXIT_LEFT_TO_ANOTHER)


@prices.command("show")
@click.argument("name", metavar="SOURCE")
@click.option("--raw", is_flag=True, help="Ask the source now and print its answer as it came; keep nothing.")
@click.option("--rejected", is_flag=True, help="The rejected rows as they were written.")
@click.pass_context
def show_(context: click.Context, name: str, raw: bool, rejected: bool) -> None:
    """Show one source: where it is read, its last refreshes, and which rows it had rejected and why.

    `prices show NAME --raw > tests/pricing/fixtures/NAME.json` records a fixture.
    """
    from pricing import registry
    from pricing.asleep import sleep_of
    from service.reports.listings.as_table import print_table
    from service.store import refreshes

    (source,) = registry.named((name,))
    if raw and rejected:
        raise InvalidValue(
            "--rejected", True, worded("is of what was kept; --raw asks the source and keeps nothing")
        )
    if raw:
        _print_raw(context, source)
        return
    with context.obj().reading() as session:
        last, refused = refreshes.recent(session, name, MOST_SHOWN), refreshes.rejected(session, name)
    w = words()
    elsewhere = w.say("another address: {variable}", variable=source.url_setting)
    click.echo(f"{source.title}\n{source.url}\n{source.licence}; {elsewhere}")
    if sleep := sleep_of(source, os.environ):
        click.echo(w.say("asleep: {why}", why=said(sleep.said)))
    rows = [
        [
            w.minute(r.started_at), state_word(w, r.outcome), w.number(r.accepted), w.number(r.rejected),
            r.requested_by, r.error,
        ]
        for r in last
    ]  # fmt: skip
    if rows:
        titles = [w.say("refreshed"), w.say("outcome"), w.say("accepted"), w.say("rejected")]
        print_table([*titles, w.say("asked for by"), w.say("error")], rows, {2, 3})
    else:
        click.echo(w.say("never read"))
    if not refused:
        return
    because = w.say("rejected because")
    if rejected:
        print_table(
            [because, w.say("row")], [[on_file(row.reason, w.language), row.raw] for row in refused], set()
        )
        return
    counted = Counter(on_file(row.reason, w.language) for row in refused).most_common(MOST_SHOWN)
    print_table([w.say("rows"), because], [[w.number(count), reason] for reason, count in counted], {0})


def _print_raw(context: click.Context, source: "PriceSource") -> None:
    from pricing.asleep import sleep_of
    from pricing.http import Door, FetchFailed
    from pricing.refresh import address
    from pricing.source import Asked
    from service.errors import MissingFact

    if sleep := sleep_of(source, os.environ):
        if sleep.why == "no_key":
            raise MissingFact(
                worded("the key of {source}", source=source.name),
                worded("set {variable}", variable=sleep.variable),
            )
        raise MissingFact(worded("the answer of {source}", source=source.name), sleep.said)
    key = os.environ.get(source.key or source.optional_key or "", "")
    now = datetime.now(UTC)
    try:
        with Door(now) as door:
            payload = source.fetch(door, Asked(address(source, now, os.environ), now, key))
    except FetchFailed as error:
        click.echo(f"heimvorteil: {source.name}: {said(error.reason)}", err=True)
        context.exit(1)
    click.echo(payload.content, nl=False)


@prices.command("watch")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.pass_context
def watch_(context: click.Context, names: tuple[str, ...]) -> None:
    """Refresh the named sources, or all, on their schedules until stopped.

    Any number of these may run, on one machine with SQLite and on several with PostgreSQL: each source is
    asked once, and what a killed one was at is taken over. Reports on a schedule are run beside it when
    all prices that are due have been read.
    """
    from pricing import registry
    from pricing.pace import Pace
    from pricing.watch import watch
    from service import logs
    from service.settings import Settings

    sources = registry.named(names)
    settings = Settings.from_environ()
    logs.set_up(settings.log)
    pace = Pace.from_settings(settings)
    watch(context.obj(), sources, pace, context.meta.get(BESIDE))


for one in (check_, conflicts_, import_, unmapped_, map_):
    prices.add_command(one)
