"""What measured runs teach: a few physical terms, and how each new case differs from them.

Bayesian and small: log tokens/s of a run = log of the formula at the terms + what its code base, GPU and
reporter have in common with others (likeness.py) + noise. Terms have Gaussian priors in log space
(terms.py) and are fitted by Gauss-Newton steps with everything else marginalised; the posterior is then
Gaussian around them, and a prediction is its conditional distribution. It widens by itself where GPU,
engine, code base or size is far from the evidence, and one's own measurement is simply one more run.
Odd published rows are given more noise instead of being dropped (Student-t weights, nu = 4; Lange et
al., JASA 84, 1989). Leaves out that terms interact beyond first order around the fit (small: the
leave-out errors of the documentation contain it).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.errors import HeimvorteilError
from service.estimate.case import OWN, Case, Cases, case_of, side_by_side
from service.estimate.held_out import HeldOut, Novelty, groups_of, held_out, novelty_of, widening
from service.estimate.likeness import covariance, own_variance
from service.estimate.measured_run import shape_is_known
from service.estimate.quantile import QUANTILE_90
from service.estimate.surplus import surplus_of, surplus_shared, surplus_spread
from service.estimate.terms import HOST_TERMS, TERMS
from service.facts import Gpu, MeasuredRun

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]

NOISE = 0.025
"""Log scatter of a run read from a log or a table."""
PROSE_NOISE = 0.07
"""The same for a number rounded in prose or projected by its author."""
UNKNOWN_BATCH_SPREAD = 0.10
UNKNOWN_SHAPE_SPREAD = 0.15
UNKNOWN_ENGINE_SPREAD = 0.15
NEW_CASE_NOISE = 1.3
"""Noise of a new case over that of a typical one in the evidence: odd rows exist there too."""
STUDENT_T = 4.0
FIT_STEPS = 8
REFIT_STEPS = 5
"""From terms that were fitted to nearly the same runs."""
WEIGHT_STEPS = 6
SMALL_MATRIX = 48
"""Rows up to which one call inverts faster than two halves."""
STEP = 1e-4
FARTHEST = 4.0
"""Prior spreads that a term may move: a wild measurement must not carry the others off."""
NAMES = tuple(TERMS)
PRIOR_MEAN: Vector = np.log([term.median for term in TERMS.values()])
PRIOR_SPREAD: Vector = np.array([term.log_spread for term in TERMS.values()])
PRIOR_VARIANCE: Vector = PRIOR_SPREAD**2


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the evidence says: everything a prediction needs, worked out once. Compared by identity."""

    terms: Mapping[str, float]
    cases: Cases = field(repr=False)
    slugs: tuple[str, ...]
    """Names of the runs, in the order of the cases."""
    measured: Vector
    """Tokens per second."""
    jacobian: Matrix = field(repr=False)
    """d log(tokens/s) / d log(term), shape (runs, terms)."""
    inverse: Matrix = field(repr=False)
    """Inverse covariance of the measurements, shape (runs, runs)."""
    weights: Vector = field(repr=False)
    """Inverse covariance times what the priors do not explain, shape (runs,)."""
    noise: Vector = field(repr=False)
    """Noise variance of each run after odd rows were discounted."""
    shares: Matrix | None = field(default=None, repr=False)
    """What each run's step is spent on [0-1], shape (runs, parts)."""
    surplus: Vector | None = field(default=None, repr=False)
    """Log spread of what an odd run of one's own says of one's own machine alone (surplus.py)."""
    widening: Mapping[Novelty, float] = field(default_factory=lambda: MappingProxyType({}))
    """By how much the spread of a new case grows, by what the evidence lacks of it (held_out.py)."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """Log-normal predictions of tokens per second, one per case."""

    median: Vector
    log_spread: Vector
    novelty: tuple[Novelty, ...] = ()
    """What the evidence lacks of each."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted terms with their 80 % ranges and the evidence behind them."""

    terms: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    posterior: Posterior
    evidence: Mapping[tuple[str, str], int]
    """How many runs each (GPU, engine) pair was measured in."""
    architectures: frozenset[str]
    """GPU architectures that were measured."""


def usable(runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]) -> list[MeasuredRun]:
    """The runs that can be learnt from: sound for throughput, GPU and shape known.

    One's own run teaches whatever it is: the next question is likely about the same.
    """
    return [run for run, _ in with_cases(runs, gpus)]


def with_cases(runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]) -> list[tuple[MeasuredRun, Case]]:
    """The usable runs and what each is a case of."""
    sound = []
    for run in runs:
        gpu = gpus.get(run.gpu or "")
        if gpu is None or "throughput" not in run.use_for or not run.tokens_per_s:
            continue
        if run.confidence != OWN and not shape_is_known(run):
            continue
        try:
            sound.append((run, case_of(run, gpu)))
        except HeimvorteilError:
            continue
    return sound


def log_prediction(cases: Cases, terms: Mapping[str, float]) -> tuple[Vector, Matrix]:
    """log(tokens/s) of every case at the terms, shape (cases,), and its derivatives, (cases, terms)."""
    count = len(NAMES)
    values = np.tile([terms[name] for name in NAMES], (count + 1, 1))
    values[np.arange(1, count + 1), np.arange(count)] *= math.exp(STEP)
    varied = {name: values[:, [i]] for i, name in enumerate(NAMES)}
    varied |= {name: np.full((count + 1, 1), value) for name, value in HOST_TERMS.items()}
    logs = np.log(cases.tokens_per_s(varied))
    return logs[0], (logs[1:] - logs[0]).T / STEP


def base_noise(cases: Cases) -> Vector:
    """Noise variance of every case before any is found odd."""
    variance = np.where(cases.trusted, NOISE, PROSE_NOISE) ** 2
    variance += np.where(cases.batch_known, 0.0, UNKNOWN_BATCH_SPREAD**2)
    variance += np.where(cases.engine_known, 0.0, UNKNOWN_ENGINE_SPREAD**2)
    return np.asarray(variance + np.where(cases.shape_known, 0.0, UNKNOWN_SHAPE_SPREAD**2))


def inverse_of_lower(lower: Matrix) -> Matrix:
    """The inverse of a lower triangular matrix, by halves: a quarter of the work of a general inverse."""
    if len(lower) <= SMALL_MATRIX:
        return np.asarray(np.linalg.inv(lower), dtype=np.float64)
    half = len(lower) // 2
    inverse = np.zeros_like(lower)
    inverse[:half, :half] = inverse_of_lower(lower[:half, :half])
    inverse[half:, half:] = inverse_of_lower(lower[half:, half:])
    inverse[half:, :half] = -inverse[half:, half:] @ (lower[half:, :half] @ inverse[:half, :half])
    return inverse


def _discounted(total: Matrix, unexplained: Vector, noise: Vector, oddness: Vector) -> Vector:
    """How many times its noise each run is given, from how badly the others foresee it."""
    root = inverse_of_lower(np.asarray(np.linalg.cholesky(total), dtype=np.float64))
    variance = 1 / (root**2).sum(axis=0)
    missed = ((root @ unexplained) @ root) * variance
    surprise = np.maximum(missed**2 - (variance - noise * oddness), 0.0) / noise
    return np.asarray(np.maximum(1.0, 0.5 * oddness + 0.5 * (STUDENT_T + surprise) / (STUDENT_T + 1)))


def fit_terms(cases: Cases, measured: Vector, start: Mapping[str, float] | None = None) -> dict[str, float]:
    """The most probable terms given these measurements [tokens/s]; a deterministic function of them.

    Raises ValueError when there are not as many measurements as cases.
    """
    if len(cases) != len(measured):
        raise ValueError(f"{len(cases)} cases for {len(measured)} measurements")
    target = np.log(measured)
    x = PRIOR_MEAN.copy() if start is None else np.log([start[name] for name in NAMES])
    noise, oddness = base_noise(cases), np.ones(len(cases))
    steps = FIT_STEPS if start is None else REFIT_STEPS
    for step in range(steps):
        terms = {**HOST_TERMS, **dict(zip(NAMES, np.exp(x).tolist(), strict=True))}
        predicted, jacobian = log_prediction(cases, terms)
        shared = covariance(cases, cases, terms) + (jacobian * PRIOR_VARIANCE) @ jacobian.T
        total = shared + np.diag(noise * oddness)
        unexplained = target - predicted + jacobian @ (x - PRIOR_MEAN)
        x = PRIOR_MEAN + PRIOR_VARIANCE * (jacobian.T @ np.linalg.solve(total, unexplained))
        x = np.clip(x, PRIOR_MEAN - FARTHEST * PRIOR_SPREAD, PRIOR_MEAN + FARTHEST * PRIOR_SPREAD)
        if step < steps - 1:
            oddness = _discounted(total, unexplained, noise, oddness)
    return dict(zip(NAMES, np.exp(x).tolist(), strict=True))


def posterior_of(
    cases: Cases, measured: Vector, terms: Mapping[str, float], slugs: Sequence[str] = ()
) -> Posterior:
    """What these runs say around the given terms; the terms themselves may come from other runs."""
    used = {**HOST_TERMS, **terms}
    predicted, jacobian = log_prediction(cases, used)
    x = np.log([used[name] for name in NAMES])
    shared = covariance(cases, cases, used) + (jacobian * PRIOR_VARIANCE) @ jacobian.T
    unexplained = np.log(measured) - predicted + jacobian @ (x - PRIOR_MEAN)
    noise, oddness = base_noise(cases), np.ones(len(cases))
    published = np.flatnonzero(~cases.own)
    among, told = shared[np.ix_(published, published)], unexplained[published]
    for _ in range(WEIGHT_STEPS if len(published) else 0):
        total = among + np.diag((noise * oddness)[published])
        oddness[published] = _discounted(total, told, noise[published], oddness[published])
    total = shared + np.diag(noise * oddness)
    surplus = np.zeros(len(cases))
    if len(published) < len(cases):
        own = np.flatnonzero(cases.own)
        surplus[own] = _surplus(total, unexplained, own, published)
        total = total + surplus_shared(cases, surplus, cases, surplus)
    inverse: Matrix = np.asarray(np.linalg.inv(total), dtype=np.float64)
    posterior = Posterior(
        terms=used,
        cases=cases,
        slugs=tuple(slugs),
        measured=measured,
        jacobian=jacobian,
        inverse=inverse,
        weights=inverse @ unexplained,
        noise=noise * oddness,
        shares=cases.time(used).shares(),
        surplus=surplus,
    )
    factors: dict[Novelty, float] = {
        novelty: widening(without(posterior, groups), cases.code_base, groups)
        for novelty, groups in groups_of(cases).items()
    }
    return replace(posterior, widening=MappingProxyType(factors))


def _surplus(total: Matrix, unexplained: Vector, own: Rows, published: Rows) -> Vector:
    """What one's own runs are odd by for the published ones, as a log spread."""
    with_them = total[np.ix_(own, published)]
    told = np.column_stack([unexplained[published], with_them.T])
    answer = np.linalg.solve(total[np.ix_(published, published)], told)
    missed = unexplained[own] - with_them @ answer[:, 0]
    variance = np.diag(total)[own] - (with_them * answer[:, 1:].T).sum(axis=1)
    return surplus_spread(missed, variance)


def without(posterior: Posterior, groups: NDArray[np.str_]) -> HeldOut:
    """Every run of the evidence predicted from the runs of other groups, terms as they are."""
    return held_out(
        posterior.inverse,
        posterior.weights,
        posterior.noise,
        NEW_CASE_NOISE**2 * base_noise(posterior.cases),
        groups,
    )


def predict(posterior: Posterior, new: Cases, without_run: Sequence[int | None] = ()) -> Predicted:
    """Tokens per second of new cases given the evidence, as medians and log spreads.

    `without_run` says for each which run of the evidence to leave out, by its row; taken out in closed
    form (Rasmussen and Williams, section 5.4.2), with terms as they are.
    """
    predicted, jacobian = log_prediction(new, posterior.terms)
    x = np.log([posterior.terms[name] for name in NAMES])
    with_evidence = covariance(new, posterior.cases, posterior.terms, posterior.shares)
    with_evidence += (jacobian * PRIOR_VARIANCE) @ posterior.jacobian.T
    surplus = np.zeros(len(new))
    if posterior.surplus is not None and posterior.surplus.any():
        surplus = surplus_of(new, posterior.cases, posterior.surplus)
        with_evidence += surplus_shared(new, surplus, posterior.cases, posterior.surplus)
    median = predicted - jacobian @ (x - PRIOR_MEAN) + with_evidence @ posterior.weights
    variance = own_variance(new, posterior.terms) + (jacobian**2) @ PRIOR_VARIANCE + surplus**2
    variance -= ((with_evidence @ posterior.inverse) * with_evidence).sum(axis=1)
    for case, row in enumerate(without_run):
        if row is not None:
            told = float(with_evidence[case] @ posterior.inverse[:, row])
            median[case] -= told * posterior.weights[row] / posterior.inverse[row, row]
            variance[case] += told**2 / posterior.inverse[row, row]
    noise = NEW_CASE_NOISE**2 * base_noise(new)
    lacking = novelty_of(new, posterior.cases, without_run)
    factor = np.array([posterior.widening[novelty] for novelty in lacking])
    return Predicted(np.exp(median), factor * np.sqrt(np.maximum(variance, 0.0) + noise), tuple(lacking))


def left_out(posterior: Posterior) -> Predicted:
    """Every run of the evidence predicted from all the others, terms included, in one go."""
    held = without(posterior, groups_of(posterior.cases)["known"])
    return Predicted(posterior.measured / np.exp(held.missed), held.spread)


def calibrate(runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]) -> Calibration:
    """The calibration that these runs support."""
    used = with_cases(runs, gpus)
    return with_terms(fit_terms(*evidence_in(used)), [run for run, _ in used], gpus)


def evidence_of(runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]) -> tuple[Cases, Vector]:
    """Usable runs as cases and what was measured [tokens/s]."""
    return evidence_in([(run, case_of(run, gpus[run.gpu or ""])) for run in runs])


def evidence_in(known: Sequence[tuple[MeasuredRun, Case]]) -> tuple[Cases, Vector]:
    """The same of runs whose cases are known already."""
    measured = np.array([run.tokens_per_s or math.nan for run, _ in known])
    return side_by_side(case for _, case in known), measured


def with_terms(
    terms: Mapping[str, float], runs: Sequence[MeasuredRun], gpus: Mapping[str, Gpu]
) -> Calibration:
    """A calibration from terms fitted earlier and the runs at hand, one's own included."""
    used = with_cases(runs, gpus)
    cases, measured = evidence_in(used)
    posterior = posterior_of(cases, measured, terms, [run.slug for run, _ in used])
    with_evidence = (posterior.jacobian * PRIOR_VARIANCE).T
    variance = PRIOR_VARIANCE - ((with_evidence @ posterior.inverse) * with_evidence).sum(axis=1)
    spread = QUANTILE_90 * np.sqrt(np.maximum(variance, 0.0))
    engines = [str(engine) for engine in cases.work.engine]
    return Calibration(
        terms=posterior.terms,
        low={name: terms[name] * math.exp(-s) for name, s in zip(NAMES, spread, strict=True)},
        high={name: terms[name] * math.exp(s) for name, s in zip(NAMES, spread, strict=True)},
        posterior=posterior,
        evidence=Counter(zip((str(slug) for slug in cases.gpu), engines, strict=True)),
        architectures=frozenset(gpus[str(slug)].architecture for slug in cases.gpu),
    )
