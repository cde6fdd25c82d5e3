"""Price sources: what the pricing wing says they are, and how each one stands.

The web never meets the wing: whoever refreshes writes down here what it reads and how often.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store import leases, refreshes
from service.store.work_models import JobLeaseRow, PriceSourceRow, RefreshRow

SourceState = Literal["fresh", "stale", "failing", "asleep", "standby", "new"]
"""failing: the last refresh failed, its prices are not stale yet; asleep: no key or not switched on;
standby: not needed while the one it stands in for is fresh; new: never read, and not overdue."""
_sources: sa.Table = PriceSourceRow.__table__  # type: ignore[assignment]
_leases: sa.Table = JobLeaseRow.__table__  # type: ignore[assignment]
_refreshes: sa.Table = RefreshRow.__table__  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class PriceSourceFacts:
    """What a price source is, as far as others than the wing need to know."""

    name: str
    title: str
    url: str
    licence: str
    every: timedelta
    stale_after: timedelta
    """Its prices are stale when the last success is longer ago."""
    key_variable: str | None
    switch_variable: str | None
    off_because: str | None
    """Why it sleeps until its switch is on; None for one that does not."""
    fallback_for: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A price source and how it stands."""

    source: PriceSourceFacts
    state: SourceState
    last_success_at: datetime | None
    age: timedelta | None
    """Since the last success; None before the first."""
    last: refreshes.Refresh | None
    """The last refresh that ended."""
    due: datetime | None
    running_since: datetime | None
    known_since: datetime

    @property
    def complaint(self) -> str:
        """That it is stale and why its last refresh failed, in one line."""
        why = f": {self.last.error}" if self.last and self.last.outcome == "failed" else ""
        return self.staleness + why

    @property
    def staleness(self) -> str:
        """That it is stale, in one line, for those who are not told what a source answered."""
        if self.last_success_at is None or self.age is None:
            when = f"never read since {self.known_since:%Y-%m-%d %H:%M} UTC"
        else:
            when = f"last success {self.last_success_at:%Y-%m-%d %H:%M} UTC, {spoken(self.age)} ago"
        return f"{self.source.name} is stale: {when}, read every {spoken(self.source.every)}"


def lease_name(source_name: str) -> str:
    """The name under which leases know the refresh of a source."""
    return f"refresh {source_name}"


def register(session: Session, known: Iterable[PriceSourceFacts], now: datetime) -> None:
    """Know exactly these sources; each has a lease, and a new one is due now."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{**_values(facts), "known_since": now} for facts in known]
    names = [row["name"] for row in rows]
    session.execute(sa.delete(_sources).where(_sources.c.name.not_in(names)))
    if not rows:
        return
    known_ones = insert(_sources)
    changes = {name: known_ones.excluded[name] for name in rows[0] if name != "known_since"}
    session.execute(known_ones.on_conflict_do_update(index_elements=["name"], set_=changes), rows)
    leases.ensure_all(session, (lease_name(str(name)) for name in names), now)


def are_registered(session: Session, known: Iterable[PriceSourceFacts]) -> bool:
    """Whether exactly these sources are known already."""
    stored = {row.name: row for row in session.execute(sa.select(_sources))}
    wanted = {facts.name: _values(facts) for facts in known}
    return stored.keys() == wanted.keys() and all(
        getattr(stored[name], column) == value
        for name, values in wanted.items()
        for column, value in values.items()
    )


def names(session: Session) -> list[str]:
    """The names of all known sources, in alphabetical order."""
    return list(session.execute(sa.select(_sources.c.name).order_by(_sources.c.name)).scalars())


def standings(session: Session, now: datetime) -> list[Standing]:
    """How every source stands, by name; one index look-up per source, however long the history."""
    ended, succeeded = _last(refreshes.ENDED), _last(refreshes.SUCCEEDED)
    success = _refreshes.alias()
    rows = session.execute(
        sa.select(
            _sources,
            success.c.started_at.label("success_at"),
            ended.label("ended_id"),
            _leases.c.due,
            _leases.c.last_started,
            sa.and_(_leases.c.until.is_not(None), _leases.c.until >= now).label("is_running"),
        )
        .select_from(_sources)
        .outerjoin(success, success.c.id == succeeded)
        .outerjoin(_leases, _leases.c.name == sa.literal(lease_name("")) + _sources.c.name)
        .order_by(_sources.c.name)
    ).all()
    last = refreshes.by_id(session, [row.ended_id for row in rows if row.ended_id is not None])
    found = {row.name: _standing(row, last.get(row.ended_id), now) for row in rows}
    return [_stood_in_for(standing, found) for standing in found.values()]


def stale(session: Session, now: datetime) -> list[Standing]:
    """The sources whose prices are older than they should be."""
    return [standing for standing in standings(session, now) if standing.state == "stale"]


def spoken(span: timedelta) -> str:
    """A span as people say it: 40 min, 6 h, 4.5 days."""
    hours = span / timedelta(hours=1)
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.3g} h" if hours < 48 else f"{hours / 24:.3g} days"


def _values(facts: PriceSourceFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "title": facts.title,
        "url": facts.url,
        "licence": facts.licence,
        "every_s": facts.every.total_seconds(),
        "stale_after_s": facts.stale_after.total_seconds(),
        "key_variable": facts.key_variable,
        "switch_variable": facts.switch_variable,
        "off_because": facts.off_because,
        "fallback_for": facts.fallback_for,
    }


def _last(outcomes: tuple[str, ...]) -> sa.ScalarSelect[int]:
    rows = _refreshes.alias()
    return (
        sa.select(rows.c.id)
        .where(rows.c.source_name == _sources.c.name, rows.c.outcome.in_(outcomes))
        .order_by(rows.c.started_at.desc(), rows.c.id.desc())
        .limit(1)
        .correlate(_sources)
        .scalar_subquery()
    )


def _standing(row: sa.Row[tuple[object, ...]], last: refreshes.Refresh | None, now: datetime) -> Standing:
    facts = PriceSourceFacts(
        name=row.name,
        title=row.title,
        url=row.url,
        licence=row.licence,
        every=timedelta(seconds=row.every_s),
        stale_after=timedelta(seconds=row.stale_after_s),
        key_variable=row.key_variable,
        switch_variable=row.switch_variable,
        off_because=row.off_because,
        fallback_for=row.fallback_for,
    )
    age = None if row.success_at is None else max(now - row.success_at, timedelta(0))
    overdue = (now - row.known_since if age is None else age) > facts.stale_after
    state: SourceState
    if last is not None and last.outcome == "asleep":
        state = "asleep"
    elif overdue:
        state = "stale"
    elif last is not None and last.outcome == "failed":
        state = "failing"
    else:
        state = "new" if age is None else "fresh"
    running = row.last_started if row.is_running else None
    return Standing(
        facts,
        state,
        last_success_at=row.success_at,
        age=age,
        last=last,
        due=row.due,
        running_since=running,
        known_since=row.known_since,
    )


def _stood_in_for(standing: Standing, all_: dict[str, Standing]) -> Standing:
    first = all_.get(standing.source.fallback_for or "")
    if first is None or standing.state not in ("stale", "new") or first.state != "fresh":
        return standing
    return replace(standing, state="standby")
