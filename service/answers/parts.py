"""What every part of an answer is made of: frozen models, numbers beside their unit, source and day.

What is written here is stored, given by the API and read back: one type for all three.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from service.facts import Basis, Source

Exact = Annotated[Decimal, WithJsonSchema({"type": "string"})]
"""An exact decimal, in JSON a string."""
Moment = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Answered(BaseModel):
    """A part of an answer, as it was answered that day."""

    model_config = ConfigDict(frozen=True)

    def to_json(self) -> bytes:
        """Its JSON in UTF-8: what is stored and what the API gives."""
        # The text that model_dump_json makes of these bytes would only be encoded again.
        content: bytes = self.__pydantic_serializer__.to_json(self)
        return content


class AnsweredSource(Answered):
    """Who says so, and for which day."""

    source: str
    url: str
    as_of: date

    @property
    def cited(self) -> Source:
        """The same as a fact has it."""
        return Source("", self.source, self.url, self.as_of)


class AnsweredLicensedSource(AnsweredSource):
    """Who says so, for which day, when we read it there and under which licence."""

    read_on: date | None
    licence: str

    @property
    def cited(self) -> Source:
        """The same as a fact has it."""
        return Source("", self.source, self.url, self.as_of, self.licence, self.read_on)


class AnsweredNumber(AnsweredLicensedSource):
    """One number an answer was computed from; every one has its source."""

    subject: str
    name: str
    value: float
    unit: str = Field(description="Unit of the number")
    low: float | None
    high: float | None
    basis: Basis
