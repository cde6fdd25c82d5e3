"""What a row says that cannot be or that contradicts itself: remarked with its words, never believed."""

import re

from service.estimate.measured_run import ADAPTERS, unnamed_offload
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
    return [*found, *_adapters(run, how), *_layers(run, cells, how), *_offload(run, cells, how)]


def _adapters(run: MeasuredRun, how: str) -> list[Remark]:
    denied, full, adapted = denies_adapters(how), FULL.search(how), ADAPTED.search(how)
    if denied:
        ranked = RANKED.search(how)
        if ranked or run.workload in ADAPTERS:
            words = f"{denied}; {ranked[0]}" if ranked else denied
            return [Remark("strategy_as_printed", words, run.workload or "")]
    elif full and (adapted or run.workload in ADAPTERS):
        words = f"{full[0]}; {adapted[0]}" if adapted else full[0]
        return [Remark("strategy_as_printed", words, run.workload or "")]
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
        hit = re.search(r"(?:[\w-]+ ){0,2}(?:--)?(?:[\w-]+-)?offload[\w-]*", how)
        words = hit[0] if hit else offload_named_in(how)
        remarks.append(Remark("offload", f"{written or 'none'}; {words}", "none"))
    if (denied := denies_offload(how)) and run.offload not in (None, "none"):
        remarks.append(Remark("offload", f"{written}; {denied}", unnamed_offload(run)))
    elif run.offload == "some":
        remarks.append(Remark("offload", written or "offload", unnamed_offload(run)))
    if "nvme" in f"{plain(written)}; {how}" and run.offload not in (None, "none"):
        remarks.append(Remark("offload", "nvme", "host memory"))
    return remarks
