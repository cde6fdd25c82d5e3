"""Watts of one GPU's board in training, from what its step is spent on.

    watts = limit x least(what the board holds, sum over the parts of a step: share of its time x draw)

A board that multiplies matrices without a pause stays just under its power limit; one that waits for
launches, for other GPUs or for the host draws a fraction. Draws are shares of the board's own limit and
may exceed 1: the limit cuts what the work would take. Boards of data centres have 0.7 W per dense
BF16 TFLOP/s (H200) and meet their limit moving memory as well; home cards have 2.7 to 4.9 W
(4090, 3090) and draw less then. Calibrated on rows whose step was measured with its board's power.
Leaves out what differs between two boards of one kind, hot rooms, and a run that waits for its data:
six readings averaged over whole fine-tuning jobs, loading and evaluation included, were 31 to 85 %.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType

from service.estimate.duration import StepSeconds
from service.estimate.interval import Interval
from service.estimate.quantile import QUANTILE_90
from service.facts import Gpu

DATACENTER = "datacenter"
HELD_IN_DATACENTER = Interval(0.92, 0.98, 1.0)
"""Most that a busy board of a data centre draws on average, of its limit: 12 runs on an H200, 625 to 699 of
700 W (measured 2026-11-27, PyTorch 2.11)."""
HELD_AT_HOME = Interval(0.80, 0.95, 1.0)
"""The same of every other board. Where a limit of 75 to 87 % bound, an A40, a V100 and a Quadro RTX 6000 drew
what makes 95 to 98 % at full (Zeus traces); RTX 4090 under FSDP peaked at 89 % (fsdp_qlora), a Titan X in
FP32 at 87 %, an RTX 4060 laptop at 85 %."""
WAITING = Interval(0.08, 0.15, 0.40)
"""Draw while no kernel runs, clocks still up: an H200 that waited for launches for half of a step or more
drew 51 to 57 % of its limit. Near what it idles at: small kernels between waits draw less than large ones."""
LINKS = Interval(0.15, 0.30, 0.55)
"""Draw while GPUs wait for each other: 1,354 W less on a node of 8 H100 that spent 34 % of the time so make
27 % (MLPerf 4.0, LoRA on 64 GPUs instead of 8); two Titan X over PCIe 48 %."""
HOST = Interval(0.20, 0.35, 0.50)
"""Draw while waiting for host memory, copies running. An estimate of ours, between waiting and links."""
TENSOR_IN_DATACENTER, TENSOR_AT_HOME = Interval(1.0, 1.1, 1.2), Interval(0.90, 1.0, 1.1)
"""What matrix products would take without a limit: on an H200 the smallest that explains 96 to 100 % of the
limit with a tenth of the step waiting. GeForce has half of the tensor cores' rate switched off."""
MEMORY_IN_DATACENTER, MEMORY_AT_HOME = Interval(0.85, 1.0, 1.1), Interval(0.55, 0.70, 0.90)
"""What moving memory takes: GPT-2 124M eager, a third of its step, drew 92 % on an H200; LLM inference, which
only moves memory, lost 2 to 8 % of its speed on an RTX 3090 and a 4090 held to 80 and 58 %."""
UNKNOWN_STEP = Interval(0.35, 0.63, 0.90)
"""Share of the limit over a whole job of which only the card is known: the middle and spread of six readings
by codecarbon in fine-tuning (31, 42, 62, 64, 82, 85 %)."""

DRAWS: Mapping[str, Interval] = MappingProxyType(
    {
        "held_datacenter": HELD_IN_DATACENTER,
        "held_home": HELD_AT_HOME,
        "draw_tensor_datacenter": TENSOR_IN_DATACENTER,
        "draw_tensor_home": TENSOR_AT_HOME,
        "draw_memory_datacenter": MEMORY_IN_DATACENTER,
        "draw_memory_home": MEMORY_AT_HOME,
        "draw_waiting": WAITING,
        "draw_links": LINKS,
        "draw_host": HOST,
    }
)
"""Everything above that an answer rests on, by name, of the board's limit."""


def _draws(tensor: Interval, memory: Interval) -> Mapping[str, Interval]:
    return MappingProxyType(
        {
            "matmul_s": tensor,
            "attention_s": tensor,
            "memory_s": memory,
            "optimizer_s": memory,
            "micro_batch_s": WAITING,
            "sharding_s": LINKS,
            "offload_s": HOST,
        }
    )


PART_DRAW_IN_DATACENTER = _draws(TENSOR_IN_DATACENTER, MEMORY_IN_DATACENTER)
PART_DRAW_AT_HOME = _draws(TENSOR_AT_HOME, MEMORY_AT_HOME)
"""Draw in each part of a step, of the board's limit."""


def held_watts(gpu: Gpu, limit_watts: float | None = None) -> Interval:
    """What a board draws that never waits [W]; 200 W of an RTX 4070: 190 W (160-200)."""
    held = HELD_IN_DATACENTER if gpu.category == DATACENTER else HELD_AT_HOME
    return held * (limit_watts or gpu.board_watts)


def board_watts(
    gpu: Gpu, step: StepSeconds, log_spread: float = 0.0, limit_watts: float | None = None
) -> Interval:
    """Average watts of one board over a training step.

    `limit_watts` is a power limit set by hand, `log_spread` that of the step's time: a step that takes
    longer than thought, with the same work in it, spends the rest waiting, which lowers the low end.
    """
    draws = PART_DRAW_IN_DATACENTER if gpu.category == DATACENTER else PART_DRAW_AT_HOME
    shares = {part: float(getattr(step, part)) / step.step_s for part in draws}
    held = held_watts(gpu, limit_watts)
    longer = math.exp(QUANTILE_90 * log_spread)
    low = sum(share * draws[part].p10 for part, share in shares.items())
    low = (low + (longer - 1) * WAITING.p10) / longer
    usual = sum(share * draws[part].p50 for part, share in shares.items())
    high = sum(share * draws[part].p90 for part, share in shares.items())
    return Interval(
        min(low * gpu.board_watts, held.p10),
        min(usual * gpu.board_watts, held.p50),
        min(high * gpu.board_watts, held.p90),
    )


def activity(gpu: Gpu, step: StepSeconds) -> float:
    """What a board draws over a step, of what it draws when it never waits [0-1]."""
    return board_watts(gpu, step).p50 / held_watts(gpu).p50


def unknown_step_watts(gpu: Gpu) -> Interval:
    """Average watts of one board over a job of which nothing but the card is known."""
    return UNKNOWN_STEP * gpu.board_watts
