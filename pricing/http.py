"""The one way out: timeouts, bounded retries, a cap on decoded size, a user agent."""

from datetime import UTC, datetime

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from pricing.source import Payload

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10, 60
LARGEST_ANSWER_BYTES = 50 * 2**20
USER_AGENT = "heimvorteil/0.1 (price refresh)"
RETRIES = Retry(
    total=3,
    backoff_factor=1.0,
    backoff_jitter=0.5,
    status_forcelist=(429, 500, 502, 503, 504),
    respect_retry_after_header=True,
    allowed_methods=frozenset({"GET"}),
    redirect=5,
)


class FetchFailed(Exception):
    """The answer could not be had: the text names the address and what happened."""


def get(url: str, now: datetime | None = None) -> Payload:
    """The decoded bytes at an address.

    Raises FetchFailed for a refused or broken connection, a status that is not 2xx, or an answer of
    more than `LARGEST_ANSWER_BYTES` after decompression (a small gzip can hold gigabytes).
    """
    with requests.Session() as session:
        session.headers["User-Agent"] = USER_AGENT
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=RETRIES))
        try:
            with session.get(url, timeout=(CONNECT_TIMEOUT_S, READ_TIMEOUT_S), stream=True) as answer:
                if answer.status_code in (401, 403):
                    raise FetchFailed(f"{url}: {answer.status_code}, it needs a key now")
                if not answer.ok:
                    raise FetchFailed(f"{url}: HTTP {answer.status_code}")
                content = bytearray()
                for chunk in answer.iter_content(64 * 1024):
                    content += chunk
                    if len(content) > LARGEST_ANSWER_BYTES:
                        raise FetchFailed(f"{url}: more than {LARGEST_ANSWER_BYTES} bytes")
        except requests.RequestException as error:
            raise FetchFailed(f"{url}: {_cause(error)}") from error
    return Payload(bytes(content), url, now or datetime.now(UTC))


def _cause(error: BaseException) -> str:
    """The innermost reason in a few words: the library's own text nests the address three times."""
    while (inner := getattr(error, "reason", None) or next(iter(error.args), None)) and isinstance(
        inner, BaseException
    ):
        error = inner
    return f"{type(error).__name__}: {str(error).rpartition(': ')[2][:160]}"
