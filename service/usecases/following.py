"""A run as it goes: its log is read as it grows, and what it says so far is a forecast of the whole."""

from datetime import date

from service.answers.question import AskedMeasurement
from service.errors import InvalidValue, MissingFact, worded
from service.estimate.own_run import Standing
from service.estimate.run_records.training_log import LogReader, Told
from service.store.snapshot import Snapshot
from service.usecases.finding import find_gpu, find_workload
from service.usecases.measuring import progress_of


class FollowedRun:
    """A run whose log is read in pieces."""

    def __init__(self, snapshot: Snapshot, asked: AskedMeasurement, today: date) -> None:
        """Raises UnknownName for a card or workload in no catalog."""
        self._snapshot, self._asked, self._today = snapshot, asked, today
        self._gpu = find_gpu(snapshot, "gpu", asked.gpu)
        self._workload = find_workload(snapshot, asked.workload) if asked.workload is not None else None
        self._reader = LogReader()

    def feed(self, text: str) -> None:
        """Take what the log has grown by."""
        self._reader.feed(text)

    def begin_anew(self) -> None:
        """Forget what was read: the log was emptied, another run has begun."""
        self._reader = LogReader()

    def standing(self) -> Standing | None:
        """Where it stands by now; None as long as the log shows no pace.

        Raises MissingFact for what the log does not print and an option tells, InvalidValue for what
        contradicts it.
        """
        asked = self._asked
        try:
            log = self._reader.log(Told(asked.seq_len, asked.gpu_count, asked.batch_tokens))
        except InvalidValue as error:
            if error.field == "log":
                return None  # no step of a known format yet
            raise
        count = asked.gpu_count or int(log.facts["gpu_count"])
        run = progress_of(
            self._snapshot,
            asked,
            log,
            gpu=self._gpu,
            gpu_count=count,
            workload=self._workload,
            today=self._today,
        )
        if run is None and log.step_s is not None:
            raise MissingFact(
                worded("how many steps the run has"), worded("give --total-steps (field total_steps)")
            )
        return None if run is None else Standing(log, run)
