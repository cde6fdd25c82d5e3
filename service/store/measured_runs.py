"""Measured runs: rows in, facts out."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import NotFound, worded
from service.estimate.case import OWN
from service.facts import MeasuredRun
from service.store import sources, versions
from service.store.models import MeasuredRunRow

_runs: sa.Table = MeasuredRunRow.__table__  # type: ignore[assignment]
TOGETHER = "-probe"
"""How the name ends of several runs that were measured together."""
_COLUMNS = tuple(c.name for c in _runs.c if c.name not in ("id", "source_id", "use_for"))


def all(session: Session, use_for: str | None = None) -> list[MeasuredRun]:
    """Every measured run by slug, or those sound for `use_for` (see `MeasuredRun.use_for`)."""
    said = sources.by_id(session)
    runs = [
        MeasuredRun(
            **{column: row[column] for column in _COLUMNS},
            source=said[row["source_id"]],
            use_for=frozenset(filter(None, row["use_for"].split("+"))),
        )
        for row in session.execute(sa.select(_runs).order_by(_runs.c.slug)).mappings()
    ]
    return [run for run in runs if use_for is None or use_for in run.use_for]


def replace_own(session: Session, name: str, runs: Iterable[MeasuredRun]) -> None:
    """Store several runs that a user measured together under a name, instead of what had it before."""
    versions.lock(session)
    wanted = list(runs)
    gone = _named(name) & _runs.c.slug.not_in([run.slug for run in wanted])
    if session.execute(sa.delete(_runs).where(gone)).rowcount:  # type: ignore[attr-defined]
        versions.bump(session)
    put_all(session, wanted)


def _named(name: str) -> sa.ColumnElement[bool]:
    """A user's run of that name, or several that were measured together under it."""
    together = _runs.c.slug.startswith(f"{name}-", autoescape=True) if name.endswith(TOGETHER) else sa.false()
    return ((_runs.c.slug == name) | together) & (_runs.c.confidence == OWN)


def remove_own(session: Session, slug: str) -> None:
    """Forget a run that its user measured, or all of a probe; NotFound if there is none of that name."""
    versions.lock(session)
    owned = _named(slug)
    if session.execute(sa.select(_runs.c.id).where(owned)).first() is None:
        raise NotFound(worded("measurement of your own"), slug)
    session.execute(sa.delete(_runs).where(owned))
    versions.bump(session)


def put_all(session: Session, runs: Iterable[MeasuredRun]) -> int:
    """Store the runs; returns how many were new or corrected."""
    versions.lock(session)
    wanted = list(runs)
    ids = sources.ids_of(session, (run.source for run in wanted))
    stored = {run.slug: run for run in all(session)}
    new: dict[str, dict[str, Any]] = {}
    corrected = {}
    for run in wanted:
        row = {column: getattr(run, column) for column in _COLUMNS}
        row |= {"source_id": ids[run.source.slug], "use_for": "+".join(sorted(run.use_for))}
        if run.slug not in stored:
            new[run.slug] = row
        elif stored[run.slug] != replace(run, shape=None):
            corrected[run.slug] = row
    if new:
        session.execute(sa.insert(_runs), list(new.values()))
    for slug, row in corrected.items():
        session.execute(sa.update(_runs).where(_runs.c.slug == slug).values(row))
    if new or corrected:
        versions.bump(session)
    return len(new) + len(corrected)
