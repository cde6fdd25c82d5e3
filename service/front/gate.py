"""The gate: an ASGI application around ours. On the event loop bodies are read and limits are kept; a thread
is taken for a request that is whole and whose turn it is, and let go of before the answer is sent."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from time import monotonic
from typing import Any

from service.front.body import Gone, Hold, NoRoom, Room, TooLarge, TooSlow, read
from service.front.client import Client, client_of
from service.front.kinds import HOLDER, By, Kind, KindOf
from service.front.lane import Full, Lane
from service.front.rates import Rate, Rates
from service.front.refusals import Asked, Refusals, retry_after
from service.front.share import Share
from service.front.wsgi import Answer, Application, Environ, Headers, ask, environ_of, headers_of, next_part
from service.settings import Network

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
THREADS = 2
"""One slow request leaves one free; more only lengthen the tail (GIL)."""
PATIENCE_S = 30.0
"""Longest wait for a thread."""
HEALTH_WAITING = 16
STUCK_AFTER_S = 600.0
"""No import or question takes that long; the process starts anew when all threads of a kind have."""
LONG_ANSWERS, OF_ONE_CLIENT = 32, 8
"""That are being sent part by part at the same time."""
HOLDERS_REMEMBERED, HOLDER_FOR_S = 1024, 300.0
TIMES_FOR_HOLDERS = 10
"""Who carries a valid token may ask that many times as much."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What an operator sets."""

    waiting: int = 64
    answers_per_minute: int = 120
    trusted_proxies: Sequence[Network] = ()
    body_s: float = 10.0
    """In which a small body has to come."""
    send_s: float = 30.0
    """In which a client has to take each part of a long answer."""
    access_log: bool = True
    """Whether each refusal has its line."""


class Stalled(Exception):
    """A client does not take the answer it asked for; nothing that anyone has to read a trace of."""


def without_stalled(record: logging.LogRecord) -> bool:
    """A filter for the server's log, which would tell each as a bug of ours."""
    return record.exc_info is None or record.exc_info[0] is not Stalled


class Gate:
    """Reads, bounds and judges what comes in, and asks the application."""

    def __init__(
        self,
        app: Application,
        kind_of: KindOf,
        headers: Headers,
        rates: Rates | None,
        bounds: Bounds,
        share: Share | None = None,
    ) -> None:
        self._app, self._kind_of, self._rates, self._bounds = app, kind_of, rates, bounds
        self._share = share
        self._refusals = Refusals(headers, bounds.access_log)
        self._lanes = {
            By.WORK: Lane("work", THREADS, bounds.waiting, PATIENCE_S),
            By.LOOK_UP: Lane("look-up", THREADS, bounds.waiting, PATIENCE_S),
            By.HEALTH: Lane("health", 1, HEALTH_WAITING, PATIENCE_S),
        }
        self._room = Room()
        self._sending: Counter[str] = Counter()
        self._holders: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def stuck(self) -> bool:
        """Whether all threads for one kind of request seem never to come back."""
        return any(lane.stuck(STUCK_AFTER_S) for lane in self._lanes.values())

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        began_s = monotonic()
        headers = headers_of(scope)
        client = client_of(scope["client"][0], headers, self._bounds.trusted_proxies)
        kind = self._kind_of(scope["method"], scope["raw_path"].decode("latin-1"))
        token = _token_of(headers)
        holder = self._holder(token) if token else None
        more: Headers = []
        if kind.cost and self._rates and self._bounds.answers_per_minute and not client.is_here:
            rate = self._take(self._rates, client, holder, kind.cost)
            more = _told(rate)
            if not rate.allowed:
                detail = "asked too often; Retry-After says in how many seconds there is room for one more"
                told = [retry_after(rate.retry_s), *more]
                asked = Asked(scope, client, kind, began_s)
                await _send(send, self._refusals.answer(asked, 429, "rate", detail, told))
                return
        with self._room.held(client.key) as hold:
            try:
                body = b""
                if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
                    body = await self._body(headers, kind, receive, hold)
                environ = environ_of(scope, headers, client, body)
                if holder:
                    environ[HOLDER] = holder
                answer = await self._ask(kind, client, environ, receive)
            except Gone:
                return
            except (TooLarge, TooSlow, NoRoom, Full) as error:
                refusal = self._refusal(error, Asked(scope, client, kind, began_s))
                refusal.headers.extend(more)
                await _send(send, refusal)
                return
            if token and not holder and HOLDER in environ:
                self._remember(token, environ[HOLDER])
        answer.headers.extend(more)
        if self._share and not self._share.may_keep():
            answer.headers.append((b"connection", b"close"))
        if answer.parts is None:
            await _send(send, answer)
        else:
            await self._send_parts(receive, send, answer, Asked(scope, client, kind, began_s))

    async def _body(self, headers: dict[str, str], kind: Kind, receive: Receive, hold: Hold) -> bytes:
        length = headers.get("content-length", "")
        if kind.largest_body_bytes == 0:
            # Nobody reads it: the application says why.
            return b""
        if length.isdigit() and int(length) > kind.largest_body_bytes:
            raise TooLarge
        return await read(receive, kind.largest_body_bytes, self._bounds.body_s, hold)

    async def _ask(self, kind: Kind, client: Client, environ: Environ, receive: Receive) -> Answer:
        if kind.by is By.AT_ONCE:
            return ask(self._app, environ)
        work, gone = partial(ask, self._app, environ), partial(_gone, receive)
        return await self._lanes[kind.by].run(client.key, work, gone)

    async def _send_parts(self, receive: Receive, send: Send, answer: Answer, asked: Asked) -> None:
        """Make and send part after part: no thread is held while a slow client takes one."""
        key, parts, lane = asked.client.key, answer.parts, self._lanes[By.WORK]
        assert parts is not None
        try:
            if self._sending.total() >= LONG_ANSWERS or self._sending[key] >= OF_ONE_CLIENT:
                await _send(send, self._refusal(Full(), asked))
                return
            self._sending[key] += 1
            gone = asyncio.create_task(_gone(receive))
            try:
                await send(_start(answer))
                while not gone.done() and (
                    part := await lane.run(key, partial(next_part, parts), under_way=True)
                ):
                    async with asyncio.timeout(self._bounds.send_s):
                        await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            except TimeoutError:
                # The connection has to break: an answer that ends early must not look whole.
                self._refusals.count("answer not taken")
                raise Stalled from None
            finally:
                gone.cancel()
                self._sending[key] -= 1
                if not self._sending[key]:
                    del self._sending[key]
        finally:
            if answer.close:
                answer.close()

    def _refusal(self, error: Exception, asked: Asked) -> Answer:
        if isinstance(error, TooLarge):
            detail = f"the body is larger than {asked.kind.largest_body_bytes:,} bytes"
            return self._refusals.answer(asked, 413, "body too large", detail)
        if isinstance(error, TooSlow):
            detail = "the body did not come in time"
            return self._refusals.answer(asked, 408, "body too slow", detail, [(b"connection", b"close")])
        reason = "no room for bodies" if isinstance(error, NoRoom) else "too many waiting"
        detail = "too much is being asked at this moment; Retry-After says when to try again"
        return self._refusals.answer(asked, 503, reason, detail, [retry_after(5)])

    def _take(self, rates: Rates, client: Client, holder: str | None, cost: int) -> Rate:
        """Count it with whoever holds the token, as soon as that is known, else with the address."""
        per_minute = self._bounds.answers_per_minute
        if holder:
            return rates.take(f"token {holder}", cost, per_minute * TIMES_FOR_HOLDERS)
        return rates.take(client.key, cost, per_minute)

    def _holder(self, token: str) -> str | None:
        """Whose token the application found valid lately."""
        name, until = self._holders.get(sha256(token.encode()).digest(), ("", 0.0))
        return name if monotonic() < until else None

    def _remember(self, token: str, name: str) -> None:
        digest = sha256(token.encode()).digest()
        self._holders[digest] = (name, monotonic() + HOLDER_FOR_S)
        self._holders.move_to_end(digest)
        if len(self._holders) > HOLDERS_REMEMBERED:
            self._holders.popitem(last=False)


def _token_of(headers: dict[str, str]) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() or None if kind.lower() == "bearer" else None


def _told(rate: Rate) -> Headers:
    """The fields of draft-ietf-httpapi-ratelimit-headers."""
    return [
        (b"ratelimit-policy", f'"answers";q={rate.per_minute};w=60'.encode()),
        (b"ratelimit", f'"answers";r={rate.left};t={rate.reset_s:.0f}'.encode()),
    ]


async def _gone(receive: Receive) -> None:
    """Ends when the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _start(answer: Answer) -> dict[str, Any]:
    return {"type": "http.response.start", "status": answer.status, "headers": answer.headers}


async def _send(send: Send, answer: Answer) -> None:
    await send(_start(answer))
    await send({"type": "http.response.body", "body": answer.body})
