"""What a row says that cannot be or that contradicts itself: remarked with its words, never believed."""

import re
from dataclasses import replace

from service.errors import HeimvorteilError
from service.estimate.architecture import parameters
from service.estimate.measured_run import (
    ADAPTERS,
    FOUR_BITS,
    USUAL_SEQ_LEN,
    architecture_of,
    unnamed_offload,
    with_shape,
)
from service.estimate.named_model import active_in
from service.estimate.run_records.offload_words import denies_offload, offload_in, offload_named_in
from service.estimate.run_records.recipe_words import (
    CHECKPOINTED,
    checkpointed_part,
    denies_adapters,
    plain,
)
from service.estimate.run_records.table_cells import Cells, Remark
from service.facts import MeasuredRun

NOT_POSITIVE = r"(?:-\d+(?:\.\d+)?|0(?:\.0+)?)(?![\d.])"
IMPOSSIBLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:(?:q-?)?lora|adapters?)[^;.]{{0,30}}?\b(?:rank|r)(?: of)?[ =:]+{NOT_POSITIVE}",
        r"\b(?:rank|r)[ =:-]+0 (?:q-?)?lora\b",
        rf"\b(?:lora-)?r ?[=:] ?{NOT_POSITIVE}",
        rf"\b(?:capped at|could allocate) {NOT_POSITIVE} ?gi?b\b",
        rf"\breserved(?: memory)?(?: at the end)?[ :=]+{NOT_POSITIVE} ?[gm]i?b\b",
        rf"\b(?:power|enforced)[ -](?:limit|cap)(?:ped|ed)?(?: was| is)?(?: set)?(?: to| at| of)?[ :=]+"
        rf"{NOT_POSITIVE} ?w\b",
        rf"(?<![\w.-]){NOT_POSITIVE} ?w (?:power|enforced)[ -](?:limit|cap)\b",
        rf"(?<![\w.-]){NOT_POSITIVE} ?(?:x )?(?:gpus?|cards|devices)\b",
        r"(?<![\w.-])0 ?x (?=[a-z])",
        rf"\b(?:micro-?batch(?:[ -]size)?|batch[ -]size|train-batch-size|bs|mbs)(?: of)?[ =:]+{NOT_POSITIVE}",
        rf"\baccumulation(?: steps|-steps)?[ =:]+{NOT_POSITIVE}",
        rf"\bseq(?:uence)?[ -]len(?:gth)?[ =:]+{NOT_POSITIVE}",
        rf"\b(?:tp|pp|cp)(?: of)?[ =:]+{NOT_POSITIVE}",
    )
)
"""Counts, ranks and limits that are none."""
OF_PROCESSES = "".join(
    rf"(?<!{word} )" for word in ["on", "of", "from", "at", "for", "global", "local", "gpu"]
)
RANK_BELOW_ONE = re.compile(rf"{OF_PROCESSES}\brank(?: of| is)?[ =:]+{NOT_POSITIVE}|\br[ =:]+{NOT_POSITIVE}")
LARGEST_RANK = 9_999
SIZES_APART = 1.5
"""Factor between a parameter count and what the shape beside it has from which one of them is a slip."""
FEW_BITS = re.compile(r"\bnf4\b|load-in-[48]-?bit|\b[48][ -]?bits? (?:quantized )?(?:base|weights)")
TARGETED = re.compile(r"lora|target|adapter|\brank\b|modules")
MLP_ALONE = re.compile(r"\b(?:mlps?|ffn|feed-?forward)\b")
EMBEDDINGS = re.compile(r"(?<!tied )\b(?:embed\w*|wte|lm-head)\b")
FUSED = re.compile(
    r"\bw?qkv\b|\bq(?:-proj)?, ?k(?:-proj)?, ?v(?:-proj)?(?![\w-])(?!, ?o| and o)|query-key-value"
)
FULL = re.compile(r"\bfull[ -](?:parameter[ -])?fine-?[ -]?tun\w*")
ADAPTED = re.compile(r"\b(?:q-?)?lora\b(?:,? (?:rank|r)[ =:]*\d+)?|\blow-rank adapters?\b")
RANKED = re.compile(r"\b(?:rank|lora-r|r)[ =:]+(?:of )?[1-9]\d*\b")
CHECKPOINTING_SAID = re.compile(rf"(?:gradient|activation|full) {CHECKPOINTED}")
CHECKPOINTING_NEGATED = re.compile(
    rf"\b(?:no|without|not|off|false|disabled)\b[^;,.]{{0,30}}{CHECKPOINTED}|"
    rf"{CHECKPOINTED}[^;,.]{{0,12}}\b(?:no|off|false|none|disabled|0)\b"
)
TEXTS = ("strategy_as_printed", "notes", "gpu_as_printed")


def doubts(run: MeasuredRun, cells: Cells) -> list[Remark]:
    """A remark for each thing that a row cannot mean, and for what an unnamed offload was taken as."""
    texts = {column: plain(cells.text(column)) for column in TEXTS}
    how = texts["strategy_as_printed"]
    found = [
        Remark(column, hit[0].strip(), "")
        for column, text in texts.items()
        for pattern in IMPOSSIBLE
        if (hit := pattern.search(text))
    ]
    # A longer hit names the shorter ones in it: "lora r=0" and "r=0".
    found = [r for r in found if not any(r != o and r.written in o.written for o in found)]
    found += [*_adapters(run, cells, how), *_rank(run, how), *_targets(run, how)]
    found += [*_counts(run, cells), *_size(run, cells)]
    return [*found, *_layers(run, cells, how), *_offload(run, cells, how)]


def without_contradictions(run: MeasuredRun) -> MeasuredRun:
    """The run without the numbers that its other numbers deny."""
    return replace(
        run,
        adapter_rank=None if _rank_is_too_large(run) else run.adapter_rank,
        nodes=None if _nodes_deny_gpus(run) else run.nodes,
        global_batch_tokens=None if _batch_is_too_small(run) else run.global_batch_tokens,
    )


def _rank_is_too_large(run: MeasuredRun) -> bool:
    return (run.adapter_rank or 0) > min(LARGEST_RANK, run.d_model or LARGEST_RANK)


def _nodes_deny_gpus(run: MeasuredRun) -> bool:
    return bool(run.nodes and run.gpu_count and run.gpu_count % run.nodes)


def _batch_is_too_small(run: MeasuredRun) -> bool:
    batch, at_once = run.global_batch_tokens, (run.micro_batch or 1) * (run.seq_len or 1)
    return batch is not None and batch < at_once


def _rank(run: MeasuredRun, how: str) -> list[Remark]:
    if _rank_is_too_large(run):
        return [Remark("strategy_as_printed", f"rank {run.adapter_rank}", "")]
    adapters = run.workload in ADAPTERS and run.adapter_rank is None
    hit = RANK_BELOW_ONE.search(how) if adapters and not any(p.search(how) for p in IMPOSSIBLE[:3]) else None
    return [Remark("strategy_as_printed", hit[0], "")] if hit else []


def _targets(run: MeasuredRun, how: str) -> list[Remark]:
    """Matrices that adapters stand beside and that are counted as other ones."""
    if run.workload not in ADAPTERS:
        return []
    clauses = [clause.strip() for clause in re.split(r"[;.]", how)]
    named = "; ".join(
        clause
        for clause in clauses
        if TARGETED.search(clause) or re.fullmatch(r"[\w-]+(?: (?:layers|only|matrices))*", clause)
    )
    kinds = [EMBEDDINGS]
    if run.adapter_targets is None:
        kinds.append(MLP_ALONE)
    elif run.adapter_targets == "attention":
        kinds.append(FUSED)
    return [
        Remark("strategy_as_printed", hit[0], run.adapter_targets or "all-linear")
        for kind in kinds
        if (hit := kind.search(named))
    ]


def _counts(run: MeasuredRun, cells: Cells) -> list[Remark]:
    """Numbers that deny each other, and a length that is no number."""
    gpus, remarks = run.gpu_count or 1, []
    if cells.row.get("seq_len", "").strip().lower() == "nan":
        remarks.append(Remark("seq_len", "nan", str(USUAL_SEQ_LEN)))
    if _nodes_deny_gpus(run):
        remarks.append(Remark("nodes", f"{run.nodes}; {gpus} GPUs", ""))
    if run.parallelism == "single" and gpus > 1:
        remarks.append(Remark("parallelism", f"{cells.text('parallelism')}; {gpus} GPUs", "zero-1"))
    if _batch_is_too_small(run):
        written = f"{run.global_batch_tokens}; {run.micro_batch or 1} x {run.seq_len or 1}"
        remarks.append(Remark("global_batch_tokens", written, ""))
    return remarks


def _size(run: MeasuredRun, cells: Cells) -> list[Remark]:
    """A parameter count far from the shape beside it: the shape counts. Of experts nobody can tell."""
    if not (run.n_params and run.n_layers and run.d_model) or active_in(run.model):
        return []
    try:
        architecture = architecture_of(with_shape(run), "")
    except HeimvorteilError:
        return []
    size = parameters(architecture)
    if architecture.n_experts > 1 or 1 / SIZES_APART <= run.n_params / size <= SIZES_APART:
        return []
    return [Remark("n_params", cells.text("n_params"), f"{size / 1e6:.3g}M")]


def _adapters(run: MeasuredRun, cells: Cells, how: str) -> list[Remark]:
    denied, full, adapted = denies_adapters(how), FULL.search(how), ADAPTED.search(how)
    if denied:
        ranked = RANKED.search(how)
        if ranked or run.workload in ADAPTERS:
            words = f"{denied}; {ranked[0]}" if ranked else denied
            return [Remark("strategy_as_printed", words, run.workload or "")]
    elif full and (adapted or run.workload in ADAPTERS):
        words = f"{full[0]}; {adapted[0]}" if adapted else full[0]
        return [Remark("strategy_as_printed", words, run.workload or "")]
    elif run.workload not in ADAPTERS:
        # What is trained as a whole cannot be in 4 bits and is beside no adapters.
        few = adapted or FEW_BITS.search(how)
        found = [Remark("strategy_as_printed", few[0], run.workload or "")] if few else []
        if run.precision in FOUR_BITS:
            found.append(Remark("precision", cells.text("precision"), "bf16"))
        return found
    return []


def _layers(run: MeasuredRun, cells: Cells, how: str) -> list[Remark]:
    """Some of the layers, where nobody knows of how many, or where the cell denies it."""
    written = plain(cells.text("checkpointing"))
    remarks = []
    for column, text in (("checkpointing", written), ("strategy_as_printed", how)):
        part = checkpointed_part(text, run.n_layers, in_cell=column == "checkpointing")
        if part and (part.share is None or part.share != run.checkpointing):
            remarks.append(
                Remark(column, text if column == "checkpointing" else part.words, run.checkpointing or "")
            )
    denied = cells.row.get("checkpointing", "").strip().lower() in ("none", "no", "off", "false")
    said, negated = CHECKPOINTING_SAID.search(how), CHECKPOINTING_NEGATED.search(how)
    if denied and said and not negated and not remarks:
        remarks.append(Remark("checkpointing", f"none; {said[0]}", run.checkpointing or ""))
    return remarks


def _offload(run: MeasuredRun, cells: Cells, how: str) -> list[Remark]:
    written = cells.row.get("offload", "").strip()
    named, remarks = offload_in(how), []
    if run.offload == "none" and named not in (None, "none"):
        hit = re.search(r"(?:[\w-]{1,40} ){0,2}(?:--)?(?:[\w-]{1,40}-)?offload[\w-]{0,40}", how)
        words = hit[0] if hit else offload_named_in(how)
        remarks.append(Remark("offload", f"{written or 'none'}; {words}", "none"))
    if (denied := denies_offload(how)) and run.offload not in (None, "none"):
        remarks.append(Remark("offload", f"{written}; {denied}", unnamed_offload(run)))
    elif run.offload == "some":
        remarks.append(Remark("offload", written or "offload", unnamed_offload(run)))
    if "nvme" in f"{plain(written)}; {how}" and run.offload not in (None, "none"):
        remarks.append(Remark("offload", "nvme", "host memory"))
    return remarks
