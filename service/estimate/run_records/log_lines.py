"""The lines of a log, however it was kept: UTF-16, colours, carriage returns, ranks that talk at once.

Everything takes time proportional to the text: a line is cut where no program prints more.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_LINE = 20_000
COLOURS = re.compile(r"\x1b(?:\[[0-9;?]{0,40}[A-Za-z]|\][^\x07\x1b]{0,200}\x07|[()][A-Z0-9])")
RANK = re.compile(r"\s{0,8}(?:\[(?:default|rank)(\d{1,5})\]:\s?|(\d{1,5}):\s)")
"""Before what torchrun, srun -l or mpirun pass on: "[rank3]:", "[default3]:", "3:"."""
DAY, CLOCK_TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
STAMP = re.compile(
    rf"{DAY}T{CLOCK_TIME}(?:Z|[+-]\d\d:?\d\d)\s(?:std(?:out|err) [FP] )?"  # docker logs -t, kubectl, CRI
    rf"|\[?{DAY} {CLOCK_TIME}\]?\s(?!\s?-)"  # ts, loggers; torchtitan's, before " - ", is its clock
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,64} [\w.@/-]{1,64}\[\d{1,9}\]: "  # journalctl
    rf"|\[?(?:[A-Z][a-z]{{2}} [ \d]\d )?{CLOCK_TIME}\]?\s"  # ts
    r"|\[pod/[\w./-]{1,200}\] "  # kubectl logs --prefix
    r"|[\w.-]{1,64} {1,40}\| "  # docker compose logs
)
"""What those who keep logs write before each line."""
MOST_STAMPS = 4
SAMPLE = 4_096
UTF_16 = (("utf-16-le", slice(1, None, 2)), ("utf-16-be", slice(0, None, 2)))
"""Of Latin letters, every second byte is zero."""
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as printed, without colours and without the rank and time before it."""

    number: int
    text: str
    rank: int | None = None


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8 or, as PowerShell's `>` and `Tee-Object` write it, UTF-16.

    Bytes that are neither are replaced.
    """
    return data.decode(encoding_of(data), errors="replace")


def encoding_of(data: bytes) -> str:
    """The encoding of a text by how it begins: UTF-8, or UTF-16 with or without its mark."""
    marked = next((name for mark, name in MARKS if data.startswith(mark)), None)
    if marked is not None:
        return marked
    sample = data[:SAMPLE]
    half = len(sample) // 2
    zeros = [sample[part].count(0) for _, part in UTF_16]
    if (
        max(zeros) <= 0.7 * half or min(zeros) > 0.3 * half
    ):  # holes of a file that was cut are zero throughout
        return "utf-8"
    return UTF_16[zeros.index(max(zeros))][0]


def one_record_a_line(text: str) -> str:
    """A `trainer_state.json` as lines, a flat object each; any other text as it is."""
    if not text.lstrip().startswith("{") or '"log_history"' not in text:
        return text
    bare = re.sub(r"[\r\n]", " ", text)
    return "\n".join(f"{{{piece.strip()}}}" for piece in re.split(r"[{}]", bare))


class LineSplitter:
    """Lines of a text that arrives in pieces.

    A dict that a Trainer prints behind its bar, on the same line, is a line of its own.
    """

    def __init__(self) -> None:
        self._number = 1
        self._tail = ""

    def feed(self, text: str) -> Iterator[Line]:
        """The lines that are whole by now."""
        rows = (self._tail + text.replace("\0", "")).split("\n")
        # A bar that is redrawn in place ends no line for hours.
        drawn, _, self._tail = rows.pop().rpartition("\r")
        self._tail = self._tail[:LONGEST_LINE]
        for row in rows:
            yield from self._of(row)
            self._number += 1
        yield from self._of(drawn)

    def rest(self) -> Iterator[Line]:
        """What stands after the last line end."""
        tail, self._tail = self._tail, ""
        yield from self._of(tail)

    def _of(self, row: str) -> Iterator[Line]:
        for part in row.split("\r"):
            at = part.find("{'") if "%|" in part else -1
            for piece in (part[:at], part[at:]) if at > 0 else (part,):
                if piece and not piece.isspace():
                    yield _line(self._number, piece)


def _line(number: int, text: str) -> Line:
    text = text[:LONGEST_LINE]
    if "\x1b" in text:
        text = COLOURS.sub("", text)
    rank = None
    for _ in range(MOST_STAMPS):
        if found := RANK.match(text):
            rank = int(found[1] or found[2])
        elif not (found := STAMP.match(text)):
            break
        text = text[found.end() :]
    return Line(number, text, rank)
