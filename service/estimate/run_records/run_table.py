"""A table of measured runs, row by row: what can be used, and why the rest cannot.

Columns as published in collections of training runs (id, project, model, gpu, ..., tokens_per_s,
peak_mem_gib); further ones are ignored and empty cells mean unknown. Free text in
`strategy_as_printed` and `notes` is read for what has no column: engine, checkpointing, chunked loss,
offload, power limit. Measured values are never read from text. Words are taken as people write them
(recipe_words.py); one that nobody understands is as good as a blank and is remarked upon.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.errors import HeimvorteilError, InvalidValue
from service.estimate.run_records.gpu_as_printed import count_in
from service.estimate.run_records.imputation import filled
from service.estimate.run_records.recipe_words import (
    ATTENTION,
    CHECKPOINTING,
    ENGINES,
    PARALLELISM,
    PRECISIONS,
    WORKLOADS,
    meaning,
    model_parallel,
)
from service.estimate.run_records.table_cells import Cells, Remark
from service.facts import Gpu, MeasuredRun, Source

LARGEST_ROWS = 100_000
NEEDED = ("id", "gpu")
GPUS_PER_NODE = 8


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of the table: the run, or why it cannot be used."""

    id: str
    run: MeasuredRun | None
    problem: str | None = None
    remarks: tuple[Remark, ...] = ()
    """Cells that were read for something else than what they say."""


def read_runs(
    rows: Iterable[Sequence[str]],
    gpu_named: Callable[..., Gpu],
    known: Mapping[str, MeasuredRun] = {},
    completed: Callable[[MeasuredRun], MeasuredRun] = lambda run: run,
) -> list[RunRow]:
    """Every row of a table of runs in its order; the first of `rows` is its head.

    `gpu_named` finds the GPU that one of several names stands for or raises UnknownName. What the table
    leaves blank of a run that is among the `known` is taken from there, of others from what `completed`
    knows of their kind. Raises InvalidValue for a table without an `id` or `gpu` column or of too many
    rows.
    """
    table = iter(rows)
    columns = [name.strip().lower() for name in next(table, ())]
    for needed in NEEDED:
        if needed not in columns:
            raise InvalidValue("columns", ", ".join(columns[:12]) or "none", f"has no column {needed!r}")
    found = []
    for number, cells in enumerate(filter(None, table), start=1):
        if number > LARGEST_ROWS:
            raise InvalidValue("file", f"row {number}", f"more than {LARGEST_ROWS} rows")
        row = dict(zip(columns, cells, strict=False))
        if any(cell.strip() for cell in row.values()):
            found.append(_row(number, row, gpu_named, known, completed))
    return found


def _row(
    number: int,
    row: Mapping[str, str],
    gpu_named: Callable[..., Gpu],
    known: Mapping[str, MeasuredRun],
    completed: Callable[[MeasuredRun], MeasuredRun],
) -> RunRow:
    cells = Cells(row)
    name = cells.text("id") or f"row {number}"
    try:
        run = _run(name, cells, gpu_named)
    except HeimvorteilError as error:
        return RunRow(name, None, str(error))
    run = filled(run, known[name]) if name in known else completed(run)
    return RunRow(name, run, remarks=tuple(cells.remarks))


def _run(name: str, cells: Cells, gpu_named: Callable[..., Gpu]) -> MeasuredRun:
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
        use_for=frozenset(filter(None, cells.row.get("use_for", "").strip().split("+")))
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
        gpu_watts=cells.spare("gpu_power_w"),
        node_watts=cells.spare("node_power_w"),
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
