"""Where labels stand beside points of a chart so that none covers another, a point, or the edge."""

import math
from collections.abc import Sequence

Place = tuple[float, float]
"""Across and down, in pixels."""
DIRECTIONS = tuple(math.radians(angle) for angle in (0, 315, 45, 270, 90, 180, 225, 135, 337, 23))
"""Right first, then above and below it; 0 is to the right, angles run clockwise as pixels do."""
DISTANCES = (13.0, 19.0, 26.0, 34.0, 44.0, 56.0)
HALF_HEIGHT = 6.0
POINT_RADIUS = 6.0


def places(
    points: Sequence[Place], half_widths: Sequence[float], width: float, height: float
) -> tuple[Place, ...]:
    """The middle of each point's label, as near to it as there is room; points keep their order.

    Always the same for the same points. Where there is no room at all a label stands right of its point.
    """
    taken: list[tuple[Place, float]] = []
    for i, point in enumerate(points):
        half = half_widths[i]
        free = (
            place
            for distance in DISTANCES
            for place in _around(point, distance, half)
            if _is_inside(place, half, width, height)
            and not any(_covers(place, half, other, POINT_RADIUS) for other in points)
            and not any(_covers(place, half, other, other_half) for other, other_half in taken)
        )
        taken.append((next(free, (point[0] + DISTANCES[0], point[1])), half))
    return tuple(place for place, _ in taken)


def _around(point: Place, distance: float, half: float) -> list[Place]:
    stretch = distance + half - HALF_HEIGHT
    return [(point[0] + stretch * math.cos(a), point[1] + distance * math.sin(a)) for a in DIRECTIONS]


def _is_inside(place: Place, half: float, width: float, height: float) -> bool:
    return half <= place[0] <= width - half and HALF_HEIGHT <= place[1] <= height - HALF_HEIGHT


def _covers(place: Place, half: float, other: Place, other_half: float) -> bool:
    """Whether a label meets a box of that half width (a point's, or another label's)."""
    near_x = abs(place[0] - other[0]) < half + other_half
    return near_x and abs(place[1] - other[1]) < HALF_HEIGHT + min(HALF_HEIGHT, other_half)
