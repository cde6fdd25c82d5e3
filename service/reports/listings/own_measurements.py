"""One's own measurements and what they have taught, as JSON, rows and text."""

from typing import Any

from service.estimate.lessons import Lesson, Moved
from service.reports.words.sentences import duration
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]
NUMERIC = {3, 4, 5}


def as_json(lesson: Lesson) -> Json:
    """One measurement with what moved because of it; factors are with it over without it."""
    run = lesson.run
    return {
        "id": run.slug,
        "gpu": run.gpu,
        "gpu_count": run.gpu_count,
        "project": run.project,
        "model": run.model,
        "tokens_per_s": run.tokens_per_s,
        "checkpointing": run.checkpointing,
        "offload": run.offload,
        "micro_batch": run.micro_batch,
        "optimizer": run.optimizer,
        "precision": run.precision,
        "engine": run.engine,
        "headline": lesson.headline,
        "hours_before": round(lesson.hours_before, 2),
        "hours_after": round(lesson.hours_after, 2),
        "terms": [_moved(moved) for moved in lesson.terms],
        "machines": [_moved(moved) for moved in lesson.machines],
        "source": run.source.title,
        "as_of": run.source.as_of.isoformat(),
    }


def _moved(moved: Moved) -> Json:
    return {"name": moved.name, "factor": round(moved.factor, 4)}


def titles(language: str) -> list[str]:
    """Of the columns of `rows`."""
    w = wording(language)
    return [
        w.say("name"),
        w.say("measured on"),
        w.say("of"),
        w.say("tokens/s"),
        w.say("headline without it, h"),
        w.say("with it, h"),
        w.say("measured at"),
    ]


def rows(lessons: list[Lesson], language: str) -> list[list[str]]:
    """A row for each measurement."""
    w = wording(language)
    return [
        [
            lesson.run.slug,
            _device(lesson),
            f"{lesson.run.model}, {lesson.run.project}",
            w.rounded(lesson.run.tokens_per_s or 0),
            w.number(lesson.hours_before, 1),
            w.number(lesson.hours_after, 1),
            w.day(lesson.run.source.as_of),
        ]
        for lesson in lessons
    ]


def nothing_yet(language: str) -> str:
    """What is said where nothing was measured."""
    return wording(language).say("No measurement of your own is kept; heimvorteil measure adds one.")


def render(lesson: Lesson, language: str) -> str:
    """One measurement as lines of text."""
    w, run = wording(language), lesson.run
    lines = [
        w.say(
            "{name}: {speed} tokens/s of {model} ({project}) on {device}, {day}.",
            name=run.slug,
            speed=w.rounded(run.tokens_per_s or 0),
            model=run.model,
            project=run.project,
            device=_device(lesson),
            day=w.day(run.source.as_of),
        ),
        w.say(
            "{headline} on it: {before} without this measurement, {after} with it.",
            headline=lesson.headline,
            before=duration(w, lesson.hours_before),
            after=duration(w, lesson.hours_after),
        ),
        w.say("Speeds that moved: {moves}.", moves=_moves(w, lesson.machines)),
        w.say("Terms that moved: {moves}.", moves=_moves(w, lesson.terms)),
        w.say("To forget it: heimvorteil measurements remove {name}", name=run.slug),
    ]
    return "\n".join(lines) + "\n"


def _moves(w: Wording, moves: tuple[Moved, ...]) -> str:
    return "; ".join(f"{m.name} ×{w.number(m.factor, 3)}" for m in moves) or w.say("none noticeably")


def _device(lesson: Lesson) -> str:
    count = lesson.run.gpu_count or 1
    return lesson.gpu.name if count == 1 else f"{count} x {lesson.gpu.name}"
