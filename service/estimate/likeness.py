"""How much two training runs have in common: what one tells about the other beyond the formulas.

A code base, a GPU, and a code base on a GPU each deviate from the general terms in the parts of the
step they influence: matrix products, attention, memory traffic, launches, optimizer, sharding. Each
deviation is a normal number with the spreads below; two runs share it in proportion to the time both
spend in that part. Covariances of this form are a Gaussian process with a physical basis (Rasmussen
and Williams, Gaussian Processes for Machine Learning, 2006, section 2.7). Spreads are log standard
deviations, chosen for the likelihood of the shipped runs with whole code bases, whole cards, whole
reporters and single runs held out (Student-t, nu = 4, so that runs nothing explains do not widen everything)
and rounded.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.estimate.case import Cases
from service.estimate.duration import PARTS, Terms

Matrix = NDArray[np.float64]

CODE_BASE: Mapping[str, float] = MappingProxyType(
    {
        "matmul_s": 0.08,
        "attention_s": 0.5,
        "memory_s": 0.33,
        "micro_batch_s": 0.2,
        "optimizer_s": 0.15,
        "sharding_s": 0.7,
        "offload_s": 0.8,
    }
)
GPU: Mapping[str, float] = MappingProxyType(
    {"matmul_s": 0.045, "attention_s": 0.04, "memory_s": 0.15, "micro_batch_s": 0.08, "sharding_s": 0.2}
)
CODE_BASE_ON_GPU: Mapping[str, float] = MappingProxyType(
    {"matmul_s": 0.012, "attention_s": 0.04, "memory_s": 0.17, "micro_batch_s": 0.1, "sharding_s": 0.18}
)
WHOLE_STEP = {"code_base": 0.03, "gpu": 0.012, "code_base_on_gpu": 0.012, "reporter": 0.025}
REPORTER: Mapping[str, float] = MappingProxyType({"micro_batch_s": 0.2})
"""Between people who run the same thing, beside what card and code base explain: their hosts launch and load
at different speeds (one card, code and recipe in two machines: 24 % apart where launches bind)."""
ADAPTERS = 0.10
"""Spread between code bases that train adapters: what they cast, drop out and merge is their own."""
SIZE = 0.025
"""Spread that runs of one code base share only when their sizes are alike."""
SIZE_SCALE = {"width": 1.0, "seq_len": 0.5, "gpu_count": 0.35, "micro_batch_tokens": 0.25}
RECOMPUTE_SCALE = {"full": 0.6, "selective": 0.3}
FP8_SCALE = 0.8


def size_coordinates(cases: Cases) -> Matrix:
    """Where each case lies in size, shape (cases, 6); runs a distance of 1 apart are half alike."""
    work, count = cases.work, len(cases)

    def log(value: object) -> Matrix:
        return np.log(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)), dtype=np.float64)

    return np.stack(
        [
            SIZE_SCALE["width"] * log(work.width),
            SIZE_SCALE["seq_len"] * log(work.seq_len),
            SIZE_SCALE["gpu_count"] * log(cases.machine.gpu_count),
            SIZE_SCALE["micro_batch_tokens"] * log(work.micro_batch_tokens),
            RECOMPUTE_SCALE["full"] * np.asarray(work.recomputed)
            + RECOMPUTE_SCALE["selective"] * np.asarray(work.selective),
            FP8_SCALE * cases.machine.fp8,
        ],
        axis=1,
    )


def with_adapters(cases: Cases) -> NDArray[np.float64]:
    """1 where adapters are trained beside frozen weights, else 0, shape (cases,)."""
    return np.broadcast_to(np.asarray(cases.work.adapters) > 0, (len(cases),)).astype(np.float64)


def _shared(spreads: Mapping[str, float], whole: float, of: Matrix, with_: Matrix) -> Matrix:
    variances = np.array([spreads.get(part, 0.0) ** 2 for part in PARTS])
    return np.asarray(whole**2 + (of * variances) @ with_.T)


def _same(a: NDArray[np.str_], b: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which of the names are the same, shape (len(a), len(b)): numbered first, for names are long."""
    numbers = np.unique(np.concatenate([a, b]), return_inverse=True)[1]
    return np.asarray(numbers[: len(a), None] == numbers[None, len(a) :])


def shared_parts(a: Cases, b: Cases, terms: Terms, shares_b: Matrix | None = None) -> dict[str, Matrix]:
    """Covariances of the log deviations of cases `a` and `b` by what they have in common.

    Each of shape (len(a), len(b)): the code base, the GPU, that code base on that GPU, the reporter,
    and the size within a code base. Noise is left out. `shares_b` are `b`'s parts of the step where they
    are known already.
    """
    shares_a = a.time(terms).shares()
    shares_b = b.time(terms).shares() if shares_b is None else shares_b
    same_code = _same(a.code_base, b.code_base) & (a.code_base[:, None] != "")
    same_gpu = _same(a.gpu, b.gpu)
    same_reporter = _same(a.reporter, b.reporter) & (a.reporter[:, None] != "")
    here, there = size_coordinates(a), size_coordinates(b)
    apart = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2 * here @ there.T
    alike = np.exp(-0.5 * np.maximum(apart, 0.0))
    both = same_code & same_gpu
    return {
        "code_base": same_code
        * (
            _shared(CODE_BASE, WHOLE_STEP["code_base"], shares_a, shares_b)
            + ADAPTERS**2 * np.outer(with_adapters(a), with_adapters(b))
        ),
        "gpu": same_gpu * _shared(GPU, WHOLE_STEP["gpu"], shares_a, shares_b),
        "code_base_on_gpu": both
        * _shared(CODE_BASE_ON_GPU, WHOLE_STEP["code_base_on_gpu"], shares_a, shares_b),
        "reporter": same_reporter * _shared(REPORTER, WHOLE_STEP["reporter"], shares_a, shares_b),
        "size": same_code * alike * SIZE**2,
    }


def covariance(a: Cases, b: Cases, terms: Terms, shares_b: Matrix | None = None) -> Matrix:
    """Covariance of the log deviations of cases `a` and `b`, shape (len(a), len(b)), noise left out."""
    return np.asarray(sum(shared_parts(a, b, terms, shares_b).values()))


def own_parts(cases: Cases, terms: Terms) -> dict[str, NDArray[np.float64]]:
    """Variances of each case's own log deviation by the same names, shape (cases,)."""
    shares = cases.time(terms).shares()

    def of(spreads: Mapping[str, float], whole: float) -> NDArray[np.float64]:
        variances = np.array([spreads.get(part, 0.0) ** 2 for part in PARTS])
        return np.asarray(whole**2 + (shares**2) @ variances)

    return {
        "code_base": of(CODE_BASE, WHOLE_STEP["code_base"]) + (ADAPTERS * with_adapters(cases)) ** 2,
        "gpu": of(GPU, WHOLE_STEP["gpu"]),
        "code_base_on_gpu": of(CODE_BASE_ON_GPU, WHOLE_STEP["code_base_on_gpu"]),
        "reporter": of(REPORTER, WHOLE_STEP["reporter"]),
        "size": np.full(len(cases), SIZE**2),
    }


def own_variance(cases: Cases, terms: Terms) -> NDArray[np.float64]:
    """Variance of each case's own log deviation, noise left out, shape (cases,)."""
    return np.asarray(sum(own_parts(cases, terms).values()))
