"""One's own measurement: a log or three numbers become a run that every later estimate learns from."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

from service.decide.household import Household
from service.errors import InvalidValue, MissingFact
from service.estimate.calibration import predict, with_terms
from service.estimate.case import OWN, case_of, own_reporter, side_by_side
from service.estimate.interval import around
from service.estimate.own_run import Learnt, RunInProgress, run_in_progress, steps_of_log
from service.estimate.training_log import TrainingLog
from service.facts import MeasuredRun, Source, Workload
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import checked_count, find_gpu, find_workload
from service.usecases.knowledge import knowledge_of

PROJECT_OF_FAMILY = {"gpt2": "llm.c", "mpt": "llm-foundry (MPT)"}
LARGEST_TOKENS_PER_S = 1e9
OWN_SOURCE = "measured by you"


@dataclass(frozen=True, slots=True)
class OwnMeasurement:
    """What a person says of a measurement beside the log."""

    gpu: str
    gpu_count: int | None = None
    workload: str | Workload | None = None
    tokens_per_s: float | None = None
    micro_batch: int | None = None
    name: str = ""


def own_run(
    snapshot: Snapshot, said: OwnMeasurement, log: TrainingLog | None, today: date
) -> tuple[MeasuredRun, Workload | None]:
    """The measurement as a run. What the log prints wins over the workload's recipe.

    Raises UnknownName for names in no catalog, MissingFact where neither log nor workload tells the
    model's shape, InvalidValue for numbers out of range.
    """
    gpu = find_gpu(snapshot, "gpu", said.gpu)
    workload = find_workload(snapshot, said.workload) if said.workload is not None else None
    facts = dict(log.facts) if log else {}
    speed = log.tokens_per_s if log else said.tokens_per_s
    if speed is None:
        raise MissingFact("the measured speed", "give a log, or tokens per second")
    if not 0 < speed <= LARGEST_TOKENS_PER_S:
        raise InvalidValue("tokens_per_s", speed, f"must be above 0 and at most {LARGEST_TOKENS_PER_S:g}")
    count = checked_count("gpu_count", said.gpu_count or int(facts.get("gpu_count", 1)))
    known = _from_workload(workload) if workload else {}
    project = (log.project if log else "") or known.get("project", "own code")
    known |= {
        name: int(facts[name])
        for name in ("n_layers", "d_model", "n_heads", "n_kv_heads", "vocab_size", "seq_len", "micro_batch")
        if name in facts
    }
    if said.micro_batch:
        known["micro_batch"] = said.micro_batch
    if "n_params" in facts:
        known["n_params"] = facts["n_params"]
    elif "n_params_millions" in facts and not known.get("n_layers"):
        known["n_params"] = facts["n_params_millions"] * 1e6
    if not (known.get("n_params") or (known.get("n_layers") and known.get("d_model"))):
        raise MissingFact("the model that was trained", "name it with --workload (field workload)")
    if log and log.global_batch_tokens:
        known["global_batch_tokens"] = log.global_batch_tokens
    known.setdefault("engine", "native" if project == "llm.c" else "torch-compile")
    if project == "nanochat":
        known.setdefault("optimizer", "Muon+AdamW")
        known.setdefault("checkpointing", "none")
    known["project"] = project
    identity = hashlib.sha256(
        repr((gpu.slug, count, sorted(known.items()), round(speed, 3))).encode()
    ).hexdigest()[:10]
    slug = said.name or f"own-{gpu.slug}-{identity}"
    run = MeasuredRun(
        slug=slug,
        model=workload.name if workload else "own model",
        gpu=gpu.slug,
        gpu_count=count,
        source=Source(f"run:{slug}", OWN_SOURCE, own_reporter(gpu), today, "own", today),
        use_for=frozenset({"throughput"}),
        tokens_per_s=speed,
        peak_memory_gib=log.peak_memory_gib if log else None,
        parallelism="single" if count == 1 else None,
        workload=workload.recipe.trained if workload and workload.recipe.trained != "all" else "pretrain",
        year=today.year,
        confidence=OWN,
        **known,
    )
    case_of(run, gpu)
    return run, workload


def _from_workload(workload: Workload) -> dict[str, Any]:
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
        "optimizer": "Muon+AdamW" if recipe.optimizer == "muon+adamw" else "AdamW",
        "engine": recipe.engine,
        "attention": recipe.attention,
        "checkpointing": recipe.checkpointing,
        "micro_batch": recipe.micro_batch,
        "global_batch_tokens": recipe.global_batch_tokens,
    }


def learnt_from(snapshot: Snapshot, run: MeasuredRun) -> Learnt:
    """What the measurement changes for exactly this run."""
    gpu = snapshot.gpus[run.gpu or ""]
    calibration = knowledge_of(snapshot).calibration
    asked = side_by_side([case_of(run, gpu)])
    others = [known for known in snapshot.measured_runs if known.slug != run.slug]
    terms = calibration.terms
    before = predict(with_terms(terms, others, snapshot.gpus).posterior, asked)
    after = predict(with_terms(terms, [*others, run], snapshot.gpus).posterior, asked)
    return Learnt(
        run,
        gpu,
        around(float(before.median[0]), float(before.log_spread[0])),
        around(float(after.median[0]), float(after.log_spread[0])),
    )


def keep(sessions: Sessions, run: MeasuredRun) -> None:
    """Store the measurement; from now on every estimate of this database learns from it."""
    with sessions.begin() as session:
        measured_runs.put_all(session, [run])


def forget(sessions: Sessions, slug: str) -> None:
    """Take an own measurement back. Raises NotFound for one that is not there or not one's own."""
    with sessions.begin() as session:
        measured_runs.remove_own(session, slug)


def progress_of(
    snapshot: Snapshot,
    run: MeasuredRun,
    log: TrainingLog,
    household: Household,
    currency: str,
    workload: Workload | None = None,
    total_steps: int | None = None,
    plug_watts: float | None = None,
) -> RunInProgress | None:
    """How far the logged run is and what the rest takes at home; None when its length is not known."""
    total = steps_of_log(log, workload, total_steps)
    if total is None:
        return None
    known = knowledge_of(snapshot)
    return run_in_progress(
        log,
        total,
        gpu=snapshot.gpus[run.gpu or ""],
        gpu_count=run.gpu_count or 1,
        rate=household.rate,
        currency=currency,
        figures=known.figures,
        exchange_rates=known.exchange_rates,
        plug_watts=plug_watts,
    )
