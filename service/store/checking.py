"""Is a database whole? Its pages, its references, its answers, its prices."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
    faults: tuple[str, ...]


def check(sessions: Sessions) -> Checked:
    """Look through the whole database; reads all of it once and writes nothing."""
    revision = schema_revision(sessions.engine)
    if revision != HEAD_REVISION:
        told = f"schema revision {revision or 'none'} instead of {HEAD_REVISION}: run heimvorteil db upgrade"
        return Checked(revision, {}, (told,))
    with sessions.reading() as session:
        faults = [*_pages(session), *_references(session), *_answers(session), *_prices(session)]
        rows = {
            table.name: int(session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for table in Base.metadata.sorted_tables
        }
    if rows["data_version"] != 1:
        faults.append(f"data_version has {rows['data_version']} rows instead of 1")
    return Checked(revision, rows, tuple(faults))


def _pages(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name == "sqlite":
        for (said,) in session.execute(sa.text(f"PRAGMA integrity_check({_FAULTS_TOLD})")):
            if said != "ok":
                yield f"the file is damaged: {said}"


def _references(session: Session) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        for key in sorted(table.foreign_keys, key=lambda key: key.parent.name):
            other = key.column.table.alias()
            leads_somewhere = sa.exists().where(other.c[key.column.name] == key.parent)
            lost = session.execute(
                sa.select(sa.func.count()).select_from(table).where(key.parent.is_not(None), ~leads_somewhere)
            ).scalar_one()
            if lost:
                where = f"{table.name}.{key.parent.name}"
                yield f"{where}: {lost} rows refer to {key.target_fullname} that is not there"


def _answers(session: Session) -> Iterator[str]:
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
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        yield f"answers that cannot be read: {', '.join(damaged[:3])}{more}"


def _prices(session: Session) -> Iterator[str]:
    """The price of every offer is one of its history."""
    o, p = OfferRow, OfferPriceRow
    told = sa.exists().where(
        p.offer_id == o.id, p.as_of == o.price_since, p.first_seen == o.price_first_seen,
        p.hourly_price == o.hourly_price,
    )  # fmt: skip
    untold = session.execute(sa.select(sa.func.count()).select_from(o).where(~told)).scalar_one()
    if untold:
        yield f"offers: {untold} have a price that their history does not tell"
