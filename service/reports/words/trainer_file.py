"""What is told of a trainer's file: what was taken, what its trainer does by itself, what was left."""

from collections.abc import Iterator

from service.answers.answer import AnsweredWorkload
from service.answers.trainer_file import AnsweredKey
from service.reports.words.trainer_defaults import in_words
from service.reports.words.wording import Wording

MOST_LEFT = 40


def trainer_file_sentences(w: Wording, workload: AnsweredWorkload) -> list[str]:
    """The account of a file's keys, in four sentences at most."""
    file = workload.trainer_file
    if file is None:
        return []
    said = [
        w.say(
            "Taken from the {trainer} file: {keys}.",
            trainer=file.trainer,
            keys=", ".join(_taken(w, file.taken)),
        )
    ]
    if file.usual:
        usual = ", ".join(in_words(w, one.meaning, one.taken_as) for one in file.usual)
        said.append(
            w.say("Where it says nothing, as {trainer} does: {keys}.", trainer=file.trainer, keys=usual)
        )
    if file.uncounted:
        keys = ", ".join(file.uncounted)
        said.append(w.say("In the file, with a bearing on the run, and not counted: {keys}.", keys=keys))
    if file.left:
        said.append(
            w.say(
                "Left, as without bearing on time or memory, or unknown to us: {keys}.",
                keys=_some(w, file.left),
            )
        )
    return said


def _taken(w: Wording, keys: tuple[AnsweredKey, ...]) -> Iterator[str]:
    """Every key once, with what it was taken for where that is not its very value."""
    read: dict[str, list[str]] = {}
    for one in keys:
        if one.meaning:
            listed = one.value.replace(", ", ",").rstrip("…")
            whole = one.meaning == "lora_modules" and one.taken_as.startswith(listed)
            value = one.taken_as.replace(",", ", ") if whole else one.value
            plain = whole or one.taken_as in ("true", "false", one.value)
            read.setdefault(f"{one.key} = {value}", []).extend(() if plain else (_as(w, one),))
    for said, meant in read.items():
        yield f"{said} ({', '.join(meant)})" if meant else said


def _as(w: Wording, one: AnsweredKey) -> str:
    return w.say("{n} bit", n=one.taken_as) if one.meaning.endswith("_bits") else one.taken_as


def _some(w: Wording, keys: tuple[str, ...]) -> str:
    shown = ", ".join(keys[:MOST_LEFT])
    more = len(keys) - MOST_LEFT
    return shown if more <= 0 else w.say("{keys} and {more} more", keys=shown, more=w.number(more))
