"""Is a database whole? Its pages, its references, its answers, its prices."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from service.errors import Several, Verbatim, Worded, worded
from service.store import models, work_models  # noqa: F401
from service.store.column_types import Packed, unpacked
from service.store.models import OfferPriceRow, OfferRow
from service.store.session import HEAD_REVISION, Sessions, schema_revision
from service.store.tables import Base
from service.store.work_models import ComparisonRow

_FAULTS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """What a look through found: rows of each table, and what is wrong; nothing where all is well."""

    revision: str | None
    rows: dict[str, int]
    faults: tuple[Worded, ...]


def check(sessions: Sessions) -> Checked:
    """Look through the whole database; reads all of it once and writes nothing."""
    revision = schema_revision(sessions.engine)
    if revision != HEAD_REVISION:
        told = worded(
            "schema revision {revision} instead of {head_revision}: run heimvorteil db upgrade",
            revision=revision or worded("none"),
            head_revision=HEAD_REVISION,
        )
        return Checked(revision, {}, (told,))
    with sessions.reading() as session:
        faults = [*_pages(session), *_references(session), *_answers(session), *_prices(session)]
        rows = {
            table.name: int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in Base.metadata.sorted_tables
        }
    if rows["data_version"] != 1:
        faults.append(worded("data_version has {count} rows instead of 1", count=rows["data_version"]))
    return Checked(revision, rows, tuple(faults))


def _pages(session: Session) -> Iterator[Worded]:
    if session.get_bind().dialect.name == "sqlite":
        for (said,) in session.execute(sa.text(f"PRAGMA integrity_check({_FAULTS_TOLD})")):
            if said != "ok":
                yield worded("the file is damaged: {said}", said=Verbatim(said))


def _references(session: Session) -> Iterator[Worded]:
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            other = key.column.table.alias()
            leads_somewhere = sa.exists().where(other.c[key.column.name] == key.parent)
            lost = session.execute(
                sa.select(sa.func.count()).select_from(table).where(key.parent.is_not(None), ~leads_somewhere)
            ).scalar_one()
            if lost:
                yield worded(
                    "{column}: {lost} rows refer to {target} that is not there",
                    column=f"{table.name}.{key.parent.name}",
                    lost=lost,
                    target=key.target_fullname,
                )


def _answers(session: Session) -> Iterator[Worded]:
    """Every packed value can be unpacked."""
    table: sa.Table = ComparisonRow.__table__  # type: ignore[assignment]
    columns = [column for column in table.columns if isinstance(column.type, Packed)]
    kept = sa.select(table.c.id, *(sa.type_coerce(column, sa.LargeBinary()) for column in columns))
    damaged = []
    for identity, *values in session.execute(kept.execution_options(yield_per=50)):
        try:
            for value in values:
                unpacked(value)
        except Exception:
            damaged.append(identity)
    if damaged:
        shown, more = Several(damaged[:3]), len(damaged) - 3
        if more > 0:
            yield worded("answers that cannot be read: {shown} and {more} more", shown=shown, more=more)
        else:
            yield worded("answers that cannot be read: {shown}", shown=shown)


def _prices(session: Session) -> Iterator[Worded]:
    """The price of every offer is one of its history."""
    o, p = OfferRow, OfferPriceRow
    told = sa.exists().where(
        p.offer_id == o.id, p.as_of == o.price_since, p.first_seen == o.price_first_seen,
        p.hourly_price == o.hourly_price,
    )  # fmt: skip
    untold = session.execute(sa.select(sa.func.count()).select_from(o).where(~told)).scalar_one()
    if untold:
        yield worded("offers: {untold} have a price that their history does not tell", untold=untold)
