"""Every way to do a run, as columns: an option is a position. What it is is the caller's to know."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.decide.frontier import Futures, Numbers, futures_of, spread_of
from service.errors import InvalidValue, worded

Positions = NDArray[np.intp]
SetAside = Literal["too_long", "host_memory"]
"""Why a plan is not recommended, whatever it costs: it takes more than two years, or it needs more main
memory than the machine has."""
SET_ASIDE: tuple[SetAside, ...] = ("too_long", "host_memory")
TOO_LONG = 1 + SET_ASIDE.index("too_long")
LONGEST_HOURS = 2 * 365.25 * 24
"""Two years: no run of today is worth waiting longer for."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Plans as columns; NaN is unknown."""

    calendar_hours: Numbers
    """From start to end, shape (3, n): 10th, 50th, 90th percentile."""
    cost: Numbers
    """What the run costs in the end, in one currency, shape (3, n): a bought card by what it loses."""
    cash: Numbers
    """What has to be paid until the run ends, in the same currency, shape (3, n): a bought card whole. A
    budget is held against this."""
    co2_kg: Numbers
    """Median, shape (n,)."""
    effort: NDArray[np.int64]
    """What a plan asks beside money and time, the less the simpler, shape (n,); breaks near ties alone."""
    rests_on: NDArray[np.int64]
    """The same number for plans that rest on one machine: at home, or as many of one provider's, whatever the
    region, shape (n,)."""
    set_aside: NDArray[np.int8]
    """0, or 1 + the place in SET_ASIDE, shape (n,)."""
    drawn: Futures | None = None
    """Every doubt drawn, of each option or of so many that come again and again; None where the percentiles
    are all that is known."""

    def __post_init__(self) -> None:
        n = self.co2_kg.shape[0]
        for column in (self.calendar_hours, self.cost, self.cash):
            if column.shape != (3, n):
                raise InvalidValue(
                    "candidates", column.shape, worded("columns of another length than {n}", n=n)
                )

    def __len__(self) -> int:
        return int(self.co2_kg.shape[0])

    @property
    def is_known(self) -> NDArray[np.bool_]:
        """Of which both hours and cost are known: only those can be chosen."""
        both: NDArray[np.bool_] = np.isfinite(self.calendar_hours[1]) & np.isfinite(self.cost[1])
        return both

    @property
    def may_be_chosen(self) -> NDArray[np.bool_]:
        """Known, and not set aside."""
        may: NDArray[np.bool_] = self.is_known & (self.set_aside == 0)
        return may

    def of(self, positions: Positions) -> "Candidates":
        """Those candidates only."""
        return Candidates(
            self.calendar_hours[:, positions],
            self.cost[:, positions],
            self.cash[:, positions],
            self.co2_kg[positions],
            self.effort[positions],
            self.rests_on[positions],
            self.set_aside[positions],
            None if self.drawn is None else self.drawn.of(positions),
        )

    @property
    def has_moving_rents(self) -> bool:
        """Whether at stated rents anything would be surer."""
        return self.drawn is not None and self.drawn.at_rent is not None

    def at_stated_rents(self) -> "Candidates":
        """The same with rents that stay what they were stated to be, in every future."""
        return self if self.drawn is None else replace(self, drawn=self.drawn.at_stated_rents())

    def futures(self) -> Futures:
        """Calendar hours and what has to be paid, in equally likely futures."""
        if self.drawn is not None:
            return self.drawn
        return futures_of(spread_of(*self.calendar_hours), spread_of(*self.cash))


def joined(blocks: list[Candidates]) -> Candidates:
    """The candidates of all blocks, one after the other."""
    are_drawn = any(b.drawn is not None for b in blocks)
    return Candidates(
        np.concatenate([b.calendar_hours for b in blocks], axis=1),
        np.concatenate([b.cost for b in blocks], axis=1),
        np.concatenate([b.cash for b in blocks], axis=1),
        np.concatenate([b.co2_kg for b in blocks]),
        np.concatenate([b.effort for b in blocks]),
        np.concatenate([b.rests_on for b in blocks]),
        np.concatenate([b.set_aside for b in blocks]),
        Futures.side_by_side([b.futures() for b in blocks]) if are_drawn else None,
    )


def too_long(calendar_hours: Numbers, set_aside: NDArray[np.int8]) -> NDArray[np.int8]:
    """The same with every plan set aside that takes more than two years at its median, and none that no
    longer does; what is set aside for another reason stays it for that."""
    other = np.where(set_aside == TOO_LONG, np.int8(0), set_aside)
    return np.where((other == 0) & (calendar_hours[1] > LONGEST_HOURS), np.int8(TOO_LONG), other)
