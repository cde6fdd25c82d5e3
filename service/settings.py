"""Every setting once: its name, its default, its meaning. Read from HEIMVORTEIL_* in the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from platformdirs import user_data_path

from service.errors import InvalidValue, choice_of, worded

PREFIX = "HEIMVORTEIL_"
Network = IPv4Network | IPv6Network


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
    Setting("HTTPS", "auto", "Strict-Transport-Security: auto (to those who came by https), on (to all)"),
    Setting("SCHEDULER", "auto", "price refresh inside `serve`: auto (on SQLite), on, off"),
    Setting("TICK_SECONDS", "20", "how often the price scheduler looks for sources that are due"),
    Setting("LEASE_SECONDS", "120", "after this long without a sign of life a refresh is taken over"),
    Setting("REFRESHES_AT_ONCE", "4", "price sources that one process reads at the same time"),
    Setting("MAX_BODY_BYTES", "262144", "largest request body the API reads"),
    Setting("ANSWER_DAYS", "30", "days that an answer is kept which was asked without a token"),
    Setting("ANSWER_MEGABYTES", "500", "what such answers take together; the oldest go first"),
    Setting("HISTORY_DAYS", "365", "days after which of the prices within a day the last alone is kept"),
    Setting("HEADER_SECONDS", "15", "in which a request's headers have to come; idle connections are closed"),
    Setting("BODY_SECONDS", "10", "in which a small body has to come; a large one at 16 KiB/s from then on"),
    Setting("SEND_SECONDS", "30", "after which a client that takes nothing of its answer is cut off"),
    Setting("HANG_SECONDS", "30", "after which a server process that gives no sign of life is started anew"),
    Setting("WAITING", "64", "requests that wait for a thread of a server process; one more is a 503"),
    Setting("ANSWERS_PER_MINUTE", "120", "what one address may ask for; a token ten times as much; 0: any"),
    Setting("TRUSTED_PROXIES", "", "networks of the proxies before `serve`, with commas: 10.0.0.0/8,::1"),
    Setting("LOG", "auto", "lines of the log: json, text, or auto: json where no terminal reads them"),
    Setting("ACCESS_LOG", "on", "one line of log for each request: on, off"),
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
    https: str
    scheduler: str
    tick_seconds: float
    lease_seconds: float
    refreshes_at_once: int
    max_body_bytes: int
    answer_days: int
    answer_megabytes: int
    history_days: int
    log: str
    access_log: str
    snapshot_check_seconds: float
    database_seconds: float
    header_seconds: float
    body_seconds: float
    send_seconds: float
    hang_seconds: float
    waiting: int
    answers_per_minute: int
    trusted_proxies: tuple[Network, ...]

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        """Settings from HEIMVORTEIL_*; raises InvalidValue naming the variable."""
        given = {s.name: environ.get(s.variable) or s.default for s in SETTINGS}
        return cls(
            database_url=given["DATABASE_URL"] or default_database_url(),
            host=given["HOST"],
            port=_whole("PORT", given["PORT"], 0, 65535),
            workers=_whole("WORKERS", given["WORKERS"], 1, 64),
            https=_one_of("HTTPS", given["HTTPS"], ("auto", "on")),
            scheduler=_one_of("SCHEDULER", given["SCHEDULER"], ("auto", "on", "off")),
            tick_seconds=_seconds("TICK_SECONDS", given["TICK_SECONDS"], 0.1, 59),
            lease_seconds=_seconds("LEASE_SECONDS", given["LEASE_SECONDS"], 1, 3600),
            refreshes_at_once=_whole("REFRESHES_AT_ONCE", given["REFRESHES_AT_ONCE"], 1, 64),
            max_body_bytes=_whole("MAX_BODY_BYTES", given["MAX_BODY_BYTES"], 1024, 2**30),
            answer_days=_whole("ANSWER_DAYS", given["ANSWER_DAYS"], 1, 36_500),
            answer_megabytes=_whole("ANSWER_MEGABYTES", given["ANSWER_MEGABYTES"], 1, 10_000_000),
            history_days=_whole("HISTORY_DAYS", given["HISTORY_DAYS"], 1, 36_500),
            log=_one_of("LOG", given["LOG"], ("auto", "json", "text")),
            access_log=_one_of("ACCESS_LOG", given["ACCESS_LOG"], ("on", "off")),
            snapshot_check_seconds=_seconds("SNAPSHOT_CHECK_SECONDS", given["SNAPSHOT_CHECK_SECONDS"]),
            header_seconds=_seconds("HEADER_SECONDS", given["HEADER_SECONDS"], 0.1),
            body_seconds=_seconds("BODY_SECONDS", given["BODY_SECONDS"], 0.1),
            send_seconds=_seconds("SEND_SECONDS", given["SEND_SECONDS"], 0.1),
            hang_seconds=_seconds("HANG_SECONDS", given["HANG_SECONDS"], 1, 3600),
            waiting=_whole("WAITING", given["WAITING"], 1, 10_000),
            answers_per_minute=_whole("ANSWERS_PER_MINUTE", given["ANSWERS_PER_MINUTE"], 0, 1_000_000),
            trusted_proxies=_networks("TRUSTED_PROXIES", given["TRUSTED_PROXIES"]),
            database_seconds=_seconds("DATABASE_SECONDS", given["DATABASE_SECONDS"], 0.1, 600),
        )


def default_database_url() -> str:
    """A SQLite file in the user's data directory."""
    return f"sqlite:///{user_data_path('heimvorteil', appauthor=False) / 'heimvorteil.sqlite3'}"


def _one_of(name: str, text: str, choices: tuple[str, ...]) -> str:
    return choice_of(PREFIX + name, text, choices)


def _whole(name: str, text: str, low: int, high: int) -> int:
    if not text.isdigit() or not low <= int(text) <= high:
        raise InvalidValue(
            PREFIX + name, text, worded("must be a whole number from {low} to {high}", low=low, high=high)
        )
    return int(text)


def _seconds(name: str, text: str, low: float = 0, high: float = 3600) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise InvalidValue(PREFIX + name, text, worded("must be a number of seconds")) from None
    if not low <= seconds <= high:
        raise InvalidValue(
            PREFIX + name, text, worded("must be between {low:g} and {high:g}", low=low, high=high)
        )
    return seconds


def _networks(name: str, text: str) -> tuple[Network, ...]:
    networks = []
    for one in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ip_network(one))
        except ValueError:
            raise InvalidValue(
                PREFIX + name, one, worded("must be an address or a network such as 10.0.0.0/8 or fd00::/8")
            ) from None
    return tuple(networks)
