"""Figures: single numbers with a source, such as assumptions and calibration constants."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import UnknownName
from service.facts import Figure
from service.store import sources, versions
from service.store.models import FigureRow

_figures: sa.Table = FigureRow.__table__  # type: ignore[assignment]


def all(session: Session) -> dict[str, Figure]:
    """Name -> figure, by name, such as "home.plug_factor"."""
    said = sources.by_id(session)
    return {
        row.slug: Figure(
            name=row.slug,
            value=row.value,
            unit=row.unit,
            source=sources.stated(said[row.source_id], said[row.source_id].as_of, row.read_on),
            low=row.low,
            high=row.high,
            basis=row.basis,
        )
        for row in session.execute(sa.select(_figures).order_by(_figures.c.slug))
    }


def get(session: Session, name: str) -> Figure:
    """The figure of that name; UnknownName lists all names, the nearest first."""
    known = all(session)
    if name not in known:
        raise UnknownName("figure", name, known)
    return known[name]


def put_all(session: Session, figures: Iterable[Figure]) -> int:
    """Store the figures; returns how many were new or corrected."""
    versions.lock(session)
    wanted = list(figures)
    ids = sources.ids_of(session, (figure.source for figure in wanted))
    stored = all(session)
    new: dict[str, dict[str, Any]] = {}
    corrected = {}
    for figure in wanted:
        row = {
            "slug": figure.name,
            "value": figure.value,
            "low": figure.low,
            "high": figure.high,
            "unit": figure.unit,
            "basis": figure.basis,
            "source_id": ids[figure.source.slug],
            "read_on": figure.source.read_on,
        }
        if figure.name not in stored:
            new[figure.name] = row
        elif stored[figure.name] != figure:
            corrected[figure.name] = row
    if new:
        session.execute(sa.insert(_figures), list(new.values()))
    for slug, row in corrected.items():
        session.execute(sa.update(_figures).where(_figures.c.slug == slug).values(row))
    if new or corrected:
        versions.bump(session)
    return len(new) + len(corrected)
