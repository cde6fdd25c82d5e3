"""Threads that requests take in turn; how many may wait, and for how long."""

import asyncio
from collections.abc import Awaitable, Callable
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any, TypeVar

from prometheus_client import Histogram

from service.front.body import Gone
from service.front.turns import Turns

T = TypeVar("T")
Done = asyncio.Future[Any]
waited = Histogram(
    "heimvorteil_http_waited_seconds",
    "How long requests waited for a thread, of those that had to [s]",
    buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0),
    registry=None,
)


class Full(Exception):
    """All threads are taken, and all places to wait for one, or the wait was too long."""


class Lane:
    """A few threads of its own, and a bound on what waits for them.

    Not concurrent.futures: its locks cost half of what a short request takes.
    """

    def __init__(self, name: str, threads: int, waiting: int, patience_s: float) -> None:
        self._given: SimpleQueue[tuple[asyncio.AbstractEventLoop, Callable[[], Any], Done]] = SimpleQueue()
        self._begun_s: list[float | None] = [None] * threads
        for number in range(threads):
            Thread(target=self._work, args=(number,), name=f"{name}-{number}", daemon=True).start()
        self._free = threads
        self._waiting: Turns[asyncio.Future[None]] = Turns(waiting)
        self._under_way: Turns[asyncio.Future[None]] = Turns(10**9)
        self._in_turn = [self._under_way, self._waiting]
        self._patience_s = patience_s

    async def run(
        self,
        client: str,
        work: Callable[[], T],
        gone: Callable[[], Awaitable[None]] | None = None,
        *,
        under_way: bool = False,
    ) -> T:
        """What the work gives, done in a thread when it is this client's turn.

        Raises Full, and Gone where `gone`, which ends when the client hangs up, ends before its turn. What is
        already under way, a part of an answer that has begun, is never turned away.
        """
        if self._free:
            self._free -= 1
        else:
            await self._turn(client, gone, under_way)
        loop = asyncio.get_running_loop()
        done: Done = loop.create_future()
        self._given.put((loop, work, done))
        result: T = await done
        return result

    def stuck(self, seconds: float) -> bool:
        """Whether each of its threads has been at one piece of work for longer than that."""
        now_s = monotonic()
        return all(begun_s is not None and now_s - begun_s > seconds for begun_s in self._begun_s)

    def _work(self, number: int) -> None:
        while True:
            loop, work, done = self._given.get()
            self._begun_s[number] = monotonic()
            try:
                result, error = work(), None
            except BaseException as raised:
                result, error = None, raised
            self._begun_s[number] = None
            loop.call_soon_threadsafe(self._deliver, done, result, error)
            del work, done, result, error

    def _deliver(self, done: Done, result: Any, error: BaseException | None) -> None:
        self._hand_on()
        if done.done():
            return
        if error is None:
            done.set_result(result)
        else:
            done.set_exception(error)

    async def _turn(self, client: str, gone: Callable[[], Awaitable[None]] | None, under_way: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._under_way if under_way else self._waiting
        leaves = queue.add(client, turn)
        if leaves is not None:
            leaves.set_exception(Full())
        began = monotonic()
        watch = asyncio.ensure_future(gone()) if gone and not turn.done() else None
        if watch:
            watch.add_done_callback(lambda _: _give_up(turn))
        try:
            async with asyncio.timeout(None if under_way else self._patience_s):
                await turn
        except BaseException as error:
            if turn.cancelled() or turn.exception() is not None:
                queue.leave(client, turn)
            else:
                # It was given up in the very instant in which its turn came.
                self._hand_on()
            if isinstance(error, TimeoutError):
                raise Full from None
            raise
        finally:
            if watch:
                watch.cancel()
        waited.observe(monotonic() - began)

    def _hand_on(self) -> None:
        """Give the thread to whose turn it is; parts of answers that have begun and new requests by turns."""
        self._in_turn.reverse()
        for queue in self._in_turn:
            while (turn := queue.next()) is not None:
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1


def _give_up(turn: asyncio.Future[None]) -> None:
    """Its client has left; nothing happens where its turn has come."""
    if not turn.done():
        turn.set_exception(Gone())
