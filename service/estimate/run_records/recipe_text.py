"""What free text says of a run that has no column: engine, checkpointing, adapters, offload, limits.

`strategy_as_printed` is believed for everything; `notes` only in sentences that do not say of themselves
that they guess or that something was not printed, and never for what waits on the host. Measured values
are never read from text, but for memory that was reserved beside what was allocated.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from service.estimate.run_records.offload_words import denies_offload, offload_in, without_denied
from service.estimate.run_records.optimizer_words import OPTIMIZER_IN_TEXT, optimizer_bits_of
from service.estimate.run_records.recipe_words import (
    ADAPTERS_IN_TEXT,
    CHECKPOINTED,
    FP4,
    PARALLELISM_IN_TEXT,
    adapter_rank_in,
    adapter_targets_in,
    checkpointed_part,
    denies_adapters,
    meaning,
    model_parallel,
    plain,
    trainer_of,
)
from service.estimate.run_records.width_words import frozen_bits_in, weights_in
from service.facts import MeasuredRun

STEPS_ALL_THE_SAME = {"languini kitchen": "Adam"}
"""Projects whose tests are said to leave the optimizer out and do not: Languini's steps Adam
(common_lib/throughput_utils.py@0f185f9)."""
NOT_SAID = re.compile(
    r"\bguess|not (printed|said|stated|verified|given|certain)|left blank|unknown|ambiguous|\[oom|"
    r"should|may be|treated as|fits the|probably",
)
WATTS = r"(\d{2,4}(?:\.\d+)?) ?w\b"
POWER_LIMIT = re.compile(
    rf"{WATTS} (?:power|enforced)[ -](?:limit|cap)|"
    rf"(?:power|enforced)[ -](?:limit|limited|cap|capped)(?: was| is)?(?: set)?(?: to| at| of)?[ :=]*{WATTS}"
)
MEMORY_CAP = re.compile(r"capped at (\d+(?:\.\d+)?) ?gi?b|could allocate (\d+(?:\.\d+)?) ?gi?b")
RESERVED = re.compile(r"reserved(?: memory)?(?: at the end)?[ :=]*(\d+(?:\.\d+)?) ?(gi?b|mi?b)\b")
PEAK_IS_RESERVED = re.compile(r"(?:peak(?: memory)?|accelerator-memory-max) is (?:torch )?(?:the )?reserved")
RECOMPUTED = re.compile(r"--recompute-(ffn|swiglu|qkv|att|norm)\b")
NEARLY_ALL = 3
"""Kinds of operators that are recomputed by name from which on a block keeps little but its input."""
ACCUMULATION = re.compile(r"accumulation(?: steps)?[ =:]*(\d{1,5})\b")


def understood(
    run: MeasuredRun, strategy: str, notes: str = "", parallelism: str = "", gpu_as_printed: str = ""
) -> MeasuredRun:
    """The run with what its free text says and its columns do not.

    The text wins over the column for the engine alone, where it says that nothing was compiled, and names
    what a column merely says to be offloaded. GPUs that share one micro-batch by tensor, pipeline or
    context parallelism hold a part of it each: it is counted as the part, with weights sharded over all of
    them. What such GPUs lose to each other is not.
    """
    how = plain(strategy)
    said = "; ".join([how, *believed(notes)])
    run = _shared_work(run, f"{parallelism}; {said}")
    run = _memory_savers(_engine(run, said), said, how)
    run = _weights(run, how, said)
    return _limits(run, plain(f"{gpu_as_printed}; {strategy}; {notes}"))


def believed(notes: str) -> list[str]:
    """The sentences of a note that speak of the run and do not guess."""
    sentences = re.split(r";|\.\s|\n", plain(notes))
    return [text.strip() for text in sentences if text.strip() and not NOT_SAID.search(text)]


def _says(text: str, *patterns: str) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def _shared_work(run: MeasuredRun, said: str) -> MeasuredRun:
    pieces = model_parallel(said)
    if pieces > 1 and (run.gpu_count or 1) % pieces == 0:
        part = max(1, run.micro_batch // pieces) if run.micro_batch else None
        return replace(run, parallelism="fsdp", micro_batch=part)
    # DeepSpeed's hooks on every module cost their time on one GPU too.
    if run.parallelism is None or (run.parallelism == "single" and "zero-3" in said):
        return replace(run, parallelism=meaning(PARALLELISM_IN_TEXT, said))
    return run


def _engine(run: MeasuredRun, said: str) -> MeasuredRun:
    engine, attention = run.engine, run.attention
    eager = r"(?<!attention )(?<!attn )(?<!attn-implementation=)\beager\b(?! attention)"
    if _says(said, r"\b(no|without) (torch\.)?compil", r"compile:? (no|off|false)\b", r"\buncompiled", eager):
        engine = "torch-eager"
    elif engine is None and _says(said, r"c\+\+/cuda", r"\bc/cuda"):
        engine = "native"
    elif engine is None and _says(said, r"\bcompile", r"\bjax\b", r"\bxla\b", r"\bmaxtext\b"):
        engine = "torch-compile"
    naive = (
        r"flash[ -]?attention:? (no|off|false)\b", r"(no|without) flash[ -]?attention\b",
        r"use-flash:? ?=?false",
        r"(hand-written|naive|eager|math|unfused|manual) attention", r"attention (not fused|eager|unfused)",
        r"attn-implementation=eager",
    )  # fmt: skip
    if attention is None and _says(said, *naive):
        attention = "naive"
    elif attention is None and _says(
        said, r"\bflash", r"\bsdpa\b", r"\bfa-?[23]\b", r"flexattention", r"xformers"
    ):
        attention = "flash"
    return replace(run, engine=engine, attention=attention)


def _checkpointed(run: MeasuredRun, said: str) -> str | None:
    """The column, unless it says less than a text that names the part of the layers."""
    # A column that says checkpointing is the word for it that a bare "17/32 layers" lacks.
    beside = "; checkpointing" if run.checkpointing in ("full", "selective") else ""
    part = checkpointed_part(said + beside, run.n_layers)
    if part is None or run.checkpointing == "none":
        return run.checkpointing or _checkpointing(said)
    return part.share


def _checkpointing(said: str) -> str | None:
    kind = r"(?:gradient|activation|grad|act)?[ -]?"
    if _says(
        said,
        rf"\b(?:no|without|w/o|disabled?|not using) {kind}{CHECKPOINTED}\b",
        rf"{CHECKPOINTED}(?: is| was)?[ :=]*(?:no|off|false|none|disabled|0)\b",
        r"\bno ac\b",
    ):
        return "none"
    if _says(
        said,
        r"selective (ac\b|activation|checkpoint|recompute)", r"per[ -]op", r"remat[ -]minimal",
        rf"{CHECKPOINTED} (?:of |on )?every (2|3|4|second|third|other)",
        rf"(?:mlp|attention|ffn)[\w -]{{0,40}} {CHECKPOINTED}", rf"partial {CHECKPOINTED}",
    ):  # fmt: skip
        return "selective"
    if _says(
        said,
        rf"{CHECKPOINTED}[ :=]*(yes|true|on|full)\b", r"full (ac\b|activation|recompute|remat)",
        rf"(gradient|activation|grad)[ -]{CHECKPOINTED}", r"\bckpt\b", r"--recompute-block",
        r"(?:^|[;,(]) ?(?:activation )?checkpointing *(?:$|[;,)])",
    ):  # fmt: skip
        return "full"
    return None


def _memory_savers(run: MeasuredRun, said: str, how: str) -> MeasuredRun:
    chunked = None
    if _says(said, r"\b(no|without) (liger|chunked|fused linear|fused cross)", r"plain cross[ -]entropy"):
        chunked = False
    elif _says(
        said, r"chunked[ -]?(ce|cross|loss)", r"lmhead-chunks", r"\bliger", r"\bflce\b",
        r"(cut|fused linear|linear)[ -]cross[ -]?entropy",
    ):  # fmt: skip
        chunked = True
    nearly_all = len(set(RECOMPUTED.findall(said))) >= NEARLY_ALL
    named = offload_in(how)
    if named == "optimizer" and "--shard-weights" in how and run.gpu_count == 1:
        # LLM.Q on one GPU: sharded weights are those that wait with their masters on the host.
        named = "optimizer+parameters"
    if run.offload == "some" and named is None and "fsdp" in how and "deepspeed" not in how:
        # FSDP's CPUOffload moves both (`offload_in`).
        named = "optimizer+parameters"
    unnamed = run.offload is None or (run.offload == "some" and named and not denies_offload(how))
    optimizer = run.optimizer
    if optimizer is None and (found := OPTIMIZER_IN_TEXT.search(said)):
        optimizer = STEPS_ALL_THE_SAME.get(run.project.lower(), found[0])
    return replace(
        run,
        checkpointing="full" if nearly_all else _checkpointed(run, said),
        chunked_cross_entropy=chunked,
        gradient_release=_says(
            said, r"optimizer[ -]in[ -]b", r"opt in bwd", r"gradient release", r"step inside the backward"
        )
        or None,
        activations_on_host=run.activations_on_host
        or _says(
            without_denied(how),
            r"act(ivation)?s?( cpu)? offload", r"offload-residual", r"everything offloaded",
            r"offload\w{0,12}( of)? activations", r"activations (to|on) (the )?(cpu|host)",
        )
        or None,
        optimizer=optimizer,
        optimizer_bits=optimizer_bits_of(run.optimizer or "") or optimizer_bits_of(said),
        offload=named if unnamed else run.offload,
    )  # fmt: skip


def _weights(run: MeasuredRun, how: str, said: str) -> MeasuredRun:
    workload = run.workload
    if workload in ("full-finetune", "lora", None) and not _says(how, r"\bfull[ -](parameter )?fine"):
        workload = (None if denies_adapters(how) else meaning(ADAPTERS_IN_TEXT, how)) or workload
    precision = run.precision
    if precision == FP4:
        precision = "nf4" if workload in ("lora", "qlora") else "fp8"
    if workload == "lora" and (precision == "nf4" or frozen_bits_in(how) == 4):
        workload = "qlora"
    if precision == "nf4" and _says(how, r"\bgptq\b", r"\bawq\b"):
        precision = "int4"
    adapters = workload in ("lora", "qlora")
    rank, targets, frozen = run.adapter_rank, run.adapter_targets, run.frozen_bits
    if adapters:
        rank = rank or adapter_rank_in(how) or adapter_rank_in(said)
        targets = targets or adapter_targets_in(how)
        frozen = frozen or (4 if workload == "qlora" else frozen_bits_in(how))
        frozen = frozen or (32 if precision in ("fp32", "tf32") else None)
    trainer = run.trainer or trainer_of(how, run.optimizer or "", run.project)
    # What DeepSpeed, Megatron and native code call mixed precision keeps 16-bit weights as well.
    autocast = trainer not in ("deepspeed", "megatron") and run.engine != "native"
    gated = True if _says(said, r"swiglu|geglu|gated mlp") else None
    tied = False if _says(said, r"\buntied\b") else True if _says(said, r"\btied\b") else None
    batch = run.global_batch_tokens
    accumulated = ACCUMULATION.search(how)
    if batch is None and accumulated and run.micro_batch and run.seq_len and run.gpu_count:
        batch = run.gpu_count * run.micro_batch * run.seq_len * int(accumulated[1])
    return replace(
        run,
        workload=workload,
        precision=precision,
        adapter_rank=rank,
        adapter_targets=targets,
        frozen_bits=frozen,
        weights_in=run.weights_in or weights_in(said, adapters, autocast),
        trainer=trainer,
        gated_mlp=gated,
        tied_embeddings=tied,
        global_batch_tokens=batch or None,
    )


def _limits(run: MeasuredRun, said: str) -> MeasuredRun:
    reserved = RESERVED.search(said)
    held = None
    if reserved:
        held = float(reserved[1]) / (1024 if reserved[2].startswith("m") else 1) or None
    elif PEAK_IS_RESERVED.search(said):
        held = run.peak_memory_gib
    link = None
    if _says(said, r"\b(no|without|w/o) nvlink", r"nvlink:? (no|off|none|disabled)\b"):
        link = False
    elif _says(said, r"nvlink|nvswitch"):
        link = True
    return replace(
        run,
        power_limit_watts=_number(POWER_LIMIT.search(said)),
        memory_cap_gib=_number(MEMORY_CAP.search(said)),
        reserved_memory_gib=held,
        gpu_link=link,
    )


def _number(found: re.Match[str] | None) -> float | None:
    groups: Sequence[str | None] = found.groups() if found else ()
    return next((float(digits) for digits in groups if digits), None) or None
