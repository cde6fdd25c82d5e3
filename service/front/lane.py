"""Threads that requests take in turn; how many may wait, and for how long."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.front.turns import Turns

T = TypeVar("T")


class Full(Exception):
    """All threads are taken, and all places to wait for one, or the wait was too long."""


class Lane:
    """A few threads of its own, and a bound on what waits for them."""

    def __init__(self, name: str, threads: int, waiting: int, patience_s: float) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads
        self._waiting: Turns[asyncio.Future[None]] = Turns(waiting)
        self._under_way: Turns[asyncio.Future[None]] = Turns(10**9)
        self._in_turn = [self._under_way, self._waiting]
        self._patience_s = patience_s

    async def run(self, client: str, work: Callable[[], T], *, under_way: bool = False) -> T:
        """What the work gives, done in a thread when it is this client's turn; raises Full.

        What is already under way, a part of an answer that has begun, is never turned away.
        """
        if self._free:
            self._free -= 1
        else:
            await self._turn(client, under_way)
        done = self._threads.submit(work)
        try:
            return await asyncio.wrap_future(done)
        finally:
            if done.done():
                self._hand_on()
            else:
                loop = asyncio.get_running_loop()
                done.add_done_callback(lambda _: loop.call_soon_threadsafe(self._hand_on))

    async def _turn(self, client: str, under_way: bool) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue = self._under_way if under_way else self._waiting
        leaves = queue.add(client, turn)
        if leaves is not None:
            leaves.set_exception(Full())
        try:
            async with asyncio.timeout(None if under_way else self._patience_s):
                await turn
        except TimeoutError:
            raise Full from None
        finally:
            if turn.cancelled():
                queue.leave(client, turn)

    def _hand_on(self) -> None:
        """Give the thread to whose turn it is; parts of answers that have begun and new requests by turns."""
        self._in_turn.reverse()
        for queue in self._in_turn:
            while (turn := queue.next()) is not None:
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
