"""`heimvorteil measure --follow`: a run as it goes."""

import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli.asking import question_of
from service.cli.beside import refuse_beside
from service.cli.growing_file import GrowingFile
from service.cli.opening import open_facts
from service.errors import InvalidValue, system_reason, worded

if TYPE_CHECKING:
    from service.estimate.own_run import Budget, Standing
    from service.usecases.following import FollowedRun

LOOK_EVERY_S = 0.5
LINE_EVERY_S = 60.0
"""How often a line is printed where no terminal redraws it."""
SILENT_STEPS, SILENT_S = 10.0, 120.0
"""After how many steps' time, and how long at least, it is said that nothing comes."""
OVER_AFTER_S = 3.0
"""How long nothing must come behind a step that may be the last."""
BUSY_SHARE = 0.1
"""Of the time that reading a long log may take."""
STANDARD_INPUT = "-"
GZIP = b"\x1f\x8b"
OF_A_FOLLOWED_RUN = frozenset({
    "follow", "budget", "gpu", "gpu_count", "workload", "seq_len", "batch_tokens", "total_steps",
    "country", "currency", "kwh_price", "plug_watts", "lang",
})  # fmt: skip


def follow_run(path: Path, budget: float | None, asked: dict[str, Any]) -> None:
    """Show a run until it ends or is left with Ctrl-C.

    Raises InvalidValue for options that mean nothing for a run in progress and for a file that cannot be
    read, and what the log alone cannot tell.
    """
    from service.answers.question import AskedMeasurement
    from service.usecases.following import FollowedRun

    refuse_beside(
        OF_A_FOLLOWED_RUN, worded("means nothing with --follow, which shows a run and keeps nothing")
    )
    _refuse_what_does_not_grow(path)
    if budget is not None and not budget > 0:
        raise InvalidValue("--budget", budget, worded("must be above 0"))
    request = question_of(AskedMeasurement, asked, keep=False)
    _, snapshot = open_facts()
    run = FollowedRun(snapshot, request, datetime.now(UTC).date())
    screen = Screen()
    watch = Watch(path, run, screen, budget=budget, gpu=request.gpu, language=request.lang)
    try:
        while not watch.look():
            time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        watch.leave()
    except OSError as error:
        raise InvalidValue(
            "--follow", str(path), worded("cannot be read: {strerror}", strerror=system_reason(error))
        ) from None
    finally:
        watch.close()
        screen.end()


def _refuse_what_does_not_grow(path: Path) -> None:
    """Raise InvalidValue for a pipe, a device or a packed file; one that is not there yet is waited for."""
    if str(path) == STANDARD_INPUT or (path.exists() and not path.is_file()):
        reason = worded("is no file that grows: write the run's output into one, as with | tee train.log")
        raise InvalidValue("--follow", str(path), reason)
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
    except OSError:
        return  # told where it is read
    if packed:
        reason = worded("is packed, and so of a run that is over: leave out --follow")
        raise InvalidValue("--follow", str(path), reason)


class Screen:
    """One line that is redrawn on a terminal, and printed anew once a minute elsewhere."""

    def __init__(self) -> None:
        self._redraws = sys.stdout.isatty()
        self._drawn = 0
        self._printed_at = -LINE_EVERY_S
        self._last = ""

    def line(self, text: str, *, always: bool = False) -> None:
        """Show a line in the place of the one before."""
        if self._redraws:
            shown = text[: shutil.get_terminal_size().columns - 1]
            sys.stdout.write("\r" + shown.ljust(self._drawn))
            self._drawn = len(shown)
        elif always or time.monotonic() - self._printed_at >= LINE_EVERY_S:
            if text == self._last:
                return
            self._printed_at, self._last = time.monotonic(), text
            sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def remark(self, text: str) -> None:
        """Say something that stays, beside the line."""
        self.end()
        click.echo(text, err=True)

    def end(self) -> None:
        """Leave the line as it stands."""
        if self._drawn:
            sys.stdout.write("\n")
            sys.stdout.flush()
        self._drawn = 0


class Watch:
    """Looks at a growing log and shows what it says."""

    def __init__(
        self,
        path: Path,
        run: "FollowedRun",
        screen: Screen,
        *,
        budget: float | None,
        gpu: str,
        language: str,
    ) -> None:
        self._path, self._run, self._screen = path, run, screen
        self._budget_asked, self._gpu, self._language = budget, gpu, language
        self._file = GrowingFile(path)
        self._standing: Standing | None = None
        self._budget: Budget = "within"
        self._grew_at = self._rest_until = time.monotonic()
        self._is_new = False

    def look(self) -> bool:
        """Take what has come and show it; whether the run is over."""
        from service.reports.listings import following as listing

        while piece := self._read():
            self._run.feed(piece)
            self._is_new = True
        now = time.monotonic()
        if self._is_new and now >= self._rest_until:
            self._is_new, self._grew_at = False, now
            first = self._standing is None
            self._standing = self._run.standing()
            if not first:  # which also worked out what every answer rests on
                self._rest_until = time.monotonic() + (time.monotonic() - now) / BUSY_SHARE
            self._warn()
            self.show(always=first and self._standing is not None)
        else:
            self.show()
        if not self._is_over(now):
            return False
        self.show(always=True)
        self._screen.remark(listing.ended(str(self._path), self._gpu, self._language))
        return True

    def close(self) -> None:
        """Let go of the log."""
        self._file.close()

    def leave(self) -> None:
        """Show where it stands, with all that has come."""
        if self._is_new:
            self._standing = self._run.standing()
        self.show(always=True)

    def show(self, *, always: bool = False) -> None:
        """The line as it is now."""
        from service.reports.listings import following as listing

        if self._standing is None:
            text = listing.waiting(str(self._path), self._language, there=self._file.is_there)
        else:
            silent = time.monotonic() - self._grew_at
            usual = SILENT_STEPS * (self._standing.log.step_s or 0.0)
            said = silent if silent > max(SILENT_S, usual) else None
            text = listing.line(self._standing, self._language, said)
        self._screen.line(text, always=always)

    def _read(self) -> str:
        from service.reports.listings import following as listing

        piece = self._file.read()
        if self._file.was_emptied:
            self._run.begin_anew()
            self._standing, self._budget = None, "within"
            self._screen.remark(listing.begun_anew(str(self._path), self._language))
        return piece

    def _warn(self) -> None:
        from service.reports.listings import following as listing

        if self._standing is None or self._budget_asked is None:
            return
        now = self._standing.budget(self._budget_asked)
        if now != self._budget:
            self._budget = now
            said = listing.budget_sentence(self._standing, self._budget_asked, now, self._language)
            self._screen.remark(said)

    def _is_over(self, now: float) -> bool:
        if self._standing is None or self._is_new:
            return False
        if self._standing.is_last:
            return True
        patience = max(OVER_AFTER_S, 2 * (self._standing.log.step_s or 0.0))
        return self._standing.may_be_last and now - self._grew_at > patience
