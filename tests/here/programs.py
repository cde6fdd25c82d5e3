"""Programs of a driver as a test needs them: real ones, on a PATH of their own."""

import os
from pathlib import Path


def program(folder: Path, name: str, script: str) -> str:
    """A PATH on which this shell script is found under that name, before everything else."""
    file = folder / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return f"{file.parent}{os.pathsep}{os.environ['PATH']}"
