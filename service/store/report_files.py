"""Reports in a folder: each file written in one piece under a name of its own, none ever overwritten."""

import os
import tempfile
from pathlib import Path

from service.errors import InvalidValue, system_reason, worded

MOST_OF_A_NAME = 1000


def checked_folder(folder: str | Path, field: str = "folder") -> str:
    """The folder's absolute path. Raises InvalidValue unless it is there and can be written into."""
    path = Path(folder).expanduser()
    if not path.is_dir():
        raise InvalidValue(
            field, str(folder), worded("is no folder") if path.exists() else worded("does not exist")
        )
    try:
        # Permissions do not tell of a disk that is mounted read-only; a file does.
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise InvalidValue(
            field, str(folder), worded("cannot be written into: {strerror}", strerror=system_reason(error))
        ) from None
    return str(path.resolve())


def put(folder: str, stem: str, extension: str, content: bytes) -> str:
    """Write a file named `stem.extension`, whole or not at all, and return its name.

    One of that name with other content stays, and the new one is called `stem_2`; one with this very
    content is what an earlier try has left, and is enough. Raises OSError where nothing can be written.
    """
    part = _written_aside(folder, content)
    try:
        for number in range(1, MOST_OF_A_NAME):
            name = f"{stem}.{extension}" if number == 1 else f"{stem}_{number}.{extension}"
            target = Path(folder, name)
            if target.exists() and target.read_bytes() == content:
                return name
            if give_name(part, target):
                return name
        raise FileExistsError(f"{folder} has {MOST_OF_A_NAME} files like {stem}.{extension}")
    finally:
        part.unlink(missing_ok=True)


def _written_aside(folder: str, content: bytes) -> Path:
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".heimvorteil-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def give_name(part: Path, target: Path) -> bool:
    """Give the finished file its name; False if that is taken. Raises OSError where it cannot be given."""
    try:
        os.link(part, target)
    except FileExistsError:
        return False
    except OSError:
        # A file system without hard links: the name is taken first and filled in one step.
        try:
            target.touch(exist_ok=False)
        except FileExistsError:
            return False
        try:
            os.replace(part, target)
        except OSError:
            target.unlink()
            raise
    return True
