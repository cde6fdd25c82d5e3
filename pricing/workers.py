"""Refreshing on several machines: procrastinate's workers on PostgreSQL run the same `run_one`.

A periodic task looks for waiting sources and defers one job each; `lock` and `queueing_lock` keep a
source from being queued or run twice, workers listen for jobs, and jobs of workers that fell silent are
ended. When a source is due stands in one place, its lease: a job that finds nothing to do does nothing, so
whatever is queued too often, too late or twice does no harm, and what a job left undone is still due at the
next look. The queue's own retries are not used: a job that waits for its retry blocks its lock meanwhile.

Tried with four worker processes (tests/pricing/test_several_processes.py) and with the server away for
eight seconds, procrastinate 3.10 is fit for this. Four things it leaves to its user are done here and in
store/task_queue.py:
- its schema has to be installed and kept up to date;
- the job of a killed worker stays "doing" and blocks its lock until somebody looks for stalled jobs;
- the periodic deferrer drops what was missed by more than ten minutes and goes by each worker's own
  clock, so it must not decide what is due: here it only causes a look;
- cut connections it replaces, but a worker whose server is away for seconds stops itself without an
  error: it is started again.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from math import ceil

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from pricing.beside import AfterRefreshes, Beside, tell_webhooks
from pricing.day_ahead_history import fetch_waiting
from pricing.leased_refresh import run_one, waiting
from pricing.pace import Pace
from pricing.source import PriceSource
from pricing.sources import SOURCES
from service.errors import DatabaseNotReady, worded
from service.store import task_queue
from service.store.held_lease import Stopped
from service.store.session import Sessions

QUEUE = "prices"
GRACE_S = 1.0
"""What runs when the worker shall stop may come to its end for this long."""
START_AGAIN_S = 5.0
KEEP_JOBS_HOURS = 72
log = logging.getLogger(__name__)


def work(
    sessions: Sessions,
    sources: Sequence[PriceSource],
    pace: Pace,
    beside: Beside | None,
    is_over: Callable[[], bool],
) -> None:
    """Be one of the workers until it is over; DatabaseNotReady without the queue's tables."""
    with sessions.engine.connect() as connection:
        if not task_queue.is_installed(connection):
            raise DatabaseNotReady(worded("the task queue has no tables; run: heimvorteil db upgrade"))
    while not is_over():
        try:
            asyncio.run(_run(queue_app(sessions, sources, pace, beside), pace, is_over))
        except Exception:
            log.exception("the worker failed")
        ends = time.monotonic() + START_AGAIN_S
        while not is_over() and time.monotonic() < ends:
            time.sleep(0.1)


async def _run(app: App, pace: Pace, is_over: Callable[[], bool]) -> None:
    # The default pool is sized by processors; these threads wait for the network.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(pace.at_once + 2))
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=pace.at_once,
                install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_S,
                fetch_job_polling_interval=max(0.5, pace.tick.total_seconds() / 4),
                update_heartbeat_interval=pace.lease.total_seconds() / 4,
                stalled_worker_timeout=pace.lease.total_seconds(),
                delete_jobs="successful",
            )
        )
        while not is_over() and not worker.done():
            await asyncio.wait([worker], timeout=0.2)
        if not worker.done():
            worker.cancel()
        try:
            await worker
        except asyncio.CancelledError:
            log.info("the worker was told to stop")
        else:
            log.warning("the worker stopped by itself; it is started again in %g s", START_AGAIN_S)


def queue_app(
    sessions: Sessions, sources: Sequence[PriceSource], pace: Pace, beside: Beside | None = None
) -> App:
    """The queue of a database with its tasks: look, refresh, tidy, and what is done beside refreshing."""
    app = App(connector=_connector(sessions))
    # A job that another worker deferred may be of any source, whatever this one looks for.
    by_name = {source.name: source for source in (*SOURCES, *sources)}

    @app.task(name="refresh", queue=QUEUE, pass_context=True)
    def refresh_source(context: JobContext, source: str) -> str:
        if source not in by_name:
            return "no such source"
        try:
            outcome = run_one(sessions, by_name[source], pace, is_stopping=context.should_abort)
        except Stopped:
            return "stopped"
        return outcome.outcome if outcome else "nothing to do"

    every_s = min(59, ceil(pace.tick.total_seconds()))

    @app.periodic(cron=f"* * * * * */{every_s}")
    @app.task(name="look", queue=QUEUE, queueing_lock="look", priority=10)
    async def look(timestamp: int) -> None:
        await _end_stalled(app, pace.lease)
        for source in await asyncio.to_thread(waiting, sessions, sources):
            try:
                await refresh_source.configure(lock=source.name, queueing_lock=source.name).defer_async(
                    source=source.name
                )
            except AlreadyEnqueued:
                log.debug("%s is queued already", source.name)
        await asyncio.to_thread(tell_webhooks, sessions)

    @app.periodic(cron=f"* * * * * */{every_s}")
    @app.task(name="days", queue=QUEUE, queueing_lock="days")
    async def fetch_days(timestamp: int) -> None:
        await asyncio.to_thread(fetch_waiting, sessions, sources, pace)

    after = AfterRefreshes(sessions, sources, beside) if beside else None

    @app.periodic(cron=f"* * * * * */{every_s}")
    @app.task(name="beside", queue=QUEUE, queueing_lock="beside")
    async def work_beside(timestamp: int) -> None:
        # Who does what stands in leases, as for the sources: two workers at it do no harm.
        if after:
            await asyncio.to_thread(after.look)

    @app.periodic(cron="17 3 * * *")
    @app.task(name="tidy", queue=QUEUE, queueing_lock="tidy")
    async def tidy(timestamp: int) -> None:
        await app.job_manager.delete_old_jobs(
            KEEP_JOBS_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )

    return app


async def _end_stalled(app: App, silent_for: timedelta) -> None:
    """End the jobs of workers that died, so that their locks are free; the lease says what is left to do."""
    stalled = await app.job_manager.get_stalled_jobs(
        queue=QUEUE, seconds_since_heartbeat=silent_for.total_seconds()
    )
    for job in stalled:
        log.warning("job %s (%s) was left by a worker that died", job.id, job.lock or job.task_name)
        try:
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        except Exception as error:
            # Another worker's look was quicker.
            log.debug("job %s is ended already: %s", job.id, error)


def _connector(sessions: Sessions) -> PsycopgConnector:
    url = sessions.engine.url.set(drivername="postgresql")
    given = url.query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -c search_path={task_queue.SCHEMA}"
    return PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False), kwargs={"options": options.strip()}
    )
