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
SAMPLE = 4_096
UTF_16 = (("utf-16-le", slice(1, None, 2)), ("utf-16-be", slice(0, None, 2)))
"""Of Latin letters, every second byte is zero."""
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line as printed, without colours and without the rank before it."""

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
    return next((name for name, part in UTF_16 if half and sample[part].count(0) > 0.7 * half), "utf-8")


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
        rows = (self._tail + text).split("\n")
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
    found = RANK.match(text)
    if found is None:
        return Line(number, text)
    return Line(number, text[found.end() :], int(found[1] or found[2]))
