"""The one way out: time limits, bounded retries, conditional GET, a cap on decoded size, safe redirects."""

import logging
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, MaxRetryError, ResponseError
from urllib3.util.retry import Retry

from pricing.addresses import is_public, origin_of
from pricing.source import Payload
from service.errors import Verbatim, Worded, foreign, worded
from service.shown import address as shown
from service.shown import said

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 60.0
LONGEST_REFRESH_S = 240.0
"""For all requests of one refresh together: a server that drips a byte a second ends here."""
LONGEST_STREAM_S = 600.0
"""For one file that is read line by line: a region of AWS has half a gigabyte."""
LARGEST_ANSWER_BYTES = 50 * 2**20
LARGEST_STREAM_BYTES = 12 * 2**30
MOST_REDIRECTS = 5
LONGEST_WAIT_S = 20
"""A longer Retry-After is not slept through: the refresh fails and the schedule asks again later."""
REFUSALS = {
    401: worded("needs a key now"),
    403: worded("refused: from this network, to this program or without a key"),
}
"""What a status says; 403 alone does not say that a key would help."""
CHUNK = 64 * 1024
USER_AGENT = "heimvorteil/0.1 (price refresh)"

# Its warnings print whole addresses, keys included.
logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


class PatientRetry(Retry):
    """Waits as long as a source asks, but not longer than `LONGEST_WAIT_S`: then its answer stands."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        """The next attempt, or MaxRetryError where the source asks to wait too long."""
        response = kwargs.get("response")
        wait = self.get_retry_after(response) if response is not None else None
        if wait is not None and wait > LONGEST_WAIT_S:
            raise MaxRetryError(kwargs["_pool"], None, ResponseError(f"asks to wait {wait:.0f} s"))
        return super().increment(*args, **kwargs)


RETRIES = PatientRetry(
    total=3,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    respect_retry_after_header=True,
    allowed_methods=frozenset({"GET", "POST"}),
    redirect=False,
    raise_on_status=False,
)
"""POST too: the sources that take one answer questions with it and change nothing."""


class FetchFailed(Exception):
    """The answer could not be had: the text names the address and what happened."""

    def __init__(self, reason: str, retry_after_s: float | None = None, status: int | None = None) -> None:
        self.reason = foreign(reason)
        self.retry_after_s = retry_after_s
        """How long the source asked us to wait, where it did."""
        self.status = status
        """The HTTP status that it answered with, where it answered."""
        super().__init__(said(str(reason)))


class NotModified(Exception):
    """The source has nothing newer than what it last answered."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a source said of its last answer, by which it can tell whether there is a newer one."""

    url: str
    """As it is shown: without its secrets."""
    etag: str
    last_modified: str


class Door:
    """The way out of one refresh; close it, or use it in a `with` block.

    With `longest_s` everything ends within about that time and nothing is tried again: for a look.
    """

    def __init__(
        self,
        now: datetime | None = None,
        validators: Validators | None = None,
        longest_s: float | None = None,
    ) -> None:
        self._now = now or datetime.now(UTC)
        self._validators = validators
        self._is_a_look = longest_s is not None
        longest_s = LONGEST_REFRESH_S if longest_s is None else longest_s
        self._ends = time.monotonic() + longest_s
        self._timeouts = min(CONNECT_TIMEOUT_S, longest_s), min(READ_TIMEOUT_S, longest_s)
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})
        for scheme in ("https://", "http://"):
            retries = RETRIES.new(total=0) if self._is_a_look else RETRIES
            self._session.mount(scheme, HTTPAdapter(max_retries=retries))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Payload:
        """The decoded bytes at an address.

        Raises NotModified where the source has nothing newer; FetchFailed for a refused, broken or too
        slow connection, an unsafe redirect, a status that is not 2xx, an answer that is cut off, or one
        of more than `LARGEST_ANSWER_BYTES` after decompression (a small gzip can hold gigabytes).
        """
        known = self._validators if self._validators and self._validators.url == shown(url) else None
        asked = dict(headers or {})
        if known and known.etag:
            asked["If-None-Match"] = known.etag
        elif known and known.last_modified:
            asked["If-Modified-Since"] = known.last_modified
        with self._answer("GET", url, asked) as answer:
            return self._payload(url, answer)

    def post(self, url: str, json: Any, headers: Mapping[str, str] | None = None) -> Payload:
        """The decoded answer to a JSON body; raises FetchFailed as `get` does."""
        with self._answer("POST", url, headers or {}, json) as answer:
            return self._payload(url, answer)

    def lines(self, url: str, headers: Mapping[str, str] | None = None) -> Iterator[str]:
        """The lines of a text that is never whole in memory; raises FetchFailed as `get` does.

        Every such file has a time of its own, `LONGEST_STREAM_S`, beside that of the whole refresh.
        """
        if not self._is_a_look:
            self._ends = max(self._ends, time.monotonic() + LONGEST_STREAM_S)
        with self._answer("GET", url, headers or {}) as answer:
            rest = b""
            for piece in self._decoded(url, answer, LARGEST_STREAM_BYTES):
                *whole, rest = (rest + piece).split(b"\n")
                if len(rest) > LARGEST_ANSWER_BYTES:
                    raise FetchFailed(
                        worded(
                            "{url}: a line of more than {largest_answer_bytes} bytes",
                            url=shown(url),
                            largest_answer_bytes=LARGEST_ANSWER_BYTES,
                        )
                    )
                yield from (line.decode("utf-8", "replace") for line in whole)
            if rest:
                yield rest.decode("utf-8", "replace")

    def same_host(self, link: str, asked: str) -> str:
        """A link of an answer, on the scheme and host that were asked: a mirror stands in for all pages."""
        there, here = urlsplit(urljoin(asked, link)), urlsplit(asked)
        return urlunsplit((here.scheme, here.netloc, there.path, there.query, ""))

    def _payload(self, url: str, answer: requests.Response) -> Payload:
        content = b"".join(self._decoded(url, answer, LARGEST_ANSWER_BYTES))
        given = answer.headers
        return Payload(content, url, self._now, given.get("ETag", ""), given.get("Last-Modified", ""))

    @contextmanager
    def _answer(
        self, method: str, url: str, headers: Mapping[str, str], json: Any = None
    ) -> Iterator[requests.Response]:
        try:
            answer = self._followed(method, url, dict(headers), json)
            with answer:
                yield answer
        except (requests.RequestException, HTTPError, OSError) as error:
            # Retries end like this only where the source asks to wait too long: it is busy.
            busy = 429 if isinstance(error, requests.exceptions.RetryError) else None
            raise FetchFailed(
                worded("{url}: {cause}", url=shown(url), cause=_cause(error)), status=busy
            ) from error

    def _followed(self, method: str, url: str, headers: dict[str, str], json: Any) -> requests.Response:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            if time.monotonic() > self._ends:
                raise FetchFailed(worded("{url}: not done after the time it has", url=shown(url)))
            answer = self._session.request(
                method, at, headers=headers, json=json, stream=True, allow_redirects=False,
                timeout=self._timeouts,
            )  # fmt: skip
            if answer.status_code == 304:
                answer.close()
                raise NotModified(url)
            if not answer.is_redirect:
                self._refuse_failure(url, answer)
                return answer
            target = urljoin(at, answer.headers["Location"])
            answer.close()
            if _is_elsewhere(url, target):
                _refuse_unsafe(url, target)
                headers = {name: value for name, value in headers.items() if name.startswith("If-")}
            at = target
        raise FetchFailed(
            worded(
                "{url}: more than {most_redirects} redirects", url=shown(url), most_redirects=MOST_REDIRECTS
            )
        )

    def _refuse_failure(self, url: str, answer: requests.Response) -> None:
        if answer.ok:
            return
        wait = _retry_after_s(answer.headers.get("Retry-After"), self._now)
        answer.close()
        if said := REFUSALS.get(answer.status_code):
            raise FetchFailed(
                worded(
                    "{url}: HTTP {status_code}, {said}",
                    url=shown(url),
                    status_code=answer.status_code,
                    said=said,
                ),
                wait,
                answer.status_code,
            )
        status = answer.status_code
        if wait is not None:
            asks = worded(
                "{url}: HTTP {status}, asks to wait {wait:.0f} s", url=shown(url), status=status, wait=wait
            )
            raise FetchFailed(asks, wait, status)
        raise FetchFailed(worded("{url}: HTTP {status}", url=shown(url), status=status), wait, status)

    def _decoded(self, url: str, answer: requests.Response, largest: int) -> Iterator[bytes]:
        # Not requests' own decoding: it takes a gzip that was cut off for a whole one.
        encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip", "deflate"):
            raise FetchFailed(
                worded("{url}: unknown Content-Encoding {encoding}", url=shown(url), encoding=encoding)
            )
        unpacking = None if encoding in ("identity", "") else Unpacking(url)
        total = 0
        while piece := answer.raw.read1(CHUNK, decode_content=False):
            if time.monotonic() > self._ends:
                raise FetchFailed(worded("{url}: not done after the time it has", url=shown(url)))
            for part in (piece,) if unpacking is None else unpacking.parts(piece):
                total += len(part)
                if total > largest:
                    raise FetchFailed(
                        worded("{url}: more than {largest} bytes", url=shown(url), largest=largest)
                    )
                yield part
        if unpacking is not None and not unpacking.is_whole:
            raise FetchFailed(worded("{url}: cut off inside its compression", url=shown(url)))


class Unpacking:
    """Unpacks gzip or deflate piece by piece, also several files in a row; knows whether it was cut off."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._file = zlib.decompressobj(wbits=47)

    @property
    def is_whole(self) -> bool:
        """Whether the last file has ended."""
        return self._file.eof

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """What a piece holds, in parts of at most `CHUNK` bytes; raises FetchFailed for broken data."""
        try:
            while piece:
                if self._file.eof:
                    self._file = zlib.decompressobj(wbits=47)
                yield self._file.decompress(piece, CHUNK)
                piece = self._file.unconsumed_tail or self._file.unused_data
        except zlib.error as error:
            raise FetchFailed(
                worded("{url}: its compression is broken: {error}", url=shown(self._url), error=error)
            ) from error


def _is_elsewhere(url: str, target: str) -> bool:
    try:
        return origin_of(target) != origin_of(url)
    except ValueError as error:
        raise FetchFailed(
            worded("{url}: an unusable redirect: {error}", url=shown(url), error=error)
        ) from error


def _refuse_unsafe(url: str, target: str) -> None:
    scheme, host, _ = origin_of(target)
    if scheme != origin_of(url)[0]:
        raise FetchFailed(
            worded("{url}: a redirect to another scheme, {target}", url=shown(url), target=shown(target))
        )
    if not is_public(host):
        raise FetchFailed(
            worded("{url}: a redirect to a private address, {target}", url=shown(url), target=shown(target))
        )


def _retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or a date; None where it says nothing usable."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (at - now).total_seconds()) if at.tzinfo else None


def _cause(error: BaseException) -> Worded:
    """The innermost reason in a few words: the library's own text nests the address three times."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) and isinstance(
        inner, BaseException
    ):
        error = inner
    said = str(error).rpartition(": ")[2][:160]
    if type(error).__name__ == "NameResolutionError":
        no_network = worded("address not found; is there a network?")
        return worded("{no_network} ({said})", no_network=no_network, said=Verbatim(said))
    return foreign(f"{type(error).__name__}: {said}")
