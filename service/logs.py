"""Logs: one line an event, as JSON or as words for a terminal, with the request or refresh it is of.

Whatever stood in a path, a header or a source's answer: it makes no second line and shows no secret.
"""

import json
import logging
import logging.config
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from service.shown import MASK, is_secret, said

FIELDS = "fields"
"""Name of what `extra` of a call may bring along: a mapping, told beside the message."""
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_TOKEN = re.compile(r"\bhv_[A-Za-z0-9_-]{8,}")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_IN_QUERY = re.compile(r"(?<=[?&;])([^=&;\s\"']{1,100})=[^&;\s\"']+")
"""Also of a path, which `said` takes for no address."""
_request: ContextVar[str] = ContextVar("request", default="")
_refresh: ContextVar[str] = ContextVar("refresh", default="")


def begin_request(sent: str | None) -> str:
    """The id of the request that begins here: what the asker sent, where it is sane, else a new one."""
    identity = request_id(sent)
    _request.set(identity)
    return identity


def request_id(sent: str | None) -> str:
    """The id that was sent, where it is sane, else a new one."""
    return sent if sent and SANE_ID.fullmatch(sent) else token_hex(8)


def end_request() -> None:
    """What this thread does next is of no request."""
    _request.set("")


@contextmanager
def refreshing(number: int) -> Iterator[None]:
    """What is logged within is of that refresh."""
    before = _refresh.set(str(number))
    try:
        yield
    finally:
        _refresh.reset(before)


def harmless(text: str) -> str:
    """Without secrets; what would begin a line or steer a terminal is spelled out."""
    text = said(_USERINFO.sub(MASK, _TOKEN.sub("hv_…", text)))
    return _IN_QUERY.sub(lambda pair: f"{pair[1]}={MASK}" if is_secret(pair[1]) else pair[0], text)


class AsJson(logging.Formatter):
    """An event as one JSON object in one line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII."""
        told = {
            "time": _moment(record, "milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": harmless(record.getMessage()),
            **_ids(),
            **{name: _value(value) for name, value in getattr(record, FIELDS, {}).items()},
        }
        if record.exc_info:
            told["exception"] = [harmless(line) for line in self.formatException(record.exc_info).split("\n")]
        return json.dumps(told)


class AsText(logging.Formatter):
    """An event as one line of words; the lines of an error stand behind it, set in."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        parts = [_moment(record, "seconds"), record.levelname, record.name, harmless(record.getMessage())]
        beside = {**getattr(record, FIELDS, {}), **_ids()}
        parts += [f"{name}={_value(value)}" for name, value in beside.items() if value is not None]
        line = " ".join(parts)
        if record.exc_info:
            trace = self.formatException(record.exc_info).split("\n")
            line += "".join(f"\n    {harmless(one)}" for one in trace)
        return line


def config(form: str, level: str = "INFO") -> dict[str, Any]:
    """For logging.config.dictConfig; `form` is json, text, or auto: json where stderr is no terminal."""
    if form == "auto":
        form = "text" if sys.stderr.isatty() else "json"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": AsJson if form == "json" else AsText}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
        },
        "root": {"level": level, "handlers": ["stderr"]},
        "loggers": {
            "_granian": {"level": "INFO", "handlers": [], "propagate": True},
            # Each retry of urllib3 would be a line; what came of them is told by the refresh.
            "urllib3": {"level": "ERROR"},
            "procrastinate": {"level": "WARNING"},
        },
    }


def set_up(form: str, level: str = "INFO") -> None:
    """Let this process log so."""
    logging.config.dictConfig(config(form, level))


def _ids() -> dict[str, str]:
    ids = {"request_id": _request.get(), "refresh_id": _refresh.get()}
    return {name: value for name, value in ids.items() if value}


def _value(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value


def _moment(record: logging.LogRecord, to: str) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec=to).replace("+00:00", "Z")
