"""A process that hangs is noticed and started again; one that works long is left alone."""

import asyncio
import os
import signal
import subprocess
import threading
from time import monotonic, sleep

import pytest

from service.front import pulse
from service.front.lane import Lane
from service.front.pulse import Pulse
from tests.real_server import ask, children, serving
from tests.waiting import until

HANG_S = "3"


@pytest.mark.long
def test_a_worker_that_hangs_is_started_again(tmp_path, catalog_copy):
    more = {"HEIMVORTEIL_SCHEDULER": "off", "HEIMVORTEIL_HANG_SECONDS": HANG_S}
    with serving(tmp_path, catalog_copy(), more) as (address, process):
        hanging = children(process)[0]
        os.kill(int(hanging), signal.SIGSTOP)
        until(lambda: hanging not in children(process) and len(children(process)) == 2, "it is started again")
        for _ in range(20):
            assert ask(f"{address}/ping") == b"pong"
    said = (tmp_path / "server.log").read_text()
    assert f"server process {hanging} gave no sign of life for {HANG_S} s and is ended" in said


def test_a_process_that_hangs_before_its_first_sign_is_ended(tmp_path, monkeypatch):
    child, gives_up_s = subprocess.Popen(["sleep", "60"]), monotonic() + 10

    class Ended(Exception):
        pass

    def nap(_):
        if child.poll() is not None:
            raise Ended
        assert monotonic() < gives_up_s
        sleep(0.01)

    monkeypatch.setattr(pulse, "sleep", nap)
    monkeypatch.setattr(pulse, "STARTS_WITHIN_S", 0.2)
    began_s = monotonic()
    try:
        with pytest.raises(Ended):
            pulse.watch(tmp_path, 0.1, lambda: [child.pid])
        assert child.returncode == -signal.SIGABRT and monotonic() - began_s > 0.3
    finally:
        child.kill()


def test_a_process_writes_that_it_runs_until_a_lane_is_stuck(tmp_path):
    stuck = threading.Event()

    async def run():
        Pulse(tmp_path, 0.1, stuck.is_set).start(asyncio.get_running_loop())
        await asyncio.sleep(0)
        (file,) = tmp_path.glob("pulse-*")
        beats = {file.read_bytes()}
        while len(beats) < 3:
            await asyncio.sleep(0.01)
            beats.add(file.read_bytes())
        stuck.set()
        last = file.read_bytes()
        await asyncio.sleep(0.1)
        return file, last

    file, last = asyncio.run(run())
    assert file.name == f"pulse-{os.getpid()}" and file.read_bytes() == last


def test_a_process_beats_on_where_no_new_file_can_be_made(tmp_path):
    """As on a full disk."""

    async def run():
        Pulse(tmp_path, 0.1, lambda: False).start(asyncio.get_running_loop())
        await asyncio.sleep(0)
        (file,) = tmp_path.glob("pulse-*")
        first = file.read_bytes()
        (tmp_path / f".{file.name}").mkdir()
        async with asyncio.timeout(10):
            while file.read_bytes() == first:
                await asyncio.sleep(0.01)

    asyncio.run(run())


def test_a_lane_is_stuck_when_no_thread_of_it_comes_back():
    async def run():
        lane, go, begun = Lane("test", 2, 1, 30.0), threading.Event(), threading.Semaphore(0)

        def work():
            begun.release()
            go.wait()

        one = asyncio.ensure_future(lane.run("a", work))
        await asyncio.to_thread(begun.acquire)
        with_one_free = lane.stuck(0.0)
        other = asyncio.ensure_future(lane.run("a", work))
        await asyncio.to_thread(begun.acquire)
        with_none, not_for_long = lane.stuck(0.0), lane.stuck(60.0)
        go.set()
        await asyncio.gather(one, other)
        return with_one_free, with_none, not_for_long, lane.stuck(0.0)

    assert asyncio.run(run()) == (False, True, False, False)
