"""What collections of market slots have in common: which zone and which market days are asked for."""

from datetime import UTC, date, datetime, timedelta

from pydantic import Field

from service.answers.asked import Day
from service.api.collections import PageQuery
from service.errors import InvalidValue, worded

MOST_DAYS = 400
STAMP = "%Y-%m-%dt%H%Mz"


class SlotQuery(PageQuery):
    """Which slots: of one zone, over market days in Central European time."""

    zone: str = Field(min_length=1, max_length=40, description="The zone, e.g. DE-LU, or a country")
    from_: Day | None = Field(
        None, alias="from", description="First market day; the newest that is known where neither is given"
    )
    to: Day | None = Field(None, description=f"Last market day, at most {MOST_DAYS} days; as `from`")

    def days(self, newest: date | None) -> tuple[date, date] | None:
        """First and last market day, or None where nothing is known.

        What is not given does not depend on the clock, so that the same facts give the same answer.
        Raises InvalidValue for days out of order or too many.
        """
        if newest is None:
            return None
        first = self.from_ or self.to or newest
        last = self.to or max(first, min(newest, first + timedelta(days=MOST_DAYS - 1)))
        if self.from_ is None and self.to is None:
            first = last = newest
        if last < first:
            raise InvalidValue("to", last.isoformat(), worded("is before from, {first}", first=first))
        if last - first >= timedelta(days=MOST_DAYS):
            raise InvalidValue(
                "to",
                last.isoformat(),
                worded("is more than {most_days} days after from, {first}", most_days=MOST_DAYS, first=first),
            )
        return first, last


def slot_slug(zone: str, start: datetime) -> str:
    """de-lu-2025-10-01t2215z"""
    return f"{zone.lower()}-{start.astimezone(UTC).strftime(STAMP)}"


def slot_of(slug: str) -> tuple[str, datetime] | None:
    """Zone and beginning of a slot by its slug; None where it is none."""
    zone, begins = slug[:-17], slug[-16:]
    try:
        return zone.upper(), datetime.strptime(begins, STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
