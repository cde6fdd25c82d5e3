"""What the script of `heimvorteil probe` printed becomes runs that estimates on that card learn from."""

from typing import Any

import orjson

from service.errors import InvalidValue, UnknownName
from service.estimate.calibration import predict
from service.estimate.case import case_of, side_by_side
from service.estimate.interval import Interval, around
from service.estimate.probed_runs import ProbedCard, ProbedRun, name_of_probe, runs_of
from service.estimate.run_records.gpu_as_printed import PrintedGpus
from service.estimate.run_records.probe_result import (
    FIELD,
    SCHEMA_NAME,
    Probe,
    is_probe,
    read_probe,
    refuse_processor,
)
from service.facts import Gpu, MeasuredRun
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import find_gpu
from service.usecases.knowledge import taught_by


def probe_in(text: str) -> dict[str, Any] | None:
    """The probe that a text holds, alone or on a line among others, the last of several; None without one."""
    for line in reversed(text.splitlines() if SCHEMA_NAME in text else []):
        if SCHEMA_NAME in line:
            told = _opened(line) or _opened(text)
            if is_probe(told):
                return told
    return None


def _opened(text: str) -> dict[str, Any] | None:
    try:
        told = orjson.loads(text)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def learn(
    sessions: Sessions, snapshot: Snapshot, told: dict[str, Any], *, gpu: str | None, keep: bool
) -> ProbedCard:
    """What a probe teaches; kept in the place of an older one of the same card.

    `gpu` names the card where the probe's own name for it is in no catalog. Raises InvalidValue for what is
    no probe, another version's, one of a processor, or faster than the card can be; UnknownName for a card
    in no catalog.
    """
    probe = read_probe(told)
    refuse_processor(probe)
    card = _card(snapshot, probe, gpu)
    runs = runs_of(probe, card)
    name = name_of_probe(card)
    others = [run for run in snapshot.measured_runs if not run.slug.startswith(f"{name}-")]
    before, after = _believed(snapshot, others, runs, card), _believed(snapshot, [*others, *runs], runs, card)
    if keep:
        with sessions.begin() as session:
            measured_runs.replace_own(session, name, runs)
    learnt = zip(runs, probe.steps, before, after, strict=True)
    return ProbedCard(probe, card, name, tuple(ProbedRun(*one) for one in learnt), keep)


def _card(snapshot: Snapshot, probe: Probe, asked: str | None) -> Gpu:
    named = find_gpu(snapshot, "gpu", asked) if asked else None
    size = f" {probe.memory_total_gib:.0f}GB" if probe.memory_total_gib else ""
    try:
        printed = PrintedGpus(snapshot.gpus.values()).gpu(probe.card, probe.card + size)
    except UnknownName as error:
        if named is None:
            raise UnknownName(f"{FIELD}.card.name", probe.card, error.choices) from None
        return named
    if named is not None and named.slug != printed.slug:
        raise InvalidValue("gpu", asked, f"the probe was run on {probe.card}", [printed.slug])
    return printed


def _believed(
    snapshot: Snapshot, known: list[MeasuredRun], runs: list[MeasuredRun], gpu: Gpu
) -> list[Interval]:
    """The speeds believed of these runs by what is known [tokens/s]."""
    told = predict(taught_by(snapshot, known), side_by_side(case_of(run, gpu) for run in runs))
    pairs = zip(told.median, told.log_spread, strict=True)
    return [around(float(median), float(spread)) for median, spread in pairs]
