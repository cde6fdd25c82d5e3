"""Every setting once: its name, its default, its meaning. Read from HEIMVORTEIL_* in the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from platformdirs import user_data_path

from service.errors import InvalidValue

PREFIX = "HEIMVORTEIL_"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as service/docs/operations.md lists it."""

    name: str
    default: str
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + self.name


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "DATABASE_URL", "", "sqlite:///FILE or postgresql://…; empty: a file in the user's data directory"
    ),
    Setting("HOST", "127.0.0.1", "address that `serve` listens on"),
    Setting("PORT", "8080", "port that `serve` listens on"),
    Setting("WORKERS", "2", "server processes of `serve`"),
    Setting("SCHEDULER", "auto", "price refresh inside `serve`: auto (on SQLite), on, off"),
    Setting("TICK_SECONDS", "20", "how often the price scheduler looks for sources that are due"),
    Setting("LEASE_SECONDS", "120", "after this long without a sign of life a refresh is taken over"),
    Setting("REFRESHES_AT_ONCE", "4", "price sources that one process reads at the same time"),
    Setting("MAX_BODY_BYTES", "262144", "largest request body the API reads"),
    Setting("SNAPSHOT_CHECK_SECONDS", "1.0", "how often a worker looks for newer facts"),
    Setting("DATABASE_SECONDS", "5", "how long a request waits for the database before it is answered 503"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process."""

    database_url: str
    host: str
    port: int
    workers: int
    scheduler: str
    tick_seconds: float
    lease_seconds: float
    refreshes_at_once: int
    max_body_bytes: int
    snapshot_check_seconds: float
    database_seconds: float

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from HEIMVORTEIL_*; raises InvalidValue naming the variable."""
        given = {s.name: environ.get(s.variable) or s.default for s in SETTINGS}
        scheduler = given["SCHEDULER"]
        if scheduler not in ("auto", "on", "off"):
            raise InvalidValue(PREFIX + "SCHEDULER", scheduler, "unknown", ("auto", "on", "off"))
        return cls(
            database_url=given["DATABASE_URL"] or default_database_url(),
            host=given["HOST"],
            port=_whole("PORT", given["PORT"], 0, 65535),
            workers=_whole("WORKERS", given["WORKERS"], 1, 64),
            scheduler=scheduler,
            tick_seconds=_seconds("TICK_SECONDS", given["TICK_SECONDS"], 0.1, 59),
            lease_seconds=_seconds("LEASE_SECONDS", given["LEASE_SECONDS"], 1, 3600),
            refreshes_at_once=_whole("REFRESHES_AT_ONCE", given["REFRESHES_AT_ONCE"], 1, 64),
            max_body_bytes=_whole("MAX_BODY_BYTES", given["MAX_BODY_BYTES"], 1024, 2**30),
            snapshot_check_seconds=_seconds("SNAPSHOT_CHECK_SECONDS", given["SNAPSHOT_CHECK_SECONDS"]),
            database_seconds=_seconds("DATABASE_SECONDS", given["DATABASE_SECONDS"], 0.1, 600),
        )


def default_database_url() -> str:
    """A SQLite file in the user's data directory."""
    return f"sqlite:///{user_data_path('heimvorteil', appauthor=False) / 'heimvorteil.sqlite3'}"


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise InvalidValue(PREFIX + name, text, f"must be a whole number from {low} to {high}")
    return int(text)


def _seconds(name: str, text: str, low: float = 0, high: float = 3600) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise InvalidValue(PREFIX + name, text, "must be a number of seconds") from None
    if not low <= seconds <= high:
        raise InvalidValue(PREFIX + name, text, f"must be between {low:g} and {high:g}")
    return seconds
