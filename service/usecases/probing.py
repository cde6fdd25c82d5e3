"""What the script of `heimvorteil probe` printed becomes runs that estimates on that card learn from."""

from dataclasses import replace
from typing import Any

import orjson

from service.errors import InvalidValue, UnknownName, foreign, worded
from service.estimate.calibration import Posterior, predict
from service.estimate.case import case_of, side_by_side
from service.estimate.interval import Interval, around
from service.estimate.plausibility import Doubt, doubt_of
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
from service.reports.words.doubts import steps_doubted
from service.reports.words.wording import wording
from service.store import measured_runs
from service.store.session import Sessions
from service.store.snapshot import Snapshot
from service.usecases.finding import find_gpu
from service.usecases.own_measurements import refuse_impossible, taught


def probe_in(text: str) -> dict[str, Any] | None:
    """The probe that a text holds, alone or on a line among others, the last of several; None without one."""
    for line in reversed(text.splitlines() if SCHEMA_NAME in text else []):
        if SCHEMA_NAME in line:
            told = _opened(line[max(line.find("{"), 0) :]) or _opened(text)  # behind a keeper's time
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
    sessions: Sessions,
    snapshot: Snapshot,
    told: dict[str, Any],
    *,
    gpu: str | None,
    keep: bool,
    yes: bool = False,
    lang: str = "en",
) -> ProbedCard:
    """What a probe teaches; kept in the place of an older one of the same card.

    `gpu` names the card where the probe's own name for it is in no catalog. Raises InvalidValue for what is
    no probe, another version's, one of a processor, or more than the card can do, and, where it is to be
    kept without `yes`, for steps outside the 98 % interval of what we believe; UnknownName for a card in no
    catalog.
    """
    probe = read_probe(told)
    refuse_processor(probe)
    card = _card(snapshot, probe, gpu)
    runs = runs_of(probe, card)
    name = name_of_probe(card)
    for run in runs:
        refuse_impossible(run, card, lang)
    unknowing = taught(snapshot, name)
    doubts = [probe_doubt(run, card, unknowing) for run in runs]
    if keep and not yes:
        _ask_back(probe, doubts, lang)
    before, after = (
        _believed(posterior, runs, card) for posterior in (unknowing, taught(snapshot, name, runs))
    )
    if keep:
        with sessions.begin() as session:
            measured_runs.replace_own(session, name, runs)
    learnt = zip(runs, probe.steps, before, after, doubts, strict=True)
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
        raise InvalidValue(
            "gpu", asked, worded("the probe was run on {card}", card=probe.card), [printed.slug]
        )
    return printed


def probe_doubt(run: MeasuredRun, gpu: Gpu, posterior: Posterior) -> Doubt | None:
    """Why a probe's steps are hard to believe; None where they are foreseen.

    The interval is that of every measurement. The slips of people are not looked for: the script itself
    counted its tokens, its one card and its seconds, and trains without recomputation or offload.
    """
    doubt = doubt_of(run.tokens_per_s or 0.0, case_of(run, gpu), posterior, (), shape_printed=True)
    return None if doubt is None else replace(doubt, slips=())


def _ask_back(probe: Probe, doubts: list[Doubt | None], lang: str) -> None:
    """Raises InvalidValue for the steps that are hardest to believe, where any are."""
    doubtful = [(step, doubt) for step, doubt in zip(probe.steps, doubts, strict=True) if doubt]
    if not doubtful:
        return
    step, doubt = max(doubtful, key=lambda one: one[1].log_distance)
    reason = steps_doubted(wording(lang), doubt, len(doubtful), len(probe.steps))
    raise InvalidValue(f"{FIELD}.steps {step.name}", f"{doubt.told:,.0f} tokens/s", foreign(reason))


def _believed(posterior: Posterior, runs: list[MeasuredRun], gpu: Gpu) -> list[Interval]:
    """The speeds believed of these runs [tokens/s]."""
    told = predict(posterior, side_by_side(case_of(run, gpu) for run in runs))
    pairs = zip(told.median, told.log_spread, strict=True)
    return [around(float(median), float(spread)) for median, spread in pairs]
