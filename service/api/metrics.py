"""/metrics: what Prometheus reads. Requests are counted here, refreshes where they are kept.

Every server process counts its own requests; `serve` gives them a folder in which prometheus_client
adds them up. Ages and counts of refreshes come from the database at every scrape: whoever answers
knows them all.
"""

import logging
import os
import struct
from collections.abc import Iterator
from time import perf_counter, sleep
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from service.api.database_metrics import OfDatabase
from service.api.tokens import insider
from service.front.lane import waited
from service.front.refusals import refused
from service.front.told import method_told
from service.state import state
from service.store import leases, price_sources, refreshes
from service.store.session import Sessions

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0)
log = logging.getLogger(__name__)
WAITS_S = (0.01, 0.05, 0.2)
_own = CollectorRegistry()
_requests = Histogram(
    "heimvorteil_http_request_seconds",
    "Time to answer a request [s]",
    ("method", "endpoint", "status"),
    buckets=SECONDS,
    registry=_own,
)
for of_the_gate in (refused, waited):
    _own.register(of_the_gate)
_by_labels: dict[tuple[str, str, int], Any] = {}
"""Looking a histogram up by its labels costs more than counting."""
blueprint = Blueprint("metrics", __name__)


def measure(app: Flask) -> None:
    """Let the app time its requests, by method, endpoint and status."""

    @app.after_request
    def end(response: Response) -> Response:
        key = (method_told(request.method), request.endpoint or "none", response.status_code)
        counter = _by_labels.get(key)
        if counter is None:
            counter = _by_labels[key] = _requests.labels(*key)
        counter.observe(perf_counter() - g.began_s)
        return response


class _Refreshes(Collector):
    """What the database knows of the price sources."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Ages, staleness and outcomes as they are now, and whether the database says so at all."""
        answers = GaugeMetricFamily("heimvorteil_database_up", "1 where the database answers")
        try:
            with self._sessions.reading() as session:
                standings = price_sources.standings(session, leases.clock(session))
                counts = refreshes.counts(session)
        except Exception as error:
            # What is counted here is told all the same: now it is wanted most.
            log.warning("the metrics of the database cannot be read: %s", error)
            answers.add_metric((), 0)
            yield answers
            return
        answers.add_metric((), 1)
        yield answers
        ended = CounterMetricFamily(
            "heimvorteil_refreshes", "Refreshes of price sources that ended", labels=("source", "outcome")
        )
        for (source, outcome), number in sorted(counts.items()):
            ended.add_metric((source, outcome), number)
        age = GaugeMetricFamily(
            "heimvorteil_source_age_seconds", "Since a source was last read with success", labels=("source",)
        )
        stale = GaugeMetricFamily(
            "heimvorteil_source_stale", "1 where a source's prices are stale", labels=("source",)
        )
        for standing in standings:
            if standing.age is not None:
                age.add_metric((standing.source.name,), standing.age.total_seconds())
            stale.add_metric((standing.source.name,), standing.state == "stale")
        in_all = GaugeMetricFamily("heimvorteil_stale_sources", "Price sources whose prices are stale")
        in_all.add_metric((), sum(standing.state == "stale" for standing in standings))
        yield from (ended, age, stale, in_all)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counters and ages in Prometheus' text format, for whoever carries a token or is on this machine."""
    insider()
    counted = _added_up() if os.environ.get(FOLDER) else generate_latest(_own)
    read = CollectorRegistry(auto_describe=False)
    read.register(_Refreshes(state().sessions))
    read.register(OfDatabase(state().tallies, state().product))
    return Response(counted + generate_latest(read), content_type=MEDIA_TYPE)


def _added_up() -> bytes:
    """The counts of all server processes."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    for wait_s in WAITS_S:
        try:
            return generate_latest(registry)
        except (struct.error, ValueError, RuntimeError):
            # Another process has just made its file and has not written the head of it yet.
            sleep(wait_s)
    return generate_latest(registry)
