"""The shapes that collections share, as the OpenAPI description shows them."""

from datetime import date

from pydantic import BaseModel, Field, create_model


class SourceOut(BaseModel):
    """Where a number was read, and when it was true."""

    unit: str = Field(description="Unit of the number")
    source: str
    url: str
    as_of: date
    read_on: date | None
    licence: str


def page_of(name: str, item: type[BaseModel]) -> type[BaseModel]:
    """The page model of a collection."""
    return create_model(
        name,
        __doc__=f"A page of {item.__name__}.",
        items=(list[item], ...),  # type: ignore[valid-type]
        total=(int, ...),
        limit=(int, ...),
        offset=(int, ...),
        next=(str | None, ...),
    )
