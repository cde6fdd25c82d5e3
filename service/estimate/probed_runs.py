"""What a probe teaches: its training steps as runs of one's own card.

Llama, GPT-2 and nanochat of the script are written, operation for operation and with their optimizers, as
transformers, nanoGPT and nanochat of 2025 write them, so that their steps stand for these code bases on this
card: what they deviate by is what the card, its host and the installed PyTorch do to such code. On an H200,
minutes after its probe, twelve real runs were told within 3 % at the median and 10 % at most
(tests/here/h200_after_the_probe.csv). Steps that wait for the host teach of the card alone: how long
launching takes is up to a code base's own Python.
"""

from dataclasses import dataclass
from datetime import date

from service.errors import InvalidValue, worded
from service.estimate.case import OWN, case_of, own_reporter
from service.estimate.hardware import peak_tflops, precision_used
from service.estimate.interval import Interval
from service.estimate.plausibility import Doubt
from service.estimate.run_records.probe_result import FIELD, Probe, ProbeStep
from service.estimate.step_work import count_step
from service.facts import Gpu, MeasuredRun, Source

PROBED = "measured by you, with heimvorteil probe"
ABOVE_RATED_CLOCK = 1.25
"""A card that holds its highest clock is above its derived peak by no more than this."""
OF_ITS_OWN = "heimvorteil probe"
CODE_BASE = {
    ("llama", "adamw"): "HF transformers script (probe)",
    ("gpt2", "adamw"): "nanoGPT (probe)",
    ("nanochat", "muon+adamw"): "nanochat (probe)",
}
"""What a style with its code base's own optimizer stands for."""
MODEL = {"llama": "Llama (probe)", "nanochat": "nanochat (probe)", "gpt2": "GPT-2 (probe)"}


@dataclass(frozen=True, slots=True)
class ProbedRun:
    """Steps of one model, beside what was and is believed of them [tokens/s]."""

    run: MeasuredRun
    step: ProbeStep
    before: Interval
    after: Interval
    doubt: Doubt | None = None
    """Why they are hard to believe; None where they are foreseen."""


@dataclass(frozen=True, slots=True)
class ProbedCard:
    """What a probe taught of a card."""

    probe: Probe
    gpu: Gpu
    name: str
    """What its runs are called together."""
    runs: tuple[ProbedRun, ...]
    kept: bool


def name_of_probe(gpu: Gpu) -> str:
    """What all runs of a probe of this card are called together; a new probe takes the place of an older."""
    return f"own-{gpu.slug}-probe"


def runs_of(probe: Probe, gpu: Gpu) -> list[MeasuredRun]:
    """The probe's steps as runs of this card. Raises InvalidValue for what the card cannot have computed.

    Stricter than `limits_passed` of any run, for the script's attention is known as well and counted, and
    wider by the clock, which short steps on a cool card hold above the rated one.
    """
    runs = [_run(probe, step, gpu) for step in probe.steps]
    for run, step in zip(runs, probe.steps, strict=True):
        _possible(_reached_tflops(run, gpu), step.precision, gpu, f"{FIELD}.steps.step_s", step.step_s)
    if probe.matmul_tflops is not None:
        field = f"{FIELD}.rates.matmul.tflop_per_s"
        _possible(probe.matmul_tflops, probe.steps[0].precision, gpu, field, probe.matmul_tflops)
    return runs


def _reached_tflops(run: MeasuredRun, gpu: Gpu) -> float:
    """FLOPs of matrices and the causal half of attention that these steps did a second [TFLOP/s]."""
    case = case_of(run, gpu)
    work = count_step(case.architecture, case.recipe, case.plan, 1.0)
    per_token = float(work.block_flops + work.head_flops + work.attention_flops / 2)
    return per_token * (run.tokens_per_s or 0.0) / 1e12


def _possible(tflops: float, precision: str, gpu: Gpu, field: str, value: float) -> None:
    most = ABOVE_RATED_CLOCK * peak_tflops(gpu, precision_used(gpu, precision))
    if tflops > most:
        reason = worded(
            "means {tflops:,.0f} TFLOP/s, of which {gpu} can do {most:,.0f}: was it another card?",
            tflops=tflops,
            gpu=gpu.name,
            most=most,
        )
        raise InvalidValue(field, value, reason)


def _run(probe: Probe, step: ProbeStep, gpu: Gpu) -> MeasuredRun:
    slug = f"{name_of_probe(gpu)}-{step.name}"
    in_16_bits = step.weights != "fp32"
    stands_for = CODE_BASE.get((step.style, step.optimizer), OF_ITS_OWN)
    adamw = "AdamW (bf16 states)" if in_16_bits else "AdamW"
    return MeasuredRun(
        slug=slug,
        project=OF_ITS_OWN if step.size == "launch-bound" else stands_for,
        model=MODEL[step.style],
        gpu=gpu.slug,
        gpu_count=1,
        source=_source(slug, gpu, probe.read_on),
        use_for=frozenset({"throughput"}),
        n_params=float(step.parameters),
        n_layers=step.n_layers,
        d_model=step.d_model,
        n_heads=step.n_heads,
        n_kv_heads=step.n_kv_heads,
        d_ff=step.d_ff,
        vocab_size=step.vocab_size,
        seq_len=step.seq_len,
        nodes=1,
        precision=step.precision,
        optimizer="Muon+AdamW" if step.optimizer == "muon+adamw" else adamw,
        engine="torch-compile" if step.compiled else "torch-eager",
        attention="naive" if step.attention == "math" else "flash",
        checkpointing="none",
        parallelism="single",
        optimizer_bits=16 if in_16_bits else None,
        power_limit_watts=probe.lowered_limit_watts,
        micro_batch=step.micro_batch,
        global_batch_tokens=step.tokens,
        tokens_per_s=step.tokens_per_s,
        peak_memory_gib=step.peak_memory_gib,
        reserved_memory_gib=step.reserved_memory_gib,
        gpu_watts=step.gpu_watts,
        workload="pretrain",
        year=probe.read_on.year,
        confidence=OWN,
        weights_in="16-bit" if in_16_bits else "fp32",
        gated_mlp=step.style == "llama",
        tied_embeddings=step.style == "gpt2",
    )


def _source(slug: str, gpu: Gpu, day: date) -> Source:
    return Source(f"run:{slug}", PROBED, own_reporter(gpu), day, "own", day)
