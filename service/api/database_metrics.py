"""What /metrics says beside requests and sources: versions, answers, bytes, what waits, connections."""

import logging
from collections.abc import Iterator
from time import monotonic

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from service.store import calibration_file, tallies
from service.store.session import Sessions
from service.store.tallies import Tally

COUNTED_EVERY_S = 30.0
"""Whoever scrapes more often is told the last count."""
log = logging.getLogger(__name__)


class Tallies:
    """The last count of what the database holds."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self._last: tuple[float, Tally] | None = None

    def now(self) -> Tally | None:
        """The count, at most COUNTED_EVERY_S old; None where the database cannot be asked."""
        if self._last is None or monotonic() - self._last[0] > COUNTED_EVERY_S:
            try:
                with self.sessions.reading() as session:
                    self._last = monotonic(), tallies.tally(session)
            except Exception as error:
                log.warning("the database cannot be counted: %s: %s", type(error).__name__, error)
                return None
        return self._last[1]


class OfDatabase(Collector):
    """The families of one scrape."""

    def __init__(self, counted: Tallies, product: str) -> None:
        self._tallies, self._product = counted, product

    def collect(self) -> Iterator[Metric]:
        """What is known without the database first: that is told always."""
        calibration = calibration_file.version()
        yield InfoMetricFamily(
            "heimvorteil", "Versions", value={"version": self._product, "calibration": calibration}
        )
        told = "Connections of the answering process to the database"
        pool = GaugeMetricFamily("heimvorteil_database_connections", told, labels=("state",))
        for state, number in tallies.connections(self._tallies.sessions).items():
            pool.add_metric((state,), number)
        yield pool
        tally = self._tallies.now()
        if tally is not None:
            yield from _counted(tally)


def _counted(tally: Tally) -> Iterator[Metric]:
    answers = GaugeMetricFamily("heimvorteil_answers", "Answers that are kept", labels=("kind",))
    for kind, number in sorted(tally.answers.items()):
        answers.add_metric((kind,), number)
    yield answers
    changed_s = tally.facts_changed_at.timestamp()
    for name, told, value in (
        ("heimvorteil_database_bytes", "What the database takes", tally.database_bytes),
        ("heimvorteil_data_version", "Grows with every change of a fact", tally.data_version),
        ("heimvorteil_facts_changed_timestamp_seconds", "When facts last changed", changed_s),
        (
            "heimvorteil_refreshes_waiting",
            "Sources due that nobody reads",
            tally.refreshes_waiting,
        ),
        ("heimvorteil_refreshes_running", "Sources that are being read", tally.refreshes_running),
    ):
        yield GaugeMetricFamily(name, told, value=value)
