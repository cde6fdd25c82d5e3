"""A file of measured runs, row by row: what can be used, and why the rest cannot.

Columns as published in collections of training runs (id, project, model, gpu, ..., tokens_per_s,
peak_mem_gib); further ones are ignored and empty cells mean unknown. Free text in
`strategy_as_printed` and `notes` is read for what has no column: engine, checkpointing, chunked loss,
offload, power limit. Measured values are never read from text. Words are taken as people write them
(run_words.py); one that nobody understands is as good as a blank and is remarked upon.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from service.errors import HeimvorteilError, InvalidValue
from service.facts import Gpu, MeasuredRun, Source
from service.usecases.run_gpus import count_in
from service.usecases.run_words import (
    ATTENTION,
    BLANKS,
    CHECKPOINTING,
    ENGINES,
    NO,
    PARALLELISM,
    PRECISIONS,
    WORKLOADS,
    YES,
    Patterns,
    Remark,
    as_number,
    meaning,
    model_parallel,
)

LARGEST_FILE_CHARACTERS = 50_000_000
LARGEST_CELL_CHARACTERS = 10_000_000
LARGEST_ROWS = 100_000
DELIMITERS = (",", ";", "\t", "|")
LIMITS = {
    "n_layers": 10_000,
    "d_model": 1_000_000,
    "n_heads": 10_000,
    "n_kv_heads": 10_000,
    "d_ff": 10_000_000,
    "vocab": 100_000_000,
    "seq_len": 100_000_000,
    "gpu_count": 100_000,
    "nodes": 100_000,
    "micro_batch": 1_000_000,
    "global_batch_tokens": 10**12,
}
GPUS_PER_NODE = 8


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of the file: the run, or why it cannot be used."""

    id: str
    run: MeasuredRun | None
    problem: str | None = None
    remarks: tuple[Remark, ...] = ()
    """Cells that were read for something else than what they say."""


class _Cells:
    """The cells of one row; a wrong one raises InvalidValue with its column's name."""

    def __init__(self, row: Mapping[str, str | None]) -> None:
        self.row = row
        self.remarks: list[Remark] = []

    def text(self, name: str) -> str:
        written = (self.row.get(name) or "").strip()
        return "" if written.lower() in BLANKS else written

    def number(self, name: str, most: float = 1e30) -> float | None:
        written = self.text(name)
        if not written:
            return None
        try:
            value = as_number(written)
        except ValueError:
            raise InvalidValue(name, written, "is not a number") from None
        if not math.isfinite(value) or not 0 < value <= most:
            raise InvalidValue(name, written, f"must be above 0 and at most {most:g}")
        return value

    def whole(self, name: str) -> int | None:
        value = self.number(name, LIMITS[name])
        if value is not None and value != int(value):
            raise InvalidValue(name, self.text(name), "must be a whole number")
        return None if value is None else int(value)

    def spare(self, name: str) -> float | None:
        """A number that a prediction can do without: a wrong one is left out with a remark."""
        try:
            return self.number(name)
        except InvalidValue:
            self.remarks.append(Remark(name, self.text(name), ""))
            return None

    def word(self, name: str, patterns: Patterns) -> str | None:
        """Our word for what the cell says; what none fits is left out with a remark."""
        written = self.text(name)
        ours = meaning(patterns, written) if written else None
        if written and ours not in (written.lower(), *ALSO.get(written.lower(), ())):
            self.remarks.append(Remark(name, written, ours or ""))
        return ours

    def flag(self, name: str) -> bool | None:
        written = self.text(name).lower()
        return True if written in YES else False if written in NO else None


ALSO = {"yes": ("full",), "no": ("none",)}
"""Words so usual that nobody need be told what they were read for."""


def read_runs(
    text: str,
    gpu_named: Callable[..., Gpu],
    known: Mapping[str, MeasuredRun] = {},
    completed: Callable[[MeasuredRun], MeasuredRun] = lambda run: run,
) -> list[RunRow]:
    """Every row of a CSV file of runs, in its order.

    `gpu_named` finds the GPU that one of several names stands for or raises UnknownName. What the file
    leaves blank of a run that is among the `known` is taken from there, of others from what `completed`
    knows of their kind. Raises InvalidValue when the
    file as a whole is no such table: not CSV, without an `id` or `gpu` column, too large.
    """
    if len(text) > LARGEST_FILE_CHARACTERS:
        raise InvalidValue("file", f"{len(text)} characters", f"more than {LARGEST_FILE_CHARACTERS}")
    if "\0" in text[:10_000]:
        raise InvalidValue("file", "binary", "is not a text file of comma-separated values")
    text = text.removeprefix("\ufeff")
    head = text.lstrip().partition("\n")[0]
    csv.field_size_limit(LARGEST_CELL_CHARACTERS)
    reader = csv.DictReader(io.StringIO(text.lstrip(), newline=""), delimiter=max(DELIMITERS, key=head.count))
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    for needed in ("id", "gpu"):
        if needed not in names:
            raise InvalidValue("columns", ", ".join(names[:12]) or "none", f"has no column {needed!r}")
    reader.fieldnames = names
    found = []
    try:
        for number, row in enumerate(reader, start=1):
            if number > LARGEST_ROWS:
                raise InvalidValue("file", f"row {number}", f"more than {LARGEST_ROWS} rows")
            if any(isinstance(value, str) and value.strip() for value in row.values()):
                found.append(_row(number, row, gpu_named, known, completed))
    except csv.Error as error:
        raise InvalidValue(
            "file", f"line {reader.line_num}", f"is not comma-separated text: {error}"
        ) from None
    return found


def _row(
    number: int,
    row: Mapping[str, str | None],
    gpu_named: Callable[..., Gpu],
    known: Mapping[str, MeasuredRun],
    completed: Callable[[MeasuredRun], MeasuredRun],
) -> RunRow:
    cells = _Cells(row)
    name = cells.text("id") or f"row {number}"
    try:
        run = _run(name, cells, gpu_named)
    except HeimvorteilError as error:
        return RunRow(name, None, str(error))
    run = filled(run, known[name]) if name in known else completed(run)
    return RunRow(name, run, remarks=tuple(cells.remarks))


def _run(name: str, cells: _Cells, gpu_named: Callable[..., Gpu]) -> MeasuredRun:
    said = f"{cells.text('strategy_as_printed')}; {cells.text('notes')}"
    gpus = [gpu for gpu in (cells.text("gpu"), cells.text("gpu_as_printed")) if gpu]
    if not gpus:
        raise InvalidValue("gpu", "", "no GPU is given")
    year = cells.spare("year")
    year = year if year and 1900 < year < 3000 else None
    nodes = cells.spare("nodes")
    count = cells.whole("gpu_count") or next(filter(None, map(count_in, gpus)), None)
    if count is None and nodes and nodes > 1:
        count = int(nodes) * GPUS_PER_NODE
    run = MeasuredRun(
        slug=name,
        project=cells.text("project"),
        model=cells.text("model"),
        gpu=gpu_named(*gpus).slug,
        gpu_count=count,
        source=Source(
            f"run:{name}", name, cells.text("source_url"), date(int(year), 1, 1) if year else date(1970, 1, 1)
        ),
        use_for=frozenset(filter(None, (cells.row.get("use_for") or "").strip().split("+")))
        or frozenset({"throughput", "memory"}),
        n_params=cells.number("n_params"),
        n_layers=cells.whole("n_layers"),
        d_model=cells.whole("d_model"),
        n_heads=cells.whole("n_heads"),
        n_kv_heads=cells.whole("n_kv_heads"),
        d_ff=cells.whole("d_ff"),
        vocab_size=cells.whole("vocab"),
        seq_len=cells.whole("seq_len"),
        nodes=int(nodes) if nodes and nodes >= 1 else None,
        precision=cells.word("precision", PRECISIONS),
        optimizer=cells.text("optimizer") or None,
        engine=cells.word("engine", ENGINES),
        attention=cells.word("attention", ATTENTION),
        checkpointing=cells.word("checkpointing", CHECKPOINTING),
        offload=cells.flag("offload"),
        parallelism=cells.word("parallelism", PARALLELISM),
        micro_batch=cells.whole("micro_batch"),
        global_batch_tokens=cells.whole("global_batch_tokens"),
        tokens_per_s=cells.spare("tokens_per_s"),
        peak_memory_gib=cells.spare("peak_mem_gib"),
        workload=meaning(WORKLOADS, cells.text("workload")) or cells.text("workload").lower() or None,
        year=int(year) if year else None,
        confidence=cells.text("confidence").lower() or None,
    )
    return understood(run, said.lower(), cells.text("parallelism"))


def understood(run: MeasuredRun, said: str, parallelism: str = "") -> MeasuredRun:
    """The run with what its free text (in lower case) says and its columns do not.

    The text wins over the column for the engine alone, where it says that nothing was compiled. GPUs
    that share one micro-batch by tensor or pipeline parallelism hold a part of it each: it is counted
    as the part, with weights sharded over all of them. What such GPUs lose to each other is not.
    """
    pieces = model_parallel(f"{parallelism}; {said}")
    if pieces > 1 and (run.gpu_count or 1) % pieces == 0:
        part = max(1, run.micro_batch // pieces) if run.micro_batch else None
        run = replace(run, parallelism="fsdp", micro_batch=part)

    def says(*patterns: str) -> bool:
        return any(re.search(pattern, said) for pattern in patterns)

    engine = run.engine
    if says(r"\bno compile\b", r"torch\.compile no", r"\beager\b", r"without compil"):
        engine = "torch-eager"
    elif engine is None and says(r"c\+\+/cuda", r"\bc/cuda"):
        engine = "native"
    elif engine is None and says(r"\bcompile"):
        engine = "torch-compile"
    attention = run.attention
    if attention is None and says(r"flash attention no", r"hand-written attention", r"\bnaive attention"):
        attention = "naive"
    elif attention is None and says(r"\bflash", r"\bsdpa\b", r"\bfa[23]\b", r"flexattention"):
        attention = "flash"
    checkpointing = run.checkpointing
    if checkpointing is None:
        if says(r"selective (ac\b|activation)"):
            checkpointing = "selective"
        elif says(r"no checkpointing", r"checkpointing no\b", r"recompute no\b"):
            checkpointing = "none"
        elif says(r"checkpointing yes", r"full (ac\b|activation)", r"gradient checkpointing", r"\bckpt\b"):
            checkpointing = "full"
    limit = re.search(r"(\d{2,4}) ?w power limit", said)
    return replace(
        run,
        engine=engine,
        attention=attention,
        checkpointing=checkpointing,
        chunked_cross_entropy=says(r"chunked ?(ce|cross)", r"lmhead-chunks") or None,
        gradient_release=says(r"optimizer[ -]in[ -]b", r"opt in bwd") or None,
        activations_on_host=says(r"act(ivation)? offload", r"offload-residual", r"everything offloaded")
        or None,
        optimizer_bits=8
        if says(r"\b8-?bit") or re.search(r"8-?bit", (run.optimizer or "").lower())
        else None,
        offload=run.offload
        if run.offload is not None
        else (says(r"offload-opt", r"\bpaged", r"offload\b") or None),
        power_limit_watts=float(limit[1]) if limit else None,
    )


def filled(run: MeasuredRun, known: MeasuredRun) -> MeasuredRun:
    """The run with its blanks taken from the same run as we know it; measured values stay the file's."""
    measured = {"tokens_per_s", "peak_memory_gib", "hours", "gpu_watts", "node_watts", "source", "use_for"}
    blanks = {
        name: getattr(known, name)
        for name in MeasuredRun.__dataclass_fields__
        if name not in measured and getattr(run, name) in (None, "")
    }
    return replace(run, **blanks)
