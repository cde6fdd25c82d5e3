"""What /metrics says beside requests and sources: versions, answers, bytes, what waits, connections."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from service.store import calibration_file, tallies
from service.store.tallies import Tallies, Tally


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
