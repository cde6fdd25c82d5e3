"""The one way to a webhook: signed, to a public address alone, until it has heard.

A webhook gets `POST` with a JSON body and the headers Heimvorteil-Timestamp (Unix seconds),
Heimvorteil-Signature (`v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>` under its secret) and
Idempotency-Key, which is the same at every try. Only https to a public address; no redirect is followed.
"""

import hashlib
import hmac
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from pricing.addresses import public_addresses
from service.estimate.cadence import next_try
from service.shown import said
from service.store.session import Sessions

TIMEOUT_S = 10.0
LONGEST_EXCHANGE_S = 20.0
LONGEST_ROUND_S = 60.0
"""Receivers that hang must not keep a refresh from ending."""
LEASE = timedelta(minutes=2)
USER_AGENT = "heimvorteil/0.1"

log = logging.getLogger(__name__)


class Refused(Exception):
    """An address that is never spoken to."""


Connect = Callable[[str], HTTPConnection]
"""A connection, not yet open, to the host of an address; raises Refused."""
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Letter(Generic[Row]):
    """What a webhook is to be told, for which row of the store."""

    row: Row
    url: str
    secret: str
    key: str
    body: bytes
    attempts: int
    """Tries before this one."""


class Outbox(Protocol[Row]):
    """Where letters wait in the store; each call gets a transaction of its own."""

    def claim(self, session: Any, now: datetime, lease: timedelta) -> Letter[Row] | None:
        """The letter that has been due for longest, kept from others for the length of the lease."""

    def record(
        self,
        session: Any,
        row: Row,
        at: datetime,
        *,
        status: int | None,
        error: str,
        next_at: datetime | None,
    ) -> None:
        """How a try went; given up where there is an error and no next try."""


class _CheckedConnection(HTTPSConnection):
    """TLS to an address that was looked up and checked before; the certificate must be the host's."""

    def __init__(self, host: str, port: int | None, address: str) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S)
        self._address = address
        self._tls = ssl.create_default_context()

    def connect(self) -> None:
        """Open it to the checked address, whatever the name means by now."""
        plain = socket.create_connection((self._address, self.port), TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def public_https(url: str) -> HTTPConnection:
    """The one way out of a letter: https to a host all of whose addresses are public. Raises Refused."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Refused("only https is spoken to")
    addresses = public_addresses(parts.hostname)
    if not addresses:
        raise Refused(f"{parts.hostname} is not a public address")
    return _CheckedConnection(parts.hostname, parts.port, addresses[0])


def deliver(sessions: Sessions, now: datetime, outbox: Outbox[Row], connect: Connect = public_https) -> int:
    """Tell every receiver whose time has come, from any number of processes; returns how many heard."""
    ends = time.monotonic() + LONGEST_ROUND_S
    heard = 0
    while time.monotonic() < ends:
        with sessions.begin() as session:
            letter = outbox.claim(session, now, LEASE)
        if letter is None:
            break
        status, error = send(letter.url, letter.secret, letter.key, letter.body, connect)
        following = next_try(letter.attempts + 1, now) if error else None
        with sessions.begin() as session:
            outbox.record(session, letter.row, now, status=status, error=error, next_at=following)
        heard += not error
        if error:
            log.warning("webhook %s, try %d: %s", letter.key, letter.attempts + 1, error)
    return heard


def send(
    url: str, secret: str, key: str, body: bytes, connect: Connect = public_https
) -> tuple[int | None, str]:
    """One try: the status of the answer, if there was one, and what went wrong, "" if nothing did."""
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Idempotency-Key": key,
        "Heimvorteil-Timestamp": timestamp,
        "Heimvorteil-Signature": signature(secret, timestamp, body),
        "Connection": "close",
    }
    try:
        connection = connect(url)
    except Refused as refused:
        return None, str(refused)
    # A receiver that drips its answer a byte at a time is cut off.
    timer = threading.Timer(LONGEST_EXCHANGE_S, _cut, [connection])
    timer.start()
    try:
        connection.request("POST", path, body, headers)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return None, said(f"{type(error).__name__}: {error}")[:200]
    finally:
        timer.cancel()
        connection.close()
    if 200 <= status < 300:
        return status, ""
    return status, f"HTTP {status}" + (", and no redirect is followed" if 300 <= status < 400 else "")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v1=` and the hex HMAC-SHA256 of timestamp, a dot and the body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError):
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)
