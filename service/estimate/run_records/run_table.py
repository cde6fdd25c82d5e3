"""A table of measured runs, row by row: what can be used, and why the rest cannot.

Columns as published in collections of training runs (id, project, model, gpu, ..., tokens_per_s,
peak_mem_gib); further ones are ignored and empty cells mean unknown. Free text in
`strategy_as_printed` and `notes` is read for what has no column (recipe_text.py). Words are taken as people
write them (recipe_words.py); one that nobody understands is as good as a blank, and one that was taken for
something else is remarked upon.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.errors import HeimvorteilError, InvalidValue, worded
from service.estimate.machine import GPUS_PER_NODE
from service.estimate.measured_run import ADAPTERS
from service.estimate.run_records.gpu_as_printed import count_in
from service.estimate.run_records.imputation import filled
from service.estimate.run_records.offload_words import offload_of, without_denied
from service.estimate.run_records.optimizer_words import optimizer_bits_of, optimizer_of
from service.estimate.run_records.recipe_doubts import doubts, without_contradictions
from service.estimate.run_records.recipe_text import understood
from service.estimate.run_records.recipe_words import (
    ATTENTION,
    CHECKPOINTING,
    ENGINES,
    FP4,
    INT8,
    PARALLELISM,
    PRECISIONS,
    WORKLOADS,
    checkpointed_part,
    meaning,
    plain,
)
from service.estimate.run_records.table_cells import Cells, Remark
from service.facts import Gpu, MeasuredRun, Offload, Source

LARGEST_ROWS = 100_000
NEEDED = ("id", "gpu")
GUESSABLE = frozenset({"engine", "checkpointing", "micro_batch"})
"""Columns whose guesses are left out: without them memory is told for what else the run may have been."""
ACCUMULATED_PERHAPS = re.compile(r"\b(bs|batch|micro-batch) may be accumulated")
NAMES = {"adamw": "AdamW", "lion": "Lion", "muon+adamw": "Muon", "lamb": "LAMB"}
USES = frozenset({"throughput", "memory", "power", "power_limit", "oom", "fit", "none"})
USUAL_USES = frozenset({"throughput", "memory"})
SPELLINGS_OF_USES = (
    (r"out[ -]of[ -](?:gpu )?memory|cuda oom|\bo\.o\.m\.?", "oom"),
    (r"power[ -]limit", "power_limit"),
    (r"\bfits\b", "fit"),
)
WITHOUT_TEXT = ("other",)
"""Workloads that are no training of a language model, and say so."""


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
            raise InvalidValue(
                "columns",
                ", ".join(columns[:12]) or "none",
                worded("has no column {needed!r}", needed=needed),
            )
    found = []
    for number, cells in enumerate(filter(None, table), start=1):
        if number > LARGEST_ROWS:
            raise InvalidValue(
                "file", f"row {number}", worded("more than {largest_rows} rows", largest_rows=LARGEST_ROWS)
            )
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
    gpus = [gpu for gpu in (cells.text("gpu"), cells.text("gpu_as_printed")) if gpu]
    if not gpus:
        raise InvalidValue("gpu", "", worded("no GPU is given"))
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
        use_for=_use_for(cells),
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
        optimizer=_optimizer(cells),
        engine=cells.word("engine", ENGINES),
        attention=cells.word("attention", ATTENTION),
        checkpointing=_checkpointing(cells),
        offload=_offload(cells),
        activations_on_host=_activations_on_host(cells),
        parallelism=cells.word("parallelism", PARALLELISM),
        micro_batch=cells.whole("micro_batch"),
        global_batch_tokens=cells.whole("global_batch_tokens"),
        tokens_per_s=cells.spare("tokens_per_s"),
        peak_memory_gib=cells.spare("peak_mem_gib"),
        gpu_watts=cells.spare("gpu_power_w"),
        node_watts=cells.spare("node_power_w"),
        workload=_workload(cells),
        year=int(year) if year else None,
        confidence=cells.text("confidence").lower() or None,
    )
    run = understood(
        run,
        f"{cells.text('strategy_as_printed')}; {cells.text('precision')}",
        cells.text("notes"),
        cells.text("parallelism"),
        cells.text("gpu_as_printed"),
    )
    guessed = _guessed(cells)
    run = replace(
        run,
        engine=None if "engine" in guessed else run.engine,
        checkpointing=None if "checkpointing" in guessed else run.checkpointing,
        micro_batch=None if "micro_batch" in guessed else run.micro_batch,
    )
    if run.power_limit_watts is None and "power_limit" in run.use_for:
        run = replace(run, power_limit_watts=cells.spare("gpu_power_w"))
    _remark_on_optimizer(run, cells)
    cells.remarks += doubts(run, cells)
    return without_contradictions(_without_int8(run, cells))


def _use_for(cells: Cells) -> frozenset[str]:
    """What the row is sound for, however its words are divided; speed and memory where it does not say."""
    written = cells.row.get("use_for", "").strip()
    if not cells.text("use_for") and written.lower() != "none":
        return USUAL_USES
    said = plain(written)
    for pattern, ours in SPELLINGS_OF_USES:
        said = re.sub(pattern, ours, said)
    words = dict.fromkeys(filter(None, re.split(r"[+;,/|&\s]+|\band\b", said)))
    cells.remarks += [Remark("use_for", word, "") for word in words if word not in USES]
    return frozenset(word for word in words if word in USES) or USUAL_USES


def _guessed(cells: Cells) -> set[str]:
    """Recipe columns that whoever wrote the table guessed, by `derived_fields` or its note; what was read
    from a script that is named is no guess."""
    notes = cells.text("notes").lower()
    columns = {name.strip() for name in cells.text("derived_fields").split(";")} & GUESSABLE
    guessed = {name for name in columns if not re.search(rf"{name}[^;.,]{{0,30}} from ", notes)}
    return guessed | ({"micro_batch"} if ACCUMULATED_PERHAPS.search(notes) else set())


def _checkpointing(cells: Cells) -> str | None:
    part = checkpointed_part(plain(cells.text("checkpointing")), cells.whole("n_layers"), in_cell=True)
    return part.share if part else cells.word("checkpointing", CHECKPOINTING, none_is_a_word=True)


def _offload(cells: Cells) -> Offload | None:
    written = cells.row.get("offload", "").strip()
    ours = offload_of(written) if cells.text("offload") or written.lower() == "none" else None
    if written and ours is None and cells.text("offload"):
        cells.remarks.append(Remark("offload", written, ""))
    return ours


def _activations_on_host(cells: Cells) -> bool | None:
    return True if "activation" in without_denied(plain(cells.text("offload"))) else None


def _workload(cells: Cells) -> str | None:
    written = cells.text("workload").lower()
    ours = meaning(WORKLOADS, written)
    if "dpo" in written:
        # A reference model takes part as well: its weights and its forward pass are not counted.
        cells.remarks.append(Remark("workload", written, ours or ""))
    elif written and ours is None and written not in WITHOUT_TEXT:
        cells.remarks.append(Remark("workload", written, ""))
    return ours or written or None


def _optimizer(cells: Cells) -> str | None:
    """The column has a word for a step without an optimizer: none."""
    written = cells.row.get("optimizer", "").strip()
    return cells.text("optimizer") or (written if written.lower() == "none" else None)


def _remark_on_optimizer(run: MeasuredRun, cells: Cells) -> None:
    """An optimizer that nobody knows is taken for AdamW, states of 4 bits for those of 8."""
    written = run.optimizer or ""
    column = "optimizer" if _optimizer(cells) else "strategy_as_printed"
    known = optimizer_of(written)
    if written and known is None:
        cells.remarks.append(Remark(column, written, "AdamW"))
    elif known == "sgd" and "sgd" not in written.lower():
        cells.remarks.append(Remark(column, written, "SGD"))
    if optimizer_bits_of(written) == 4:
        cells.remarks.append(Remark(column, written, f"8-bit {NAMES.get(known or 'adamw', known)}"))


def _without_int8(run: MeasuredRun, cells: Cells) -> MeasuredRun:
    """Integers of 8 bits are frozen weights beside adapters; products of them, as of FP4, count as FP8."""
    if run.precision == "fp8" and meaning(PRECISIONS, cells.text("precision")) == FP4:
        cells.remarks = [remark for remark in cells.remarks if remark.column != "precision"]
        cells.remarks.append(Remark("precision", cells.text("precision"), "fp8"))
    if run.precision != INT8:
        return run
    cells.remarks = [remark for remark in cells.remarks if remark.column != "precision"]
    if run.workload not in ADAPTERS:
        cells.remarks.append(Remark("precision", cells.text("precision"), "fp8"))
        return replace(run, precision="fp8")
    how = cells.text("strategy_as_printed").lower()
    products = "bf16" if "bf16" in how else "fp16"
    cells.remarks.append(Remark("precision", cells.text("precision"), products))
    return replace(run, precision=products, workload="lora", frozen_bits=8)
