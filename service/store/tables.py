"""What all tables share. Units are part of the column names; facts.py says what each column means."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from service.store.column_types import ExactDecimal, UtcDateTime


class Base(DeclarativeBase):
    """Names of constraints and the types of columns, the same in all tables."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime(),
        Decimal: ExactDecimal(),
        float: sa.Double(),
        dict[str, Any]: sa.JSON(),
    }


def one_of(column: str, choices: tuple[str, ...]) -> sa.CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{choice}'" for choice in choices)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def positive(*columns: str) -> list[sa.CheckConstraint]:
    """The columns hold numbers above 0."""
    return [sa.CheckConstraint(f"{column} > 0", name=f"{column}_positive") for column in columns]


def source_id() -> Mapped[int]:
    """The source beside a number."""
    return mapped_column(sa.ForeignKey("sources.id"))
