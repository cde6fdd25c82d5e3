"""What the gate has to know of a route before the application is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class By(Enum):
    """Who answers it."""

    AT_ONCE = "at once"
    """The event loop itself: what waits for nothing, file nor database."""
    HEALTH = "health"
    """The thread that only looks after health: it is free however busy the others are."""
    LOOK_UP = "look up"
    """Threads for what is only looked up: it does not wait behind what is worked out."""
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a request is taken: by whom, how large a body is read, what it costs of a client's minute."""

    by: By
    largest_body_bytes: int
    cost: int = 0
    route: str | None = None
    """As it is written with its variables; None where there is none."""


KindOf = Callable[[str, str], Kind]
"""Method and path (as sent, percent signs and all): what kind of request it is."""
HERE = "heimvorteil.here"
"""In every environ: whether it is this machine itself that asks, not through a proxy."""
HOLDER = "heimvorteil.holder"
"""In the environ of a request that costs: whose valid token it carries, set by the application."""
