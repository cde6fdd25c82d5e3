"""Where labels stand beside points of a chart so that none covers another, a point, or the edge."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Place = tuple[float, float]
"""Across and down, in pixels."""
SIDES = ((1, 0), (1, -1), (1, 1), (0, -1), (0, 1), (-1, 0), (-1, -1), (-1, 1))
"""Right first, then above and below it: across and down. At a corner a label keeps clear of both lines that
cross in its point."""
GAPS = (2.5, 8.0, 15.0, 23.0, 33.0, 45.0)
"""Between a point's edge and its label, in pixels, the nearest first."""
HALF_HEIGHT = 6.5
LETTER_PX, LETTER_HEIGHT_PX = 6.2, 15.0
"""Of words written at a line, on average."""
SIGN_PX = 9.0
"""Room a point's sign takes to each side."""


def places(
    points: Sequence[Place],
    radii: Sequence[float],
    half_widths: Sequence[float],
    width: float,
    height: float,
    others: Sequence[Place] = (),
) -> tuple[Place, ...]:
    """The middle of each point's label, as near to it as there is room; points keep their order.

    Clear of points; of `others`, which have no label, as far as that can be. Always the same for the same
    points. Where there is no room near it a label stands at another height; where there is none at all, right
    of its point.
    """
    taken: list[tuple[Place, float]] = []

    def is_free(place: Place, half: float) -> bool:
        return (
            half <= place[0] <= width - half
            and HALF_HEIGHT <= place[1] <= height - HALF_HEIGHT
            and not any(_meets_disc(place, half, p, r) for p, r in zip(points, radii, strict=True))
            and not any(_meets_label(place, half, other, other_half) for other, other_half in taken)
        )

    for point, radius, half in zip(points, radii, half_widths, strict=True):
        near = [place for gap in GAPS for place in _around(point, radius, gap, half)]
        free = [place for place in near if is_free(place, half)]
        free = free or [place for place in _farther(point, radius, half, height) if is_free(place, half)]
        beside = (point[0] + radius + GAPS[0] + half, point[1])
        taken.append((_clearest(free, half, others) or beside, half))
    return tuple(place for place, _ in taken)


def _clearest(free: Sequence[Place], half: float, others: Sequence[Place]) -> Place | None:
    """The first of these places that covers none of the others, else the one that covers the fewest."""
    best, fewest = None, math.inf
    for place in free:
        covered = sum(_meets_disc(place, half, p, 1.0) for p in others)
        if covered < fewest:
            best, fewest = place, covered
        if not covered:
            break
    return best


def _around(point: Place, radius: float, gap: float, half: float) -> list[Place]:
    found = []
    for across, down in SIDES:
        away = gap if across and down else radius + gap
        found.append((point[0] + across * (away + half), point[1] + down * (away + HALF_HEIGHT)))
    return found


def _farther(point: Place, radius: float, half: float, height: float) -> list[Place]:
    """Left and right of a point at every height, the nearest first."""
    heights = sorted(range(round(height)), key=lambda y: abs(y - point[1]))
    away = radius + GAPS[0] + half
    return [(point[0] + side * away, float(y)) for y in heights for side in (1, -1)]


def _meets_disc(place: Place, half: float, middle: Place, radius: float) -> bool:
    away_x = max(0.0, abs(place[0] - middle[0]) - half)
    away_y = max(0.0, abs(place[1] - middle[1]) - HALF_HEIGHT)
    return math.hypot(away_x, away_y) < radius


def _meets_label(place: Place, half: float, other: Place, other_half: float) -> bool:
    near_x = abs(place[0] - other[0]) < half + other_half
    return near_x and abs(place[1] - other[1]) < 2 * HALF_HEIGHT


@dataclass(frozen=True, slots=True)
class LinePlace:
    """Where words stand at a level line: at which end, above or below it."""

    is_left: bool
    is_above: bool


def beside_line(
    words: str, spots: Sequence[tuple[float, float]], line: float, width: float, is_left: bool
) -> LinePlace:
    """The place at the line where these words cover the fewest spots, else at the end that is preferred.

    Pixels from the left and from below.
    """
    length = LETTER_PX * len(words)

    def crowd(place: LinePlace) -> int:
        start = 0.0 if place.is_left else width - length
        foot = line if place.is_above else line - LETTER_HEIGHT_PX
        return sum(
            start - SIGN_PX < x < start + length + SIGN_PX
            and foot - SIGN_PX < y < foot + LETTER_HEIGHT_PX + SIGN_PX
            for x, y in spots
        )

    choices = [LinePlace(end, above) for end in (is_left, not is_left) for above in (True, False)]
    return min(choices, key=crowd)
