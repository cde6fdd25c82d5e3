"""A text file that another program is writing: not there yet, growing, emptied, replaced."""

import codecs
import os
from pathlib import Path
from typing import BinaryIO

from service.estimate.run_records.log_lines import encoding_of

LARGEST_PIECE = 4_000_000
ENOUGH_TO_TELL = 64
"""Bytes from which an encoding without a mark is told; a log's first line has more."""


class GrowingFile:
    """What a file has grown by since it was last looked at."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._decoder: codecs.IncrementalDecoder | None = None
        self._head = b""
        self.was_emptied = False
        """Whether the last look found it shorter than before: what was read belongs to another run."""

    @property
    def is_there(self) -> bool:
        """Whether it has been found."""
        return self._file is not None

    def read(self) -> str:
        """What has come, "" for nothing; of a replaced file first what stood at the end of the old one.

        A character that is not whole yet waits. Raises OSError for a file that cannot be read.
        """
        self.was_emptied = False
        if self._file is None and not self._open():
            return ""
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self.was_emptied = True
            self._file.seek(0)
            self._decoder, self._head = None, b""
        data = self._file.read(LARGEST_PIECE)
        if data:
            return self._decoded(data)
        if self._was_replaced():
            self.close()
        return ""

    def close(self) -> None:
        """Let go of it."""
        if self._file is not None:
            self._file.close()
        self._file, self._decoder, self._head = None, None, b""

    def _open(self) -> bool:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            return False
        return True

    def _was_replaced(self) -> bool:
        """Whether the name stands for another file by now; one that was moved away is read on until then."""
        assert self._file is not None
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        held = os.fstat(self._file.fileno())
        return (named.st_ino, named.st_dev) != (held.st_ino, held.st_dev)

    def _decoded(self, data: bytes) -> str:
        if self._decoder is None:
            self._head += data
            if len(self._head) < ENOUGH_TO_TELL and b"\n" not in self._head:
                return ""
            data = self._head
            self._decoder = codecs.getincrementaldecoder(encoding_of(data))(errors="replace")
        return self._decoder.decode(data)
