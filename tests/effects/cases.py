"""What an option must do: change the answer, or be refused by name. One case is one such pair of lines."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAINER_FILES = Path(__file__).parents[1] / "estimate" / "trainer_files"


@dataclass(frozen=True, slots=True)
class Case:
    """Two lines that differ in one option: with it, and without it or with `instead`."""

    option: str
    beside: str = ""
    workload: str = "gpt2-124m"
    """Of questions: what stands before them all."""
    instead: str = ""
    """Of arguments and of what must be given: another value."""
    refused: bool = False
    usually: int = 0
    """Exit code of the line without it: 2 where the option is the answer to a refusal."""
    then: str = ""
    """A line after both, whose words show the effect."""
    says: str = ""
    """A word of the answer or the refusal, where being another one is not enough."""


Cases = Mapping[str, tuple[Case, ...]]
"""By the option's name on the command line, or the argument's."""


def changes(option: str, beside: str = "", **more: Any) -> Case:
    """The option changes the answer."""
    return Case(option, beside, **more)


def refused(option: str, beside: str = "", **more: str) -> Case:
    """The option is refused, and named; without it there is an answer."""
    return Case(option, beside, refused=True, **more)
