"""One's own measurement: a log or a few numbers become a run that every later estimate learns from."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from service.answers.question import (
    LARGEST_TOKENS_PER_S,
    SMALLEST_TOKENS_PER_S,
    AskedComparison,
    AskedMeasurement,
)
from service.errors import Field, InvalidValue, MissingFact, UnknownName, worded
from service.estimate.architecture import parameters
from service.estimate.calibration import Posterior, predict
from service.estimate.case import OWN, case_of, own_reporter, side_by_side
from service.estimate.hardware import PRECISIONS, runs_precision
from service.estimate.interval import Interval, around
from service.estimate.measured_run import ADAPTERS
from service.estimate.own_plan import published_fields
from service.estimate.own_run import Measurement, RunInProgress, run_in_progress, steps_of_log
from service.estimate.run_records.all_formats import FORMATS
from service.estimate.run_records.gpu_as_printed import PrintedGpus
from service.estimate.run_records.training_log import LogNote, TrainingLog, read_log
from service.facts import Gpu, MeasuredRun, Source, Workload
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import (
    checked_count,
    checked_currency,
    find_gpu,
    find_workload,
    household_of,
)
from service.usecases.idle_options import refuse_said
from service.usecases.knowledge import knowledge_of
from service.usecases.own_measurements import (
    ask_back,
    doubt_about,
    plan_said,
    refuse_impossible,
    taught,
    with_its_plan,
)
from service.usecases.probing import probe_in

PROJECT_OF_FAMILY = {"gpt2": "llm.c", "mpt": "llm-foundry (MPT)"}
OWN_SOURCE = "measured by you"
SHOWN_OF_A_PROBE = 40
FORMAT_OF = {form.project: form for form in FORMATS}
ANOTHER_MODEL = 2.5
"""From which factor between its printed and a workload's parameters on a log is not of that workload: heads
count embeddings, adapters or packed weights differently, never that much."""
ADAPTERS_AT_MOST = 0.5
"""Share of the weights that is trained, from which down adapters are."""
OF_A_RUN_IN_PROGRESS = ("total_steps", "plug_watts", "kwh_price", "country", "currency")
PRINTED_SHAPE = ("n_layers", "d_model", "n_heads", "n_kv_heads", "vocab_size", "seq_len", "micro_batch")


def measure(sessions: Sessions, snapshot: Snapshot, asked: AskedMeasurement, today: date) -> Measurement:
    """What the measurement teaches, and where its run stands; stored where it is to be kept.

    Raises UnknownName for names in no catalog, MissingFact where neither log nor workload tells the
    model's shape or nobody has told the country's price, InvalidValue for numbers out of range, for what
    is no log, for what no such machine can do, and, where it is to be kept without `yes`, for what is
    outside the 98 % interval of what we believe.
    """
    _check(asked)
    gpu = find_gpu(snapshot, "gpu", asked.gpu)
    if asked.precision and not runs_precision(gpu, asked.precision):
        choices = [precision for precision in PRECISIONS if runs_precision(gpu, precision)]
        raise InvalidValue(
            "precision", asked.precision, worded("{gpu} does not run it", gpu=gpu.name), choices
        )
    workload = find_workload(snapshot, asked.workload) if asked.workload is not None else None
    log = _read(asked, gpu, snapshot.gpus.values()) if asked.log is not None else None
    run, decided = _run(asked, gpu, workload, log, today)
    run, plan = with_its_plan(snapshot, run, gpu, workload, decided)
    refuse_impossible(run, gpu, asked.lang)
    printed = log is not None and "n_layers" in log.facts
    unknowing = taught(snapshot, run.slug)
    doubt = doubt_about(snapshot, run, gpu, unknowing, shape_printed=printed)
    if doubt and asked.keep and not asked.yes:
        ask_back(doubt, asked.lang)
    before, after = (
        _believed(posterior, run, gpu) for posterior in (unknowing, taught(snapshot, run.slug, [run]))
    )
    progress = (
        progress_of(
            snapshot, asked, log, gpu=gpu, gpu_count=run.gpu_count or 1, workload=workload, today=today
        )
        if log
        else None
    )
    if progress is None:
        told = (
            worded(
                "the log does not say how long it is; give {total_steps}", total_steps=Field("total_steps")
            )
            if log
            else worded("a number alone is none")
        )
        refuse_said(asked, OF_A_RUN_IN_PROGRESS, worded("is of a run in progress, and {told}", told=told))
    if asked.keep:
        with sessions.begin() as session:
            measured_runs.put_all(session, [run])
    return Measurement(run, gpu, before, after, log, progress, asked.keep, plan, doubt)


def _read(asked: AskedMeasurement, gpu: Gpu, gpus: Iterable[Gpu]) -> TrainingLog:
    """The log, with a note where it names another card than the one that was told."""
    log = read_log(asked.log or "", asked.seq_len, asked.gpu_count, asked.batch_tokens)
    try:
        printed = PrintedGpus(gpus).gpu(log.card) if log.card else gpu
    except UnknownName:
        printed = gpu
    if printed.slug == gpu.slug:
        return log
    return replace(log, notes=(*log.notes, LogNote("other_card", log.card or "")))


def forget(sessions: Sessions, slug: str) -> None:
    """Take an own measurement back. Raises NotFound for one that is not there or not one's own."""
    with sessions.begin() as session:
        measured_runs.remove_own(session, slug)


def _check(asked: AskedMeasurement) -> None:
    if (asked.log is None) == (asked.tokens_per_s is None):
        reason = worded("give a log or --tokens-per-s (field tokens_per_s), exactly one of them")
        raise InvalidValue("log", None, reason)
    if asked.log is not None and probe_in(asked.log):
        reason = worded(
            "is a probe's, no training log: the command line learns from it, heimvorteil measure FILE"
        )
        raise InvalidValue("log", asked.log[:SHOWN_OF_A_PROBE], reason)


def _run(
    asked: AskedMeasurement, gpu: Gpu, workload: Workload | None, log: TrainingLog | None, today: date
) -> tuple[MeasuredRun, frozenset[str]]:
    """The run, and which of its fields decide how it held its step."""
    speed = log.tokens_per_s if log else asked.tokens_per_s or 0.0
    if not SMALLEST_TOKENS_PER_S <= speed <= LARGEST_TOKENS_PER_S:
        reason = worded(
            "must be between {smallest_tokens_per_s:g} and {largest_tokens_per_s:,.0f}",
            smallest_tokens_per_s=SMALLEST_TOKENS_PER_S,
            largest_tokens_per_s=LARGEST_TOKENS_PER_S,
        )
        raise InvalidValue("tokens_per_s", speed, reason)
    printed = int(log.facts["gpu_count"]) if log else 1
    count = checked_count("gpu_count", asked.gpu_count or printed)
    known = _known(asked, workload, log, count)
    said = plan_said(asked, log, known.get("n_layers"))
    known |= said.fields
    if count == 1:
        known["parallelism"] = "single"
    identity = hashlib.sha256(
        repr((gpu.slug, count, sorted(known.items()), round(speed, 3))).encode()
    ).hexdigest()[:10]
    slug = f"own-{gpu.slug}-{identity}"
    run = MeasuredRun(
        slug=slug,
        model=workload.name if workload else "own model",
        shape=workload.architecture if workload else None,
        gpu=gpu.slug,
        gpu_count=count,
        source=Source(f"run:{slug}", OWN_SOURCE, own_reporter(gpu), today, "own", today),
        tokens_per_s=speed,
        **_evidence(log),
        workload=workload.recipe.trained if workload and workload.recipe.trained != "all" else "pretrain",
        year=today.year,
        confidence=OWN,
        **known,
    )
    case_of(run, gpu)
    return run, said.decided


def _evidence(log: TrainingLog | None) -> dict[str, Any]:
    """Peak memory and watts of the log, and what the run is sound for.

    A project that prints what its allocator held and not what was allocated has both alike, as published
    runs do.
    """
    peak, reserved = (log.peak_memory_gib, log.reserved_memory_gib) if log else (None, None)
    watts = log.gpu_watts if log else None
    sound = {"throughput": True, "memory": peak or reserved, "power": watts}
    return {
        "use_for": frozenset(name for name, shown in sound.items() if shown),
        "peak_memory_gib": peak or reserved,
        "reserved_memory_gib": reserved,
        "gpu_watts": watts,
    }


def _known(
    asked: AskedMeasurement, workload: Workload | None, log: TrainingLog | None, gpu_count: int
) -> dict[str, Any]:
    """What is known of the run by a run's own names; what the log prints wins over the workload's recipe."""
    known = _of_workload(workload) if workload else {}
    printed = log.facts if log else {}
    project = known["project"] = log.project if log else known.get("project", "own code")
    if asked.seq_len:
        known["seq_len"] = asked.seq_len
    known |= {name: int(printed[name]) for name in PRINTED_SHAPE if name in printed}
    if asked.micro_batch:
        known["micro_batch"] = asked.micro_batch
    if "n_params" in printed and ("n_layers" in printed or not known.get("n_layers")):
        known["n_params"] = printed["n_params"]
    if not (known.get("n_params") or (known.get("n_layers") and known.get("d_model"))):
        raise MissingFact(
            worded("the model that was trained"), worded("name it with --workload (field workload)")
        )
    _check_model(printed, workload)
    batch = log.global_batch_tokens if log else asked.batch_tokens
    if batch:
        known["global_batch_tokens"] = batch
        _check_batch(asked, known, batch, gpu_count)
        told = asked.micro_batch or "micro_batch" in printed
        if not told and gpu_count * (known.get("micro_batch") or 0) * (known.get("seq_len") or 0) > batch:
            known["micro_batch"] = None  # the workload's, which this batch does not hold
    form = FORMAT_OF.get(project)
    known.setdefault("engine", form.engine if form else "torch-compile")
    if form and form.trainer != "loop":
        known["trainer"] = form.trainer
    if project == "nanochat":
        known.setdefault("optimizer", "Muon+AdamW")
        known.setdefault("checkpointing", "none")
    return known


def _check_batch(asked: AskedMeasurement, known: Mapping[str, Any], batch: float, gpu_count: int) -> None:
    """Refuse a batch that was told and holds no whole sequence for each GPU, where none is shorter."""
    least = gpu_count * (known.get("seq_len") or 0)
    form = FORMAT_OF.get(known["project"])
    shorter = (form and form.lengths_vary) or known.get("trainer", "loop") != "loop"
    if asked.batch_tokens and batch < least and not shorter:
        reason = worded(
            "is less than a sequence on each GPU, {least:,} tokens: check --seq-len and --gpu-count",
            least=least,
        )
        raise InvalidValue("batch_tokens", asked.batch_tokens, reason)


def _check_model(printed: Mapping[str, float], workload: Workload | None) -> None:
    """Refuse a workload that is not what the log trains.

    A log that trains a small part of the weights is of adapters: their kind must be told.
    """
    whole, trained = printed.get("n_params"), printed.get("n_params_trained")
    told = workload is not None and workload.recipe.trained in ADAPTERS
    if whole and trained and trained < ADAPTERS_AT_MOST * whole and not told:
        raise MissingFact(
            worded(
                "which adapters were trained ({trained:,.0f} of {whole:,.0f} parameters)",
                trained=trained,
                whole=whole,
            ),
            worded("name a LoRA or QLoRA workload with --workload (field workload)"),
        )
    if whole and workload:
        size = parameters(workload.architecture)
        if not 1 / ANOTHER_MODEL < whole / size < ANOTHER_MODEL:
            reason = worded("has {size:,} parameters, the log's model {whole:,.0f}", size=size, whole=whole)
            raise InvalidValue("workload", workload.slug, reason)


def _of_workload(workload: Workload) -> dict[str, Any]:
    a, recipe = workload.architecture, workload.recipe
    project = recipe.code_base or PROJECT_OF_FAMILY.get(workload.family, "own code")
    return {
        "project": project,
        "n_layers": a.n_layers,
        "d_model": a.d_model,
        "n_heads": a.n_heads,
        "n_kv_heads": a.n_kv_heads,
        "d_ff": a.d_ff,
        "vocab_size": a.vocab_size,
        "seq_len": recipe.seq_len,
        "precision": recipe.precision,
        "engine": recipe.engine,
        "attention": recipe.attention,
        "checkpointing": recipe.checkpointing,
        "micro_batch": recipe.micro_batch,
        "global_batch_tokens": recipe.global_batch_tokens,
        **published_fields(recipe, a),
    }


def _believed(posterior: Posterior, run: MeasuredRun, gpu: Gpu) -> Interval:
    """The speed believed of exactly this run [tokens/s]."""
    told = predict(posterior, side_by_side([case_of(run, gpu)]))
    return around(float(told.median[0]), float(told.log_spread[0]))


def progress_of(
    snapshot: Snapshot,
    asked: AskedMeasurement,
    log: TrainingLog,
    *,
    gpu: Gpu,
    gpu_count: int,
    workload: Workload | None,
    today: date,
) -> RunInProgress | None:
    """How far the logged run is and what the rest takes at home; None when its length is not known."""
    known = knowledge_of(snapshot)
    currency = checked_currency(asked.currency, known.exchange_rates)
    lives = AskedComparison.of(country=asked.country, currency=currency, kwh_price=asked.kwh_price)
    rate = household_of(snapshot, lives, today).rate
    total = steps_of_log(log, workload, asked.total_steps)
    if total is None:
        return None
    rates = known.exchange_rates
    run = run_in_progress(
        log,
        total,
        gpu=gpu,
        gpu_count=gpu_count,
        rate=rate,
        currency=currency,
        figures=known.figures,
        exchange_rates=rates,
        plug_watts=asked.plug_watts,
    )
    by_workload = not (asked.total_steps or log.total_steps)
    return replace(run, steps_by_workload=True) if run and by_workload else run
