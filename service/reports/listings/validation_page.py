"""A validation as JSON, as text and as a page of the documentation."""

from collections.abc import Mapping
from dataclasses import asdict, astuple
from datetime import date
from typing import Any

from service.estimate.held_out import Novelty
from service.estimate.interval import Interval
from service.estimate.run_kinds import RunKind
from service.estimate.validation import Judged, Score, Validation, score
from service.reports.words.wording import Wording, wording

Json = dict[str, Any]
PAGE_TITLE = "How well the estimates do"
UNKNOWN = "\N{EN DASH}"
SHOWN_REMARKS = 20
MINUS = "\N{MINUS SIGN}"


def _interval(value: Interval | None, digits: int) -> Json | None:
    if value is None:
        return None
    return {name: round(getattr(value, name), digits) for name in ("p10", "p50", "p90")}


def score_json(score: Score) -> Json:
    """A score with shares in [0-1]; null where nothing was measured."""

    def shown(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    return {
        "rows": score.rows,
        "measured": score.measured,
        "median_absolute_error": shown(score.median_error),
        "within_10_percent": shown(score.within_10),
        "within_25_percent": shown(score.within_25),
        "coverage_80": shown(score.coverage_80),
        "median_width": shown(score.median_width),
    }


def row_json(row: Judged) -> Json:
    """One row: predicted, measured, and why not where it could not be predicted."""
    item: Json = {
        "id": row.id,
        "tokens_per_s": _interval(row.tokens_per_s, 1),
        "peak_mem_gib": _interval(row.peak_memory_gib, 2),
        "board_watts": _interval(row.board_watts, 1),
        "fits": row.fits,
        "fit_probability": None if row.fit_probability is None else round(row.fit_probability, 3),
        "kinds": sorted(row.kinds),
        "lacking": row.novelty,
        "ran": row.ran,
        "measured": {
            "tokens_per_s": row.measured_tokens_per_s,
            "peak_mem_gib": row.measured_memory_gib,
            "board_watts": row.measured_board_watts,
        },
    }
    if row.problem:
        item["problem"] = row.problem
    if row.remarks:
        item["remarks"] = [
            {"column": column, "written": written, "taken_as": taken or None}
            for column, written, taken in row.remarks
        ]
    return item


def as_json(validation: Validation) -> Json:
    """The whole validation; stable keys."""
    groups: dict[str, Mapping[Any, Score]] = {
        "by_gpu_class": validation.by_gpu_class,
        "by_engine": validation.by_engine,
        "by_kind": validation.by_kind,
        "by_lacking": validation.by_novelty,
        "peak_memory_by_kind": validation.memory_by_kind,
    }
    return {
        "rows": [row_json(row) for row in validation.rows],
        "summary": {
            **score_json(validation.total),
            **{name: {key: score_json(s) for key, s in group.items()} for name, group in groups.items()},
            "peak_memory": score_json(validation.memory),
            "board_power": score_json(validation.board_power),
            "out_of_memory": {
                "ran_out": asdict(validation.out_of_memory),
                "ran": asdict(validation.in_memory),
            },
            "peers": {name: score_json(score) for name, score in validation.peers.items()},
        },
    }


def share(w: Wording, value: float | None, digits: int = 1) -> str:
    """A share as a percentage; a dash where nothing was measured."""
    return UNKNOWN if value is None else f"{w.number(100 * value, digits)} %"


def score_cells(w: Wording, name: str, score: Score) -> list[str]:
    """One line of a table of scores."""
    width = UNKNOWN if score.median_width is None else w.number(score.median_width, 2)
    return [
        name,
        str(score.measured),
        share(w, score.median_error),
        share(w, score.within_10, 0),
        share(w, score.within_25, 0),
        share(w, score.coverage_80, 0),
        width,
    ]


def score_titles(w: Wording) -> list[str]:
    """Titles of a table of scores."""
    return [
        w.say("Rows of"),
        w.say("Runs"),
        w.say("Median error"),
        w.say("Within 10 %"),
        w.say("Within 25 %"),
        w.say("In the 80 % range"),
        w.say("p90/p10, median"),
    ]


def score_rows(w: Wording, validation: Validation) -> list[list[str]]:
    """Scores in total, by group, of memory, of board power, and of the peers."""
    peers = {
        "6ND at 40 % MFU": w.say("6ND at 40 % MFU"),
        "6ND at 50 % MFU": w.say("6ND at 50 % MFU"),
        "the note's ratio": w.say("the note's ratio"),
    }
    lacking, kinds = _lacking(w), _kinds(w)
    return [
        score_cells(w, w.say("all: tokens/s"), validation.total),
        *(score_cells(w, name, score) for name, score in validation.by_gpu_class.items()),
        *(score_cells(w, name, score) for name, score in validation.by_engine.items()),
        *(score_cells(w, kinds[kind], score) for kind, score in validation.by_kind.items()),
        *(score_cells(w, lacking[name], score) for name, score in validation.by_novelty.items()),
        *memory_rows(w, validation),
        score_cells(w, w.say("all: board power"), validation.board_power),
        *(score_cells(w, peers[name], score) for name, score in validation.peers.items()),
    ]


def memory_rows(w: Wording, validation: Validation) -> list[list[str]]:
    """Scores of peak memory, in total and by kind of run."""
    kinds = _kinds(w)
    return [
        score_cells(w, w.say("all: peak memory"), validation.memory),
        *(
            score_cells(w, w.say("peak memory: {kind}", kind=kinds[kind]), score)
            for kind, score in validation.memory_by_kind.items()
        ),
    ]


def verdict_titles(w: Wording) -> list[str]:
    """Titles of the table of verdicts."""
    return [
        w.say("What happened"),
        w.say("Runs"),
        w.say("told that it fits"),
        w.say("told that it is not certain"),
        w.say("told that it does not fit"),
    ]


def verdict_rows(w: Wording, validation: Validation) -> list[list[str]]:
    """What was said of the memory of runs that ran out of it, and of those that ran."""
    happened = ((w.say("ran out of memory"), validation.out_of_memory), (w.say("ran"), validation.in_memory))
    return [
        [name, str(sum(astuple(told))), *(str(count) for count in astuple(told))]
        for name, told in happened
        if sum(astuple(told))
    ]


def _lacking(w: Wording) -> dict[Novelty, str]:
    return {
        "new_code_base": w.say("code base never seen"),
        "new_gpu": w.say("GPU never seen"),
        "new_reporter": w.say("reporter never seen"),
        "known": w.say("all of it among the evidence"),
    }


def _kinds(w: Wording) -> dict[RunKind, str]:
    return {
        "pretraining": w.say("pretraining"),
        "full fine-tuning": w.say("full fine-tuning"),
        "LoRA": w.say("LoRA"),
        "QLoRA": w.say("QLoRA"),
        "home card": w.say("home and workstation cards"),
        "several nodes": w.say("several nodes"),
        "small shapes": w.say("small shapes"),
        "FP32 or TF32": w.say("FP32 or TF32"),
        "FP8": w.say("FP8"),
        "Muon": w.say("Muon"),
        "offload": w.say("offload to the host"),
    }


def row_titles(w: Wording) -> list[str]:
    """Titles of the table of rows."""
    return [
        w.say("Run"),
        w.say("GPU"),
        w.say("Measured tokens/s"),
        w.say("Predicted (80 % range)"),
        w.say("Error"),
        w.say("Measured GiB"),
        w.say("Predicted GiB (80 % range)"),
        w.say("Fits"),
        w.say("Measured W per GPU"),
        w.say("Predicted W (80 % range)"),
    ]


def row_cells(w: Wording, row: Judged) -> list[str]:
    """One row of the table of rows."""
    gpu = row.gpu.slug if row.gpu else UNKNOWN
    measured = UNKNOWN if row.measured_tokens_per_s is None else w.rounded(row.measured_tokens_per_s)
    memory = UNKNOWN if row.measured_memory_gib is None else w.rounded(row.measured_memory_gib)
    read = UNKNOWN if row.measured_board_watts is None else w.rounded(row.measured_board_watts)
    watts = [read, _spread(w, row.board_watts)]
    if row.problem:
        reason = w.say("not predicted: {why}", why=row.problem)
        return [row.id, gpu, measured, reason, UNKNOWN, memory, UNKNOWN, UNKNOWN, *watts]
    fits = {True: w.say("yes"), False: w.say("no"), None: w.say("not certain")}[row.fits]
    return [
        row.id,
        gpu,
        measured,
        _spread(w, row.tokens_per_s),
        _signed(w, row),
        memory,
        _spread(w, row.peak_memory_gib),
        fits,
        *watts,
    ]


def remark_lines(w: Wording, validation: Validation) -> list[str]:
    """What was read for something else than it says, a line each; the first of many."""
    lines = [
        w.say("{run}: {column} = {written} is taken as {taken}.", run=row.id, column=column, written=written,
              taken=taken)
        if taken
        else w.say("{run}: {column} = {written} is not understood and is left out.", run=row.id,
                   column=column, written=written)
        for row in validation.rows
        for column, written, taken in row.remarks
    ]  # fmt: skip
    more = len(lines) - SHOWN_REMARKS
    if more > 0:
        lines[SHOWN_REMARKS:] = [w.say("And {count} more; --json has them all.", count=str(more))]
    return lines


def _spread(w: Wording, value: Interval | None) -> str:
    if value is None:
        return UNKNOWN
    return w.around(value)


def _signed(w: Wording, row: Judged) -> str:
    if row.tokens_per_s is None or row.measured_tokens_per_s is None:
        return UNKNOWN
    error = 100 * (row.tokens_per_s.p50 / row.measured_tokens_per_s - 1)
    return f"{'+' if error >= 0 else MINUS}{w.number(abs(error), 1)} %"


def markdown(by_leave_out: Mapping[str, Validation], runs_of: str) -> str:
    """The documentation's page: one table of scores per way of leaving out, then every row."""
    w = wording("en")
    sections = {
        "run": "Every run predicted from all the others",
        "gpu": "Every run predicted without any run on its GPU",
        "project": "Every run predicted without any run of its code base",
        "reporter": "Every run predicted without any run of its reporter",
    }
    lines = [
        f"# {PAGE_TITLE}",
        "",
        f"Predictions of {runs_of}, each without its own measurement. Rebuilt by",
        "`heimvorteil validate --markdown > service/docs/validation.md`; a test compares this page with what",
        "the command gives. A row that could not be predicted would count as wrong by 100 %.",
        "",
        "Peers on the same rows: 6 N FLOPs per token at a fixed share of the dense peak, and the well-known",
        "note's ratio of 8.5 RTX 4070 to an H100, other cards by their dense peaks.",
    ]
    for name, validation in by_leave_out.items():
        rows = score_rows(w, validation)
        if name != "run":
            told_once = {*validation.peers, w.say("all: board power")}
            told_once |= {cells[0] for cells in memory_rows(w, validation)}
            rows = [row for row in rows if row[0] not in told_once]
        lines += ["", f"## {sections[name]}", "", *_table(score_titles(w), rows)]
    every = by_leave_out["run"]
    lines += ["", "## Out of memory", "", *_table(verdict_titles(w), verdict_rows(w, every))]
    lines += ["", "## Row by row", "", *_table(row_titles(w), [row_cells(w, row) for row in every.rows])]
    return "\n".join(lines) + "\n"


def track_record(by_leave_out: Mapping[str, Validation], today: date) -> str:
    """The totals as figures of the catalog, so that every answer can say how well its kind did so far."""
    scores = {
        f"{name}_{place}": score(
            [row for row in validation.rows if row.gpu and row.is_home == (place == "home") and row.is_timed]
        )
        for name, validation in by_leave_out.items()
        for place in ("home", "datacenter")
    }
    scores["memory"] = by_leave_out["run"].memory
    lines = ["# Written by `heimvorteil validate --figures`; do not edit by hand."]
    for name, scored in scores.items():
        lines += ["", f"[track_record.{name}]"]
        for key, value, unit in (
            ("rows", scored.measured, "measured runs"),
            ("median_absolute_error", scored.median_error, "of the measured value"),
            ("coverage_80", scored.coverage_80, "of the measured runs"),
        ):
            if value is not None:
                lines.append(
                    f'{key} = {{ value = {round(value, 4)}, unit = "{unit}", '
                    f'source = "heimvorteil-validation", read_on = {today.isoformat()}, basis = "measured" }}'
                )
    return "\n".join(lines) + "\n"


def _table(titles: list[str], rows: list[list[str]]) -> list[str]:
    return [
        "| " + " | ".join(titles) + " |",
        "| --- |" + " ---: |" * (len(titles) - 1),
        *("| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows),
    ]
